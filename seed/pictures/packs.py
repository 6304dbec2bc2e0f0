"""Things in packets: tea tins, coffee, soap, bottles."""

from __future__ import annotations

from seed.pictures.colours import Tones
from seed.pictures.paths import blade, box, oval, tidy, turned
from seed.pictures.sheet import BRASS, PAPER, Sheet

INK = "#3a332c"


def label(sheet: Sheet, x: float, y: float, width: float, height: float, emblem: str) -> None:
    """Draw a paper label with an emblem and lines that stand for words."""
    paper = box(x, y, width, height, 3)
    sheet.fill(paper, sheet.gradient([(0, PAPER.lit, 1), (0.5, PAPER.base, 1), (1, PAPER.shade, 1)], (0, 0), (1, 0)))
    sheet.line(box(x + 5, y + 5, width - 10, height - 10, 1.5), 1.4, sheet.second.base, 0.9)
    cx, cy = x + width / 2, y + height * 0.36
    _emblem(sheet, emblem, cx, cy, min(width, height) * 0.2)
    base = y + height * 0.68
    sheet.line(f"M{cx - width * 0.28} {base} L{cx + width * 0.28} {base}", 4, INK, 0.85)
    sheet.line(
        f"M{cx - width * 0.2} {base + 10} L{cx + width * 0.2} {base + 10} M{cx - width * 0.13}"
        f" {base + 18} L{cx + width * 0.13} {base + 18}",
        2,
        INK,
        0.45,
    )


def _emblem(sheet: Sheet, name: str, cx: float, cy: float, size: float) -> None:
    ink = sheet.second.base if sheet.spec.second_colour not in ("chalk", "oat", "butter", "mint") else sheet.main.deep
    if name == "leaf":
        for bend, end in ((-1.0, -0.7), (1.0, 0.7), (0.0, 0.0)):
            tip = (cx + end * size, cy - size * (1.1 if bend == 0 else 0.55))
            sheet.fill(blade((cx, cy + size), (cx + bend * size * 0.75, cy), tip, size * 0.42), ink)
    elif name == "bean":
        for dx, dy in ((-0.5, 0.2), (0.55, -0.1)):
            bean = oval(cx + dx * size, cy + dy * size, size * 0.48, size * 0.72)
            sheet.fill(bean, ink)
            x, y = cx + dx * size, cy + dy * size
            sheet.line(
                f"M{x} {y - size * 0.6} C{x + size * 0.3} {y - size * 0.2} {x - size * 0.3} {y + size * 0.2}"
                f" {x} {y + size * 0.6}",
                2,
                PAPER.base,
            )
    elif name == "drop":
        sheet.fill(
            f"M{cx} {cy - size} C{cx + size * 0.9} {cy} {cx + size * 0.7} {cy + size} {cx} {cy + size}"
            f" C{cx - size * 0.7} {cy + size} {cx - size * 0.9} {cy} {cx} {cy - size} Z",
            ink,
        )
    else:
        sheet.line(oval(cx, cy, size * 0.8), 2.4, ink)
        sheet.disc(cx, cy, size * 0.36, ink)


def draw_tin(sheet: Sheet) -> None:
    """Draw a tea tin: tall and round, square, or flat."""
    {"tall": _tall_tin, "square": _square_tin, "flat": _flat_tin}[sheet.spec.cut](sheet)


def _lid(sheet: Sheet, half: float, y: float, high: float, tilt: float) -> None:
    """Draw a round metal lid in a shade of the tin's colour."""
    side = turned([(half, y), (half, y + high)], tilt=tilt, soft=False)
    sheet.fill(side, sheet.light(sheet.main, "round"))
    sheet.shade(side, 0.10)
    sheet.fill(oval(200, y, half, half * tilt), sheet.light(sheet.main, "cloth"))
    sheet.line(oval(200, y, half - 8, (half - 8) * tilt), 2, sheet.main.gleam, 0.5)
    sheet.line(
        f"M{200 - half} {y + high} C{200 - half} {y + high + half * tilt * 1.33} {200 + half}"
        f" {y + high + half * tilt * 1.33} {200 + half} {y + high}",
        2.4,
        sheet.main.line,
        0.4,
        cap="butt",
    )


