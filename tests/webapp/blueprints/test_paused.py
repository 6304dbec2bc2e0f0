"""While personal picks are paused the shop works as ever and notes nothing for them; the pause outlives signing in.

Who has not said yes where the shop asks first is treated as if they had paused.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import NOW
from tests.factories import (
    PASSWORD,
    ShopClient,
    make_event,
    make_guest,
    make_product,
    make_user,
    put_in_cart,
    ready_to_pay,
    variant_of,
)
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.services.browsing import reviews as review_service
from webapp.services.buying import checkout, payments
from webapp.services.people import accounts
from webapp.services.picks import feedback, taste
from webapp.store import carts, interactions, orders, products, searches, users
from webapp.store import taste as taste_rows
from webapp.store.models import Exclusion, Impression, Interaction, Search
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.both_databases
NOTED_FOR_PICKS = (Interaction, Exclusion, Impression, Search)
REFUSALS_OF_NOTHING = ("Your picks are paused, so nothing was noted.", "Your picks are off, so nothing was noted.")
KINDS = ("view", "click", "cart", "wishlist", "purchase", "dismiss")


@pytest.fixture
def shelf(app: Flask) -> list[int]:
    with unit_of_work() as tx:
        return [make_product(tx, name=f"Lamp {n}", popularity=float(n)) for n in range(12)]


@pytest.fixture(params=["guest", "member", "guest not chosen", "member not chosen"])
def paused(request: pytest.FixtureRequest, app: Flask, shelf: list[int]) -> ShopClient:
    """The browser of somebody who paused their picks, or was asked and has not chosen."""
    client: ShopClient = app.test_client()
    app.config["ASK_BEFORE_PICKS"] = "not chosen" in request.param
    if "member" in request.param:
        with unit_of_work() as tx:
            make_user(tx, "ana@example.com")
        client.sign_in("ana@example.com")
    if not app.config["ASK_BEFORE_PICKS"]:
        client.send("/your-recommendations/pause", {"paused": "1"})
    return client


def noted() -> dict[str, int]:
    """Count what is noted for picks, of whomever."""
    with read_unit() as tx:
        counts = {table.__name__: int(tx.scalar(select(func.count()).select_from(table))) for table in NOTED_FOR_PICKS}
    return {name: count for name, count in counts.items() if count}


def test_s32_while_picks_are_paused_nothing_that_is_done_is_noted(paused: ShopClient, shelf: list[int]) -> None:
    with read_unit() as tx:
        variant = variant_of(tx, shelf[0])
    for path in ("/", f"/p/{shelf[1]}", "/search?q=lamp", "/api/recommendations?k=5", "/rails?context=home"):
        paused.get(path, follow_redirects=True)
    paused.send("/cart/add", {"variant_id": str(variant), "quantity": "1"})
    paused.send(f"/wishlist/{shelf[2]}", {"wished": "1"})
    for kind in ("dismiss", "own", "gift"):
        paused.send("/your-recommendations/feedback", {"product_id": str(shelf[3]), "kind": kind})
    for kind in KINDS:
        answer = paused.send("/api/feedback", json={"product_id": shelf[4], "event": kind})
        assert answer.get_json()["recommendations_changed"] is False
    events = [{"event": kind, "product_id": shelf[5]} for kind in KINDS]
    assert paused.send("/api/events", json={"events": events}).get_json()["recorded"] == len(KINDS)
    paused.send(f"/p/{shelf[6]}/rate", {"rating": "5"})
    paused.send("/api/feedback", json={"product_id": shelf[7], "rating": 2})
    assert noted() == {}


def test_s32_nothing_of_the_pause_counts_afterwards(paused: ShopClient, shelf: list[int]) -> None:
    for kind in KINDS:
        paused.send("/api/feedback", json={"product_id": shelf[4], "event": kind})
    paused.send(f"/p/{shelf[6]}/rate", {"rating": "5"})
    paused.send("/your-recommendations/pause", {"paused": "0"})
    assert paused.get("/api/recommendations?k=5").get_json()["cold_start"] is True


def test_the_shop_itself_works_while_picks_are_paused(paused: ShopClient, shelf: list[int]) -> None:
    """Cart, list and stars are the shopper's own, whatever is noted for picks."""
    paused.send("/cart/add", {"product_id": str(shelf[0])})
    paused.send(f"/wishlist/{shelf[1]}", {"wished": "1"})
    paused.send("/api/feedback", json={"product_id": shelf[2], "event": "wishlist"})
    paused.send(f"/p/{shelf[3]}/rate", {"rating": "4"})
    assert "Lamp 0" in paused.get("/cart").get_data(as_text=True)
    wished = paused.get("/wishlist").get_data(as_text=True)
    assert "Lamp 1" in wished
    assert "Lamp 2" in wished
    with read_unit() as tx:
        card = products.cards(tx, [shelf[3]])[shelf[3]]
    assert (card.rating_count, card.rating_sum) == (1, 4)


