"""Hats and scarves."""

from __future__ import annotations

from math import cos, sin

from seed.pictures.paths import AXIS, blade, box, oval, symmetric
from seed.pictures.sheet import Sheet


def draw_hat(sheet: Sheet) -> None:
    """Draw a hat: beanie, cap, wide brim or bucket hat."""
    {"beanie": _beanie, "cap": _cap, "brim": _brim, "bucket": _bucket}[sheet.spec.cut](sheet)


def _beanie(sheet: Sheet) -> None:
    crown = symmetric("M200 92 C262 92 306 140 314 214 C318 252 318 290 316 320 L200 330")
    cuff = symmetric("M200 296 C252 296 300 292 322 282 C330 306 330 356 324 384 C300 398 250 404 200 404")
    sheet.floor(200, 402, 126, 13)
    sheet.cast(crown, 6, 6, 0.07)
    sheet.piece(crown, form="ball" if sheet.spec.pattern == "plain" else "cloth", scale=1.2, split=230, texture="")
    ribs = " ".join(
        f"M{AXIS + dx * 1.0} 300 C{AXIS + dx * 1.0} 220 {AXIS + dx * 0.72} 140 {AXIS + dx * 0.16} 94"
        for dx in range(-102, 103, 17)
    )
    sheet.line(ribs, 3, sheet.main.line, 0.2)
    sheet.shade("M314 214 C318 252 318 290 316 320 L262 320 C272 240 262 150 214 93 C266 98 307 146 314 214 Z", 0.14)
    sheet.glow(blade((136, 148), (106, 200), (104, 272), 12), 0.16)
    if sheet.spec.detail == "pompom":
        _pompom(sheet, 200, 82)
    sheet.shade("M84 300 C140 318 260 318 316 300 L318 284 C250 290 150 290 82 284 Z", 0.26)
    sheet.fill(cuff, sheet.light(sheet.main, "round"))
    sheet.line(
        " ".join(
            f"M{AXIS + dx} {300 - abs(dx) * 0.1} L{AXIS + dx * 1.01} {402 - abs(dx) * 0.14}"
            for dx in range(-114, 115, 12)
        ),
        3,
        sheet.main.line,
        0.2,
    )
    label = box(228, 336, 34, 30, 2)
    sheet.fill(label, sheet.second.base)
    sheet.stitches("M230 340 L230 362 M260 340 L260 362", sheet.second.line, 0.6)


def _pompom(sheet: Sheet, x: float, y: float) -> None:
    sheet.disc(x, y, 38, sheet.second.shade)
    for k in range(26):
        turn = k * 2.39996
        away = 36 * ((k + 0.5) / 26) ** 0.5

        px, py = x + away * cos(turn), y + away * sin(turn)
        tone = (
            sheet.second.lit
            if px + py < x + y - 8
            else sheet.second.base
            if px + py < x + y + 24
            else sheet.second.shade
        )
        sheet.disc(px, py, 9.5, tone)


def _cap(sheet: Sheet) -> None:
    with sheet.group("translate(0 6)"):
        sheet.floor(190, 352, 150, 14)
        crown = (
            "M118 318 C112 220 150 140 232 132 C316 128 364 196 360 300 C356 326 330 334 300 336 C240 342"
            " 170 336 118 318 Z"
        )
        sheet.cast(crown, 6, 6, 0.07)
        sheet.piece(crown, form="cloth", split=228)
        sheet.shade("M360 300 C356 326 330 334 300 336 C320 270 300 180 240 132 C316 130 364 196 360 300 Z", 0.15)
        sheet.seam("M232 132 C196 168 172 240 172 332", 0.38)
        sheet.seam("M232 132 C272 172 296 250 292 336", 0.38)
        sheet.stitches("M226 136 C190 170 166 240 166 330 M178 334 C178 242 200 172 236 140", opacity=0.35)
        sheet.glow(blade((150, 196), (134, 246), (136, 300), 9), 0.16)
        for x, y in ((196, 210), (270, 208)):
            sheet.disc(x, y, 4, sheet.main.line, 0.6)
        sheet.fill(oval(232, 130, 13, 7), sheet.main.shade)
        sheet.seam(oval(232, 130, 13, 7), 0.4)
        peak_under = "M120 312 C70 318 34 336 30 356 C60 366 130 354 206 340 Z"
        peak = (
            "M122 302 C76 300 26 324 22 352 C70 336 150 332 232 340 C262 342 300 340 322 330 C260 334 170 322 122 302 Z"
        )
        sheet.fill(peak_under, sheet.main.line)
        sheet.fill(peak, sheet.light(sheet.main if sheet.spec.pattern != "block" else sheet.second, "cloth"))
        sheet.texture(peak)
        for inset in (0, 1, 2):
            sheet.stitches(
                f"M{44 + inset * 14} {340 - inset * 3} C{84 + inset * 12} {322 - inset * 5} {150}"
                f" {322 - inset * 5} {232} {332 - inset * 4}",
                opacity=0.32,
            )
        if sheet.spec.detail == "band":
            band = (
                "M121 300 C170 322 260 334 322 329 C336 327 350 320 357 310 L359 294 C350 306 336 312 322 314"
                " C260 318 172 308 119 284 Z"
            )
            sheet.fill(band, sheet.second.base)
            sheet.shade("M322 329 C336 327 350 320 357 310 L359 294 C350 306 336 312 322 314 Z", 0.2, sheet.second)


