"""Watches and glasses."""

from __future__ import annotations

from math import cos, pi, sin

from seed.pictures.colours import COLOURS, tones_of
from seed.pictures.paths import blade, both_sides, box, line, mirrored, oval, symmetric, tidy
from seed.pictures.sheet import BRASS, STEEL, Sheet

GREY = tones_of((0.62, 0.008, 250))


def draw_watch(sheet: Sheet) -> None:
    """Draw a watch on its strap: round, square or field; strap of leather, mesh or canvas."""
    metal = BRASS if sheet.spec.material == "brass" else GREY if sheet.spec.material == "titanium" else STEEL
    _straps(sheet)
    case, face = _case(sheet.spec.cut)
    lugs = both_sides("M236 152 L252 152 L258 186 L236 186 Z M236 348 L252 348 L258 314 L236 314 Z")
    sheet.fill(lugs, metal.shade)
    sheet.shade(both_sides("M252 152 L258 186 L252 186 L247 152 Z"), 0.3, metal)
    sheet.cast(case, 6, 7, 0.12)
    sheet.fill(
        case,
        sheet.gradient(
            [(0, metal.gleam, 1), (0.35, metal.lit, 1), (0.6, metal.shade, 1), (1, metal.base, 1)], (0, 0), (1, 1)
        ),
    )
    sheet.line(case, 1.4, metal.line, 0.4)
    crown = box(296 if sheet.spec.cut != "square" else 290, 238, 15, 24, 4)
    sheet.fill(crown, sheet.gradient([(0, metal.lit, 1), (1, metal.deep, 1)], (0, 0), (0, 1)))
    sheet.line("M300 243 L308 243 M300 248 L308 248 M300 253 L308 253 M300 258 L308 258", 1, metal.line, 0.5)
    light_dial = COLOURS[sheet.spec.second_colour][0] > 0.6
    sheet.fill(face, sheet.gradient([(0, sheet.second.lit, 1), (1, sheet.second.shade, 1)], (0, 0), (0.8, 1)))
    sheet.line(face, 3, metal.line, 0.35)
    _dial(sheet, "#2b2622" if light_dial else "#f3eee4")
    sheet.glow("M128 232 C134 198 164 172 206 170 C176 182 150 204 140 240 Z", 0.30)


def _case(cut: str) -> tuple[str, str]:
    if cut == "square":
        return box(108, 158, 184, 184, 34), box(126, 176, 148, 148, 22)
    return oval(200, 250, 98), oval(200, 250, 80 if cut == "round" else 76)


def _straps(sheet: Sheet) -> None:
    top = symmetric("M200 22 C222 22 232 24 234 32 L240 170 L200 170")
    foot = symmetric("M200 478 C222 478 230 472 232 462 L240 330 L200 330")
    for strap in (top, foot):
        sheet.cast(strap, 6, 6, 0.10)
        sheet.fill(
            strap,
            sheet.gradient(
                [
                    (0, sheet.main.shade, 1),
                    (0.25, sheet.main.lit, 1),
                    (0.6, sheet.main.base, 1),
                    (1, sheet.main.shade, 1),
                ],
                (0, 0),
                (1, 0),
            ),
        )
    if sheet.spec.detail == "leather":
        sheet.stitches(
            both_sides("M227 34 L233 150 M233 350 L226 464"), "#f3e6cf" if sheet.brightness < 0.7 else None, 0.8
        )
        for y in (392, 412, 432, 452):
            sheet.fill(oval(200, y, 3, 4), sheet.main.line, 0.8)
    elif sheet.spec.detail == "mesh":
        for strap in (top, foot):
            sheet.texture(strap, "weave")
            sheet.texture(strap, "stitch")
    else:
        for strap in (top, foot):
            sheet.texture(strap, "weave")
        sheet.stitches(both_sides("M222 30 L226 152 M226 348 L221 468"), opacity=0.5)
    sheet.shade(symmetric("M200 140 C220 140 236 144 239 150 L240 172 L200 172"), 0.3)
    sheet.shade(symmetric("M200 336 L240 334 L239 352 C226 358 212 360 200 360"), 0.22)


def _dial(sheet: Sheet, ink: str) -> None:
    cut = sheet.spec.cut
    reach = 68 if cut != "square" else 62

    marks = []
    for hour in range(12):
        x, y = sin(hour * pi / 6), -cos(hour * pi / 6)
        inner = reach - (12 if hour % 3 == 0 else 7)
        marks.append(line((200 + x * inner, 250 + y * inner), (200 + x * reach, 250 + y * reach)))
    sheet.line("".join(marks), 3.2 if cut == "field" else 2.4, ink, 0.9, cap="butt")
    if cut == "field":
        minutes = "".join(
            line(
                (200 + sin(m * pi / 30) * 70, 250 - cos(m * pi / 30) * 70),
                (200 + sin(m * pi / 30) * 73, 250 - cos(m * pi / 30) * 73),
            )
            for m in range(60)
            if m % 5
        )
        sheet.line(minutes, 1.2, ink, 0.7, cap="butt")
        sheet.fill("M200 176 L207 190 L193 190 Z", ink)
    # Ten past ten, as in every shop window.
    hour_hand, minute_hand = (
        blade((200, 250), (178, 234), (166, 226), 3.4),
        blade((200, 250), (228, 228), (247, 214), 2.8),
    )
    for hand in (hour_hand, minute_hand):
        sheet.fill(hand, "#000", 0.18)
    sheet.line("M200 250 L168 228", 5, ink)
    sheet.line("M200 250 L246 216", 3.6, ink)
    sheet.line("M193 262 L216 224" if cut == "round" else "M200 266 L200 196", 1.4, "#c4563a")
    sheet.disc(200, 250, 5, ink)
    sheet.disc(200, 250, 2, "#c4563a")
    sheet.fill(box(236, 244, 15, 12, 2), "#f6f2ea", 0.9)


