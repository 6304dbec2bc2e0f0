"""Coats and jackets."""

from __future__ import annotations

from seed.pictures.paths import AXIS, along, blade, both_sides, box, mirrored, symmetric, tidy
from seed.pictures.sheet import Sheet
from seed.pictures.torso import Torso, draw_folds

COATS = {
    "overcoat": Torso(
        neck=30,
        neck_y=52,
        dip=20,
        shoulder=100,
        shoulder_y=80,
        chest=90,
        waist=88,
        waist_y=250,
        hem=100,
        hem_y=450,
        sag=4,
        cuff=(328, 342),
        cuff_half=19,
        cuff_tilt=-5,
        bow=12,
        armpit_y=170,
    ),
    "parka": Torso(
        neck=32,
        neck_y=86,
        dip=18,
        shoulder=106,
        shoulder_y=110,
        chest=102,
        waist=100,
        waist_y=280,
        hem=104,
        hem_y=440,
        sag=4,
        cuff=(340, 366),
        cuff_half=21,
        cuff_tilt=-5,
        bow=15,
        armpit_y=204,
    ),
    "trench": Torso(
        neck=30,
        neck_y=52,
        dip=20,
        shoulder=98,
        shoulder_y=80,
        chest=90,
        waist=78,
        waist_y=242,
        hem=106,
        hem_y=452,
        sag=4,
        cuff=(328, 342),
        cuff_half=20,
        cuff_tilt=-5,
        bow=12,
        armpit_y=170,
    ),
    "quilted": Torso(
        neck=34,
        neck_y=92,
        dip=14,
        shoulder=112,
        shoulder_y=118,
        chest=108,
        waist=106,
        hem=102,
        hem_y=408,
        sag=3,
        cuff=(348, 388),
        cuff_half=22,
        cuff_tilt=-5,
        bow=18,
        armpit_y=212,
    ),
}


def draw_coat(sheet: Sheet) -> None:
    """Draw a coat: overcoat, parka, trench or quilted jacket; belted or hooded."""
    cut = COATS[sheet.spec.cut]
    hooded = sheet.spec.detail == "hood" or sheet.spec.cut == "parka"
    sheet.cast(cut.outline + (_hood(cut) if hooded else ""))
    if hooded:
        _draw_hood(sheet, cut)
    puffy = sheet.spec.cut == "quilted"
    for path in (mirrored(cut.sleeve), cut.sleeve):
        sheet.piece(path, scale=1.1)
    sheet.shade(cut.sleeve, 0.12)
    if puffy:
        _sleeve_quilting(sheet, cut)
    sheet.piece(cut.body, scale=1.1)
    _armholes(sheet, cut)
    if puffy:
        _quilting(sheet, cut)
        draw_folds(sheet, cut, 0.6)
    else:
        draw_folds(sheet, cut)
        _sleeve_folds(sheet, cut)
    {"overcoat": _overcoat, "parka": _parka, "trench": _trench, "quilted": _zip_front}[sheet.spec.cut](sheet, cut)
    if sheet.spec.detail == "belt":
        _belt(sheet, cut)


def _armholes(sheet: Sheet, cut: Torso) -> None:
    a, s, c = AXIS, cut.shoulder, cut.chest
    edge = (
        f"M{a + s} {cut.shoulder_y} C{a + s - 7} {cut.shoulder_y + 28} {a + c - 5} {cut.armpit_y - 26}"
        f" {a + c} {cut.armpit_y}"
    )
    sheet.seam(both_sides(edge), 0.42, 1.8)


def _sleeve_folds(sheet: Sheet, cut: Torso) -> None:
    (ox, oy), (ix, iy) = cut.cuff_ends
    fold = blade((AXIS + cut.shoulder + 10, cut.shoulder_y + 50), (ix + 24, iy - 130), (ix + 6, iy - 24), 8)
    sheet.shade(fold, 0.15)
    sheet.shade(mirrored(fold), 0.09)
    band = f"M{ox} {oy - 24} C{ox - 10} {oy - 17} {ix + 8} {iy - 20} {ix - 1} {iy - 24}"
    sheet.seam(both_sides(band), 0.35)
    tab = f"M{ix} {iy - 22} L{ix + 22} {iy - 20} L{ix + 22} {iy - 12} L{ix} {iy - 13} Z"
    if sheet.spec.cut in ("trench", "parka"):
        sheet.fill(both_sides(tab), sheet.main.shade)
        sheet.seam(both_sides(tab), 0.35)