def _tall_tin(sheet: Sheet) -> None:
    tilt = 0.15
    sheet.floor(202, 446, 112, 15)
    body = turned([(96, 150), (96, 432)], tilt=tilt, soft=False)
    sheet.piece(body, form="round", scale=1.2, split=290)
    sheet.glow("M122 166 L138 168 L138 440 L122 436 Z", 0.34)
    if sheet.spec.detail == "label":
        curved_label(sheet, 96, 226, 360, tilt, "leaf")
    _lid(sheet, 99, 100, 56, tilt)
    sheet.glow("M120 110 L136 112 L136 170 L120 167 Z", 0.36)


def curved_label(sheet: Sheet, half: float, top: float, foot: float, tilt: float, emblem: str) -> None:
    """Draw a label that goes round a cylinder."""
    wide, drop = half * 0.74, half * tilt * 0.72
    shape = (
        f"M{200 - wide} {top} C{200 - wide * 0.5} {top + drop} {200 + wide * 0.5} {top + drop} {200 + wide} {top}"
        f" L{200 + wide} {foot} C{200 + wide * 0.5} {foot + drop} {200 - wide * 0.5} {foot + drop}"
        f" {200 - wide} {foot} Z"
    )
    sheet.fill(
        shape,
        sheet.gradient(
            [(0, PAPER.shade, 1), (0.25, PAPER.lit, 1), (0.6, PAPER.base, 1), (1, PAPER.shade, 1)], (0, 0), (1, 0)
        ),
    )
    for y in (top + 8, foot - 8):
        sheet.line(
            f"M{200 - wide} {y} C{200 - wide * 0.5} {y + drop} {200 + wide * 0.5} {y + drop} {200 + wide} {y}",
            2,
            sheet.second.base,
            0.9,
            cap="butt",
        )
    size = (foot - top) * 0.19
    _emblem(sheet, emblem, 200, top + (foot - top) * 0.38 + drop * 0.8, min(size, 26))
    base = top + (foot - top) * 0.7 + drop * 0.6
    sheet.line(
        f"M{200 - wide * 0.5} {base} C{200 - wide * 0.2} {base + drop * 0.4} {200 + wide * 0.2}"
        f" {base + drop * 0.4} {200 + wide * 0.5} {base}",
        4,
        INK,
        0.85,
    )
    sheet.line(f"M{200 - wide * 0.34} {base + 12} L{200 + wide * 0.34} {base + 12}", 2, INK, 0.45)


def _square_tin(sheet: Sheet) -> None:
    sheet.floor(206, 436, 140, 14)
    front, side = "M76 176 L262 176 L262 438 L76 438 Z", "M262 176 L326 158 L326 414 L262 438 Z"
    sheet.piece(front, form="flat", scale=1.2, split=300)
    sheet.piece(side, form="flat", scale=1.2, split=290)
    sheet.shade(side, 0.24)
    if sheet.spec.detail == "label":
        label(sheet, 96, 226, 146, 160, "leaf")
    sheet.fill("M72 132 L266 132 L266 182 L72 182 Z", sheet.light(sheet.main, "flat"))
    sheet.shade("M72 132 L266 132 L266 182 L72 182 Z", 0.10)
    sheet.fill("M266 132 L330 114 L330 162 L266 182 Z", sheet.main.deep)
    sheet.fill("M72 132 L136 114 L330 114 L266 132 Z", sheet.main.lit)
    sheet.shade("M76 182 L262 182 L262 190 L76 190 Z", 0.24)
    sheet.glow("M84 192 L94 192 L94 432 L84 432 Z", 0.3)
    sheet.glow("M78 138 L262 138 L262 142 L78 142 Z", 0.3)


def _flat_tin(sheet: Sheet) -> None:
    tilt = 0.42
    sheet.floor(204, 366, 170, 26)
    body = turned([(142, 256), (142, 316)], tilt=tilt, soft=False)
    sheet.piece(body, form="round", scale=1.2, split=300)
    side = turned([(146, 214), (146, 254)], tilt=tilt, soft=False)
    sheet.fill(side, sheet.light(sheet.main, "round"))
    sheet.shade(side, 0.08)
    sheet.line("M54 254 C54 336 346 336 346 254", 2.4, sheet.main.line, 0.4, cap="butt")
    top = oval(200, 214, 146, 146 * tilt)
    sheet.piece(top, form="cloth", scale=1.2, split=214)
    sheet.line(oval(200, 214, 136, 136 * tilt), 2.4, sheet.main.gleam, 0.5)
    if sheet.spec.detail == "label":
        with sheet.group(f"translate(0 {214 * (1 - tilt):.1f}) scale(1 {tilt})"):
            sheet.disc(200, 214, 92, PAPER.base)
            sheet.line(oval(200, 214, 84), 2.4, sheet.second.base)
            _emblem(sheet, "leaf", 200, 192, 36)
            sheet.line("M160 252 L240 252", 6, INK, 0.8)
    sheet.glow(blade((72, 214), (92, 160), (178, 158), 5), 0.45)


