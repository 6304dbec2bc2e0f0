"""R8: a provider that says nothing leaves the payment unknown; the worker asks, and nobody is charged twice."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.factories import make_product, variant_of
from tests.webapp.reliability.crowd import Buyer, gather, shelf
from webapp.clock import utc_now
from webapp.providers import get_providers
from webapp.services.buying import checkout, payments
from webapp.store import orders
from webapp.store.orders import PaymentRow
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.both_databases


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, stock=3, price_cents=2000)


@pytest.fixture
def buyer(app: Flask, lamp: int) -> Buyer:
    with unit_of_work() as tx:
        return gather(tx, [[(variant_of(tx, lamp), 1)]])[0]


def attempts_of(buyer: Buyer) -> list[PaymentRow]:
    with read_unit() as tx:
        order = orders.by_place_key(tx, buyer.key)
        assert order is not None
        return orders.payments(tx, order.order_id)


def test_r08_never_answers_is_settled_within_five_minutes(app: Flask, buyer: Buyer, lamp: int) -> None:
    bank = buyer.press(app).headers["Location"]
    done = buyer.post(app, bank, {"outcome": "silent"}).headers["Location"]
    assert "waiting for the bank" in buyer.get(app, done).get_data(as_text=True)
    assert [row.state for row in attempts_of(buyer)] == ["unknown"]
    began, minutes = utc_now(), 0
    while attempts_of(buyer)[-1].state == "unknown" and minutes < 5:
        minutes += 1
        payments.reconcile(get_providers(), now=began + timedelta(minutes=minutes))
    assert [row.state for row in attempts_of(buyer)] == ["succeeded"]
    assert shelf(lamp) == (2, 0)


def test_r08_trying_again_meanwhile_is_the_same_attempt(app: Flask, buyer: Buyer, lamp: int) -> None:
    bank = buyer.press(app).headers["Location"]
    buyer.post(app, bank, {"outcome": "silent"})
    buyer.post(app, bank.replace("test-payment", "pay"), {"method": "test"})
    buyer.post(app, bank, {"outcome": "success"})
    payments.reconcile(get_providers(), now=utc_now() + timedelta(minutes=2))
    assert [(row.attempt, row.state) for row in attempts_of(buyer)] == [(1, "succeeded")]
    assert shelf(lamp) == (2, 0)


def test_r08_an_answer_after_the_stock_went_back_is_still_honest(app: Flask, buyer: Buyer, lamp: int) -> None:
    bank = buyer.press(app).headers["Location"]
    buyer.post(app, bank, {"outcome": "silent"})
    assert checkout.sweep(now=utc_now() + timedelta(minutes=16)) == 1
    payments.reconcile(get_providers(), now=utc_now() + timedelta(minutes=17))
    assert [row.state for row in attempts_of(buyer)] == ["succeeded"]
    assert shelf(lamp) == (2, 0)
