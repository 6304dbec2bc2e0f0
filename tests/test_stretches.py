"""Real logs cut into many short histories for the benchmark of that name."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from bench.stretches import FEWEST_STEPS, FEWEST_USERS_OF_ITEM, STEPS, stretches


def log_of(histories: dict[str, list[str]]) -> pd.DataFrame:
    rows = [(user, item, 100 + step) for user, items in histories.items() for step, item in enumerate(items)]
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return frame.assign(kind="rating", value=4.0)


def items_of(frame: pd.DataFrame, user: str) -> list[str]:
    return frame[frame["user_id"] == user].sort_values("timestamp")["item_id"].tolist()


def test_a_long_history_becomes_stretches_in_its_order():
    steps = [f"i{n:02}" for n in range(2 * STEPS)]
    cut = stretches(log_of({f"u{n}": steps for n in range(FEWEST_USERS_OF_ITEM)}))
    assert items_of(cut, "u0/0") == steps[:STEPS]
    assert items_of(cut, "u0/1") == steps[STEPS:]
    assert set(cut["timestamp"]) == set(range(STEPS))


def test_a_repeated_item_counts_once():
    steps = ["a", "b", "a", "c", "b", "d", "e"]
    cut = stretches(log_of({f"u{n}": steps for n in range(FEWEST_USERS_OF_ITEM)}))
    assert items_of(cut, "u0/0") == ["a", "b", "c", "d", "e"]


def test_what_is_left_of_a_history_is_too_short_for_a_stretch():
    steps = [f"i{n:02}" for n in range(STEPS + FEWEST_STEPS - 1)]
    cut = stretches(log_of({f"u{n}": steps for n in range(FEWEST_USERS_OF_ITEM)}))
    assert set(cut["user_id"]) == {f"u{n}/0" for n in range(FEWEST_USERS_OF_ITEM)}


def test_an_item_that_few_stretches_hold_is_left_out():
    common = [f"i{n}" for n in range(FEWEST_STEPS)]
    cut = stretches(log_of({"u0": [*common, "rare"]} | {f"v{n}": common for n in range(FEWEST_USERS_OF_ITEM)}))
    assert "rare" not in set(cut["item_id"])
    assert items_of(cut, "u0/0") == common


@given(st.dictionaries(st.sampled_from("uvwxyz"), st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=40)))
def test_no_stretch_is_longer_than_said_or_holds_an_item_twice(histories):
    cut = stretches(log_of(histories))
    assert (cut.groupby("user_id").size() <= STEPS).all()
    assert not cut.duplicated(["user_id", "item_id"]).any()
    assert not cut.duplicated(["user_id", "timestamp"]).any()
