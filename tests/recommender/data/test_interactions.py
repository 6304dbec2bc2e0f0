"""What bad input gets: a DataError that names the column and the first rows, or a repair that is counted."""

from __future__ import annotations

import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.data import interactions
from recommender.data.idmap import IdMap
from recommender.data.interactions import Interactions, events_frame, stars_of
from recommender.data.validation import usable_events, usable_told
from recommender.errors import DataError
from recommender.hybrid import HybridRecommender
from recommender.sources import DEEP_SOURCES, SOURCES
from recommender.types import EVENT_KINDS, Event
from tests.recommender.worlds import frame_of, purchases

GOOD = {
    "user_id": ["ana", "ana", "bo", "bo"],
    "item_id": ["cup", "pan", "cup", "pot"],
    "kind": ["view", "purchase", "view", "rating"],
    "value": [None, 2, None, 4],
    "timestamp": [10, 20, 30, 40],
}

PYTHON_TEXT = pd.StringDtype("python")
SPANS = [1, np.timedelta64(2, "s"), np.timedelta64(3, "D"), 4]


def events(now: int | None = None, **changes: object) -> Interactions:
    return Interactions.from_frame(pd.DataFrame(GOOD | changes), now=now)


def attempt(action):
    """What an action gives, or the words of its refusal; any other error is a finding."""
    try:
        return action(), ""
    except DataError as error:
        return None, str(error)


def test_a_good_frame_needs_no_repair():
    log = events()
    assert len(log) == 4
    assert list(log.users) == ["ana", "bo"]
    assert list(log.items) == ["cup", "pan", "pot"]
    assert log.report.repairs == {}
    assert (log.report.n_rows, log.report.n_kept) == (4, 4)


def test_events_stand_in_time_order_and_equal_times_keep_the_order_of_the_frame():
    log = events(timestamp=[40, 20, 20, 10])
    assert log.timestamps.tolist() == [10, 20, 20, 40]
    assert log.items.take(log.item_rows) == ["pot", "pan", "cup", "cup"]