def draw_coffee(sheet: Sheet) -> None:
    """Draw coffee: beans in a bag, or filter coffee in a box."""
    {"bag": _coffee_bag, "box": _coffee_box}[sheet.spec.cut](sheet)


def _coffee_bag(sheet: Sheet) -> None:
    sheet.floor(202, 450, 112, 15)
    body = (
        "M94 118 C98 112 108 110 120 110 L280 110 C292 110 302 112 306 118 C300 200 304 300 312 420"
        " C314 440 306 450 290 450 L110 450 C94 450 86 440 88 420 C96 300 100 200 94 118 Z"
    )
    sheet.cast(body, 6, 4, 0.07)
    sheet.piece(body, scale=1.25, split=300, texture="")
    for fold, strength in (
        (blade((100, 130), (116, 220), (98, 400), 12), 0.14),
        (blade((300, 130), (282, 240), (304, 410), 18), 0.2),
        (blade((112, 150), (160, 176), (196, 150), 6), 0.10),
        (blade((216, 152), (250, 178), (292, 148), 7), 0.13),
        (blade((104, 440), (150, 400), (180, 440), 6), 0.12),
        (blade((230, 444), (270, 396), (300, 430), 7), 0.14),
    ):
        sheet.shade(fold, strength)
    sheet.glow(blade((126, 160), (132, 280), (120, 420), 10), 0.2)
    top = "M92 62 L308 62 L306 120 C240 126 160 126 94 120 Z"
    sheet.fill(top, sheet.light(sheet.main, "cloth"))
    sheet.shade(top, 0.10)
    sheet.shade("M94 112 C160 118 240 118 306 112 L306 120 C240 126 160 126 94 120 Z", 0.25)
    sheet.line("M93 74 L307 74 M93 82 L307 82", 1.3, sheet.main.line, 0.25)
    tie = "M84 92 L316 92 L316 106 L84 106 Z"
    sheet.fill(tie, BRASS.base if sheet.brightness < 0.6 else sheet.second.base)
    sheet.shade("M84 101 L316 101 L316 106 L84 106 Z", 0.25)
    sheet.disc(268, 158, 8, sheet.main.line, 0.25)
    sheet.disc(268, 157, 5, sheet.main.line, 0.35)
    if sheet.spec.detail == "label":
        label(sheet, 130, 206, 140, 168, "bean")


def _coffee_box(sheet: Sheet) -> None:
    sheet.floor(206, 434, 148, 14)
    front, side, top = (
        "M66 168 L268 168 L268 436 L66 436 Z",
        "M268 168 L338 140 L338 404 L268 436 Z",
        "M66 168 L138 140 L338 140 L268 168 Z",
    )
    sheet.piece(front, form="flat", scale=1.25, split=310)
    sheet.piece(side, form="flat", scale=1.25, split=296)
    sheet.shade(side, 0.26)
    sheet.fill(top, sheet.main.lit)
    sheet.line("M102 154 L303 154", 1.4, sheet.main.line, 0.35)
    sheet.glow("M66 168 L268 168 L268 173 L66 173 Z", 0.3)
    flap = "M66 168 L268 168 L268 176 C230 190 104 190 66 176 Z"
    sheet.shade(flap, 0.10)
    if sheet.spec.detail == "label":
        label(sheet, 94, 212, 146, 176, "bean")


def draw_soap(sheet: Sheet) -> None:
    """Draw soap: a bar, or three of them tied with string."""
    if sheet.spec.cut == "bar":
        sheet.floor(204, 329, 158, 15)
        with sheet.group("translate(0 -14)"):
            _bar(sheet, 200, 262, 1.0, wrap=sheet.spec.detail == "wrap")
        return
    sheet.floor(204, 411, 132, 14)
    for k, y in enumerate((372, 296, 220)):
        with sheet.group(f"translate({(-4, 5, -2)[k]} 0)"):
            _bar(sheet, 200, y - 26, 0.82, wrap=sheet.spec.detail == "wrap", tone=sheet.second if k == 1 else None)
    string = "M186 150 L184 412 M214 150 L216 412"
    sheet.line(string, 3.4, "#a98a5a")
    bow = blade((200, 154), (160, 116), (146, 150), 6) + blade((200, 154), (240, 116), (254, 150), 6)
    sheet.line(bow, 3.2, "#a98a5a")
    sheet.line("M200 154 C190 176 178 190 166 200 M200 154 C212 176 222 186 236 194", 3.2, "#a98a5a")
    sheet.disc(200, 154, 6, "#8d7046")


