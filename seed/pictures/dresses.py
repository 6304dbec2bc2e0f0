"""Dresses."""

from __future__ import annotations

from seed.pictures.paths import AXIS, blade, both_sides, mirrored, symmetric, tidy
from seed.pictures.sheet import Sheet
from seed.pictures.torso import Torso, draw_back, draw_sleeves, neckband

DRESSES = {
    "shift": Torso(
        neck=38,
        neck_y=56,
        dip=24,
        shoulder=78,
        shoulder_y=74,
        armpit_y=142,
        chest=72,
        waist=72,
        waist_y=230,
        hem=94,
        hem_y=440,
        sag=8,
        cuff=(298, 158),
        cuff_half=21,
        cuff_tilt=-14,
        bow=5,
    ),
    "wrap": Torso(
        neck=34,
        neck_y=54,
        dip=80,
        shoulder=78,
        shoulder_y=72,
        armpit_y=140,
        chest=70,
        waist=54,
        waist_y=206,
        hem=112,
        hem_y=440,
        sag=8,
        cuff=(300, 172),
        cuff_half=23,
        cuff_tilt=-14,
        bow=5,
    ),
    "shirt-dress": Torso(
        neck=30,
        neck_y=58,
        dip=18,
        shoulder=82,
        shoulder_y=78,
        armpit_y=146,
        chest=74,
        waist=60,
        waist_y=214,
        hem=104,
        hem_y=438,
        sag=8,
        cuff=(304, 198),
        cuff_half=21,
        cuff_tilt=-12,
        bow=6,
    ),
    "tiered": Torso(
        neck=40,
        neck_y=62,
        dip=34,
        shoulder=64,
        shoulder_y=70,
        armpit_y=136,
        chest=66,
        waist=62,
        waist_y=190,
        hem=128,
        hem_y=444,
        sag=10,
        cuff=None,
    ),
}


def draw_dress(sheet: Sheet) -> None:
    """Draw a dress: shift, wrap, shirt dress or tiered; with a belt or a row of buttons."""
    cut = DRESSES[sheet.spec.cut]
    body = _outline(cut)
    sheet.cast(body + (both_sides(cut.sleeve) if cut.cuff else ""))
    draw_back(sheet, cut)
    if cut.cuff:
        draw_sleeves(sheet, cut, scale=0.85)
    sheet.piece(body, scale=0.85)
    if cut.cuff:
        _armholes(sheet, cut)
    _skirt_folds(sheet, cut)
    {"wrap": _wrap, "shirt-dress": _shirt, "tiered": _tiers}.get(sheet.spec.cut, _round_neck)(sheet, cut)
    if sheet.spec.detail == "belt":
        _belt(sheet, cut)


def _outline(cut: Torso) -> str:
    """Return the dress without sleeves: bodice, waist, and a skirt that falls in an A."""
    a, s, c = AXIS, cut.shoulder, cut.chest
    half = (
        f"{cut.neck_edge} C{a + cut.neck + 8} {cut.neck_y + 4} {a + s - 14} {cut.shoulder_y - 6}"
        f" {a + s} {cut.shoulder_y}"
        f" C{a + s - 8} {cut.shoulder_y + 24} {a + c - 6} {cut.armpit_y - 22} {a + c} {cut.armpit_y}"
        f" C{a + c} {cut.armpit_y + 28} {a + cut.waist} {cut.waist_y - 36} {a + cut.waist} {cut.waist_y}"
        f" C{a + cut.waist + 4} {cut.waist_y + 50} {a + cut.hem - 12} {cut.hem_y - 120} {a + cut.hem} {cut.hem_y}"
        f" C{a + cut.hem * 0.66} {cut.hem_y + cut.sag} {a + cut.hem * 0.33} {cut.hem_y + cut.sag} {a}"
        f" {cut.hem_y + cut.sag}"
    )
    return symmetric(half)


def _armholes(sheet: Sheet, cut: Torso) -> None:
    a, s, c = AXIS, cut.shoulder, cut.chest
    edge = (
        f"M{a + s} {cut.shoulder_y} C{a + s - 8} {cut.shoulder_y + 24} {a + c - 6} {cut.armpit_y - 22}"
        f" {a + c} {cut.armpit_y}"
    )
    sheet.seam(both_sides(edge), 0.35)
    (ox, oy), (ix, iy) = cut.cuff_ends
    sheet.stitches(
        both_sides(f"M{ox - 6} {oy - 8} C{ox - 12} {oy - 2} {ix + 8} {iy - 6} {ix - 4} {iy - 9}"), opacity=0.35
    )


