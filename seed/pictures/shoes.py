"""Sneakers and boots, seen from the side, toe to the left where the light comes from."""

from __future__ import annotations

from collections.abc import Sequence

from seed.pictures.colours import Tones
from seed.pictures.paths import blade, box, smooth
from seed.pictures.sheet import RUBBER, SOLE, Sheet


def draw_sneaker(sheet: Sheet) -> None:
    """Draw a sneaker: low, high, a running shoe or a slip-on."""
    sheet.floor(204, 349, 168, 15)
    with sheet.group("translate(-14 -26) scale(1.07)"):
        {"low": _low, "high": _high, "runner": _runner, "slip-on": _slip_on}[sheet.spec.cut](sheet)


def _lace_rows(sheet: Sheet, rows: Sequence[tuple[float, float, float, float]], paint: str = "#f6f2ea") -> None:
    """Draw laces as short bars with a shadow, from (x0, y0) to (x1, y1)."""
    path = " ".join(
        f"M{x0} {y0} C{(x0 + x1) / 2} {y0 - 5} {(x0 + x1) / 2} {y1 - 5} {x1} {y1}" for x0, y0, x1, y1 in rows
    )
    under = " ".join(
        f"M{x0} {y0 + 2.5} C{(x0 + x1) / 2} {y0 - 2} {(x0 + x1) / 2} {y1 - 2} {x1} {y1 + 2.5}"
        for x0, y0, x1, y1 in rows
    )
    sheet.line(under, 6, sheet.main.line, 0.4)
    sheet.line(path, 5.4, paint)


def _cup_sole(sheet: Sheet, path: str, rim: str, tread: str, tones: Tones = RUBBER) -> None:
    sheet.fill(path, sheet.gradient([(0, tones.lit, 1), (0.55, tones.base, 1), (1, tones.shade, 1)], (0, 0), (0.4, 1)))
    sheet.line(rim, 1.6, tones.line, 0.35)
    sheet.line(tread, 4, tones.deep, 0.9)


def _low(sheet: Sheet) -> None:
    upper = (
        "M40 314 C36 292 56 276 92 266 C128 256 150 240 172 214 C184 200 200 192 214 196 C224 199 226"
        " 208 236 214 C262 226 288 224 306 208 C318 198 338 200 343 216 C344 250 360 276 357 322 L44"
        " 326 Z"
    )
    sheet.piece(upper, scale=0.8, split=262)
    # Tongue and collar stand behind the quarter.
    sheet.fill("M184 206 C192 184 206 174 220 178 C230 182 232 196 238 212 L206 240 Z", sheet.main.shade)
    sheet.fill(
        "M222 207 C250 228 290 226 312 203 C322 198 336 200 341 210 C330 232 262 246 222 207 Z", sheet.main.line, 0.75
    )
    sheet.line("M224 208 C252 230 288 228 310 206 C320 199 336 200 342 214", 5, sheet.main.lit, 0.9)
    toe = "M40 314 C36 292 56 276 92 266 C104 262 116 258 126 252 C116 276 112 300 116 325 L44 326 Z"
    sheet.shade(toe, 0.06)
    sheet.seam("M126 252 C116 276 112 300 116 325", 0.4)
    sheet.stitches("M131 252 C121 276 117 300 121 325", opacity=0.4)
    quarter = "M150 246 C166 234 178 220 188 206 L244 236 C232 254 214 276 206 325"
    sheet.seam(quarter, 0.4)
    sheet.stitches("M154 250 C168 240 180 228 190 213 L238 238", opacity=0.35)
    heel = "M318 206 C330 200 340 204 343 216 C344 250 360 276 357 322 L312 325 C318 284 312 244 318 206 Z"
    _heel(sheet, heel)
    _lace_rows(sheet, [(150, 250, 178, 262), (161, 239, 191, 252), (172, 227, 204, 241), (182, 214, 217, 230)])
    if sheet.spec.detail == "side-stripe":
        _swoop(sheet, "M222 322 L246 248 L262 244 L246 322 Z")
    _shine(sheet, blade((56, 288), (92, 268), (134, 256), 4))
    sheet.shade("M44 326 L356 322 L354 306 C250 316 150 318 41 308 Z", 0.16)
    sole = "M38 314 C34 326 38 342 50 346 L350 346 C362 344 366 330 362 316 C260 326 140 328 38 314 Z"
    _cup_sole(sheet, sole, "M42 326 C140 338 260 336 362 327", "M52 347 L348 347")


