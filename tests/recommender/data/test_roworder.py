"""A file without times that was sorted by its ids says nothing of what came first, and nothing is learned from that."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.data.interactions import Interactions
from recommender.data.roworder import (
    DRAWN_SECONDS,
    counting_step,
    drawn_seconds,
    is_clock,
    is_grouped_by_user,
    is_sorted_by_item,
)
from recommender.evaluation.splits import split_by_time, split_last_one
from recommender.hybrid import HybridRecommender
from recommender.readers import iter_interactions, read_interactions
from recommender.readers.sheet import UNTIMED_START
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
    assert not any("item" in repair for repair in read(looks).report.repairs), "an order of their own is kept"


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


def order_of(log: Interactions) -> dict[str, list[str]]:
    """What each user came to, in the order of the log."""
    frame = log.to_frame()
    return frame.groupby("user_id")["item_id"].agg(list).to_dict()


def as_it_happened(frame):
    """The rows in an order in which people come back after each other."""
    return frame.assign(place=frame.groupby("user_id").cumcount()).sort_values("place", kind="stable")


def is_grouped(frame):
    return is_grouped_by_user(frame["user_id"], frame["kind"])


def test_rows_of_one_user_after_the_other_are_recognised(looks):
    assert is_grouped(looks)
    assert is_grouped(pd.concat([looks, looks.assign(kind="purchase")])), "in a part for each kind"
    assert is_grouped(looks.assign(kind=["view", "purchase"] * (len(looks) // 2))), "kinds beside each other"


def test_rows_as_they_happened_are_not_taken_for_grouped(looks):
    assert not is_grouped(as_it_happened(looks))
    assert not is_grouped(looks.sample(frac=1, random_state=0))


def test_a_few_people_may_have_come_one_after_the_other(looks):
    assert not is_grouped(looks.head(ITEMS_EACH * 15))
    assert not is_grouped(looks.groupby("user_id").head(3)), "forty steps"
    assert not is_grouped(looks.head(0))


@pytest.mark.parametrize(
    ("count", "lack"),
    [(None, "column absent"), (lambda frame: range(len(frame)), "no clock"), (lambda frame: 0, "no clock")],
    ids=["no times", "rows of the file", "zero"],
)
def test_of_users_one_after_the_other_none_is_taken_for_the_latest(looks, count, lack):
    log = Interactions.from_frame(looks if count is None else looks.assign(timestamp=count))
    repair = f"timestamp: {lack}, rows grouped by user, numbered for each of them"
    assert log.report.repairs == {repair: len(looks)}
    assert np.bincount(log.timestamps).tolist() == [USERS] * ITEMS_EACH
    assert order_of(log) == looks.groupby("user_id")["item_id"].agg(list).to_dict()


def test_numbered_rows_follow_the_numbers_and_not_the_file(looks):
    numbered = looks.assign(timestamp=range(len(looks)))
    log = Interactions.from_frame(numbered.sample(frac=1, random_state=0))
    assert order_of(log) == looks.groupby("user_id")["item_id"].agg(list).to_dict()


def test_whoever_numbers_the_rows_of_each_user_gets_the_same_model_data(looks):
    told = Interactions.from_frame(looks.assign(timestamp=looks.groupby("user_id").cumcount()))
    untold = Interactions.from_frame(looks)
    assert told.to_frame().equals(untold.to_frame())
    assert told.report.repairs == {}


def test_a_split_of_numbered_rows_asks_people_whom_the_training_knows(looks):
    numbered = looks.assign(timestamp=range(len(looks)))
    by_time = split_by_time(numbered)
    assert by_time.test["user_id"].nunique() > 1
    last = split_last_one(numbered).test.set_index("user_id")["item_id"].to_dict()
    lasts = looks.groupby("user_id")["item_id"].last()
    assert all(lasts[user] == item for user, item in last.items())


def test_readers_number_the_rows_of_each_user_through_all_parts_of_a_file(looks, tmp_path):
    path = tmp_path / "events.csv"
    looks.to_csv(path, index=False)
    parts = list(iter_interactions(path, chunk_rows=ITEMS_EACH * 19 + 5))
    assert [len(part.frame) for part in parts] == [ITEMS_EACH * 19 + 5, ITEMS_EACH - 5]
    times = pd.concat([part.frame for part in parts])["timestamp"].to_numpy() - UNTIMED_START
    assert times.tolist() == list(range(ITEMS_EACH)) * USERS
    repair = "timestamp: not in the file, rows grouped by user, numbered for each of them"
    assert [part.repairs for part in parts] == [{repair: len(part.frame)} for part in parts]
    assert not parts[0].has_times


@pytest.mark.parametrize(
    ("seconds", "step"),
    [
        ([], 0),
        ([START], 0),
        ([START + 2, START, START + 1], 1),
        ([START, START + 60, START + 180], 60),
        ([START, START + 60, START + 130], 0),
        ([START, START + 1, START + 9], 0),
        ([START, START, START + 1, START + 2], 0),
    ],
)
def test_counting_is_known_by_its_even_steps(seconds, step):
    assert counting_step(np.array(seconds, dtype=np.int64)) == step


@pytest.fixture(scope="module", params=[1, 60], ids=["a second a row", "a minute a row"])
def counted(request, looks) -> pd.DataFrame:
    """One user after the other, with times that were made by counting on from some moment."""
    return looks.assign(timestamp=START + request.param * np.arange(len(looks)))


def test_of_counted_users_none_is_taken_for_the_latest(looks, counted):
    log = Interactions.from_frame(counted)
    assert log.report.repairs == {}, "the times are those of the frame until something is learned from them"
    learned_from = log.with_steps_for_counted_rows()
    assert np.unique(learned_from.timestamps, return_counts=True)[1].tolist() == [USERS] * ITEMS_EACH
    assert learned_from.timestamps.min() == START
    assert order_of(learned_from) == looks.groupby("user_id")["item_id"].agg(list).to_dict()
    assert learned_from.report.repairs == {"timestamp: counts rows, taken as the steps of each user": len(looks)}


def test_counted_rows_are_known_with_the_last_of_each_user_taken_out(counted):
    known = counted[counted.groupby("user_id").cumcount(ascending=False) > 0]
    steps = Interactions.from_frame(known).with_steps_for_counted_rows().timestamps
    assert np.unique(steps, return_counts=True)[1].tolist() == [USERS] * (ITEMS_EACH - 1)


def test_a_model_of_counted_rows_recommends_as_one_of_rows_without_times(looks, counted):
    by_count, untimed = (
        HybridRecommender("itemseq", random_state=0).fit(Interactions.from_frame(frame)) for frame in (counted, looks)
    )
    assert by_count.recommend("u3", k=5) == untimed.recommend("u3", k=5)
    assert any(note.startswith("timestamp: counts rows") for note in by_count.data_report.repairs)


@pytest.mark.parametrize(
    "times",
    [
        lambda frame: START + np.random.default_rng(0).integers(1, 3_600, len(frame)).cumsum(),
        lambda frame: START + np.arange(len(frame)) // 2,
        lambda frame: START + 9_000 * pd.factorize(frame["user_id"])[0] + 60 * frame.groupby("user_id").cumcount(),
    ],
    ids=["uneven", "two in a second", "visits far apart"],
)
def test_times_of_people_are_learned_from_as_they_are(looks, times):
    log = Interactions.from_frame(looks.assign(timestamp=times))
    assert log.with_steps_for_counted_rows() is log


def test_rows_counted_as_they_happened_are_learned_from_as_they_are(looks):
    counted = as_it_happened(looks).assign(timestamp=range(START, START + len(looks)))
    log = Interactions.from_frame(counted)
    assert log.with_steps_for_counted_rows() is log
