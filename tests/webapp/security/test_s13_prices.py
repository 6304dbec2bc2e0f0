"""S13, S14, S15: the browser says which and how many, the shop says what it costs, and no step is left out."""

import random

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import ADDRESS, ShopClient, make_product, put_in_cart, ready_to_pay, variant_of
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.errors import InvalidInput
from webapp.services.buying import carts, checkout
from webapp.store import carts as stored
from webapp.store import orders
from webapp.store.models.buying import MAX_QUANTITY
from webapp.store.tx import read_unit, unit_of_work

FORGED = {
    "price": "1",
    "price_cents": "1",
    "unit_price_cents": "1",
    "currency": "JPY",
    "discount_cents": "9999",
    "delivery_cents": "0",
    "tax_cents": "0",
    "total_cents": "1",
    "state": "paid",
    "user_id": "1",
}


def cart_of(actor: Actor) -> list[tuple[int, int, int]]:
    with read_unit() as tx:
        return [(line.variant_id, line.quantity, line.price_cents) for line in stored.load(tx, actor).lines]


def test_s13_nothing_the_browser_sends_is_a_price(app: Flask, ana: Actor) -> None:
    with unit_of_work() as tx:
        variant = variant_of(tx, make_product(tx, price_cents=4900))
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    client.send("/cart/add", {"variant_id": str(variant), "quantity": "2"} | FORGED)
    assert cart_of(ana) == [(variant, 2, 4900)]
    client.send("/checkout/contact", {"email": "ana@example.com"} | FORGED)
    client.send("/checkout/delivery", ADDRESS | FORGED)
    client.send("/checkout/payment", {"method": "test"} | FORGED)
    found, _changes = checkout.review(ana, currency="EUR", now=utc_now())
    assert (found.sums.subtotal_cents, found.sums.total_cents) == (9800, 9800 + found.sums.delivery_cents)
    client.send("/checkout/place", FORGED | {"idempotency_key": found.key})
    client.send("/checkout/place", FORGED | {"idempotency_key": found.key, "total_cents": str(found.sums.total_cents)})
    with read_unit() as tx:
        assert orders.counts_by_state(tx) == {"placed": 1}
        placed = orders.by_id(tx, 1)
    assert placed is not None
    assert (placed.total_cents, placed.currency, placed.user_id) == (found.sums.total_cents, "EUR", ana.user_id)


def test_s13_the_sum_is_that_of_the_catalogue(app: Flask, ana: Actor) -> None:
    draw = random.Random(13)
    with unit_of_work() as tx:
        prices = {
            variant_of(tx, make_product(tx, stock=99, price_cents=cents)): cents for cents in (1, 333, 4999, 10**5)
        }
        cart = put_in_cart(tx, ana, make_product(tx))
    with app.test_request_context():
        ready_to_pay(ana)
    for _cart in range(20):
        wanted = {variant: draw.randint(1, 20) for variant in draw.sample(sorted(prices), draw.randint(1, 4))}
        with unit_of_work() as tx:
            for line in stored.load(tx, ana).lines:
                stored.remove_line(tx, line.line_id)
            for variant, quantity in wanted.items():
                stored.add_line(tx, cart, variant, quantity, price_cents=1, now=utc_now())
        with app.test_request_context():
            found, _changes = checkout.review(ana, currency="EUR", now=utc_now())
        subtotal = sum(prices[variant] * quantity for variant, quantity in wanted.items())
        assert found.sums.subtotal_cents == subtotal
        assert found.sums.total_cents == subtotal + found.sums.delivery_cents
        assert 0 <= found.sums.tax_cents < found.sums.total_cents


@settings(max_examples=100, database=None)
@given(st.text(max_size=8) | st.integers().map(str) | st.floats().map(str))
def test_s14_a_quantity_is_a_plain_number_of_pieces_or_nothing(raw: str) -> None:
    try:
        quantity = carts.parse_quantity(raw)
    except InvalidInput:
        return
    assert 1 <= quantity <= MAX_QUANTITY
    assert set(raw.strip()) <= set("0123456789")


@pytest.mark.parametrize("step", ["delivery", "payment", "review"])
def test_s15_a_step_leads_back_to_the_first_that_is_not_done(app: Flask, client: ShopClient, step: str) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
    client.send("/cart/add", {"product_id": str(lamp)})
    assert client.get(f"/checkout/{step}").headers["Location"].endswith("/checkout/contact")
    form = {"idempotency_key": "made-up", "total_cents": "4900"}
    assert client.send("/checkout/place", form).headers["Location"].endswith("/checkout")
    with read_unit() as tx:
        assert orders.counts_by_state(tx) == {}
