"""Lamps, lit: the glow is part of the picture."""

from __future__ import annotations

from seed.pictures.paths import blade, oval, symmetric, turned
from seed.pictures.sheet import BRASS, STEEL, Sheet

GLOW = "#fff3cf"


def draw_lamp(sheet: Sheet) -> None:
    """Draw a lamp: a pendant dome, a mushroom, a desk lamp or a bedside lamp with a cloth shade."""
    {"dome": _dome, "mushroom": _mushroom, "desk": _desk, "shade": _shade}[sheet.spec.cut](sheet)


def _halo(sheet: Sheet, cx: float, cy: float, radius: float, strength: float = 0.55) -> None:
    """Put the light of the bulb into the air."""
    sheet.radial(oval(cx, cy, radius), GLOW, strength)


def _metal(sheet: Sheet) -> tuple[str, str]:
    tone = BRASS if sheet.spec.detail == "brass" else STEEL
    return tone.base, sheet.gradient(
        [(0, tone.base, 1), (0.3, tone.gleam, 1), (0.6, tone.shade, 1), (1, tone.deep, 1)], (0, 0), (1, 0)
    )


def _dome(sheet: Sheet) -> None:
    _, metal = _metal(sheet)
    _halo(sheet, 200, 372, 150)
    sheet.line("M200 0 L200 128", 3.4, "#4a443e")
    cap = turned([(9, 112), (15, 124), (19, 146)], tilt=0.1, soft=False)
    sheet.fill(cap, metal)
    dome = symmetric("M200 142 C226 142 240 150 262 170 C312 214 346 272 352 340 C300 356 250 360 200 360")
    inside = oval(200, 340, 152, 25)
    sheet.piece(dome, form="round", scale=1.3, split=262)
    sheet.fill(inside, sheet.gradient([(0, "#fff9e6", 1), (0.6, GLOW, 1), (1, "#e8cf96", 1)], (0, 0), (1, 0.6)))
    sheet.line(inside, 3, sheet.main.deep, 0.8)
    bulb = (
        "M176 330 C176 316 188 308 200 308 C212 308 224 316 224 330 C224 346 212 356 200 356 C188 356 176 346 176 330 Z"
    )
    sheet.fill(bulb, "#fffdf4")
    sheet.glow(blade((112, 232), (92, 268), (80, 318), 10), 0.35 + 0.3 * sheet.material.gloss)
    sheet.shade("M352 340 C346 272 312 214 262 170 C300 230 306 290 300 352 C320 350 338 346 352 340 Z", 0.16)


def _mushroom(sheet: Sheet) -> None:
    _, metal = _metal(sheet)
    sheet.floor(200, 442, 104, 15)
    _halo(sheet, 200, 250, 190, 0.42)
    base = turned([(30, 252), (28, 320), (32, 380), (58, 418), (84, 440)], tilt=0.12)
    if sheet.spec.detail == "brass":
        sheet.fill(base, metal)
    else:
        sheet.piece(base, form="round", scale=1.1, pattern="plain")
    cap = symmetric("M200 86 C282 86 338 148 342 224 C344 250 330 258 306 262 C270 268 236 270 200 270")
    sheet.fill(cap, sheet.light(sheet.main, "ball"))
    if sheet.spec.pattern != "plain":
        sheet.piece(cap, form="round", scale=1.2, split=180)
    lit = "M200 96 C270 96 326 150 334 222 C300 244 260 250 200 250 C140 250 100 244 66 222 C74 150 130 96 200 96 Z"
    sheet.radial(lit, GLOW, 0.62)
    sheet.shade(
        "M342 224 C344 250 330 258 306 262 C270 268 236 270 200 270 C164 270 130 268 94 262 C70 258"
        " 56 250 58 224 C64 244 120 252 200 252 C280 252 336 244 342 224 Z",
        0.14,
    )
    sheet.glow(blade((104, 142), (80, 176), (74, 216), 9), 0.45)
    sheet.fill("M172 268 C190 271 210 271 228 268 L229 286 C210 291 190 291 171 286 Z", GLOW, 0.5)


