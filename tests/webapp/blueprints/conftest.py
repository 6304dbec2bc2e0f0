"""A shopper with a lamp in the cart, and the owner in the office."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.factories import ShopClient, make_product, make_user
from webapp.store.tx import unit_of_work


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, name="Oslo lamp", stock=9, price_cents=1999)


@pytest.fixture
def full(client: ShopClient, lamp: int) -> ShopClient:
    """A guest with a lamp at 19.99 in the cart."""
    client.send("/cart/add", {"product_id": str(lamp)})
    return client


@pytest.fixture
def office(app: Flask) -> ShopClient:
    with unit_of_work() as tx:
        make_user(tx, "owner@example.com", role="owner")
    client: ShopClient = app.test_client()
    client.sign_in("owner@example.com")
    return client
