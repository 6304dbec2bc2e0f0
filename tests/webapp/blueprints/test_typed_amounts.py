"""What stands in a field for an amount is written as the language does, and read with a comma or a point."""

import pytest
from flask import Flask

from tests.factories import ShopClient, make_product
from tests.webapp.blueprints.test_office import form_of
from webapp.errors import InvalidInput
from webapp.money import parse_price
from webapp.store import catalogue, delivery, products, rules
from webapp.store.tx import read_unit, unit_of_work

PAGES = {
    "table": "/admin/products",
    "editor": "/admin/products/{lamp}",
    "delivery": "/admin/delivery",
    "rule": "/admin/rules/1",
}


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        made = make_product(tx, name="Oslo lamp", price_cents=123_450, stock=9)
        catalogue.change_product(tx, made, old_price_cents=150_005)
        delivery.set_tax_rate(tx, "DE", 55)
        return made


@pytest.fixture
def german(office: ShopClient, lamp: int) -> ShopClient:
    """An owner who reads German, with a rule about a range of prices."""
    office.send("/language", {"language": "de"})
    office.send("/admin/rules", {"step": "save", "action": "bury", "price_from": "9,90", "price_to": "12.50"})
    return office


def price_of(product_id: int) -> int:
    with read_unit() as tx:
        return products.cards(tx, [product_id])[product_id].price_cents


def amounts() -> list[object]:
    """Return every amount that a page of these can change."""
    with read_unit() as tx:
        card, rule = products.cards(tx, [1])[1], rules.by_id(tx, 1)
        assert rule is not None
        prices = (card.price_cents, card.old_price_cents, rule.price_from_cents, rule.price_to_cents)
        return [prices, delivery.every_method(tx), delivery.tax_rates(tx)]


@pytest.mark.parametrize(
    ("page", "name", "shown"),
    [
        ("table", "price", "1234,50"),
        ("table", "was-price", "1234,50"),
        ("editor", "price", "1234,50"),
        ("editor", "old_price", "1500,05"),
        ("editor", "price-1", "1234,50"),
        ("delivery", "price-standard", "4,90"),
        ("delivery", "free-standard", "50,00"),
        ("delivery", "tax-DE", "5,5"),
        ("rule", "price_from", "9,90"),
        ("rule", "price_to", "12,50"),
    ],
)
def test_a_german_page_shows_a_comma(german: ShopClient, lamp: int, page: str, name: str, shown: str) -> None:
    assert form_of(german, PAGES[page].format(lamp=lamp))[name] == shown


def test_an_english_page_shows_a_point(office: ShopClient, lamp: int) -> None:
    fields = form_of(office, f"/admin/products/{lamp}") | form_of(office, "/admin/delivery")
    assert (fields["price"], fields["price-standard"], fields["tax-DE"]) == ("1234.50", "4.90", "5.5")


@pytest.mark.parametrize("written", ["52,50", "52.50"])
def test_comma_and_point_are_read_in_the_table_and_in_the_editor(german: ShopClient, lamp: int, written: str) -> None:
    german.send(f"/admin/products/{lamp}/quick", form_of(german, "/admin/products") | {"price": written})
    assert price_of(lamp) == 5250
    german.send(f"/admin/products/{lamp}", form_of(german, f"/admin/products/{lamp}") | {"price-1": "7,05"})
    assert price_of(lamp) == 705


@pytest.mark.parametrize(
    ("written", "cents"),
    [("1.234,50", 123_450), ("1,234.50", 123_450), ("1 234,50", 123_450), ("1'234'567.00", 123_456_700), ("9.5", 950)],
)
def test_thousands_are_read_as_pages_write_them(app: Flask, written: str, cents: int) -> None:
    assert parse_price(written, "EUR", name="price") == cents


@pytest.mark.parametrize("written", ["1.234", "1,23,50", "1.2345,50", "12.34.50", "1.234.50", "1.234,567.00", "", "."])
def test_what_may_mean_two_prices_is_refused(app: Flask, written: str) -> None:
    with app.test_request_context(), pytest.raises(InvalidInput):
        parse_price(written, "EUR", name="price")


def test_saving_what_a_german_page_shows_changes_no_amount(german: ShopClient, lamp: int) -> None:
    before = amounts()
    for path in ("/admin/products/{lamp}/quick", *PAGES.values()):
        shown = PAGES["table"] if path.endswith("quick") else path
        if path != PAGES["table"]:
            fields = form_of(german, shown.format(lamp=lamp)) | {"step": "save"}
            assert german.send(path.format(lamp=lamp), fields).status_code == 303
    assert amounts() == before


def test_what_is_refused_is_told_with_a_comma(german: ShopClient, lamp: int) -> None:
    fields = form_of(german, "/admin/delivery") | {"price-standard": "viel", "tax-DE": "viel"}
    page = german.send("/admin/delivery", fields).get_data(as_text=True)
    assert "Preis wie 9,99" in page
    assert "19 oder 5,5" in page
