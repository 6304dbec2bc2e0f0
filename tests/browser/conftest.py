"""One open shop and one browser for all tests of this folder; every window is looked through for complaints."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.shop import RealShop, real_shop
from tests.browser.window import Window
from tests.chromium import chromium

PATIENCE_MS = 15_000  # a busy machine may take its time; a right answer is right all the same


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealShop]:
    """The small demo shop as `make run` opens it: trained, with its web server and its worker."""
    with real_shop(tmp_path_factory.mktemp("real-shop"), "small") as opened:
        yield opened


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    expect.set_options(timeout=PATIENCE_MS)
    with chromium() as found:
        yield found


@pytest.fixture
def open_window(shop: RealShop, browser: Browser) -> Iterator[Callable[..., Window]]:
    """Open windows of people who have not been here before; what goes wrong in one fails the test."""
    windows: list[Window] = []

    def opened(width: int = 1440, *, scripts: bool = True) -> Window:
        windows.append(Window(browser, shop.address, width, scripts=scripts))
        return windows[-1]

    yield opened
    for window in windows:
        window.close()
    assert [complaint for window in windows for complaint in window.complaints] == []
