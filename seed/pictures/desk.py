"""Candles and notebooks."""

from __future__ import annotations

from seed.pictures.packs import curved_label, label
from seed.pictures.paths import blade, box, moved, oval, turned
from seed.pictures.sheet import BRASS, PAPER, WAX, Sheet

FLAME = "#ffd27a"


def draw_candle(sheet: Sheet) -> None:
    """Draw a candle, burning: in a jar, a pillar, or two tapers in holders."""
    {"jar": _jar, "pillar": _pillar, "tapers": _tapers}[sheet.spec.cut](sheet)


def _flame(sheet: Sheet, x: float, y: float, size: float = 1.0) -> None:
    """Draw a flame that stands on its wick at (x, y), with its halo."""
    sheet.radial(oval(x, y - 26 * size, 92 * size), "#ffe9b0", 0.6)
    sheet.line(f"M{x} {y + 4} C{x} {y - 4} {x + 1} {y - 8} {x + 2} {y - 12 * size}", 2.6, "#3a2e24")
    outer = (
        f"M{x} {y - 64 * size} C{x + 16 * size} {y - 40 * size} {x + 16 * size} {y - 8 * size} {x}"
        f" {y - 4 * size} C{x - 16 * size} {y - 8 * size} {x - 13 * size} {y - 36 * size} {x}"
        f" {y - 64 * size} Z"
    )
    sheet.fill(outer, sheet.gradient([(0, "#f2a33c", 1), (0.6, FLAME, 1), (1, "#ffe9b8", 1)], (0, 0), (0, 1)))
    inner = (
        f"M{x} {y - 38 * size} C{x + 8 * size} {y - 24 * size} {x + 8 * size} {y - 8 * size} {x}"
        f" {y - 6 * size} C{x - 8 * size} {y - 8 * size} {x - 7 * size} {y - 22 * size} {x}"
        f" {y - 38 * size} Z"
    )
    sheet.fill(inner, "#fff8e4")


def _jar(sheet: Sheet) -> None:
    tilt = 0.16
    sheet.floor(204, 436, 116, 16)
    body = turned([(106, 196), (106, 416)], tilt=tilt, soft=False)
    sheet.piece(body, form="round", scale=1.2, texture="", split=320)
    rim = oval(200, 196, 106, 106 * tilt)
    sheet.fill(rim, sheet.main.gleam)
    sheet.fill(oval(200, 198, 100, 99 * tilt), sheet.main.shade)
    sheet.fill(
        oval(200, 204, 98, 80 * tilt),
        sheet.gradient([(0, "#fffdf2", 1), (0.6, WAX.base, 1), (1, WAX.shade, 1)], (0, 0), (1, 0.4)),
    )
    sheet.radial(oval(200, 204, 62, 9), "#ffe09a", 0.9)
    sheet.glow("M118 214 L136 217 L136 424 L118 420 Z", 0.36)
    if sheet.spec.detail == "label":
        curved_label(sheet, 106, 268, 388, tilt, "sun")
    _flame(sheet, 200, 200, 1.15)


def _pillar(sheet: Sheet) -> None:
    sheet.floor(204, 448, 100, 15)
    body = turned([(82, 174), (82, 300), (84, 436)], tilt=0.16, soft=False)
    sheet.piece(body, form="round", scale=1.2, texture="", split=310)
    sheet.fill(oval(200, 174, 82, 13), sheet.main.lit)
    sheet.fill(oval(200, 177, 66, 9), sheet.main.gleam)
    drip = "M262 178 C276 186 272 226 268 244 C266 254 256 254 255 244 C254 222 250 196 248 182 Z"
    sheet.fill(drip, sheet.main.base)
    sheet.line("M266 196 C268 216 266 236 262 246", 2, sheet.main.gleam, 0.7)
    sheet.radial("M118 174 C118 190 282 190 282 174 L282 300 L118 300 Z", "#ffe09a", 0.4)
    sheet.glow(blade((134, 200), (130, 310), (136, 430), 7), 0.3)
    if sheet.spec.detail == "label":
        curved_label(sheet, 84, 322, 402, 0.14, "sun")
    _flame(sheet, 200, 178, 1.15)


