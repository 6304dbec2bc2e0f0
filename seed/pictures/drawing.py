"""From a spec to a picture: which function draws which kind, and the raster copy."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import resvg_py
from PIL import Image

from seed.pictures.bags import draw_backpack, draw_bag
from seed.pictures.chairs import draw_chair
from seed.pictures.coats import draw_coat
from seed.pictures.desk import draw_candle, draw_notebook
from seed.pictures.dresses import draw_dress
from seed.pictures.hats import draw_hat, draw_scarf
from seed.pictures.knits import draw_knit
from seed.pictures.lamps import draw_lamp
from seed.pictures.packs import draw_bottle, draw_coffee, draw_soap, draw_tin
from seed.pictures.plants import draw_plant
from seed.pictures.pots import draw_mug, draw_teapot, draw_vase
from seed.pictures.sheet import Sheet
from seed.pictures.shoes import draw_boot, draw_sneaker
from seed.pictures.socks import draw_sock
from seed.pictures.soft import draw_blanket, draw_cushion
from seed.pictures.spec import PictureSpec
from seed.pictures.tops import draw_shirt, draw_tee
from seed.pictures.trousers import draw_trousers
from seed.pictures.wrist import draw_glasses, draw_watch

DRAWERS: dict[str, Callable[[Sheet], None]] = {
    "tee": draw_tee,
    "shirt": draw_shirt,
    "knit": draw_knit,
    "dress": draw_dress,
    "trousers": draw_trousers,
    "coat": draw_coat,
    "sneaker": draw_sneaker,
    "boot": draw_boot,
    "sock": draw_sock,
    "bag": draw_bag,
    "backpack": draw_backpack,
    "hat": draw_hat,
    "scarf": draw_scarf,
    "watch": draw_watch,
    "glasses": draw_glasses,
    "lamp": draw_lamp,
    "chair": draw_chair,
    "cushion": draw_cushion,
    "blanket": draw_blanket,
    "vase": draw_vase,
    "plant": draw_plant,
    "mug": draw_mug,
    "teapot": draw_teapot,
    "tin": draw_tin,
    "coffee": draw_coffee,
    "candle": draw_candle,
    "soap": draw_soap,
    "bottle": draw_bottle,
    "notebook": draw_notebook,
}


QUALITY, EFFORT = 82, 2


def draw_svg(spec: PictureSpec) -> str:
    """Draw a product picture as SVG: 400 by 500 units, on its tile.

    Raises
    ------
    KeyError
        If a word of the spec is not in the vocabulary.
    """
    sheet = Sheet(spec)
    DRAWERS[spec.kind](sheet)
    return sheet.svg()


def _raster(svg: str, width: int, height: int) -> Image.Image:
    png = resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(png))) as image:
        return image.convert("RGB")


def _webp(image: Image.Image) -> bytes:
    with io.BytesIO() as out:
        image.save(out, "WEBP", quality=QUALITY, method=EFFORT)
        return out.getvalue()


def render(svg: str, width: int, height: int) -> bytes:
    """Raster an SVG and return it as WebP of ``width`` by ``height`` pixels.

    Raises
    ------
    ValueError
        If the text is not SVG.
    """
    return _webp(_raster(svg, width, height))


def render_widths(svg: str, widths: Sequence[int]) -> dict[int, bytes]:
    """Raster a 4:5 picture once, at the largest width, and scale it down for the others: cheaper than one by one.

    Parameters
    ----------
    svg : str
    widths : sequence of int
        Pixels, for instance (320, 640, 960).

    Returns
    -------
    dict of int to bytes
        WebP for each width; its height is five quarters of that.
    """
    largest = max(widths)
    image = _raster(svg, largest, largest * 5 // 4)
    copies = {}
    for width in widths:
        size = (width, width * 5 // 4)
        copies[width] = _webp(
            image if width == largest else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2)
        )
    return copies