def test_stars_and_quantities_are_kept_and_other_values_are_not():
    log = events(value=[9, 2, None, 4])
    assert log.values[log.kinds == EVENT_KINDS.index("purchase")].tolist() == [2]
    assert log.values[stars_of(log)].tolist() == [4]
    assert np.isnan(log.values[log.kinds == EVENT_KINDS.index("view")]).all()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"user_id": [None, "a", "b", "c"]}, "'user_id'.*missing.*row 0"),
        ({"user_id": ["a", "", "b", ""]}, "'user_id'.*empty.*2 row.*row 1.*row 3"),
        ({"user_id": ["a", "b\0", "b", "c"]}, "'user_id'.*NUL.*row 1"),
        ({"item_id": [1.5, 2.0, 3.0, 4.0]}, "'item_id'.*fraction.*row 0: 1.5"),
        ({"item_id": [np.inf, 2.0, 3.0, 4.0]}, "'item_id'.*fraction.*row 0: inf"),
        ({"item_id": ["a", b"b", "c", "d"]}, "'item_id'.*neither text.*row 1"),
        ({"item_id": ["a", True, "c", "d"]}, "'item_id'.*neither text.*row 1: True"),
        ({"item_id": [["a"], "b", "c", "d"]}, "'item_id'.*neither text.*row 0"),
        ({"item_id": pd.Series(["a", "\ud800", "c", "d"], dtype=object)}, "'item_id'.*surrogate.*row 1"),
        ({"item_id": pd.Series(["a", "\ud800", "c", "d"], dtype=PYTHON_TEXT)}, "'item_id'.*surrogate.*row 1"),
        ({"item_id": pd.to_datetime(["2020-01-01"] * 4)}, "'item_id'.*neither text"),
        ({"item_id": np.array([b"a", b"b", b"c", b"d"])}, "'item_id'.*neither text.*row 0"),
        ({"item_id": pd.Series(SPANS, dtype=object)}, "'item_id'.*neither text.*row 1"),
        ({"value": pd.Series(SPANS, dtype=object)}, "'value'.*not a number.*row 1"),
        ({"timestamp": pd.Series(SPANS, dtype=object)}, "'timestamp'.*not a number of UTC seconds.*row 1"),
        ({"item_id": ["a", "é" * 257, "c", "d"]}, r"'item_id'.*longer than 512 bytes.*row 1: 'é+…$"),
        ({"user_id": ["a", "b", "c" * 513, "d"]}, "'user_id'.*longer than 512 bytes.*row 2: 'c+…$"),
        ({"user_id": pd.Series([10**600, 1, 2, 3], dtype=object)}, "'user_id'.*longer than 512 bytes.*row 0"),
        ({"user_id": pd.Series([10**6000, 1, 2, 3], dtype=object)}, "'user_id'.*longer than 512 bytes.*row 0"),
        ({"kind": ["view", "buy", "view", "rating"]}, "'kind'.*view, click.*row 1: 'buy'"),
        ({"kind": ["view", None, "view", "rating"]}, "'kind'.*row 1: nan"),
        ({"kind": ["view", ["purchase"], "view", "rating"]}, "'kind'.*row 1"),
        ({"value": [None, 2, None, 0.5]}, "'value'.*between 1 and 5.*row 3: 0.5"),
        ({"value": [None, 2, None, 6]}, "'value'.*between 1 and 5.*row 3: 6"),
        ({"value": [None, 2, None, None]}, "'value'.*between 1 and 5.*row 3: nan"),
        ({"value": [None, 2, None, np.inf]}, "'value'.*between 1 and 5.*row 3: inf"),
        ({"value": [None, 0, None, 4]}, "'value'.*positive.*row 1"),
        ({"value": [None, np.inf, None, 4]}, "'value'.*positive.*row 1: inf"),
        ({"value": [None, 1e300, None, 4]}, "'value'.*positive.*32 bits.*row 1: 1e\\+300"),
        ({"value": [None, 1e-300, None, 4]}, "'value'.*positive.*32 bits.*row 1: 1e-300"),
        ({"value": pd.Series([None, 10**400, None, 4], dtype=object)}, "'value'.*not a number.*row 1: 10+…$"),
        ({"value": [True, True, True, True]}, "'value'.*not a number.*row 0: True"),
        ({"value": [None, 2, None, True]}, "'value'.*not a number.*row 3: True"),
        ({"value": pd.to_timedelta([1, 2, 3, 4], unit="s")}, "'value'.*not a number.*row 0"),
        ({"value": ["", "2", "", "four"]}, "'value'.*not a number.*row 3: 'four'"),
        ({"value": [1j, 2, 3, 4]}, "'value'.*not a number"),
        ({"value": pd.to_datetime(["2020-01-01"] * 4)}, "'value'.*not a number"),
        ({"value": [[1], 2, None, 4]}, "'value'.*not a number.*row 0"),
        ({"timestamp": [10, None, 30, 40]}, "'timestamp'.*missing.*row 1"),
        ({"timestamp": [10, np.inf, 30, 40]}, "'timestamp'.*row 1: inf"),
        ({"timestamp": [10, -1, 30, 40]}, "'timestamp'.*since 1970.*row 1: -1"),
        ({"value": pd.Series([None, "2", None, "\ud800"], dtype=object)}, "'value'.*not a number.*row 3: '.ud800'"),
        ({"timestamp": pd.Series([10, 20, "\ud800", 30], dtype=object)}, "'timestamp'.*not a number.*row 2: '.ud800'"),
        ({"timestamp": ["10", "20", "soon", "40"]}, "'timestamp'.*not a number.*row 2: 'soon'"),
        ({"timestamp": [10, 20, 30, 1_700_000_000_000]}, "'timestamp'.*future.*milliseconds.*row 3"),
        ({"timestamp": [10, 20, 30, 10**30]}, "'timestamp'.*future.*row 3"),
        ({"timestamp": pd.Series([10, 20, 10**400, 30], dtype=object)}, "'timestamp'.*not a number.*row 2"),
        ({"timestamp": pd.to_timedelta([1, 2, 3, 4], unit="s")}, "'timestamp'.*not a number.*row 0: Timedelta"),
        ({"timestamp": pd.period_range("2020-01-01", periods=4)}, "'timestamp'.*not a number.*row 0: Period"),
        ({"timestamp": [True, False, True, True]}, "'timestamp'.*not a number.*row 0: True"),
        ({"timestamp": pd.array([True, False, True, True], dtype="boolean")}, "'timestamp'.*not a number.*row 0: True"),
        ({"timestamp": pd.to_datetime(["2020-01-01", None] * 2)}, "'timestamp'.*missing.*row 1"),
        ({"timestamp": pd.to_datetime(["2020-01-01", "2020-01-01", "2020-01-01", "2150-01-01"])}, "future.*row 3"),
        ({"timestamp": pd.to_datetime(["2020-01-01", "1930-01-01", "2020-01-01", "2020-01-01"])}, "1970.*row 1"),
        ({"value": pd.Series([None, np.array([2, 3]), None, 4], dtype=object)}, "'value'.*not a number.*row 1: array"),
        ({"kind": pd.Series(["view", np.array(["a", "b"]), "view", "rating"], dtype=object)}, "'kind'.*row 1: array"),
        ({"timestamp": pd.Series([10, np.array([20, 30]), 30, 40], dtype=object)}, "'timestamp'.*row 1: array"),
        ({"item_id": pd.Series(["a", np.array(["b", "c"]), "c", "d"], dtype=object)}, "'item_id'.*row 1: array"),
        ({"order_id": [["o"], "o", "", None]}, "'order_id'.*row 0"),
        ({"order_id": pd.Series([np.array([1, 2]), "o", "", None], dtype=object)}, "'order_id'.*row 0: array"),
        ({"order_id": ["o", ("o", []), "", None]}, "'order_id'.*row 1"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_column_and_first_rows(changes, told):
    with pytest.raises(DataError, match=told):
        events(**changes)


def test_an_id_may_have_512_bytes():
    """Ids stand in an array that is as wide as the longest of them, so that a single one must not fill the memory."""
    assert events(item_id=["é" * 256, "b" * 512, "c", "d"]).n_items == 4


def test_only_the_first_three_rows_are_shown_and_all_are_counted():
    with pytest.raises(DataError, match=r"in 4 row\(s\), first row 0: 'a', row 1: 'b', row 2: 'c'$"):
        events(kind=["a", "b", "c", "d"])


@pytest.mark.parametrize("column", ["user_id", "item_id"])
def test_an_absent_column_is_named_with_those_that_are_there(column):
    with pytest.raises(DataError, match=f"'{column}' is missing; the frame has: .*kind, value, timestamp"):
        Interactions.from_frame(pd.DataFrame(GOOD).drop(columns=column))


def test_a_column_that_stands_twice_is_named():
    frame = pd.concat([pd.DataFrame(GOOD), pd.DataFrame({"kind": ["view"] * 4})], axis=1)
    with pytest.raises(DataError, match="'kind' stands in the frame twice"):
        Interactions.from_frame(frame)


def test_what_is_no_frame_of_named_columns_is_refused():
    with pytest.raises(DataError, match="needs a DataFrame, not list"):
        Interactions.from_frame([GOOD])
    with pytest.raises(DataError, match="columns have 2 levels of names"):
        Interactions.from_frame(pd.concat({"user_id": pd.DataFrame(GOOD)}, axis=1))


@pytest.mark.parametrize(
    "numbers",
    [
        pd.Categorical([1, 2, 3, 4]),
        pd.Categorical(["1", "2", "3", "4"]),
        pd.array([1, 2, 3, 4], dtype="Int64"),
        pd.arrays.SparseArray([1.0, 2.0, 3.0, 4.0]),
        pd.Series([Decimal(1), Fraction(2), np.float32(3), "4"], dtype=object),
    ],
    ids=["categories", "categories of text", "nullable", "sparse", "mixed"],
)
@pytest.mark.filterwarnings("error")
def test_numbers_are_read_from_a_column_of_any_type(numbers):
    log = events(value=numbers, timestamp=numbers)
    assert log.timestamps.tolist() == [1, 2, 3, 4]
    assert log.values[[1, 3]].tolist() == [2, 4]


@pytest.mark.parametrize("kind", ["null", "int64", "bool_", "date32", "list_"])
def test_an_arrow_column_of_anything_but_text_holds_no_kinds(kind):
    pa = pytest.importorskip("pyarrow", reason="Arrow columns need the package pyarrow")
    form = pa.list_(pa.string()) if kind == "list_" else getattr(pa, kind)()
    with pytest.raises(DataError, match=r"'kind'.*view, click.*in 4 row"):
        events(kind=pd.array(pa.nulls(4, type=form), dtype=pd.ArrowDtype(form)))


@pytest.mark.parametrize("kind", ["decimal128", "decimal256", "float16", "int64", "string"])
def test_an_arrow_column_may_have_gaps(kind):
    pa = pytest.importorskip("pyarrow", reason="Arrow columns need the package pyarrow")
    form = getattr(pa, kind)(8, 2) if kind.startswith("decimal") else getattr(pa, kind)()
    two, four = {"string": ("2", "4"), "float16": (np.float16(2), np.float16(4))}.get(kind, (2, 4))
    log = events(value=pd.array(pa.array([None, two, None, four], type=form), dtype=pd.ArrowDtype(form)))
    np.testing.assert_array_equal(log.values, [np.nan, 2, np.nan, 4])


def test_a_value_beside_a_kind_that_has_none_is_left_out_and_counted():
    """Seconds that somebody looked at a thing are neither stars nor pieces."""
    log = events(kind=["view", "rating", "cart", "purchase"], value=[31.5, 4.0, 2.0, 3.0])
    np.testing.assert_array_equal(log.values, np.array([np.nan, 4.0, np.nan, 3.0], dtype=np.float32))
    assert log.report.repairs == {"value: left out beside kinds that have none": 2}


@pytest.mark.parametrize(
    "times",
    [[10.5, 20, 30, 40.25], pd.to_datetime([10_500, 20_000, 30_000, 40_250], unit="ms")],
    ids=["numbers", "dates"],
)
def test_fractions_of_a_second_are_cut_and_counted(times):
    log = events(timestamp=times)
    assert log.timestamps.tolist() == [10, 20, 30, 40]
    assert log.report.repairs == {"timestamp: fractions of a second cut": 2}


def test_a_clock_that_is_a_little_fast_is_no_error():
    """Shoppers' machines disagree about the time; a day of it is let pass."""
    assert len(events(timestamp=[10, 20, 30, 1_000 + 86_400], now=1_000)) == 4
    with pytest.raises(DataError, match="future"):
        events(timestamp=[10, 20, 30, 1_001 + 86_400], now=1_000)


@pytest.mark.parametrize("now", ["x", 10**400, float("nan"), float("inf"), True, -1], ids=lambda now: f"{now!r:.5}")
def test_now_is_a_number_of_utc_seconds(now):
    with pytest.raises(DataError, match="now must be a number of UTC seconds"):
        events(now=now)


def test_dates_of_any_zone_become_utc_seconds():
    zoned = pd.to_datetime(["2020-01-01 01:00:00+01:00"] * 4, utc=False)
    assert set(events(timestamp=zoned).timestamps.tolist()) == {1_577_836_800}
    assert set(events(timestamp=pd.to_datetime(["2020-01-01"] * 4)).timestamps.tolist()) == {1_577_836_800}


@pytest.mark.parametrize(
    ("given_ids", "kept", "repair"),
    [
        ([7, 8, 7, 8], ["7", "8"], "user_id: whole numbers written as text"),
        ([7.0, 8.0, 7.0, 8.0], ["7", "8"], "user_id: whole numbers written as text"),
        ([7, "7", 8.0, "x"], ["7", "8", "x"], "user_id: numbers among text ids written as text"),
    ],
)
def test_ids_that_are_numbers_are_written_as_text_and_counted(given_ids, kept, repair):
    log = events(user_id=given_ids)
    assert sorted(log.users) == kept
    assert log.report.repairs == {repair: sum(not isinstance(i, str) for i in given_ids)}


def test_ids_of_a_category_column_are_text():
    assert list(events(user_id=pd.Categorical(["b", "a", "b", "a"])).users) == ["a", "b"]


def test_a_whole_number_too_long_for_a_float_is_still_an_id():
    assert str(10**400) in events(user_id=[10**400, "a", "b", "c"]).users


def test_without_kinds_a_value_makes_a_rating_and_its_absence_a_purchase():
    log = Interactions.from_frame(pd.DataFrame(GOOD).drop(columns="kind").assign(value=[None, 2, None, 4]))
    assert [EVENT_KINDS[k] for k in log.kinds] == ["purchase", "rating", "purchase", "rating"]
    assert log.report.repairs == {"kind: column absent, rating where there is a value, else purchase": 4}


@pytest.mark.parametrize("kind", ["object", "str", "string", "category"])
def test_an_empty_text_is_no_value_with_kinds_and_without(kind):
    given = pd.Series(["", "2", "", "4"], dtype=kind)
    assert np.isnan(events(value=given).values[[0, 2]]).all()
    log = Interactions.from_frame(pd.DataFrame(GOOD).drop(columns="kind").assign(value=given))
    assert [EVENT_KINDS[k] for k in log.kinds] == ["purchase", "rating", "purchase", "rating"]


def test_without_times_the_order_of_the_rows_is_the_order_of_events():
    log = Interactions.from_frame(pd.DataFrame(GOOD).drop(columns="timestamp"))
    assert log.items.take(log.item_rows) == GOOD["item_id"]
    assert log.report.repairs == {"timestamp: column absent, row order taken as time": 4}


def test_somebody_with_very_many_events_keeps_the_latest(monkeypatch):
    monkeypatch.setattr(interactions, "MAX_EVENTS_PER_USER", 5)
    crowd = purchases({"robot": [f"i{n}" for n in range(12)], "ana": ["i0", "i1"]})
    log = Interactions.from_frame(crowd)
    robot = log.item_rows[log.user_rows == log.users.row("robot")]
    assert log.items.take(robot) == [f"i{n}" for n in range(7, 12)]
    assert (log.user_rows == log.users.row("ana")).sum() == 2
    assert log.report.repairs == {"user_id: events beyond a user's latest 5": 7}
    assert (log.report.n_rows, log.report.n_kept) == (14, 7)


@pytest.mark.slow
def test_a_million_events_of_one_user_are_cut_and_counted():
    """A crawler that signed in: the log stays usable, and the report says what was cut."""
    n = 1_000_000
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user_id": np.repeat(["robot", "ana"], [n, 3]),
            "item_id": np.concatenate([rng.integers(0, 500, n), [1, 2, 3]]).astype(str),
            "kind": "view",
            "timestamp": np.concatenate([np.arange(n), [1, 2, 3]]),
        }
    )
    log = Interactions.from_frame(frame)
    kept = interactions.MAX_EVENTS_PER_USER
    assert len(log) == kept + 3
    assert log.report.repairs == {f"user_id: events beyond a user's latest {kept}": n - kept}


