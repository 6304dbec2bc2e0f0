"""Bags and backpacks."""

from __future__ import annotations

from seed.pictures.paths import blade, both_sides, box, moved, oval, symmetric
from seed.pictures.sheet import BRASS, LEATHER, Sheet


def draw_bag(sheet: Sheet) -> None:
    """Draw a bag: tote, shoulder bag, satchel or bucket bag; with a pocket or a tassel."""
    {"tote": _tote, "shoulder": _shoulder, "satchel": _satchel, "bucket": _bucket}[sheet.spec.cut](sheet)


def _strap(sheet: Sheet, path: str, width: float = 11, *, back: bool = False) -> None:
    """Draw a strap with its thickness: a dark edge, the band, a row of stitches."""
    tone = sheet.main
    sheet.line(path, width + 2.4, tone.line, 0.55, cap="butt")
    sheet.line(path, width, tone.deep if back else tone.shade, cap="butt")
    if not back:
        sheet.line(path, width * 0.4, tone.base, 0.8, cap="butt")


def _ring(sheet: Sheet, x: float, y: float, radius: float = 8) -> None:
    sheet.line(oval(x + 0.8, y + 1.2, radius), 4, BRASS.line, 0.5)
    sheet.line(oval(x, y, radius), 3.4, BRASS.base)
    sheet.line(
        f"M{x - radius} {y} C{x - radius} {y - radius * 0.6} {x - radius * 0.5} {y - radius} {x} {y - radius}",
        1.6,
        BRASS.gleam,
    )


def _tassel(sheet: Sheet, x: float, y: float) -> None:
    sheet.line(f"M{x} {y - 18} L{x} {y}", 2.4, sheet.second.deep)
    sheet.fill(
        f"M{x - 8} {y + 8} L{x + 8} {y + 8} L{x + 11} {y + 46} C{x + 4} {y + 50} {x - 4} {y + 50} {x - 11} {y + 46} Z",
        sheet.light(sheet.second, "round"),
    )
    sheet.line(
        " ".join(f"M{x + dx * 0.7} {y + 12} L{x + dx} {y + 46}" for dx in (-6, -2, 2, 6)), 1.2, sheet.second.line, 0.4
    )
    sheet.fill(box(x - 8, y - 2, 16, 13, 5), sheet.second.shade)


def _tote(sheet: Sheet) -> None:
    sheet.floor(200, 442, 128, 14)
    body = symmetric("M200 198 C250 198 290 196 316 192 C318 270 324 350 322 432 C322 442 314 444 304 444 L200 446")

    _strap(sheet, "M142 196 L146 112 C150 72 166 66 206 64 C246 66 258 76 262 112 L266 196", 12, back=True)
    sheet.cast(body, 5, 4, 0.06)
    sheet.fill("M84 192 C140 182 260 182 316 192 C260 204 140 204 84 192 Z", sheet.main.line)
    sheet.piece(body, scale=1.2, split=330)
    for fold, strength in (
        (blade((98, 210), (112, 300), (96, 420), 8), 0.10),
        (blade((300, 214), (276, 310), (304, 424), 14), 0.16),
        (blade((150, 200), (162, 260), (148, 330), 5), 0.09),
        (blade((240, 444), (250, 390), (310, 356), 6), 0.10),
    ):
        sheet.shade(fold, strength)
    sheet.shade(
        "M84 404 C140 412 260 412 323 404 L322 432 C322 442 314 444 304 444 L96 444 C86 444 78 442 78 432 Z", 0.10
    )
    if sheet.spec.material == "leather":
        sheet.glow(blade((108, 220), (118, 300), (106, 390), 6), 0.35)
    sheet.stitches("M85 206 C140 214 260 214 316 206", opacity=0.5)
    if sheet.spec.detail == "pocket":
        pocket = box(140, 258, 120, 104, 4)
        sheet.shade(pocket, 0.08)
        sheet.seam(pocket, 0.4)
        sheet.stitches("M144 270 L256 270", opacity=0.5)
        sheet.fill(box(184, 322, 32, 22, 2), sheet.second.base)
        sheet.seam(box(184, 322, 32, 22, 2), 0.3)
    front = "M134 214 L138 118 C142 66 160 52 200 50 C240 52 258 66 262 118 L266 214"
    _strap(sheet, front, 13)
    for x in (134, 266):
        sheet.fill(box(x - 9, 202, 18, 26, 2), sheet.main.shade)
        sheet.seam(f"M{x - 7} 205 L{x + 7} 225 M{x + 7} 205 L{x - 7} 225", 0.4, 1.2)


