"""A visitor's say about the picks in the open shop: in place within a second, aloud, with keys, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import walks
from tests.browser.window import Window
from tests.chromium import needs_chromium
from tests.templates.preview import violations

pytestmark = needs_chromium
OpenWindow = Callable[..., Window]
PAGE = "/your-recommendations"
A_SECOND = 1.0
CHANGED = re.compile("Your picks have changed")


def somebody_with_taste(page: Page) -> list[str]:
    """Rate two products, look at a third and return the three."""
    products = walks.product_paths(page)[:3]
    walks.rate(page, products[0], 5)
    walks.rate(page, products[1], 5)
    page.goto(products[2])
    return products


def picks(page: Page) -> list[str]:
    """Return what is picked on the page about the picks."""
    return [card.get_attribute("data-card") or "" for card in page.locator("#taste-now [data-card]").all()]


# By the page's own clock: from the next press until nothing is left of what was pressed.
STOPWATCH = """
(selector) => {
  window.waited = new Promise((done) => {
    const watch = () => {
      const began = performance.now();
      const look = () =>
        document.querySelector(selector) ? requestAnimationFrame(look) : done(performance.now() - began);
      look();
    };
    document.addEventListener("click", watch, { once: true, capture: true });
  });
}
"""


def test_a_signal_taken_out_of_a_card_changes_the_page_in_place(open_window: OpenWindow) -> None:
    page = open_window().page
    somebody_with_taste(page)
    page.goto(PAGE)
    page.evaluate("() => { window.stays = true }")
    before, n_known = picks(page), page.locator("#taste-known .signal").count()
    named = page.locator("#taste-now [data-card]", has_text=re.compile("Because you (gave|looked)"))
    dialog = walks.ask_why(page, named.first)
    expect(dialog.locator("meter")).not_to_have_count(0)
    dialog.get_by_role("button", name=re.compile("^Leave this out")).first.click()
    expect(page.locator("#live")).to_contain_text(CHANGED)
    assert picks(page) != before
    assert page.locator("#taste-known .signal").count() < n_known
    assert page.evaluate("() => window.stays")
    assert page.evaluate("() => document.activeElement !== document.body")


@pytest.mark.parametrize("kind", ["Not interested", "I own it", "It was a gift"])
def test_a_refusal_shows_in_place_and_is_undone(open_window: OpenWindow, kind: str) -> None:
    page = open_window(375).page
    somebody_with_taste(page)
    page.goto(PAGE)
    refused = refuse_first(page, kind)[0]
    page.locator(".toast button").click()
    expect(page.locator(f"#taste-now [data-card='{refused}']")).to_have_count(1)


def test_the_page_follows_within_a_second(open_window: OpenWindow) -> None:
    """Of three refusals the fastest counts, because the machine may be busy with other things."""
    page = open_window().page
    somebody_with_taste(page)
    page.goto(PAGE)
    waited = [refuse_first(page, "Not interested")[1] for _time in range(3)]
    print(f"seconds from the press to the changed page: {waited}")
    assert min(waited) <= A_SECOND


def refuse_first(page: Page, kind: str) -> tuple[str, float]:
    """Turn the first pick down; return which it was, and the seconds until another one stood in its place."""
    card = page.locator("#taste-now [data-card]").first
    refused = card.get_attribute("data-card") or ""
    card.locator(".more > summary").click()
    page.evaluate(STOPWATCH, f"#taste-now [data-card='{refused}']")
    card.get_by_role("button", name=re.compile(f"^{kind}")).click()
    seconds = page.evaluate("() => window.waited") / 1000
    expect(page.locator("#live")).to_contain_text(CHANGED)
    return refused, seconds


def test_keys_alone_tune_try_and_save(open_window: OpenWindow) -> None:
    window = open_window()
    page = window.page
    somebody_with_taste(page)
    page.goto(PAGE)
    before = picks(page)
    slider = page.get_by_label("Price")
    walks.tab_to(page, slider)
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "mostly fine things")
    expect(page.locator("#live")).to_contain_text("What would change:")
    expect(slider).to_be_focused()
    assert picks(page) == before
    walks.tab_to(page, page.get_by_role("button", name="Save", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_contain_text(CHANGED)
    assert picks(page) != before
    page.reload()
    expect(page.get_by_label("Price")).to_have_value("100")


def test_without_scripts_everything_works_one_page_at_a_time(open_window: OpenWindow) -> None:
    window = open_window(375, scripts=False)
    page = window.page
    walks.rate(page, walks.product_paths(page)[0], 5)
    page.goto(PAGE)
    before = picks(page)
    fold = walks.ask_why(page, page.locator("#taste-now [data-card]").first)
    expect(fold.get_by_role("button", name=re.compile("^Leave this out"))).to_be_visible()
    page.get_by_label("Price").fill("100")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("[data-summary]")).to_contain_text("What would change:")
    assert picks(page) == before
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. Your picks follow it from now on.")).to_be_visible()
    assert picks(page) != before
    page.get_by_role("button", name="Forget this visit").click()
    expect(page.locator("#known ~ p")).to_contain_text("Nothing.")
    page.get_by_role("button", name="Pause picks").click()
    expect(page.get_by_text("Personal picks are paused.")).to_be_visible()
    window.look_through()


def test_axe_finds_nothing_on_the_page_in_any_state(open_window: OpenWindow) -> None:
    window = open_window()
    page = window.page
    page.goto(PAGE)
    assert violations(page) == []
    somebody_with_taste(page)
    for path in (PAGE, f"{PAGE}?preview=1&budget_premium=100&variety=0"):
        page.goto(path)
        assert violations(page) == []
    page.goto(f"{PAGE}?preview=1&variety=999")
    assert violations(page) == []
    window.forgive("variety=999")
    page.goto(PAGE)
    walks.ask_why(page, page.locator("#taste-now [data-card]").first)
    assert violations(page) == []
