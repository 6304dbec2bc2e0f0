"""What the small modules add in a real browser, and that nothing is lost without them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.chromium import chromium, needs_chromium
from webapp.viewmodels import RailsPartial, TuneCategory

from . import pages, tastes
from .gallery import SCENES
from .preview import check, served, serving_app, violations
from .samples import MEMBER, THINGS, rail
from .site import render

pytestmark = needs_chromium
WIDTHS = (320, 768, 1440)
PAPER_WIDTH = 673  # of A4 less its margins, in pixels
LONG_WORD = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 3
# Gives every product that a page names one other name.
RENAME = """
([names, name]) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const old of names) texts.currentNode.data = texts.currentNode.data.replaceAll(old, name);
  }
}
"""
N_LINES = """
(element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  return new Set([...range.getClientRects()].map((box) => box.top)).size;
}
"""


class Shop:
    """The previews with answers to what the modules ask for; ``calls`` holds what they sent."""

    def __init__(self) -> None:
        self.app: Flask = serving_app()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        self.answers = {
            "api.feedback": {"recommendations_changed": True},
            "api.events": {"accepted": 1},
            "cart.add": {"n_cart": 4, "message": "Added: Tide mug"},
            "account.wish": {"n_wishlist": 13, "message": "Saved"},
            "taste.feedback": {"message": "It will not be shown again.", "product_id": 1},
            "taste.forget": {"message": "Left out from now on."},
            "shop.suggest": {
                "groups": [
                    {
                        "label": "Products",
                        "items": [
                            {"label": "Tide mug", "url": "/scene/product", "image_url": None, "detail": "€18.00"},
                            {"label": "Tide bowl", "url": "/scene/product-bare", "image_url": None, "detail": "€24.00"},
                        ],
                    }
                ]
            },
        }
        for endpoint in self.answers:
            self.app.view_functions[endpoint] = self._answering(endpoint)
        self.app.view_functions["shop.rails"] = self._rails

    def _answering(self, endpoint: str):
        def view(**path: Any) -> Response:
            sent = request.get_json(silent=True) or request.values.to_dict()
            self.calls.append((endpoint, {**path, **sent, "token": request.headers.get("X-CSRFToken")}))
            body = self.answers[endpoint] if self.status == 200 else {"detail": "Not today."}
            response = jsonify(body)
            response.status_code = self.status if request.method == "POST" else 200
            return response

        return view

    def _rails(self) -> str:
        fresh = rail("for_you", "Picked for you", 3, note="From 15 things you did here.")
        return render(self.app, "shop/rails.html", RailsPartial(rails=(fresh, pages.HOME_RAILS[1])), path="/rails")

    def sent(self, endpoint: str) -> list[dict[str, Any]]:
        """Return the bodies that came to one endpoint."""
        return [body for name, body in self.calls if name == endpoint]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def address(shop: Shop) -> Iterator[str]:
    with served(shop.app) as url:
        yield url


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab that fails the test when the console complains, refused styles and scripts included."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield page
    context.close()
    assert [line for line in complaints if "status of 409" not in line] == []


def test_one_press_on_a_star_rates_and_changes_the_rails(shop: Shop, address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home-cold")
    form = tab.locator("[data-rate]").first
    form.locator("button[value='4']").click()
    expect(form.locator("button[value='4']")).to_have_attribute("aria-pressed", "true")
    expect(tab.locator("#live")).to_have_text(
        "Thank you. 4 of 5 for Harbour knit jumper with a rolled collar and ribbed cuffs, oat. Your picks have changed."
    )
    expect(tab.locator("#rail-for_you")).to_be_visible()
    (body,) = shop.sent("api.feedback")
    assert (body["product_id"], body["rating"], body["token"]) == (4, 4, "token-of-the-test")
    assert len(body["event_id"]) >= 32


def test_a_search_that_finds_nothing_gets_its_rails_once_it_is_there(shop: Shop, address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/search-nothing")
    expect(tab.locator(".rails [data-rail]")).to_have_count(2)
    tab.locator(".rail:last-child .round-button").last.click()
    expect(tab.locator(".rail:last-child .rail-track")).not_to_have_js_property("scrollLeft", 0)


def test_rating_that_fails_is_taken_back_and_said(shop: Shop, address: str, tab: Page) -> None:
    shop.status = 409
    tab.goto(f"{address}/scene/product")
    tab.locator("[data-rate] button[value='1']").click()
    expect(tab.locator(".toast")).to_contain_text("Not today.")
    expect(tab.locator("[data-rate] button[value='4']")).to_have_attribute("aria-pressed", "true")


def test_cart_fills_without_leaving_the_page(shop: Shop, address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/product")
    tab.get_by_role("button", name="One more: How many", exact=True).click()
    tab.locator(".buy").get_by_role("button", name="Add to cart").click()
    expect(tab.locator("[data-n-cart]")).to_have_text("4")
    expect(tab.locator(".toast")).to_contain_text("Added: Tide mug")
    assert shop.sent("cart.add")[0]["quantity"] == "2"
    assert tab.url.endswith("/scene/product")


def test_the_page_one_goes_back_to_knows_what_is_in_the_cart_by_now(shop: Shop, address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home")
    before = tab.locator("[data-n-cart]").text_content()
    tab.goto(f"{address}/scene/product")
    not_yet = tab.locator("[data-n-cart]").text_content()
    tab.locator(".buy").get_by_role("button", name="Add to cart").click()
    expect(tab.locator("[data-n-cart]")).not_to_have_text(not_yet)
    now = tab.locator("[data-n-cart]").text_content()
    assert now != before
    tab.go_back()
    expect(tab).to_have_url(f"{address}/scene/home")
    expect(tab.locator("[data-n-cart]")).to_have_text(now)
    tab.reload()
    expect(tab.locator("[data-n-cart]")).to_have_text(before)


def test_a_filter_one_has_gone_back_from_is_not_ticked(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/category")
    box = tab.get_by_role("checkbox", name="Bowls")
    box.evaluate("box => { box.checked = true; }")
    tab.goto(f"{address}/scene/home")
    tab.go_back()
    expect(box).not_to_be_checked()


def test_dismissed_card_can_be_brought_back(shop: Shop, address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home")
    card = tab.locator("[data-rail='for_you'] [data-card='1']")
    card.locator(".more > summary").click()
    card.get_by_role("button", name="Not interested").click()
    expect(tab.locator("[data-rail='for_you'] [data-card='1']")).to_have_count(0)
    expect(tab.locator("[data-rail='for_you'] .rail-note")).to_have_text("From 15 things you did here.")
    tab.locator(".toast button").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".toast")).to_have_text("Put back.")
    expect(tab.locator("[data-rail='for_you'] h2")).to_be_focused()
    assert [(b["product_id"], b["kind"]) for b in shop.sent("taste.feedback")] == [("1", "dismiss"), ("1", "undo")]


def test_signal_can_be_left_out_from_the_card(shop: Shop, address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home")
    dialog = why(tab, 1)
    expect(dialog).to_contain_text("Alder overshirt")
    dialog.get_by_role("button", name=re.compile("Leave this out.*Oslo desk lamp")).click()
    expect(dialog).to_be_hidden()
    expect(tab.locator(".toast")).to_contain_text("Left out")
    assert shop.sent("taste.forget")[0]["product_id"] == "2"


def why(tab: Page, product_id: int) -> Locator:
    """Ask a card why it is there."""
    card = tab.locator(f"[data-rail='for_you'] [data-card='{product_id}']")
    card.locator(".more > summary").click()
    card.locator("[data-why] > summary").click()
    dialog = tab.get_by_role("dialog", name="Why this?")
    expect(dialog).to_be_visible()
    return dialog


@pytest.mark.parametrize("way", ["Escape", "button", "beside it"])
def test_the_dialog_closes_and_the_focus_is_where_it_was_asked(address: str, tab: Page, way: str) -> None:
    tab.goto(f"{address}/scene/home")
    dialog = why(tab, 2)
    if way == "Escape":
        tab.keyboard.press("Escape")
    elif way == "button":
        dialog.get_by_role("button", name="Close").click()
    else:
        tab.mouse.click(5, 5)
    expect(dialog).to_be_hidden()
    expect(tab.locator("[data-rail='for_you'] [data-card='2'] .more > summary")).to_be_focused()


def test_everything_in_the_dialog_can_be_reached_with_tab(address: str, tab: Page) -> None:
    """Also for a card of which nothing can be reached, because another one of its rail has the place."""
    tab.goto(f"{address}/scene/home")
    tab.locator("[data-rail='for_you'] [data-card='1'] .card-link").focus()
    dialog = why(tab, 2)
    expect(dialog.get_by_role("button")).not_to_have_count(0)
    assert dialog.locator("[tabindex]").count() == 0


def test_a_gift_can_be_named_from_the_reason_and_taken_back(shop: Shop, address: str, tab: Page) -> None:
    shop.answers["taste.feedback"] = {"message": "A gift, then.", "product_id": 2}
    tab.goto(f"{address}/scene/home")
    why(tab, 1).get_by_role("button", name=re.compile("It was a gift.*Oslo desk lamp")).click()
    expect(tab.locator(".toast")).to_contain_text("A gift, then.")
    tab.locator(".toast button").click()
    expect(tab.locator(".toast")).to_have_text("Put back.")
    assert [(b["product_id"], b["kind"]) for b in shop.sent("taste.feedback")] == [("2", "gift"), ("2", "undo")]


def test_a_slider_says_where_it_stands_and_what_would_change(shop: Shop, address: str, tab: Page) -> None:
    tries: list[dict[str, list[str]]] = []

    def show() -> str:
        tries.append(request.args.to_dict(flat=False))
        return render(shop.app, "taste/show.html", tastes.taste_preview)

    shop.app.view_functions["taste.show"] = show
    tab.goto(f"{address}/scene/taste")
    slider = tab.get_by_label("Price")
    slider.focus()
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "much less")
    expect(tab.locator("#word-budget_premium")).to_have_text("much less")
    expect(tab.locator("#live")).to_have_text(tastes.PREVIEW.summary)
    expect(tab.locator("#preview ol").nth(1)).to_contain_text("Walden notebook, leaf new here")
    expect(slider).to_be_focused()
    (asked,) = tries
    assert (asked["preview"], asked["budget_premium"]) == (["1"], ["0"])
    assert asked["category-home"] == ["more"]
    assert "category-shoes" not in asked
    assert "csrf_token" not in asked


def test_what_is_saved_is_sent_once_and_said(shop: Shop, address: str, tab: Page) -> None:
    shop.app.view_functions["taste.tune"] = shop._answering("taste.tune")
    shop.answers["taste.tune"] = {"message": "Saved."}
    tab.goto(f"{address}/scene/taste")
    tab.get_by_role("button", name="Save", exact=True).click()
    expect(tab.locator(".toast")).to_contain_text("Saved.")
    (sent,) = shop.sent("taste.tune")
    assert (sent["variety"], sent["brand"], sent["category-boots"]) == ("50", "alder", "never")
    assert "same" not in sent.values()  # of a form with a thousand shelves the server would take nothing


def test_a_shelf_is_found_in_place_with_what_is_not_saved_yet(shop: Shop, address: str, tab: Page) -> None:
    asked: list[dict[str, list[str]]] = []

    def show() -> str:
        asked.append(request.args.to_dict(flat=False))
        found = replace(tastes.taste_many_shelves.tuning, categories=(TuneCategory("hats", "Hats"),))
        return render(shop.app, "taste/show.html", replace(tastes.taste_many_shelves, tuning=found))

    shop.app.view_functions["taste.show"] = show
    tab.goto(f"{address}/scene/taste-many-shelves")
    tab.get_by_label("Desk and paper", exact=True).select_option("less")
    expect(tab.locator("#preview")).not_to_have_class("is-waiting")
    tab.get_by_label("Find a shelf").fill("ha")
    tab.keyboard.press("Enter")
    expect(tab.get_by_label("Hats")).to_be_visible()
    expect(tab.get_by_label("Find a shelf")).to_be_focused()
    expect(tab.locator("#live")).to_have_text("One shelf fits.")
    assert (asked[-1]["shelf"], asked[-1]["category-desk"], asked[-1]["preview"]) == (["ha"], ["less"], ["1"])


def shelves_that_are_found_late(shop: Shop, tab: Page) -> list[Route]:
    """Keep back the first try; the others answer with one shelf."""
    found = replace(tastes.taste_many_shelves.tuning, categories=(TuneCategory("hats", "Hats"),))
    shown = replace(tastes.taste_many_shelves, tuning=found)
    shop.app.view_functions["taste.show"] = lambda: render(shop.app, "taste/show.html", shown)
    held: list[Route] = []
    tab.route("**preview=1**", lambda route: route.continue_() if held else held.append(route))
    return held


def test_a_slider_that_is_moved_while_a_shelf_is_looked_for_does_not_drop_it(
    shop: Shop, address: str, tab: Page
) -> None:
    held = shelves_that_are_found_late(shop, tab)
    tab.goto(f"{address}/scene/taste-many-shelves")
    tab.get_by_label("Find a shelf").fill("ha")
    with tab.expect_request("**preview=1**"):
        tab.keyboard.press("Enter")
    slider = tab.get_by_label("Price")
    slider.focus()
    tab.keyboard.press("ArrowLeft")
    expect(tab.get_by_label("Hats")).to_be_visible()
    assert held
    expect(slider).to_be_focused()
    expect(tab.locator("#live")).to_have_text("One shelf fits.")


def test_a_shelf_that_is_set_while_another_is_looked_for_stays_set(shop: Shop, address: str, tab: Page) -> None:
    """The answer on its way knows nothing of it: the list waits for the try that does."""
    held = shelves_that_are_found_late(shop, tab)
    tab.goto(f"{address}/scene/taste-many-shelves")
    tab.get_by_label("Find a shelf").fill("ha")
    with tab.expect_request("**preview=1**"):
        tab.keyboard.press("Enter")
    with tab.expect_request("**category-desk=less**"):
        tab.get_by_label("Desk and paper", exact=True).select_option("less")
        held[0].continue_()
        expect(tab.get_by_label("Desk and paper", exact=True)).to_have_value("less")
    expect(tab.get_by_label("Hats")).to_be_visible()


def test_what_is_typed_while_a_shelf_is_looked_for_stays_typed(shop: Shop, address: str, tab: Page) -> None:
    held = shelves_that_are_found_late(shop, tab)
    tab.goto(f"{address}/scene/taste-many-shelves")
    search = tab.get_by_label("Find a shelf")
    search.fill("ha")
    with tab.expect_request("**preview=1**"):
        tab.keyboard.press("Enter")
    tab.keyboard.type("ts")
    held[0].continue_()
    expect(tab.get_by_label("Hats")).to_be_visible()
    expect(search).to_have_value("hats")
    expect(search).to_be_focused()


def test_enter_on_a_slider_tries_also_where_shelves_can_be_searched(shop: Shop, address: str, tab: Page) -> None:
    """The search is the form's first button, which Enter presses wherever one is."""
    shop.app.view_functions["taste.show"] = lambda: render(shop.app, "taste/show.html", tastes.taste_preview)
    tab.goto(f"{address}/scene/taste-many-shelves")
    tab.get_by_label("Price").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#preview")).to_be_focused()
    expect(tab.locator("#live")).to_have_text(tastes.PREVIEW.summary)


