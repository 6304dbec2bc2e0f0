"""The open shop as people meet it: on a phone and at a desk, with scripts and without, with a mouse and with keys."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import walks
from tests.browser.shop import Account, RealShop
from tests.browser.window import Window
from tests.chromium import needs_chromium

pytestmark = needs_chromium
OpenWindow = Callable[..., Window]
EMAIL = "ana@example.com"
ORDER = re.compile(r"Order \d{4}-[A-Z0-9]{8}\. News of it goes to ana@example\.com\.")


def expect_picks_with_true_reasons(page: Page, touched: set[str], stars: int) -> None:
    """Reasons name something, only what this visitor touched, and only with the stars it was given."""
    picks = page.locator("[data-rail='for_you']")
    expect(picks).to_be_visible()
    named = walks.named_in_reasons(page)
    assert named
    assert named <= touched
    told = [line for line in picks.locator(".card-text > .reason").all_inner_texts() if "gave" in line]
    assert all(line.endswith(f"{stars} stars") for line in told)


def expect_an_order(page: Page) -> None:
    """The confirmation names the order, and the cart is empty."""
    expect(page.get_by_text(ORDER)).to_be_visible()
    walks.expect_in_cart(page, 0)


def test_a_long_name_and_the_way_back_stand_beside_each_other_at_the_till_of_a_phone(open_window: OpenWindow) -> None:
    """In German the two touched, and on a narrow phone the page could be pushed sideways."""
    window = open_window(375)
    page = window.page
    walks.put_in_cart(page, walks.product_paths(page)[0])
    page.set_extra_http_headers({"Accept-Language": "de"})
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto("/checkout/contact")
    page.locator(".header-slim .wordmark").evaluate("(name) => { name.lastChild.data = 'Müllers Lädchen'; }")
    back = page.locator(".header-slim .header-link span")
    expect(back).to_have_text("Zurück zum Warenkorb")
    name, words = page.locator(".header-slim .wordmark").bounding_box(), back.bounding_box()
    assert name
    assert words
    assert name["x"] + name["width"] + 12 <= words["x"]
    assert words["x"] + words["width"] <= 320
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_office_keeps_within_the_margins_of_a_phone(open_window: OpenWindow, shop: RealShop) -> None:
    """The name of the owner touched the way to the shop, which reached beyond the margin as the dots of lists did."""
    page = open_window(375).page
    walks.sign_in(page, shop.account("owner"))
    page.set_extra_http_headers({"Accept-Language": "de"})
    page.goto("/admin/models")
    name, way = (page.locator(f".header-links {one}").bounding_box() for one in (".muted", ".header-link"))
    main = page.locator("main").bounding_box()
    assert name
    assert way
    assert main
    assert name["x"] + name["width"] + 8 <= way["x"]
    assert way["x"] + way["width"] <= 375 - 16
    page.goto(walks.first_link(page, "/admin/models", "a[href^='/admin/models/2']"))
    indent = page.locator("article ul").last.evaluate("(list) => parseFloat(getComputedStyle(list).paddingInlineStart)")
    assert indent >= 16


@pytest.mark.parametrize("width", [375, 1440])
def test_a_guest_rates_is_understood_and_buys(open_window: OpenWindow, width: int) -> None:
    window = open_window(width)
    page = window.page
    path = walks.product_paths(page)[0]
    window.look_through()
    before = walks.cards_shown(page)
    expect(page.locator("[data-rail='for_you']")).to_have_count(0)

    walks.rate(page, path, 5)
    window.look_through()
    page.goto("/")
    window.look_through()
    assert walks.cards_shown(page) != before
    expect_picks_with_true_reasons(page, {path}, 5)

    walks.put_in_cart(page, path)
    for _step in walks.check_out(page, EMAIL):
        window.look_through()
    expect_an_order(page)


def test_show_more_adds_the_next_page_below_and_the_address_follows(open_window: OpenWindow) -> None:
    page = open_window().page
    page.goto("/search?in_stock=1")
    listed = page.locator("[data-rail='listing'] > li")
    first = listed.count()
    page.get_by_role("link", name="Show more").click()
    expect(page).to_have_url(re.compile(r"page=2"))
    expect(listed).not_to_have_count(first)
    ids = [card.get_attribute("data-card") for card in page.locator("[data-rail='listing'] [data-card]").all()]
    assert first < len(ids) <= 2 * first
    assert len(set(ids)) == len(ids)
    expect(listed.nth(first).locator(".card-link")).to_be_focused()
    expect(page.locator(".pager [aria-current]")).to_contain_text("2")
    expect(page.locator("#live")).to_have_text(f"{len(ids) - first} more are shown.")


def test_show_more_is_a_link_to_the_next_page_without_scripts(open_window: OpenWindow) -> None:
    page = open_window(scripts=False).page
    page.goto("/search?in_stock=1")
    page.get_by_role("link", name="Show more").click()
    expect(page).to_have_url(re.compile(r"page=2"))
    expect(page.locator("[data-rail='listing'] > li").first).to_be_visible()


def test_stars_on_the_first_page_bring_picks_without_a_reload(open_window: OpenWindow) -> None:
    page = open_window().page
    page.goto("/")
    question = page.locator(".starter-item").first
    path = walks.where(question.locator("a"))
    question.locator("button[value='4']").click()
    expect(page.locator("#live")).to_contain_text("Your picks have changed.")
    expect_picks_with_true_reasons(page, {path}, 4)


@pytest.mark.parametrize("width", [375, 1440])
def test_without_scripts_a_guest_rates_and_buys_all_the_same(open_window: OpenWindow, width: int) -> None:
    window = open_window(width, scripts=False)
    page = window.page
    path = walks.product_paths(page)[0]
    window.look_through()
    walks.rate(page, path, 4)
    page.goto("/")
    window.look_through()
    expect_picks_with_true_reasons(page, {path}, 4)
    walks.put_in_cart(page, path)
    for _step in walks.check_out(page, EMAIL):
        window.look_through()
    expect_an_order(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_owner_makes_a_voucher_and_a_guest_buys_with_it(
    shop: RealShop, open_window: OpenWindow, scripts: bool
) -> None:
    code = f"WALK-{secrets.token_hex(4)}".upper()
    office = open_window(1440, scripts=scripts)
    walks.sign_in(office.page, shop.account("owner"))
    walks.make_voucher(office.page, code, 25)
    window = open_window(375, scripts=scripts)
    page = window.page
    walks.put_in_cart(page, walks.product_paths(page)[0])
    walks.enter_voucher(page, code.lower())
    window.look_through()
    discount = page.locator(".cart-side .sums").get_by_text(f"Discount ({code})")
    expect(discount).to_be_visible()
    page.locator(".cart-side").get_by_role("button", name=f"Remove {code}").click()
    expect(discount).to_have_count(0)
    walks.enter_voucher(page, "no-such-code")
    expect(page.locator(".cart-side .error-text")).to_have_text("We do not know this code.")
    window.forgive("/cart/voucher")
    walks.enter_voucher(page, code)
    for step in walks.check_out(page, EMAIL):
        if step == "review":
            page.locator(".order-fold summary").click()
            expect(page.locator(".order-fold").get_by_text(f"Discount ({code})")).to_be_visible()
    expect_an_order(page)


def test_back_past_a_refused_step_of_the_checkout_leads_to_the_step(open_window: OpenWindow) -> None:
    """No browser keeps it, and Chrome asked whether the form is to be sent again."""
    window = open_window()
    page = window.page
    walks.put_in_cart(page, walks.product_paths(page)[0])
    page.goto("/checkout/contact")
    for email in ("=?x@example.com", "ana@example.com"):
        page.get_by_label("E-mail").fill(email)
        page.locator("main form button").last.click()
        page.wait_for_load_state()
    expect(page).to_have_url(re.compile("/checkout/delivery$"))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Where shall we write to?")
    window.forgive("422")


@pytest.mark.parametrize("scripts", [True, False])
def test_what_was_removed_is_put_back_and_what_is_saved_waits(open_window: OpenWindow, scripts: bool) -> None:
    page = open_window(375, scripts=scripts).page
    walks.put_in_cart(page, walks.product_paths(page)[0])
    page.goto("/cart")
    page.get_by_role("button", name=re.compile("^Remove ")).click()
    walks.expect_in_cart(page, 0)
    page.get_by_role("button", name="Put it back").click()
    walks.expect_in_cart(page, 1)
    page.get_by_role("button", name=re.compile("^Save for later")).click()
    walks.expect_in_cart(page, 0)
    page.goto("/wishlist")
    expect(page.locator(".card")).to_have_count(1)


def press(page: Page, goal: Locator) -> None:
    """Reach a control with Tab and press Enter."""
    walks.tab_to(page, goal)
    page.keyboard.press("Enter")


def test_keys_alone_are_enough_to_buy(open_window: OpenWindow) -> None:
    page = open_window().page
    page.goto(walks.product_paths(page)[0])
    press(page, page.locator(".buy").get_by_role("button", name="Add to cart"))
    walks.expect_in_cart(page, 1)
    press(page, page.locator(".toast").get_by_role("link", name="Go to cart"))
    press(page, page.get_by_role("link", name="Go to checkout").first)
    walks.tab_to(page, page.get_by_label("E-mail address"))
    page.keyboard.type(EMAIL)
    page.keyboard.press("Enter")
    for label, text in walks.ADDRESS.items():
        walks.tab_to(page, page.get_by_label(label))
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    press(page, page.get_by_role("button", name="Go on to the last look"))
    press(page, page.get_by_role("button", name=re.compile("^Pay ")))
    press(page, page.get_by_role("button", name="It goes through", exact=True))
    expect_an_order(page)


def test_what_a_guest_did_is_in_the_account_on_every_device(open_window: OpenWindow) -> None:
    account = Account(f"{secrets.token_hex(6)}@example.com", "a quiet winter evening")
    here = open_window(375)
    rated, wanted = walks.product_paths(here.page)[:2]
    walks.rate(here.page, rated, 5)
    walks.put_in_cart(here.page, wanted)
    walks.register(here.page, account)
    walks.sign_in(here.page, account)
    walks.expect_in_cart(here.page, 1)

    there = open_window(1440)
    walks.sign_in(there.page, account)
    expect(there.page.get_by_role("heading", level=1)).to_have_text("Good to see you, Ana Weber")
    expect_picks_with_true_reasons(there.page, {rated, wanted}, 5)
    there.page.goto("/cart")
    expect(there.page.locator(f".cart-what a[href='{wanted}']")).to_be_visible()
    there.page.goto("/your-recommendations")
    expect(there.page.locator(f".signals[open] .signal a[href='{rated}']")).to_be_visible()


def test_a_wrong_field_is_told_in_the_language_of_the_page(open_window: OpenWindow) -> None:
    """A German page in an English browser, and the other way round, says it in its own language."""
    page = open_window(375).page
    page.goto("/account/register")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("button", name="Deutsch", pressed=True)).to_be_focused()  # the scripts are there
    page.get_by_label("E-Mail-Adresse").fill("ana")
    page.get_by_label("Passwort").fill("short")
    page.get_by_role("button", name="Konto anlegen").click()
    told = page.locator("main .error-text")
    expect(told).to_have_text(
        ["Das fehlt noch.", "Das sieht nicht nach einer E-Mail-Adresse aus.", "Verwenden Sie mindestens 8 Zeichen."]
    )
    expect(page.get_by_label("Name")).to_be_focused()


def test_text_twice_as_large_needs_no_scrolling_to_the_side(open_window: OpenWindow) -> None:
    """What is set to 200 % in the browser of a phone still fits its width, the cart in the header included."""
    page = open_window(375).page
    for path in [*walks.product_paths(page)[:1], "/", "/search?q=lamp", "/cart", "/your-recommendations"]:
        page.goto(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