def _shoulder(sheet: Sheet) -> None:
    sheet.floor(200, 424, 134, 14)
    _strap(sheet, "M92 262 C92 120 140 44 200 44 C260 44 308 120 308 262", 15, back=True)
    body = symmetric(
        "M200 248 C254 248 296 246 316 236 C332 230 342 244 342 266 C344 330 330 392 300 412 C276 424 236 426 200 426"
    )
    sheet.cast(body, 5, 4, 0.06)
    sheet.piece(body, scale=1.1, split=338)
    sheet.fill(
        "M72 240 C130 258 270 258 328 240 C340 252 342 262 341 270 C280 288 120 288 59 270 C58 262 60 252 72 240 Z",
        sheet.main.shade,
    )
    sheet.line("M76 256 C140 274 260 274 324 256", 5, sheet.main.line, 0.55)
    sheet.line("M76 255 C140 273 260 273 324 255", 2, BRASS.base, 1, dash="2 2", cap="butt")
    sheet.fill(box(290, 254, 22, 9, 4), BRASS.base)
    seam = "M60 300 C120 320 280 320 340 300"
    sheet.seam(seam, 0.3)
    sheet.stitches("M60 306 C120 326 280 326 339 306", opacity=0.4)
    sheet.shade("M342 266 C344 330 330 392 300 412 C276 424 236 426 200 426 C262 410 312 370 318 262 Z", 0.15)
    sheet.shade(
        "M58 300 C60 360 74 396 100 412 C124 424 164 426 200 426 C276 426 300 420 312 402 C250 420 110 420 58 300 Z",
        0.10,
    )
    sheet.glow(blade((74, 290), (80, 350), (106, 392), 7), 0.1 + 0.4 * sheet.material.gloss)
    for x in (92, 308):
        _ring(sheet, x, 262, 11)
        sheet.fill(box(x - 8, 270, 16, 24, 3), sheet.main.shade)
        sheet.seam(box(x - 8, 270, 16, 24, 3), 0.4)
    _strap(sheet, "M92 250 C94 116 140 38 200 38 C260 38 306 116 308 250", 15)
    if sheet.spec.detail == "tassel":
        _tassel(sheet, 301, 284)