def _heel(sheet: Sheet, path: str) -> None:
    tab = sheet.spec.detail == "heel-tab"
    if tab:
        sheet.fill(path, sheet.light(sheet.second, "round"))
    else:
        sheet.shade(path, 0.10)
    sheet.seam(path, 0.4)


def _swoop(sheet: Sheet, path: str) -> None:
    sheet.fill(path, sheet.second.base)
    sheet.line(path, 1.2, sheet.second.line, 0.4)


def _shine(sheet: Sheet, path: str) -> None:
    sheet.glow(path, 0.12 + 0.35 * sheet.material.gloss)


def _high(sheet: Sheet) -> None:
    with sheet.group("translate(0 16)"):
        upper = (
            "M40 316 C36 292 56 278 92 268 C130 258 152 240 170 206 C184 180 190 150 196 128 C204 116 230"
            " 112 238 122 C262 132 296 130 318 120 C332 118 340 126 341 140 C336 200 340 250 357 324 L44"
            " 328 Z"
        )
        sheet.fill("M190 140 C194 108 208 96 226 100 C238 104 240 116 244 132 L216 220 Z", sheet.main.shade)
        sheet.piece(upper, scale=0.8, split=232)
        sheet.fill(
            "M226 122 C262 140 302 134 322 118 C334 118 340 126 341 134 C318 152 262 154 226 122 Z",
            sheet.main.line,
            0.75,
        )
        sheet.line("M228 124 C262 142 300 136 322 120 C334 118 341 126 342 138", 5, sheet.main.lit, 0.9)
        cap = "M40 316 C36 292 56 278 92 268 C100 266 106 264 112 261 C106 284 106 306 110 327 L44 328 Z"
        if sheet.spec.material == "canvas":
            sheet.fill(cap, sheet.light(RUBBER, "ball"))
            sheet.line("M112 261 C106 284 106 306 110 327", 2, RUBBER.line, 0.4)
        else:
            sheet.shade(cap, 0.07)
            sheet.seam("M112 261 C106 284 106 306 110 327", 0.4)
        sheet.seam("M148 250 C172 222 188 176 196 136 L238 152 C232 210 222 270 214 326", 0.4)
        sheet.stitches("M154 252 C176 226 192 184 200 146 L231 157 C226 210 216 270 208 326", opacity=0.4)
        heel = "M312 124 C330 116 340 126 341 140 C336 200 340 250 357 324 L318 326 C308 260 306 190 312 124 Z"
        _heel(sheet, heel)
        _lace_rows(
            sheet,
            [
                (150, 254, 178, 266),
                (161, 240, 190, 251),
                (171, 224, 202, 234),
                (179, 206, 212, 215),
                (186, 187, 220, 195),
                (191, 168, 226, 175),
                (195, 149, 231, 155),
            ],
        )
        if sheet.spec.detail == "side-stripe":
            _swoop(sheet, "M236 324 L252 212 L268 212 L258 324 Z")
        else:
            sheet.disc(276, 188, 17, "#f4efe6" if sheet.brightness < 0.9 else sheet.second.base)
            sheet.disc(276, 188, 10, sheet.main.shade)
        _shine(sheet, blade((56, 292), (92, 272), (130, 258), 4))
        sheet.shade("M44 328 L356 324 L354 306 C250 318 150 320 41 310 Z", 0.16)
        sole = "M38 314 C34 326 38 346 50 349 L350 349 C362 347 366 330 362 314 C260 326 140 328 38 314 Z"
        _cup_sole(sheet, sole, "M40 330 C140 341 260 338 363 329", "M52 350 L348 350")
        sheet.line(
            "M40 323 C140 335 260 332 363 322",
            2.2,
            sheet.second.base if sheet.spec.second_colour != "chalk" else sheet.main.base,
        )