def test_a_refusal_while_picks_are_paused_is_told_to_be_none(paused: ShopClient, shelf: list[int]) -> None:
    refused = {"product_id": str(shelf[3]), "kind": "dismiss"}
    answer = paused.send_js("/your-recommendations/feedback", refused).get_json()
    assert answer["message"] in REFUSALS_OF_NOTHING
    assert "product_id" not in answer


def test_what_was_refused_before_can_be_let_back_in_while_picks_are_paused(app: Flask, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
    with app.test_request_context():
        taste.react(guest, shelf[0], "dismiss", request_id="", now=NOW)
        taste.react(replace(guest, is_personalised=False), shelf[0], "undo", request_id="", now=NOW)
    assert noted() == {}


@pytest.mark.parametrize("who", ["guest", "member"])
def test_s32_an_order_paid_while_picks_are_paused_is_noted_nowhere_else(app: Flask, shelf: list[int], who: str) -> None:
    with unit_of_work() as tx:
        actor = make_guest(tx) if who == "guest" else Actor(user_id=make_user(tx))
        users.set_personalised(tx, actor, False)
        put_in_cart(tx, actor, shelf[0])
    with app.test_request_context():
        placed = checkout.place(
            actor, ready_to_pay(actor), currency="EUR", hold_for=timedelta(minutes=5), now=utc_now()
        )
        attempt = payments.open_payment(placed.order_id, "test", now=utc_now())
        assert attempt is not None
        payments.choose_outcome(attempt, "success", now=utc_now())
    with read_unit() as tx:
        paid = orders.by_id(tx, placed.order_id)
    assert paid is not None
    assert paid.state == "paid"
    assert noted() == {}


def test_s32_a_review_written_while_picks_are_paused_is_noted_nowhere_else(app: Flask, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        ana = Actor(user_id=make_user(tx), is_personalised=False)
        users.set_personalised(tx, ana, False)
    with app.test_request_context():
        review_service.write(ana, shelf[0], stars=5, title="Bright", text="Very bright.", now=NOW)
    with read_unit() as tx:
        assert taste_rows.stars_by(tx, ana) == {shelf[0]: 5}
    assert noted() == {}


def test_s32_what_comes_into_view_is_not_noted_while_picks_are_paused(app: Flask, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        row = {"request_id": "r1", "slot": "new", "position": 1, "product_id": shelf[0], "model_version": ""}
        row |= {"strategy": "", "source": "", "propensity": 1.0, "at": NOW, "seen_at": None}
        interactions.add_impressions(tx, [row | {"user_id": None, "guest_id": guest.guest_id}])
    seen = feedback.Event(shelf[0], "impression", request_id="r1")
    feedback.record_many([(replace(guest, is_personalised=False), seen)], now=NOW)
    with read_unit() as tx:
        assert tx.scalar(select(Impression.seen_at)) is None


def sign_in(app: Flask, guest: Actor) -> accounts.Member:
    with app.test_request_context():
        return accounts.sign_in(
            email="ana@example.com", password=PASSWORD, address="10.0.0.1", guest_id=guest.guest_id, now=NOW
        )


def test_s32_who_paused_as_a_guest_is_paused_as_a_member(app: Flask) -> None:
    with unit_of_work() as tx:
        guest, ana = make_guest(tx), make_user(tx, "ana@example.com")
        users.set_personalised(tx, guest, False)
    assert sign_in(app, guest).is_personalised is False
    with read_unit() as tx:
        found = users.with_settings(tx, Actor(user_id=ana))
    assert found is not None
    assert not found.is_personalised


def test_s32_nothing_a_guest_did_is_written_into_a_profile_that_its_member_paused(app: Flask, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        guest, ana = make_guest(tx), Actor(user_id=make_user(tx, "ana@example.com"))
        users.set_personalised(tx, ana, False)
        make_event(tx, guest, shelf[0])
        taste_rows.exclude(tx, guest, shelf[1], "dismiss", now=NOW)
        taste_rows.wish(tx, guest, shelf[2], now=NOW)
        searches.add(tx, guest, "lamp", [shelf[0]], now=NOW)
        place = {"request_id": "r1", "slot": "home", "position": 1, "product_id": shelf[0], "at": NOW, "seen_at": None}
        interactions.add_impressions(tx, [place | {"user_id": None, "guest_id": guest.guest_id}])
        put_in_cart(tx, guest, shelf[3])
    sign_in(app, guest)
    assert noted() == {}
    with read_unit() as tx:
        assert users.wishes(tx, ana) == [shelf[2]]
        assert [line.product_id for line in carts.load(tx, ana).lines] == [shelf[3]]
