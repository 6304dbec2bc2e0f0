"""What the ranker looks at: each column says what its name promises, for all candidates or for some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import log, log1p

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.base import Query
from recommender.ranking.features import (
    AFFINITY_COLUMNS,
    ERA_BUCKETS,
    HALF_LIVES_DAYS,
    HISTORY,
    ITEM_COLUMNS,
    STAR_PRIOR,
    USER_COLUMNS,
    FeatureBuilder,
    ItemColumns,
    build_columns,
)
from recommender.training_data import TrainingData
from recommender.types import Event
from tests.recommender.worlds import DAY, START, data_of, frame_of, purchases, query, same_bytes

SIGNALS = ("itemseq", "ease", "popular")
ITEMS = ["cup", "kettle", "pan", "spade", "rake", "gift"]
NONE: Mapping[str, np.ndarray] = {}


def catalogue_frame() -> pd.DataFrame:
    """Two unknown categories, brands, colours and prices among known ones."""
    return pd.DataFrame(
        {
            "item_id": ITEMS,
            "category": ["Kitchen > Cups", "Kitchen > Pots", "Kitchen > Pots", "Garden", "", ""],
            "brand": ["Ash", "ASH", "", "Elm", "Elm", ""],
            "colours": ["red|blue", "Red", "blue", "", "", "red"],
            "price": [10.0, 20.0, 20.0, np.nan, 80.0, np.nan],
        }
    )


@pytest.fixture(scope="module")
def shop() -> TrainingData:
    """Everything was bought once, and the cup again a hundred days later."""
    log_frame = purchases({"u": ITEMS})
    later = frame_of(("v", "cup", "purchase", START + 105 * DAY), ("v", "cup", "rating", START + 105 * DAY, 1.0))
    return data_of(pd.concat([log_frame, later]), catalogue_frame())


@pytest.fixture(scope="module")
def columns(shop) -> ItemColumns:
    return build_columns(shop)


def rows_of(data: TrainingData, *items: str) -> np.ndarray:
    return data.catalogue.items.rows(list(items))


def features(
    data: TrainingData,
    question: Query,
    candidates: list[str],
    scores: Mapping[str, np.ndarray] = NONE,
    columns: ItemColumns | None = None,
) -> dict[str, list[float]]:
    """The columns by name, a value per candidate."""
    builder = FeatureBuilder(columns or build_columns(data), SIGNALS)
    matrix = builder.build(question, scores, rows_of(data, *candidates))
    return dict(zip(builder.names, matrix.T.tolist(), strict=True))


def scored(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


# Names and shapes


def test_every_column_has_its_name_in_order(columns):
    names = FeatureBuilder(columns, ["itemseq", "ease"]).names
    signals = ("itemseq", "itemseq_share", "itemseq_rank", "ease", "ease_share", "ease_rank")
    assert names == (*signals, *ITEM_COLUMNS, *AFFINITY_COLUMNS, *USER_COLUMNS)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_there_is_a_row_for_every_candidate_and_a_column_for_every_name(n, shop, columns):
    builder = FeatureBuilder(columns, SIGNALS)
    found = builder.build(query(shop, ["cup"]), {"ease": np.arange(n, dtype=np.float32)}, np.arange(n))
    assert found.shape == (n, len(builder.names))
    assert found.dtype == np.float32
    assert found.flags.c_contiguous


def test_the_ranker_of_a_model_was_taught_these_very_columns(shop_model):
    assert shop_model.model_.ranker.names == shop_model.model_.pipeline.builder.names


# What the sources say


def test_score_share_of_the_best_and_rank_of_every_signal(shop):
    """An item that a source cannot score counts as 0; equal scores rank in the order of the candidates."""
    found = features(shop, query(shop, []), ITEMS[:4], {"ease": scored(2, np.nan, 5, 2)})
    assert found["ease"] == [2, 0, 5, 2]
    assert found["ease_share"] == pytest.approx([0.4, 0, 1, 0.4])
    assert found["ease_rank"] == pytest.approx([log1p(1), log1p(3), log1p(0), log1p(2)])


def test_shares_of_scores_below_zero_are_of_the_largest_in_size(shop):
    found = features(shop, query(shop, []), ITEMS[:3], {"ease": scored(-4, 1, 2)})
    assert found["ease_share"] == [-1, 0.25, 0.5]
    assert found["ease_rank"] == pytest.approx([log1p(2), log1p(1), 0])


def test_a_source_that_scores_everything_zero_gives_no_share(shop):
    found = features(shop, query(shop, []), ITEMS[:2], {"ease": scored(0, 0)})
    assert found["ease_share"] == [0, 0]


def test_a_source_that_could_not_speak_ranks_everything_last(shop):
    found = features(shop, query(shop, []), ITEMS[:3], {"ease": scored(1, 2, 3)})
    for name in ("itemseq", "popular"):
        assert found[name] == found[f"{name}_share"] == [0, 0, 0]
        assert found[f"{name}_rank"] == pytest.approx([log1p(3)] * 3)


score = st.sampled_from([-1.0, 0.0, 0.5, 2.0, float("nan")]) | st.floats(-9, 9, width=32)


@settings(max_examples=80)
@given(data=st.data(), n=st.integers(1, 6))
def test_some_rows_are_the_same_rows_of_the_whole_matrix(data, n, shop, columns):
    """To the last bit, ties and unknown scores included, in whatever order and however often they are picked."""
    scores = {
        name: np.array(data.draw(st.lists(score, min_size=n, max_size=n)), dtype=np.float32)
        for name in data.draw(st.sets(st.sampled_from(SIGNALS)))
    }
    picked = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=8)), dtype=np.int64)
    candidates = np.array(data.draw(st.permutations(range(len(ITEMS))))[:n], dtype=np.int64)
    question = query(shop, data.draw(st.lists(st.sampled_from(ITEMS), max_size=3)))
    untouched = {name: values.copy() for name, values in scores.items()}
    builder = FeatureBuilder(columns, SIGNALS)
    some = builder.build(question, scores, candidates, picked)
    assert same_bytes(some, builder.build(question, scores, candidates)[picked])
    for name, values in untouched.items():
        assert same_bytes(scores[name], values)


# What is known of the items


def test_counts_fade_with_their_half_lives(shop):
    """The cup was bought 105 days before the end of the log, then bought and rated one star on its last day."""
    found = features(shop, query(shop, []), ["cup", "rake"])
    assert found["log_count"] == pytest.approx([log1p(2), log1p(1)])
    for days in HALF_LIVES_DAYS:
        cup, rake = 0.5 ** (105 / days) + 1 + 0.5, 0.5 ** (101 / days)
        assert found[f"log_recent_{days:g}d"] == pytest.approx([log1p(cup), log1p(rake)], rel=1e-4)


def test_age_counts_from_the_first_event_and_idleness_from_the_last():
    days = [("cup", 0), ("cup", 4), ("pan", 10)]
    log_frame = frame_of(*(("u", item, "view", START + day * DAY) for item, day in days))
    data = data_of(log_frame, pd.DataFrame({"item_id": ["cup", "new", "pan"]}))
    found = features(data, query(data, []), ["cup", "pan"])
    assert found["log_age"] == pytest.approx([log1p(10), 0])
    assert found["log_idle"] == pytest.approx([log1p(6), 0])


def test_an_item_without_an_event_is_as_young_as_can_be_and_was_never_wanted():
    data = data_of(purchases({"u": ["cup"]}), pd.DataFrame({"item_id": ["cup", "new"]}))
    found = features(data, query(data, []), ["new"])
    assert found["log_age"] == [0]
    assert found["log_count"] == [0]
    assert found["stars"] == [STAR_PRIOR]
    assert found["era"] == [0]


def test_stars_are_pulled_towards_four_as_if_five_people_had_given_four():
    log_frame = frame_of(*(("uvw"[n], "cup", "rating", START + n, stars) for n, stars in enumerate([1.0, 2.0, 1.0])))
    data = data_of(log_frame, pd.DataFrame({"item_id": ["cup", "pan"]}))
    found = features(data, query(data, []), ["cup", "pan"])
    assert found["stars"] == pytest.approx([(1 + 2 + 1 + 5 * 4) / 8, 4])


def test_an_era_counts_the_events_around_the_users_latest_one():
    """Over 128 days a slice is two days wide; the slice before and the one after count too."""
    width = 128 // ERA_BUCKETS
    days = {"cup": [0, 1, 2, 5, 6, 128], "pan": [60]}
    log_frame = frame_of(*((f"u{day}", item, "view", START + day * DAY) for item, own in days.items() for day in own))
    data = data_of(log_frame)
    for latest, expected in {0: 3, 3: 4, 7: 2, 30: 0, 128: 1, 400: 1}.items():
        around = [d for d in days["cup"] if abs(min(d // width, 63) - min(latest // width, 63)) <= 1]
        assert len(around) == expected
        question = query(data, [Event("pan", "view", START + latest * DAY)])
        assert features(data, question, ["cup"])["era"] == pytest.approx([log1p(expected)])


@pytest.mark.parametrize(("n_a_slice", "kept_as"), [(255, np.uint8), (256, np.uint16)])
def test_an_era_adds_up_more_events_than_one_slice_can_hold(n_a_slice, kept_as):
    width = 128 // ERA_BUCKETS
    days = [0, *(day for day in (60, 60 + width, 60 + 2 * width) for _ in range(n_a_slice)), 128]
    data = data_of(frame_of(*((f"u{n}", "cup", "view", START + day * DAY) for n, day in enumerate(days))))
    assert build_columns(data).era_counts.dtype == kept_as
    question = query(data, [Event("cup", "view", START + (60 + width) * DAY)])
    assert features(data, question, ["cup"])["era"] == pytest.approx([log1p(3 * n_a_slice)])


def test_without_a_history_the_era_is_the_present():
    data = data_of(frame_of(("u", "cup", "view", START), ("u", "pan", "view", START + 200 * DAY)))
    assert features(data, query(data, []), ["cup", "pan"])["era"] == pytest.approx([0, log1p(1)])


def test_a_log_of_one_day_has_one_era():
    data = data_of(purchases({"u": ["cup", "pan"]}, step=60))
    assert features(data, query(data, ["cup"]), ["pan"])["era"] == pytest.approx([log1p(1)])


# How items fit a history


def test_shares_of_the_history_that_is_of_the_same_kind(shop):
    """The view weighs 0.3 and the purchase 1: of all evidence the kettle has 0.3 / 1.3 and the spade the rest."""
    kettle, spade = 0.3 / 1.3, 1 / 1.3
    found = features(shop, query(shop, ["spade", ("kettle", "view")]), ["cup", "pan", "rake"])
    assert found["same_category"] == pytest.approx([0, kettle, 0])
    assert found["same_top_category"] == pytest.approx([kettle, kettle, 0])
    assert found["same_brand"] == pytest.approx([kettle, 0, spade]), "a brand is the same in capitals"
    assert found["same_colour"] == pytest.approx([kettle, 0, 0]), "the first colour counts"


@pytest.mark.parametrize("name", ["same_category", "same_top_category", "same_brand", "same_colour"])
def test_what_is_unknown_is_never_the_same_as_something_else_unknown(name):
    items = pd.DataFrame({"item_id": ["a", "b", "c"], "category": ["", "", "X"], "brand": ["", "", "Y"], "colours": ""})
    data = data_of(purchases({"u": ["a", "b", "c"]}), items)
    assert features(data, query(data, ["a"]), ["b", "c"])[name] == [0, 0]


def test_a_price_gap_is_the_distance_to_the_usual_price_in_standard_deviations(shop):
    """Prices 10, 20, 20 and 80: their logarithms are compared, over the whole shop as no shelf has five of them."""
    logs = np.log([10, 20, 20, 80])
    gaps = [abs(log(price) - (log(10) + log(20)) / 2) / logs.std() for price in (20, 80)]
    found = features(shop, query(shop, ["cup", "kettle"]), ["pan", "rake"])
    assert found["price_gap"] == pytest.approx(gaps, rel=1e-4)


def test_an_unknown_price_is_one_deviation_away(shop):
    assert features(shop, query(shop, ["cup"]), ["gift", "spade"])["price_gap"] == [1, 1]
    assert features(shop, query(shop, ["gift", "spade"]), ["cup", "gift"])["price_gap"] == [1, 1]
    assert features(shop, query(shop, []), ["cup"])["price_gap"] == [1]
    without = data_of(purchases({"u": ["cup", "pan"]}))
    assert features(without, query(without, ["cup"]), ["pan"])["price_gap"] == [1]


def test_unknown_prices_in_a_history_leave_the_usual_price_alone(shop):
    told, untold = (features(shop, query(shop, history), ["rake"]) for history in (["cup"], ["cup", "gift"]))
    assert told["price_gap"] == untold["price_gap"]


def test_only_the_latest_things_count_for_a_taste():
    shelf = [f"old-{n:02d}" for n in range(5)] + [f"new-{n:02d}" for n in range(HISTORY)]
    items = pd.DataFrame({"item_id": [*shelf, "candidate"], "category": ["Old"] * 5 + ["New"] * HISTORY + ["Old"]})
    data = data_of(purchases({"u": shelf}), items)
    assert features(data, query(data, shelf), ["candidate"])["same_category"] == [0]
    assert features(data, query(data, shelf[:-1]), ["candidate"])["same_category"] == pytest.approx([1 / HISTORY])


# What is known of the user


def test_a_user_as_the_ranker_sees_one(shop):
    now = START + 110 * DAY
    history = [
        Event("pan", "purchase", now - 12 * DAY),
        Event("pan", "rating", now - 11 * DAY, 2.0),
        Event("cup", "rating", now - 10 * DAY, 5.0),
        Event("rake", "view", now - 9 * DAY),
    ]
    asked = replace(query(shop, history, now=now), knows_time=True)
    found = {name: values[0] for name, values in features(shop, asked, ["gift"]).items() if name in USER_COLUMNS}
    assert found == pytest.approx(
        {
            "history_length": log1p(3),
            "user_idle": log1p(4),
            "log_gap": log1p(9 * DAY),
            "last_log_count": log1p(1),
            "mean_log_count": (log1p(1) + log1p(1) + log1p(2)) / 3,
            "user_stars": 3.5,
            "last_is_purchase": 0.0,
        },
        rel=1e-5,
    )


def test_the_time_since_the_latest_event_is_unknown_unless_the_caller_tells_the_time(shop):
    assert np.isnan(features(shop, query(shop, ["cup"]), ["pan"])["log_gap"]).all()


def test_somebody_without_a_history_is_the_same_whoever_it_is(shop):
    told = replace(query(shop, []), knows_time=True)
    found = features(shop, told, ["pan", "cup"])
    for name, expected in zip(USER_COLUMNS, [0, 0, np.nan, 0, 0, STAR_PRIOR, 0], strict=True):
        assert found[name] == pytest.approx([expected] * 2, nan_ok=True)
    for name in ("same_category", "same_top_category", "same_brand", "same_colour"):
        assert found[name] == [0, 0]


def test_the_last_deed_may_be_a_purchase(shop):
    assert features(shop, query(shop, [("pan", "view"), "cup"]), ["gift"])["last_is_purchase"] == [1]


# Saved


def test_columns_come_back_as_they_were(shop, columns):
    again = ItemColumns.from_arrays({name: array.copy() for name, array in columns.to_arrays().items()})
    for name, array in columns.to_arrays().items():
        assert same_bytes(getattr(again, name), array)
    assert again.now == columns.now == shop.now
    before, after = (FeatureBuilder(c, SIGNALS).build(query(shop, ["cup"]), {}, np.arange(6)) for c in (columns, again))
    assert same_bytes(after, before)


def test_a_catalogue_without_events_has_columns_too():
    data = data_of(frame_of(), catalogue_frame())
    found = features(data, query(data, []), ["cup", "pan"])
    assert all(np.isfinite(values).all() for name, values in found.items() if name != "log_gap")
