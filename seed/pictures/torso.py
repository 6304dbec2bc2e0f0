"""The upper part of every garment, cut from measurements: body, sleeves, neck, folds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from seed.pictures.paths import AXIS, Point, blade, both_sides, mirrored, symmetric, tidy
from seed.pictures.sheet import SPLIT, Sheet


@dataclass(frozen=True)
class Torso:
    """Half widths are measured from the middle, heights from the top of the tile.

    ``cuff`` is the middle of the sleeve's end on the right, ``cuff_half`` half its width, ``cuff_tilt`` how much lower
    its outer end is than its inner one (negative for sleeves that stand off). No sleeves when ``cuff`` is None.
    """

    neck: float = 40
    neck_y: float = 86
    dip: float = 30
    shoulder: float = 104
    shoulder_y: float = 112
    armpit_y: float = 194
    chest: float = 94
    waist: float = 90
    waist_y: float = 300
    hem: float = 98
    hem_y: float = 424
    sag: float = 7
    cuff: tuple[float, float] | None = (338, 226)
    cuff_half: float = 27
    cuff_tilt: float = -22
    bow: float = 8

    @cached_property
    def neck_edge(self) -> str:
        """The neckline's right half, from the middle of the front up to the shoulder."""
        n, low = self.neck, self.neck_y + self.dip
        return (
            f"M{AXIS} {low} C{AXIS + n * 0.5} {low} {AXIS + n * 0.86} {self.neck_y + self.dip * 0.55}"
            f" {AXIS + n} {self.neck_y}"
        )

    @cached_property
    def body(self) -> str:
        """Closed outline without sleeves."""
        a, s, c = AXIS, self.shoulder, self.chest
        half = (
            f"{self.neck_edge} C{a + self.neck + 16} {self.neck_y + 5} {a + s - 20} {self.shoulder_y - 7}"
            f" {a + s} {self.shoulder_y}"
            f" C{a + s - 7} {self.shoulder_y + 28} {a + c - 5} {self.armpit_y - 26} {a + c} {self.armpit_y}"
            f" C{a + c} {self.armpit_y + 34} {a + self.waist} {self.waist_y - 40} {a + self.waist} {self.waist_y}"
            f" C{a + self.waist} {self.waist_y + 44} {a + self.hem - 3} {self.hem_y - 50} {a + self.hem} {self.hem_y}"
            f" C{a + self.hem * 0.66} {self.hem_y + self.sag} {a + self.hem * 0.33} {self.hem_y + self.sag}"
            f" {a} {self.hem_y + self.sag}"
        )
        return symmetric(half)

    @cached_property
    def cuff_ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Outer and inner corner of the right sleeve's end."""
        if self.cuff is None:
            raise ValueError("this garment has no sleeves")
        (x, y), h, t = self.cuff, self.cuff_half, self.cuff_tilt
        return (x + h, y + t / 2), (x - h, y - t / 2)

    @cached_property
    def sleeve_edges(self) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
        """Control points of the right sleeve's outer edge (shoulder to cuff) and inner edge (armpit to cuff)."""
        a, s, c = AXIS, self.shoulder, self.chest
        (ox, oy), (ix, iy) = self.cuff_ends
        sy, ay, b = self.shoulder_y, self.armpit_y, self.bow
        outer = (
            (a + s + 17, sy + 14),
            (a + s + 17 + (ox - a - s) * 0.28 + b, sy + 14 + (oy - sy) * 0.3),
            (ox - (ox - a - s) * 0.2 + b, oy - (oy - sy) * 0.3),
            (ox, oy),
        )
        inner = ((a + c - 2, ay - 6), (a + c + 4, ay + 14), (ix - (ix - a - c) * 0.4, iy - (iy - ay) * 0.4), (ix, iy))
        return outer, inner

    @cached_property
    def sleeve(self) -> str:
        """Closed outline of the right sleeve; its root lies under the body."""
        a, s, sy, ay = AXIS, self.shoulder, self.shoulder_y, self.armpit_y
        (start, o1, o2, (ox, oy)), (armpit, i1, i2, (ix, iy)) = self.sleeve_edges
        return tidy(
            f"M{a + s - 26} {sy - 6} C{a + s - 8} {sy - 5} {a + s + 10} {sy} {start[0]} {start[1]}"
            f" C{o1[0]} {o1[1]} {o2[0]} {o2[1]} {ox} {oy} C{ox - 8} {oy + 7} {ix + 10} {iy + 5} {ix} {iy}"
            f" C{i2[0]} {i2[1]} {i1[0]} {i1[1]} {armpit[0]} {armpit[1]} L{a + s - 40} {ay - 30} Z"
        )

    @cached_property
    def outline(self) -> str:
        """Body and both sleeves, for the shadow on the wall."""
        return self.body + (both_sides(self.sleeve) if self.cuff else "")


