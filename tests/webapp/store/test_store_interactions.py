"""Events: once each, read back at once, handed to training in the library's columns."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOW
from tests.factories import make_event, make_guest, make_product, make_user
from webapp.actors import NOBODY, Actor
from webapp.store import interactions, newest, products, taste, users
from webapp.store.rows import EventRow, ReadTo
from webapp.store.tx import Tx

pytestmark = pytest.mark.both_databases


def test_a_repeated_event_is_kept_once_per_actor(tx: Tx) -> None:
    ana, ben = Actor(user_id=make_user(tx)), Actor(user_id=make_user(tx))
    lamp = make_product(tx)
    assert make_event(tx, ana, lamp, event_uid="e1") is not None
    assert make_event(tx, ana, lamp, event_uid="e1") is None
    assert make_event(tx, ben, lamp, event_uid="e1") is not None


def test_recent_events_come_oldest_first_and_only_the_newest(tx: Tx) -> None:
    ana, lamps = Actor(user_id=make_user(tx)), [make_product(tx) for _ in range(4)]
    for age, lamp in enumerate(lamps):
        make_event(tx, ana, lamp, at=NOW - timedelta(days=age))
    found = interactions.recent(tx, ana, limit=3)
    assert [row.product_id for row in found] == [lamps[2], lamps[1], lamps[0]]


def test_nothing_is_read_of_somebody_who_paused(tx: Tx) -> None:
    member = make_user(tx)
    make_event(tx, Actor(user_id=member), make_product(tx))
    assert interactions.recent(tx, Actor(user_id=member, is_personalised=False), limit=5) == []
    assert interactions.recent(tx, NOBODY, limit=5) == []


def test_the_training_frame_speaks_the_librarys_language(tx: Tx) -> None:
    ana, guest, lamp = Actor(user_id=make_user(tx)), make_guest(tx), make_product(tx)
    make_event(tx, ana, lamp, "rating", value=4.0, at=NOW)
    make_event(tx, guest, lamp, "purchase", value=2.0, order_ref="2026-A", at=NOW)
    frame = interactions.training_frame(tx)
    assert list(frame.columns) == ["user_id", "item_id", "kind", "value", "timestamp", "order_id"]
    assert frame.to_dict("records") == [
        {
            "user_id": ana.ref,
            "item_id": str(lamp),
            "kind": "rating",
            "value": 4.0,
            "timestamp": int(NOW.timestamp()),
            "order_id": "",
        },
        {
            "user_id": guest.ref,
            "item_id": str(lamp),
            "kind": "purchase",
            "value": 2.0,
            "timestamp": int(NOW.timestamp()),
            "order_id": "2026-A",
        },
    ]


@pytest.mark.parametrize("is_guest", [False, True])
def test_nobody_who_paused_is_trained_on(tx: Tx, is_guest: bool) -> None:
    actor = make_guest(tx) if is_guest else Actor(user_id=make_user(tx))
    make_event(tx, actor, make_product(tx))
    users.set_personalised(tx, actor, on=False)
    assert interactions.training_frame(tx).empty


def test_new_events_are_found_by_row_id(tx: Tx) -> None:
    ana, lamp = Actor(user_id=make_user(tx)), make_product(tx)
    first = make_event(tx, ana, lamp)
    assert first is not None
    make_event(tx, ana, lamp, "rating", value=4.0, at=NOW)
    rows, read = newest.events_after(tx, ReadTo(first), limit=10)
    assert rows == [EventRow(ana.ref, str(lamp), "rating", 4.0, int(NOW.timestamp()))]
    assert newest.events_after(tx, read, limit=10) == ([], read)


def test_a_second_vote_replaces_the_first_and_the_sums_follow(tx: Tx) -> None:
    ana, ben, lamp = Actor(user_id=make_user(tx)), Actor(user_id=make_user(tx)), make_product(tx)
    taste.set_stars(tx, ana, lamp, 2, now=NOW)
    taste.set_stars(tx, ben, lamp, 4, now=NOW)
    taste.set_stars(tx, ana, lamp, 5, now=NOW)
    assert _sums(tx, lamp) == (2, 9)
    taste.recount_stars(tx, [lamp])
    assert _sums(tx, lamp) == (2, 9)
    taste.remove_stars(tx, ben, product_id=lamp)
    assert _sums(tx, lamp) == (1, 5)


def _sums(tx: Tx, product_id: int) -> tuple[int, int]:
    row = products.cards(tx, [product_id])[product_id]
    return row.rating_count, row.rating_sum


def place(actor: Actor, product_id: int, position: int, propensity: float, request_id: str = "r1") -> dict[str, Any]:
    owner = {"user_id": actor.user_id, "guest_id": actor.guest_id}
    return {
        "request_id": request_id,
        "slot": "home",
        "position": position,
        "product_id": product_id,
        "propensity": propensity,
        "at": NOW,
        "seen_at": None,
        **owner,
    }


def test_places_that_chance_filled_are_handed_to_the_gate(tx: Tx) -> None:
    """With the certain places of the same rail, and what their owner came to from there."""
    ana, guest = Actor(user_id=make_user(tx)), make_guest(tx)
    lamp, bulb = make_product(tx), make_product(tx)
    rows = [place(ana, lamp, 1, 1.0), place(ana, bulb, 2, 0.25), place(guest, lamp, 1, 1.0, "certain")]
    interactions.add_impressions(tx, [*rows, place(guest, lamp, 1, 0.5, "r2")])
    make_event(tx, ana, bulb, request_id="r1", at=NOW)
    make_event(tx, guest, lamp, request_id="elsewhere", at=NOW)
    make_event(tx, ana, lamp, request_id="r2", at=NOW)
    found = interactions.logged_places(tx)
    when, a, g = int(NOW.timestamp()), str(ana.user_id), f"g{guest.guest_id}"
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        ("r1/home", a, str(lamp), 1, 1.0, 0, when),
        ("r1/home", a, str(bulb), 2, 0.25, 1, when),
        ("r2/home", g, str(lamp), 1, 0.5, 0, when),
    ]


def test_a_rail_from_which_something_was_clicked_is_handed_over_whole(tx: Tx) -> None:
    """The order learns from it; of a rail that led to nothing it cannot. A click of somebody else is none."""
    ana, guest = Actor(user_id=make_user(tx)), make_guest(tx)
    lamp, bulb = make_product(tx), make_product(tx)
    shown = [
        place(one, item, n, 1.0, r) for r, one in (("r1", ana), ("r2", guest)) for n, item in ((1, lamp), (2, bulb))
    ]
    elsewhere = place(ana, lamp, 1, 1.0, "r1") | {"slot": "popular"}
    interactions.add_impressions(tx, [*shown, elsewhere])
    make_event(tx, ana, bulb, request_id="r1", at=NOW)
    make_event(tx, ana, bulb, request_id="r2", at=NOW)
    found = interactions.logged_places(tx)
    assert [(row.request_id, row.item_id, row.clicked) for row in found.itertuples()] == [
        ("r1/home", str(lamp), 0),
        ("r1/home", str(bulb), 1),
    ]


def test_of_rails_with_a_click_the_newest_are_handed_over(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactions, "CLICKED_RAILS", 2)
    ana, lamp = Actor(user_id=make_user(tx)), make_product(tx)
    for number in range(4):
        rail = place(ana, lamp, 1, 1.0, f"r{number}") | {"at": NOW - timedelta(hours=(2, 0, 3, 1)[number])}
        interactions.add_impressions(tx, [rail])
        make_event(tx, ana, lamp, request_id=f"r{number}", at=NOW)
    assert interactions.logged_places(tx)["request_id"].tolist() == ["r1/home", "r3/home"]


def test_shows_and_what_came_of_them_are_counted_per_product(tx: Tx) -> None:
    """A click counts once per request, only for its owner, and only where the product was shown."""
    ana, guest = Actor(user_id=make_user(tx)), make_guest(tx)
    lamp, bulb, never = make_product(tx), make_product(tx), make_product(tx)
    shown = [place(ana, lamp, 1, 1.0), place(ana, bulb, 2, 0.5), place(guest, lamp, 1, 1.0, "r2")]
    old = place(ana, bulb, 1, 1.0, "r3") | {"at": NOW - timedelta(days=31)}
    interactions.add_impressions(tx, [*shown, old])
    for product, actor, request in ((lamp, ana, "r1"), (lamp, ana, "r1"), (bulb, guest, "r1"), (never, ana, "r1")):
        make_event(tx, actor, product, request_id=request, at=NOW)
    make_event(tx, ana, bulb, request_id="r3", at=NOW)
    found = interactions.shows(tx, since=NOW - timedelta(days=30))
    assert found == {str(lamp): (2, 1), str(bulb): (1, 0)}


def test_what_was_turned_down_where_it_was_shown_is_no_click(tx: Tx) -> None:
    """Else chance would show more of what nobody wants, and the gate and the order would take it for liked."""
    ana, lamp, bulb = Actor(user_id=make_user(tx)), make_product(tx), make_product(tx)
    interactions.add_impressions(tx, [place(ana, lamp, 1, 1.0), place(ana, bulb, 2, 0.25)])
    interactions.add_impressions(tx, [place(ana, lamp, 1, 1.0, "certain")])
    for request in ("r1", "certain"):
        for product in (lamp, bulb):
            make_event(tx, ana, product, "dismiss", request_id=request, at=NOW)
    make_event(tx, ana, lamp, request_id="r1", at=NOW)
    found = interactions.logged_places(tx)
    assert [(row.request_id, row.item_id, row.clicked) for row in found.itertuples()] == [
        ("r1/home", str(lamp), 1),
        ("r1/home", str(bulb), 0),
    ]
    assert interactions.shows(tx, since=NOW - timedelta(days=30)) == {str(lamp): (2, 1), str(bulb): (1, 0)}


def test_lists_come_along_with_what_came_of_them(tx: Tx) -> None:
    """A click of a guest who signs in came from a list all the same, and the list is about the member now."""
    ana, guest, lamp = Actor(user_id=make_user(tx)), make_guest(tx), make_product(tx)
    interactions.add_impressions(tx, [place(guest, lamp, 1, 0.5)])
    make_event(tx, guest, lamp, request_id="r1", at=NOW)
    interactions.move_to_member(tx, guest.guest_id or 0, ana.user_id or 0)
    (row,) = interactions.logged_places(tx).itertuples()
    assert (row.user_id, row.clicked) == (str(ana.user_id), 1)
    assert interactions.remove_impressions(tx, ana) == 1


def test_who_paused_may_not_be_known_and_leaves_no_places(tx: Tx) -> None:
    ana, bo, guest = Actor(user_id=make_user(tx)), Actor(user_id=make_user(tx)), make_guest(tx)
    lamp = make_product(tx)
    interactions.add_impressions(tx, [place(one, lamp, n, 0.5) for n, one in enumerate((ana, bo, guest), 1)])
    assert interactions.may_be_known(tx) == {str(ana.user_id), str(bo.user_id), f"g{guest.guest_id}"}
    for one in (bo, guest):
        users.set_personalised(tx, one, on=False)
    assert interactions.may_be_known(tx) == {str(ana.user_id)}
    assert set(interactions.logged_places(tx)["user_id"]) == {str(ana.user_id)}


def test_what_was_shown_to_who_paused_is_not_counted(tx: Tx) -> None:
    """Else a place left to chance would go by what they clicked."""
    ana, bo, guest, lamp = Actor(user_id=make_user(tx)), Actor(user_id=make_user(tx)), make_guest(tx), make_product(tx)
    interactions.add_impressions(tx, [place(one, lamp, n, 0.5) for n, one in enumerate((ana, bo, guest), 1)])
    for one in (ana, bo, guest):
        make_event(tx, one, lamp, request_id="r1", at=NOW)
    for one in (bo, guest):
        users.set_personalised(tx, one, on=False)
    assert interactions.shows(tx, since=NOW - timedelta(days=30)) == {str(lamp): (1, 1)}
