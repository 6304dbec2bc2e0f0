"""The product page says what one piece costs with delivery, as the owner's table of delivery has it."""

import re
from html import unescape

import pytest
from flask import Flask

from tests.factories import ShopClient, make_product
from webapp.store import delivery
from webapp.store.tx import unit_of_work


@pytest.fixture
def lamp(app: Flask) -> str:
    """A lamp at 19.99, and its address; delivery costs 4.90, and 9.90 by express, free from 50.00 on."""
    with unit_of_work() as tx:
        delivery.change_method(tx, "standard", price_cents=490, free_from_cents=None)
        delivery.change_method(tx, "express", price_cents=990, free_from_cents=5000)
        made = make_product(tx, name="Lamp", price_cents=1999, stock=5)
    return f"/p/{made}-lamp"


def said(client: ShopClient, path: str) -> str:
    """Return what stands below the price."""
    page = client.get(path).get_data(as_text=True)
    found = re.search(r'<p class="help delivery-cost">(.*?)</p>', page, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""


def test_the_total_is_that_of_the_cheapest_way(client: ShopClient, lamp: str) -> None:
    assert said(client, lamp) == "€24.89 with the cheapest delivery. From €50.00 on delivery is free."


def test_without_a_threshold_none_is_named(client: ShopClient, lamp: str) -> None:
    with unit_of_work() as tx:
        delivery.change_method(tx, "express", free_from_cents=None)
    assert said(client, lamp) == "€24.89 with the cheapest delivery."


@pytest.mark.parametrize("values", [{"free_from_cents": 1999}, {"price_cents": 0}])
def test_free_delivery_is_said(client: ShopClient, lamp: str, values: dict[str, int]) -> None:
    with unit_of_work() as tx:
        delivery.change_method(tx, "express", **values)
    assert said(client, lamp) == "Delivery is free."


def test_a_way_that_has_ended_counts_no_more(client: ShopClient, lamp: str) -> None:
    with unit_of_work() as tx:
        delivery.switch_method(tx, "standard", on=False)
    assert said(client, lamp) == "€29.89 with the cheapest delivery. From €50.00 on delivery is free."


def test_it_goes_by_the_price_of_the_variant(client: ShopClient, lamp: str) -> None:
    with unit_of_work() as tx:
        made = make_product(tx, name="Vase", variants=[{"price_cents": 1000}, {"price_cents": 6000}])
    page = client.get(f"/p/{made}-vase").get_data(as_text=True)
    first = int(re.findall(r'name="variant_id" value="(\d+)"', page)[0])
    assert said(client, f"/p/{made}-vase").startswith("€14.90")
    assert said(client, f"/p/{made}-vase?variant={first + 1}") == "Delivery is free."


def test_nothing_is_said_where_nothing_is_delivered(client: ShopClient, lamp: str) -> None:
    with unit_of_work() as tx:
        for way in delivery.methods(tx):
            delivery.change_method(tx, way.code, is_active=False)
    assert said(client, lamp) == ""


def test_nothing_is_said_of_what_is_sold_out(client: ShopClient, lamp: str) -> None:
    with unit_of_work() as tx:
        made = make_product(tx, name="Gone", stock=0)
    assert said(client, f"/p/{made}-gone") == ""