def _brim(sheet: Sheet) -> None:
    with sheet.group("translate(0 10)"):
        sheet.floor(200, 366, 186, 18, 0.3)
        brim = (
            "M22 318 C40 286 120 268 200 268 C280 268 360 286 378 318 C384 338 300 366 200 366 C100 366 16 338 22 318 Z"
        )
        sheet.piece(brim, form="cloth")
        sheet.shade(
            "M378 318 C384 338 300 366 200 366 C100 366 16 338 22 318 C60 346 130 352 200 352 C280 352"
            " 350 342 378 318 Z",
            0.2,
        )
        sheet.shade(oval(206, 318, 122, 24), 0.26)
        crown = (
            "M98 314 C100 236 112 168 150 146 C176 132 188 152 204 152 C222 152 232 130 258 144 C292 164"
            " 300 236 302 314 C270 338 130 338 98 314 Z"
        )
        sheet.piece(crown, form="cloth")
        sheet.shade(
            "M302 314 C300 236 292 164 258 144 C248 138 240 138 232 142 C262 170 266 250 258 330 C276 327"
            " 292 322 302 314 Z",
            0.15,
        )
        sheet.shade(
            "M150 146 C176 132 188 152 204 152 C222 152 232 130 258 144 C240 160 224 188 206 190 C184 190"
            " 168 160 150 146 Z",
            0.28,
        )
        sheet.glow(blade((130, 176), (114, 230), (114, 280), 10), 0.18)
        if sheet.spec.material == "straw":
            rings = " ".join(
                f"M{200 - rx} {318 - k} C{200 - rx * 0.6} {332 + k * 2.6} {200 + rx * 0.6} {332 + k * 2.6}"
                f" {200 + rx} {318 - k}"
                for k, rx in ((2, 122), (4, 142), (6, 160))
            )
            sheet.line(rings, 1.4, sheet.main.line, 0.28)
            sheet.line(
                " ".join(
                    f"M{104 + k * 1.5} {y} C140 {y + 20} 260 {y + 20} {297 - k * 1.5} {y}"
                    for k, y in enumerate((262, 238, 214, 190))
                ),
                1.4,
                sheet.main.line,
                0.25,
            )
        band = "M97 316 C130 340 270 340 303 316 L301 278 C268 302 132 302 99 278 Z"
        tone = sheet.second if sheet.spec.detail == "band" else sheet.main
        if sheet.spec.detail == "band":
            sheet.fill(band, sheet.light(tone, "round"))
            knot = "M280 304 L306 292 L308 318 L282 322 Z"
            sheet.fill(knot, tone.shade)
            sheet.line("M281 304 L282 322", 1.6, tone.line, 0.5)
        else:
            sheet.seam("M99 290 C132 312 268 312 301 290", 0.35)


def _bucket(sheet: Sheet) -> None:
    with sheet.group("translate(0 4)"):
        sheet.floor(200, 372, 160, 15)
        crown = symmetric("M200 138 C240 138 276 140 284 150 C294 186 300 230 304 268 L200 290")
        brim = symmetric("M200 252 C250 252 292 254 304 256 C330 290 350 326 358 352 C322 372 260 376 200 376")
        sheet.cast(crown, 6, 6, 0.07)
        sheet.piece(crown, split=210)
        top = symmetric("M200 138 C240 138 276 140 284 150 C276 166 240 170 200 170")
        sheet.glow(top, 0.16)
        sheet.seam(symmetric("M200 138 C240 138 276 140 284 150 C276 166 240 170 200 170"), 0.3)
        sheet.shade("M284 150 C294 186 300 230 304 268 L256 276 C262 232 258 190 248 164 Z", 0.16)
        sheet.shade("M96 260 C140 278 260 278 304 260 L304 282 L96 282 Z", 0.2)
        sheet.piece(brim, split=330)
        for k in range(1, 5):
            t = k / 5
            sheet.stitches(
                f"M{96 - 54 * t} {258 + 94 * t} C{140 - 30 * t} {272 + 100 * t} {260 + 30 * t} {272 + 100 * t}"
                f" {304 + 54 * t} {258 + 94 * t}",
                opacity=0.42,
            )
        sheet.shade("M304 256 C330 290 350 326 358 352 C340 362 312 368 284 372 C296 330 290 290 276 254 Z", 0.15)
        sheet.shade("M42 352 C100 380 300 380 358 352 C322 372 260 376 200 376 C140 376 78 372 42 352 Z", 0.2)
        sheet.glow(blade((110, 276), (88, 310), (72, 346), 9), 0.16)
        if sheet.spec.detail == "band":
            band = symmetric("M200 246 C250 246 290 244 302 240 L304 264 C290 270 250 274 200 274")
            sheet.fill(band, sheet.light(sheet.second, "round"))
        else:
            sheet.seam("M96 260 C140 274 260 274 304 260", 0.4)
        for x in (236, 254):
            sheet.disc(x, 206, 3.4, sheet.main.line, 0.6)


