"""Photographs of the pages: each in both widths and both themes, whole, and not alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.browser.screenshots import Album, new_guest
from tests.browser.shop import RealShop
from tests.browser.window import Window
from tests.chromium import needs_chromium

pytestmark = needs_chromium


def pixels(path: Path) -> Image.Image:
    """Read a picture and close its file."""
    with Image.open(path) as picture:
        return picture.convert("RGB")


def test_a_page_is_photographed_in_every_width_and_theme(
    tmp_path: Path, shop: RealShop, open_window: Callable[..., Window]
) -> None:
    window, album = open_window(), Album(tmp_path, ("category", "not-found"))
    new_guest(album, window, shop)
    taken = {path.stem: pixels(path) for path in tmp_path.iterdir()}
    names = {f"{page}-{width}-{theme}" for page in album.wanted for width in (375, 1440) for theme in ("light", "dark")}
    assert set(taken) == names
    assert all(picture.width == int(name.split("-")[-2]) for name, picture in taken.items())
    assert taken["category-375-light"].height > 2000
    assert taken["category-375-light"].getpixel((0, 400)) != taken["category-375-dark"].getpixel((0, 400))
