"""What is known of a user at the moment of a request."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.data.interactions import Interactions
from recommender.data.state import EventLog, Histories, UserState, build_state
from recommender.data.weights import EventWeights
from recommender.types import EVENT_KINDS, KIND_CODE, Event
from tests.recommender.worlds import purchases

ITEMS = ["cup", "pan", "pot", "lid"]


def log_of(*events: tuple) -> EventLog:
    """Events (item, kind, time[, value]); an item that is not in ``ITEMS`` is unknown to the model."""
    made = [Event(*event) for event in events]
    return EventLog.from_events(made, np.array([ITEMS.index(e.item_id) if e.item_id in ITEMS else -1 for e in made]))


def state_of(*events: tuple, limit: int = 200) -> UserState:
    return build_state(log_of(*events), EventWeights(), limit=limit)


def weight_of(state: UserState, item: str) -> float:
    return float(state.weights[state.item_rows.tolist().index(ITEMS.index(item))])


def names(rows) -> list[str]:
    return [ITEMS[row] for row in rows]


def test_the_latest_item_comes_first_and_each_item_once():
    state = state_of(("cup", "view", 1), ("pan", "view", 2), ("cup", "click", 3), ("pot", "view", 2))
    assert names(state.item_rows) == ["cup", "pot", "pan"]
    assert state.timestamps.tolist() == [3, 2, 2]
    assert state.n_events == 4


def test_events_of_an_item_that_the_model_does_not_know_are_left_out():
    state = state_of(("cup", "view", 1), ("added this morning", "purchase", 2))
    assert names(state.item_rows) == ["cup"]
    assert state_of(("added this morning", "purchase", 2)).is_cold


def test_the_strongest_deed_sets_the_weight_and_the_kind():
    state = state_of(("cup", "view", 1), ("cup", "purchase", 2), ("cup", "view", 3))
    assert weight_of(state, "cup") == 1.0
    assert EVENT_KINDS[state.kinds[0]] == "purchase"


def test_stars_say_more_than_the_purchase_before_them():
    disappointed = state_of(("cup", "purchase", 1), ("cup", "rating", 2, 1.0))
    delighted = state_of(("cup", "purchase", 1), ("cup", "rating", 2, 5.0))
    assert weight_of(disappointed, "cup") < weight_of(delighted, "cup")
    assert disappointed.stars.tolist() == [1.0]


def test_the_last_rating_counts():
    assert state_of(("cup", "rating", 1, 1.0), ("cup", "rating", 2, 4.0)).stars.tolist() == [4.0]


def test_a_dismissed_item_says_nothing_good_until_it_is_taken_up_again():
    assert weight_of(state_of(("cup", "purchase", 1), ("cup", "dismiss", 2)), "cup") == 0
    assert weight_of(state_of(("cup", "dismiss", 1), ("cup", "view", 2)), "cup") > 0


def test_a_weight_of_nothing_is_no_dismissal():
    log = log_of(("cup", "view", 1), ("pan", "dismiss", 2), ("pot", "dismiss", 3), ("pot", "view", 4))
    state = build_state(log, EventWeights({"purchase": 1.0}))
    assert dict(zip(names(state.item_rows), state.dismissed.tolist(), strict=True)) == {
        "cup": False,
        "pan": True,
        "pot": False,
    }
    assert state.head(1).dismissed.tolist() == [False]


def test_what_was_dismissed_takes_no_place_of_what_is_liked():
    """Sources look at the first so many items; the moment of the latest event is that of any."""
    state = state_of(("pot", "view", 1), ("cup", "view", 2), ("lid", "dismiss", 3), ("pan", "dismiss", 4), limit=1)
    assert names(state.item_rows) == ["cup", "pan"]
    assert names(state.seen) == ["cup", "pan", "pot", "lid"]
    assert state.last_at == 4


def test_a_dismissal_in_the_same_second_as_the_view_still_counts():
    assert weight_of(state_of(("cup", "view", 5), ("cup", "dismiss", 5)), "cup") == 0


@pytest.mark.parametrize(
    ("events", "is_cold"),
    [([], True), ([("cup", "dismiss", 1)], True), ([("cup", "view", 1)], False)],
)
def test_somebody_is_cold_without_anything_that_speaks_for_a_taste(events, is_cold):
    assert state_of(*events).is_cold is is_cold


def test_items_beyond_the_limit_are_still_seen():
    state = state_of(("cup", "view", 1), ("pan", "view", 2), ("pot", "view", 3), limit=2)
    assert names(state.item_rows) == ["pot", "pan"]
    assert sorted(names(state.seen)) == ["cup", "pan", "pot"]


def test_a_state_can_be_thought_of_without_an_item_or_with_the_latest_only():
    state = state_of(("cup", "view", 1), ("pan", "purchase", 2), ("pot", "view", 3))
    assert names(state.without(ITEMS.index("pan")).item_rows) == ["pot", "cup"]
    assert names(state.head(1).item_rows) == ["pot"]
    assert names(state.item_rows) == ["pot", "pan", "cup"]


def test_the_last_purchase_of_an_item_is_remembered_whatever_came_after_it():
    """Looking at the coffee again, or praising it, does not make it newly bought."""
    state = state_of(
        ("cup", "purchase", 1),
        ("cup", "purchase", 5),
        ("cup", "view", 7),
        ("cup", "rating", 9, 5.0),
        ("pan", "view", 8),
    )
    assert dict(zip(names(state.item_rows), state.bought_at.tolist(), strict=True)) == {"cup": 5, "pan": -1}


def test_two_logs_merge_by_time_and_keep_what_stands_in_both_once():
    first = log_of(("cup", "view", 1), ("pan", "view", 5))
    second = log_of(("pan", "view", 5), ("pot", "view", 3), ("pan", "click", 5))
    merged = first.then(second)
    assert [(ITEMS[r], EVENT_KINDS[k]) for r, k in zip(merged.item_rows, merged.kinds, strict=True)] == [
        ("cup", "view"),
        ("pot", "view"),
        ("pan", "view"),
        ("pan", "click"),
    ]
    assert len(EventLog.empty().then(second)) == 3
    assert len(second.then(EventLog.empty())) == 3


def told(log: EventLog) -> list[tuple[str, str, int, float]]:
    """The events of a log; 0 where there is no value."""
    names = [EVENT_KINDS[code] for code in log.kinds]
    rows = zip(log.item_rows.tolist(), names, log.timestamps.tolist(), np.nan_to_num(log.values).tolist(), strict=True)
    return [(ITEMS[row], kind, at, value) for row, kind, at, value in rows]


def test_what_the_first_log_says_twice_stays_whatever_comes_after_it():
    """Two verdicts within a second, or a look before and after a dismissal: the last one counts with a history too."""
    first = log_of(("cup", "rating", 5, 1.0), ("cup", "rating", 5, 5.0), ("pan", "view", 6), ("pan", "dismiss", 6))
    first = first.take(np.array([0, 1, 2, 3, 2]))
    merged = first.then(log_of(("lid", "view", 9)))
    assert told(merged) == [*told(first), ("lid", "view", 9, 0.0)]
    alone, later = (build_state(log, EventWeights()) for log in (first, merged))
    assert later.stars[later.item_rows == 0].tolist() == [5.0]
    assert weight_of(later, "pan") == weight_of(alone, "pan") > 0


def test_another_verdict_in_the_same_second_is_another_event():
    first = log_of(("cup", "rating", 5, 4.0))
    assert told(first.then(log_of(("cup", "rating", 5, 1.0)))) == [("cup", "rating", 5, 4.0), ("cup", "rating", 5, 1.0)]
    assert told(first.then(log_of(("cup", "rating", 5, 4.0)))) == [("cup", "rating", 5, 4.0)]


def test_an_event_is_dropped_as_often_as_it_is_known():
    twice, thrice = log_of(*[("cup", "view", 5)] * 2), log_of(*[("cup", "view", 5)] * 3)
    assert len(twice.then(thrice)) == 3
    assert len(thrice.then(twice)) == 3


few_events = st.lists(
    st.tuples(
        st.sampled_from(ITEMS[:2]),
        st.sampled_from(["view", "purchase"]),
        st.integers(0, 3),
        st.sampled_from([None, 1.0, 2.0]),
    ),
    max_size=8,
)


@settings(max_examples=100)
@given(few_events, few_events)
def test_two_logs_merge_as_a_slow_reading_of_both_does(before, after):
    first, second = log_of(*before), log_of(*after)
    known, added = Counter(told(first)), []
    for one in told(second):
        known[one] -= 1
        if known[one] < 0:
            added.append(one)
    assert told(first.then(second)) == sorted([*told(first), *added], key=lambda one: one[2])


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(ITEMS), st.sampled_from(["view", "purchase", "cart", "dismiss"]), st.integers(0, 30)),
        max_size=12,
    )
)
def test_a_state_agrees_with_a_slow_reading_of_the_log(events):
    state = state_of(*events)
    ordered = sorted(events, key=lambda event: event[2])
    last_kind = {item: kind for item, kind, _ in ordered}
    latest_first = list(dict.fromkeys(item for item, _, _ in reversed(ordered)))
    expected = sorted(latest_first, key=lambda item: last_kind[item] == "dismiss")
    assert names(state.item_rows) == expected
    for item in expected:
        own = [kind for name, kind, _ in ordered if name == item]
        told = 0.0 if own[-1] == "dismiss" else max(EventWeights().kinds[kind] for kind in own)
        assert weight_of(state, item) == pytest.approx(told)


def test_histories_give_every_user_the_own_events_in_time_order():
    log = Interactions.from_frame(purchases({"ana": ["cup", "pan"], "bo": ["pot"]}))
    histories = Histories.from_interactions(log)
    assert len(histories) == 2
    for user, bought in {"ana": ["cup", "pan"], "bo": ["pot"]}.items():
        own = histories.of(log.users.row(user))
        assert log.items.take(own.item_rows) == bought
        assert set(own.kinds.tolist()) == {KIND_CODE["purchase"]}


@pytest.mark.parametrize("row", [-1, 2, 99])
def test_somebody_who_is_not_in_the_histories_has_none(row):
    log = Interactions.from_frame(purchases({"ana": ["cup", "pan"], "bo": ["pot"]}))
    assert len(Histories.from_interactions(log).of(row)) == 0
