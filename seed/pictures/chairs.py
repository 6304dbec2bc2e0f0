"""Chairs and stools."""

from __future__ import annotations

from seed.pictures.colours import Tones
from seed.pictures.paths import blade, oval, tidy
from seed.pictures.sheet import WOOD, Sheet

WOODS = ("oak", "ash", "beech")


def draw_chair(sheet: Sheet) -> None:
    """Draw a chair: a shell on legs, a spindle back, a lounge chair or a stool; with or without a seat pad."""
    {"shell": _shell, "spindle": _spindle, "lounge": _lounge, "stool": _stool}[sheet.spec.cut](sheet)


def _leg(
    sheet: Sheet, top: tuple[float, float], foot: tuple[float, float], wide: float, tone: Tones, *, back: bool = False
) -> None:
    """Draw a tapered leg with its lit and its shaded side."""
    (x0, y0), (x1, y1) = top, foot
    half, slim = wide / 2, wide * 0.32
    path = (
        f"M{x0 - half} {y0} L{x0 + half} {y0} L{x1 + slim} {y1} C{x1 + slim * 0.4} {y1 + 3}"
        f" {x1 - slim * 0.4} {y1 + 3} {x1 - slim} {y1} Z"
    )
    if back:
        sheet.fill(path, tone.deep)
        return
    sheet.fill(path, sheet.gradient([(0, tone.lit, 1), (0.45, tone.base, 1), (1, tone.deep, 1)], (0, 0), (1, 0)))


def _pad(sheet: Sheet, path: str) -> None:
    sheet.fill(path, sheet.light(sheet.second, "cloth"))
    sheet.line(path, 1.6, sheet.second.line, 0.35)


def _shell(sheet: Sheet) -> None:
    sheet.floor(200, 452, 120, 15)
    legs = WOOD if sheet.spec.material == "recycled plastic" else sheet.main
    _leg(sheet, (160, 318), (142, 430), 13, legs, back=True)
    _leg(sheet, (252, 318), (276, 430), 13, legs, back=True)
    back = (
        "M104 118 C110 74 150 58 200 58 C250 58 290 74 296 118 C304 176 300 236 296 282 C300 300 296"
        " 318 280 324 C230 336 170 336 120 324 C104 318 100 300 104 282 C100 236 96 176 104 118 Z"
    )
    sheet.piece(back, form="cloth", texture="")
    sheet.shade("M296 118 C304 176 300 236 296 282 L262 288 C274 220 276 130 244 64 C276 72 292 90 296 118 Z", 0.15)
    sheet.glow(blade((122, 112), (112, 170), (118, 238), 10), 0.22)
    sheet.shade(blade((112, 262), (200, 300), (288, 262), 14), 0.16)
    seat = (
        "M84 286 C96 262 146 256 200 256 C254 256 304 262 316 286 C324 312 300 336 272 342 C226 350"
        " 174 350 128 342 C100 336 76 312 84 286 Z"
    )
    sheet.shade(seat, 0.18)
    seat = (
        "M82 292 C96 270 146 268 200 268 C254 268 304 270 318 292 C326 316 300 340 272 346 C226 354"
        " 174 354 128 346 C100 340 74 316 82 292 Z"
    )
    sheet.fill(seat, sheet.light(sheet.main, "flat"))
    sheet.shade(
        "M82 292 C74 316 100 340 128 346 C174 354 226 354 272 346 C300 340 326 316 318 292 C316 316"
        " 290 330 262 334 C222 340 178 340 138 334 C110 330 84 316 82 292 Z",
        0.2,
    )
    if sheet.spec.material in WOODS:
        for k in range(4):
            sheet.line(
                f"M{124 + k * 44} {92 - k % 2 * 14} C{116 + k * 46} 150 {128 + k * 44} 200 {122 + k * 46} 250",
                1.4,
                sheet.main.line,
                0.16,
            )
    if sheet.spec.detail == "cushion":
        _pad(
            sheet,
            "M112 290 C122 276 156 274 200 274 C244 274 278 276 288 290 C292 308 268 322 200 322 C132 322"
            " 108 308 112 290 Z",
        )
    else:
        sheet.glow(blade((108, 288), (170, 276), (240, 278), 4), 0.3)
    _leg(sheet, (138, 342), (108, 450), 15, legs)
    _leg(sheet, (264, 342), (298, 450), 15, legs)


