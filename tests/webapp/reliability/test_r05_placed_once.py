"""R5: a double click, two tabs, a retry of the network, Back and again: one order, always the same answer."""

import pytest
from flask import Flask

from tests.factories import make_product, variant_of
from tests.webapp.reliability.crowd import Buyer, gather, shelf, together
from webapp.store import orders
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.both_databases


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, stock=10, price_cents=2000)


@pytest.fixture
def buyer(app: Flask, lamp: int) -> Buyer:
    with unit_of_work() as tx:
        return gather(tx, [[(variant_of(tx, lamp), 2)]])[0]


@pytest.mark.slow
def test_r05_twelve_presses_at_once_place_one_order(app: Flask, buyer: Buyer, lamp: int) -> None:
    answers = together([lambda: buyer.press(app).headers["Location"]] * 12)
    assert len(answers) == 1
    assert shelf(lamp) == (10, 2)
    with read_unit() as tx:
        assert orders.counts_by_state(tx) == {"placed": 1}


def test_r05_back_and_again_shows_the_same_confirmation(app: Flask, buyer: Buyer, lamp: int) -> None:
    first = buyer.press(app).headers["Location"]
    assert buyer.get(app, "/checkout/review").headers["Location"] == "/cart"
    assert buyer.press(app).headers["Location"] == first
    assert shelf(lamp) == (10, 2)


def test_r05_nobody_else_can_use_the_key(app: Flask, buyer: Buyer, lamp: int) -> None:
    buyer.press(app)
    with unit_of_work() as tx:
        other = gather(tx, [[(variant_of(tx, lamp), 1)]])[0]
    assert other.press(app, idempotency_key=buyer.key).status_code == 404
    assert shelf(lamp) == (10, 2)
