"""Where the shop asks before it makes picks: the question as a person with keys, a phone or no scripts meets it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import walks
from tests.browser.window import Window
from tests.chromium import needs_chromium
from tests.factories import make_product
from tests.templates.preview import served
from webapp.store.tx import unit_of_work

pytestmark = needs_chromium
QUESTION = "May we remember what you look at, to pick things for you?"
SAID = {"Yes": "Thank you.", "No": "you will not be asked again"}
IS_COVERED = """
() => {
  const box = document.activeElement.getBoundingClientRect();
  const bar = document.querySelector(".asks");
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return !bar.contains(document.activeElement) && bar.contains(top);
}
"""


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """A shop that asks, without a model, on a free port."""
    app.config["ASK_BEFORE_PICKS"] = True
    with unit_of_work() as tx:
        for number in range(12):
            make_product(tx, name=f"Lamp {number}")
    with served(app) as here:
        yield here


def question(page: Page) -> Locator:
    return page.get_by_role("region", name=QUESTION)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize(("width", "answer"), [(375, "Yes"), (375, "No"), (1440, "Yes"), (1440, "No")])
def test_the_question_is_reached_and_answered_with_keys_and_goes_away(
    address: str, browser: Browser, width: int, answer: str, scripts: bool
) -> None:
    window = Window(browser, address, width, scripts=scripts)
    page = window.page
    page.goto("/search?q=lamp")
    walks.tab_to(page, question(page).get_by_role("button", name=answer))
    expect(question(page)).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(question(page)).to_have_count(0)
    expect(page.locator("#notices .notice")).to_contain_text(SAID[answer])
    expect(page).to_have_url(f"{address}/search?q=lamp")
    page.goto("/")
    expect(question(page)).to_have_count(0)
    window.close()
    assert window.complaints == []


@pytest.mark.parametrize("width", [375, 1440])
def test_the_question_covers_nothing_that_has_the_focus(address: str, browser: Browser, width: int) -> None:
    window = Window(browser, address, width)
    page = window.page
    page.goto("/search?q=lamp")
    for _press in range(60):
        page.keyboard.press("Tab")
        assert not page.evaluate(IS_COVERED), page.evaluate("document.activeElement.outerHTML")
    window.close()


@pytest.mark.parametrize(("width", "path"), [(375, "/"), (375, "product"), (1440, "product")])
def test_on_a_phone_and_beside_the_button_to_buy_the_question_waits_at_the_foot(
    address: str, browser: Browser, width: int, path: str
) -> None:
    window = Window(browser, address, width)
    page = window.page
    page.goto(walks.first_link(page, "/search?q=lamp", ".card-link") if path == "product" else path)
    expect(question(page)).to_have_css("position", "static")
    window.close()


def test_on_a_wide_window_the_question_is_in_view(address: str, browser: Browser) -> None:
    window = Window(browser, address, 1440)
    window.page.goto("/")
    expect(question(window.page)).to_be_in_viewport(ratio=1)
    assert window.page.evaluate("scrollY") == 0
    window.close()