def _spindle(sheet: Sheet) -> None:
    sheet.floor(200, 456, 112, 14)
    tone = sheet.main
    for foot in ((138, 424), (268, 424)):
        _leg(sheet, ((foot[0] + 200) / 2 - 4, 306), foot, 13, tone, back=True)
    for k in range(7):
        x0, x1 = 146 + k * 18, 118 + k * 27.4
        top = 76 + abs(k - 3) ** 2 * 3.4
        path = f"M{x0} 286 L{x1} {top}"
        sheet.line(path, 7, tone.line, 0.35)
        sheet.line(path, 5.6, tone.base)
        sheet.line(f"M{x0 - 1.4} 284 L{x1 - 1.4} {top}", 1.6, tone.gleam, 0.5)
    bow = "M122 290 C96 190 92 66 200 62 C308 66 304 190 278 290"
    sheet.line(bow, 15, tone.line, 0.45)
    sheet.line(bow, 13, tone.base)
    with sheet.group("translate(-2.4 -2.4)"):
        sheet.line(bow, 3, tone.gleam, 0.55)
    seat = "M92 296 C98 276 150 270 200 270 C250 270 302 276 308 296 C314 316 276 330 200 330 C124 330 86 316 92 296 Z"
    sheet.fill(
        "M92 296 C86 316 124 330 200 330 C276 330 314 316 308 296 L308 306 C312 328 276 344 200 344"
        " C124 344 88 328 92 306 Z",
        tone.deep,
    )
    sheet.fill(seat, sheet.light(tone, "flat"))
    sheet.shade(blade((120, 300), (200, 330), (280, 298), 10), 0.12)
    for k in range(3):
        sheet.line(
            f"M{124 + k * 14} {288 + k * 12} C170 {282 + k * 13} 230 {284 + k * 13} {272 - k * 14} {289 + k * 11}",
            1.3,
            tone.line,
            0.16,
        )
    if sheet.spec.detail == "cushion":
        sheet.shade(
            "M112 296 C124 284 160 282 200 282 C240 282 276 284 288 296 C290 314 262 324 200 324 C138 324"
            " 110 314 112 296 Z",
            0.3,
        )
        _pad(
            sheet,
            "M110 288 C122 274 160 270 200 270 C240 270 278 274 290 288 C294 306 262 316 200 316 C138 316"
            " 106 306 110 288 Z",
        )
        for x in (150, 250):
            sheet.disc(x, 292, 3, sheet.second.line, 0.5)
    rail = "M122 392 L280 392"
    sheet.line(rail, 8, tone.shade)
    _leg(sheet, (128, 328), (100, 454), 17, tone)
    _leg(sheet, (272, 328), (304, 454), 17, tone)