def _satchel(sheet: Sheet) -> None:
    sheet.floor(200, 424, 140, 14)
    _strap(sheet, "M70 250 C60 120 120 50 200 50 C280 50 340 120 330 250", 12, back=True)
    body = box(62, 206, 276, 214, 16)
    sheet.cast(body, 5, 4, 0.06)
    sheet.piece(body, split=340, scale=1.1)
    sheet.shade("M62 390 L338 390 L338 404 C338 414 332 420 322 420 L78 420 C68 420 62 414 62 404 Z", 0.18)
    _strap(sheet, "M160 204 C160 164 176 156 200 156 C224 156 240 164 240 204", 10)
    flap = (
        "M56 212 C56 202 62 196 72 196 L328 196 C338 196 344 202 344 212 L344 306 C344 332 330 342"
        " 306 342 L94 342 C70 342 56 332 56 306 Z"
    )
    sheet.shade("M62 310 C64 340 80 352 100 352 L300 352 C322 352 336 340 338 310 Z", 0.28)
    sheet.piece(flap, scale=1.1, split=262)
    sheet.stitches("M64 214 L64 304 C64 324 76 334 96 334 L304 334 C324 334 336 324 336 304 L336 214", opacity=0.5)
    sheet.shade(
        "M344 212 L344 306 C344 332 330 342 306 342 L270 342 C312 330 318 280 316 196 L328 196 C338"
        " 196 344 202 344 212 Z",
        0.12,
    )
    sheet.glow(blade((78, 210), (90, 250), (80, 310), 6), 0.08 + 0.4 * sheet.material.gloss)
    if sheet.spec.detail == "pocket":
        sheet.fill(box(96, 352, 208, 60, 6), sheet.main.shade)
        sheet.seam(box(96, 352, 208, 60, 6), 0.35)
    for x in (122, 278):
        strap = f"M{x - 11} 268 L{x + 11} 268 L{x + 11} 384 C{x + 11} 392 {x - 11} 392 {x - 11} 384 Z"
        tone = sheet.main if sheet.spec.material == "leather" else LEATHER
        sheet.fill(strap, sheet.gradient([(0, tone.base, 1), (1, tone.deep, 1)], (0, 0), (1, 0)))
        sheet.seam(strap, 0.4)
        sheet.stitches(f"M{x - 7} 274 L{x - 7} 380 M{x + 7} 274 L{x + 7} 380", "#efe0c4", 0.6)
        sheet.line(box(x - 15, 334, 30, 24, 4), 4, BRASS.line, 0.4)
        sheet.line(box(x - 15, 333, 30, 24, 4), 3.6, BRASS.base)
        sheet.line(f"M{x} 346 L{x} 360", 3, BRASS.lit)
    for x in (70, 330):
        _ring(sheet, x, 226, 9)


def _bucket(sheet: Sheet) -> None:
    sheet.floor(200, 436, 116, 15)
    _strap(sheet, "M104 226 C90 110 140 44 200 44 C260 44 310 110 296 226", 11, back=True)
    top = "M98 206 C120 190 150 196 170 190 C190 184 214 184 234 190 C254 196 282 190 302 206 C290 222 110 222 98 206 Z"
    body = symmetric("M200 214 C240 214 280 214 302 206 C310 280 314 360 312 420 C306 436 250 440 200 440")
    sheet.cast(body, 5, 4, 0.06)
    sheet.fill(top, sheet.main.deep)
    sheet.piece(body, form="cloth", scale=1.1, split=330)
    for k, x in enumerate((118, 142, 168, 196, 224, 250, 276)):
        sheet.shade(blade((x, 214), (x + 4 - k, 252), (x + (200 - x) * -0.06, 300), 6), 0.13)
    sheet.shade("M302 206 C310 280 314 360 312 420 C310 428 298 432 280 435 C288 360 284 280 276 211 Z", 0.16)
    sheet.glow(blade((112, 240), (110, 320), (106, 404), 8), 0.10 + 0.35 * sheet.material.gloss)
    base = symmetric("M200 404 C250 404 296 400 313 392 L312 420 C306 436 250 440 200 440")
    tone = sheet.main if sheet.spec.material == "leather" else LEATHER
    sheet.fill(base, sheet.light(tone, "round"))
    sheet.stitches("M88 398 C120 410 280 410 312 398", "#efe0c4" if tone is LEATHER else None, 0.6)
    rope = "M101 236 C150 250 250 250 299 236"
    sheet.line(rope, 6, sheet.main.line, 0.4)
    sheet.line(rope, 4.4, "#e9dcc3")
    ends = "M192 246 C186 280 176 300 180 330 M206 246 C212 276 206 300 214 318"
    sheet.line(ends, 5.6, sheet.main.line, 0.35)
    sheet.line(ends, 4.2, "#e9dcc3")
    sheet.disc(180, 334, 6, "#e9dcc3")
    sheet.disc(214, 322, 6, "#e9dcc3")
    for x in (106, 294):
        _ring(sheet, x, 222, 8)
    _strap(sheet, "M106 214 C96 108 142 38 200 38 C258 38 304 108 294 214", 11)
    if sheet.spec.detail == "tassel":
        _tassel(sheet, 290, 246)