def _tapers(sheet: Sheet) -> None:
    for x, top in ((144, 150), (256, 118)):
        sheet.floor(x + 2, 448, 62, 11)
        foot = turned([(13, 386), (15, 404), (28, 430), (54, 444)], cx=x, tilt=0.14)
        sheet.fill(
            foot,
            sheet.gradient(
                [(0, BRASS.base, 1), (0.3, BRASS.gleam, 1), (0.6, BRASS.shade, 1), (1, BRASS.deep, 1)], (0, 0), (1, 0)
            ),
        )
        stick = (
            f"M{x - 11} {top} C{x - 9} {top - 6} {x + 9} {top - 6} {x + 11} {top} L{x + 17} 390 C{x + 10}"
            f" 396 {x - 10} 396 {x - 17} 390 Z"
        )
        sheet.piece(stick, form="round", texture="")
        sheet.glow(blade((x - 6, top + 16), (x - 8, 260), (x - 9, 380), 2.6), 0.35)
        cup = turned([(24, 380), (20, 402)], cx=x, tilt=0.14, soft=False)
        sheet.fill(
            cup,
            sheet.gradient(
                [(0, BRASS.base, 1), (0.3, BRASS.gleam, 1), (0.6, BRASS.shade, 1), (1, BRASS.deep, 1)], (0, 0), (1, 0)
            ),
        )
        sheet.line(f"M{x - 24} 380 C{x - 20} 387 {x + 20} 387 {x + 24} 380", 2, BRASS.gleam)
        _flame(sheet, x, top - 2, 0.95)


def draw_notebook(sheet: Sheet) -> None:
    """Draw a notebook: hardcover, stitched, spiral or week planner; with elastic or label."""
    with sheet.group("rotate(-5 200 260)"):
        {"hardcover": _hardcover, "stitched": _stitched, "spiral": _spiral, "planner": _planner}[sheet.spec.cut](sheet)


def _pages(sheet: Sheet, x: float, y: float, width: float, height: float, thick: float) -> None:
    """Draw the block of pages that shows at the right and below."""
    block = box(x + 6, y + 6, width, height, 3)
    sheet.cast(moved(block, thick * 0.5, thick * 0.6), 8, 11, 0.10)
    sheet.fill(moved(block, thick * 0.9, thick * 0.9), sheet.main.deep)
    sheet.fill(box(x + 8, y + 8, width - 4 + thick * 0.6, height - 6 + thick * 0.6, 2), PAPER.base)
    lines = " ".join(
        f"M{x + width + k * 2.2} {y + 12} L{x + width + k * 2.2} {y + height + thick * 0.5}"
        for k in range(1, max(int(thick / 2.4), 2))
    )
    sheet.line(lines, 0.9, PAPER.line, 0.3)


def _cover(sheet: Sheet, x: float, y: float, width: float, height: float, radius: float = 7) -> str:
    cover = box(x, y, width, height, radius)
    sheet.piece(cover, form="cloth", scale=1.35, split=y + height * 0.62)
    sheet.line(
        f"M{x + radius} {y + 1.6} L{x + width - radius} {y + 1.6} M{x + 1.6} {y + radius} L{x + 1.6}"
        f" {y + height - radius}",
        2,
        sheet.main.gleam,
        0.45,
    )
    return cover


def _spine(sheet: Sheet, x: float, y: float, height: float, width: float = 26) -> None:
    sheet.shade(f"M{x} {y + 5} L{x + width} {y} L{x + width} {y + height} L{x} {y + height - 5} Z", 0.14)
    sheet.shade(
        f"M{x + width} {y} L{x + width + 5} {y} L{x + width + 5} {y + height} L{x + width} {y + height} Z", 0.16
    )
    sheet.glow(
        f"M{x + width + 6} {y + 2} L{x + width + 9} {y + 2} L{x + width + 9} {y + height - 2}"
        f" L{x + width + 6} {y + height - 2} Z",
        0.18,
    )


def _ribbon(sheet: Sheet, x: float, y: float) -> None:
    sheet.fill(f"M{x} {y} L{x + 11} {y} L{x + 13} {y + 40} L{x + 7} {y + 32} L{x + 1} {y + 40} Z", sheet.second.shade)


