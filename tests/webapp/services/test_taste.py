"""A visitor's own say: it works at once, can be undone, and what is forgotten is gone."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import ShopClient, make_event, make_product, make_user, put_in_cart, ready_to_pay
from webapp.actors import Actor
from webapp.errors import InvalidInput, NotFound
from webapp.services.browsing import reviews as review_service
from webapp.services.buying import checkout
from webapp.services.picks import feedback, taste
from webapp.store import interactions, orders, products, reviews, users
from webapp.store import taste as taste_store
from webapp.store.tx import read_unit, unit_of_work


@pytest.fixture
def ana(app: Flask) -> Actor:
    with unit_of_work() as tx:
        return Actor(user_id=make_user(tx, "ana@example.com"))


@pytest.fixture
def shelf(app: Flask) -> list[int]:
    with unit_of_work() as tx:
        return [make_product(tx, name=f"Lamp {n}", popularity=float(n)) for n in range(8)]


@pytest.fixture(autouse=True)
def request_context(app: Flask):
    with app.test_request_context():
        yield


def kinds_of(actor: Actor) -> list[str]:
    with read_unit() as tx:
        return [row.kind for row in interactions.recent(tx, actor, limit=50)]


@pytest.mark.parametrize(("kind", "events"), [("dismiss", ["dismiss"]), ("own", [])])
def test_turned_down_things_are_kept_out_until_undone(
    ana: Actor, shelf: list[int], kind: str, events: list[str]
) -> None:
    taste.react(ana, shelf[0], kind, request_id="", now=NOW)
    assert kinds_of(ana) == events
    with read_unit() as tx:
        assert products.cards(tx, [shelf[0]], ana)[shelf[0]].is_excluded
    taste.react(ana, shelf[0], "undo", request_id="", now=NOW)
    assert kinds_of(ana) == []
    with read_unit() as tx:
        assert not products.cards(tx, [shelf[0]], ana)[shelf[0]].is_excluded


def test_only_known_reactions_to_things_that_are_there(ana: Actor, shelf: list[int]) -> None:
    with pytest.raises(InvalidInput):
        taste.react(ana, shelf[0], "hate", request_id="", now=NOW)
    with pytest.raises(NotFound):
        taste.react(ana, 999_999, "dismiss", request_id="", now=NOW)


def test_forgetting_one_thing_takes_all_that_was_said_about_it(ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        make_event(tx, ana, shelf[0])
        make_event(tx, ana, shelf[1])
    feedback.record(ana, feedback.Event(shelf[0], "rating", 5.0), now=NOW)
    taste.forget(ana, product_id=shelf[0], now=NOW)
    assert kinds_of(ana) == ["view"]
    with read_unit() as tx:
        assert taste_store.stars_by(tx, ana) == {}
        assert products.cards(tx, [shelf[0]])[shelf[0]].rating_count == 0


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ("view", ["cart", "rating", "wishlist"]),
        ("rating", ["view", "click", "cart", "wishlist"]),
        ("wishlist", ["view", "click", "cart", "rating"]),
        ("all", []),
    ],
)
def test_forgetting_by_kind(ana: Actor, shelf: list[int], scope: str, left: list[str]) -> None:
    for kind in ("view", "click", "cart"):
        feedback.record(ana, feedback.Event(shelf[0], kind), now=NOW)
    feedback.record(ana, feedback.Event(shelf[1], "rating", 4.0), now=NOW)
    feedback.record(ana, feedback.Event(shelf[2], "wishlist"), now=NOW)
    taste.forget(ana, scope=scope, now=NOW)
    assert sorted(kinds_of(ana)) == sorted(left)
    with read_unit() as tx:
        assert bool(users.wishes(tx, ana)) == ("wishlist" in left)
        assert bool(taste_store.stars_by(tx, ana)) == ("rating" in left)


def test_forgotten_stars_take_the_review_with_them(ana: Actor, shelf: list[int]) -> None:
    assert ana.user_id is not None
    review_service.write(ana, shelf[0], stars=5, title="", text="Lovely.", now=NOW)
    taste.forget(ana, scope="rating", now=NOW)
    with read_unit() as tx:
        assert reviews.page(tx, shelf[0], stars=None, sort="newest", limit=5, offset=0) == ([], 0)


def test_a_signal_of_somebody_else_is_not_there_to_forget(ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        theirs = make_event(tx, Actor(user_id=make_user(tx)), shelf[0])
    with pytest.raises(NotFound):
        taste.forget(ana, signal_id=theirs, now=NOW)
    with pytest.raises(InvalidInput):
        taste.forget(ana, scope="nothing of the kind", now=NOW)


def test_s32_paused_means_that_looking_leaves_no_trace_and_nothing_is_read(
    app: Flask, ana: Actor, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    client.get(f"/p/{shelf[0]}", follow_redirects=True)
    client.send("/your-recommendations/pause", {"paused": "1"})
    reads: list[Actor] = []
    really = interactions.recent

    def spy(tx: object, actor: Actor, **options: object) -> list:
        reads.extend([actor] if actor.is_personalised else [])
        return really(tx, actor, **options)

    monkeypatch.setattr(interactions, "recent", spy)
    page = client.get("/").get_data(as_text=True)
    client.get(f"/p/{shelf[1]}", follow_redirects=True)
    client.get("/cart")
    assert reads == []
    assert 'data-rail="recent"' not in page
    with read_unit() as tx:
        assert interactions.count(tx) == 1
    client.send("/your-recommendations/pause", {"paused": "0"})
    assert 'data-rail="recent"' in client.get("/").get_data(as_text=True)


def test_every_control_works_as_a_plain_form_and_as_json(app: Flask, shelf: list[int]) -> None:
    client: ShopClient = app.test_client()
    form = client.send(f"/your-recommendations/feedback?product_id={shelf[0]}", {"kind": "dismiss", "next": "/c/lamps"})
    assert (form.status_code, form.headers["Location"]) == (303, "/c/lamps")
    page = client.get("/c/lamps").get_data(as_text=True)
    assert "will not be shown to you again" in page
    assert 'value="undo"' in page
    json = client.send_js("/your-recommendations/feedback", {"product_id": str(shelf[0]), "kind": "undo"})
    assert json.get_json()["message"]


def test_what_is_known_is_shown_whole(app: Flask, shelf: list[int]) -> None:
    client: ShopClient = app.test_client()
    client.get(f"/p/{shelf[0]}", follow_redirects=True)
    client.send(f"/p/{shelf[1]}/rate", {"rating": "4"})
    client.send("/your-recommendations/feedback", {"product_id": str(shelf[2]), "kind": "own"})
    page = client.get("/your-recommendations").get_data(as_text=True)
    for name in ("Lamp 0", "Lamp 1", "Lamp 2"):
        assert name in page


def test_orders_stay_when_taste_is_forgotten(ana: Actor, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        put_in_cart(tx, ana, shelf[0])
    checkout.place(ana, ready_to_pay(ana), currency="EUR", hold_for=timedelta(minutes=5), now=NOW)
    taste.forget(ana, scope="all", now=NOW)
    assert ana.user_id is not None
    with read_unit() as tx:
        assert len(orders.of_user(tx, ana.user_id, limit=5)) == 1


def test_older_stars_that_arrive_late_leave_the_newer_ones_in_place(ana: Actor, shelf: list[int]) -> None:
    feedback.record(ana, feedback.Event(shelf[0], "rating", 5.0), now=NOW)
    late = feedback.Event(shelf[0], "rating", 1.0, at=NOW - timedelta(days=10))
    assert feedback.record(ana, late, now=NOW).status == "recorded"
    with read_unit() as tx:
        card = products.cards(tx, [shelf[0]])[shelf[0]]
        assert taste_store.stars_by(tx, ana) == {shelf[0]: 5}
    assert (card.rating_count, card.rating_sum) == (1, 5)
    feedback.record(ana, feedback.Event(shelf[0], "rating", 2.0), now=NOW)
    with read_unit() as tx:
        assert taste_store.stars_by(tx, ana) == {shelf[0]: 2}


@pytest.mark.both_databases
@pytest.mark.parametrize(("newest", "late", "is_kept_out"), [("dismiss", "rating", True), ("rating", "dismiss", False)])
def test_what_arrives_late_leaves_a_newer_word_about_a_product_in_place(
    ana: Actor, shelf: list[int], newest: str, late: str, is_kept_out: bool
) -> None:
    """Events in bulk come in any order; the newest word counts, as it does for the recommender."""
    for kind, at in ((newest, NOW), (late, NOW - timedelta(days=2))):
        event = feedback.Event(shelf[0], kind, 5.0 if kind == "rating" else None, at=at)
        assert feedback.record_many([(ana, event)], now=NOW)[0].status == "recorded"
    with read_unit() as tx:
        assert products.cards(tx, [shelf[0]], ana)[shelf[0]].is_excluded is is_kept_out


def test_a_refusal_that_arrives_late_leaves_the_newer_reason_in_place(ana: Actor, shelf: list[int]) -> None:
    taste.react(ana, shelf[0], "gift", request_id="", now=NOW)
    feedback.record(ana, feedback.Event(shelf[0], "dismiss", at=NOW - timedelta(days=2)), now=NOW)
    with read_unit() as tx:
        assert taste_store.kept_out_and_moments(tx, ana, limit=1)[0] == {shelf[0]: ("gift", NOW)}
