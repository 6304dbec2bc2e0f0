"""Photograph the running demo shop, every page in both widths and both themes, as a stranger and an owner see it.

``python -m tests.browser.screenshots [OUT] [--size SIZE] [--only WORD ...]``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser

from config import ROOT
from tests.browser import walks
from tests.browser.shop import RealShop, real_shop
from tests.browser.window import HEIGHTS, Window
from tests.chromium import chromium

THEMES = ("light", "dark")
NOWHERE = "/p/999999999"
TASTE_WRONG = "/your-recommendations?preview=1&variety=999"


@dataclass
class Album:
    """Where the pictures go, which are wanted, and what was complained about on the way."""

    folder: Path
    wanted: tuple[str, ...] = ()
    complaints: list[str] = field(default_factory=list)
    n_taken: int = 0

    def take(self, window: Window, name: str, path: str = "") -> None:
        """Photograph the page a window shows, or the one at a path, in every width and theme."""
        if path:
            window.page.goto(path)
        if self.wanted and not any(word in name for word in self.wanted):
            return
        for width, height in HEIGHTS.items():
            window.page.set_viewport_size({"width": width, "height": height})
            window.page.reload()
            window.look_through()
            for theme in THEMES:
                window.page.emulate_media(color_scheme=theme)
                window.page.screenshot(path=self.folder / f"{name}-{width}-{theme}.png", full_page=True)
                self.n_taken += 1
        print(name, flush=True)


def new_guest(album: Album, window: Window, shop: RealShop) -> None:
    """What somebody sees who has not been here before and leaves no trace."""
    album.take(window, "home-new", "/")
    album.take(window, "category", walks.first_link(window.page, "/", ".shelf-grid a"))
    album.take(window, "search", "/search?q=lamp")
    album.take(window, "search-nothing", "/search?q=submarine")
    album.take(window, "cart-empty", "/cart")
    album.take(window, "wishlist-empty", "/wishlist")
    album.take(window, "taste-cold", "/your-recommendations")
    album.take(window, "taste-wrong", TASTE_WRONG)
    window.forgive(TASTE_WRONG)
    album.take(window, "register", "/account/register")
    album.take(window, "sign-in", "/account/sign-in")
    album.take(window, "about-demo", "/about-the-demo")
    album.take(window, "api-docs", "/api/docs")
    album.take(window, "not-found", NOWHERE)
    window.forgive(NOWHERE)


def buyer(album: Album, window: Window, shop: RealShop) -> None:
    """A guest who looks once, rates a few things, fills a cart and buys."""
    page = window.page
    products = walks.product_paths(page)
    album.take(window, "product", products[0])
    album.take(window, "home-one-look", "/")
    for path, stars in zip(products[:3], (5, 4, 2), strict=True):
        walks.rate(page, path, stars)
    album.take(window, "product-rated", products[0])
    album.take(window, "home-rated", "/")
    album.take(window, "taste", "/your-recommendations")
    album.take(window, "taste-tried", "/your-recommendations?preview=1&budget_premium=100&familiar_new=100&variety=75")
    for path in products[:2]:
        walks.put_in_cart(page, path)
    album.take(window, "cart", "/cart")
    for step in walks.check_out(page, "ana@example.com"):
        album.take(window, f"checkout-{step}")


def member(album: Album, window: Window, shop: RealShop) -> None:
    """A shopper of the demo with a past."""
    walks.sign_in(window.page, shop.account("shopper"))
    album.take(window, "home-member", "/")
    album.take(window, "account", "/account")
    album.take(window, "orders", "/account/orders")
    album.take(window, "order", walks.first_link(window.page, "/account/orders", ".order-item a"))
    album.take(window, "reviews", "/account/reviews")
    for path in walks.product_paths(window.page)[:3]:
        walks.save(window.page, path)
    album.take(window, "wishlist", "/wishlist")
    album.take(window, "alerts", "/account/alerts")
    album.take(window, "addresses", "/account/addresses")
    album.take(window, "security", "/account/security")
    album.take(window, "privacy", "/account/privacy")
    album.take(window, "taste-member", "/your-recommendations")


def owner(album: Album, window: Window, shop: RealShop) -> None:
    """Who runs the shop."""
    walks.sign_in(window.page, shop.account("owner"))
    album.take(window, "admin", "/admin/")
    album.take(window, "admin-products", "/admin/products")
    album.take(window, "admin-product", walks.first_link(window.page, "/admin/products", "td a"))
    album.take(window, "admin-orders", "/admin/orders")
    album.take(window, "admin-order", walks.first_link(window.page, "/admin/orders", "td a"))
    walks.make_voucher(window.page, "SPRING", 10)
    album.take(window, "admin-vouchers", "/admin/vouchers")
    album.take(window, "admin-delivery", "/admin/delivery")
    album.take(window, "admin-models", "/admin/models")


VISITORS: tuple[Callable[[Album, Window, RealShop], None], ...] = (new_guest, buyer, member, owner)


def photograph(shop: RealShop, browser: Browser, album: Album) -> None:
    """Send every visitor through the shop."""
    for visit in VISITORS:
        window = Window(browser, shop.address, 1440)
        visit(album, window, shop)
        album.complaints += window.complaints
        window.close()


def main() -> int:
    """Open a demo shop, photograph it, close it; exit status 1 when a page complained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=ROOT / "screenshots")
    parser.add_argument("--size", default="demo", help="size of the demo: small, demo or large")
    parser.add_argument("--only", nargs="*", default=[], help="only pages with one of these words in their name")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    album = Album(options.out, tuple(options.only))
    with tempfile.TemporaryDirectory() as folder, real_shop(Path(folder), options.size) as shop, chromium() as browser:
        photograph(shop, browser, album)
    print("\n".join(album.complaints) or f"{album.n_taken} pictures in {album.folder}, nothing to complain about")
    return 1 if album.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
