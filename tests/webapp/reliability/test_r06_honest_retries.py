"""R6: the same key with another body is refused; an attempt that failed leaves cart and order fit for the next one."""

import pytest
from flask import Flask

from tests.factories import make_product, variant_of
from tests.webapp.reliability.crowd import Buyer, ending, gather, shelf
from webapp.store import carts, catalogue, orders
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.both_databases


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, stock=3, price_cents=2000)


@pytest.fixture
def buyer(app: Flask, lamp: int) -> Buyer:
    with unit_of_work() as tx:
        return gather(tx, [[(variant_of(tx, lamp), 2)]])[0]


def test_r06_another_body_under_the_same_key_is_422(app: Flask, buyer: Buyer, lamp: int) -> None:
    assert ending(app, buyer.press(app)) == "order"
    assert buyer.press(app, is_gift="1").status_code == 422
    assert ending(app, buyer.press(app)) == "order"
    assert shelf(lamp) == (3, 2)


def test_r06_a_refused_order_leaves_the_cart_as_it_is(app: Flask, buyer: Buyer, lamp: int) -> None:
    with unit_of_work() as tx:
        catalogue.set_stock(tx, variant_of(tx, lamp), 1)
    assert ending(app, buyer.press(app)) == "refused"
    with read_unit() as tx:
        assert [line.quantity for line in carts.load(tx, buyer.actor).lines] == [2]
    with unit_of_work() as tx:
        catalogue.set_stock(tx, variant_of(tx, lamp), 3)
    assert ending(app, buyer.press(app)) == "order"


def test_r06_declined_twice_then_paid(app: Flask, buyer: Buyer, lamp: int) -> None:
    bank = buyer.press(app).headers["Location"]
    for _try in range(2):
        answer = buyer.post(app, bank, {"outcome": "decline"})
        assert (answer.status_code, answer.headers["Location"]) == (303, bank)
        assert "you can try again" in buyer.get(app, bank).get_data(as_text=True)
    assert "/checkout/done/" in buyer.post(app, bank, {"outcome": "success"}).headers["Location"]
    assert shelf(lamp) == (1, 0)
    with read_unit() as tx:
        order = orders.by_place_key(tx, buyer.key)
        assert order is not None
        assert [row.state for row in orders.payments(tx, order.order_id)] == ["declined", "declined", "succeeded"]
