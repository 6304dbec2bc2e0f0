"""Vases, mugs and pots: things turned on a wheel."""

from __future__ import annotations

from itertools import pairwise

from seed.pictures.colours import Tones
from seed.pictures.paths import (
    Point,
    backwards,
    blade,
    both_sides,
    line,
    mirrored,
    oval,
    segments,
    smooth,
    tidy,
    turned,
    written,
)
from seed.pictures.sheet import Sheet

VASES: dict[str, tuple[tuple[Point, ...], float]] = {
    "bottle": (((24, 54), (22, 80), (21, 150), (34, 214), (78, 276), (88, 336), (80, 400), (60, 440)), 0.16),
    "bulb": (((44, 150), (36, 168), (42, 190), (104, 240), (128, 310), (112, 380), (66, 428)), 0.15),
    "cylinder": (((92, 74), (92, 120), (91, 240), (90, 360), (88, 432)), 0.14),
    "jug": (((54, 96), (50, 122), (56, 168), (98, 250), (108, 326), (96, 394), (68, 436)), 0.15),
    "amphora": (((56, 70), (44, 92), (44, 128), (92, 168), (122, 222), (108, 300), (70, 380), (50, 438)), 0.15),
}


def _sub(profile: tuple[Point, ...], top: float, foot: float) -> list[Point]:
    """Return the smooth profile between two heights, sampled."""
    curve = segments(smooth(list(profile)))
    points: list[Point] = [curve[0][1][0]]
    for _, (a, b, c) in ((k, p) for k, p in curve if k == "C"):
        start = points[-1]
        for k in range(1, 6):
            t, u = k / 5, 1 - k / 5
            points.append(
                (
                    u**3 * start[0] + 3 * u * u * t * a[0] + 3 * u * t * t * b[0] + t**3 * c[0],
                    u**3 * start[1] + 3 * u * u * t * a[1] + 3 * u * t * t * b[1] + t**3 * c[1],
                )
            )
    inside = [(h, y) for h, y in points if top < y < foot]
    return [(_half_at(points, top), top), *inside, (_half_at(points, foot), foot)]


def _half_at(points: list[Point], y: float) -> float:
    """Return the half width of a sampled profile at a height."""
    for (h0, y0), (h1, y1) in pairwise(points):
        if y0 <= y <= y1:
            return h0 if y1 == y0 else h0 + (h1 - h0) * (y - y0) / (y1 - y0)
    return points[-1][0]


def _girdle(profile: list[Point], tilt: float, cx: float = 200) -> str:
    """Return the lower part of a turned body whose top edge bends down, as a level line round it does."""
    right = [(cx + h, y) for h, y in profile]
    side, (top_half, top), (foot_half, foot) = line(*right), profile[0], profile[-1]
    down, up = segments(side)[1:], backwards(mirrored(side, cx))
    bend = 4 / 3 * top_half * tilt
    under = 4 / 3 * foot_half * tilt
    return written(
        [
            ("M", [(cx - top_half, top)]),
            ("C", [(cx - top_half, top + bend), (cx + top_half, top + bend), (cx + top_half, top)]),
            *down,
            ("C", [(cx + foot_half, foot + under), (cx - foot_half, foot + under), (cx - foot_half, foot)]),
            *up,
            ("Z", []),
        ]
    )


def glaze(sheet: Sheet, profile: tuple[Point, ...], strength: float, cx: float = 200) -> None:
    """Draw the reflected window: a bright strip that follows the left side."""
    top, foot = profile[0][1], profile[-1][1]
    a, b = top + (foot - top) * 0.12, top + (foot - top) * 0.72
    strip = _sub(profile, a, b)
    outer = [(cx - h * 0.74, y) for h, y in strip]
    inner = [(cx - h * 0.58, y) for h, y in reversed(strip)]
    sheet.glow(tidy(line(*outer, *inner)) + "Z", strength)


def mouth(sheet: Sheet, half: float, y: float, tilt: float, cx: float = 200) -> None:
    rim, inside = oval(cx, y, half, half * tilt), oval(cx, y + 0.6, half - 4.5, (half - 4.5) * tilt)
    sheet.fill(rim, sheet.main.lit)
    sheet.fill(
        inside,
        sheet.gradient(
            [(0, sheet.main.line, 1), (0.7, sheet.main.deep, 1), (1, sheet.main.shade, 1)], (0, 0), (1, 0.5)
        ),
    )


