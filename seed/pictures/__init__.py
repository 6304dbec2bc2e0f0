"""Product pictures, drawn from words."""

from seed.pictures.colours import COLOURS, swatch
from seed.pictures.drawing import DRAWERS, draw_svg, render, render_widths
from seed.pictures.empty import EMPTY_STATES, draw_empty_state
from seed.pictures.hero import draw_hero
from seed.pictures.mark import draw_favicon, draw_mark
from seed.pictures.spec import PictureSpec
from seed.pictures.vocabulary import KINDS, MATERIALS, PATTERNS

__all__ = [
    "COLOURS",
    "DRAWERS",
    "EMPTY_STATES",
    "KINDS",
    "MATERIALS",
    "PATTERNS",
    "PictureSpec",
    "draw_empty_state",
    "draw_favicon",
    "draw_hero",
    "draw_mark",
    "draw_svg",
    "render",
    "render_widths",
    "swatch",
]
