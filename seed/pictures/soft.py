"""Cushions and blankets."""

from __future__ import annotations

from math import cos, pi, sin

from seed.pictures.paths import blade, box, oval, tidy
from seed.pictures.sheet import LEATHER, Sheet


def draw_cushion(sheet: Sheet) -> None:
    """Draw a cushion: square, oblong or round; piped or with tassels."""
    {"square": _square, "oblong": _oblong, "round": _round}[sheet.spec.cut](sheet)


def _plump(x: float, y: float, width: float, height: float, belly: float) -> str:
    """Return a pillow: four pointed corners and sides that bow outwards between them, inwards near them."""
    r, b = x + width, y + height
    return tidy(
        f"M{x} {y} C{x + width * 0.2} {y + belly} {x + width * 0.32} {y - belly * 0.6} {x + width / 2}"
        f" {y - belly * 0.6}"
        f" C{x + width * 0.68} {y - belly * 0.6} {x + width * 0.8} {y + belly} {r} {y}"
        f" C{r - belly} {y + height * 0.2} {r + belly * 0.7} {y + height * 0.32} {r + belly * 0.7} {y + height / 2}"
        f" C{r + belly * 0.7} {y + height * 0.68} {r - belly} {y + height * 0.8} {r} {b}"
        f" C{x + width * 0.8} {b - belly} {x + width * 0.68} {b + belly * 0.6} {x + width / 2} {b + belly * 0.6}"
        f" C{x + width * 0.32} {b + belly * 0.6} {x + width * 0.2} {b - belly} {x} {b}"
        f" C{x + belly} {y + height * 0.8} {x - belly * 0.7} {y + height * 0.68} {x - belly * 0.7} {y + height / 2}"
        f" C{x - belly * 0.7} {y + height * 0.32} {x + belly} {y + height * 0.2} {x} {y} Z"
    )


def _dents(sheet: Sheet, x: float, y: float, width: float, height: float) -> None:
    """Draw the creases that run in from the corners, the light top left and the shade bottom right."""
    r, b, w, h = x + width, y + height, width, height
    for corner, bend, end, wide, strength in (
        ((x + 6, y + 6), (x + w * 0.10, y + h * 0.12), (x + w * 0.26, y + h * 0.2), 5, 0.14),
        ((r - 6, y + 6), (r - w * 0.10, y + h * 0.14), (r - w * 0.24, y + h * 0.24), 6, 0.14),
        ((x + 6, b - 6), (x + w * 0.12, b - h * 0.10), (x + w * 0.24, b - h * 0.26), 6, 0.16),
        ((r - 6, b - 6), (r - w * 0.12, b - h * 0.12), (r - w * 0.28, b - h * 0.2), 6, 0.18),
        ((x + w * 0.36, b - 2), (x + w * 0.42, b - h * 0.1), (x + w * 0.4, b - h * 0.2), 5, 0.12),
    ):
        sheet.shade(blade(corner, bend, end, wide), strength)
    sheet.shade(
        f"M{r} {y} C{r - 12} {y + h * 0.2} {r + 10} {y + h * 0.32} {r + 10} {y + h / 2} C{r + 10}"
        f" {y + h * 0.68} {r - 12} {y + h * 0.8} {r} {b}"
        f" C{x + w * 0.8} {b - 12} {x + w * 0.68} {b + 9} {x + w / 2} {b + 9} C{x + w * 0.8}"
        f" {b - h * 0.14} {r - w * 0.14} {y + h * 0.7} {r} {y} Z",
        0.15,
    )
    sheet.glow(oval(x + w * 0.34, y + h * 0.34, w * 0.22, h * 0.17), 0.10)
    sheet.glow(oval(x + w * 0.32, y + h * 0.31, w * 0.12, h * 0.09), 0.10)


def _finish(sheet: Sheet, shape: str, corners: tuple[tuple[float, float], ...]) -> None:
    if sheet.spec.detail == "piping":
        sheet.line(shape, 7, sheet.second.line, 0.5)
        sheet.line(shape, 5.4, sheet.second.base)
    else:
        sheet.seam(shape, 0.2)
    if sheet.spec.detail == "tassels":
        for x, y in corners:
            out = -1 if x < 200 else 1
            sheet.line(f"M{x} {y} L{x + out * 3} {y + 6}", 5, sheet.second.shade)
            sheet.line(
                " ".join(
                    f"M{x + out * 3} {y + 8} C{x + out * (4 + dx)} {y + 18} {x + out * (3 + dx * 1.6)} {y + 26}"
                    f" {x + out * (3 + dx * 2)} {y + 38}"
                    for dx in (-3, -1, 1, 3)
                ),
                3.6,
                sheet.second.base,
            )
            sheet.disc(x + out * 3, y + 7, 5.4, sheet.second.shade)


