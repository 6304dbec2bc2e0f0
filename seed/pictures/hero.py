"""The picture over the home page: a quiet still life of things from the shop."""

from __future__ import annotations

import re

from seed.pictures.colours import hex_of
from seed.pictures.drawing import DRAWERS
from seed.pictures.paths import number
from seed.pictures.sheet import Sheet
from seed.pictures.spec import PictureSpec

WIDTH, HEIGHT = 1200, 520
TABLE_Y = 452

# From back to front: the thing, the x of its middle, its size, and where its foot is in its own tile.
THINGS: tuple[tuple[PictureSpec, float, float, float], ...] = (
    (PictureSpec("plant", "monstera", "clay", "oat", "plain", "terracotta"), 196, 0.94, 462),
    (PictureSpec("lamp", "mushroom", "oat", "camel", "plain", "glass", "brass"), 908, 0.86, 446),
    (PictureSpec("blanket", "folded", "sage", "chalk", "plain", "lambswool", "fringe"), 648, 0.62, 404),
    (PictureSpec("vase", "bottle", "ink", "oat", "plain", "stoneware"), 424, 0.74, 449),
    (PictureSpec("vase", "bulb", "rust", "oat", "plain", "stoneware", "ribbed"), 516, 0.58, 436),
    (PictureSpec("hat", "brim", "sand", "forest", "plain", "straw", "band"), 652, 0.56, 372),
    (PictureSpec("candle", "jar", "forest", "honey", "plain", "soy wax", "label"), 1062, 0.46, 432),
    (PictureSpec("mug", "round", "mustard", "chalk", "dot", "stoneware"), 800, 0.42, 396),
)
LONG_PATH = re.compile(r'd="[^"]{90,}"')
DECIMAL = re.compile(r"-?\d*\.\d+")
ABOVE: dict[str, float] = {"hat": 150.0}


def _thing(number_of: int, spec: PictureSpec, x: float, size: float, foot: float) -> str:
    sheet = Sheet(spec, ids=f"h{number_of}")
    DRAWERS[spec.kind](sheet)
    dx, dy = x - 200 * size, TABLE_Y - ABOVE.get(spec.kind, 0.0) - foot * size
    return f'<g transform="translate({number(dx)} {number(dy)}) scale({size:g})">{_coarse(sheet.markup())}</g>'


def _rising(cx: float, cy: float, radius: float) -> str:
    """Return the part of a disc that stands above the table."""
    level = TABLE_Y - 26
    half = (radius**2 - (level - cy) ** 2) ** 0.5
    return f"M{number(cx - half)} {level}A{radius} {radius} 0 1 1 {number(cx + half)} {level}Z"


def _coarse(markup: str) -> str:
    """Round the coordinates of long paths to whole units: things are drawn smaller here, and the page loads sooner."""
    return LONG_PATH.sub(lambda path: DECIMAL.sub(lambda found: str(round(float(found.group()))), path.group()), markup)


def draw_hero() -> str:
    """Draw the still life as SVG, 1200 by 520 units, on no ground: it lies on light and on dark paper.

    The wall behind it is a large pale sun and the table a thin slab, both half transparent.
    """
    sun, slab, edge = hex_of((0.82, 0.085, 78)), hex_of((0.70, 0.045, 68)), hex_of((0.62, 0.05, 62))
    parts = [
        f'<path d="{_rising(690, 300, 250)}" fill="{sun}" fill-opacity=".20"/>',
        f'<path d="{_rising(300, 330, 170)}" fill="{hex_of((0.70, 0.05, 160))}" fill-opacity=".14"/>',
        f'<path d="M0 {TABLE_Y - 26}H{WIDTH}V{TABLE_Y + 22}H0z" fill="{slab}" fill-opacity=".34"/>',
        f'<path d="M0 {TABLE_Y + 22}H{WIDTH}V{TABLE_Y + 34}H0z" fill="{edge}" fill-opacity=".55"/>',
    ]
    parts += [_thing(place, *thing) for place, thing in enumerate(THINGS)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"'
        f' height="{HEIGHT}">{"".join(parts)}</svg>'
    )
