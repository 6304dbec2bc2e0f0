"""How sought-after a product is: people by what they did with it, the recent ones more."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import make_event, make_guest, make_product, make_user
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.store import catalogue
from webapp.store.models import Product
from webapp.store.tx import unit_of_work


@pytest.mark.both_databases
def test_people_are_counted_and_each_for_the_most_recent_time(app: Flask) -> None:
    now = utc_now()
    with unit_of_work() as tx:
        lamp, member = make_product(tx), Actor(user_id=make_user(tx))
        for days in (400, 100, 1, 1):
            make_event(tx, member, lamp, at=now - timedelta(days=days))
        make_event(tx, member, lamp, "cart", at=now - timedelta(days=60))
        make_event(tx, member, lamp, "purchase", value=3.0, order_ref="2026-A", at=now)
        for _guest in range(2):
            make_event(tx, make_guest(tx), lamp, at=now)
        unseen = make_product(tx, popularity=7.0, sold_count=9)
        catalogue.refresh_popularity(tx, now=now)
        found = {row[0]: row[1:] for row in tx.rows(select(Product.id, Product.popularity, Product.sold_count))}
    assert found[lamp] == (3 * 1.0 + 3.0 * 0.5 + 5.0, 3)
    assert found[unseen] == (0.0, 0)
