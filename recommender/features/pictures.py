"""Reading picture files for the encoders."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np

from recommender.types import FloatMatrix

MAX_PIXELS = 50_000_000
Picture = str | Path | IO[bytes]


def read_rgb(picture: Picture, side: int) -> FloatMatrix | None:
    """Pixels of 0..1, shape (side, side, 3), or None when this is no readable picture of bearable size."""
    from PIL import Image, UnidentifiedImageError

    if not picture:
        return None
    try:
        with Image.open(picture) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                return None
            opened.draft("RGB", (side * 2, side * 2))
            small = opened.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError):
        return None
    return np.asarray(small, dtype=np.float32) / 255.0
