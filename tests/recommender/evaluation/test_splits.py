"""What may be learned from and what is asked for: nothing of the test part leaks into the training part."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recommender.errors import DataError
from recommender.evaluation import SplitName, make_split
from recommender.evaluation.splits import (
    Split,
    basket_ids,
    check_leakage,
    first_interactions,
    split_at_random,
    split_by_time,
    split_last_one,
    split_new_users,
)

DAY = 86_400
quick = settings(max_examples=25)


def log(text, **columns):
    """Events from "user item day" lines; extra columns as lists."""
    rows = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "day"])
    frame["timestamp"] = (frame.pop("day").astype(float) * DAY).astype("int64")
    return frame.assign(**columns)


def pairs(frame):
    return sorted(zip(frame["user_id"], frame["item_id"], strict=True))


@st.composite
def event_logs(draw):
    n = draw(st.integers(4, 60))
    draws = {
        "user_id": draw(st.lists(st.sampled_from("abcde"), min_size=n, max_size=n)),
        "item_id": draw(st.lists(st.sampled_from("pqrstuvw"), min_size=n, max_size=n)),
        "timestamp": draw(st.lists(st.integers(0, 12).map(lambda d: d * DAY // 2), min_size=n, max_size=n)),
        "kind": draw(st.lists(st.sampled_from(["view", "purchase", "dismiss"]), min_size=n, max_size=n)),
        "order_id": draw(st.lists(st.sampled_from(["", "", "o1", "o2"]), min_size=n, max_size=n)),
    }
    return pd.DataFrame(draws)


LAST_ONE = """
ana kettle 1
ben kettle 2
ana cup    3
ben cup    4
ana pot    5
ben pot    6
ana kettle 7
cleo pot   8
cleo cup   9
"""


EIGHT_TWICE = "\n".join(f"{user} i{n} {n}" for user in ("ana", "ben") for n in range(8))


def test_the_last_new_item_of_each_user_is_held_out():
    split = split_last_one(log(LAST_ONE), min_events=2)
    assert pairs(split.test) == [("ana", "pot"), ("ben", "pot"), ("cleo", "cup")]
    assert pairs(split.train) == [("ana", "cup"), ("ana", "kettle"), ("ben", "cup"), ("ben", "kettle"), ("cleo", "pot")]
    assert split.left_out == {"from the held-out unit on": 1}, "ana came back to the kettle after the pot"


def test_users_with_too_few_events_stay_in_training():
    split = split_last_one(log(LAST_ONE), min_events=3)
    assert pairs(split.test) == [("ana", "pot"), ("ben", "pot")]
    assert ("cleo", "cup") in pairs(split.train)


def test_events_of_one_moment_keep_the_order_of_the_file():
    same_day = log("ana kettle 1\nana cup 1\nana pot 1\nben pot 1")
    assert pairs(split_last_one(same_day).test) == [("ana", "pot")]
    upside_down = same_day.iloc[[2, 1, 0, 3]]
    assert pairs(split_last_one(upside_down.assign(item_id=["kettle", "cup", "pot", "pot"])).test) == [("ana", "pot")]


def test_a_test_item_that_training_does_not_know_is_left_out_and_counted():
    split = split_last_one(log("ana kettle 1\nana cup 2\nana novelty 3"))
    assert split.test.empty
    assert split.left_out == {"new items in the test": 1}


def test_only_the_first_interaction_with_an_item_counts_unless_repeats_are_asked_for():
    events = log(
        "ana kettle 1\nana kettle 2\nana cup 3\nana pot 4\nben pot 1", kind=["view", "purchase", *["view"] * 3]
    )
    assert len(split_last_one(events).train) == 3
    with_repeats = split_last_one(events, first_only=False)
    assert with_repeats.train["kind"].tolist() == ["view", "view", "purchase", "view"]
    assert pairs(with_repeats.test) == [("ana", "pot")]


def test_a_dismissed_item_is_no_target():
    events = log("ana kettle 1\nana cup 2\nana tea 3\nana pot 4\nben pot 1\nben tea 2\nben cup 3")
    events["kind"] = ["view", "view", "view", "dismiss", "view", "view", "view"]
    split = split_last_one(events)
    assert ("ana", "tea") in pairs(split.test)
    assert ("ana", "pot") not in pairs(split.train), "what happened after the held-out event is not known yet"


BASKETS = """
ana kettle 1
ana cup    1
ana pot    2
ana tea    3
ana cake   3
ben tea    1
ben cake   2
"""


def test_the_whole_last_basket_is_held_out_together():
    split = split_last_one(log(BASKETS), unit="basket")
    assert pairs(split.test) == [("ana", "cake"), ("ana", "tea")]
    assert len(split.train) == 5


def test_an_order_spanning_two_days_is_one_basket():
    events = log(BASKETS, order_id=["", "", "o1", "o1", "", "", ""])
    assert pairs(split_last_one(events, unit="basket", min_events=3).test) == [("ana", "cake")]
    assert basket_ids(events).nunique() == 5


def test_where_the_last_baskets_begin_first_nothing_is_left_to_learn_from():
    """An order that was open all the time: looking for leaks in the two empty parts was a TypeError."""
    spanning = ["o1", "", "", "o1", "o2", "", "", "o2"]
    events = log("ana cup 1\nana tea 2\nana pot 3\nana cake 4\nben cup 1\nben tea 2\nben pot 3\nben cake 4")
    split = split_last_one(events.assign(order_id=spanning), unit="basket")
    check_leakage(split)
    assert split.train.empty
    assert split.test.empty


def test_two_users_never_share_a_basket():
    assert basket_ids(log("ana cup 1\nben cup 1", order_id=["o1", "o1"])).nunique() == 2


def test_the_time_cut_is_the_same_for_everybody():
    events = log("\n".join(f"{user} {item} {day}" for day, (user, item) in enumerate([*FIRST_NINE, ("ben", "cup")])))
    split = split_by_time(events)
    assert split.cut == 9 * DAY
    assert pairs(split.test) == [("ben", "cup")]


FIRST_NINE = [("ana", i) for i in ("kettle", "cup", "pot", "tea", "cake")] + [
    ("ben", i) for i in ("kettle", "pot", "tea", "cake")
]


def test_the_cut_never_falls_inside_a_day_of_equal_times():
    """10 events, 3 of them on the last day: 3 is nearer to a tenth than none would be to 10 - 1."""
    days = [0, 1, 2, 3, 4, 5, 6, 9, 9, 9]
    events = log("\n".join(f"u{n} i{n} {day}" for n, day in enumerate(days)))
    split = split_by_time(events)
    assert split.cut == 9 * DAY
    assert len(split.train) == 7
    assert split.left_out == {"new users in the test": 3}


def test_a_basket_across_the_cut_is_in_neither_part():
    events = log(
        "ana kettle 1\nben cup 2\nana pot 3\nben kettle 5\nana tea 6\nana cup 7",
        order_id=["o1", "o2", "long", "o3", "long", "o4"],
    )
    split = split_by_time(events, fraction=0.4, unit="basket")
    assert split.cut == 5 * DAY
    assert pairs(split.train) == [("ana", "kettle"), ("ben", "cup")]
    assert pairs(split.test) == [("ana", "cup"), ("ben", "kettle")]
    assert split.left_out == {"baskets across the cut": 2}


@pytest.mark.parametrize("unit", ["event", "basket"])
@pytest.mark.parametrize("first_only", [True, False])
@quick
@given(events=event_logs(), fraction=st.sampled_from([0.1, 0.3, 0.5]))
def test_nothing_leaks_through_a_split_by_time(unit, first_only, events, fraction):
    try:
        split = split_by_time(events, fraction=fraction, unit=unit, first_only=first_only)
    except DataError as error:
        assume("nothing to split" not in str(error))
        raise
    check_leakage(split)
    assert len(split.train) + len(split.test) + sum(split.left_out.values()) == len(events)


@pytest.mark.parametrize("unit", ["event", "basket"])
@pytest.mark.parametrize("first_only", [True, False])
@quick
@given(events=event_logs())
def test_nothing_leaks_through_a_last_one_split(unit, first_only, events):
    split = split_last_one(events, min_events=2, unit=unit, first_only=first_only)
    check_leakage(split)
    assert len(split.train) + len(split.test) + sum(split.left_out.values()) == len(events)
    if unit == "event":
        assert split.test["user_id"].is_unique


@pytest.mark.parametrize("first_only", [True, False])
@quick
@given(events=event_logs(), share=st.sampled_from([0.25, 0.5]), seed=st.integers(0, 9))
def test_nothing_leaks_through_a_random_split(first_only, events, share, seed):
    split = split_at_random(events, share=share, seed=seed, first_only=first_only)
    check_leakage(split)
    assert len(split.train) + len(split.test) + sum(split.left_out.values()) == len(events)
    assert "dismiss" not in set(split.test["kind"])
    again = split_at_random(events, share=share, seed=seed, first_only=first_only)
    pd.testing.assert_frame_equal(again.test, split.test)


def test_a_random_split_holds_out_a_share_of_what_each_user_touched():
    touched = {f"{user}{n}": size for user, size in (("ana", 8), ("ben", 7), ("cleo", 3)) for n in range(9)}
    events = log("\n".join(f"{user} i{n} {n}" for user, size in touched.items() for n in range(size)))
    split = split_at_random(events)
    assert split.left_out == {}
    held = split.test["user_id"].value_counts()
    assert held.to_dict() == {user: size // 4 for user, size in touched.items() if size // 4}
    assert split.test["item_id"].nunique() > 4, "not always the last"


def test_a_random_split_takes_the_times_away():
    split = split_at_random(log(EIGHT_TWICE))
    assert split.train["timestamp"].tolist() == list(range(len(split.train)))
    assert set(split.test["timestamp"]) == {len(split.train)}
    assert split.train["item_id"].tolist() != sorted(split.train["item_id"])


def test_what_is_held_out_at_random_is_gone_with_all_its_repeats():
    twice = log("\n".join([EIGHT_TWICE, EIGHT_TWICE]))
    split = split_at_random(twice, first_only=False)
    assert not set(pairs(split.test)) & set(pairs(split.train))
    assert split.train.duplicated(["user_id", "item_id"]).sum() * 2 == len(split.train)


@quick
@given(events=event_logs(), user_share=st.floats(0.1, 0.9), share=st.floats(0.1, 0.9), seed=st.integers(0, 9))
def test_nothing_leaks_through_a_split_of_new_users(events, user_share, share, seed):
    split = split_new_users(events, user_share=user_share, share=share, seed=seed)
    check_leakage(split)
    assert len(split.train) + len(split.history) + len(split.test) + sum(split.left_out.values()) == len(events)
    assert not set(split.history["user_id"]) & set(split.train["user_id"])
    new = events[events["user_id"].isin(split.history["user_id"])]
    held = set(pairs(new)) - set(pairs(split.history))
    known = set(split.train["item_id"])
    assert set(pairs(split.test)) == {pair for pair in held if pair[1] in known}, "whatever training knows is asked for"
    assert "dismiss" not in set(split.test["kind"])


def twenty_users(n_items=10):
    return log("\n".join(f"u{user} i{(user + n) % 15} {n}" for user in range(20) for n in range(n_items)))


def test_of_the_users_a_share_is_held_out_with_all_they_did():
    split = split_new_users(twenty_users(), user_share=0.25, share=0.2)
    assert split.history["user_id"].nunique() == split.test["user_id"].nunique() == 5
    assert set(split.history.groupby("user_id").size()) == {8}
    assert set(split.test.groupby("user_id").size()) == {2}
    assert len(split.train) == 15 * 10, "the others lose nothing of what may be learned from"
    assert split.left_out == {}


def test_times_are_taken_from_new_users_too_and_they_come_after_the_others():
    split = split_new_users(twenty_users())
    told = [*split.train["timestamp"], *split.history["timestamp"]]
    assert told == list(range(len(told)))
    assert set(split.test["timestamp"]) == {len(told)}
    assert split.cut is None
    assert split.train["item_id"].tolist() != sorted(split.train["item_id"])


@pytest.mark.parametrize(
    ("test", "history", "message"),
    [
        ("zoe pot 9", "zoe pot 8", "in the history too"),
        ("zoe pot 9", "ana cup 8", "training knows the user_id"),
        ("ana pot 9", "zoe cup 8", "the history does not know the user_id"),
        ("zoe lamp 9", "zoe cup 8", "training does not know the item_id"),
    ],
)
def test_leaks_of_a_history_are_found(test, history, message):
    with pytest.raises(DataError, match=message):
        check_leakage(Split(TRAIN, log(test), history=log(history)))


@pytest.mark.parametrize("count", [lambda frame: 0, lambda frame: frame.groupby("user_id").cumcount()])
def test_rows_sorted_by_item_that_are_only_counted_have_no_last_item(count):
    """Else the greatest id of everybody would be held out."""
    rows = sorted(pairs(twenty_users()))
    counted = pd.DataFrame(rows, columns=["user_id", "item_id"]).assign(timestamp=count)
    held = split_last_one(counted).test.set_index("user_id")["item_id"]
    greatest = counted.groupby("user_id")["item_id"].max()
    assert (held == greatest[held.index]).mean() < 0.5
    by_clock = counted.assign(timestamp=range(1_700_000_000, 1_700_000_000 + len(counted)))
    held = split_last_one(by_clock).test.set_index("user_id")["item_id"]
    assert (held == greatest[held.index]).all()


@pytest.mark.parametrize("times", [pd.NaT, None, "soon", pd.Timestamp("2026-01-01")])
def test_times_that_are_no_numbers_are_left_for_whoever_reads_the_events(times):
    frame = twenty_users().sort_values(["user_id", "item_id"]).assign(timestamp=times)
    split = split_last_one(frame)
    last = frame.groupby("user_id")["item_id"].max()
    held = split.test.set_index("user_id")["item_id"]
    assert len(held)
    assert (held == last[held.index]).all(), "the rows stay in their order"
    assert split.train["timestamp"].nunique(dropna=False) == 1, "nothing is drawn for them"


def test_users_with_too_few_items_are_learned_from():
    few = pd.concat([twenty_users(), log("zoe cup 1\nzoe i3 2\nzoe pot 3")])
    for seed in range(5):
        split = split_new_users(few, user_share=0.9, seed=seed)
        assert "zoe" in set(split.train["user_id"])


@quick
@given(events=event_logs(), seed=st.integers(0, 9))
def test_what_happens_later_does_not_change_the_training_part(events, seed):
    """Shuffle the items of everything from the cut on: the training frame stays as it was."""
    if events["timestamp"].nunique() < 2:
        return
    split = split_by_time(events)
    later = (events["timestamp"] >= split.cut).to_numpy()
    shuffled = events.copy()
    shuffled.loc[later, "item_id"] = np.random.default_rng(seed).permutation(events.loc[later, "item_id"])
    before = shuffled["timestamp"] < split.cut
    assert pairs(first_interactions(shuffled[before])) == pairs(split.train)


@quick
@given(events=event_logs())
def test_first_interactions_are_the_earliest_of_their_pair(events):
    kept = first_interactions(events)
    earliest = events.groupby(["user_id", "item_id"])["timestamp"].min()
    assert kept.set_index(["user_id", "item_id"])["timestamp"].to_dict() == earliest.to_dict()
    assert kept["timestamp"].is_monotonic_increasing
    assert list(kept.columns) == list(events.columns)


TRAIN = log("ana cup 1\nben pot 2\nana tea 3")


@pytest.mark.parametrize(
    ("test", "cut", "message"),
    [
        ("ana cup 5", 4 * DAY, "in training too"),
        ("ana pot 5\nana pot 6", 4 * DAY, "in the test twice"),
        ("cleo pot 5", 4 * DAY, "does not know the user_id"),
        ("ana lamp 5", 4 * DAY, "does not know the item_id"),
        ("ana pot 3", 4 * DAY, "earlier than the cut"),
        ("ana pot 5", 2 * DAY, "training event is not earlier"),
        ("ana pot 2", None, "later than what is held out"),
    ],
)
def test_every_kind_of_leak_is_found(test, cut, message):
    with pytest.raises(DataError, match=message):
        check_leakage(Split(TRAIN, log(test), cut))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: split_by_time(log("ana cup 1\nben cup 1")), "one time"),
        (lambda: split_by_time(log("ana cup 1"), fraction=1.0), "between 0 and 1"),
        (lambda: split_last_one(log("ana cup 1"), min_events=1), "at least 2"),
        (lambda: split_last_one(log("ana cup 1"), unit="week"), "'event' or 'basket'"),
        (lambda: split_at_random(log("ana cup 1"), share=0.0), "between 0 and 1"),
        (lambda: split_new_users(log("ana cup 1"), share=1.0), "share must lie between 0 and 1"),
        (lambda: split_new_users(log("ana cup 1"), user_share=0.0), "user_share must lie between 0 and 1"),
        (lambda: split_last_one(pd.DataFrame({"user_id": ["ana"]})), "'item_id' is missing"),
    ],
)
def test_what_cannot_be_split_is_said_in_words(call, message):
    with pytest.raises(DataError, match=message):
        call()


@pytest.mark.parametrize("how", get_args(SplitName))
def test_of_an_empty_log_nobody_can_be_judged(how):
    """It was said that all of its events happened at one time."""
    with pytest.raises(DataError, match="there are no events, so nobody can be judged"):
        make_split(log("ana cup 1").iloc[:0], how)


def test_an_empty_log_splits_into_nothing():
    empty = log("ana cup 1").iloc[:0]
    split = split_last_one(empty)
    assert split.train.empty
    assert split.test.empty