LENSES = {
    "round": oval(118, 252, 74),
    "square": "M46 206 C44 190 56 182 72 181 L164 183 C180 184 190 192 190 208 C190 250 184 292 166 306"
    " C146 316 86 316 68 306 C52 294 47 250 46 206 Z",
    "cat-eye": "M30 180 C46 186 70 184 100 186 C140 188 178 196 186 220 C192 252 176 294 140 304 C100 312 64"
    " 296 52 262 C46 236 44 200 30 180 Z",
    "aviator": "M46 196 C60 176 160 176 182 194 C196 226 176 292 136 312 C100 326 62 310 50 270 C44 246 40"
    " 214 46 196 Z",
}


def draw_glasses(sheet: Sheet) -> None:
    """Draw glasses from the front with folded temples: round, square, cat-eye or aviator; clear or tinted."""
    thin = sheet.spec.material in ("titanium", "steel") or sheet.spec.cut == "aviator"
    width = 7 if thin else 15
    lens = tidy(LENSES[sheet.spec.cut])
    pair = lens + mirrored(lens)
    with sheet.group("translate(0 -4)"):
        _temples(sheet, thin)
        sheet.floor(200, 330, 170, 13, 0.3)
        tint = sheet.spec.detail == "tinted"
        glass = sheet.second if tint else sheet.main
        if tint:
            sheet.fill(
                pair,
                sheet.gradient(
                    [(0, glass.deep, 0.92), (0.55, glass.base, 0.85), (1, glass.lit, 0.7)], (0, 0), (0.3, 1)
                ),
            )
        else:
            sheet.fill(pair, sheet.gradient([(0, "#ffffff", 0.62), (1, "#cfe0ea", 0.30)], (0, 0), (0.6, 1)))
        for x in (0, 164 if sheet.spec.cut == "round" else 162):
            glare = f"M{74 + x} {226} L{100 + x} {200} L{116 + x} {204} L{72 + x} {252} Z"
            sheet.fill(glare, "#fff", 0.34 if not tint else 0.22)
            sheet.fill(
                f"M{84 + x} {262} L{132 + x} {212} L{138 + x} {214} L{86 + x} {268} Z",
                "#fff",
                0.26 if not tint else 0.16,
            )
        _frame(sheet, pair, width)
        _bridge(sheet, width)


def _frame(sheet: Sheet, pair: str, width: float) -> None:
    sheet.line(pair, width + 2, sheet.main.line, 0.9)
    sheet.line(pair, width, sheet.main.base)
    if width > 10:
        if sheet.spec.colour in ("chestnut", "walnut", "honey", "camel"):
            sheet.line(pair, width * 0.8, sheet.main.deep, 0.55, dash="22 30")
        with sheet.group("translate(-1.6 -2.2)"):
            sheet.line(pair, width * 0.2, sheet.main.gleam, 0.55)
    else:
        with sheet.group("translate(-0.8 -1.2)"):
            sheet.line(pair, 1.8, sheet.main.gleam, 0.8)


def _bridge(sheet: Sheet, width: float) -> None:
    path = {
        "round": "M188 236 C192 220 208 220 212 236",
        "square": "M190 216 C194 206 206 206 210 216",
        "cat-eye": "M186 222 C192 210 208 210 214 222",
        "aviator": "M184 222 C192 212 208 212 216 222",
    }[sheet.spec.cut]
    if sheet.spec.cut == "aviator":
        path += "M176 190 C190 184 210 184 224 190"
    sheet.line(path, width + 2, sheet.main.line, 0.9)
    sheet.line(path, width, sheet.main.base)
    sheet.line(path, width * 0.25, sheet.main.gleam, 0.6)
    sheet.line(both_sides("M214 246 C218 256 216 264 210 268"), 3, sheet.main.shade, 0.7)


def _temples(sheet: Sheet, thin: bool) -> None:
    """Draw the folded arms behind the lenses, crossing."""
    wide = 6 if thin else 11
    arms = "M40 204 C36 262 60 300 132 308 L316 318 M360 204 C364 254 340 290 268 300 L92 312"
    sheet.line(arms, wide + 1.6, sheet.main.line, 0.8)
    sheet.line(arms, wide, sheet.main.shade)
    hinges = both_sides(box(344, 196, 16, 18, 3))
    sheet.fill(hinges, sheet.main.base)
