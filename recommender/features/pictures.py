"""Reading picture files for the encoders."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import IO

import numpy as np

from recommender.types import FloatMatrix

MAX_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # one of the others starts Ghostscript; the shop takes the same
Picture = str | Path | IO[bytes]


def read_rgb(picture: Picture, side: int) -> FloatMatrix | None:
    """Pixels of 0..1, shape (side, side, 3), or None when this is no readable picture of bearable size."""
    from PIL import Image

    if not picture:
        return None
    try:
        with _QUIET.inside(), Image.open(picture, formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                return None
            opened.draft("RGB", (side * 2, side * 2))
            small = opened.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
    except Exception:  # on damage Pillow raises whatever its decoder trips over, a SyntaxError among others
        return None
    return np.asarray(small, dtype=np.float32) / 255.0


class _Quiet:
    """Keeps Pillow's warnings from everybody: a catalogue holds odd pictures, and whoever fits it can mend none.

    The filters belong to the process and many threads read pictures: the first one inside puts the filter up and the
    last one takes it down, so that no thread brings back what another had put up.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._n_inside = 0
        self._before = warnings.catch_warnings()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """No warning of Pillow is seen in here."""
        with self._lock:
            self._n_inside += 1
            if self._n_inside == 1:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
        try:
            yield
        finally:
            with self._lock:
                self._n_inside -= 1
                if not self._n_inside:
                    self._before.__exit__(None, None, None)


_QUIET = _Quiet()
