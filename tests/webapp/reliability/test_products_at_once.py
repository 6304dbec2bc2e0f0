"""What goes through many products while the shop sells them: neither waits for the other in a circle."""

import logging
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.conftest import NOW
from tests.databases import POSTGRESQL
from tests.factories import make_guest, make_product, ready_to_pay, variant_of
from webapp.services.buying import checkout
from webapp.services.upkeep import imports
from webapp.services.upkeep.import_rows import Options
from webapp.store import carts, catalogue, popularity, products, stock
from webapp.store.models import Product, Variant
from webapp.store.popularity import Standing
from webapp.store.tx import read_unit, unit_of_work

pytestmark = [pytest.mark.service, pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)]


def ordered(app: Flask, *variants: int) -> int:
    """Place the order of a guest and return its id."""
    with unit_of_work() as tx:
        guest = make_guest(tx)
        cart_id = carts.ensure(tx, guest, now=NOW)
        for variant in variants:
            carts.add_line(tx, cart_id, variant, 1, price_cents=4900, now=NOW)
    with app.test_request_context():
        placed = checkout.place(guest, ready_to_pay(guest), currency="EUR", hold_for=timedelta(hours=1), now=NOW)
    return placed.order_id


def selling(app: Flask, order_id: int) -> threading.Thread:
    """Another process that counts the pieces of an order as sold."""

    def sell() -> None:
        with app.app_context(), unit_of_work() as tx:
            stock.sell_held(tx, order_id)

    return threading.Thread(target=sell)


def test_a_catalogue_is_imported_while_its_products_are_sold(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Selling takes the pieces, then counts on the product. The database ended the circle, and the import broke off."""
    with unit_of_work() as tx:
        lamp, mug = (make_product(tx, external_ref=ref) for ref in ("lamp", "mug"))
        variants = [variant_of(tx, lamp), variant_of(tx, mug)]
    other, prices = selling(app, ordered(app, *variants)), catalogue._only
    path = tmp_path / "prices.csv"
    path.write_text("item_id,title,price\nmug,Mug,12\nlamp,Lamp,11\n")

    def sold_before_prices_are_written(*args: Any) -> list[dict[str, Any]]:
        """The import holds the products here, and writes what their variants cost next."""
        other.start()
        other.join(0.5)
        return prices(*args)

    monkeypatch.setattr(catalogue, "_only", sold_before_prices_are_written)
    with caplog.at_level(logging.WARNING, logger="webapp"), app.app_context():
        imports.import_catalogue(path, Options(), folder=tmp_path, now=NOW, progress=lambda *_told: None)
    other.join(20)
    assert "database_busy" not in caplog.messages
    with read_unit() as tx:
        found = [products.variants_of(tx, [row])[0] for row in (lamp, mug)]
    assert [(row.price_cents, row.stock, row.reserved) for row in found] == [(1100, 9, 0), (1200, 9, 0)]


def test_popularity_is_written_while_newer_variants_of_older_products_are_sold(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with unit_of_work() as tx:
        lamp, mug = make_product(tx, variants=[{"name": "oak"}]), make_product(tx)
        older = variant_of(tx, mug)
        row = {"product_id": lamp, "sku": "new", "name": "ash", "options": {}, "picture_stem": "", "price_cents": 4900}
        newer = catalogue.add_rows(tx, Variant, [row | {"stock": 9, "reserved": 0, "position": 1, "is_active": True}])
    other = selling(app, ordered(app, older, *newer))
    with caplog.at_level(logging.WARNING, logger="webapp"), app.app_context(), unit_of_work() as tx:
        popularity.write(tx, [Standing(lamp, 0.0, 0, 3.0, 0)], turn=0, now=NOW)
        other.start()
        other.join(0.5)
        popularity.write(tx, [Standing(mug, 0.0, 0, 3.0, 0)], turn=1, now=NOW)
    other.join(20)
    assert "database_busy" not in caplog.messages
    with read_unit() as tx:
        sold = tx.rows(select(Product.sold_count, Product.popularity).order_by(Product.id))
    assert [tuple(row) for row in sold] == [(1, 4.0), (1, 4.0)]