def _skirt_folds(sheet: Sheet, cut: Torso) -> None:
    """Draw the long folds of the skirt, deeper to the right, and the shade of the right side."""
    a, w, wy, h, hy = AXIS, cut.waist, cut.waist_y, cut.hem, cut.hem_y
    wide = (h - w) / 50
    for share, strength in ((-0.72, 0.10), (-0.38, 0.14), (0.08, 0.12), (0.45, 0.17), (0.78, 0.2)):
        top = (a + w * share * 0.9, wy + 14 + 40 * abs(share))
        foot = (a + h * share * 1.05, hy + cut.sag * (1 - abs(share)) - 1)
        middle = (a + (w + h) / 2 * share * 0.92, (wy + hy) / 2)
        sheet.shade(blade(top, middle, foot, 7 + 5 * wide), strength)
    light = blade((a - w * 0.55, wy + 26), (a - (w + h) * 0.29, (wy + hy) / 2), (a - h * 0.62, hy - 4), 7 + 4 * wide)
    sheet.glow(light, 0.18)
    c, ay = cut.chest, cut.armpit_y
    side = (
        f"M{a + c} {ay} C{a + c} {ay + 28} {a + w} {wy - 36} {a + w} {wy} C{a + w + 4} {wy + 50}"
        f" {a + h - 12} {hy - 120} {a + h} {hy}"
        f" L{a + h - 26} {hy + 4} C{a + h - 44} {hy - 120} {a + w - 16} {wy + 50} {a + w - 16} {wy}"
        f" C{a + w - 14} {wy - 36} {a + c - 16} {ay + 40} {a + c} {ay} Z"
    )
    sheet.shade(side, 0.14)
    for fold in (
        blade((a - c + 2, ay + 4), (a - c + 24, ay + 26), (a - 16, ay + 62), 5),
        blade((a + c - 3, ay + 6), (a + c - 22, ay + 30), (a + 22, ay + 58), 6),
    ):
        sheet.shade(fold, 0.13)


def _round_neck(sheet: Sheet, cut: Torso) -> None:
    sheet.fill(neckband(cut, 5), sheet.main.shade)
    y = cut.hem_y - 10
    sheet.stitches(
        f"M{AXIS - cut.hem + 2} {y} C{AXIS - 60} {y + 9} {AXIS + 60} {y + 9} {AXIS + cut.hem - 2} {y}", opacity=0.35
    )
    sheet.seam(both_sides(f"M{AXIS + cut.chest - 6} {cut.armpit_y + 26} L{AXIS + 36} {cut.armpit_y + 14}"), 0.22)


def _wrap(sheet: Sheet, cut: Torso) -> None:
    a, n, y, wy, hy = AXIS, cut.neck, cut.neck_y, cut.waist_y, cut.hem_y
    sheet.shade(blade((a - n + 2, y), (a - 4, y + 62), (a + 46, wy - 6), 3), 0.3)
    edge = f"M{a + n} {y} C{a + n - 6} {y + 40} {a + 10} {y + 78} {a - cut.waist + 6} {wy - 4}"
    sheet.line(edge, 7, sheet.main.deep, 0.25, cap="butt")
    sheet.line(edge, 4, sheet.main.shade, cap="butt")
    other = f"M{a - n} {y} C{a - n + 4} {y + 34} {a - 16} {y + 58} {a + 3} {y + cut.dip - 4}"
    sheet.line(other, 4, sheet.main.shade, cap="butt")
    flap = f"M{a - cut.waist + 8} {wy + 8} C{a - 8} {wy + 70} {a + 22} {hy - 90} {a + 33} {hy + cut.sag - 3}"
    sheet.line(flap, 6, sheet.main.deep, 0.22, cap="butt")
    sheet.line(flap, 2.4, sheet.main.shade, cap="butt")
    _belt(sheet, cut, bow=True)