def _runner(sheet: Sheet) -> None:
    upper = (
        "M34 304 C30 284 50 272 84 260 C122 246 150 228 174 204 C186 192 206 184 218 190 C228 196 230"
        " 206 242 211 C266 220 288 214 306 196 C318 184 336 184 342 200 C350 230 356 270 366 306 L40"
        " 316 Z"
    )
    sheet.fill("M186 200 C192 176 210 166 224 172 C234 177 236 192 244 208 L208 232 Z", sheet.main.shade)
    sheet.piece(upper, scale=0.8, split=256)
    sheet.fill(
        "M226 203 C254 222 288 216 312 190 C324 184 334 186 339 196 C326 222 262 236 226 203 Z", sheet.main.line, 0.75
    )
    sheet.line("M228 204 C254 223 288 217 310 194 C322 184 336 186 341 198", 6, sheet.main.lit, 0.9)
    overlay = "M34 304 C30 284 50 272 84 260 C96 256 108 251 118 246 C104 268 96 290 96 313 L40 316 Z"
    sheet.fill(overlay, sheet.second.base, 0.9)
    sheet.shade(overlay, 0.08, sheet.second)
    saddle = "M146 234 C164 222 178 208 190 196 L236 222 C222 244 202 276 192 312 L160 313 C158 284 156 258 146 234 Z"
    sheet.shade(saddle, 0.10)
    sheet.seam(saddle, 0.3)
    heel = "M300 202 C318 182 336 184 342 200 C350 230 356 270 366 306 L300 311 C312 276 308 238 300 202 Z"
    _heel(sheet, heel)
    wing = "M176 312 C214 300 250 272 292 232 L302 248 C276 286 246 306 214 312 Z"
    if sheet.spec.detail == "side-stripe":
        _swoop(sheet, wing)
    else:
        sheet.shade(wing, 0.12)
        sheet.seam(wing, 0.25)
    _lace_rows(sheet, [(140, 240, 168, 254), (153, 230, 183, 244), (166, 218, 197, 233), (178, 206, 211, 222)])
    _shine(sheet, blade((52, 278), (90, 258), (132, 242), 4))
    foam = (
        "M28 312 C24 296 34 292 44 298 C110 312 200 306 268 296 C310 290 346 288 366 292 C378 298 380"
        " 318 370 334 C362 346 340 344 318 344 L96 348 C60 348 34 334 28 312 Z"
    )
    sheet.fill(foam, sheet.gradient([(0, "#fffdf8", 1), (0.5, RUBBER.base, 1), (1, RUBBER.deep, 1)], (0, 0), (0.15, 1)))
    sheet.line("M34 312 C110 330 220 318 372 312", 2.2, sheet.second.base, 0.9)
    sheet.line("M60 338 C120 350 200 347 318 344 C340 344 356 346 366 338", 5, SOLE.base)


def _slip_on(sheet: Sheet) -> None:
    with sheet.group("translate(0 4)"):
        upper = (
            "M40 314 C36 290 56 270 94 256 C128 244 156 228 178 212 C190 204 202 206 212 214 C240 230 286"
            " 226 314 206 C328 198 340 206 343 220 C344 252 360 280 357 322 L44 326 Z"
        )
        sheet.piece(upper, scale=0.9, split=262)
        sheet.fill(
            "M196 208 C226 230 288 228 318 204 C328 199 336 202 340 210 C316 240 236 246 190 212 Z",
            sheet.main.line,
            0.8,
        )
        sheet.line(
            "M186 210 C196 205 204 208 212 214 C240 231 286 227 314 207 C326 199 340 204 343 218",
            5,
            sheet.main.lit,
            0.9,
        )
        gore = "M186 226 C206 244 232 248 252 246 L240 296 C212 292 190 270 180 250 Z"
        sheet.fill(gore, sheet.main.deep)
        sheet.line(
            "M190 236 C208 252 230 256 249 255 M187 246 C206 264 228 268 246 267 M190 258 C206 274 224 279 243 279",
            1.6,
            sheet.main.lit,
            0.35,
        )
        sheet.seam("M180 218 C150 246 132 280 128 325", 0.38)
        sheet.stitches("M175 220 C145 248 127 280 123 325", opacity=0.4)
        heel = "M318 206 C330 200 340 206 343 220 C344 252 360 280 357 322 L314 325 C318 284 318 244 318 206 Z"
        _heel(sheet, heel)
        _shine(sheet, blade((56, 286), (94, 262), (140, 244), 4))
        sheet.shade("M44 326 L356 322 L354 306 C250 316 150 318 41 308 Z", 0.16)
        sole = "M38 312 C34 326 38 340 50 343 L350 343 C362 341 366 328 362 314 C260 324 140 326 38 312 Z"
        _cup_sole(sheet, sole, "M42 326 C140 336 260 334 362 326", "M52 344 L348 344")