def draw_vase(sheet: Sheet) -> None:
    """Draw a vase: bottle, bud, cylinder, jug or amphora; ribbed, or dipped in the second colour."""
    profile, tilt = VASES[sheet.spec.cut]
    foot = profile[-1]
    sheet.floor(200, foot[1] + foot[0] * tilt * 0.7, foot[0] * 1.25, 15)
    if sheet.spec.cut == "jug":
        _handle(sheet, "M304 196 C356 182 372 232 356 276 C346 306 318 328 302 330", 17)
    if sheet.spec.cut == "amphora":
        for side in ("M246 108 C284 96 304 116 300 150 C298 172 288 184 280 190",):
            _handle(sheet, side, 12)
            _handle(sheet, mirrored(side), 12)
    body = turned(profile, tilt=tilt)
    glass = sheet.spec.material == "glass"
    sheet.piece(body, form="round", scale=1.25, split=300)
    if sheet.spec.detail == "dipped":
        dip(sheet, profile, tilt, sheet.second)
    if sheet.spec.detail == "ribbed":
        _ribs(sheet, profile)
    if glass:
        _water(sheet, profile, tilt)
    glaze(sheet, profile, 0.12 + 0.42 * sheet.material.gloss)
    if sheet.spec.cut == "jug":
        lip = "M146 96 C140 84 128 82 118 88 C130 96 138 108 146 124 Z"
        sheet.fill(lip, sheet.main.lit)
    mouth(sheet, profile[0][0], profile[0][1], tilt)
    if sheet.spec.material in ("stoneware", "earthenware") and sheet.spec.detail == "plain" and not glass:
        bare = _girdle(_sub(profile, foot[1] - 12, foot[1]), tilt)
        sheet.fill(bare, "#c9a27a", 0.9)
        sheet.shade(bare, 0.12)


def _handle(sheet: Sheet, path: str, width: float) -> None:
    sheet.line(path, width + 2, sheet.main.line, 0.5)
    sheet.line(path, width, sheet.main.base)
    sheet.line(path, width * 0.45, sheet.main.shade)
    with sheet.group(f"translate({-width * 0.22:.1f} {-width * 0.2:.1f})"):
        sheet.line(path, width * 0.22, sheet.main.gleam, 0.55)


def dip(sheet: Sheet, profile: tuple[Point, ...], tilt: float, tone: Tones) -> None:
    top, foot = profile[0][1], profile[-1][1]
    level = top + (foot - top) * 0.6
    lower = _girdle(_sub(profile, level, foot), tilt)
    sheet.piece(lower, tone, form="round", texture="")
    edge = _half_at(_sub(profile, top, foot), level)
    bend = 4 / 3 * edge * tilt
    sheet.line(
        f"M{200 - edge} {level} C{200 - edge} {level + bend} {200 + edge} {level + bend} {200 + edge} {level}",
        2,
        tone.line,
        0.3,
        cap="butt",
    )


def _ribs(sheet: Sheet, profile: tuple[Point, ...]) -> None:
    points = _sub(profile, profile[0][1] + 8, profile[-1][1])
    every = [*points[::4], points[-1]]
    for share in (-0.86, -0.62, -0.34, -0.05, 0.26, 0.54, 0.78, 0.93):
        path = smooth([(200 + h * share, y) for h, y in every])
        sheet.line(path, 3.4, sheet.main.line, 0.10 + 0.10 * max(share, 0))
        sheet.line(smooth([(200 + h * share - 3, y) for h, y in every]), 1.8, "#ffffff", 0.14)


def _water(sheet: Sheet, profile: tuple[Point, ...], tilt: float) -> None:
    """Make glass of it: lighter through the middle, a dark foot, the far rim showing."""
    foot = profile[-1][1]
    body = turned(profile, tilt=tilt)
    sheet.fill(
        body,
        sheet.gradient([(0, "#fff", 0.0), (0.25, "#fff", 0.38), (0.6, "#fff", 0.30), (1, "#fff", 0.0)], (0, 0), (1, 0)),
    )
    sheet.fill(_girdle(_sub(profile, foot - 26, foot), tilt), sheet.main.deep, 0.55)
    sheet.glow(
        both_sides(
            blade(
                (200 + profile[-1][0] - 14, foot - 40),
                (200 + profile[-1][0] - 8, foot - 90),
                (200 + profile[-2][0] - 10, foot - 140),
                2.4,
            )
        ),
        0.4,
    )


MUGS: dict[str, tuple[tuple[Point, ...], float, str]] = {
    "straight": (((94, 150), (94, 200), (93, 300), (88, 380)), 0.17, "M256 198 C336 184 344 330 250 324"),
    "round": (((84, 158), (104, 200), (114, 268), (104, 340), (70, 390)), 0.17, "M274 206 C346 186 352 318 276 316"),
    "tapered": (((88, 110), (84, 200), (74, 310), (60, 404)), 0.15, "M250 180 C332 170 330 322 238 312"),
    "cup": (((104, 206), (102, 240), (86, 304), (48, 346)), 0.17, "M264 232 C336 216 334 306 246 300"),
}