def draw_back(sheet: Sheet, cut: Torso) -> None:
    """Draw what can be seen of the inside of the back, above the front neckline."""
    a, n, y = AXIS, cut.neck, cut.neck_y
    inside = (
        f"M{a - n} {y} C{a - n * 0.6} {y + 9} {a + n * 0.6} {y + 9} {a + n} {y}"
        f" L{a + n * 0.8} {y + cut.dip + 8} L{a - n * 0.8} {y + cut.dip + 8} Z"
    )
    sheet.fill(inside, sheet.main.deep)


def draw_sleeves(sheet: Sheet, cut: Torso, *, scale: float = 1.0, split: float = SPLIT) -> None:
    """Draw both sleeves, the right one in the shade of the body."""
    stripes = sheet.spec.pattern in ("stripe", "check")
    run = 0.0
    if cut.cuff and stripes:
        run = 18.0 if cut.cuff[1] < 300 else 8.0
    for path, turn in ((mirrored(cut.sleeve), run), (cut.sleeve, -run)):
        sheet.piece(path, scale=scale, split=split, turn=turn)
    sheet.shade(cut.sleeve, 0.10)


def draw_body(sheet: Sheet, cut: Torso, *, scale: float = 1.0, split: float = SPLIT) -> None:
    """Draw the front, with the armhole seams."""
    sheet.piece(cut.body, scale=scale, split=split)
    if cut.cuff:
        a, s, c = AXIS, cut.shoulder, cut.chest
        armhole = (
            f"M{a + s} {cut.shoulder_y} C{a + s - 7} {cut.shoulder_y + 28} {a + c - 5} {cut.armpit_y - 26}"
            f" {a + c} {cut.armpit_y}"
        )
        sheet.seam(both_sides(armhole), 0.35)


def draw_folds(sheet: Sheet, cut: Torso, strength: float = 1.0) -> None:
    """Draw the folds that fall from the armpits and gather at the waist, and the shade along the right side."""
    a, c, w = AXIS, cut.chest, cut.waist
    ay, wy, hy = cut.armpit_y, cut.waist_y, cut.hem_y
    side = (
        f"M{a + c - 2} {ay + 2} C{a + c - 16} {ay + 60} {a + w - 22} {wy - 10} {a + w - 18} {wy + 30}"
        f" C{a + w - 16} {wy + 60} {a + cut.hem - 24} {hy - 30} {a + cut.hem - 26} {hy + 3}"
        f" L{a + cut.hem} {hy} C{a + cut.hem - 3} {hy - 50} {a + w} {wy + 44} {a + w} {wy}"
        f" C{a + w} {wy - 40} {a + c} {ay + 34} {a + c} {ay} Z"
    )
    sheet.shade(side, 0.15 * strength)
    folds = (
        blade((a - c + 1, ay + 4), (a - c + 30, ay + 34), (a - 22, ay + 92), 7),
        blade((a + c - 3, ay + 6), (a + c - 26, ay + 40), (a + 30, ay + 82), 8),
        blade((a - w + 3, wy - 8), (a - w + 32, wy + 20), (a - 26, wy + 34), 6),
        blade((a + w - 5, wy + 6), (a + w - 40, wy + 30), (a + 18, hy - 42), 7),
        blade((a - 34, hy - 78), (a - 44, hy - 40), (a - 40, hy - 6), 5),
    )
    for fold in folds:
        sheet.shade(fold, 0.13 * strength)
    sheet.glow(blade((a - c + 16, ay + 30), (a - w + 14, wy - 20), (a - cut.hem + 26, hy - 40), 7), 0.11 * strength)


def neckband(cut: Torso, width: float = 10) -> str:
    """Return the ribbed band along the front neckline, as a closed path."""
    n, low, y = cut.neck, cut.neck_y + cut.dip, cut.neck_y
    a, w = AXIS, width
    half = (
        f"M{a} {low - w * 0.2} C{a + n * 0.46} {low - w * 0.2} {a + n * 0.78} {y + cut.dip * 0.5} {a + n - 5} {y - 4}"
        f" L{a + n + 5} {y + 3}"
        f" C{a + n * 0.92} {y + cut.dip * 0.7} {a + n * 0.54} {low + w} {a} {low + w}"
    )
    return symmetric(half)
