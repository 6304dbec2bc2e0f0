"""Product pictures, drawn from words."""

from seed.pictures.spec import PictureSpec

__all__ = ["PictureSpec"]