def _opening(sheet: Sheet, cut: Torso, x: float, top: float) -> None:
    """Draw the front edge at distance ``x`` from the middle, from ``top`` to the hem."""
    foot = cut.hem_y + cut.sag
    a = AXIS + x
    sheet.shade(f"M{a} {top} L{a + 7} {top} L{a + 9} {foot} L{a} {foot} Z", 0.18)
    sheet.seam(f"M{a} {top} L{a} {foot}", 0.45, 1.8)


def _lapels(sheet: Sheet, cut: Torso, low: float, wide: float) -> None:
    """Draw an open neck with collar and notched lapels that meet at height ``low``."""
    a, n, y = AXIS, cut.neck, cut.neck_y
    sheet.fill(
        f"M{a - n} {y - 4} C{a - n * 0.5} {y + 6} {a + n * 0.5} {y + 6} {a + n} {y - 4} L{a + 6} {low}"
        f" L{a - 4} {low} Z",
        sheet.main.deep,
    )
    sheet.fill(
        f"M{a - n * 0.8} {y + 4} C{a - n * 0.4} {y + 11} {a + n * 0.4} {y + 11} {a + n * 0.8} {y + 4}"
        f" L{a} {low - 12} Z",
        sheet.main.line,
        0.5,
    )
    back = (
        f"M{a - n + 2} {y - 14} C{a - n * 0.4} {y - 7} {a + n * 0.4} {y - 7} {a + n - 2} {y - 14}"
        f" L{a + n} {y} C{a + n * 0.5} {y + 9} {a - n * 0.5} {y + 9} {a - n} {y} Z"
    )
    sheet.fill(back, sheet.main.shade)
    lapel = (
        f"M{a + n - 2} {y + 4} L{a + n + 16} {y + 40} L{a + n + wide} {y + 34} C{a + n + wide - 4}"
        f" {y + 60} {a + 24} {low - 26} {a + 4} {low + 4} C{a + 4} {low - 30} {a + n - 14} {y + 50}"
        f" {a + n - 2} {y + 4} Z"
    )
    collar = (
        f"M{a + n - 5} {y - 15} C{a + n + 8} {y - 12} {a + n + 16} {y} {a + n + 25} {y + 24}"
        f" L{a + n + 8} {y + 33} C{a + n - 2} {y + 22} {a + n - 4} {y + 4} {a + n - 5} {y - 15} Z"
    )
    for path in (mirrored(lapel), tidy(lapel), mirrored(collar), tidy(collar)):
        sheet.shade(path, 0.14)
        with sheet.group("translate(-1 -2)"):
            sheet.fill(path, sheet.light(sheet.main, "flat"))
            sheet.texture(path)
            sheet.seam(path, 0.4)


def _flap_pocket(sheet: Sheet, x: float, y: float, width: float = 44, high: float = 15) -> None:
    lid = box(x, y, width, high, 2)
    for path in (lid, mirrored(lid)):
        sheet.shade(path, 0.2)
        with sheet.group("translate(0 -2)"):
            sheet.fill(path, sheet.main.base)
            sheet.seam(path, 0.42)


def _overcoat(sheet: Sheet, cut: Torso) -> None:
    _opening(sheet, cut, 10, 176)
    _lapels(sheet, cut, 176, 38)
    _flap_pocket(sheet, 226, 292)
    for y in (194, 244, 294):
        sheet.button(AXIS - 1, y, 5, sheet.main.line if sheet.brightness > 0.5 else "#8a7a66")
    sheet.seam(f"M{226} {168} L{256} {164}", 0.45, 2)