def test_rows_that_would_be_refused_can_be_left_out_instead():
    """Each counts once, for the first reason, and what is left is a log."""
    rows = [
        ("view", np.nan, 10.0, ""),
        ("stare", np.nan, 10.0, "the kind is not one of"),
        ("rating", 9.0, -5.0, "a rating must be between 1 and 5"),
        ("rating", np.nan, 10.0, "a rating must be between 1 and 5"),
        ("purchase", 0.0, 10.0, "a quantity must be positive"),
        ("purchase", 1e-50, 10.0, "a quantity must be positive"),
        ("purchase", np.nan, 10.0, ""),
        ("view", 0.0, -5.0, "not a number of UTC seconds since 1970"),
        ("view", np.nan, np.nan, "not a number of UTC seconds since 1970"),
        ("click", np.nan, 1e12, "the time lies in the future"),
    ]
    told = pd.DataFrame(rows, columns=["kind", "value", "timestamp", "why"]).assign(user_id="ana", item_id="cup")
    usable, left_out = usable_events(told)
    assert usable["why"].tolist() == ["", ""]
    expected = told["why"][told["why"] != ""].value_counts()
    assert {why: next(n for said, n in left_out.items() if said.startswith(why)) for why in expected.index} == dict(
        expected
    )
    assert sum(left_out.values()) == len(told) - len(usable)
    assert len(Interactions.from_frame(usable)) == 2
    assert usable_events(usable) == (usable, {})
    pairs = [("ana", Event("cup", kind, at, None if np.isnan(value) else value)) for kind, value, at, _ in rows]  # type: ignore[arg-type]
    assert usable_told(pairs) == ([pairs[0], pairs[6]], left_out)
    assert usable_told([]) == ([], {})


