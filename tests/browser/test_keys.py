"""Keys alone, from page to page: where the focus is after something changed, and what is said about it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import walks
from tests.browser.shop import RealShop
from tests.browser.window import Window
from tests.chromium import needs_chromium

pytestmark = needs_chromium
OpenWindow = Callable[..., Window]
SEARCH = "/search?q=wool"


def cart_with(page: Page, n: int) -> None:
    """Put some products into the cart and open it."""
    for path in walks.product_paths(page)[:n]:
        walks.put_in_cart(page, path)
    page.goto("/cart")


def test_a_tick_leaves_the_focus_at_the_filter_and_says_how_many_are_left(open_window: OpenWindow) -> None:
    """Filter by filter, without coming back from the top of the page each time."""
    page = open_window().page
    page.goto(SEARCH)
    before = page.locator(".listing-bar .figures").inner_text()
    tick = page.locator("#filters fieldset [type=checkbox]").nth(2)
    name = tick.get_attribute("value")
    walks.tab_to(page, tick)
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(f"={name}"))
    tick = page.locator(f"#filters [type=checkbox][value='{name}']")
    expect(tick).to_be_focused()
    expect(tick).to_be_checked()
    expect(tick).to_be_in_viewport()
    expect(page.locator("#live")).to_have_text(page.locator(".listing-bar .figures").inner_text())
    page.keyboard.press("Space")
    expect(page.locator("#live")).to_have_text(before)
    expect(page.locator(f"#filters [type=checkbox][value='{name}']")).to_be_focused()


def test_both_ends_of_a_price_are_written_before_they_are_sent(open_window: OpenWindow) -> None:
    page = open_window().page
    page.goto(SEARCH)
    walks.tab_to(page, page.get_by_label("From"))
    page.keyboard.type("20")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Up to")).to_be_focused()
    page.wait_for_timeout(300)
    page.keyboard.type("60")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile("price_from=20&price_to=60"))
    expect(page.locator("summary", has_text="Shelf")).to_be_focused()


def test_another_order_leaves_the_focus_where_it_is_chosen(open_window: OpenWindow) -> None:
    """A press of an arrow is a choice: the next press must meet the same box."""
    page = open_window().page
    page.goto(SEARCH)
    walks.tab_to(page, page.get_by_label("Sort by"))
    for n in (1, 2):
        page.keyboard.press("ArrowDown")
        chosen = page.get_by_label("Sort by").locator("option").nth(n).get_attribute("value")
        expect(page).to_have_url(re.compile(f"sort={chosen}$"))
        expect(page.get_by_label("Sort by")).to_be_focused()


def test_the_drawer_of_filters_gives_the_focus_back_to_its_button(open_window: OpenWindow) -> None:
    page = open_window(375).page
    page.goto(SEARCH)
    walks.tab_to(page, page.get_by_role("button", name="Filters"))
    page.keyboard.press("Enter")
    walks.tab_to(page, page.locator("#filters fieldset [type=checkbox]").first)
    page.keyboard.press("Space")
    walks.tab_to(page, page.get_by_role("button", name="Show what fits"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Filters (1)")).to_be_focused()


def test_the_order_of_a_list_has_a_name_on_a_phone(open_window: OpenWindow) -> None:
    """Its label has no room there, but a label that is not displayed names nothing."""
    page = open_window(375).page
    page.goto(SEARCH)
    expect(page.get_by_role("combobox", name="Sort by")).to_be_visible()
    expect(page.locator("label[for='sort']")).not_to_have_css("display", "none")


def test_a_number_in_the_cart_leaves_the_focus_and_says_what_comes_of_it(open_window: OpenWindow) -> None:
    page = open_window(375).page
    cart_with(page, 1)
    walks.tab_to(page, page.get_by_role("button", name="One more"))
    for n in (2, 3):
        page.keyboard.press("Enter")
        total = re.compile(rf"^Quantity {n}\. Total €\d")
        expect(page.locator("#live")).to_have_text(total)
        expect(page.get_by_role("button", name="One more")).to_be_focused()


def test_what_left_the_cart_is_told_where_it_is_put_back(open_window: OpenWindow) -> None:
    page = open_window().page
    cart_with(page, 2)
    walks.tab_to(page, page.get_by_role("button", name=re.compile("^Remove")).first)
    page.keyboard.press("Enter")
    expect(page.locator("[data-gone]")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Put it back")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#notices .notice", has_text="is in your cart.")).to_be_focused()
    page.goto("/cart")
    expect(page.locator("body")).to_be_focused()


def test_another_colour_leaves_the_focus_among_the_colours(open_window: OpenWindow) -> None:
    page = open_window().page
    page.goto("/search?q=cotton")
    page.goto(walks.where(page.locator(".card", has_text="colours").first.locator(".card-link")))
    walks.tab_to(page, page.locator("#options-1 a:not([aria-current])").first)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("variant="))
    expect(page.locator("#options-1 a[aria-current]")).to_be_focused()


@pytest.mark.parametrize("width", [375, 1440])
def test_another_theme_leaves_the_focus_at_the_foot(open_window: OpenWindow, width: int) -> None:
    page = open_window(width).page
    page.goto("/cart")
    walks.tab_to(page, page.get_by_role("button", name="dark"))
    page.keyboard.press("Enter")
    dark = page.get_by_role("button", name="dark", pressed=True)
    expect(dark).to_be_focused()
    expect(dark).to_be_in_viewport()


def test_the_owner_goes_down_the_list_of_products_row_by_row(open_window: OpenWindow, shop: RealShop) -> None:
    """What is saved leaves the focus in its row; what is refused is told at once."""
    page = open_window().page
    walks.sign_in(page, shop.account("owner"))
    page.goto("/admin/products")
    price = page.locator(f"#{page.locator('input[name=price]').nth(8).get_attribute('id')}")
    walks.tab_to(page, price)
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_have_text(re.compile("is saved"))
    expect(price).to_be_focused()
    expect(price).to_be_in_viewport()
    page.keyboard.type("free")
    page.keyboard.press("Enter")
    expect(page.locator("#notices .notice.error")).to_be_focused()
