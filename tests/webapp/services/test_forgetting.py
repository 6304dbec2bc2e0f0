"""What is forgotten is gone with the lists it came from, and it is as much as the page says."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import NOW
from tests.factories import make_event, make_guest, make_product, make_user
from webapp.actors import Actor
from webapp.services.picks import feedback, taste
from webapp.store import interactions, reviews
from webapp.store import taste as taste_rows
from webapp.store.models import Impression, Product
from webapp.store.scope import owner_values
from webapp.store.tx import Tx, read_unit, unit_of_work

pytestmark = pytest.mark.both_databases


@pytest.fixture(params=["member", "guest"])
def ana(app: Flask, request: pytest.FixtureRequest) -> Actor:
    with unit_of_work() as tx:
        return make_guest(tx) if request.param == "guest" else Actor(user_id=make_user(tx))


@pytest.fixture
def shelf(app: Flask) -> list[int]:
    with unit_of_work() as tx:
        return [make_product(tx) for _ in range(4)]


@pytest.fixture(autouse=True)
def request_context(app: Flask):
    with app.test_request_context():
        yield


def show(tx: Tx, actor: Actor, request_id: str, products: list[int], **over: Any) -> None:
    """Note a rail as shown, one place of it left to chance."""
    plain = {"request_id": request_id, "slot": "for_you", "at": NOW, "seen_at": None, "propensity": 0.5}
    rows = [
        plain | {"position": place, "product_id": product} | owner_values(actor) | over
        for place, product in enumerate(products, 1)
    ]
    interactions.add_impressions(tx, rows)


def lists() -> set[str]:
    with read_unit() as tx:
        return set(tx.scalars(select(Impression.request_id)))


def test_forgetting_everything_forgets_the_lists_that_were_shown(ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        other = Actor(user_id=make_user(tx))
        show(tx, ana, "clicked", shelf)
        show(tx, ana, "passed over", shelf)
        show(tx, other, "of another", shelf)
        for one in (ana, other):
            make_event(tx, one, shelf[0], request_id="clicked" if one == ana else "of another", at=NOW)
    taste.forget(ana, scope="all", now=NOW)
    assert lists() == {"of another"}
    with read_unit() as tx:
        assert interactions.logged_places(tx)["clicked"].tolist() == [1, 0, 0, 0]


def test_forgetting_a_visit_forgets_the_lists_of_the_visit(ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        show(tx, ana, "last week", shelf, at=NOW - timedelta(days=7))
        show(tx, ana, "now", shelf)
        make_event(tx, ana, shelf[0], at=NOW - timedelta(minutes=5))
    taste.forget(ana, scope="visit", now=NOW)
    assert lists() == {"last week"}


@pytest.mark.parametrize("what", ["signal_id", "product_id", "scope"])
def test_a_forgotten_click_leaves_no_list_that_says_it_was_passed_over(ana: Actor, shelf: list[int], what: str) -> None:
    with unit_of_work() as tx:
        show(tx, ana, "clicked", shelf)
        show(tx, ana, "turned down", shelf)
        show(tx, ana, "passed over", shelf)
        signal = make_event(tx, ana, shelf[0], request_id="clicked", at=NOW)
        make_event(tx, ana, shelf[0], "dismiss", request_id="turned down", at=NOW)
    chosen: dict[str, Any] = {"signal_id": signal, "product_id": shelf[0], "scope": "view"}
    taste.forget(ana, **{what: chosen[what]}, now=NOW)
    assert lists() == {"turned down", "passed over"}


def test_the_visit_is_counted_as_it_is_forgotten(ana: Actor, shelf: list[int]) -> None:
    """Also more looks than the page lists, and what is kept out without an event."""
    with unit_of_work() as tx:
        make_event(tx, ana, shelf[0], at=NOW - timedelta(days=2))
        for minute in range(taste.SHOWN_OF_A_KIND + 30):
            make_event(tx, ana, shelf[minute % 2], at=NOW - timedelta(minutes=minute + 1))
    for product, kind in ((shelf[2], "own"), (shelf[3], "dismiss")):
        taste.react(ana, product, kind, request_id="", now=NOW - timedelta(minutes=75))
    taste.note_search(ana, "a lamp", shelf, now=NOW - timedelta(minutes=100))
    n_before, n_visit = known(ana), taste.known(ana).in_this_visit(NOW)
    assert n_visit == taste.SHOWN_OF_A_KIND + 30 + 3
    taste.forget(ana, scope="visit", now=NOW)
    assert n_before - known(ana) == n_visit
    assert known(ana) == 1
    assert taste.known(ana).in_this_visit(NOW) == 0


def known(actor: Actor) -> int:
    """How many things are known, what is kept out without an event among them."""
    found = taste.known(actor)
    return found.n_signals + sum(reason != "dismiss" for reason, _at in found.excluded.values())


def test_all_searches_are_counted_not_only_those_shown(ana: Actor, shelf: list[int]) -> None:
    for number in range(taste.SEARCHES_SHOWN + 5):
        taste.note_search(ana, f"lamp {number}", shelf, now=NOW - timedelta(days=number))
    assert taste.known(ana).n_signals == taste.SEARCHES_SHOWN + 5
    taste.forget(ana, scope="search", now=NOW)
    assert taste.known(ana).n_signals == 0


def test_nothing_is_counted_twice(ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        show(tx, ana, "now", shelf)
    taste.react(ana, shelf[0], "dismiss", request_id="now", now=NOW - timedelta(minutes=1))
    assert taste.known(ana).in_this_visit(NOW) == 1
    with read_unit() as tx:
        assert tx.scalar(select(func.count()).select_from(Impression)) == len(shelf)


def test_a_visit_that_rated_again_leaves_the_stars_of_before(ana: Actor, shelf: list[int]) -> None:
    """The earlier stars are none of what is counted, so they stay, with the review of before beside them."""
    lamp, scarf = shelf[:2]
    before, lately = NOW - timedelta(days=3), NOW - timedelta(minutes=5)
    for product, stars, at in ((lamp, 5, before), (scarf, 4, before), (lamp, 2, lately), (scarf, 1, lately)):
        feedback.record(ana, feedback.Event(product, "rating", float(stars)), now=at)
    if ana.user_id is not None:
        for product, at in ((lamp, before), (scarf, lately)):
            with unit_of_work() as tx:
                reviews.put(tx, ana.user_id, product, title="", text="Bright.", is_verified=False, now=at)
    n_before, n_visit = known(ana), taste.known(ana).in_this_visit(NOW)
    taste.forget(ana, scope="visit", now=NOW)
    assert (n_visit, n_before - known(ana)) == (2, 2)
    with read_unit() as tx:
        assert taste_rows.stars_by(tx, ana) == {lamp: 5, scarf: 4}
        row = tx.row(select(Product.rating_sum, Product.rating_count).where(Product.id == lamp))
        assert tuple(row) == (5, 1)
        if ana.user_id is not None:
            assert reviews.mine(tx, ana.user_id, lamp) == ("", "Bright.")
            assert reviews.mine(tx, ana.user_id, scarf) is None
