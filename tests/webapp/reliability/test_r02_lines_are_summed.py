"""R2: however the same thing gets into a cart, its pieces are counted together before anything is sold."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.conftest import NOW
from tests.factories import ShopClient, make_guest, make_product, put_in_cart, variant_of
from tests.webapp.reliability.crowd import ending, gather, shelf
from webapp.actors import Actor
from webapp.store import carts, stock
from webapp.store.models import Cart, CartLine
from webapp.store.tx import Tx, read_unit, unit_of_work

pytestmark = pytest.mark.both_databases


def test_r02_page_and_bundle_fill_one_line_up_to_what_is_there(app: Flask, client: ShopClient) -> None:
    with unit_of_work() as tx:
        lamp, mug = make_product(tx, stock=3), make_product(tx, stock=3)
        variant = variant_of(tx, lamp)
    assert client.send_js("/cart/add", {"variant_id": str(variant), "quantity": "2"}).get_json()["n_cart"] == 2
    assert client.send_js("/cart/add", {"product_id": [str(lamp), str(mug)]}).get_json()["n_cart"] == 4
    refused = client.send_js("/cart/add", {"product_id": [str(mug), str(lamp)]})
    assert (refused.status_code, refused.get_json()["available"]) == (409, 3)
    with read_unit() as tx:
        assert carts.n_items(tx, _guest_of(tx)) == 4


def _guest_of(tx: Tx) -> Actor:
    return Actor(guest_id=tx.scalar(select(Cart.guest_id)))


def test_r02_the_database_keeps_one_line_for_a_thing(tx: Tx) -> None:
    lamp = make_product(tx)
    line = {"cart_id": put_in_cart(tx, make_guest(tx), lamp), "variant_id": variant_of(tx, lamp), "quantity": 1}
    with pytest.raises(IntegrityError):
        tx.execute(CartLine.__table__.insert(), [line | {"price_seen_cents": 1, "is_saved": True, "at": NOW}])


def test_r02_the_sum_is_checked_not_the_lines(app: Flask) -> None:
    """Stock three, four wanted: nothing is held, and nothing of the other line either."""
    with unit_of_work() as tx:
        scarce, plenty = make_product(tx, stock=3), make_product(tx, stock=9)
        buyer = gather(tx, [[(variant_of(tx, scarce), 4), (variant_of(tx, plenty), 1)]])[0]
    assert ending(app, buyer.press(app)) == "refused"
    assert (shelf(scarce), shelf(plenty)) == ((3, 0), (9, 0))
    with unit_of_work() as tx:
        assert stock.reserve_all(tx, {variant_of(tx, scarce): 4}) == {variant_of(tx, scarce): 3}