def _hardcover(sheet: Sheet) -> None:
    _ribbon(sheet, 236, 434)
    _pages(sheet, 76, 62, 248, 372, 12)
    _cover(sheet, 76, 62, 248, 372)
    _spine(sheet, 76, 62, 372)
    if sheet.spec.detail == "elastic":
        sheet.fill("M290 60 L302 60 L302 436 L290 436 Z", sheet.main.line, 0.35)
        sheet.fill(
            "M287 60 L298 60 L298 436 L287 436 Z",
            sheet.gradient([(0, sheet.second.lit, 1), (1, sheet.second.shade, 1)], (0, 0), (1, 0)),
        )
    if sheet.spec.detail == "label":
        label(sheet, 140, 128, 136, 96, "sun")


def _stitched(sheet: Sheet) -> None:
    back = box(98, 72, 240, 368, 5)
    sheet.cast(back, 8, 11, 0.10)
    sheet.fill(back, sheet.second.base)
    sheet.shade(back, 0.08, sheet.second)
    _pages(sheet, 76, 62, 246, 372, 5)
    _cover(sheet, 76, 62, 246, 372, 5)
    sheet.shade("M76 62 L90 62 L90 434 L76 434 Z", 0.16)
    thread = "#f4efe6" if sheet.brightness < 0.8 else "#8a6d52"
    sheet.line("M83 120 L83 168 M83 224 L83 272 M83 328 L83 376", 3.4, thread)
    if sheet.spec.detail == "label":
        label(sheet, 128, 118, 144, 92, "sun")
    else:
        sheet.line("M130 150 L250 150 M130 166 L206 166", 3, sheet.main.line, 0.3)


def _spiral(sheet: Sheet) -> None:
    _pages(sheet, 72, 92, 256, 350, 9)
    _cover(sheet, 72, 92, 256, 350, 6)
    if sheet.spec.detail == "label":
        label(sheet, 132, 172, 136, 96, "sun")
    for k in range(15):
        x = 88 + k * 16
        sheet.disc(x, 112, 4.2, "#4a443e")
        sheet.line(f"M{x} 112 C{x - 10} 108 {x - 10} 76 {x} 74 C{x + 9} 74 {x + 8} 96 {x + 3} 106", 3, "#77716a")
        sheet.line(f"M{x - 6} 96 C{x - 7} 84 {x - 4} 76 {x} 75", 1.2, "#f2efe9", 0.9)


def _planner(sheet: Sheet) -> None:
    _ribbon(sheet, 150, 436)
    _pages(sheet, 70, 66, 260, 366, 17)
    _cover(sheet, 70, 66, 260, 366, 16)
    if sheet.spec.material == "leather":
        sheet.stitches(box(79, 75, 242, 348, 10), "#efe0c4", 0.7)
        sheet.glow(blade((92, 100), (88, 220), (92, 380), 6), 0.2)
    _spine(sheet, 70, 66, 366, 20)
    window = box(150, 150, 120, 84, 4)
    sheet.fill(window, PAPER.base)
    sheet.line(window, 2, sheet.main.line, 0.4)
    days = " ".join(
        f"M{162 + k * 14} {172 + row * 18} L{169 + k * 14} {172 + row * 18}" for row in range(3) for k in range(7)
    )
    sheet.line(days, 4, "#6d655c", 0.7)
    sheet.disc(207, 190, 8, sheet.second.base, 0.85)
    if sheet.spec.detail == "elastic":
        sheet.fill("M292 64 L304 64 L304 434 L292 434 Z", sheet.main.line, 0.35)
        sheet.fill(
            "M289 64 L300 64 L300 434 L289 434 Z",
            sheet.gradient([(0, sheet.second.lit, 1), (1, sheet.second.shade, 1)], (0, 0), (1, 0)),
        )
    else:
        sheet.fill(
            "M318 226 L346 226 C352 226 354 232 354 238 L354 256 C354 262 352 268 346 268 L318 268 Z", sheet.main.shade
        )
        sheet.disc(334, 247, 6, BRASS.base)
        sheet.disc(332.6, 245.4, 2.6, BRASS.gleam)