def _desk(sheet: Sheet) -> None:
    _, metal = _metal(sheet)
    sheet.floor(150, 444, 104, 15)
    foot = turned([(74, 420), (78, 438)], cx=148, tilt=0.16, soft=False)
    sheet.piece(foot, form="round")
    sheet.fill(oval(148, 420, 74, 12), sheet.main.lit)
    arms = "M150 418 L104 270 L232 150"
    sheet.line(arms, 13, sheet.main.line, 0.5)
    sheet.line(arms, 11, sheet.main.base)
    sheet.line("M146 416 L101 270 L229 148", 3, sheet.main.gleam, 0.6)
    for x, y, r in ((150, 416, 11), (104, 270, 14), (234, 150, 13)):
        sheet.disc(x + 1, y + 2, r, "#2b2622", 0.35)
        sheet.fill(oval(x, y, r), metal)
        sheet.disc(x, y, r * 0.35, "#6d655c")
    cone = "M244 266 L364 226 C376 246 372 262 352 276 C318 298 272 306 248 290 C240 284 240 276 244 266 Z"
    beam = "M262 290 L220 444 L396 444 L352 268 Z"
    sheet.fill(beam, sheet.gradient([(0, GLOW, 0.55), (1, GLOW, 0.0)], (0, 0), (0, 1)))
    hood = (
        "M214 128 C232 112 256 114 266 126 C306 148 352 184 366 226 C376 252 330 284 286 292 C256 298"
        " 240 290 240 276 C236 230 224 180 210 150 C208 142 210 132 214 128 Z"
    )
    sheet.fill(cone, GLOW)
    sheet.piece(hood, form="cloth")
    rim = (
        "M240 278 C246 262 286 250 322 236 C346 226 362 220 366 228 C374 252 330 284 286 292 C256 298 238 292 240 278 Z"
    )
    sheet.fill(rim, sheet.gradient([(0, "#fffbea", 1), (1, "#efd79c", 1)], (0, 0), (1, 1)))
    sheet.line(rim, 3, sheet.main.deep, 0.8)
    sheet.glow(blade((232, 132), (250, 190), (256, 252), 8), 0.4)
    sheet.shade("M266 126 C306 148 352 184 366 226 C340 236 330 238 318 240 C318 200 296 156 252 120 Z", 0.16)
    sheet.disc(310, 262, 15, "#fffdf4")


def _shade(sheet: Sheet) -> None:
    _, metal = _metal(sheet)
    sheet.floor(200, 452, 80, 13)
    _halo(sheet, 200, 190, 190, 0.4)
    cloth = sheet.spec.material in ("linen", "cotton")
    foot_tones = sheet.second if cloth else sheet.main
    profile = [(9, 262), (11, 286), (34, 322), (46, 366), (34, 404), (22, 420), (60, 440), (62, 450)]
    foot = turned(profile, tilt=0.12)
    if sheet.spec.detail == "brass":
        sheet.fill(foot, metal)
    else:
        sheet.piece(foot, foot_tones, form="round", texture="")
        sheet.glow(blade((168, 334), (158, 366), (172, 402), 5), 0.4)
    sheet.shade("M186 262 L214 262 L216 292 C206 296 194 296 184 292 Z", 0.3)
    shade = "M138 62 C178 54 222 54 262 62 L334 256 C290 276 110 276 66 256 Z"
    sheet.piece(shade, form="round", scale=1.2, split=190)
    sheet.radial(shade, GLOW, 0.6)
    sheet.fill("M138 62 C178 54 222 54 262 62 C222 72 178 72 138 62 Z", "#fff6da")
    for edge, width in (("M66 256 C110 276 290 276 334 256", 5), ("M138 62 C178 72 222 72 262 62", 4)):
        sheet.line(edge, width, sheet.main.shade, cap="butt")
    sheet.shade("M262 62 L334 256 C318 263 300 267 280 270 C276 190 256 110 236 58 Z", 0.14)
    for dx in (-0.55, 0.05, 0.6):
        sheet.line(f"M{200 + 58 * dx} 66 L{200 + 128 * dx} 268", 1.2, sheet.main.line, 0.14)
    sheet.line("M240 444 C280 448 320 462 366 452", 3, "#6d655c")
