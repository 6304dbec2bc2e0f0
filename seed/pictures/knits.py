"""Jumpers, cardigans and vests."""

from __future__ import annotations

from seed.pictures.paths import AXIS, blade, both_sides, mirrored, symmetric
from seed.pictures.sheet import Sheet
from seed.pictures.torso import Torso, draw_back, draw_folds, neckband

KNITS = {
    "crew": Torso(
        neck=42,
        neck_y=92,
        dip=24,
        shoulder=112,
        shoulder_y=120,
        chest=106,
        waist=104,
        hem=96,
        hem_y=412,
        sag=5,
        cuff=(346, 392),
        cuff_half=20,
        cuff_tilt=-5,
        bow=16,
        armpit_y=214,
    ),
    "rollneck": Torso(
        neck=34,
        neck_y=96,
        dip=16,
        shoulder=112,
        shoulder_y=124,
        chest=106,
        waist=104,
        hem=96,
        hem_y=418,
        sag=5,
        cuff=(346, 398),
        cuff_half=20,
        cuff_tilt=-5,
        bow=16,
        armpit_y=218,
    ),
    "cardigan": Torso(
        neck=36,
        neck_y=88,
        dip=120,
        shoulder=112,
        shoulder_y=116,
        chest=106,
        waist=107,
        hem=101,
        hem_y=414,
        sag=4,
        cuff=(346, 392),
        cuff_half=20,
        cuff_tilt=-5,
        bow=16,
        armpit_y=210,
    ),
    "vest": Torso(
        neck=40,
        neck_y=84,
        dip=92,
        shoulder=92,
        shoulder_y=106,
        chest=102,
        waist=102,
        hem=96,
        hem_y=414,
        sag=5,
        cuff=None,
        armpit_y=214,
    ),
}


def draw_knit(sheet: Sheet) -> None:
    """Draw knitwear: crew, roll-neck, cardigan or vest; plain, ribbed or cabled."""
    cut = KNITS[sheet.spec.cut]
    ribbed = "rib" if sheet.spec.detail == "rib" else None
    sheet.cast(cut.outline + (_roll(cut) if sheet.spec.cut == "rollneck" else ""))
    if sheet.spec.cut != "rollneck":
        draw_back(sheet, cut)
    if cut.cuff:
        for path in (mirrored(cut.sleeve), cut.sleeve):
            sheet.piece(path, scale=1.15, texture=ribbed)
        sheet.shade(cut.sleeve, 0.12)
    sheet.piece(cut.body, scale=1.15, texture=ribbed)
    if cut.cuff:
        _armholes(sheet, cut)
        _cuffs(sheet, cut)
    if sheet.spec.detail == "cable":
        _cables(sheet, cut)
    draw_folds(sheet, cut, 0.85)
    _hem(sheet, cut)
    {"rollneck": _draw_roll, "cardigan": _front_bands, "vest": _vest_bands}.get(sheet.spec.cut, _crew_band)(sheet, cut)


def _ribs(sheet: Sheet, path: str, dark: float = 0.10) -> None:
    """Draw a ribbed band in the main colour."""
    sheet.fill(path, sheet.main.base)
    sheet.shade(path, dark)
    sheet.texture(path, "rib")


def _armholes(sheet: Sheet, cut: Torso) -> None:
    a, s, c = AXIS, cut.shoulder, cut.chest
    edge = (
        f"M{a + s} {cut.shoulder_y} C{a + s - 6} {cut.shoulder_y + 30} {a + c - 4} {cut.armpit_y - 28}"
        f" {a + c} {cut.armpit_y}"
    )
    sheet.line(both_sides(edge), 3, sheet.main.line, 0.22)


def _cuffs(sheet: Sheet, cut: Torso) -> None:
    (ox, oy), (ix, iy) = cut.cuff_ends
    band = (
        f"M{ox + 2} {oy - 30} C{ox - 8} {oy - 22} {ix + 8} {iy - 24} {ix - 2} {iy - 28} L{ix + 2} {iy + 2}"
        f" C{ix + 10} {iy + 6} {ox - 8} {oy + 8} {ox - 3} {oy + 2} Z"
    )
    _ribs(sheet, both_sides(band))
    for fold in (
        blade((AXIS + cut.shoulder + 12, cut.shoulder_y + 60), (ix + 24, iy - 150), (ix + 4, iy - 34), 8),
        blade((ix + 2, iy - 92), (ix + 20, iy - 84), (ox - 6, oy - 66), 4),
        blade((ix + 4, iy - 62), (ix + 20, iy - 52), (ox - 8, oy - 42), 4),
    ):
        sheet.shade(fold, 0.13)
        sheet.shade(mirrored(fold), 0.08)