def _trench(sheet: Sheet, cut: Torso) -> None:
    _opening(sheet, cut, 30, 150)
    storm = (
        f"M{AXIS + 34} {cut.neck_y + 32} C{AXIS + 60} {cut.neck_y + 60} {AXIS + 70} {150} {AXIS + 84}"
        f" {166} L{AXIS + 88} {cut.shoulder_y + 30} Z"
    )
    sheet.shade(storm, 0.10)
    sheet.seam(storm, 0.3)
    _lapels(sheet, cut, 150, 44)
    for y in (176, 212, 276, 316):
        for x in (AXIS - 22, AXIS + 20):
            sheet.button(x, y, 4.4, "#5d4a35")
    strap = (
        f"M{AXIS + 62} {cut.shoulder_y - 12} L{AXIS + 98} {cut.shoulder_y - 3} L{AXIS + 97}"
        f" {cut.shoulder_y + 8} L{AXIS + 61} {cut.shoulder_y} Z"
    )
    sheet.fill(both_sides(strap), sheet.main.shade)
    sheet.seam(both_sides(strap), 0.4)
    slot = f"M{AXIS + 58} {296} L{AXIS + 76} {344}"
    sheet.line(both_sides(slot), 6, sheet.main.shade)
    sheet.seam(both_sides(slot), 0.35)


def _parka(sheet: Sheet, cut: Torso) -> None:
    _opening(sheet, cut, 12, cut.neck_y + 18)
    y = cut.waist_y - 10
    cord = f"M{AXIS - cut.waist} {y} C{AXIS - 40} {y + 5} {AXIS + 40} {y + 5} {AXIS + cut.waist} {y}"
    sheet.seam(cord, 0.4)
    sheet.line(
        " ".join(f"M{AXIS + dx} {y - 8} L{AXIS + dx} {y + 12}" for dx in range(-86, 90, 14)), 2, sheet.main.line, 0.16
    )
    for x, top, size in ((AXIS + 26, 180, 46), (AXIS + 30, 312, 58)):
        pocket = box(x, top, size, size, 4)
        for path in (pocket, mirrored(pocket)):
            sheet.shade(path, 0.09)
            sheet.seam(path, 0.34)
        _flap_pocket(sheet, x - 2, top - 2, size + 4, 14)
    for place in range(5):
        sheet.disc(AXIS + 4, 150 + place * 62, 4, "#8d8a84")
        sheet.disc(AXIS + 3.4, 149.4 + place * 62, 2.4, "#dcd8d0")


def _hood(cut: Torso) -> str:
    a, y = AXIS, cut.neck_y
    return symmetric(
        f"M{a} {y - 52} C{a + 40} {y - 54} {a + 64} {y - 26} {a + 66} {y + 6} C{a + 66} {y + 22}"
        f" {a + 52} {y + 34} {a + 40} {y + 38}"
        f" L{a} {y + 44}"
    )


def _draw_hood(sheet: Sheet, cut: Torso) -> None:
    a, y = AXIS, cut.neck_y
    hood = _hood(cut)
    sheet.fill(hood, sheet.light(sheet.main, "cloth"))
    sheet.shade(blade((a + 58, y - 20), (a + 52, y + 10), (a + 38, y + 34), 10), 0.16)
    inside = symmetric(
        f"M{a} {y - 34} C{a + 28} {y - 36} {a + 44} {y - 14} {a + 44} {y + 6} C{a + 42} {y + 20}"
        f" {a + 30} {y + 30} {a} {y + 36}"
    )
    sheet.fill(inside, sheet.main.deep)
    sheet.fill(
        symmetric(f"M{a} {y - 14} C{a + 20} {y - 14} {a + 32} {y} {a + 30} {y + 20} L{a} {y + 36}"),
        sheet.main.line,
        0.55,
    )
    sheet.seam(inside, 0.4)
    if sheet.spec.cut == "parka":
        sheet.line(
            both_sides(f"M{a + 34} {y + 26} C{a + 36} {y + 44} {a + 32} {y + 58} {a + 34} {y + 76}"), 3, "#efe8da"
        )


def _sleeve_quilting(sheet: Sheet, cut: Torso) -> None:
    outer, inner = cut.sleeve_edges
    for place in range(1, 8):
        x, y = along(outer, place / 8)
        left, low = along(inner, max(place / 8 * 1.12 - 0.12, 0.02))
        curve = f"M{left + 1} {low} C{left + 14} {low + 7} {x - 14} {y + 9} {x - 1.5} {y}"
        sheet.line(both_sides(curve), 5, sheet.main.line, 0.10, cap="butt")
        sheet.line(both_sides(curve), 1.4, sheet.main.line, 0.35, cap="butt")