def draw_backpack(sheet: Sheet) -> None:
    """Draw a backpack: classic, roll-top or a rucksack with a flap."""
    sheet.floor(200, 452, 118, 14)
    {"classic": _classic, "roll-top": _roll_top, "flap": _rucksack}[sheet.spec.cut](sheet)


def _carry(sheet: Sheet, y: float) -> None:
    """Draw the grab loop and the tops of the shoulder straps behind the bag."""
    sheet.line(both_sides(f"M232 {y + 8} C260 {y - 4} 288 {y + 16} 303 {y + 72}"), 22, sheet.main.line, cap="butt")
    sheet.line(both_sides(f"M232 {y + 8} C260 {y - 4} 288 {y + 16} 303 {y + 72}"), 18, sheet.main.deep, cap="butt")
    loop = f"M176 {y + 8} C176 {y - 34} 224 {y - 34} 224 {y + 8}"
    sheet.line(loop, 11, sheet.main.line, 0.7)
    sheet.line(loop, 8, sheet.main.shade)


def _side_light(sheet: Sheet, right: str) -> None:
    sheet.shade(right, 0.15)
    sheet.glow(blade((98, 180), (92, 290), (98, 400), 8), 0.10 + 0.25 * sheet.material.gloss)


def _pocket_front(sheet: Sheet, y: float, high: float, *, zipped: bool = True) -> None:
    pocket = box(112, y, 176, high, 20)
    sheet.shade(moved_down(pocket), 0.2)
    sheet.piece(pocket, split=y + high / 2)
    sheet.seam(pocket, 0.4)
    if zipped:
        sheet.line(f"M126 {y + 18} L274 {y + 18}", 5, sheet.main.line, 0.55)
        sheet.line(f"M126 {y + 17.5} L274 {y + 17.5}", 2, "#cfc7b6", 1, dash="2 2", cap="butt")
        sheet.line(f"M262 {y + 18} L262 {y + 36}", 4, sheet.second.base)
    sheet.fill(box(176, y + high * 0.52, 48, 26, 3), LEATHER.base)
    sheet.stitches(box(179, y + high * 0.52 + 3, 42, 20, 2), "#efe0c4", 0.7)


def moved_down(path: str) -> str:
    """Return the path a little lower, for the shadow under a pocket."""
    return moved(path, 2, 5)


def _classic(sheet: Sheet) -> None:
    _carry(sheet, 84)
    body = symmetric("M200 70 C262 70 300 96 306 160 C312 230 316 340 312 412 C310 440 296 452 268 453 L200 454")
    sheet.cast(body, 5, 4, 0.06)
    sheet.piece(body, scale=1.15, split=268)
    _side_light(
        sheet,
        "M306 160 C312 230 316 340 312 412 C310 440 296 452 268 453 L244 453 C282 430 286 300 280 190"
        " C278 140 262 100 244 76 C282 84 303 112 306 160 Z",
    )
    zip_line = "M104 262 C100 180 104 112 200 106 C296 112 300 180 296 262"
    sheet.line(zip_line, 6, sheet.main.line, 0.5)
    sheet.line(zip_line, 2.2, "#cfc7b6", 1, dash="2 2", cap="butt")
    sheet.line("M296 258 L300 284", 4, sheet.second.base)
    if sheet.spec.detail == "pocket":
        _pocket_front(sheet, 292, 132)
    else:
        sheet.fill(box(172, 316, 56, 40, 4), LEATHER.base)
        sheet.stitches(box(176, 320, 48, 32, 3), "#efe0c4", 0.7)
        sheet.seam("M88 396 C140 404 260 404 312 396", 0.35)
    sheet.line("M84 330 L70 352 L84 372", 8, sheet.main.deep)