def test_orders_become_numbers_and_no_order_is_minus_one():
    log = events(user_id=["ana"] * 4, order_id=["o1", "", None, "o1"])
    assert log.baskets.tolist() == [0, -1, -1, 0]


def test_two_people_have_no_order_together():
    """Where each customer's orders are counted from 1, both have a number 1."""
    log = events(user_id=["ana", "bo", "ana", "bo"], order_id=[1, 1, 1, 2])
    assert log.baskets.tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize(
    ("orders", "baskets"),
    [
        (pd.arrays.SparseArray([1, 1, 2, 0]), [0, 0, 1, 2]),
        (pd.arrays.SparseArray([1.0, np.nan, 2.0, 1.0]), [0, -1, 1, 0]),
        (pd.Categorical(["o1", "", None, "o1"]), [0, -1, -1, 0]),
        (pd.array([1, None, 2, 1], dtype="Int64"), [0, -1, 1, 0]),
    ],
    ids=["sparse", "sparse with a gap", "categories", "nullable"],
)
def test_orders_are_read_from_a_column_of_any_type(orders, baskets):
    assert events(user_id=["ana"] * 4, order_id=orders).baskets.tolist() == baskets


def test_a_log_survives_as_a_frame():
    log = events(order_id=["o1", "", None, "o1"])
    again = Interactions.from_frame(log.to_frame())
    for name in ("user_rows", "item_rows", "kinds", "timestamps", "baskets"):
        assert getattr(again, name).tolist() == getattr(log, name).tolist()
    np.testing.assert_array_equal(again.values, log.values)


