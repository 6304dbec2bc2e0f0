"""What is one of its kind for a member, or in the shop, stays one when two processes write at the same moment."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.databases import POSTGRESQL
from tests.factories import ADDRESS, PASSWORD, make_product, make_user, put_in_cart, ready_to_pay
from tests.webapp.reliability.test_votes_at_once import meanwhile
from webapp.actors import Actor
from webapp.errors import InvalidInput
from webapp.extensions import db
from webapp.services import checkout, privacy
from webapp.store import orders, users
from webapp.store.tx import Tx, read_unit, unit_of_work

pytestmark = [pytest.mark.service, pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)]


def add_usual(tx: Tx, user_id: int, street: str) -> None:
    values: dict[str, Any] = {name: value for name, value in ADDRESS.items() if name != "method"}
    users.save_address(tx, user_id, values | {"line1": street, "is_default": True}, address_id=None, now=NOW)


def test_of_two_usual_addresses_added_at_once_one_is_the_usual_one(app: Flask) -> None:
    with unit_of_work() as tx:
        ana = make_user(tx)
    with meanwhile(app, lambda tx: add_usual(tx, ana, "Second Street 2")) as tx:
        add_usual(tx, ana, "First Street 1")
    with read_unit() as tx:
        assert [(row.line1, row.is_default) for row in users.addresses(tx, ana)] == [
            ("Second Street 2", True),
            ("First Street 1", False),
        ]


def test_an_address_that_two_confirm_at_once_is_given_to_one(app: Flask) -> None:
    given: list[bool] = []
    with unit_of_work() as tx:
        ana, ben = make_user(tx), make_user(tx)
    with meanwhile(app, lambda tx: given.append(users.change_email(tx, ben, "new@example.com"))) as tx:
        given.append(users.change_email(tx, ana, "new@example.com"))
    assert given == [True, False]
    with read_unit() as tx:
        found = users.by_email(tx, "new@example.com")
    assert found is not None
    assert found.user_id == ana


def test_an_account_is_not_deleted_while_one_of_its_orders_is_being_paid(app: Flask) -> None:
    """Both read before the other wrote: the order was paid, and had lost its address and its voucher."""
    ended: list[str] = []
    with unit_of_work() as tx:
        actor = Actor(user_id=make_user(tx, "ana@example.com"))
        put_in_cart(tx, actor, make_product(tx))
    with app.test_request_context():
        order = checkout.place(actor, ready_to_pay(actor), currency="EUR", hold_for=timedelta(hours=1), now=NOW)

    def delete() -> None:
        with app.test_request_context():
            try:
                privacy.delete_account(actor.user_id or 0, PASSWORD, keep_reviews=False, now=NOW)
            except InvalidInput as refused:
                ended.extend(refused.errors)

    other = threading.Thread(target=delete)
    with db.engine.connect() as connection, connection.begin():
        orders.move(Tx(connection), order.order_id, from_states=("placed",), to_state="paid", paid_at=NOW)
        other.start()
        other.join(1.0)
    other.join(20)
    assert ended == ["password"]
    with read_unit() as tx:
        found = orders.by_id(tx, order.order_id)
        kinds = [row.kind for row in orders.events(tx, order.order_id)]
    assert found is not None
    assert (found.state, found.email, kinds) == ("paid", order.email, ["placed"])