def _roll_top(sheet: Sheet) -> None:
    _carry(sheet, 112)
    body = symmetric("M200 120 C250 120 292 122 302 128 C310 220 314 330 312 416 C310 440 298 452 272 453 L200 454")
    sheet.cast(body, 5, 4, 0.06)
    sheet.piece(body, scale=1.15, split=300)
    _side_light(sheet, "M302 128 C310 220 314 330 312 416 C310 440 298 452 272 453 L246 453 C284 420 286 250 276 123 Z")
    roll = symmetric("M200 66 C250 66 292 66 306 72 C318 78 318 108 306 116 C292 124 250 124 200 124")
    sheet.shade("M96 124 C140 136 260 136 304 124 L303 140 C260 148 140 148 97 140 Z", 0.28)
    sheet.fill(
        roll,
        sheet.gradient([(0, sheet.main.lit, 1), (0.45, sheet.main.base, 1), (1, sheet.main.deep, 1)], (0, 0), (0, 1)),
    )
    sheet.texture(roll)
    sheet.seam("M92 84 C140 78 260 78 308 84 M90 100 C140 106 260 106 310 100", 0.35)
    sheet.fill(oval(309, 95, 8, 20), sheet.main.deep)
    sheet.line("M309 84 C313 92 313 100 308 106", 2, sheet.main.line, 0.6)
    _front_strap(sheet, 200, 100, 236)
    if sheet.spec.detail == "straps":
        for x in (140, 260):
            _front_strap(sheet, x, 250, 452, clip=300)
    if sheet.spec.detail == "pocket":
        _pocket_front(sheet, 306, 124)
    else:
        sheet.seam("M88 388 C140 396 260 396 312 388", 0.35)


def _front_strap(sheet: Sheet, x: float, top: float, foot: float, clip: float | None = None) -> None:
    """Draw a webbing strap with a buckle."""
    y = clip if clip is not None else foot - 30
    sheet.fill(box(x - 7.5 + 2, top, 15, foot - top, 2), sheet.main.line, 0.3)
    sheet.fill(
        box(x - 7.5, top, 15, foot - top, 2),
        sheet.gradient([(0, sheet.second.lit, 1), (1, sheet.second.shade, 1)], (0, 0), (1, 0)),
    )
    sheet.fill(box(x - 12, y, 24, 28, 4), "#3a3632")
    sheet.fill(box(x - 8, y + 4, 16, 8, 2), "#5b554e")


def _rucksack(sheet: Sheet) -> None:
    _carry(sheet, 96)
    body = symmetric("M200 120 C250 118 290 126 304 150 C314 230 320 340 316 412 C314 440 300 452 272 453 L200 454")
    sheet.cast(body, 5, 4, 0.06)
    sheet.piece(body, scale=1.15, split=330)
    _side_light(sheet, "M304 150 C314 230 320 340 316 412 C314 440 300 452 272 453 L246 453 C284 420 288 280 278 140 Z")
    _pocket_front(sheet, 322, 110, zipped=False)
    flap = symmetric("M200 84 C258 84 300 100 310 140 C314 176 314 214 310 246 C306 262 292 268 272 268 L200 270")
    sheet.shade(moved_down(moved_down(flap)), 0.24)
    sheet.piece(flap, scale=1.15, split=180)
    sheet.stitches(
        symmetric("M200 92 C254 92 292 108 302 144 C306 178 306 212 302 242 C298 254 288 260 270 260 L200 262"),
        opacity=0.4,
    )
    sheet.shade(
        "M310 140 C314 176 314 214 310 246 C306 262 292 268 272 268 L250 269 C286 250 286 150 262 92"
        " C290 100 306 116 310 140 Z",
        0.12,
    )
    for x in (148, 252):
        tone = LEATHER if sheet.spec.detail != "straps" else sheet.second
        strap = f"M{x - 10} 214 L{x + 10} 214 L{x + 10} 352 C{x + 10} 360 {x - 10} 360 {x - 10} 352 Z"
        sheet.fill(strap, sheet.gradient([(0, tone.base, 1), (1, tone.deep, 1)], (0, 0), (1, 0)))
        sheet.seam(strap, 0.35)
        sheet.line(box(x - 14, 296, 28, 22, 4), 3.8, BRASS.base)
        sheet.line(f"M{x} 308 L{x} 322", 3, BRASS.lit)
