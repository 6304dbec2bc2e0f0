"""R7: the shopper's way back and the provider's message may come in any order, or at once, or only the message."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.factories import make_product, variant_of
from tests.webapp.reliability.crowd import Buyer, gather, shelf, together
from tests.webapp.reliability.deeds import bank_says, kinds_of, place, state_of
from webapp.clock import utc_now
from webapp.services.buying import payments
from webapp.services.upkeep import outbox
from webapp.store import orders
from webapp.store.orders import OrderRow
from webapp.store.tx import unit_of_work

pytestmark = pytest.mark.both_databases
TIMES = 50


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, stock=200, price_cents=2000)


def order_by(app: Flask, lamp: int) -> tuple[Buyer, OrderRow]:
    with unit_of_work() as tx:
        buyer = gather(tx, [[(variant_of(tx, lamp), 1)]])[0]
    with app.test_request_context():
        return buyer, place(buyer.actor, buyer.key, buyer.total_cents, now=utc_now())


def back(app: Flask, buyer: Buyer) -> str:
    """The browser comes back with the bank's answer."""
    bank = buyer.press(app).headers["Location"]
    return str(buyer.post(app, bank, {"outcome": "success"}).status_code) if "test-payment" in bank else "303"


def message(app: Flask, order: OrderRow) -> str:
    """The provider tells by itself."""
    with app.app_context(), app.test_request_context():
        return bank_says(order, now=utc_now(), event_id="told-by-itself")


def mail_sent(app: Flask) -> Counter[str]:
    sent: list[str] = []
    with app.app_context():
        outbox.drain(lambda mail, _name: sent.append(mail["Subject"]), now=utc_now())
    return Counter(sent)


@pytest.mark.parametrize("order_of_things", ["back-message", "message-back", "message-only"])
def test_r07_any_order_is_one_paid_order_and_one_mail(app: Flask, lamp: int, order_of_things: str) -> None:
    buyer, order = order_by(app, lamp)
    for step in order_of_things.split("-")[: 1 if "only" in order_of_things else 2]:
        if step == "back":
            back(app, buyer)
        else:
            message(app, order)
    assert (state_of(order), kinds_of(order).count("paid"), shelf(lamp)) == ("paid", 1, (199, 0))
    assert mail_sent(app)["Your order is paid"] == 1


@pytest.mark.slow
def test_r07_both_at_once_fifty_times(app: Flask, lamp: int) -> None:
    for _time in range(TIMES):
        buyer, order = order_by(app, lamp)
        ended = together([lambda b=buyer: back(app, b), lambda o=order: message(app, o)] * 2)
        assert set(ended) <= {"303", "applied", "repeated"}
        assert (state_of(order), kinds_of(order).count("paid")) == ("paid", 1)
    assert shelf(lamp) == (200 - TIMES, 0)
    assert mail_sent(app)["Your order is paid"] == TIMES


def test_r07_nobody_begins_to_pay_while_a_message_is_taken_in(app: Flask, lamp: int) -> None:
    """Who asks meanwhile waits for what the message says: the order is paid, so there is nothing to begin."""
    _buyer, order = order_by(app, lamp)

    def begin() -> object:
        with app.app_context():
            return payments.open_payment(order.order_id, "test", now=utc_now())

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work() as tx:
            orders.lock(tx, order.order_id)
            begun = pool.submit(begin)
            with pytest.raises(TimeoutError):
                begun.result(timeout=0.5)
            orders.move(tx, order.order_id, from_states=("placed",), to_state="paid", paid_at=utc_now())
        assert begun.result(timeout=10) is None