def _shirt(sheet: Sheet, cut: Torso) -> None:
    a, n, y, foot = AXIS, cut.neck, cut.neck_y, cut.hem_y + cut.sag
    top = y + cut.dip + 2
    sheet.shade(f"M{a + 8} {top} L{a + 13} {top} L{a + 13} {foot} L{a + 8} {foot} Z", 0.16)
    sheet.seam(f"M{a - 7} {top} L{a - 7} {foot} M{a + 8} {top} L{a + 8} {foot}", 0.28, 1.3)
    for place in range(9):
        sheet.button(a, top + 10 + place * (foot - top - 40) / 8, 3.3)
    if sheet.spec.detail != "belt":
        sheet.seam(
            f"M{a - cut.waist} {cut.waist_y} C{a - 20} {cut.waist_y + 5} {a + 20} {cut.waist_y + 5}"
            f" {a + cut.waist} {cut.waist_y}",
            0.4,
        )
    leaf = (
        f"M{a} {y + 20} C{a + n * 0.5} {y + 16} {a + n - 10} {y + 4} {a + n - 6} {y - 11} C{a + n + 4}"
        f" {y - 9} {a + n + 10} {y + 2} {a + n + 12} {y + 14} L{a + n - 3} {y + 46} L{a} {y + 20} Z"
    )
    inside = f"M{a - n} {y - 2} C{a - n * 0.6} {y + 7} {a + n * 0.6} {y + 7} {a + n} {y - 2} L{a} {y + 26} Z"
    sheet.fill(inside, sheet.main.deep)
    sheet.fill(
        f"M{a - n + 6} {y - 11} C{a - n * 0.4} {y - 5} {a + n * 0.4} {y - 5} {a + n - 6} {y - 11}"
        f" L{a + n - 4} {y + 2} C{a + n * 0.5} {y + 9} {a - n * 0.5} {y + 9} {a - n + 4} {y + 2} Z",
        sheet.main.shade,
    )
    for path in (mirrored(leaf), tidy(leaf)):
        sheet.fill(path, sheet.light(sheet.main, "flat"))
        sheet.seam(path, 0.34, 1.3)


def _tiers(sheet: Sheet, cut: Torso) -> None:
    """Draw straps, yoke and the gathered seams of three tiers."""
    a = AXIS
    sheet.fill(neckband(cut, 6), sheet.main.shade)
    arm = (
        f"M{a + cut.shoulder} {cut.shoulder_y} C{a + cut.shoulder - 8} {cut.shoulder_y + 24}"
        f" {a + cut.chest - 6} {cut.armpit_y - 22} {a + cut.chest} {cut.armpit_y}"
    )
    sheet.line(both_sides(arm), 5, sheet.main.shade)
    for share in (0.0, 0.34, 0.66):
        sy = cut.waist_y + (cut.hem_y - cut.waist_y) * share
        half = cut.waist + (cut.hem - cut.waist) * (share * 0.93)
        seam = f"M{a - half} {sy} C{a - half * 0.5} {sy + 8} {a + half * 0.5} {sy + 8} {a + half} {sy}"
        sheet.line(seam, 5, sheet.main.deep, 0.22)
        sheet.seam(seam, 0.45)
        n = 7 + int(share * 10)
        marks = [a + half * (2 * (k + 0.5) / n - 1) for k in range(n)]
        gathers = " ".join(f"M{x} {sy + 7} L{a + (x - a) * 1.05} {sy + 22 + 9 * (k % 3)}" for k, x in enumerate(marks))
        sheet.line(gathers, 2, sheet.main.line, 0.2)


def _belt(sheet: Sheet, cut: Torso, *, bow: bool = False) -> None:
    a, w, y = AXIS, cut.waist, cut.waist_y
    band = (
        f"M{a - w - 2} {y - 8} C{a - 20} {y - 3} {a + 20} {y - 3} {a + w + 2} {y - 8} L{a + w + 3}"
        f" {y + 6} C{a + 20} {y + 11} {a - 20} {y + 11} {a - w - 3} {y + 6} Z"
    )
    sheet.shade(band, 0.25)
    with sheet.group("translate(0 -2)"):
        sheet.fill(band, sheet.main.shade)
        sheet.seam(band, 0.35)
    x = a - w + 16 if bow else a + 14
    for loop in (
        blade((x, y), (x - 34, y - 12), (x - 30, y + 20), 7),
        blade((x, y), (x + 30, y - 16), (x + 34, y + 14), 7),
    ):
        sheet.fill(loop, sheet.main.shade)
        sheet.seam(loop, 0.35)
    ends = (
        f"M{x - 3} {y + 3} C{x - 8} {y + 30} {x - 14} {y + 50} {x - 12} {y + 76} M{x + 3} {y + 3}"
        f" C{x + 10} {y + 30} {x + 8} {y + 46} {x + 14} {y + 66}"
    )
    sheet.line(ends, 8, sheet.main.deep, 0.35)
    sheet.line(ends, 6.5, sheet.main.shade)
    sheet.disc(x, y, 6.5, sheet.main.base)
    sheet.seam(f"M{x - 4} {y - 4} C{x - 1} {y} {x - 1} {y + 2} {x - 3} {y + 5}", 0.4)
