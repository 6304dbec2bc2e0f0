"""The office while others are at the same products: shoppers who buy, and somebody else in the office."""

import re

import pytest
from flask import Flask

from tests.factories import ShopClient, make_product, variant_of
from tests.webapp.blueprints.test_office import form_of
from webapp.store import catalogue, products, stock
from webapp.store.rows import VariantRow
from webapp.store.tx import read_unit, unit_of_work

SIZES = [{"sku": "S", "name": "small", "price_cents": 1900}, {"sku": "L", "name": "large", "price_cents": 2900}]


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, name="Oslo lamp", stock=5)


@pytest.fixture
def shirt(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, name="Shirt", price_cents=1900, variants=SIZES)


def row_of(office: ShopClient, product_id: int) -> dict[str, str]:
    """What the row of a product in the table sends when nothing is changed."""
    page = office.get("/admin/products").get_data(as_text=True)
    row = next(part for part in page.split("<tr>") if f'id="quick-{product_id}"' in part)
    found = {}
    for tag in re.findall(r"<input[^>]*>", row):
        name, value = re.search(r' name="([\w-]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and value:
            found[name[1]] = value[1]
    chosen = re.search(r'<option value="(\d)" selected', row)
    assert chosen is not None
    return {name: value for name, value in found.items() if name not in {"csrf_token", "next"}} | {
        "is_visible": chosen[1]
    }


def variants(product_id: int) -> list[VariantRow]:
    with read_unit() as tx:
        return products.variants_of(tx, [product_id])


def sell_down_to(product_id: int, n_left: int) -> None:
    with unit_of_work() as tx:
        assert catalogue.set_stock(tx, variant_of(tx, product_id), n_left)


def test_hiding_a_product_in_the_table_leaves_the_prices_of_its_variants(office: ShopClient, shirt: int) -> None:
    """The table shows the lowest; saving the row gave it to all of them."""
    office.send(f"/admin/products/{shirt}/quick", row_of(office, shirt) | {"is_visible": "0"})
    assert [row.price_cents for row in variants(shirt)] == [1900, 2900]
    office.send(f"/admin/products/{shirt}/quick", row_of(office, shirt) | {"price": "2100"})
    assert [row.price_cents for row in variants(shirt)] == [210000, 210000]


def test_what_was_sold_since_the_page_was_opened_does_not_come_back(office: ShopClient, lamp: int) -> None:
    """Whoever changes a price has not counted the shelf."""
    row, form = row_of(office, lamp), form_of(office, f"/admin/products/{lamp}")
    sell_down_to(lamp, 3)
    office.send(f"/admin/products/{lamp}", form | {"old_price": "99"})
    assert [row.stock for row in variants(lamp)] == [3]
    office.send(f"/admin/products/{lamp}/quick", row | {"price": "52.00"})
    assert [(row.price_cents, row.stock) for row in variants(lamp)] == [(5200, 3)]
    office.send(f"/admin/products/{lamp}/quick", row | {"stock": "40"})
    assert [(row.price_cents, row.stock) for row in variants(lamp)] == [(5200, 40)]


def test_a_row_that_was_opened_before_somebody_hid_the_product_does_not_show_it(office: ShopClient, lamp: int) -> None:
    mine, theirs = row_of(office, lamp), row_of(office, lamp)
    office.send(f"/admin/products/{lamp}/quick", theirs | {"is_visible": "0"})
    office.send(f"/admin/products/{lamp}/quick", mine | {"stock": "8"})
    with read_unit() as tx:
        assert not products.cards(tx, [lamp])[lamp].is_visible


def test_who_comes_second_keeps_what_was_typed_and_may_save_it_after_all(office: ShopClient, lamp: int) -> None:
    path = f"/admin/products/{lamp}"
    mine, theirs = form_of(office, path), form_of(office, path)
    office.send(path, theirs | {"name": "Theirs"})
    refused = office.send(path, mine | {"description": "An hour of work."})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 409
    assert "An hour of work." in page
    assert "Somebody else changed this product" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    assert office.send(path, mine | {"description": "An hour of work.", "version": version[1]}).status_code == 303


def test_a_slip_of_the_pen_does_not_hide_that_somebody_else_was_there(office: ShopClient, lamp: int) -> None:
    path = f"/admin/products/{lamp}"
    mine, theirs = form_of(office, path), form_of(office, path)
    office.send(path, theirs | {"name": "Theirs"})
    page = office.send(path, mine | {"price": "cheap"}).get_data(as_text=True)
    assert f'name="version" value="{mine["version"]}"' in page


@pytest.mark.parametrize(("reserved", "told"), [(3, "3 pieces are reserved"), (1, "One piece is reserved")])
def test_fewer_than_are_reserved_is_said_at_the_field_and_loses_nothing(
    office: ShopClient, lamp: int, reserved: int, told: str
) -> None:
    with unit_of_work() as tx:
        variant = variant_of(tx, lamp)
        stock.reserve(tx, variant, reserved)
    form = form_of(office, f"/admin/products/{lamp}")
    too_few = {f"stock-{variant}": str(reserved - 1), "description": "New words."}
    refused = office.send(f"/admin/products/{lamp}", form | too_few)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert told in page
    assert "New words." in page


def test_a_refused_row_of_the_table_is_named(office: ShopClient, lamp: int) -> None:
    """There are fifty, and the sentence stands above them all."""
    office.send(f"/admin/products/{lamp}/quick", {"price": "cheap"})
    assert "Oslo lamp: Write a price such as 9.99." in office.get("/admin/products").get_data(as_text=True)
