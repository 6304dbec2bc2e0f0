"""Product pictures, drawn from words."""

from seed.pictures.colours import COLOURS, swatch
from seed.pictures.spec import PictureSpec
from seed.pictures.vocabulary import KINDS, MATERIALS, PATTERNS

__all__ = ["COLOURS", "KINDS", "MATERIALS", "PATTERNS", "PictureSpec", "swatch"]
