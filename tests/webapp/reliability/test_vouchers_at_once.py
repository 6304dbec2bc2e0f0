"""Many shoppers press with the same voucher at the same moment: it is used as often as it may be, never once more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from tests.factories import make_product, make_voucher, variant_of
from tests.webapp.reliability.crowd import Buyer, ending, gather, shelf, together
from webapp.clock import utc_now
from webapp.extensions import db
from webapp.services.buying import checkout
from webapp.store import carts, orders, vouchers
from webapp.store.tx import Tx, read_unit, unit_of_work

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]
BUYERS, USES = 60, 7
OFF_CENTS = 500


def with_voucher(tx: Tx, buyers: Sequence[Buyer], voucher_id: int, *, email: str = "") -> list[Buyer]:
    """Put a voucher into every cart, as if it had been there at the review."""
    found = []
    for buyer in buyers:
        cart = carts.load(tx, buyer.actor)
        total = buyer.total_cents - OFF_CENTS
        seen = {"version": cart.version, "total": total}
        said = {"email": email} if email else {}
        vouchers.put_in_cart(tx, cart.cart_id, voucher_id)
        carts.set_checkout(tx, cart.cart_id, cart.checkout | said | {"seen": seen})
        found.append(replace(buyer, total_cents=total))
    return found


def n_used(code: str) -> int:
    with read_unit() as tx:
        found = vouchers.by_code(tx, code)
    assert found is not None
    return found.uses


def test_a_limited_voucher_is_never_used_once_too_often(app: Flask, database: str) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, stock=1000, price_cents=2000)
        limited = make_voucher(tx, "FEW", "amount", OFF_CENTS, max_uses=USES)
        buyers = with_voucher(tx, gather(tx, [[(variant_of(tx, lamp), 1)]] * BUYERS), limited)
    ended = together([lambda b=buyer: ending(app, b.press(app)) for buyer in buyers])
    assert ended == {"order": USES, "refused": BUYERS - USES}
    assert n_used("FEW") == USES
    assert shelf(lamp) == (1000, USES)
    with read_unit() as tx:
        assert orders.counts_by_state(tx) == {"placed": USES}
    if database == "postgresql":
        with db.engine.connect() as connection:
            met = connection.execute(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
            assert met.scalar_one() == 0


def test_once_for_each_shopper_holds_for_guests_who_share_an_address(app: Flask) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, stock=1000, price_cents=2000)
        once = make_voucher(tx, "ONCE", "amount", OFF_CENTS, per_user=1)
        many = gather(tx, [[(variant_of(tx, lamp), 1)]] * 20)
        buyers = with_voucher(tx, many, once, email="ana@example.com")
    ended = together([lambda b=buyer: ending(app, b.press(app)) for buyer in buyers])
    assert ended == {"order": 1, "refused": 19}
    assert n_used("ONCE") == 1


def test_uses_given_back_while_others_press_add_up(app: Flask) -> None:
    """Some orders run out of time while others are placed: uses are exactly the orders that still hold one."""
    with unit_of_work() as tx:
        lamp = make_product(tx, stock=1000, price_cents=2000)
        limited = make_voucher(tx, "FEW", "amount", OFF_CENTS, max_uses=BUYERS)
        buyers = with_voucher(tx, gather(tx, [[(variant_of(tx, lamp), 1)]] * BUYERS), limited)
    first, second = buyers[: BUYERS // 2], buyers[BUYERS // 2 :]
    assert together([lambda b=buyer: ending(app, b.press(app)) for buyer in first]) == {"order": len(first)}
    late = utc_now() + timedelta(minutes=2 * app.config["RESERVE_MINUTES"])

    def sweep() -> str:
        with app.app_context():
            checkout.sweep(now=late)
        return "swept"

    together([*[lambda b=buyer: ending(app, b.press(app)) for buyer in second], sweep, sweep])
    with read_unit() as tx:
        states = orders.counts_by_state(tx)
    assert n_used("FEW") == states["placed"]
    assert shelf(lamp) == (1000, states["placed"])
