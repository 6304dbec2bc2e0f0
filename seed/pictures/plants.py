"""Plants in pots: the pot wears the product's colour, the leaves are green."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, radians, sin

from seed.pictures.colours import Tones, tones_of
from seed.pictures.paths import Point, along, blade, box, line, oval, smooth, tidy, turned
from seed.pictures.pots import dip, glaze, mouth
from seed.pictures.sheet import LEAF, PALE_LEAF, SOIL, WOOD, Sheet

DEEP_LEAF = tones_of((0.40, 0.065, 150))
GREY_LEAF = tones_of((0.55, 0.05, 155))

POTS: dict[str, tuple[tuple[Point, ...], float]] = {
    "monstera": (((74, 336), (74, 352), (66, 410), (54, 452)), 0.15),
    "rubber": (((66, 340), (68, 360), (64, 420), (56, 454)), 0.15),
    "snake": (((70, 336), (70, 360), (68, 410), (62, 452)), 0.15),
    "cactus": (((92, 322), (90, 350), (80, 400), (66, 444)), 0.16),
    "trailing": (((72, 226), (74, 246), (66, 292), (50, 330)), 0.16),
    "palm": (((72, 344), (72, 364), (66, 418), (54, 454)), 0.15),
}


def draw_plant(sheet: Sheet) -> None:
    """Draw a plant in its pot: monstera, rubber fig, snake plant, cactus, ivy or palm."""
    cut = sheet.spec.cut
    profile, tilt = POTS[cut]
    stand = sheet.spec.detail == "stand"
    with sheet.group("translate(0 -14)" if stand else "translate(0 0)"):
        if cut == "trailing":
            _shelf(sheet)
        elif stand:
            sheet.floor(200, 492, 80, 10)
            for x, foot in ((146, 134), (254, 266)):
                sheet.line(f"M{x} 400 L{foot} 490", 9, WOOD.shade)
                sheet.line(f"M{x - 1.5} 400 L{foot - 1.5} 488", 3, WOOD.lit)
        else:
            sheet.floor(200, profile[-1][1] + profile[-1][0] * tilt, profile[-1][0] * 1.5, 14)
        if cut != "trailing":
            _LEAVES[cut](sheet, True)
        sheet.piece(
            turned(profile, tilt=tilt, soft=False),
            form="round",
            scale=1.0,
            split=(profile[0][1] + profile[-1][1]) / 2 + 10,
        )
        if sheet.spec.detail == "dipped":
            dip(sheet, profile, tilt, sheet.second)
        glaze(sheet, profile, 0.10 + 0.4 * sheet.material.gloss)
        half, y = profile[0]
        mouth(sheet, half, y, tilt)
        sheet.fill(oval(200, y + 2, half - 6, (half - 6) * tilt), SOIL.base)
        if cut == "cactus":
            _stones(sheet, y)
        _LEAVES[cut](sheet, False)
        if stand:
            sheet.line("M138 428 L262 428", 9, WOOD.deep)
            sheet.line("M138 426 L262 426", 5, WOOD.base)


def _shelf(sheet: Sheet) -> None:
    sheet.fill(box(70, 352, 272, 16, 2), "#2a2018", 0.14)
    sheet.fill(box(62, 334, 276, 16, 3), sheet.gradient([(0, WOOD.lit, 1), (1, WOOD.shade, 1)], (0, 0), (1, 0.4)))
    sheet.line("M64 336 L336 336", 2, WOOD.gleam, 0.7)
    sheet.floor(200, 337, 70, 7)


def _stones(sheet: Sheet, y: float) -> None:
    for k in range(13):
        sheet.disc(132 + k * 11.4, y + 2 + (k % 3 - 1) * 4, 5.2, ("#d8d1c4", "#c2baac", "#e6e0d4")[k % 3])


def _stem(sheet: Sheet, path: str, width: float, tone: Tones) -> None:
    sheet.line(path, width, tone.deep)
    sheet.line(path, width * 0.45, tone.lit, 0.7)


def _turned_by(points: Sequence[tuple[float, float]], turn: float, at: Point, size: float) -> list[Point]:
    """Place points drawn round the origin, pointing up, at a place, size and angle (degrees, clockwise)."""
    c, s = cos(radians(turn)), sin(radians(turn))
    return [(at[0] + size * (x * c - y * s), at[1] + size * (x * s + y * c)) for x, y in points]


def _broad_leaf(sheet: Sheet, at: Point, turn: float, size: float, tone: Tones, *, split: bool) -> None:
    """Draw a heart-shaped leaf from its stalk; a split one has the notches of a monstera."""
    if split:
        half = [
            (0, 4),
            (20, 10),
            (42, -4),
            (52, -28),
            (30, -34),
            (54, -46),
            (52, -68),
            (28, -62),
            (46, -84),
            (38, -102),
            (20, -86),
            (22, -116),
            (0, -136),
        ]
    else:
        half = [(0, 6), (26, 8), (48, -20), (50, -58), (34, -100), (0, -136)]
    left = [(-x, y) for x, y in reversed(half[1:-1])]
    right_side = _turned_by([*half], turn, at, size)
    whole = _turned_by([*half, *left], turn, at, size)
    tension = 0.75 if split else 1.0
    outline = smooth(whole, closed=True, tension=tension)
    sheet.fill(outline, sheet.gradient([(0, tone.lit, 1), (0.5, tone.base, 1), (1, tone.shade, 1)], (0, 0), (1, 1)))
    tip, base = whole[len(half) - 1], whole[0]
    shade = smooth(right_side, tension=tension) + f"L{base[0]} {base[1]}Z"
    sheet.fill(tidy(shade), tone.deep, 0.28)
    ribs = f"M{base[0]} {base[1]} L{tip[0]} {tip[1]}"
    for y in (-24, -52, -80):
        for side in (-1, 1):
            (x0, y0), (x1, y1) = _turned_by([(0, y + 8), (side * 34, y - 14)], turn, at, size)
            ribs += f"M{x0} {y0} L{x1} {y1}"
    sheet.line(ribs, 1.5, tone.gleam, 0.5)


def _monstera(sheet: Sheet, behind: bool) -> None:
    spots: tuple[tuple[Point, float, float, Tones], ...] = (
        ((146, 236), -64, 0.82, DEEP_LEAF),
        ((256, 226), 58, 0.86, DEEP_LEAF),
        ((204, 176), 8, 0.92, LEAF),
        ((158, 268), -88, 0.72, LEAF),
        ((252, 268), 92, 0.78, PALE_LEAF),
        ((172, 210), -30, 0.92, PALE_LEAF),
        ((236, 208), 34, 0.9, LEAF),
    )
    for place, (at, turn, size, tone) in enumerate(spots):
        if (place < 5) is behind:
            _stem(
                sheet,
                f"M{198 + (at[0] - 200) * 0.12} 338 C{198 + (at[0] - 200) * 0.2} 296"
                f" {at[0] - (at[0] - 200) * 0.3} {at[1] + 40} {at[0]} {at[1]}",
                5,
                tone,
            )
            _broad_leaf(sheet, at, turn, size, tone, split=True)


def _rubber(sheet: Sheet, behind: bool) -> None:
    if behind:
        _stem(sheet, "M200 342 C198 260 204 180 200 96", 7, tones_of((0.42, 0.05, 60)))
    spots: tuple[tuple[Point, float, float, Tones], ...] = (
        ((198, 292), -76, 0.80, DEEP_LEAF),
        ((202, 268), 72, 0.84, DEEP_LEAF),
        ((198, 236), -58, 0.86, LEAF),
        ((203, 210), 54, 0.86, DEEP_LEAF),
        ((199, 180), -42, 0.82, DEEP_LEAF),
        ((203, 158), 40, 0.78, LEAF),
        ((200, 130), -14, 0.66, PALE_LEAF),
    )
    for place, (at, turn, size, tone) in enumerate(spots):
        if (place % 2 == 1 and place < 5) is behind:
            _broad_leaf(sheet, at, turn, size, tone, split=False)


def _snake(sheet: Sheet, behind: bool) -> None:
    blades = (
        (168, 120, 150, 17),
        (232, 96, 250, 18),
        (200, 52, 196, 19),
        (150, 190, 118, 15),
        (250, 176, 284, 15),
        (182, 150, 170, 16),
        (218, 140, 230, 16),
    )
    for place, (x, top, lean, wide) in enumerate(blades):
        if (place < 4) is not behind:
            continue
        foot = 200 + (x - 200) * 0.62
        edge = (
            f"M{foot - wide * 0.7} 342 C{foot - wide} 260 {lean - wide * 0.9} 190 {lean} {top}"
            f" C{lean + wide * 0.9} 190 {foot + wide} 260 {foot + wide * 0.7} 342 Z"
        )
        inner = (
            f"M{foot - wide * 0.4} 342 C{foot - wide * 0.66} 264 {lean - wide * 0.56} 200 {lean}"
            f" {top + 16} C{lean + wide * 0.56} 200 {foot + wide * 0.66} 264 {foot + wide * 0.4} 342 Z"
        )
        sheet.fill(edge, "#c9cf94")
        sheet.fill(
            inner, sheet.gradient([(0, LEAF.base, 1), (0.5, DEEP_LEAF.base, 1), (1, DEEP_LEAF.deep, 1)], (0, 0), (1, 0))
        )
        marks = []
        for t in (0.16, 0.28, 0.40, 0.52, 0.64, 0.74):
            middle, y, reach = foot + (lean - foot) * t * t, 342 - (342 - top) * t, wide * 0.5 * (1.1 - t)
            marks.append(f"M{middle - reach} {y} Q{middle} {y - 6} {middle + reach} {y}")
        bands = "".join(marks)
        sheet.line(bands, 2.4, GREY_LEAF.lit, 0.6)


def _cactus(sheet: Sheet, behind: bool) -> None:
    if behind:
        return
    body = (
        "M200 96 C262 96 292 158 292 226 C292 286 268 322 244 330 C220 336 180 336 156 330 C132 322"
        " 108 286 108 226 C108 158 138 96 200 96 Z"
    )
    sheet.fill(
        body, sheet.gradient([(0, PALE_LEAF.lit, 1), (0.45, LEAF.base, 1), (1, DEEP_LEAF.deep, 1)], (0, 0), (1, 0.5))
    )
    for share in (-0.8, -0.48, -0.16, 0.16, 0.48, 0.8):
        x = 200 + 92 * share
        rib = (
            f"M200 97 C{200 + 70 * share} 110 {x + 6 * share} 170 {x} 226 C{x} 270 {200 + 62 * share} 312"
            f" {200 + 52 * share} 331"
        )
        sheet.line(rib, 5, DEEP_LEAF.deep, 0.5)
        with sheet.group("translate(-3.5 0)"):
            sheet.line(rib, 2, PALE_LEAF.gleam, 0.4)
    thorns = ""
    for share in (-0.96, -0.64, -0.32, 0.0, 0.32, 0.64, 0.96):
        for k in range(6):
            t = 0.1 + k * 0.15
            wide = sin(pi * min(0.16 + t * 0.72, 0.9))
            x, y = 200 + 90 * share * wide, 104 + t * 224
            thorns += f"M{x - 5} {y - 4} L{x} {y} L{x + 5} {y - 4} M{x} {y} L{x} {y - 7}"
    sheet.line(thorns, 1.2, "#f4efdc", 0.85)
    for k in range(5):
        turn = radians(-90 + (k - 2) * 30)
        sheet.fill(
            blade(
                (200, 100), (200 + cos(turn) * 14, 96 + sin(turn) * 16), (200 + cos(turn) * 24, 98 + sin(turn) * 26), 7
            ),
            "#e58aa0" if k % 2 else "#d56f8a",
        )
    sheet.disc(200, 92, 6, "#f2cf6a")


STRANDS: tuple[tuple[Point, Point, Point, Point], ...] = (
    ((146, 226), (96, 210), (84, 290), (96, 392)),
    ((170, 230), (122, 226), (124, 330), (146, 440)),
    ((236, 230), (280, 226), (266, 330), (252, 428)),
    ((258, 226), (316, 210), (322, 290), (304, 380)),
)
CROWN = (
    *(
        (128, 226, -84),
        (142, 204, -60),
        (158, 186, -34),
        (178, 172, -18),
        (200, 166, 4),
        (222, 172, 22),
        (242, 186, 40),
    ),
    *((260, 206, 66), (272, 228, 88), (160, 214, -40), (184, 200, -10), (214, 200, 16), (240, 214, 50), (200, 222, 0)),
)


def _trailing(sheet: Sheet, behind: bool) -> None:
    if behind:
        return
    leaves: list[tuple[Point, float, float]] = []
    for number, strand in enumerate(STRANDS):
        start, one, two, end = strand
        sheet.line(
            f"M{start[0]} {start[1]} C{one[0]} {one[1]} {two[0]} {two[1]} {end[0]} {end[1]}", 2.6, DEEP_LEAF.base
        )
        leaves += [(along(strand, k / 6), 62 if (k + number) % 2 else -62, 0.40 + 0.03 * (k % 3)) for k in range(1, 7)]
    leaves += [((x, y + 16), turn, 0.56) for x, y, turn in CROWN]
    sheet.fill(oval(200, 206, 58, 26), DEEP_LEAF.deep)
    _ivy(sheet, leaves)


def _ivy(sheet: Sheet, leaves: list[tuple[Point, float, float]]) -> None:
    """Draw ivy leaves in three greens, each as one path, then their shaded halves, then the veins."""
    half = [(0, 0), (22, 10), (48, -10), (26, -34), (28, -60), (0, -96)]
    left = [(-x, y) for x, y in reversed(half[1:-1])]
    veins = ""
    for tint, tone in enumerate((DEEP_LEAF, LEAF, PALE_LEAF)):
        outlines, shades = "", ""
        for at, turn, size in leaves[tint::3]:
            whole = _turned_by([*half, *left], turn, at, size)
            outlines += smooth(whole, closed=True, tension=0.6)
            shades += line(*_turned_by(half, turn, at, size)) + "Z"
            veins += line(whole[0], whole[5])
        sheet.fill(outlines, tone.base)
        sheet.fill(shades, tone.deep, 0.35)
    sheet.line(veins, 1.1, PALE_LEAF.gleam, 0.6)


def _palm(sheet: Sheet, behind: bool) -> None:
    fronds = ((-84, 150), (84, 156), (-58, 196), (60, 200), (-30, 238), (32, 236), (2, 262))
    for place, (turn, reach) in enumerate(fronds):
        if (place < 4) is not behind:
            continue
        tone = (DEEP_LEAF, DEEP_LEAF, LEAF, LEAF, PALE_LEAF, LEAF, PALE_LEAF)[place]
        end = (200 + sin(radians(turn)) * reach * 0.82, 344 - cos(radians(turn * 0.72)) * reach)
        bend = (200 + sin(radians(turn)) * reach * 0.24, 344 - reach * 0.92)
        sheet.line(f"M200 346 Q{bend[0]} {bend[1]} {end[0]} {end[1]}", 3.4, tone.deep)
        for side, paint in ((-1, tone.base), (1, tone.shade)):
            sheet.fill(_leaflets(bend, end, side), paint)


def _leaflets(bend: Point, end: Point, side: int) -> str:
    """Return the leaflets on one side of a frond that runs from the soil over ``bend`` to ``end``."""
    found = ""
    for k in range(3, 14):
        t = k / 13.4
        x = (1 - t) ** 2 * 200 + 2 * t * (1 - t) * bend[0] + t * t * end[0]
        y = (1 - t) ** 2 * 346 + 2 * t * (1 - t) * bend[1] + t * t * end[1]
        dx = (1 - t) * (bend[0] - 200) + t * (end[0] - bend[0])
        dy = (1 - t) * (bend[1] - 346) + t * (end[1] - bend[1])
        size = (dx * dx + dy * dy) ** 0.5 or 1.0
        ux, uy, long = dx / size, dy / size, 46 * (1 - 0.55 * t)
        px, py = ux * 0.62 - side * uy * 0.8, uy * 0.62 + side * ux * 0.8 + 0.18
        found += blade((x, y), (x + px * long * 0.5, y + py * long * 0.5 - 3), (x + px * long, y + py * long), 4.4)
    return found


_LEAVES = {
    "monstera": _monstera,
    "rubber": _rubber,
    "snake": _snake,
    "cactus": _cactus,
    "trailing": _trailing,
    "palm": _palm,
}