def _square(sheet: Sheet) -> None:
    sheet.floor(204, 424, 150, 20)
    shape = _plump(56, 118, 288, 288, 18)
    sheet.cast(shape, 6, 6, 0.07)
    sheet.piece(shape, scale=1.5, split=262)
    _dents(sheet, 56, 118, 288, 288)
    _finish(sheet, shape, ((56, 118), (344, 118), (56, 406), (344, 406)))


def _oblong(sheet: Sheet) -> None:
    sheet.floor(204, 382, 166, 18)
    shape = _plump(36, 164, 328, 204, 15)
    sheet.cast(shape, 6, 6, 0.07)
    sheet.piece(shape, scale=1.4, split=266)
    _dents(sheet, 36, 164, 328, 204)
    _finish(sheet, shape, ((36, 164), (364, 164), (36, 368), (364, 368)))


def _round(sheet: Sheet) -> None:

    sheet.floor(204, 412, 130, 18)
    shape = oval(200, 258, 152, 148)
    sheet.cast(shape, 6, 6, 0.07)
    sheet.piece(shape, form="ball" if sheet.spec.pattern == "plain" else "cloth", scale=1.4, split=258)
    for k in range(16):
        turn = k * pi / 8 + 0.2
        far = (200 + cos(turn) * 128, 258 + sin(turn) * 124)
        near = (200 + cos(turn) * 16, 254 + sin(turn) * 15)
        bend = (200 + cos(turn + 0.10) * 70, 256 + sin(turn + 0.10) * 68)
        sheet.shade(blade(near, bend, far, 5), 0.10 + 0.07 * max(0.0, cos(turn - pi / 4)))
    sheet.shade(
        "M352 258 C352 340 284 406 200 406 C150 406 106 382 78 346 C140 390 300 380 326 176 C342 200 352 228 352 258 Z",
        0.14,
    )
    sheet.glow(oval(150, 200, 54, 40), 0.14)
    sheet.disc(202, 257, 15, sheet.main.line, 0.4)
    sheet.disc(200, 254, 13, sheet.second.base if sheet.spec.detail == "piping" else sheet.main.shade)
    sheet.disc(196, 250, 4, "#ffffff", 0.25)
    if sheet.spec.detail == "piping":
        sheet.line(shape, 6, sheet.second.base)


def draw_blanket(sheet: Sheet) -> None:
    """Draw a blanket: folded in a pile, hanging from a rail, or rolled with straps."""
    {"folded": _folded, "draped": _draped, "rolled": _rolled}[sheet.spec.cut](sheet)


def _folded(sheet: Sheet) -> None:
    sheet.floor(200, 408, 166, 18)
    layers = []
    for k, (y, inset) in enumerate(((340, 0), (276, 5), (212, 1), (148, 6))):
        x0, x1 = 44 + inset, 356 - inset
        layer = (
            f"M{x0 + 22} {y} L{x1 - 4} {y} C{x1 + 3} {y + 10} {x1 + 3} {y + 54} {x1 - 4} {y + 64}"
            f" L{x0 + 22} {y + 64} C{x0 - 10} {y + 62} {x0 - 10} {y + 2} {x0 + 22} {y} Z"
        )
        layers.append((k, y, x0, x1, layer))
    for k, y, x0, x1, layer in layers:
        sheet.piece(layer, pattern="pinstripe" if sheet.spec.pattern == "stripe" else None, scale=1.6, split=276)
        sheet.shade(
            f"M{x0 + 12} {y + 48} L{x1} {y + 48} C{x1} {y + 56} {x1 - 2} {y + 62} {x1 - 4} {y + 64}"
            f" L{x0 + 22} {y + 64} C{x0 + 12} {y + 62} {x0 + 4} {y + 56} {x0 + 12} {y + 48} Z",
            0.2,
        )
        sheet.glow(f"M{x0 + 16} {y + 8} L{x1 - 8} {y + 8} L{x1 - 6} {y + 16} L{x0 + 8} {y + 18} Z", 0.14)
        sheet.seam(f"M{x0 + 22} {y + 32} C{x0 + 60} {y + 30} {x1 - 60} {y + 34} {x1 - 2} {y + 32}", 0.26)
        if sheet.spec.detail == "border":
            sheet.fill(
                f"M{x1 - 44} {y} L{x1 - 26} {y} L{x1 - 26} {y + 64} L{x1 - 44} {y + 64} Z", sheet.second.base, 0.9
            )
        if sheet.spec.detail == "fringe" and k % 2 == 0:
            marks = " ".join(f"M{x1 - 2} {y + 6 + j * 6} L{x1 + 20 - (j % 3) * 3} {y + 8 + j * 6}" for j in range(9))
            sheet.line(marks, 4, sheet.main.line, 0.3)
            sheet.line(marks, 3, sheet.main.base)
    sheet.shade("M300 148 L346 148 L352 404 L300 404 Z", 0.10)
    label = box(92, 384, 40, 16, 1.5)
    sheet.fill(label, "#f3eee4")
    sheet.line("M98 392 L126 392", 1.6, "#8d8375")