def draw_boot(sheet: Sheet) -> None:
    """Draw a boot: Chelsea, lace-up, ankle boot with a zip, or rain boot."""
    sheet.floor(200, 428, 150, 16)
    {"chelsea": _chelsea, "lace-up": _lace_up, "zip": _zip_boot, "rain": _rain}[sheet.spec.cut](sheet)


def _block_sole(sheet: Sheet, *, lug: bool, heel_x: float = 268, welt: bool = False, deep: float = 424) -> None:
    """Draw sole, heel block and, if asked, the welt with its stitches."""
    sole = (
        f"M46 402 C42 412 46 {deep - 8} 58 {deep - 6} L196 {deep - 6} C216 {deep - 6} 226 {deep - 12}"
        f" 240 {deep - 12} L{heel_x} {deep - 12} L{heel_x} {deep + 2} L352 {deep + 2} C358 {deep - 8}"
        f" 358 412 354 400 Z"
    )
    sheet.fill(sole, sheet.gradient([(0, SOLE.lit, 1), (1, SOLE.deep, 1)], (0, 0), (0, 1)))
    if lug:
        marks = " ".join(f"M{x} {deep - 10} L{x} {deep - 4}" for x in range(66, 200, 13))
        marks += " ".join(f" M{x} {deep - 6} L{x} {deep + 3}" for x in range(int(heel_x) + 8, 350, 13))
        sheet.line(marks, 3.2, "#15120f", 0.8, cap="butt")
    strip = "M46 394 C140 400 260 400 355 394 L355 405 C260 416 140 416 45 406 Z"
    if welt:
        sheet.fill(strip, "#c79a62")
        sheet.stitches("M50 402 C140 413 260 413 350 402", "#6e4f2c", 0.9)
    else:
        sheet.fill(strip, SOLE.shade)


def _chelsea(sheet: Sheet) -> None:
    upper = (
        "M48 400 C42 376 58 360 96 346 C134 332 164 318 178 290 C186 262 186 180 184 122 C230 112 290"
        " 112 332 120 C330 180 326 240 338 296 C348 336 358 366 354 402 Z"
    )
    sheet.cast(upper, 5, 4, 0.06)
    sheet.piece(upper)
    gore = "M232 118 C250 116 272 116 290 118 C292 168 286 232 264 268 C246 246 232 176 232 118 Z"
    sheet.fill(gore, sheet.main.deep)
    sheet.line(
        " ".join(
            f"M{x} 122 C{x + 1} 170 {x + 2 - (x - 262) * 0.3} 220 {262 + (x - 262) * 0.35} 250"
            for x in range(240, 290, 7)
        ),
        1.4,
        sheet.main.line,
        0.6,
    )
    sheet.seam("M184 286 C204 300 236 306 264 270 C290 306 326 306 350 298", 0.42)
    sheet.stitches("M186 291 C206 306 238 312 264 277 C290 312 326 312 350 304", opacity=0.4)
    sheet.fill("M184 122 C230 108 290 108 332 120 C290 132 230 132 184 122 Z", sheet.main.line, 0.8)
    for x in (198, 322) if sheet.spec.detail == "pull-tab" else (322,):
        sheet.line(
            f"M{x - 6} 128 C{x - 8} 96 {x + 8} 96 {x + 6} 128",
            6,
            sheet.second.base if sheet.spec.detail == "pull-tab" else sheet.main.deep,
        )
    _boot_light(sheet)
    _block_sole(sheet, lug=False, welt=sheet.spec.detail == "welt")


