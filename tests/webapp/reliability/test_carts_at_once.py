"""A cart that several tabs change at the same moment: each change counts, and none waits for another in a circle."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.databases import POSTGRESQL
from tests.factories import make_product, make_user, put_in_cart, ready_to_pay, variant_of
from webapp.actors import Actor
from webapp.errors import Conflict
from webapp.extensions import db
from webapp.services.buying import carts as cart_service
from webapp.services.buying import checkout
from webapp.store import carts
from webapp.store.tx import Tx, read_unit, unit_of_work

pytestmark = [pytest.mark.service, pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)]


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, stock=9)


@pytest.fixture
def ana(app: Flask, lamp: int) -> Actor:
    """A member with one lamp in the cart."""
    with unit_of_work() as tx:
        actor = Actor(user_id=make_user(tx))
        put_in_cart(tx, actor, lamp)
    return actor


def pieces(actor: Actor) -> list[int]:
    with read_unit() as tx:
        return [line.quantity for line in carts.load(tx, actor).lines]


def in_a_tab(app: Flask, work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        with app.test_request_context():
            work()

    return threading.Thread(target=run)


def test_two_pieces_added_at_once_are_two_pieces(app: Flask, ana: Actor, lamp: int) -> None:
    with read_unit() as tx:
        variant = variant_of(tx, lamp)
    other = in_a_tab(app, lambda: cart_service.add_variant(ana, variant, 1, request_id="", now=NOW))
    with db.engine.connect() as connection, connection.begin():
        tx = Tx(connection)
        cart_id = carts.ensure(tx, ana, now=NOW)
        carts.add_line(tx, cart_id, variant, carts.quantity_of(tx, cart_id, variant) + 1, price_cents=100, now=NOW)
        other.start()
        other.join(0.5)
    other.join(20)
    assert pieces(ana) == [3]


@pytest.mark.parametrize("change", ["set_quantity", "remove", "save_for_later", "accept_changes", "review"])
def test_a_cart_that_changes_while_its_order_is_placed_waits_in_no_circle(
    app: Flask, ana: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    """The database ends such a circle after a second, and one of the two is told that the shop is busy."""
    with app.test_request_context():
        placing = ready_to_pay(ana)
    refused: list[str] = []

    def place() -> None:
        try:
            checkout.place(ana, placing, currency="EUR", hold_for=timedelta(hours=1), now=NOW)
        except Conflict as error:
            refused.append(error.text)

    other = in_a_tab(app, place)

    def then_place(done: Callable[..., Any]) -> Callable[..., Any]:
        def both(*args: Any, **named: Any) -> Any:
            result = done(*args, **named)
            if not other.ident:
                other.start()
                time.sleep(0.5)
            return result

        return both

    for step in ("add_line", "remove_line", "see_prices"):
        monkeypatch.setattr(carts, step, then_place(getattr(carts, step)))
    with read_unit() as tx:
        line_id = carts.load(tx, ana).lines[0].line_id
    changes: dict[str, Callable[[], object]] = {
        "set_quantity": lambda: cart_service.set_quantity(ana, line_id, 2, now=NOW),
        "remove": lambda: cart_service.remove(ana, line_id, now=NOW),
        "save_for_later": lambda: cart_service.save_for_later(ana, line_id, now=NOW),
        "accept_changes": lambda: cart_service.accept_changes(ana, now=NOW),
        "review": lambda: checkout.review(ana, currency="EUR", now=NOW),
    }
    with caplog.at_level(logging.WARNING, logger="webapp"), app.test_request_context():
        changes[change]()
    other.join(20)
    assert "database_busy" not in caplog.messages
    assert len(refused) == (change != "review")  # a second look alone changes nothing
