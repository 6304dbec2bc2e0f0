"""R9: an order is one unit with its lines, stock, payment and mail. Killed anywhere, the shop finds its way back."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from config import ROOT
from tests.conftest import NOW
from tests.factories import make_product, variant_of
from tests.webapp.reliability.crowd import Buyer, gather, shelf
from tests.webapp.reliability.deeds import stock_adds_up
from webapp.store import carts, orders
from webapp.store.orders import OrderRow
from webapp.store.tx import read_unit, unit_of_work

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]
ON_HAND, FEWEST_POINTS = 500, 40
Sell = Callable[[Buyer, int, datetime], str]


@pytest.fixture
def sell(app: Flask, tmp_path: Path) -> Iterator[Sell]:
    """Have another process sell to a buyer, and die at a point; 0 is no point at all."""
    command = [sys.executable, "-m", "tests.webapp.reliability.till", str(tmp_path)]
    command.append(app.config["SQLALCHEMY_DATABASE_URI"])
    till = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert till.stdin is not None
    assert till.stdout is not None
    stdin, stdout = till.stdin, till.stdout

    def deed(buyer: Buyer, die_at: int, now: datetime) -> str:
        line = {"guest_id": buyer.actor.guest_id, "key": buyer.key, "total_cents": buyer.total_cents}
        stdin.write(json.dumps(line | {"die_at": die_at, "now": now.isoformat()}) + "\n")
        stdin.flush()
        return stdout.readline().strip()

    with till:
        yield deed
        stdin.close()
        till.wait(30)


def order_of(buyer: Buyer) -> OrderRow | None:
    with read_unit() as tx:
        return orders.by_place_key(tx, buyer.key)


def check_whole(buyer: Buyer) -> None:
    """After a death there is the whole order or none of it, and then the cart is as it was."""
    assert stock_adds_up()
    order = order_of(buyer)
    with read_unit() as tx:
        cart = carts.load(tx, buyer.actor)
        if order is None:
            assert [line.quantity for line in cart.lines] == [1]
        else:
            assert cart.lines == ()
            assert len(orders.lines(tx, [order.order_id])[order.order_id]) == 1
            assert len(orders.payments(tx, order.order_id)) == 1


def test_r09_killed_at_every_point_nothing_is_lost_and_nothing_done_twice(
    app: Flask, sell: Sell, tmp_path: Path
) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, stock=ON_HAND, price_cents=2000)
        variant = variant_of(tx, lamp)
    point, ended = 0, "killed"
    while ended == "killed":
        point += 1
        at = NOW + timedelta(hours=point)
        with unit_of_work() as tx:
            buyer = gather(tx, [[(variant, 1)]])[0]
        ended = sell(buyer, point, at)
        check_whole(buyer)
        if ended == "killed":
            assert sell(buyer, 0, at + timedelta(minutes=5)) == "ended 0"
        order = order_of(buyer)
        assert order is not None
        assert order.state == "paid"
        assert shelf(lamp) == (ON_HAND - point, 0)
        letters = [path.read_text("utf-8") for path in (tmp_path / "mail").glob("*.eml")]
        subjects = sorted(subject_of(letter) for letter in letters if f"Order {order.number}" in letter)
        assert subjects == ["We have your order", "Your order is paid"], f"killed at point {point}"
    assert ended == "ended 0"
    assert point > FEWEST_POINTS
    assert stock_adds_up()


def subject_of(letter: str) -> str:
    return next(line.removeprefix("Subject: ") for line in letter.splitlines() if line.startswith("Subject: "))