def draw_scarf(sheet: Sheet) -> None:
    """Draw a scarf: long and folded over, a loop, or a knotted square."""
    {"long": _long, "loop": _loop, "square": _square}[sheet.spec.cut](sheet)


def _fringe(sheet: Sheet, x0: float, x1: float, y: float, length: float = 30) -> None:
    n = int((x1 - x0) / 9)
    marks = " ".join(
        f"M{x0 + 4 + k * (x1 - x0 - 8) / (n - 1)} {y - 3}"
        f" L{x0 + 4 + k * (x1 - x0 - 8) / (n - 1) + (k % 3 - 1) * 1.5} {y + length - (k % 2) * 4}"
        for k in range(n)
    )
    sheet.line(marks, 5.4, sheet.main.line, 0.35)
    sheet.line(marks, 4.2, sheet.main.base)


def _edging(sheet: Sheet, x0: float, x1: float, y: float) -> None:
    for dy, wide in ((-34, 12), (-16, 6)):
        sheet.fill(f"M{x0} {y + dy} L{x1} {y + dy} L{x1} {y + dy + wide} L{x0} {y + dy + wide} Z", sheet.second.base)


def _long(sheet: Sheet) -> None:
    """Two tails hang from a loop that lies round an invisible neck."""
    back = "M214 150 C250 150 268 164 270 190 L276 420 L194 420 L196 190 Z"
    sheet.cast(back, 6, 8)
    sheet.piece(back, scale=1.1, split=330)
    sheet.shade(back, 0.16)
    if sheet.spec.detail == "border":
        _edging(sheet, 195, 275, 420)
    if sheet.spec.detail == "fringe":
        _fringe(sheet, 194, 276, 420)
    ring = "M200 58 C268 58 306 92 304 134 C302 178 262 208 200 210 C138 208 98 178 96 134 C94 92 132 58 200 58 Z"
    hole = "M200 84 C240 84 262 98 260 116 C258 134 236 142 200 143 C164 142 142 134 140 116 C138 98 160 84 200 84 Z"
    sheet.cast(ring, 6, 8)
    sheet.piece(ring, scale=1.1)
    sheet.shade(ring, 0.05)
    sheet.fill(hole, sheet.main.deep)
    sheet.shade(
        "M140 116 C138 98 160 84 200 84 C240 84 262 98 260 116 C246 104 228 100 200 100 C172 100 154 104 140 116 Z", 0.4
    )
    for fold, strength in (
        (blade((104, 118), (118, 186), (206, 196), 9), 0.16),
        (blade((118, 98), (130, 160), (212, 168), 7), 0.12),
        (blade((300, 130), (286, 186), (214, 200), 9), 0.2),
        (blade((286, 96), (270, 154), (206, 158), 6), 0.13),
    ):
        sheet.shade(fold, strength)
    sheet.glow(blade((116, 104), (134, 72), (190, 66), 6), 0.22)
    front = (
        "M118 176 C126 160 160 160 190 172 C210 182 214 196 212 216 L206 446 L112 446 L122 230 C120"
        " 206 114 190 118 176 Z"
    )
    sheet.cast(front, 5, 5, 0.12)
    sheet.piece(front, scale=1.1, split=350)
    sheet.shade("M212 216 L206 446 L178 446 C186 360 190 260 176 168 C206 178 214 196 212 216 Z", 0.15)
    for fold in (blade((132, 184), (152, 240), (140, 340), 7), blade((168, 172), (176, 240), (166, 330), 6)):
        sheet.shade(fold, 0.13)
    if sheet.spec.detail == "border":
        _edging(sheet, 113, 206, 446)
    if sheet.spec.detail == "fringe":
        _fringe(sheet, 112, 206, 446)


