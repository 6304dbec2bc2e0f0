"""What an owner finds in the office before there is anything in the shop, and in the language they choose there."""

import re
from html import unescape

import pytest

from tests.factories import ShopClient, make_product
from webapp.store.tx import unit_of_work


def empty_state(client: ShopClient, path: str) -> str:
    """Return the words that stand where nothing is listed."""
    page = client.get(path).get_data(as_text=True)
    found = re.search(r'<div class="empty">(.*?)</div>\s*(?:</div>|</main>)', page, re.DOTALL)
    assert found, path
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", found[1]).split()))


def test_an_empty_shop_says_how_products_come_in(office: ShopClient) -> None:
    words = empty_state(office, "/admin/products")
    assert words.startswith("No products yet")
    assert "flask import-catalog FILE" in words
    assert "`" not in words
    assert "filter" not in words


def test_an_empty_shop_has_no_orders_yet(office: ShopClient) -> None:
    assert empty_state(office, "/admin/orders").startswith("No orders yet")


@pytest.mark.parametrize(
    "path", ["/admin/products?q=xyz", "/admin/products?state=out", "/admin/orders?q=xyz", "/admin/orders?state=paid"]
)
def test_a_filter_that_nothing_fits_can_be_taken_away(office: ShopClient, path: str) -> None:
    with unit_of_work() as tx:
        make_product(tx)
    assert empty_state(office, path).startswith("Nothing fits the filter")
    assert f'<a class="button quiet" href="{path.split("?")[0]}">' in office.get(path).get_data(as_text=True)


def test_the_language_is_chosen_in_the_office_too(office: ShopClient) -> None:
    page = office.get("/admin/orders?state=paid").get_data(as_text=True)
    form = re.search(r'<form[^>]* id="language".*?</form>', page, re.DOTALL)
    assert form
    hidden = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[0])}
    answer = office.post("/language", data=hidden | {"language": "de"})
    assert answer.headers["Location"] == "/admin/orders?state=paid"
    assert "<h1>Bestellungen" in office.get("/admin/orders").get_data(as_text=True)
