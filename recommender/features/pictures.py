"""Reading picture files for the encoders."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING

import numpy as np

from recommender.types import FloatMatrix

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # one of the others starts Ghostscript; the shop takes the same
Picture = str | Path | IO[bytes]


def read_rgb(picture: Picture, side: int) -> FloatMatrix | None:
    """Pixels of 0..1, shape (side, side, 3), or None when this is no readable picture of bearable size.

    The picture is upright, and white where it can be seen through.
    """
    from PIL import Image

    if not picture:
        return None
    try:
        with _QUIET.inside(), Image.open(picture, formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                return None
            opened.draft("RGB", (side * 2, side * 2))
            plain = _in_eight_bits(opened)
            see_through = plain.has_transparency_data
            small = plain.convert("RGBA" if see_through else "RGB").resize((side, side), Image.Resampling.BILINEAR)
            upright = _on_white(_upright(small))
    except Exception:  # on damage Pillow raises whatever its decoder trips over, a SyntaxError among others
        return None
    return np.asarray(upright, dtype=np.float32) / 255.0


def _in_eight_bits(image: Image) -> Image:
    """A grey picture of 16 bits with the upper eight of them: Pillow would take all above 255 for white."""
    if not image.mode.startswith("I"):
        return image
    grey = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    grey.info.pop("transparency", None)
    return grey


def _upright(image: Image) -> Image:
    """Turned as the camera says; as it is where that cannot be read."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # as above: what a camera wrote may be damaged in a picture that is whole
        return image


def _on_white(image: Image) -> Image:
    if image.mode != "RGBA":
        return image
    from PIL import Image

    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


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