def test_selected_events_keep_the_rows_of_the_whole_log():
    log = events()
    part = log.select(log.user_rows == log.users.row("bo"))
    assert len(part) == 2
    assert part.users.row("bo") == log.users.row("bo")


def test_another_item_map_moves_the_rows():
    log = events().with_items(IdMap(["pot", "pan", "lid", "cup"]))
    assert log.items.take(log.item_rows) == GOOD["item_id"]


def test_events_of_one_user_make_a_frame():
    frame = events_frame("ana", [Event("cup", "rating", 5, 4.0), Event("pan", "view", 6)])
    log = Interactions.from_frame(frame)
    assert list(log.users) == ["ana"]
    assert log.values.tolist()[0] == 4.0


def test_no_event_at_all_is_a_log_without_events():
    assert len(Interactions.from_frame(pd.DataFrame(columns=list(GOOD)))) == 0


mostly = st.sampled_from
odd_ids = st.one_of(
    mostly(["a", "b", "c", "d"]),
    st.integers(-2, 3),
    mostly([1.0, 2.5, np.nan, np.inf, None, "", True, b"x", "\0", (1,), 10**20]),
)
plain_ids = mostly(["a", "b", "c", "d", "e"])
odd_kinds = st.one_of(mostly(EVENT_KINDS), mostly(["buy", "", None, np.nan, 3]))
odd_values = st.one_of(mostly([None, 1, 2.5, 5]), mostly([0, -1, 6, np.nan, np.inf, "3", "x", "", None, 1e300]))
odd_times = st.one_of(st.integers(0, 10**9), mostly([None, np.nan, -1, 1e300, "12", "x", 1.5, 10**13]))
columns = {"user_id": odd_ids, "item_id": odd_ids, "kind": odd_kinds, "value": odd_values, "timestamp": odd_times}
plain = {
    "user_id": plain_ids,
    "item_id": plain_ids,
    "kind": mostly(EVENT_KINDS),
    "value": mostly([1.0, 2.5, 5.0]),
    "timestamp": st.integers(0, 10**6),
}


