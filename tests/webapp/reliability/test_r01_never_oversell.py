"""R1: two hundred shoppers press for ten pieces at the same moment. Ten get one, the others are told politely."""

import os

import pytest
from flask import Flask

from tests.factories import make_product, variant_of
from tests.webapp.reliability.crowd import ending, gather, shelf, together
from webapp.store import orders
from webapp.store.tx import read_unit, unit_of_work

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]
BUYERS, STOCK = 200, 10
REPEATS = 20 if os.environ.get("CI") else 5


def test_r01_ten_pieces_are_ten_orders_time_and_again(app: Flask) -> None:
    for turn in range(1, REPEATS + 1):
        with unit_of_work() as tx:
            lamp = make_product(tx, stock=STOCK, price_cents=2000)
            buyers = gather(tx, [[(variant_of(tx, lamp), 1)]] * BUYERS)
        ended = together([lambda b=buyer: ending(app, b.press(app)) for buyer in buyers])
        assert ended == {"order": STOCK, "refused": BUYERS - STOCK}, f"turn {turn}"
        assert shelf(lamp) == (STOCK, STOCK)
        with read_unit() as tx:
            assert orders.counts_by_state(tx) == {"placed": STOCK * turn}
