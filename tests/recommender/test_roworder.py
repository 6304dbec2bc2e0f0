"""A file without times that was sorted by its ids says nothing of what came first, and nothing is learned from that."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.interactions import Interactions
from recommender.readers import read_interactions
from recommender.readers.sheet import UNTIMED_START
from recommender.roworder import DRAWN_SECONDS, drawn_seconds, is_clock, is_sorted_by_item
from tests.recommender.worlds import START

USERS, ITEMS_EACH = 20, 12


@pytest.fixture(scope="module")
def looks() -> pd.DataFrame:
    """What twenty people looked at, in an order of their own; ids of one to three digits."""
    draw = np.random.default_rng(0)
    rows = [(f"u{user}", str(item)) for user in range(USERS) for item in draw.choice(400, ITEMS_EACH, replace=False)]
    return pd.DataFrame(rows, columns=["user_id", "item_id"]).assign(kind="view")


def by_number(frame):
    return frame.sort_values(["user_id", "item_id"], key=lambda ids: ids.str.removeprefix("u").astype(int))


def by_text(frame):
    return frame.sort_values(["user_id", "item_id"])


def with_orders_behind(frame):
    """The same things bought, in a second part of the file."""
    return pd.concat([by_number(frame), by_number(frame).assign(kind="purchase")])


def is_sorted(frame):
    return is_sorted_by_item(frame["user_id"], frame["item_id"], frame["kind"])


@pytest.mark.parametrize("sort", [by_number, by_text, with_orders_behind])
def test_rows_sorted_by_item_are_recognised(looks, sort):
    assert is_sorted(sort(looks))


def test_rows_in_an_order_of_their_own_are_left_alone(looks):
    assert not is_sorted(looks)


def test_rows_sorted_by_user_alone_are_left_alone(looks):
    assert not is_sorted(looks.sort_values("user_id", kind="stable"))


def test_a_few_rows_may_be_in_order_by_chance(looks):
    assert not is_sorted(by_number(looks).head(ITEMS_EACH * 5))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("first", ["inf", "nan", "-1e999", "1" + "0" * 400, "0x10", "lamp"])
def test_ids_may_look_like_any_number(looks, first):
    strange = by_number(looks).assign(item_id=lambda frame: frame["item_id"].where(frame.index % 3 > 0, first))
    assert not is_sorted(strange)
    long = by_number(looks).assign(item_id=lambda frame: "9" * 400 + frame["item_id"].str.zfill(3))
    assert is_sorted(long), "by text"


def test_items_numbered_as_they_were_first_seen_are_not_sorted():
    draw = np.random.default_rng(1)
    rows = [(f"u{user}", item) for user in range(200) for item in draw.zipf(1.5, 8) % 1_000]
    seen = pd.DataFrame(rows, columns=["user_id", "thing"])
    seen["item_id"] = pd.factorize(seen["thing"])[0].astype(str)
    assert not is_sorted(seen.assign(kind="view"))


def test_drawn_times_are_the_same_in_every_order_of_the_rows_and_spread_evenly(looks):
    drawn = pd.Series(drawn_seconds(looks["user_id"], looks["item_id"]), index=looks.index)
    again = looks.sample(frac=1, random_state=0)
    assert drawn_seconds(again["user_id"], again["item_id"]).tolist() == drawn[again.index].tolist()
    assert drawn.between(0, DRAWN_SECONDS - 1).all()
    assert drawn.mean() == pytest.approx(DRAWN_SECONDS / 2, rel=0.1)


def test_the_library_draws_times_for_sorted_rows_and_counts_them(looks):
    log = Interactions.from_frame(with_orders_behind(looks))
    assert log.report.repairs == {
        "timestamp: column absent, rows sorted by item, times drawn at random": 2 * len(looks),
    }
    of_first = log.items.take(log.item_rows[log.user_rows == log.users.row("u0")])
    assert of_first != sorted(of_first, key=int)


def test_times_of_a_clock_are_taken_whatever_the_order(looks):
    told = Interactions.from_frame(by_number(looks).assign(timestamp=range(START, START + len(looks))))
    assert told.report.repairs == {}
    assert told.timestamps.tolist() == list(range(START, START + len(looks)))


@pytest.mark.parametrize(
    "count",
    [
        lambda frame: 0,
        lambda frame: START,
        lambda frame: range(len(frame)),
        lambda frame: frame.groupby("user_id").cumcount(),
    ],
    ids=["zero", "one second for all", "rows of the file", "rows of each user"],
)
def test_numbers_that_are_no_clock_are_looked_at_as_rows_are(looks, count):
    def read(frame):
        return Interactions.from_frame(frame.assign(timestamp=count))

    repair = "timestamp: no clock, rows sorted by item, times drawn at random"
    assert read(by_number(looks)).report.repairs == {repair: len(looks)}
    assert read(by_number(looks)).timestamps.tolist() == sorted(drawn_seconds(looks["user_id"], looks["item_id"]))
    assert read(looks).report.repairs == {}, "an order of their own is kept"


@pytest.mark.parametrize(
    ("seconds", "is_one"),
    [([], False), ([0, 5], False), ([START, START], False), ([0, START], True), ([START, START + 1], True)],
)
def test_a_clock_is_told_from_counting(seconds, is_one):
    assert is_clock(np.array(seconds, dtype=np.int64)) == is_one


def test_somebody_looked_before_buying_although_times_are_drawn(looks):
    frame = Interactions.from_frame(with_orders_behind(looks)).to_frame()
    for _, kinds in frame.groupby(["user_id", "item_id"])["kind"]:
        assert kinds.tolist() == ["view", "purchase"]


def test_readers_draw_times_for_a_sorted_file_and_say_so(looks, tmp_path):
    path = tmp_path / "events.csv"
    by_number(looks).rename(columns={"kind": "event"}).to_csv(path, index=False)
    result = read_interactions(path, "retailrocket")
    assert result.repairs == {"timestamp: not in the file, rows sorted by item, times drawn at random": len(looks)}
    assert result.frame["timestamp"].between(UNTIMED_START, UNTIMED_START + DRAWN_SECONDS).all()
    mapped = read_interactions(path, "user_id=user_id,item_id=item_id,kind=event")
    assert mapped.frame["timestamp"].tolist() == result.frame["timestamp"].tolist()
