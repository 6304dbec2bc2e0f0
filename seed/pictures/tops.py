"""Tees and shirts."""

from __future__ import annotations

from seed.pictures.paths import AXIS, blade, both_sides, mirrored, symmetric, tidy
from seed.pictures.sheet import Sheet
from seed.pictures.torso import Torso, draw_back, draw_body, draw_folds, draw_sleeves, neckband

TEES = {
    "crew": Torso(),
    "vneck": Torso(dip=66, neck=42),
    "boxy": Torso(
        neck=44,
        dip=26,
        shoulder=120,
        shoulder_y=116,
        chest=112,
        waist=112,
        hem=114,
        hem_y=392,
        armpit_y=214,
        cuff=(346, 238),
        cuff_half=28,
        cuff_tilt=-16,
    ),
    "long-sleeve": Torso(cuff=(346, 388), cuff_half=17, cuff_tilt=-5, bow=10),
}


def draw_tee(sheet: Sheet) -> None:
    """Draw a tee: crew, V-neck, boxy or long-sleeved; with a chest pocket or ringer bindings."""
    cut = TEES[sheet.spec.cut]
    sheet.cast(cut.outline)
    draw_back(sheet, cut)
    draw_sleeves(sheet, cut)
    draw_body(sheet, cut)
    draw_folds(sheet, cut)
    _sleeve_ends(sheet, cut)
    _hem(sheet, cut)
    trim = sheet.second if sheet.spec.detail == "ringer" else sheet.main
    sheet.fill(_neck(sheet, cut), trim.base if sheet.spec.detail == "ringer" else trim.shade)
    sheet.line(_back_band(cut), 7, trim.shade if sheet.spec.detail == "ringer" else sheet.main.deep, cap="butt")
    if sheet.spec.detail == "pocket":
        _pocket(sheet, 222, 206, 46, 52)


def _neck(sheet: Sheet, cut: Torso) -> str:
    if sheet.spec.cut != "vneck":
        return neckband(cut, 10)
    n, y, low = cut.neck, cut.neck_y, cut.neck_y + cut.dip
    half = (
        f"M{AXIS} {low - 3} C{AXIS + 10} {low - 16} {AXIS + n - 8} {y + 26} {AXIS + n - 5} {y - 4}"
        f"L{AXIS + n + 5} {y + 3} C{AXIS + n + 1} {y + 34} {AXIS + 16} {low - 6} {AXIS} {low + 12}"
    )
    return symmetric(half)


def _back_band(cut: Torso) -> str:
    n, y = cut.neck - 3, cut.neck_y
    return f"M{AXIS - n} {y} C{AXIS - n * 0.6} {y + 9} {AXIS + n * 0.6} {y + 9} {AXIS + n} {y}"


def _hem(sheet: Sheet, cut: Torso) -> None:
    y = cut.hem_y - 11
    sheet.stitches(
        f"M{AXIS - cut.hem + 2} {y} C{AXIS - 60} {y + 8} {AXIS + 60} {y + 8} {AXIS + cut.hem - 2} {y}", opacity=0.4
    )


def _sleeve_ends(sheet: Sheet, cut: Torso) -> None:
    """Finish the sleeves: a stitched hem, a ribbed cuff, or the ringer's binding."""
    (ox, oy), (ix, iy) = cut.cuff_ends
    up = (10, -13) if cut.cuff_tilt < -8 else (2, -17)
    inner = (ix - up[0] * 0.6, iy + up[1])
    outer = (ox - up[0], oy + up[1])
    band = (
        f"M{outer[0]} {outer[1]} C{outer[0] - 8} {outer[1] + 7} {inner[0] + 10} {inner[1] + 5} {inner[0]} {inner[1]}"
        f" L{ix} {iy} C{ix + 10} {iy + 5} {ox - 8} {oy + 7} {ox} {oy} Z"
    )
    if sheet.spec.detail == "ringer":
        sheet.fill(mirrored(band), sheet.second.base)
        sheet.fill(tidy(band), sheet.second.shade)
    elif sheet.spec.cut == "long-sleeve":
        sheet.shade(both_sides(band), 0.16)
    else:
        edge = (
            f"M{outer[0]} {outer[1]} C{outer[0] - 8} {outer[1] + 7} {inner[0] + 10} {inner[1] + 5}"
            f" {inner[0]} {inner[1]}"
        )
        sheet.stitches(both_sides(edge), opacity=0.4)
    sheet.shade(blade((cut.shoulder + AXIS + 4, cut.shoulder_y + 40), (ix + 14, iy - 60), (ix + 10, iy - 8), 5), 0.14)
    left = blade((AXIS - cut.shoulder - 4, cut.shoulder_y + 40), (400 - ix - 14, iy - 60), (400 - ix - 10, iy - 8), 4)
    sheet.shade(left, 0.10)


