"""Picture files: four formats are read, whatever is wrong with a file makes it no picture, and nothing is warned of."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recommender.features import pictures
from recommender.features.image import describe_files
from recommender.features.pictures import read_rgb
from webapp.services.upkeep import media

NOISE = np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)


def photo(form: str, **how: object) -> bytes:
    file = BytesIO()
    Image.fromarray(NOISE).save(file, form, **how)
    return file.getvalue()


def with_alpha() -> Image.Image:
    image = Image.fromarray(NOISE).quantize(16)
    image.info["transparency"] = bytes(range(16))
    return image


def damaged_png() -> bytes:
    """The second of the parts that hold its pixels has a name that no part may have."""
    whole = photo("PNG")
    second = whole.index(b"IDAT", whole.index(b"IDAT") + 4)
    return whole[:second] + b"\0" + whole[second + 1 :]


def damaged_at_random(whole: bytes, seed: int) -> bytes:
    random = np.random.default_rng(seed)
    content = np.frombuffer(whole, dtype=np.uint8).copy()
    where = random.integers(0, min(len(content), 400), 5)
    content[where] = random.integers(0, 256, 5)
    return content.tobytes()


@pytest.mark.parametrize("form", pictures.FORMATS)
def test_the_formats_that_are_named_are_read(form: str) -> None:
    assert read_rgb(BytesIO(photo(form)), 8) is not None


@pytest.mark.parametrize("form", ["TIFF", "BMP", "EPS", "ICNS", "DDS", "AVIF", "SPIDER"])
def test_no_other_format_is_opened(form: str) -> None:
    """Some raise errors of their own on damage, and one starts Ghostscript."""
    file = BytesIO()
    image = Image.fromarray(NOISE).convert("F") if form == "SPIDER" else Image.fromarray(NOISE)
    image.save(file, form)
    assert read_rgb(file, 8) is None


def test_the_shop_takes_the_pictures_that_the_library_reads() -> None:
    assert media.FORMATS == pictures.FORMATS


@pytest.mark.parametrize("see_through", [None, 0])
def test_a_grey_picture_of_sixteen_bits_keeps_its_shades(see_through: int | None) -> None:
    shades = np.linspace(0, 65535, 96 * 96).reshape(96, 96)
    file = BytesIO()
    how = {} if see_through is None else {"transparency": see_through}
    Image.fromarray(shades.astype(np.uint16)).save(file, "PNG", **how)
    found = read_rgb(file, 96)
    assert found is not None
    np.testing.assert_allclose(found[..., 0], shades / 65535, atol=0.01)
    kept = media.as_card(file.getvalue())
    assert kept is not None
    with Image.open(BytesIO(kept)) as card:
        inner = np.asarray(card.convert("L"))[40:360]  # paper stands above and below
        assert abs(inner.mean() - 127) < 3


def test_a_file_damaged_inside_is_no_picture(tmp_path: Path) -> None:
    """Pillow calls that a SyntaxError."""
    (tmp_path / "good.png").write_bytes(photo("PNG"))
    (tmp_path / "bad.png").write_bytes(damaged_png())
    descriptors, readable = describe_files([str(tmp_path / "good.png"), str(tmp_path / "bad.png")])
    assert readable.tolist() == [True, False]
    assert not descriptors[1].any()


def test_damage_of_any_kind_ends_nothing() -> None:
    animated = photo("PNG", save_all=True, append_images=[Image.fromarray(NOISE[::-1])])
    for whole in (animated, *(photo(form) for form in pictures.FORMATS)):
        for seed in range(40):
            found = read_rgb(BytesIO(damaged_at_random(whole, seed)), 8)
            assert found is None or found.shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("make", "is_read"),
    [(with_alpha, True), (lambda: Image.new("1", (10_000, 10_000)), False)],
    ids=["a palette with alpha", "a hundred megapixels"],
)
@pytest.mark.parametrize("action", ["error", "always"])
def test_what_pillow_warns_of_reaches_nobody(make: Callable[[], Image.Image], is_read: bool, action: str) -> None:
    file = BytesIO()
    make().save(file, "PNG")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter(action)  # type: ignore[arg-type] # a parameter is no literal
        assert (read_rgb(file, 8) is not None) is is_read
        assert warnings.filters[0][0] == action
    assert not told


def test_many_threads_leave_the_filters_of_warnings_as_they_were() -> None:
    file = photo("PNG")
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read_rgb(BytesIO(file), 8), range(40)))
    assert all(pixels is not None for pixels in found)
    assert warnings.filters == before