def frames(fields, *, max_size):
    return st.lists(st.fixed_dictionaries(fields), max_size=max_size).map(
        lambda rows: pd.DataFrame(rows, columns=list(fields), dtype=object)
    )


@settings(max_examples=150)
@given(frames(columns, max_size=6), st.sets(mostly(["kind", "value", "timestamp"])))
def test_any_frame_is_either_taken_whole_or_refused_in_words(frame, absent):
    """No traceback from inside NumPy or pandas, whatever stands in the cells."""
    frame = frame.drop(columns=sorted(absent))
    log, refusal = attempt(lambda: Interactions.from_frame(frame))
    if log is None:
        assert any(repr(name) in refusal for name in [*frame.columns, *absent])
        assert "row" in refusal
        return
    assert len(log) == len(frame) == log.report.n_kept
    assert np.all(log.timestamps[1:] >= log.timestamps[:-1])
    stars = log.values[stars_of(log)]
    assert np.all((stars >= 1) & (stars <= 5))


@settings(max_examples=25)
@given(frames(plain, max_size=12), mostly(sorted(set(SOURCES) - set(DEEP_SOURCES))))
def test_any_clean_log_feeds_a_source_or_is_refused_in_words(frame, strategy):
    """One item, one user, no ratings, nothing but dismissals: a list, or a sentence that says what is missing."""
    log = Interactions.from_frame(frame)
    model, refusal = attempt(lambda: HybridRecommender(strategy=strategy, effort="quick").fit(log))
    if model is None:
        assert strategy in refusal or "neither an event" in refusal
        return
    everything = set(log.items)
    for user in ("a", "stranger"):
        found = [r.item_id for r in model.recommend(user, k=3)]
        assert len(found) == len(set(found))
        assert set(found) <= everything