def _hem(sheet: Sheet, cut: Torso) -> None:
    a, h, y = AXIS, cut.hem, cut.hem_y
    half = (
        f"M{a} {y - 24} C{a + h * 0.5} {y - 24} {a + h * 0.8} {y - 26} {a + h + 1.5} {y - 30}"
        f" C{a + h + 1} {y - 16} {a + h} {y - 8} {a + h - 2} {y} C{a + h * 0.66} {y + cut.sag + 1}"
        f" {a + h * 0.33} {y + cut.sag + 1} {a} {y + cut.sag + 1}"
    )
    _ribs(sheet, symmetric(half))


def _crew_band(sheet: Sheet, cut: Torso) -> None:
    n, y = cut.neck, cut.neck_y
    back = f"M{AXIS - n} {y - 2} C{AXIS - n * 0.6} {y + 8} {AXIS + n * 0.6} {y + 8} {AXIS + n} {y - 2}"
    sheet.line(back, 11, sheet.main.shade, cap="butt")
    _ribs(sheet, neckband(cut, 15), 0.06)
    sheet.seam(neckband(cut, 15), 0.18)


def _roll(cut: Torso) -> str:
    a, n, y = AXIS, cut.neck, cut.neck_y
    half = (
        f"M{a} {y - 36} C{a + 18} {y - 36} {a + n - 4} {y - 38} {a + n + 1} {y - 32} C{a + n + 6}"
        f" {y - 16} {a + n + 8} {y}"
        f" {a + n + 13} {y + 12} C{a + n - 4} {y + 24} {a + 20} {y + 28} {a} {y + 28}"
    )
    return symmetric(half)


def _draw_roll(sheet: Sheet, cut: Torso) -> None:
    roll, n, y = _roll(cut), cut.neck, cut.neck_y
    sheet.shade(
        f"M{AXIS - n - 13} {y + 12} C{AXIS - 20} {y + 38} {AXIS + 20} {y + 38} {AXIS + n + 16} {y + 14} Z", 0.25
    )
    sheet.fill(roll, sheet.light(sheet.main, "round"))
    sheet.texture(roll, "rib")
    lip = (
        f"M{AXIS - n - 1} {y - 32} C{AXIS - 18} {y - 24} {AXIS + 18} {y - 24} {AXIS + n + 1} {y - 32}"
        f" C{AXIS + 18} {y - 40} {AXIS - 18} {y - 40} {AXIS - n - 1} {y - 32} Z"
    )
    sheet.fill(lip, sheet.main.deep)
    sheet.shade(
        f"M{AXIS - n - 9} {y + 2} C{AXIS - 20} {y + 14} {AXIS + 20} {y + 14} {AXIS + n + 9} {y + 2}"
        f" C{AXIS + 20} {y + 20} {AXIS - 20} {y + 20} {AXIS - n - 9} {y + 2} Z",
        0.16,
    )