def _boot_light(sheet: Sheet) -> None:
    """Draw the shine on toe and shaft and the folds at the ankle."""
    _shine(sheet, blade((62, 372), (104, 348), (158, 328), 6))
    _shine(sheet, blade((196, 150), (200, 210), (194, 270), 5))
    sheet.shade(blade((186, 288), (204, 300), (228, 296), 5), 0.2)
    sheet.shade(blade((182, 306), (206, 320), (240, 312), 5), 0.16)
    sheet.shade("M330 120 C330 180 326 240 338 296 C348 336 358 366 354 402 L322 404 C332 350 308 250 308 117 Z", 0.14)
    sheet.shade("M48 400 C140 412 260 412 354 402 L355 386 C260 398 140 398 46 384 Z", 0.18)


def _lace_up(sheet: Sheet) -> None:
    upper = (
        "M48 400 C42 374 58 356 98 344 C136 332 160 316 174 286 C184 258 186 170 184 118 C204 108 226"
        " 106 246 112 C280 116 312 112 330 108 C337 112 337 120 336 130 C332 190 328 244 338 296 C348"
        " 336 358 366 354 402 Z"
    )
    sheet.fill("M180 150 C178 104 192 82 214 84 C230 86 238 98 240 118 L220 280 Z", sheet.main.shade)
    sheet.cast(upper, 5, 4, 0.06)
    sheet.piece(upper, split=290)
    sheet.fill(
        "M236 110 C270 122 310 118 330 108 C337 111 338 118 338 124 C312 136 268 136 236 110 Z", sheet.main.line, 0.7
    )
    sheet.line("M238 112 C270 124 308 120 330 110 C337 111 338 118 338 128", 5, sheet.main.lit, 0.7)
    sheet.seam(
        "M132 334 C158 318 172 300 182 270 C192 230 196 170 198 122 L232 128 C230 200 220 270 196 318"
        " C184 340 176 372 176 408",
        0.42,
    )
    sheet.stitches(
        "M138 337 C163 321 178 302 188 272 C198 232 201 170 203 128 L226 132 C224 200 214 266 190 314"
        " C178 338 170 372 170 408",
        opacity=0.42,
    )
    sheet.seam("M48 384 C70 372 92 376 106 408", 0.35)
    sheet.seam("M300 116 C306 220 304 310 300 408", 0.35)
    rows = [
        (160, 316, 196, 322),
        (172, 294, 208, 298),
        (181, 270, 217, 273),
        (187, 244, 223, 246),
        (191, 216, 228, 217),
        (194, 188, 231, 188),
        (196, 160, 233, 159),
        (198, 134, 235, 132),
    ]
    _lace_rows(sheet, rows, "#d8b277" if sheet.brightness < 0.6 else "#7a5a3a")
    for _, _, x1, y1 in rows:
        sheet.disc(x1, y1, 2.8, "#c9a25a")
    if sheet.spec.detail == "pull-tab":
        sheet.line("M324 116 C322 86 340 86 338 118", 7, sheet.second.base)
    _boot_light(sheet)
    _block_sole(sheet, lug=True, welt=sheet.spec.detail == "welt")