def draw_mug(sheet: Sheet) -> None:
    """Draw a mug: straight, round or tall, or a cup on its saucer; dipped or speckled."""
    profile, tilt, handle = MUGS[sheet.spec.cut]
    foot = profile[-1]
    with sheet.group("translate(-22 -4)"):
        sheet.floor(
            204,
            foot[1] + foot[0] * tilt * 0.8 + (22 if sheet.spec.cut == "cup" else 0),
            foot[0] * 1.3 + (70 if sheet.spec.cut == "cup" else 0),
            16,
        )
        if sheet.spec.cut == "cup":
            _saucer(sheet)
        _handle(sheet, _shift(handle, 14), 21)
        body = turned(profile, tilt=tilt)
        sheet.piece(body, form="round", scale=1.15, split=(profile[0][1] + foot[1]) / 2 + 14)
        if sheet.spec.detail == "dipped":
            dip(sheet, profile, tilt, sheet.second)
        elif sheet.spec.material == "stoneware" and sheet.spec.cut != "cup":
            bare = _girdle(_sub(profile, foot[1] - 14, foot[1]), tilt)
            sheet.fill(bare, "#c9a27a", 0.95)
            sheet.shade(bare, 0.12)
        if sheet.spec.detail == "speckled":
            _speckles(sheet, profile)
        glaze(sheet, profile, 0.12 + 0.42 * sheet.material.gloss)
        mouth(sheet, profile[0][0], profile[0][1], tilt)


def _shift(path: str, dx: float) -> str:
    return written([(command, [(x + dx, y) for x, y in points]) for command, points in segments(path)])


def _saucer(sheet: Sheet) -> None:
    sheet.fill(oval(200, 362, 158, 32), sheet.main.deep)
    sheet.fill(oval(200, 356, 158, 31), sheet.light(sheet.main, "cloth"))
    sheet.line(oval(200, 356, 148, 27), 3, sheet.second.base if sheet.spec.pattern != "plain" else sheet.main.lit, 0.9)
    sheet.shade(oval(212, 358, 92, 17), 0.28)


def _speckles(sheet: Sheet, profile: tuple[Point, ...]) -> None:
    points = _sub(profile, profile[0][1] + 14, profile[-1][1] - 6)
    dark = sheet.main.line if sheet.brightness > 0.45 else sheet.main.gleam
    for k in range(46):
        u, v = (k * 0.754877666) % 1, (k * 0.569840296) % 1
        half, y = points[int(v * len(points))]
        sheet.disc(200 + half * (u * 1.84 - 0.92), y + (k % 5) * 2, 1.2 + (k % 4) * 0.55, dark, 0.55)


def draw_teapot(sheet: Sheet) -> None:
    """Draw a teapot, round, or a tall coffee pot; plain or speckled."""
    tall = sheet.spec.cut == "tall"
    profile: tuple[Point, ...] = (
        ((48, 142), (58, 180), (78, 290), (86, 380), (78, 432))
        if tall
        else ((52, 196), (96, 228), (118, 296), (100, 366), (64, 400))
    )
    tilt = 0.15
    foot = profile[-1]
    sheet.floor(202, foot[1] + foot[0] * tilt * 0.8, foot[0] * 1.7, 16)
    with sheet.group("translate(-4 0)"):
        if tall:
            _handle(sheet, "M252 186 C340 170 350 356 280 356", 18)
            spout = "M140 292 C104 270 104 206 78 166 C72 158 84 150 94 154 C128 182 132 214 150 222 Z"
        else:
            _handle(sheet, "M292 250 C374 226 378 350 298 346", 19)
            spout = "M98 318 C60 312 62 250 32 220 C26 212 38 204 50 210 C84 232 82 260 106 262 Z"
        sheet.fill(spout, sheet.light(sheet.main, "cloth"))
        sheet.seam(spout, 0.3)
        tip = (
            "M78 166 C72 158 84 150 94 154 C90 160 84 164 78 166 Z"
            if tall
            else "M32 220 C26 212 38 204 50 210 C46 216 40 220 32 220 Z"
        )
        sheet.fill(tip, sheet.main.line, 0.8)
        sheet.piece(turned(profile, tilt=tilt), form="round", scale=1.15, split=300)
        if sheet.spec.detail == "speckled":
            _speckles(sheet, profile)
        glaze(sheet, profile, 0.14 + 0.42 * sheet.material.gloss)
        top, y = profile[0]
        sheet.shade(oval(202, y + 3, top + 4, top * tilt + 4), 0.3)
        lid = (
            f"M{200 - top - 3} {y} C{200 - top} {y - 26} {200 - 30} {y - 36} 200 {y - 37} C{200 + 30}"
            f" {y - 36} {200 + top} {y - 26} {200 + top + 3} {y} C{200 + top * 0.6} {y + 12}"
            f" {200 - top * 0.6} {y + 12} {200 - top - 3} {y} Z"
        )
        sheet.fill(lid, sheet.light(sheet.main if sheet.spec.pattern in ("plain", "block") else sheet.second, "ball"))
        sheet.glow(blade((200 - top * 0.7, y - 8), (200 - top * 0.6, y - 24), (186, y - 30), 3), 0.45)
        sheet.disc(201, y - 46, 13, sheet.main.deep)
        sheet.disc(200, y - 47, 12.4, sheet.main.base)
        sheet.disc(196, y - 51, 4.2, "#ffffff", 0.45)