@pytest.mark.parametrize(
    "frame",
    [
        frame_of(*((f"u{n}", "only", "purchase", n) for n in range(6))),
        frame_of(*(("u", f"i{n}", "purchase", n) for n in range(6))),
        frame_of(("u", "i", "rating", 1, 5.0)),
        frame_of(*((f"u{n}", f"i{n % 3}", "dismiss", n) for n in range(6))),
        frame_of(*((f"u{n}", f"i{n}", "view", 5) for n in range(6))),
    ],
    ids=["one item", "one user", "one rating", "only dismissals", "no pair of items"],
)
def test_the_blend_stands_on_the_thinnest_of_logs(frame):
    model = HybridRecommender(effort="quick").fit(Interactions.from_frame(frame))
    somebody_new = [r.item_id for r in model.recommend("stranger", k=3)]
    assert len(somebody_new) == min(3, frame["item_id"].nunique())


def test_without_an_event_and_without_a_catalogue_there_is_nothing_to_learn():
    with pytest.raises(DataError, match="neither an event nor a catalogue row"):
        HybridRecommender().fit(Interactions.from_frame(pd.DataFrame(columns=list(GOOD))))


def test_without_ratings_no_star_forecast_is_made():
    log = Interactions.from_frame(purchases({"u": ["a", "b"], "v": ["a", "c"]}))
    with pytest.raises(DataError, match=r"'svd' cannot be fitted.*no star rating"):
        HybridRecommender(strategy="svd").fit(log)
    with pytest.raises(DataError, match="no stars"):
        HybridRecommender(effort="quick").fit(log).predict_rating("u", "c")


def test_checking_does_not_change_the_frame_it_was_given():
    frame = pd.DataFrame(GOOD)
    before = frame.copy(deep=True)
    Interactions.from_frame(frame, now=int(time.time()))
    pd.testing.assert_frame_equal(frame, before)