def _quilting(sheet: Sheet, cut: Torso) -> None:
    """Draw the channels: a stitched line with shade below it and light above."""
    a = AXIS
    for place in range(9):
        y = cut.neck_y + 48 + place * 31
        if y > cut.hem_y - 12:
            break
        half = (cut.chest if y < cut.armpit_y + 40 else cut.waist) - 2.5
        path = f"M{a - half} {y} C{a - half * 0.5} {y + 5} {a + half * 0.5} {y + 5} {a + half} {y}"
        sheet.line(
            f"M{a - half} {y + 5} C{a - half * 0.5} {y + 10} {a + half * 0.5} {y + 10} {a + half} {y + 5}",
            9,
            sheet.main.line,
            0.09,
            cap="butt",
        )
        sheet.line(path, 1.5, sheet.main.line, 0.45)
        sheet.line(
            f"M{a - half + 8} {y + 15} C{a - half * 0.5} {y + 19} {a - 40} {y + 20} {a - 16} {y + 20}",
            5,
            "#ffffff",
            0.10,
        )


def _zip_front(sheet: Sheet, cut: Torso) -> None:
    a, y, foot = AXIS, cut.neck_y, cut.hem_y + cut.sag
    if sheet.spec.detail != "hood":
        n = cut.neck
        collar = symmetric(
            f"M{a} {y - 16} C{a + 16} {y - 16} {a + n - 6} {y - 18} {a + n - 2} {y - 22} C{a + n + 4}"
            f" {y - 4} {a + n + 6} {y + 4} {a + n + 9} {y + 12} C{a + 24} {y + 20} {a + 14} {y + 22} {a}"
            f" {y + 22}"
        )
        sheet.fill(collar, sheet.light(sheet.main, "round"))
        sheet.fill(
            f"M{a - n + 2} {y - 22} C{a - 14} {y - 14} {a + 14} {y - 14} {a + n - 2} {y - 22} C{a + 14}"
            f" {y - 30} {a - 14} {y - 30} {a - n + 2} {y - 22} Z",
            sheet.main.deep,
        )
        sheet.seam(collar, 0.4)
        sheet.seam(f"M{a - n - 3} {y + 2} C{a - 20} {y + 8} {a + 20} {y + 8} {a + n + 3} {y + 2}", 0.25)
    top = y + cut.dip if sheet.spec.detail == "hood" else y - 12
    sheet.line(f"M{a} {top} L{a} {foot}", 7, sheet.main.line, 0.5, cap="butt")
    sheet.line(f"M{a} {top + 2} L{a} {foot}", 2.6, "#cfcac0", 0.9, dash="2 2", cap="butt")
    sheet.fill(box(a - 3, y + 24, 6, 16, 3), "#b9b4aa")
    slot = f"M{a + 46} {318} L{a + 62} {358}"
    sheet.line(both_sides(slot), 4, sheet.main.line, 0.45)
    hem = (
        f"M{a - cut.hem} {cut.hem_y - 9} C{a - 50} {cut.hem_y - 5} {a + 50} {cut.hem_y - 5}"
        f" {a + cut.hem} {cut.hem_y - 9}"
    )
    sheet.seam(hem, 0.4)


def _belt(sheet: Sheet, cut: Torso) -> None:
    a, w, y = AXIS, cut.waist, cut.waist_y
    band = (
        f"M{a - w - 2} {y - 10} C{a - 30} {y - 4} {a + 30} {y - 4} {a + w + 2} {y - 10} L{a + w + 3}"
        f" {y + 8} C{a + 30} {y + 14} {a - 30} {y + 14} {a - w - 3} {y + 8} Z"
    )
    sheet.shade(band, 0.28)
    with sheet.group("translate(0 -3)"):
        sheet.fill(band, sheet.light(sheet.main, "flat"))
        sheet.seam(band, 0.4)
        sheet.stitches(f"M{a - w} {y - 6} C{a - 30} {y} {a + 30} {y} {a + w} {y - 6}", opacity=0.3)
    end = f"M{a + 14} {y + 4} C{a + 24} {y + 26} {a + 30} {y + 50} {a + 28} {y + 78}"
    sheet.line(end, 15, sheet.main.line, 0.35, cap="butt")
    sheet.line(end, 13, sheet.main.shade, cap="butt")
    sheet.line(box(a - 8, y - 10, 26, 24, 4), 4.4, "#5d4a35")
