"""What people do in the shop, step by step; every step works with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playwright.sync_api import Locator, Page, expect

from tests.browser.shop import Account

ADDRESS = {"Full name": "Ana Weber", "Street and number": "Hill 1", "Postcode": "10115", "Town": "Berlin"}
CAN_BE_BOUGHT = ".rail-track .card:not(.is-out) .card-link"


def where(link: Locator) -> str:
    """Return where a link leads."""
    return link.get_attribute("href") or ""


def product_paths(page: Page) -> list[str]:
    """Return the products the first page shows and that can be bought."""
    page.goto("/")
    return [where(link) for link in page.locator(CAN_BE_BOUGHT).all()]


def first_link(page: Page, path: str, selector: str) -> str:
    """Return where the first of some links on a page leads."""
    page.goto(path)
    return where(page.locator(selector).first)


def cards_shown(page: Page) -> list[str]:
    """Return the products in the rails of a page, in their order."""
    return [card.get_attribute("data-card") or "" for card in page.locator(".rails [data-card]").all()]


def named_in_reasons(page: Page) -> set[str]:
    """Return the products that the reasons on a page name."""
    return {where(link) for link in page.locator(".rails .reason a").all()}


def rate(page: Page, path: str, stars: int) -> None:
    """Open a product and press one star."""
    page.goto(path)
    star = page.locator(f".buy-box [data-rate] button[value='{stars}']")
    star.click()
    expect(page.locator(".buy-box [data-said]")).to_contain_text(re.compile("Thank you|You gave"))
    expect(star).to_have_attribute("aria-pressed", "true")


def put_in_cart(page: Page, path: str) -> None:
    """Open a product and put one into the cart."""
    page.goto(path)
    before = n_in_cart(page)
    page.locator(".buy").get_by_role("button", name="Add to cart").click()
    expect_in_cart(page, before + 1)


def n_in_cart(page: Page) -> int:
    """Return the number at the cart."""
    return int(page.locator("[data-n-cart]").text_content() or 0)


def expect_in_cart(page: Page, n: int) -> None:
    """Wait for a number at the cart."""
    expect(page.locator("[data-n-cart]")).to_have_text(str(n))


def ask_why(page: Page, card: Locator) -> Locator:
    """Open the words on why a card is there: a dialog with scripts, a fold of the menu without."""
    card.locator(".more > summary").click()
    card.locator("[data-why] > summary").click()
    dialog = page.locator("#why")
    return dialog if dialog.is_visible() else card.locator("[data-why]")


def save(page: Page, path: str) -> None:
    """Open a product and press its heart."""
    page.goto(path)
    heart = page.locator(".gallery-heart button")
    if heart.get_attribute("aria-pressed") == "false":
        heart.click()
        expect(heart).to_have_attribute("aria-pressed", "true")


def register(page: Page, account: Account) -> None:
    """Make an account."""
    page.goto("/account/register")
    page.get_by_label("Name").fill("Ana Weber")
    page.get_by_label("E-mail address").fill(account.email)
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_text("Your account is ready.")).to_be_visible()


def sign_in(page: Page, account: Account) -> None:
    """Sign in."""
    page.goto("/account/sign-in")
    page.get_by_label("E-mail address").fill(account.email)
    page.get_by_label("Password").fill(account.password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page).not_to_have_url(re.compile("sign-in"))


def make_voucher(page: Page, code: str, percent: int) -> None:
    """As the owner, make a voucher."""
    page.goto("/admin/vouchers")
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_label("What it does").select_option(label="Percent off")
    page.get_by_label("How much").fill(str(percent))
    page.get_by_role("button", name="Make voucher").click()
    expect(page.get_by_role("cell", name=code, exact=True)).to_be_visible()


def enter_voucher(page: Page, code: str) -> None:
    """Open the cart and send a code."""
    page.goto("/cart")
    page.get_by_text("Do you have a voucher?").click()
    page.get_by_label("Code of the voucher").fill(code)
    page.get_by_role("button", name="Use it").click()


def check_out(page: Page, email: str) -> Iterator[str]:
    """Go from the cart to the confirmation as a guest; the name of each step is handed over when it is shown."""
    page.goto("/cart")
    page.get_by_role("link", name="Go to checkout").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Where shall we write to?")
    yield "contact"
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Continue as guest").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Where shall it go?")
    yield "delivery"
    for label, text in ADDRESS.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Go on to payment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How would you like to pay?")
    yield "payment"
    page.get_by_role("button", name="Go on to the last look").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One last look")
    yield "review"
    page.get_by_role("button", name=re.compile("^Pay ")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Test payment")
    yield "test-payment"
    page.get_by_role("button", name="It goes through", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you.")
    yield "done"


def tab_to(page: Page, goal: Locator) -> None:
    """Press Tab until a control has the focus and shows it."""
    for _press in range(150):
        page.keyboard.press("Tab")
        if goal.evaluate("element => element === document.activeElement"):
            assert goal.evaluate("element => element.matches(':focus-visible')")
            return
    raise AssertionError(f"{goal} cannot be reached with Tab")