def _pocket(sheet: Sheet, x: float, y: float, width: float, height: float, *, flap: bool = False) -> None:
    """Draw a patch pocket with a pointed foot, in the garment's own cloth."""
    shape = (
        f"M{x} {y} L{x + width} {y} L{x + width} {y + height - 9} L{x + width / 2} {y + height} L{x} {y + height - 9} Z"
    )
    sheet.shade(shape, 0.07)
    sheet.seam(shape, 0.30, 1.3)
    sheet.line(f"M{x} {y + 1} L{x + width} {y + 1}", 2, sheet.main.line, 0.26)
    if flap:
        lid = (
            f"M{x - 2} {y - 3} L{x + width + 2} {y - 3} L{x + width + 2} {y + 13} L{x + width / 2}"
            f" {y + 21} L{x - 2} {y + 13} Z"
        )
        sheet.piece(lid, form="flat", pattern="plain" if sheet.spec.pattern == "plain" else None)
        sheet.seam(lid, 0.36, 1.3)
        sheet.button(x + width / 2, y + 10, 3)
    else:
        sheet.stitches(f"M{x + 2} {y + 8} L{x + width - 2} {y + 8}", opacity=0.35)


SHIRTS = {
    "classic": Torso(
        neck=34,
        neck_y=88,
        dip=20,
        shoulder=108,
        shoulder_y=114,
        chest=98,
        waist=94,
        hem=100,
        hem_y=424,
        sag=16,
        cuff=(348, 396),
        cuff_half=19,
        cuff_tilt=-5,
        bow=11,
        armpit_y=200,
    ),
    "band-collar": Torso(
        neck=32,
        neck_y=88,
        dip=18,
        shoulder=108,
        shoulder_y=114,
        chest=98,
        waist=96,
        hem=102,
        hem_y=426,
        sag=16,
        cuff=(348, 396),
        cuff_half=19,
        cuff_tilt=-5,
        bow=11,
        armpit_y=200,
    ),
    "overshirt": Torso(
        neck=36,
        neck_y=86,
        dip=20,
        shoulder=112,
        shoulder_y=114,
        chest=106,
        waist=105,
        hem=107,
        hem_y=414,
        sag=4,
        cuff=(350, 392),
        cuff_half=21,
        cuff_tilt=-5,
        bow=12,
        armpit_y=206,
    ),
    "camp": Torso(
        neck=36,
        neck_y=90,
        dip=20,
        shoulder=114,
        shoulder_y=118,
        chest=108,
        waist=108,
        hem=110,
        hem_y=408,
        sag=3,
        cuff=(344, 244),
        cuff_half=30,
        cuff_tilt=-16,
        armpit_y=214,
    ),
}


def draw_shirt(sheet: Sheet) -> None:
    """Draw a shirt: classic, band-collar, overshirt or camp-collar, with one or two pockets."""
    cut = SHIRTS[sheet.spec.cut]
    upright = "pinstripe" if sheet.spec.pattern == "stripe" else sheet.spec.pattern
    sheet.cast(cut.outline)
    draw_back(sheet, cut)
    for path, dark in ((mirrored(cut.sleeve), 0.0), (cut.sleeve, 0.10)):
        sheet.piece(path, pattern=upright, scale=0.9)
        if dark:
            sheet.shade(path, dark)
    sheet.piece(cut.body, pattern=upright, scale=0.9)
    _armholes(sheet, cut)
    draw_folds(sheet, cut)
    if sheet.spec.cut == "camp":
        _sleeve_ends(sheet, cut)
    else:
        _cuffs(sheet, cut)
    _placket(sheet, cut)
    flap = sheet.spec.cut == "overshirt"
    if sheet.spec.detail in ("pocket", "two-pockets"):
        _pocket(sheet, 226, 196, 48, 54, flap=flap)
    if sheet.spec.detail == "two-pockets":
        _pocket(sheet, 126, 196, 48, 54, flap=flap)
    _collar(sheet, cut)


def _armholes(sheet: Sheet, cut: Torso) -> None:
    a, s, c = AXIS, cut.shoulder, cut.chest
    armhole = (
        f"M{a + s} {cut.shoulder_y} C{a + s - 7} {cut.shoulder_y + 28} {a + c - 5} {cut.armpit_y - 26}"
        f" {a + c} {cut.armpit_y}"
    )
    sheet.seam(both_sides(armhole), 0.35)
    yoke = (
        f"M{a + cut.neck + 12} {cut.neck_y + 18} C{a + 70} {cut.neck_y + 24} {a + s - 30}"
        f" {cut.shoulder_y + 8} {a + s - 3} {cut.shoulder_y + 14}"
    )
    sheet.seam(both_sides(yoke), 0.16)