def _loop(sheet: Sheet) -> None:
    ring = "M200 96 C286 94 336 134 340 214 C346 310 300 392 200 396 C100 392 54 310 60 214 C64 134 114 94 200 96 Z"
    hole = (
        "M200 132 C252 132 284 150 284 182 C282 214 250 230 200 232 C150 230 118 214 116 182 C116 150 148 132 200 132 Z"
    )
    sheet.cast(ring)
    sheet.piece(ring, scale=1.3)
    sheet.fill(hole, sheet.main.deep)
    sheet.shade(
        "M116 182 C116 150 148 132 200 132 C252 132 284 150 284 182 C262 158 236 154 200 154 C164 154"
        " 138 158 116 182 Z",
        0.45,
    )
    for fold, strength in (
        (blade((70, 190), (90, 300), (230, 300), 16), 0.15),
        (blade((64, 240), (110, 372), (270, 350), 16), 0.17),
        (blade((336, 200), (310, 290), (170, 292), 14), 0.18),
        (blade((338, 250), (290, 370), (140, 360), 12), 0.13),
        (blade((92, 150), (104, 240), (220, 258), 9), 0.12),
    ):
        sheet.shade(fold, strength)
    sheet.glow(blade((84, 170), (110, 112), (196, 106), 10), 0.2)
    sheet.glow(blade((76, 260), (116, 344), (220, 334), 7), 0.14)
    sheet.shade("M340 214 C346 310 300 392 200 396 C290 370 320 290 306 142 C328 162 338 184 340 214 Z", 0.13)
    if sheet.spec.detail == "border":
        sheet.line("M66 262 C84 340 130 386 200 388 C270 386 316 340 334 262", 7, sheet.second.base)


def _square(sheet: Sheet) -> None:
    """A small square folded and tied round an invisible neck, knot and two points to the front."""
    with sheet.group("translate(0 6)"):
        _knotted(sheet)


def _tail(sheet: Sheet, path: str, edge: str, folds: tuple[str, ...]) -> None:
    sheet.cast(path, 5, 7, 0.12)
    sheet.piece(path, scale=0.95, split=330)
    if sheet.spec.detail == "border":
        sheet.line(edge, 8, sheet.second.base, cap="butt")
    for fold in folds:
        sheet.shade(fold, 0.15)


def _knotted(sheet: Sheet) -> None:
    ring = (
        "M200 70 C288 70 338 112 336 168 C334 222 282 262 208 270 L192 270 C118 262 66 222 64 168 C62"
        " 112 112 70 200 70 Z"
    )
    hole = (
        "M200 104 C256 104 290 124 288 152 C286 182 246 206 200 212 C154 206 114 182 112 152 C110 124 144 104 200 104 Z"
    )
    sheet.cast(ring)
    sheet.piece(ring, scale=0.95, split=178)
    sheet.fill(hole, sheet.main.deep)
    sheet.shade(
        "M112 152 C110 124 144 104 200 104 C256 104 290 124 288 152 C266 128 236 122 200 122 C164 122"
        " 134 128 112 152 Z",
        0.42,
    )
    for fold, strength in (
        (blade((72, 150), (96, 236), (196, 256), 8), 0.15),
        (blade((92, 120), (112, 210), (196, 236), 7), 0.12),
        (blade((330, 150), (306, 238), (206, 256), 9), 0.19),
        (blade((306, 116), (290, 212), (206, 236), 7), 0.14),
    ):
        sheet.shade(fold, strength)
    sheet.glow(blade((86, 134), (112, 84), (192, 80), 7), 0.2)
    left = "M196 262 C170 276 120 320 96 404 C94 412 100 416 108 412 C156 390 196 340 208 276 Z"
    right = "M204 262 C232 278 282 326 300 416 C302 424 294 428 288 424 C240 398 204 344 192 276 Z"
    _tail(
        sheet,
        right,
        "M296 400 C280 340 244 296 214 274 M290 418 C246 394 212 346 200 288",
        (blade((206, 276), (246, 330), (286, 400), 9), blade((212, 270), (264, 316), (296, 392), 6)),
    )
    _tail(
        sheet,
        left,
        "M104 390 C120 336 158 294 190 274 M112 406 C154 386 192 338 202 290",
        (blade((194, 276), (150, 322), (112, 396), 8), blade((200, 284), (170, 346), (130, 392), 6)),
    )
    knot = "M170 250 C172 232 228 230 234 250 C240 270 230 292 208 296 C186 298 168 276 170 250 Z"
    sheet.cast(knot, 3, 5, 0.16)
    sheet.piece(knot, scale=0.95, split=262)
    for fold in (blade((178, 246), (196, 262), (192, 290), 5), blade((226, 246), (212, 262), (208, 292), 5)):
        sheet.shade(fold, 0.2)
    sheet.glow(blade((176, 252), (190, 240), (214, 240), 4), 0.2)
