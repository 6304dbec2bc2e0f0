"""R3: carts that name the same things in opposite order never wait for each other in a circle."""

import pytest
from flask import Flask
from sqlalchemy import text

from tests.factories import make_product, variant_of
from tests.webapp.reliability.crowd import ending, gather, shelf, together
from webapp.extensions import db
from webapp.store.tx import unit_of_work

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]
PAIRS = 100


def test_r03_a_hundred_pairs_of_opposite_carts_all_succeed(app: Flask, database: str) -> None:
    with unit_of_work() as tx:
        one, two = make_product(tx, stock=1000, price_cents=2000), make_product(tx, stock=1000, price_cents=2000)
        first, second = (variant_of(tx, one), 1), (variant_of(tx, two), 1)
        buyers = gather(tx, [[first, second], [second, first]] * PAIRS)
    ended = together([lambda b=buyer: ending(app, b.press(app)) for buyer in buyers])
    assert ended == {"order": 2 * PAIRS}
    assert shelf(one) == shelf(two) == (1000, 2 * PAIRS)
    if database == "postgresql":
        with db.engine.connect() as connection:
            met = connection.execute(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
            assert met.scalar_one() == 0