def _zip_boot(sheet: Sheet) -> None:
    upper = (
        "M40 404 C34 384 54 370 92 354 C130 338 164 322 182 292 C192 264 194 220 190 168 C236 158 292"
        " 158 330 168 C328 216 326 256 338 300 C346 330 352 348 348 366 L300 372 C270 378 250 404 214"
        " 406 Z"
    )
    sheet.floor(210, 428, 140, 12, 0.3)
    sheet.cast(upper, 5, 4, 0.06)
    sheet.piece(upper)
    sheet.fill("M190 168 C236 152 292 152 330 168 C292 180 236 180 190 168 Z", sheet.main.line, 0.8)
    sheet.line("M272 178 C276 240 280 300 284 356", 6, sheet.main.line, 0.45, cap="butt")
    sheet.line("M272 180 C276 240 280 300 284 354", 2.4, "#d9c7a0", 1, dash="2 2", cap="butt")
    sheet.fill(box(268, 182, 8, 18, 3), "#d9c7a0")
    sheet.seam("M184 290 C214 312 250 312 276 290", 0.32)
    sheet.seam("M330 172 C316 240 318 310 330 366", 0.35)
    _shine(sheet, blade((56, 384), (100, 358), (160, 332), 6))
    _shine(sheet, blade((202, 190), (208, 232), (202, 276), 5))
    sheet.shade("M330 168 C328 216 326 256 338 300 C346 330 352 348 348 366 L318 370 C326 320 304 240 306 164 Z", 0.16)
    sheet.shade(blade((192, 284), (210, 300), (236, 296), 5), 0.2)
    sole = (
        "M38 402 C36 412 44 416 54 416 L204 416 C240 416 256 392 292 380 L350 372 L350 362 C300 372"
        " 262 372 238 388 C222 402 210 404 196 404 Z"
    )
    sheet.fill(sole, SOLE.base)
    sheet.fill(
        "M288 378 L350 370 C350 396 346 412 344 428 L298 428 C298 410 294 392 288 378 Z",
        sheet.gradient([(0, SOLE.lit, 1), (1, SOLE.deep, 1)], (0, 0), (1, 0)),
    )
    if sheet.spec.detail == "welt":
        sheet.stitches("M44 404 L196 406 C240 404 252 376 348 366", "#d9b98a", 0.9)


def _rain(sheet: Sheet) -> None:
    upper = (
        "M48 402 C40 380 56 362 96 352 C136 342 164 330 172 300 C180 260 170 140 160 74 C212 64 280"
        " 64 334 76 C330 150 324 230 336 296 C346 336 356 372 352 404 Z"
    )
    sheet.cast(upper, 5, 4, 0.06)
    sheet.piece(upper, form="round" if sheet.spec.pattern == "plain" else "cloth", scale=1.1, split=236)
    sheet.fill("M160 74 C212 58 280 58 334 76 C280 92 212 90 160 74 Z", sheet.main.line, 0.85)
    band = "M160 74 C212 92 280 92 334 76 L334 96 C280 110 212 110 163 94 Z"
    sheet.fill(band, sheet.second.base)
    sheet.shade("M300 86 L334 76 L334 96 L300 105 Z", 0.2, sheet.second)
    strap = "M334 116 L302 120 L302 134 L334 132 Z"
    sheet.fill(strap, sheet.main.shade)
    sheet.seam(strap, 0.4)
    sheet.line("M174 296 C200 312 230 312 250 298", 2, sheet.main.line, 0.28)
    sheet.line("M104 352 C112 366 114 386 112 404", 2, sheet.main.line, 0.28)
    sheet.fill(
        smooth([(186, 116), (194, 190), (196, 270), (188, 272), (182, 190), (176, 118)], closed=True), "#fff", 0.35
    )
    sheet.fill(blade((66, 376), (104, 358), (152, 346), 6), "#fff", 0.38)
    sheet.shade(blade((174, 300), (200, 320), (232, 314), 6), 0.2)
    if sheet.spec.detail == "pull-tab":
        sheet.line("M238 84 C236 52 256 52 254 84", 7, sheet.second.shade)
    sheet.shade("M48 402 C140 412 260 412 352 404 L352 386 C260 398 140 398 44 386 Z", 0.2)
    sole = (
        "M44 398 C40 410 46 424 58 424 L206 424 C222 424 228 416 240 416 L262 416 L262 428 L350 428"
        " C358 418 358 408 354 398 C260 403 140 403 44 398 Z"
    )
    dark = SOLE if sheet.brightness > 0.36 else RUBBER
    sheet.fill(sole, sheet.gradient([(0, dark.lit, 1), (1, dark.shade, 1)], (0, 0), (0, 1)))
    sheet.line("M66 420 L200 420 M270 424 L346 424", 3, dark.deep, 0.8, dash="6 6", cap="butt")