def _cuffs(sheet: Sheet, cut: Torso) -> None:
    (ox, oy), (ix, iy) = cut.cuff_ends
    band = (
        f"M{ox - 1} {oy - 27} C{ox - 10} {oy - 20} {ix + 8} {iy - 22} {ix - 1} {iy - 26}"
        f" L{ix} {iy} C{ix + 10} {iy + 5} {ox - 8} {oy + 7} {ox} {oy} Z"
    )
    sheet.shade(both_sides(band), 0.10)
    sheet.seam(both_sides(band), 0.3)
    sheet.button(ix + 7, iy - 11, 2.6)
    sheet.button(400 - ix - 7, iy - 11, 2.6)
    sheet.shade(blade((cut.shoulder + AXIS + 8, cut.shoulder_y + 50), (ix + 26, iy - 150), (ix + 8, iy - 36), 7), 0.15)
    left = blade((AXIS - cut.shoulder - 8, cut.shoulder_y + 50), (400 - ix - 26, iy - 150), (400 - ix - 8, iy - 36), 5)
    sheet.shade(left, 0.10)


def _placket(sheet: Sheet, cut: Torso) -> None:
    top, foot = cut.neck_y + cut.dip + 4, cut.hem_y + cut.sag - 2
    a = AXIS
    sheet.shade(f"M{a + 10} {top} L{a + 15} {top} L{a + 15} {foot} L{a + 10} {foot} Z", 0.16)
    sheet.seam(f"M{a - 9} {top} L{a - 9} {foot} M{a + 10} {top} L{a + 10} {foot}", 0.28, 1.3)
    step = (foot - top - 40) / 6
    for place in range(1, 7):
        sheet.button(a, top + 6 + place * step)
    y = cut.hem_y - 10
    sheet.stitches(
        f"M{a - cut.hem + 2} {y} C{a - 60} {y + cut.sag} {a + 60} {y + cut.sag} {a + cut.hem - 2} {y}", opacity=0.35
    )


def _collar(sheet: Sheet, cut: Torso) -> None:
    a, n, y = AXIS, cut.neck, cut.neck_y
    inside = (
        f"M{a - n} {y - 2} C{a - n * 0.6} {y + 8} {a + n * 0.6} {y + 8} {a + n} {y - 2} L{a + n * 0.7}"
        f" {y + 24} L{a} {y + 30} L{a - n * 0.7} {y + 24} Z"
    )
    if sheet.spec.cut == "band-collar":
        sheet.fill(inside, sheet.main.deep)
        band = (
            f"M{a - 1} {y + cut.dip + 2} C{a + n * 0.5} {y + cut.dip} {a + n - 6} {y + 8} {a + n - 5}"
            f" {y - 8} C{a + n + 6} {y - 4} {a + n + 6} {y + 4} {a + n + 4} {y + 8} C{a + n} {y + 20}"
            f" {a + n * 0.6} {y + cut.dip + 16} {a - 1} {y + cut.dip + 17} Z"
        )
        for path in (mirrored(band), tidy(band)):
            sheet.piece(path, form="flat", pattern="plain")
            sheet.seam(path, 0.34, 1.3)
        sheet.button(a, y + cut.dip + 9)
        return
    if sheet.spec.cut == "camp":
        sheet.fill(f"M{a - n} {y - 4} L{a + n} {y - 4} L{a} {y + 78} Z", sheet.main.deep)
        leaf = (
            f"M{a + n - 8} {y - 10} C{a + n + 8} {y - 6} {a + n + 14} {y + 4} {a + n + 24} {y + 30}"
            f" L{a + n + 2} {y + 36} L{a + n + 6} {y + 48} L{a} {y + 84} C{a + 8} {y + 50} {a + n - 14}"
            f" {y + 14} {a + n - 8} {y - 10} Z"
        )
    else:
        sheet.fill(inside, sheet.main.deep)
        leaf = (
            f"M{a} {y + 22} C{a + n * 0.5} {y + 18} {a + n - 10} {y + 4} {a + n - 7} {y - 12} C{a + n + 4}"
            f" {y - 10} {a + n + 12} {y + 2} {a + n + 14} {y + 16} L{a + n - 2} {y + 54} L{a} {y + 22} Z"
        )
    back = (
        f"M{a - n + 7} {y - 12} C{a - n * 0.4} {y - 5} {a + n * 0.4} {y - 5} {a + n - 7} {y - 12}"
        f" L{a + n - 4} {y + 2} C{a + n * 0.5} {y + 10} {a - n * 0.5} {y + 10} {a - n + 4} {y + 2} Z"
    )
    sheet.fill(back, sheet.main.shade)
    for path in (mirrored(leaf), tidy(leaf)):
        sheet.shade(path, 0.18)
        with sheet.group("translate(0 -2)"):
            sheet.piece(
                path,
                form="flat",
                pattern=sheet.spec.pattern if sheet.spec.pattern in ("leaf", "dot", "wave", "check") else "plain",
                scale=0.9,
            )
            sheet.seam(path, 0.34, 1.3)