def _front_bands(sheet: Sheet, cut: Torso) -> None:
    """Draw the V of a cardigan with its button band down to the hem."""
    a, n, y, low, foot = AXIS, cut.neck, cut.neck_y, cut.neck_y + cut.dip, cut.hem_y + cut.sag
    opening = (
        f"M{a - n} {y} C{a - n + 2} {y + 50} {a - 12} {low - 20} {a} {low} C{a + 12} {low - 20}"
        f" {a + n - 2} {y + 50} {a + n} {y} C{a + n * 0.6} {y + 9} {a - n * 0.6} {y + 9} {a - n} {y} Z"
    )
    sheet.fill(opening, sheet.main.deep)
    sheet.line(
        f"M{a - n} {y - 1} C{a - n * 0.6} {y + 8} {a + n * 0.6} {y + 8} {a + n} {y - 1}",
        11,
        sheet.main.shade,
        cap="butt",
    )
    left = (
        f"M{a - n - 5} {y + 3} L{a - n + 7} {y - 5} C{a - n + 9} {y + 48} {a - 8} {low - 20} {a + 9}"
        f" {low + 6} L{a + 9} {foot} L{a - 9} {foot} L{a - 9} {low + 14} C{a - 24} {low - 10}"
        f" {a - n - 6} {y + 58} {a - n - 5} {y + 3} Z"
    )
    right = (
        f"M{a + n + 5} {y + 3} L{a + n - 7} {y - 5} C{a + n - 9} {y + 48} {a + 10} {low - 20} {a - 5}"
        f" {low + 4} L{a + 9} {low + 14} C{a + 24} {low - 10} {a + n + 6} {y + 58} {a + n + 5} {y + 3}"
        f" Z"
    )
    sheet.shade(f"M{a + 9} {low + 10} L{a + 16} {low + 6} L{a + 14} {foot} L{a + 9} {foot} Z", 0.2)
    for band in (right, left):
        sheet.fill(band, sheet.main.base)
        sheet.shade(band, 0.06)
        sheet.seam(band, 0.24)
    for place in range(5):
        sheet.button(a, low + 22 + place * (foot - low - 38) / 4, 5, "#efe6d6" if sheet.brightness < 0.8 else "#8a6d52")


def _vest_bands(sheet: Sheet, cut: Torso) -> None:
    a, n, y, low = AXIS, cut.neck, cut.neck_y, cut.neck_y + cut.dip
    opening = (
        f"M{a - n} {y} C{a - n + 2} {y + 40} {a - 14} {low - 20} {a} {low} C{a + 14} {low - 20}"
        f" {a + n - 2} {y + 40} {a + n} {y} C{a + n * 0.6} {y + 9} {a - n * 0.6} {y + 9} {a - n} {y} Z"
    )
    sheet.fill(opening, sheet.main.deep)
    sheet.line(
        f"M{a - n} {y - 1} C{a - n * 0.6} {y + 8} {a + n * 0.6} {y + 8} {a + n} {y - 1}",
        11,
        sheet.main.shade,
        cap="butt",
    )
    vee = symmetric(
        f"M{a} {low - 6} C{a + 12} {low - 24} {a + n - 9} {y + 44} {a + n - 7} {y - 4} L{a + n + 7} {y + 3}"
        f" C{a + n + 5} {y + 52} {a + 22} {low - 12} {a} {low + 16}"
    )
    _ribs(sheet, vee, 0.06)
    sheet.seam(vee, 0.24)
    s, c = cut.shoulder, cut.chest
    band = (
        f"M{a + s + 2} {cut.shoulder_y - 3} C{a + s - 6} {cut.shoulder_y + 30} {a + c - 4} {cut.armpit_y - 28}"
        f" {a + c + 2} {cut.armpit_y} L{a + c - 4} {cut.armpit_y + 10}"
        f" C{a + c - 18} {cut.armpit_y - 26} {a + s - 20} {cut.shoulder_y + 30} {a + s - 12} {cut.shoulder_y - 6} Z"
    )
    _ribs(sheet, both_sides(band), 0.08)


def _cables(sheet: Sheet, cut: Torso) -> None:
    """Draw three cables down the front: two strands that cross and cross again."""
    top = cut.neck_y + (44 if sheet.spec.cut in ("crew", "rollneck") else 50)
    columns = [-50, 0, 50] if sheet.spec.cut in ("crew", "rollneck") else [-58, 58]
    step, steps = 34, int((cut.hem_y - 30 - top - 10) // 34)
    over, under, rails = "", "", ""
    for dx in columns:
        x = AXIS + dx
        for place in range(steps):
            y = top + place * step + (6 if dx else 0)
            over += f"M{x - 9} {y} C{x - 9} {y + 14} {x + 9} {y + 20} {x + 9} {y + step}"
            under += f"M{x + 9} {y} C{x + 9} {y + 14} {x - 9} {y + 20} {x - 9} {y + step}"
        rails += f"M{x - 18} {top} L{x - 18} {top + steps * step} M{x + 18} {top} L{x + 18} {top + steps * step}"
    sheet.line(under, 8, sheet.main.shade)
    sheet.line(over, 9.5, sheet.main.deep, 0.5)
    sheet.line(over, 7.5, sheet.main.lit)
    sheet.line(rails, 2, sheet.main.line, 0.22)
