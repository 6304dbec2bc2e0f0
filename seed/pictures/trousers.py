"""Trousers and shorts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from seed.pictures.paths import AXIS, blade, both_sides, mirrored, symmetric
from seed.pictures.sheet import Sheet


@dataclass(frozen=True)
class Legs:
    """Half widths from the middle; ``outer`` and ``inner`` are where the hem of the right leg ends."""

    waist: float = 60
    waist_y: float = 58
    hip: float = 82
    hip_y: float = 158
    crotch_y: float = 204
    knee: float = 84
    knee_inner: float = 16
    outer: float = 84
    inner: float = 20
    hem_y: float = 448

    @cached_property
    def outline(self) -> str:
        """Closed outline of both legs."""
        a, ky = AXIS, (self.crotch_y + self.hem_y) / 2
        lean = (self.outer - self.hip) * 0.2
        reach = max(lean, 2)
        half = (
            f"M{a} {self.waist_y + 4} C{a + 20} {self.waist_y + 4} {a + 40} {self.waist_y + 2}"
            f" {a + self.waist} {self.waist_y}"
            f" C{a + self.waist + 4} {self.waist_y + 40} {a + self.hip} {self.hip_y - 44} {a + self.hip} {self.hip_y}"
            f" C{a + self.hip + reach} {self.hip_y + 40} {a + self.knee - lean} {ky - 36} {a + self.knee} {ky}"
            f" C{a + self.knee + lean} {ky + 36} {a + self.outer - lean * 0.4} {self.hem_y - 50}"
            f" {a + self.outer} {self.hem_y}"
            f" C{a + self.outer - 16} {self.hem_y + 5} {a + self.inner + 16} {self.hem_y + 5}"
            f" {a + self.inner} {self.hem_y + 1}"
            f" C{a + self.inner} {self.hem_y - 60} {a + self.knee_inner} {ky + 40} {a + self.knee_inner} {ky}"
            f" C{a + self.knee_inner - 2} {ky - 40} {a + 5} {self.crotch_y + 30} {a} {self.crotch_y}"
        )
        return symmetric(half)


TROUSERS = {
    "straight": Legs(),
    "wide": Legs(waist=58, hip=86, hip_y=168, crotch_y=200, knee=110, knee_inner=11, outer=126, inner=10, hem_y=450),
    "tapered": Legs(waist=62, hip=87, hip_y=158, crotch_y=206, knee=78, knee_inner=18, outer=64, inner=22, hem_y=440),
    "shorts": Legs(
        waist=84, waist_y=104, hip=110, hip_y=216, crotch_y=278, knee=120, knee_inner=8, outer=126, inner=14, hem_y=396
    ),
}


def draw_trousers(sheet: Sheet) -> None:
    """Draw trousers: straight, wide, tapered or short; creased, turned up or tied."""
    legs = TROUSERS[sheet.spec.cut]
    pattern = "pinstripe" if sheet.spec.pattern == "stripe" else None
    sheet.cast(legs.outline)
    sheet.piece(legs.outline, pattern=pattern, scale=0.9)
    _depth(sheet, legs)
    _pockets(sheet, legs)
    _waistband(sheet, legs)
    if sheet.spec.detail == "crease":
        _crease(sheet, legs)
    if sheet.spec.detail == "turn-up":
        _turn_up(sheet, legs)
    else:
        y = legs.hem_y - 9
        sheet.stitches(
            both_sides(
                f"M{AXIS + legs.outer - 1} {y} C{AXIS + legs.outer - 16} {y + 5} {AXIS + legs.inner + 16}"
                f" {y + 5} {AXIS + legs.inner} {y + 1}"
            ),
            opacity=0.35,
        )


def _depth(sheet: Sheet, legs: Legs) -> None:
    """Draw the shade between the legs and on the right, and the folds at crotch and knee."""
    a, cy, hy, ky = AXIS, legs.crotch_y, legs.hem_y, (legs.crotch_y + legs.hem_y) / 2
    left_inner = (
        f"M{a} {cy - 6} C{a - 5} {cy + 30} {a - legs.knee_inner} {ky - 40} {a - legs.knee_inner} {ky}"
        f" C{a - legs.knee_inner} {ky + 40} {a - legs.inner} {hy - 60} {a - legs.inner} {hy + 1}"
        f" L{a - legs.inner - 16} {hy + 3} C{a - legs.inner - 16} {hy - 60} {a - legs.knee_inner - 18}"
        f" {ky} {a - 14} {cy + 20} Z"
    )
    sheet.shade(left_inner, 0.16)
    outer = (
        f"M{a + legs.hip} {legs.hip_y} C{a + legs.hip + 3} {legs.hip_y + 40} {a + legs.knee} {ky - 30}"
        f" {a + legs.knee} {ky}"
        f" C{a + legs.knee} {ky + 40} {a + legs.outer} {hy - 60} {a + legs.outer} {hy}"
        f" L{a + legs.outer - 20} {hy + 3} C{a + legs.outer - 20} {hy - 60} {a + legs.knee - 24} {ky}"
        f" {a + legs.hip - 22} {legs.hip_y + 20}"
        f" C{a + legs.hip - 18} {legs.hip_y - 40} {a + legs.waist} {legs.waist_y + 60}"
        f" {a + legs.waist} {legs.waist_y + 20} Z"
    )
    sheet.shade(outer, 0.15)
    for fold, strength in (
        (blade((a - 2, cy - 2), (a - 30, cy + 4), (a - legs.hip + 18, cy - 14), 6), 0.14),
        (blade((a + 2, cy - 2), (a + 30, cy + 8), (a + legs.hip - 20, cy - 6), 6), 0.15),
        (blade((a + 3, cy + 4), (a + 26, cy + 22), (a + legs.hip - 34, cy + 34), 5), 0.11),
        (
            blade((a - legs.knee + 4, ky + 10), (a - legs.knee + 26, ky + 24), (a - legs.knee_inner - 18, ky + 14), 5),
            0.10,
        ),
        (
            blade((a + legs.knee - 5, ky + 24), (a + legs.knee - 26, ky + 38), (a + legs.knee_inner + 14, ky + 26), 5),
            0.12,
        ),
    ):
        sheet.shade(fold, strength)
    light = blade(
        (a - legs.hip * 0.72, legs.hip_y),
        (a - (legs.knee + legs.knee_inner) * 0.62, ky),
        (a - (legs.outer + legs.inner) * 0.58, hy - 30),
        7,
    )
    sheet.glow(light, 0.15)
    sheet.seam(f"M{a} {cy} L{a} {legs.waist_y + 22}", 0.4)


def _pockets(sheet: Sheet, legs: Legs) -> None:
    a, y, w = AXIS, legs.waist_y + 20, legs.waist
    slant = f"M{a + w * 0.68} {y} C{a + w * 0.74} {y + 24} {a + w * 0.9} {y + 44} {a + legs.hip - 3} {y + 58}"
    sheet.seam(both_sides(slant), 0.42, 1.7)
    sheet.stitches(
        both_sides(
            f"M{a + w * 0.68 - 5} {y} C{a + w * 0.74 - 5} {y + 26} {a + w * 0.9 - 5} {y + 48}"
            f" {a + legs.hip - 5} {y + 63}"
        ),
        _thread(sheet),
        0.5,
    )
    fly = (
        f"M{a + 12} {y} L{a + 12} {legs.crotch_y - 44} C{a + 12} {legs.crotch_y - 26} {a + 6}"
        f" {legs.crotch_y - 20} {a} {legs.crotch_y - 16}"
    )
    sheet.stitches(fly, _thread(sheet), 0.6)


def _thread(sheet: Sheet) -> str | None:
    """Denim is sewn with honey-coloured thread."""
    return "#d9a441" if sheet.spec.material == "denim" else None


def _waistband(sheet: Sheet, legs: Legs) -> None:
    a, w, y = AXIS, legs.waist, legs.waist_y
    half = (
        f"M{a} {y + 3} C{a + 20} {y + 3} {a + 40} {y + 1} {a + w} {y - 1} L{a + w + 2.6} {y + 19}"
        f" C{a + 40} {y + 22} {a + 20} {y + 24} {a} {y + 24}"
    )
    inside = (
        f"M{a - w} {y} C{a - 30} {y - 9} {a + 30} {y - 9} {a + w} {y} C{a + 30} {y + 5} {a - 30} {y + 5} {a - w} {y} Z"
    )
    sheet.fill(inside, sheet.main.deep)
    band = symmetric(half)
    sheet.fill(band, sheet.light(sheet.main, "flat"))
    sheet.seam(band, 0.36)
    if sheet.spec.detail == "drawstring":
        marks = " ".join(f"M{a + dx} {y + 4} L{a + dx} {y + 21}" for dx in range(int(-w) + 8, int(w) - 4, 8))
        sheet.line(marks, 2, sheet.main.line, 0.18)
        cord = (
            f"M{a - 8} {y + 14} C{a - 14} {y + 40} {a - 10} {y + 52} {a - 16} {y + 70} M{a + 8} {y + 14}"
            f" C{a + 12} {y + 36} {a + 16} {y + 48} {a + 12} {y + 62}"
        )
        sheet.line(cord, 5.4, sheet.main.line, 0.35)
        sheet.line(cord, 4, "#efe8da" if sheet.brightness < 0.85 else "#9a9184")
        return
    loop = f"M{a + w * 0.62} {y - 1} L{a + w * 0.62} {y + 26}"
    sheet.line(both_sides(loop), 7, sheet.main.line, 0.35, cap="butt")
    sheet.line(both_sides(loop), 5, sheet.main.base, cap="butt")
    sheet.button(a + 5, y + 13, 4.6, "#c8a25a" if sheet.spec.material == "denim" else "#f0e9dc")


def _crease(sheet: Sheet, legs: Legs) -> None:
    ky = (legs.crotch_y + legs.hem_y) / 2
    x0, x1, x2 = legs.waist * 0.62, (legs.knee + legs.knee_inner) / 2, (legs.outer + legs.inner) / 2
    path = (
        f"M{AXIS + x0} {legs.waist_y + 46} C{AXIS + x0 + 4} {legs.hip_y + 30} {AXIS + x1} {ky - 60}"
        f" {AXIS + x1} {ky} L{AXIS + x2} {legs.hem_y + 3}"
    )
    sheet.seam(both_sides(path), 0.42, 1.8)
    sheet.line(mirrored(path), 1.6, "#ffffff", 0.18)


def _turn_up(sheet: Sheet, legs: Legs) -> None:
    a, y, high = AXIS, legs.hem_y, 24
    band = (
        f"M{a + legs.outer + 3} {y - high} C{a + legs.outer - 16} {y - high + 6} {a + legs.inner + 14}"
        f" {y - high + 6} {a + legs.inner - 3} {y - high + 1}"
        f" L{a + legs.inner - 2} {y + 2} C{a + legs.inner + 16} {y + 7} {a + legs.outer - 16} {y + 7}"
        f" {a + legs.outer + 2} {y + 1} Z"
    )
    both = both_sides(band)
    sheet.fill(both, sheet.main.lit if sheet.spec.material == "denim" else sheet.main.base)
    sheet.texture(both)
    sheet.shade(band, 0.08)
    sheet.seam(both, 0.36)