def test_a_try_that_fails_is_said_and_the_page_stays(shop: Shop, address: str, tab: Page) -> None:
    shop.app.view_functions["taste.show"] = lambda: ("", 409)
    tab.goto(f"{address}/scene/taste")
    tab.get_by_role("button", name="Try it").click()
    expect(tab.locator(".toast")).to_contain_text("That did not work.")
    assert tab.url.endswith("/scene/taste")


def test_a_forgotten_signal_leaves_the_list_and_the_next_one_has_the_focus(shop: Shop, address: str, tab: Page) -> None:
    less = replace(tastes.taste_full, groups=(replace(tastes.GROUPS[0], signals=tastes.GROUPS[0].signals[1:]),))
    tab.goto(f"{address}/scene/taste")
    shop.app.view_functions["scene"] = lambda name: render(shop.app, "taste/show.html", less, MEMBER)
    tab.get_by_role("button", name="Forget Alder overshirt, moss").first.click()
    expect(tab.locator("#signals-rating .signal")).to_have_count(2)
    expect(tab.get_by_role("button", name="Forget Oslo desk lamp, brass").first).to_be_focused()
    expect(tab.locator("#live")).to_have_text("Left out from now on.")


def test_a_filter_that_is_taken_off_leaves_the_focus_at_the_next_one(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/category")
    tab.locator(".chip.on").nth(1).click()
    tab.wait_for_url("**?category=mugs")
    expect(tab.locator(".chip.on").nth(1)).to_be_focused()
    tab.evaluate("sessionStorage.setItem('chip', JSON.stringify({at: 0, path: '/scene/category-empty'}))")
    tab.goto(f"{address}/scene/category-empty")
    expect(tab.locator("h1")).to_be_focused()
    tab.reload()
    expect(tab.locator("h1")).not_to_be_focused()


def test_heart_is_pressed_at_once(shop: Shop, address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/category")
    heart = tab.locator("[data-card='1'] [data-wish]").first
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    expect(tab.locator("[data-n-wishlist]")).to_have_text("13")
    assert shop.sent("account.wish")[0]["wished"] == "1"


def test_search_suggests_and_keys_choose(shop: Shop, address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/category")
    tab.keyboard.press("/")
    tab.keyboard.type("tide")
    expect(tab.locator("#suggestions [role=option]")).to_have_count(2)
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    expect(tab.locator("#search")).to_have_attribute("aria-activedescendant", "suggestion-1")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("listbox")).to_have_count(0)
    tab.keyboard.press("Escape")
    expect(tab.locator("#search")).to_have_value("")
    tab.keyboard.type("tide")
    expect(tab.locator("#suggestions [role=option]")).to_have_count(2)
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/scene/product")


def test_arrows_open_what_escape_closed(address: str, tab: Page) -> None:
    """As the pattern of a combobox has it: down to the first suggestion, up to the last, with Alt to none."""
    tab.goto(f"{address}/scene/category")
    tab.keyboard.press("/")
    tab.keyboard.type("tide")
    search, options = tab.locator("#search"), tab.locator("#suggestions [role=option]")
    expect(options).to_have_count(2)
    for key, chosen in (("ArrowDown", "suggestion-0"), ("ArrowUp", "suggestion-1"), ("Alt+ArrowDown", None)):
        tab.keyboard.press("Escape")
        expect(search).to_have_attribute("aria-expanded", "false")
        tab.keyboard.press(key)
        expect(search).to_have_attribute("aria-expanded", "true")
        expect(options).to_have_count(2)
        if chosen:
            expect(search).to_have_attribute("aria-activedescendant", chosen)
        else:
            expect(search).not_to_have_attribute("aria-activedescendant", re.compile(""))
    expect(search).to_have_value("tide")


def test_what_is_typed_while_suggestions_are_on_their_way_is_asked_for(address: str, tab: Page) -> None:
    """The question before it is dropped; that must not drop the next one with it."""
    asked: list[Route] = []
    tab.goto(f"{address}/scene/category")
    tab.route("**/suggest?*", lambda route: asked.append(route))
    tab.keyboard.press("/")
    tab.keyboard.type("ti")
    tab.wait_for_timeout(400)
    tab.keyboard.type("d")
    tab.wait_for_timeout(400)
    assert [route.request.url.partition("?")[2] for route in asked] == ["q=ti", "q=tid"]


def test_escape_drops_suggestions_that_are_on_their_way(address: str, tab: Page) -> None:
    asked: list[Route] = []
    tab.goto(f"{address}/scene/category")
    tab.route("**/suggest?*", lambda route: asked.append(route))
    tab.keyboard.press("/")
    tab.keyboard.type("tide")
    tab.wait_for_timeout(400)
    tab.keyboard.press("Escape")
    asked[0].continue_()
    tab.wait_for_timeout(400)
    expect(tab.locator("#search")).to_have_attribute("aria-expanded", "false")


def test_a_past_search_is_forgotten_by_its_cross_or_the_delete_key(shop: Shop, address: str, tab: Page) -> None:
    past = [
        {"label": words, "url": "/scene/search", "image_url": None, "detail": "", "search_id": number}
        for number, words in enumerate(("tide mug", "tide bowl", "tide jug"), 1)
    ]
    shop.answers["shop.suggest"] = {"groups": [{"label": "Your past searches", "items": past}]}
    tab.goto(f"{address}/scene/category")
    tab.locator("#search").click()
    options = tab.locator("#suggestions [role=option]")
    expect(options).to_have_count(3)
    tab.keyboard.press("Delete")  # nothing is chosen yet
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Delete")
    expect(options).to_have_count(2)
    options.first.locator(".forget").click()
    expect(options).to_have_count(1)
    expect(tab.locator("#live")).to_have_text("Left out from now on.")
    assert [body["search_id"] for body in shop.sent("taste.forget")] == ["1", "2"]
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Delete")
    expect(tab.get_by_role("listbox")).to_have_count(0)
    tab.keyboard.press("ArrowDown")  # in an empty box
    expect(options).to_have_count(3)


def test_tab_enters_a_rail_once_and_arrows_move_along(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home")
    rail_box = tab.locator("[data-rail='for_you']")
    rail_box.locator("[data-card='1'] .card-link").focus()
    tab.keyboard.press("ArrowRight")
    expect(rail_box.locator("[data-card='2'] .card-link")).to_be_focused()
    tab.keyboard.press("End")
    expect(rail_box.locator("[data-card='8'] .card-link")).to_be_focused()
    assert rail_box.locator(".card-link:not([tabindex='-1'])").count() == 1


def test_rail_buttons_move_the_rail(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home")
    rail_box = tab.locator("[data-rail='for_you']")
    back = rail_box.get_by_role("button", name="Back along the row: Picked for you")
    expect(back).to_be_disabled()
    rail_box.get_by_role("button", name="Further along the row: Picked for you").click()
    expect(back).to_be_enabled()


def test_escape_closes_the_menu_of_a_card_and_focus_goes_back(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home")
    summary = tab.locator("[data-rail='for_you'] [data-card='1'] .more > summary")
    summary.click()
    expect(tab.locator("[data-more][open]")).to_have_count(1)
    tab.keyboard.press("Escape")
    expect(tab.locator("[data-more][open]")).to_have_count(0)
    expect(summary).to_be_focused()


def test_cards_that_were_seen_are_reported_once(shop: Shop, address: str, tab: Page) -> None:
    with tab.expect_response("**/api/events"):
        tab.goto(f"{address}/scene/home")
    events = [event for body in shop.sent("api.events") for event in body["events"]]
    seen = [(event["rail"], event["product_id"]) for event in events if event["event"] == "impression"]
    assert ("for_you", 1) in seen
    assert len(seen) == len(set(seen))
    assert all(event["request_id"] == "r-1" for event in events)


def test_opened_card_is_reported(shop: Shop, address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home")
    with tab.expect_request("**/api/events") as asked:
        tab.locator("[data-rail='for_you'] [data-card='3'] .card-link").click()
    clicks = [event for event in asked.value.post_data_json["events"] if event["event"] == "click"]
    assert [(click["product_id"], click["rank"]) for click in clicks] == [(3, 3)]


def test_what_is_reported_goes_by_the_clock_of_the_shop(shop: Shop, address: str, tab: Page) -> None:
    """What a clock ahead of the shop's told was refused, so no click of its owner counted.

    What one behind it told had happened before the list that it came from was shown.
    """
    tab.goto(f"{address}/scene/home")
    with tab.expect_request("**/api/events") as asked:
        tab.locator("[data-rail='for_you'] [data-card='3'] .card-link").click()
    events = asked.value.post_data_json["events"]
    assert "click" in {event["event"] for event in events}
    assert not any("at" in event for event in events)


def test_wrong_field_is_told_in_words_and_forgiven(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/sign-in")
    email = tab.get_by_label("E-mail address")
    email.fill("ana@")
    tab.get_by_label("Password").focus()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(tab.locator("#f-email-error")).not_to_be_empty()
    email.fill("ana@example.com")
    expect(tab.locator("#f-email-error")).to_have_count(0)


def test_a_picture_that_was_not_chosen_is_asked_for_in_the_language_of_the_page(address: str, tab: Page) -> None:
    """A browser asks in its own."""
    tab.goto(f"{address}/scene/search")
    tab.get_by_text("Search by photo").click()
    tab.get_by_role("button", name="Find what looks like it").click()
    picture = tab.get_by_label("Your picture")
    expect(picture).to_be_focused()
    expect(picture).to_have_accessible_description("This is needed. A JPEG, PNG, WebP or GIF.")


def test_without_scripts_filters_menus_and_rating_still_work(shop: Shop, address: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 812})
    page = context.new_page()
    page.goto(f"{address}/scene/category")
    page.get_by_role("button", name="Filters (3)").click()
    expect(page.get_by_role("checkbox", name="Bowls")).to_be_visible()
    page.get_by_role("button", name="Close filters").click()
    expect(page.get_by_role("checkbox", name="Bowls")).to_be_hidden()
    page.goto(f"{address}/scene/home")
    page.locator("[data-rail='for_you'] [data-card='1'] .more > summary").click()
    expect(page.get_by_role("button", name=re.compile("I own it.*Alder overshirt"))).to_be_visible()
    page.get_by_role("button", name=re.compile("I own it.*Alder overshirt")).click()
    (body,) = shop.sent("taste.feedback")
    assert (body["product_id"], body["kind"], body["csrf_token"]) == ("1", "own", "token-of-the-test")
    page.goto(f"{address}/scene/product")
    with page.expect_request("**/p/3/rate") as asked:
        page.locator("[data-rate] button[value='5']").click()
    assert "rating=5" in asked.value.post_data
    context.close()


def too_wide(tab: Page) -> list[int]:
    """Lay the page out in every width; return those in which it has to be scrolled sideways."""
    wide = []
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        inner, needed = tab.evaluate("[innerWidth, document.documentElement.scrollWidth]")
        assert inner == width
        wide += [width] if needed > width else []
    return wide


@pytest.mark.parametrize("scene", ["admin-rules", "admin-delivery", "admin-models", "admin-model-card", "security"])
def test_the_tab_of_the_page_one_is_on_stands_whole_in_a_narrow_window(address: str, tab: Page, scene: str) -> None:
    tab.set_viewport_size({"width": 375, "height": 700})
    tab.goto(f"{address}/scene/{scene}")
    current = tab.locator(".admin-nav [aria-current], .side-nav [aria-current]")
    expect(current).to_be_in_viewport(ratio=1)
    around, its = current.locator("xpath=ancestor::nav").bounding_box(), current.bounding_box()
    assert around["x"] <= its["x"]
    assert its["x"] + its["width"] <= around["x"] + around["width"]
    assert tab.evaluate("[scrollX, scrollY]") == [0, 0]


def test_no_page_is_wider_than_the_window(address: str, browser: Browser) -> None:
    """Neither as it is nor with names that are one long word."""
    tab = browser.new_page()
    found = {}
    for scene in SCENES:
        tab.goto(f"{address}/scene/{scene.name}", wait_until="domcontentloaded")
        found[scene.name] = too_wide(tab)
        tab.evaluate(RENAME, [sorted({thing[0] for thing in THINGS}, key=len, reverse=True), LONG_WORD])
        tab.evaluate(RENAME, [["Add to cart"], "In den Warenkorb"])
        found[f"{scene.name}, long words"] = too_wide(tab)
    tab.close()
    assert {name: widths for name, widths in found.items() if widths} == {}


def test_no_page_is_wider_than_the_paper(address: str, browser: Browser) -> None:
    """A printer makes all of a page smaller for what stands out of it, or cuts it off."""
    tab = browser.new_page(viewport={"width": PAPER_WIDTH, "height": 950})
    tab.emulate_media(media="print")
    found = {}
    for scene in SCENES:
        tab.goto(f"{address}/scene/{scene.name}")
        found[scene.name] = tab.evaluate("document.documentElement.scrollWidth")
    tab.close()
    assert {name: width for name, width in found.items() if width > PAPER_WIDTH} == {}


def test_the_parts_of_an_invoice_stand_apart(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/invoice")
    for media in ("screen", "print"):
        tab.emulate_media(media=media)
        whom, lines, sums = (tab.locator(f"main {part}").bounding_box() for part in (".order-meta", "table", ".sums"))
        assert lines["y"] - whom["y"] - whom["height"] >= 16, media
        assert sums["y"] - lines["y"] - lines["height"] >= 12, media


def test_the_heart_of_a_card_hides_no_badge(address: str, tab: Page) -> None:
    """Also in a language that needs more room, on a phone."""
    tab.set_viewport_size({"width": 375, "height": 800})
    tab.goto(f"{address}/scene/home")
    tab.evaluate(RENAME, [["25 % less"], "Vom Shop ausgesucht"])
    card = tab.locator("[data-rail='for_you'] [data-card='1']")
    badge = card.get_by_text("Vom Shop ausgesucht").bounding_box()
    heart = card.locator(".heart").evaluate(
        "heart => heart.getBoundingClientRect().x + parseFloat(getComputedStyle(heart, '::before').left)"
    )
    assert badge["x"] + badge["width"] <= heart


def test_a_share_of_everything_stands_on_one_line(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home")
    share = why(tab, 4).locator(".figures").first
    expect(share).to_have_text(re.compile("100"))
    assert share.evaluate(N_LINES) == 1


def test_a_row_that_is_too_wide_is_noticed(tab: Page) -> None:
    tab.set_content("<p style='width: 800px; height: 1rem'></p>")
    assert too_wide(tab) == [320, 768]


def test_axe_finds_nothing(address: str, browser: Browser) -> None:
    """F21: every template, every state, both themes."""
    assert check(browser, address, list(SCENES)) == []


def test_faults_of_either_theme_are_noticed(tab: Page) -> None:
    tab.set_content(
        "<!doctype html><html lang=en><title>Faults</title>"
        "<style>:root { color-scheme: light dark }"
        "body { color: light-dark(#111, #444); background: light-dark(#fff, #222) }</style>"
        "<main><h1>Grey on grey at night</h1><img src='data:,'></main>"
    )
    assert [line.split(":")[:2] for line in violations(tab)] == [["light", " image-alt"], ["dark", " color-contrast"]]


def test_long_words_stay_within_the_tiles_of_a_narrow_window(address: str, tab: Page) -> None:
    tab.set_viewport_size({"width": 320, "height": 700})
    tab.goto(f"{address}/scene/account")
    words = ["Bestellungen", "gemerkte Artikel", "Bewertungen"]
    tab.evaluate("words => document.querySelectorAll('.tiles a').forEach((a, i) => a.lastChild.data = words[i])", words)
    assert (
        tab.evaluate("[...document.querySelectorAll('.tiles a')].filter(a => a.scrollWidth > a.clientWidth).length")
        == 0
    )
    assert tab.evaluate("document.documentElement.scrollWidth") == 320


def test_a_long_street_wraps_in_a_narrow_window(address: str, tab: Page) -> None:
    tab.set_viewport_size({"width": 320, "height": 700})
    tab.goto(f"{address}/scene/checkout-done")
    tab.evaluate("document.querySelector('address').textContent = 'Donaudampfschifffahrtsgesellschaftsstrasse 123'")
    assert tab.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize(
    ("scene", "chosen"), [("product", ".option"), ("category", ".pager a"), ("account", ".side-nav a")]
)
def test_what_is_chosen_is_seen_with_the_colours_of_the_system(
    address: str, tab: Page, scene: str, chosen: str
) -> None:
    tab.emulate_media(forced_colors="active")
    tab.goto(f"{address}/scene/{scene}")
    outline = "all => [...new Set(all.map(one => getComputedStyle(one).outlineStyle))]"
    assert tab.locator(f"{chosen}[aria-current]").evaluate_all(outline) == ["solid"]
    assert tab.locator(f"{chosen}:not([aria-current])").evaluate_all(outline) == ["none"]


def test_a_menu_closes_behind_who_leaves_it_with_tab(address: str, tab: Page) -> None:
    """It covers the card, so what has the focus next would be hidden."""
    tab.goto(f"{address}/scene/home")
    card = tab.locator("[data-rail='for_you'] [data-card='1']")
    card.locator(".more > summary").focus()
    tab.keyboard.press("Enter")
    menu = card.locator("[data-more]")
    for _row in menu.locator(".more-panel > :is(.row, details)").all():
        tab.keyboard.press("Tab")
        expect(menu).to_have_attribute("open", "")
    tab.keyboard.press("Tab")
    expect(menu).not_to_have_attribute("open", "")


def turn_down(tab: Page, product_id: int) -> None:
    """Say by keys that a pick is of no interest."""
    card = tab.locator(f"[data-rail='for_you'] [data-card='{product_id}']")
    card.locator(".more > summary").focus()
    tab.keyboard.press("Enter")
    card.get_by_role("button", name="Not interested").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("[data-rail='for_you'] .rail-note")).to_have_text("From 15 things you did here.")


def test_the_next_tab_goes_to_what_a_message_offers_and_back_to_where_one_was(address: str, tab: Page) -> None:
    """It goes after ten seconds, and with keys the end of the page is farther away than that."""
    tab.goto(f"{address}/scene/home")
    turn_down(tab, 1)
    heading, undo = tab.locator("[data-rail='for_you'] h2"), tab.locator(".toast button")
    expect(heading).to_be_focused()
    tab.keyboard.press("Tab")
    expect(undo).to_be_focused()
    assert undo.evaluate("its => getComputedStyle(its).outlineColor === getComputedStyle(its).color")
    tab.keyboard.press("Shift+Tab")
    expect(heading).to_be_focused()
    tab.keyboard.press("Tab")
    expect(tab.locator("[data-rail='for_you'] .rail-controls :focus, [data-rail='for_you'] li :focus")).to_have_count(1)
    tab.keyboard.press("Escape")
    expect(undo).to_have_count(0)


def test_what_has_the_focus_after_an_undo_is_in_view(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home")
    turn_down(tab, 1)
    tab.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(tab.locator(".toast")).to_have_text("Put back.")
    expect(tab.locator("[data-rail='for_you'] h2")).to_be_focused()
    expect(tab.locator("[data-rail='for_you'] h2")).to_be_in_viewport(ratio=1)


def test_a_saved_card_that_changes_the_picks_says_so(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/home")
    heart = tab.locator("[data-rail='for_you'] [data-card='1'] [data-wish]")
    heart.focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#live")).to_have_text("Saved Your picks have changed.")


@pytest.mark.parametrize(("scene", "row"), [("home-cold", ".starter-list"), ("security", ".side-nav")])
def test_what_has_the_focus_in_a_row_of_a_phone_stands_whole(address: str, tab: Page, scene: str, row: str) -> None:
    """A browser is content when a corner of it is in view."""
    tab.set_viewport_size({"width": 375, "height": 812})
    tab.goto(f"{address}/scene/{scene}")
    items = tab.locator(f"{row} > * a, {row} > a")
    items.first.focus()
    for _press in range(40):
        tab.keyboard.press("Tab")
        focused = tab.locator(f"{row} :focus")
        if not focused.count():
            break
        its = focused.bounding_box()
        assert its["x"] >= 0, focused.inner_text()
        assert round(its["x"] + its["width"]) <= 375, focused.inner_text()
    assert _press > 2


def test_the_chosen_suggestion_is_seen(address: str, tab: Page) -> None:
    """Its pale ground alone is 1.1 to 1 beside the others; what shows the focus needs 3 to 1."""
    tab.goto(f"{address}/scene/category")
    tab.keyboard.press("/")
    tab.keyboard.type("tide")
    expect(tab.locator("#suggestions [role=option]")).to_have_count(2)
    tab.keyboard.press("ArrowDown")
    expect(tab.locator("#suggestions [aria-selected=true]")).to_have_css("outline-style", "solid")


def test_a_bar_of_the_stars_says_what_its_numbers_are(address: str, tab: Page) -> None:
    tab.goto(f"{address}/scene/product")
    bar = tab.locator(".histogram a").first
    expect(bar).to_have_accessible_name(re.compile(r"^5 stars \d+ % of all ratings: \d+$"))


IS_HIDDEN = """
(element) => {
  const box = element.getBoundingClientRect();
  const above = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return !above || !(element.contains(above) || above.contains(element));
}
"""


def test_the_button_at_the_end_of_the_filters_hides_nothing_that_has_the_focus(address: str, tab: Page) -> None:
    tab.set_viewport_size({"width": 320, "height": 256})  # 1280 by 1024 at 400 %
    tab.goto(f"{address}/scene/category")
    tab.locator(".filters-open").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#filters")).to_be_visible()
    hidden = []
    for _press in range(80):
        tab.keyboard.press("Tab")
        focused = tab.locator("#filters :focus")
        if "Show what fits" in focused.inner_text():
            break
        hidden += [focused.evaluate("its => its.outerHTML.slice(0, 80)")] if focused.evaluate(IS_HIDDEN) else []
    assert _press > 10
    assert hidden == []


@pytest.mark.parametrize("width", [375, 1440])
def test_large_numbers_of_ratings_stand_in_one_line_beside_bars_of_one_length(
    address: str, tab: Page, width: int
) -> None:
    tab.set_viewport_size({"width": width, "height": 812})
    tab.goto(f"{address}/scene/product")
    counts = tab.locator(".histogram a > :last-child")
    usual = counts.first.bounding_box()
    counts.nth(1).evaluate("count => { count.textContent = '100,000' }")
    assert counts.nth(1).bounding_box()["height"] == usual["height"]
    assert len({bar.bounding_box()["width"] for bar in tab.locator(".histogram meter").all()}) == 1


@pytest.mark.parametrize("width", [375, 1440])
def test_a_sum_of_millions_stands_in_one_line_of_the_cart(address: str, tab: Page, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 812})
    tab.goto(f"{address}/scene/cart")
    line = tab.locator(".cart-sum").first
    usual = line.bounding_box()
    line.evaluate("line => { line.lastChild.textContent = '€1,234,567.01' }")
    assert line.bounding_box()["height"] == usual["height"]


@pytest.mark.parametrize("width", [320, 375, 1440])
@pytest.mark.parametrize("scene", ["admin-products", "admin-product"])
def test_a_price_of_millions_and_its_stock_can_be_read_in_their_fields(
    address: str, tab: Page, scene: str, width: int
) -> None:
    tab.set_viewport_size({"width": width, "height": 812})
    tab.goto(f"{address}/scene/{scene}")
    fields = tab.locator(".office-table input:is([name^=price], [name^=stock])")
    assert fields.count() > 1
    for field in fields.all():
        field.fill("1234567.01" if (field.get_attribute("name") or "").startswith("price") else "123456")
        assert field.evaluate("its => its.scrollWidth <= its.clientWidth"), field.get_attribute("name")


def test_no_line_ends_between_a_number_and_its_unit_on_a_phone(address: str, tab: Page) -> None:
    tab.set_viewport_size({"width": 375, "height": 812})
    tab.goto(f"{address}/scene/admin-models")
    took = tab.locator(".office-table td:nth-child(5)").all()
    assert [cell.evaluate(N_LINES) for cell in took] == [2 if "min" in cell.inner_text() else 1 for cell in took]


def test_all_countries_of_a_way_of_delivery_can_be_read_in_a_wide_window(address: str, tab: Page) -> None:
    tab.set_viewport_size({"width": 1440, "height": 900})
    tab.goto(f"{address}/scene/admin-delivery")
    field = tab.get_by_label("Countries").first
    field.fill("AT BE CH CZ DE DK ES FI FR IE IT LU NL NO PL PT SE")
    assert field.evaluate("input => input.scrollWidth <= input.clientWidth")


def test_long_words_of_a_line_in_the_cart_stand_in_one_row_on_a_phone(address: str, tab: Page) -> None:
    tab.set_viewport_size({"width": 375, "height": 812})
    tab.goto(f"{address}/scene/cart")
    do = tab.locator(".cart-do").first
    do.locator(".link").first.evaluate("link => { link.firstChild.data = 'Für später merken' }")
    do.locator(".link").last.evaluate("link => { link.firstChild.data = 'Entfernen' }")
    later, gone = (do.locator(".link").nth(at).bounding_box() for at in (0, 1))
    assert later
    assert gone
    assert later["y"] == gone["y"]
    assert later["height"] < 2 * gone["height"]


@pytest.mark.parametrize("width", [320, 375])
def test_the_number_of_an_order_is_not_parted_on_a_phone(address: str, tab: Page, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 812})
    tab.goto(f"{address}/scene/orders")
    number = tab.locator(".order-item .whole").first
    number.evaluate("number => { number.textContent = '2026-DWMQWJWN'; number.previousSibling.data = 'Bestellung ' }")
    assert number.evaluate(N_LINES) == 1
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_ends_of_a_slider_stand_apart_at_their_own_sides(address: str, tab: Page) -> None:
    tab.set_viewport_size({"width": 375, "height": 812})
    tab.goto(f"{address}/scene/taste")
    ends = tab.locator(".slider-ends").first
    ends.evaluate(
        "ends => ['ein kleiner Geldbeutel', 'das Beste vom Besten, was es gibt'].forEach((text, at) => "
        "{ ends.children[at].textContent = text })"
    )
    low, high = (ends.locator("span").nth(at).bounding_box() for at in (0, 1))
    assert low
    assert high
    assert high["x"] - low["x"] - low["width"] >= 12
    assert ends.locator("span").last.evaluate("end => getComputedStyle(end).textAlign") == "end"