def _draped(sheet: Sheet) -> None:
    rail = "M20 82 L380 82"
    cloth = (
        "M66 82 C66 72 76 68 90 68 L310 68 C324 68 334 72 334 82 L342 408 C318 418 304 402 276 412"
        " C250 420 232 404 204 414 C176 422 156 404 126 412 C100 420 82 404 58 410 Z"
    )
    sheet.cast(cloth, 9, 10, 0.08)
    sheet.line(rail, 11, "#5e4a36")
    sheet.line("M20 79.5 L380 79.5", 3, "#a98a66")
    sheet.piece(cloth, scale=1.5, split=280)
    for x, wide, strength in ((92, 10, 0.10), (150, 14, 0.14), (214, 12, 0.12), (266, 16, 0.17), (318, 12, 0.2)):
        sheet.shade(blade((x, 92), (x - 6, 240), (x + (x - 200) * 0.06, 410), wide), strength)
    for x, wide in ((120, 8), (184, 8), (240, 7)):
        sheet.glow(blade((x, 96), (x - 4, 240), (x + (x - 200) * 0.06, 404), wide), 0.16)
    sheet.shade("M66 82 C66 72 76 68 90 68 L310 68 C324 68 334 72 334 82 L334 92 C250 100 150 100 66 92 Z", 0.10)
    if sheet.spec.detail == "border":
        sheet.line(
            "M59 384 C82 378 100 394 126 386 C156 378 176 396 204 388 C232 378 250 394 276 386 C304 376"
            " 318 392 341 382",
            12,
            sheet.second.base,
            cap="butt",
        )
    if sheet.spec.detail == "fringe":
        marks = " ".join(
            f"M{62 + k * 8.1} {408 + (3 if k % 9 < 4 else -1)} L{62 + k * 8.1 + (k % 3 - 1)} {436 - (k % 2) * 4}"
            for k in range(35)
        )
        sheet.line(marks, 4.6, sheet.main.line, 0.3)
        sheet.line(marks, 3.6, sheet.main.base)


def _rolled(sheet: Sheet) -> None:
    with sheet.group("rotate(-8 200 260)"):
        sheet.floor(206, 366, 166, 20)
        body = "M72 176 L318 176 C352 176 364 220 364 266 C364 312 352 356 318 356 L72 356 Z"
        sheet.cast(body, 4, 5, 0.08)
        sheet.piece(body, scale=1.4, split=266)
        sheet.fill(
            tidy(body),
            sheet.gradient(
                [(0, "#fff", 0.0), (0.22, "#fff", 0.22), (0.5, sheet.main.line, 0.0), (1, sheet.main.line, 0.38)],
                (0, 0),
                (0, 1),
            ),
        )
        end = oval(72, 266, 44, 90)
        sheet.fill(end, sheet.light(sheet.main, "cloth"))
        spiral = (
            "M72 266 C78 262 80 274 72 280 C60 284 56 262 66 250 C82 238 94 262 90 284 C82 308 54 304 48"
            " 274 C46 240 62 218 80 222 C100 228 106 262 102 290 C94 326 60 330 46 304"
        )
        sheet.line(spiral, 3, sheet.main.line, 0.5)
        sheet.seam(end, 0.4)
        for x in (156, 268):
            strap = (
                f"M{x} 174 L{x + 22} 174 C{x + 30} 230 {x + 30} 306 {x + 22} 358 L{x} 358 C{x + 8} 306 {x + 8}"
                f" 230 {x} 174 Z"
            )
            sheet.fill(
                strap,
                sheet.gradient([(0, LEATHER.base, 1), (0.25, LEATHER.lit, 1), (1, LEATHER.deep, 1)], (0, 0), (0, 1)),
            )
            sheet.line(box(x + 1, 238, 30, 26, 4), 4, "#c9a25a")
        sheet.line("M178 172 C190 130 258 130 268 172", 11, LEATHER.deep)
        sheet.line("M178 172 C190 131 258 131 268 172", 7, LEATHER.base)
        if sheet.spec.detail == "fringe":
            marks = " ".join(f"M{86 + k * 9} 355 L{85 + k * 9} {372 - (k % 2) * 4}" for k in range(27))
            sheet.line(marks, 4, sheet.main.shade)
