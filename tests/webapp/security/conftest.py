"""What the tests of the rules share."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.factories import make_product, make_user, put_in_cart, ready_to_pay
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.services.buying import checkout
from webapp.store import orders
from webapp.store.orders import OrderRow
from webapp.store.tx import unit_of_work


@pytest.fixture
def ana(app: Flask) -> Actor:
    """Ana, a member."""
    with unit_of_work() as tx:
        return Actor(user_id=make_user(tx, "ana@example.com"))


@pytest.fixture
def order(app: Flask, ana: Actor) -> OrderRow:
    """An order of Ana's that is not paid yet."""
    with unit_of_work() as tx:
        put_in_cart(tx, ana, make_product(tx))
    with app.test_request_context():
        return checkout.place(ana, ready_to_pay(ana), currency="EUR", hold_for=timedelta(minutes=5), now=utc_now())


@pytest.fixture
def paid(order: OrderRow) -> OrderRow:
    """The same order, paid."""
    with unit_of_work() as tx:
        orders.move(tx, order.order_id, from_states=("placed",), to_state="paid", paid_at=utc_now())
        found = orders.by_id(tx, order.order_id)
    assert found is not None
    return found
