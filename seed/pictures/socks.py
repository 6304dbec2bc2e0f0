"""Socks, always a pair: one behind the other."""

from __future__ import annotations

from seed.pictures.paths import blade
from seed.pictures.sheet import Sheet

# Heights of the cuff's top edge for each cut; the foot is the same.
TOPS = {"crew": 120.0, "ankle": 222.0, "knee": 34.0}
SHIFT = {"crew": 14.0, "ankle": -40.0, "knee": 30.0}


def _leg(top: float) -> str:
    """Return one sock, toe to the left."""
    return (
        f"M178 {top} C200 {top - 8} 240 {top - 8} 262 {top} C262 {top + 60} 262 246 266 284"
        " C270 312 268 338 252 356 C236 372 210 376 186 384 C152 396 128 412 100 414 C72 414 58 394 66 374"
        f" C74 354 104 346 130 328 C160 306 176 286 178 250 C180 220 178 {top + 50} 178 {top} Z"
    )


def draw_sock(sheet: Sheet) -> None:
    """Draw a pair of socks: crew, ankle or knee length."""
    top = TOPS[sheet.spec.cut]
    scale = {"crew": 1.0, "ankle": 1.22, "knee": 0.94}[sheet.spec.cut]
    with sheet.group(
        f"translate({200 - 196 * scale + 18} {SHIFT[sheet.spec.cut] - (scale - 1) * 200})" + f" scale({scale})"
    ):
        with sheet.group("translate(52 -22)"):
            _sock(sheet, top, behind=True)
        with sheet.group("translate(-22 16)"):
            _sock(sheet, top, behind=False)


def _sock(sheet: Sheet, top: float, *, behind: bool) -> None:
    leg = _leg(top)
    sheet.cast(leg, 6, 8)
    sheet.piece(leg, scale=0.85, split=286, texture="rib" if sheet.spec.detail == "rib" else None)
    _heel_and_toe(sheet)
    _cuff(sheet, top)
    sheet.shade(
        f"M262 {top} C262 {top + 60} 262 246 266 284 C270 312 268 338 252 356 C240 368 224 373 206 377"
        f" C236 352 246 330 244 290 C240 240 240 {top + 60} 240 {top - 5} Z",
        0.14,
    )
    sheet.shade(blade((180, 262), (204, 292), (238, 300), 6), 0.14)
    sheet.shade(blade((172, 284), (200, 316), (232, 318), 6), 0.12)
    sheet.shade("M66 374 C62 396 74 414 100 414 C128 412 152 396 186 384 C150 386 104 400 66 374 Z", 0.16)
    sheet.glow(blade((188, top + 40), (190, 210), (186, 262), 5), 0.2)
    if behind:
        sheet.shade(leg, 0.12)


def _heel_and_toe(sheet: Sheet) -> None:
    paint = sheet.second if sheet.spec.detail == "heel" else None
    heel = "M266 284 C270 312 268 338 252 356 C240 368 224 373 206 377 C214 344 232 318 265 300 Z"
    toe = "M66 374 C72 358 92 350 112 339 C124 356 132 380 130 406 C120 411 110 414 100 414 C72 414 58 394 66 374 Z"
    for path in (heel, toe):
        if paint is not None:
            sheet.fill(path, sheet.light(paint, "ball"))
        else:
            sheet.shade(path, 0.10)
        sheet.seam(path, 0.22)


def _cuff(sheet: Sheet, top: float) -> None:
    low = top + (26 if sheet.spec.cut == "ankle" else 40)
    band = f"M178 {top} C200 {top - 8} 240 {top - 8} 262 {top} L262 {low} C240 {low - 8} 200 {low - 8} 178 {low} Z"
    paint = sheet.second if sheet.spec.detail == "heel" else sheet.main
    sheet.fill(band, sheet.light(paint, "round"))
    sheet.texture(band, "rib", paint)
    inside = f"M178 {top} C200 {top - 8} 240 {top - 8} 262 {top} C240 {top + 7} 200 {top + 7} 178 {top} Z"
    sheet.fill(inside, paint.deep)
    sheet.seam(f"M178 {low} C200 {low - 8} 240 {low - 8} 262 {low}", 0.3)