def _bar(sheet: Sheet, cx: float, cy: float, size: float, *, wrap: bool, tone: Tones | None = None) -> None:
    """Draw a bar of soap seen a little from above."""
    paint = tone or sheet.main
    w, t, h = 148 * size, 52 * size, 72 * size
    side = (
        f"M{cx - w} {cy} L{cx - w} {cy + h * 0.62} C{cx - w} {cy + h} {cx - w + 20} {cy + h + 4}"
        f" {cx - w + 34} {cy + h + 4} L{cx + w - 34} {cy + h + 4} C{cx + w - 20} {cy + h + 4} {cx + w}"
        f" {cy + h} {cx + w} {cy + h * 0.62} L{cx + w} {cy} Z"
    )
    top = (
        f"M{cx - w} {cy} C{cx - w} {cy - t * 0.8} {cx - w + 26} {cy - t} {cx - w + 54} {cy - t}"
        f" L{cx + w - 54} {cy - t} C{cx + w - 26} {cy - t} {cx + w} {cy - t * 0.8} {cx + w} {cy}"
        f" C{cx + w} {cy + t * 0.5} {cx + w - 22} {cy + t * 0.62} {cx + w - 50} {cy + t * 0.62}"
        f" L{cx - w + 50} {cy + t * 0.62} C{cx - w + 22} {cy + t * 0.62} {cx - w} {cy + t * 0.5}"
        f" {cx - w} {cy} Z"
    )
    sheet.piece(side, paint if tone else None, form="flat", texture="", scale=1.2, split=cy + h * 0.5)
    sheet.shade(side, 0.16, paint)
    sheet.piece(top, paint if tone else None, form="cloth", texture="", scale=1.2, split=cy + h * 0.5)
    sheet.line(
        f"M{cx - w + 3} {cy + 4} C{cx - w + 4} {cy + t * 0.5} {cx - w + 22} {cy + t * 0.62}"
        f" {cx - w + 50} {cy + t * 0.62} L{cx + w - 50} {cy + t * 0.62} C{cx + w - 22} {cy + t * 0.62}"
        f" {cx + w - 4} {cy + t * 0.5} {cx + w - 3} {cy + 4}",
        3,
        paint.gleam,
        0.7,
    )
    if wrap:
        x0, x1 = cx - w * 0.36, cx + w * 0.36
        band = (
            f"M{x0} {cy - t} L{x1} {cy - t} L{x1} {cy + t * 0.62} L{x1} {cy + h + 4} L{x0} {cy + h + 4}"
            f" L{x0} {cy + t * 0.62} Z"
        )
        sheet.fill(tidy(band), PAPER.base)
        sheet.fill(f"M{x0} {cy + t * 0.62} L{x1} {cy + t * 0.62} L{x1} {cy + h + 4} L{x0} {cy + h + 4} Z", PAPER.shade)
        sheet.line(
            f"M{x0 + 6} {cy - t} L{x0 + 6} {cy + h + 4} M{x1 - 6} {cy - t} L{x1 - 6} {cy + h + 4}",
            2,
            sheet.second.base,
            0.9,
            cap="butt",
        )
        _emblem(sheet, "drop", cx, cy - t * 0.2, 13 * size)
    else:
        sheet.line(oval(cx, cy - t * 0.2, w * 0.42, t * 0.42), 2, paint.line, 0.28)
        sheet.line(f"M{cx - w * 0.2} {cy - t * 0.2} L{cx + w * 0.2} {cy - t * 0.2}", 3, paint.line, 0.25)


def draw_bottle(sheet: Sheet) -> None:
    """Draw a bottle: with a pump, with a dropper, or a tube."""
    {"pump": _pump, "dropper": _dropper, "tube": _tube}[sheet.spec.cut](sheet)


def _bottle_body(sheet: Sheet, body: str) -> None:
    sheet.piece(body, form="round", scale=1.2, texture="", split=320)
    if sheet.spec.material == "glass":
        sheet.fill(
            body,
            sheet.gradient(
                [(0, "#fff", 0.0), (0.3, "#fff", 0.22), (0.65, "#fff", 0.14), (1, "#fff", 0.0)], (0, 0), (1, 0)
            ),
        )


