"""What is one of its kind for a member, or in the shop, stays one when two processes write at the same moment."""

import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.databases import POSTGRESQL
from tests.factories import ADDRESS, PASSWORD, make_product, make_user, put_in_cart, ready_to_pay, variant_of
from tests.webapp.reliability.test_votes_at_once import meanwhile
from webapp.actors import Actor
from webapp.buying import ProviderEvent
from webapp.errors import InvalidInput
from webapp.extensions import db
from webapp.services.buying import carts, checkout, payments
from webapp.services.office import pages as office
from webapp.services.people import privacy
from webapp.services.picks import feedback
from webapp.store import catalogue, orders, products, stock, users
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


@pytest.mark.parametrize("deed", ["pay", "add"])
def test_an_account_is_deleted_in_no_circle_with_what_happens_for_its_member(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, deed: str
) -> None:
    """Paying holds the order, adding to the cart the cart, before it writes about the member."""
    with unit_of_work() as tx:
        actor, lamp = Actor(user_id=make_user(tx, "ana@example.com")), make_product(tx)
        put_in_cart(tx, actor, lamp)
        variant = variant_of(tx, lamp)
    with app.test_request_context():
        order = checkout.place(actor, ready_to_pay(actor), currency="EUR", hold_for=timedelta(hours=1), now=NOW)
    with read_unit() as tx:
        payment = orders.payments(tx, order.order_id)[0]
    ended: list[str] = []

    def delete() -> None:
        with app.test_request_context():
            try:
                privacy.delete_account(actor.user_id or 0, PASSWORD, keep_reviews=False, now=NOW)
                ended.append("deleted")
            except InvalidInput as refused:
                ended.extend(refused.errors)

    other, note = threading.Thread(target=delete), feedback.note

    def note_while_it_is_deleted(*args: Any, **named: Any) -> None:
        if not other.ident:
            other.start()
            other.join(1.0)
        note(*args, **named)

    monkeypatch.setattr(feedback, "note", note_while_it_is_deleted)
    with caplog.at_level(logging.WARNING, logger="webapp"), app.test_request_context():
        if deed == "pay":
            event = ProviderEvent("e1", payment.reference, "succeeded", payment.amount_cents, payment.currency)
            payments.apply_event(payment.provider, event, now=NOW)
        else:
            carts.add_variant(actor, variant, 1, request_id="", now=NOW)
    other.join(20)
    assert "database_busy" not in caplog.messages
    assert ended == ["password" if deed == "pay" else "deleted"]


def test_a_sign_in_keeps_nobody_waiting_who_writes_about_the_member(app: Flask) -> None:
    """It wants the cart next, which is held by whoever wants the member: a circle."""
    with unit_of_work() as tx:
        actor, lamp = Actor(user_id=make_user(tx)), make_product(tx)
        user = users.by_id(tx, actor.user_id or 0)
    assert user is not None

    def save() -> None:
        with app.test_request_context():
            carts.wish(actor, lamp, is_wished=True, now=NOW)

    other = threading.Thread(target=save)
    with db.engine.connect() as connection, connection.begin():
        assert users.keep_password(Tx(connection), user.user_id, user.password_hash)
        other.start()
        other.join(5)
        has_waited = other.is_alive()
    other.join(20)
    assert not has_waited


def test_a_product_is_saved_in_the_office_while_it_is_sold(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Selling takes the pieces, then counts on the product: whoever saves takes them in the same order."""
    with unit_of_work() as tx:
        owner, lamp, ana = make_user(tx, role="owner"), make_product(tx), Actor(user_id=make_user(tx))
        put_in_cart(tx, ana, lamp)
    with app.test_request_context():
        order = checkout.place(ana, ready_to_pay(ana), currency="EUR", hold_for=timedelta(hours=1), now=NOW)

    def sell() -> None:
        with app.app_context(), unit_of_work() as tx:
            stock.sell_held(tx, order.order_id)

    other, change = threading.Thread(target=sell), catalogue.change_product

    def change_while_it_is_sold(*args: Any, **named: Any) -> bool:
        changed = change(*args, **named)
        other.start()
        other.join(0.5)
        return changed

    monkeypatch.setattr(catalogue, "change_product", change_while_it_is_sold)
    fields = {"price": "12", "stock": "7", "is_visible": "1"}
    with caplog.at_level(logging.WARNING, logger="webapp"), app.test_request_context():
        office.save_quick(lamp, fields, user_id=owner, now=NOW)
    other.join(20)
    assert "database_busy" not in caplog.messages
    with read_unit() as tx:
        variant = products.variants_of(tx, [lamp])[0]
    assert (variant.price_cents, variant.stock, variant.reserved) == (1200, 6, 0)
