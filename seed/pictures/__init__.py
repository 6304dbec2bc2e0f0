"""Product pictures, drawn from words."""

from seed.pictures.colours import COLOURS, swatch
from seed.pictures.drawing import DRAWERS, draw_svg, render
from seed.pictures.spec import PictureSpec
from seed.pictures.vocabulary import KINDS, MATERIALS, PATTERNS

__all__ = [
    "COLOURS",
    "DRAWERS",
    "KINDS",
    "MATERIALS",
    "PATTERNS",
    "PictureSpec",
    "draw_svg",
    "render",
    "swatch",
]