def _pump(sheet: Sheet) -> None:
    sheet.floor(202, 454, 96, 14)
    dark = "#2f2a26" if sheet.brightness > 0.36 else "#8d8579"
    sheet.line("M200 150 L200 88", 12, dark)
    sheet.line("M197 150 L197 90", 3, "#ffffff", 0.25)
    head = (
        "M176 62 C176 54 184 50 194 50 L236 50 C246 50 250 56 246 64 L228 80 L184 84 C178 84 176 78"
        " 176 72 Z M184 62 L128 72 C118 74 116 86 120 96 L130 96 C130 88 134 86 142 84 L190 80 Z"
    )
    sheet.fill(head, dark)
    sheet.glow("M184 56 L236 56 L234 60 L184 60 Z", 0.25)
    sheet.fill(turned([(30, 130), (30, 166)], tilt=0.12, soft=False), dark)
    sheet.line("M176 136 L176 166 M188 138 L188 168 M212 138 L212 168 M224 136 L224 166", 2, "#ffffff", 0.14)
    body = (
        "M166 164 C166 178 118 186 112 220 C108 250 108 400 112 432 C116 450 130 456 150 456 L250 456"
        " C270 456 284 450 288 432 C292 400 292 250 288 220 C282 186 234 178 234 164 C222 170 178 170"
        " 166 164 Z"
    )
    _bottle_body(sheet, body)
    sheet.glow(blade((130, 226), (124, 320), (130, 430), 7), 0.42)
    if sheet.spec.detail == "label":
        curved_label(sheet, 90, 254, 394, 0.06, "drop")


def _dropper(sheet: Sheet) -> None:
    sheet.floor(202, 446, 92, 14)
    bulb = "M180 128 C176 96 178 54 200 52 C222 54 224 96 220 128 Z"
    sheet.fill(bulb, sheet.gradient([(0, "#4a423b", 1), (0.3, "#7c7268", 1), (1, "#2a2521", 1)], (0, 0), (1, 0)))
    sheet.fill(
        turned([(32, 126), (33, 176)], tilt=0.12, soft=False),
        sheet.gradient(
            [(0, BRASS.base, 1), (0.3, BRASS.gleam, 1), (0.6, BRASS.shade, 1), (1, BRASS.deep, 1)], (0, 0), (1, 0)
        ),
    )
    sheet.line(" ".join(f"M{x} 132 L{x} 178" for x in range(172, 232, 7)), 1.2, BRASS.line, 0.35)
    body = (
        "M172 176 C172 200 112 204 108 246 C106 290 106 390 110 424 C114 442 128 448 148 448 L252 448"
        " C272 448 286 442 290 424 C294 390 294 290 292 246 C288 204 228 200 228 176 C216 184 184 184"
        " 172 176 Z"
    )
    _bottle_body(sheet, body)
    sheet.line("M200 186 L200 400", 7, "#ffffff", 0.22)
    sheet.glow(blade((126, 252), (120, 330), (128, 424), 7), 0.45)
    if sheet.spec.detail == "label":
        curved_label(sheet, 92, 266, 392, 0.06, "drop")


def _tube(sheet: Sheet) -> None:
    sheet.floor(202, 458, 70, 12)
    cap = turned([(52, 398), (48, 452)], tilt=0.12, soft=False)
    dark = "#2f2a26" if sheet.brightness > 0.36 else "#b9ad98"
    body = "M108 62 L292 62 C290 160 272 300 258 396 C240 404 160 404 142 396 C128 300 110 160 108 62 Z"
    sheet.fill(
        cap, sheet.gradient([(0, dark, 1), (0.25, "#7c7268", 1), (0.5, dark, 1), (1, "#191613", 1)], (0, 0), (1, 0))
    )
    sheet.cast(body, 6, 4, 0.06)
    sheet.piece(body, form="round", scale=1.15, texture="", split=240)
    crimp = "M104 44 L296 44 L292 72 L108 72 Z"
    sheet.fill(crimp, sheet.main.shade)
    sheet.line(" ".join(f"M{x} 46 L{x + (200 - x) * 0.02} 70" for x in range(110, 294, 8)), 1.6, sheet.main.line, 0.3)
    sheet.shade(blade((128, 84), (170, 130), (190, 200), 7), 0.12)
    sheet.shade(blade((276, 84), (238, 130), (222, 210), 8), 0.16)
    sheet.glow(blade((136, 90), (146, 230), (158, 380), 8), 0.4)
    if sheet.spec.detail == "label":
        label(sheet, 150, 172, 100, 138, "drop")