def _lounge(sheet: Sheet) -> None:
    sheet.floor(200, 448, 158, 16)
    for x, foot in ((100, 92), (300, 310)):
        _leg(sheet, (x, 396), (foot, 446), 16, WOOD)
    _leg(sheet, (138, 400), (134, 436), 13, WOOD, back=True)
    _leg(sheet, (262, 400), (268, 436), 13, WOOD, back=True)
    back = "M96 132 C98 90 130 76 200 76 C270 76 302 90 304 132 L310 330 L90 330 Z"
    sheet.piece(back, scale=1.5)
    sheet.shade("M304 132 L310 330 L268 330 C276 240 272 150 250 80 C284 86 302 100 304 132 Z", 0.16)
    sheet.glow(blade((118, 116), (110, 190), (118, 260), 10), 0.2)
    for x in (150, 250):
        sheet.disc(x + 1, 168, 5, sheet.main.line, 0.35)
        sheet.disc(x, 166, 4.4, sheet.main.shade)
        sheet.shade(blade((x, 168), (x + (8 if x > 200 else -8), 200), (x + 4, 240), 5), 0.12)
    sheet.seam("M106 280 C160 288 240 288 296 280", 0.3)
    seat = "M98 292 C140 276 260 276 302 292 C318 300 320 340 308 350 L92 350 C80 340 82 300 98 292 Z"
    sheet.shade("M92 282 C140 262 260 262 308 282 L308 300 L92 300 Z", 0.2)
    sheet.piece(seat, scale=1.5)
    sheet.glow(blade((112, 296), (180, 282), (260, 286), 6), 0.22)
    front = "M84 340 L316 340 L314 392 C314 402 306 406 296 406 L104 406 C94 406 86 402 86 392 Z"
    sheet.piece(front, scale=1.5)
    sheet.shade(front, 0.14)
    for arm in (
        "M58 236 C60 212 98 208 108 228 C116 250 114 330 114 404 L78 404 C66 404 60 398 60 388 Z",
        "M342 236 C340 212 302 208 292 228 C284 250 286 330 286 404 L322 404 C334 404 340 398 340 388 Z",
    ):
        sheet.cast(arm, 4, 3, 0.10)
        sheet.piece(arm, scale=1.5)
        sheet.seam(arm, 0.22)
    sheet.shade("M342 236 C340 212 320 210 306 216 C326 240 318 330 316 404 L322 404 C334 404 340 398 340 388 Z", 0.18)
    sheet.glow(blade((66, 236), (70, 216), (98, 222), 5), 0.3)
    if sheet.spec.material == "leather":
        sheet.glow(blade((112, 308), (180, 294), (280, 300), 6), 0.25)
    if sheet.spec.detail == "cushion":
        pillow = (
            "M136 214 C160 206 232 206 262 214 C268 240 268 270 262 292 C230 300 164 300 138 292 C130 268"
            " 130 240 136 214 Z"
        )
        sheet.cast(pillow, 4, 5, 0.14)
        _pad(sheet, pillow)
        sheet.line(blade((150, 222), (156, 240), (150, 270), 2), 1.4, sheet.second.line, 0.2)


def _stool(sheet: Sheet) -> None:
    with sheet.group("translate(-24 -34) scale(1.12)"):
        sheet.floor(200, 428, 112, 13)
        tone = sheet.main
        _leg(sheet, (200, 200), (206, 402), 20, tone, back=True)
        sheet.line("M140 330 L262 330", 9, tone.deep)
        seat_side = (
            "M78 168 C78 194 130 212 200 212 C270 212 322 194 322 168 L322 184 C322 218 270 238 200 238"
            " C130 238 78 218 78 184 Z"
        )
        _leg(sheet, (136, 214), (104, 426), 22, tone)
        _leg(sheet, (264, 214), (298, 426), 22, tone)
        sheet.shade("M124 214 L148 214 L146 246 L118 250 Z M252 214 L278 214 L284 250 L256 246 Z", 0.3)
        sheet.fill(
            tidy(seat_side),
            sheet.gradient(
                [(0, tone.base, 1), (0.25, tone.lit, 1), (0.6, tone.shade, 1), (1, tone.deep, 1)], (0, 0), (1, 0)
            ),
        )
        sheet.fill(oval(200, 168, 122, 46), sheet.light(tone, "flat"))
        for rx in (40, 64, 88):
            sheet.line(oval(206 - rx * 0.05, 169, rx, rx * 0.36), 1.3, tone.line, 0.13)
        sheet.shade(blade((112, 176), (200, 214), (296, 170), 10), 0.10)
        sheet.glow(blade((98, 158), (140, 132), (220, 128), 5), 0.3)
        if sheet.spec.detail == "cushion":
            sheet.shade(oval(204, 172, 108, 38), 0.3)
            _pad(
                sheet,
                "M94 150 C94 126 140 112 200 112 C260 112 306 126 306 150 L304 168 C298 188 252 202 200 202"
                " C148 202 102 188 96 168 Z",
            )
            sheet.line("M96 164 C106 186 150 196 200 196 C250 196 294 186 304 164", 3, sheet.second.shade)
