"""Judging models: everybody in the test counts, every item competes, and each figure can be worked by hand."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from math import isnan, log2, sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.data import interactions
from recommender.errors import DataError
from recommender.evaluation import (
    HEAVY_USER_EVENTS,
    ModelResult,
    evaluate,
    judge_fitted,
    judge_model,
    make_split,
    make_task,
    peak_mb,
    reset_peak,
)
from recommender.evaluation.splits import Split
from recommender.hybrid import HybridRecommender
from recommender.types import Recommendation
from tests.recommender.worlds import DAY, START, frame_of, purchases, ring_walks

SECOND = 1.0 / log2(3)


class Planned:
    """Answers with lists and stars that were written down beforehand, and remembers what it was asked."""

    def __init__(
        self,
        lists: Mapping[str, Sequence[str]],
        *,
        stars: Mapping[tuple[str, str], float] | None = None,
        strategy: str = "planned",
    ) -> None:
        self.lists, self.stars, self.strategy = lists, stars, strategy
        self.info: dict[str, Any] = {"skipped": {"svd": "no stars"}}
        self.asked: list[tuple[str, int, int, bool]] = []

    def recommend(
        self, user_id: str, k: int = 10, *, now: int, with_reasons: bool, exclude: Collection[str] = ()
    ) -> list[Recommendation]:
        if not exclude:
            self.asked.append((user_id, k, now, with_reasons))
        left = [item for item in self.lists.get(user_id, ()) if item not in exclude]
        return [Recommendation(item, rank, -rank) for rank, item in enumerate(left[:k], start=1)]

    def predict_rating(self, user_id: str, item_id: str) -> float:
        if self.stars is None:
            raise DataError("this model forecasts no stars")
        return self.stars[user_id, item_id]


def split_of(train: dict[str, str], test: dict[str, str], cut: int | None = START + 100 * DAY) -> Split:
    """Items are single letters; a user's test events come a hundred days after the training."""
    later = purchases({user: list(items) for user, items in test.items()})
    return Split(
        purchases({user: list(items) for user, items in train.items()}),
        later.assign(timestamp=later["timestamp"] + 100 * DAY),
        cut,
    )


def judged(split: Split, lists: Mapping[str, str], k: int = 2, **options: Any) -> ModelResult:
    return judge_fitted(Planned(lists, **options), make_task(split, None), k=k)


@pytest.fixture
def three() -> Split:
    """Three users who know a, b, c and d; ana then chose d, bo chose c, and cy chose d and c."""
    return split_of({"ana": "abc", "bo": "ab", "cy": "ab", "dora": "cdab"}, {"ana": "d", "bo": "c", "cy": "dc"})


# The figures


def test_lists_are_judged_by_hand(three):
    """Ana's item stands first, bo's second, and cy's list holds one of two at the second place."""
    result = judged(three, {"ana": "da", "bo": "dc", "cy": "ad"})
    assert result.per_user["ndcg@2"].tolist() == pytest.approx([1, SECOND, SECOND / (1 + SECOND)])
    assert result.per_user["recall@2"].tolist() == pytest.approx([1, 1, 0.5])
    assert result.per_user["precision@2"].tolist() == pytest.approx([0.5, 0.5, 0.5])
    assert result.metrics["recall@2"].mean == pytest.approx(2.5 / 3)
    assert result.metrics["recall@2"].n == 3
    assert result.metrics["recall@2"].low < 2.5 / 3 <= result.metrics["recall@2"].high


def test_what_lists_show_beyond_being_right(three):
    """Of four items three are shown: d three times, a twice, c once. Four users: all touched a, one touched d."""
    result = judged(three, {"ana": "da", "bo": "dc", "cy": "ad"})
    assert result.lists["coverage@2"] == pytest.approx(3 / 4)
    assert result.lists["gini@2"] == pytest.approx((-3 * 0 - 1 * 1 + 1 * 2 + 3 * 3) / (4 * 6))
    bits = {"a": log2(4 / 4), "c": log2(4 / 2), "d": log2(4 / 1)}
    lists = ["da", "dc", "ad"]
    assert result.lists["novelty@2"] == pytest.approx(np.mean([sum(bits[item] for item in one) / 2 for one in lists]))


def test_what_somebody_touched_before_is_counted_where_it_comes_again(three):
    """Ana touched a, bo touched a and b, cy has no list: three of four places."""
    assert judged(three, {"ana": "da", "bo": "ab"}).lists["repeats@2"] == pytest.approx(3 / 4)
    assert judged(three, {"ana": "d"}).lists["repeats@2"] == 0
    assert isnan(judged(three, {}).lists["repeats@2"])


def test_prices_and_brands_of_what_is_shown(three):
    """Places: d twice at 5, a and c once, a without a price and c at 2; of two brands one is shown."""
    items = pd.DataFrame({"item_id": list("abcd"), "price": [None, 9, 2, 5], "brand": ["", "hid", "seen", "seen"]})
    result = judge_fitted(Planned({"ana": "da", "bo": "dc"}), make_task(three, items), k=2)
    assert result.lists["price@2"] == pytest.approx((5 + 5 + 2) / 3)
    assert result.lists["brands@2"] == pytest.approx(1 / 2)


@pytest.mark.parametrize("items", [None, pd.DataFrame({"item_id": list("abcd")}), pd.DataFrame({"item_id": ["z"]})])
def test_without_a_catalogue_that_tells_there_is_no_price_brand_or_distance(three, items):
    lists = judge_fitted(Planned({"ana": "da"}), make_task(three, items), k=2).lists
    assert all(isnan(lists[f"{name}@2"]) for name in ("price", "brands", "distance"))


def test_the_distance_within_a_list_is_that_of_the_items_vectors(shop_events, shop_items):
    """Of a fitted model, which has vectors; the mean over all pairs of all lists."""
    task = make_task(make_split(shop_events, "last-one"), shop_items, max_users=8)
    model = HybridRecommender(strategy="popular").fit(task.events, task.catalogue)
    vectors = [
        model.item_vectors([r.item_id for r in model.recommend(user, 3, now=int(at))])
        for user, at in zip(task.users, task.asked_at, strict=True)
    ]
    by_pair = [[1 - a @ b for a, b in combinations(one / np.linalg.norm(one, axis=1)[:, None], 2)] for one in vectors]
    assert judge_fitted(model, task, k=3).lists["distance@3"] == pytest.approx(np.mean(by_pair), abs=1e-5)


def test_top_categories_are_told_apart(three):
    """Ana's d is of the lamps and was found, bo's c of the cups and was not; cy wanted one of each."""
    items = pd.DataFrame({"item_id": list("abcd"), "category": ["", "", "Cups > Tea", "Lamps > Desk"]})
    segments = judge_fitted(Planned({"ana": "d", "cy": "d"}), make_task(three, items), k=1).segments
    assert (segments["category:Lamps"].mean, segments["category:Lamps"].n) == (1, 2)
    assert (segments["category:Cups"].mean, segments["category:Cups"].n) == (0, 2)


def test_somebody_who_gets_no_list_counts_as_zero(three):
    result = judged(three, {"ana": "da"})
    assert result.per_user["ndcg@2"].tolist() == [1, 0, 0]
    assert result.metrics["ndcg@2"].n == 3
    assert result.lists["novelty@2"] == pytest.approx((2 + 0) / 2), "an empty list shows nothing that could be new"


def test_a_model_that_shows_nobody_anything_is_judged_like_any_other(three):
    result = judged(three, {})
    assert result.metrics["ndcg@2"].mean == 0
    assert result.lists["coverage@2"] == 0
    assert isnan(result.lists["novelty@2"])
    assert isnan(result.lists["gini@2"])


def test_an_item_that_the_training_does_not_know_takes_a_place_and_hits_nothing(three):
    result = judged(three, {"ana": ["newcomer", "d"]})
    assert result.per_user["ndcg@2"].tolist() == pytest.approx([SECOND, 0, 0])


def test_only_the_first_k_are_asked_for_and_nobody_waits_for_reasons(three):
    model, task = Planned({}), make_task(three, None)
    judge_fitted(model, task, k=3)
    assert model.asked == [(user, 3, START + 100 * DAY, False) for user in ("ana", "bo", "cy")]


def test_the_time_of_a_request_is_the_cut_or_else_that_of_the_first_held_out_event(three):
    assert make_task(three, None).asked_at.tolist() == [START + 100 * DAY] * 3
    without = Split(three.train, three.test, None)
    assert make_task(without, None).asked_at.tolist() == [START + 100 * DAY] * 3
    later = Split(three.train, three.test.assign(timestamp=range(4)), None)
    assert make_task(later, None).asked_at.tolist() == [0, 1, 2]


def test_times_and_memory_are_measured(three):
    result = judged(three, {"ana": "da"})
    assert 0 <= result.p50_ms <= result.p95_ms
    assert result.peak_mb > 10
    assert result.info == {"skipped": {"svd": "no stars"}}


def test_memory_is_measured_anew_where_the_system_allows_it():
    large = np.ones(8_000_000)
    before = peak_mb()
    del large
    reset_peak()
    if os.access("/proc/self/clear_refs", os.W_OK):
        assert peak_mb() < before - 30
    else:
        assert peak_mb() == before or isnan(before)


# Segments


def test_users_are_told_apart_by_how_much_they_did_before():
    few, some, many = "ab", "abc", "abcdefghijklmnopqrst"
    assert len(many) == HEAVY_USER_EVENTS
    split = split_of(
        {"few": few, "some": some, "many": many, "rest": "uv"}, {"few": "u", "some": "u", "many": "u", "none": ""}
    )
    segments = judged(split, {"few": "u", "many": "vu"}).segments
    assert (segments["users:new"].mean, segments["users:new"].n) == (1, 1)
    assert (segments["users:light"].mean, segments["users:light"].n) == (0, 1)
    assert segments["users:heavy"].mean == pytest.approx(SECOND)


def test_items_are_told_apart_by_how_many_people_touched_them():
    """Ten items: a and b, which everybody knows, are the head; two people know c, nobody else knows the others."""
    people = {f"p{n}": "ab" for n in range(6)}
    split = split_of(people | {"ana": "cdefghij", "bo": "c"}, {"ana": "a", "bo": "abd"})
    segments = judged(split, {"ana": "xa", "bo": "da"}).segments
    assert (segments["items:head"].mean, segments["items:head"].n) == (
        pytest.approx((SECOND + SECOND / (1 + SECOND)) / 2),
        2,
    )
    for name in ("items:tail", "items:cold"):
        assert (segments[name].mean, segments[name].n) == (1, 1), "only bo chose something of that kind"


def test_a_thing_is_cold_up_to_five_people():
    everybody = {f"p{n}": "abc" for n in range(5)}
    split = split_of(everybody | {"ana": "b", "bo": "c"}, {"ana": "a", "bo": "b"})
    assert [split.train["item_id"].eq(item).sum() for item in "ab"] == [5, 6]
    cold = judged(split, {"ana": "a", "bo": "b"}).segments["items:cold"]
    assert cold.n == 1, "ana chose what five people know; what bo chose is known to six"


def test_cold_things_are_judged_alone_too():
    """Everybody knows a, b and c; d, e and f are cold. Without the known ones what ana chose is second, bo's first."""
    everybody = {f"p{n}": "abc" for n in range(6)}
    split = split_of(everybody | {"ana": "af", "bo": "bf", "cy": "ade"}, {"ana": "d", "bo": "e", "cy": "b"})
    lists = {"ana": "bced", "bo": "ace", "cy": "bcf"}
    segments = judged(split, lists).segments
    assert (segments["items:cold"].mean, segments["items:cold"].n) == (0, 2), "at two places something known stands"
    assert segments["items:cold-alone"].n == 2, "cy chose what everybody knows"
    assert segments["items:cold-alone"].mean == pytest.approx((SECOND + 1) / 2)


def test_among_cold_things_nothing_stands_that_the_log_does_not_know():
    """The catalogue's z was never touched, so it cannot be what ana chose; of the log only c and d are cold."""
    everybody = {f"p{n}": "ab" for n in range(6)}
    task = make_task(
        split_of(everybody | {"ana": "ac", "bo": "bd"}, {"ana": "d"}), pd.DataFrame({"item_id": list("adz")})
    )
    model = Planned({"ana": "zabd"})
    result = judge_fitted(model, task, k=1)
    assert result.segments["items:cold-alone"].mean == 1
    assert result.per_user["ndcg@1"].tolist() == [0]
    without = judge_fitted(model, task, k=1, cold_alone=False)
    assert without.segments["items:cold-alone"].n == 0
    assert without.segments.keys() == result.segments.keys()


def test_repeated_events_of_one_person_are_one_person():
    split = split_of({"ana": "aaaaaab", "bo": "bc"}, {"ana": "c"})
    assert make_task(split, None).item_counts.tolist() == [1, 2, 1]
    assert make_task(split, None).user_counts.tolist() == [7]


# Stars


STARS = {("ana", "a"): 4.0, ("ana", "b"): 2.0, ("bo", "a"): 5.0}


def rated() -> Split:
    train = purchases({"ana": ["c"], "bo": ["a", "b", "c"]})
    given = {("ana", "a"): 3.0, ("ana", "b"): 2.0, ("bo", "a"): 3.0}
    rows = [
        (user, item, "rating", START + 100 * DAY + n, stars) for n, ((user, item), stars) in enumerate(given.items())
    ]
    return Split(train, frame_of(*rows, ("bo", "b", "purchase", START + 101 * DAY)), START + 100 * DAY)


@pytest.mark.parametrize("strategy", ["svd", "svd_content", "hybrid"])
def test_star_errors_by_hand_for_a_model_that_forecasts(strategy):
    metrics = judged(rated(), {}, stars=STARS, strategy=strategy).metrics
    assert metrics["rmse"].mean == pytest.approx(sqrt((1 + 0 + 4) / 3))
    assert metrics["mae"].mean == pytest.approx(1.0)
    assert metrics["rmse"].n == metrics["mae"].n == 3


@pytest.mark.parametrize(
    ("strategy", "stars", "kinds"),
    [("popular", STARS, None), ("svd", None, None), ("svd", STARS, "purchase")],
    ids=["a model of another kind", "a model without ratings", "a test without ratings"],
)
def test_without_a_forecast_there_are_no_star_errors(strategy, stars, kinds):
    split = rated()
    test = split.test if kinds is None else split.test.assign(kind=kinds)
    metrics = judged(Split(split.train, test, split.cut), {}, stars=stars, strategy=strategy).metrics
    assert not {"rmse", "mae"} & metrics.keys()


# Splits and tasks


@pytest.fixture(scope="module")
def walks() -> pd.DataFrame:
    """Sixty people who go round a ring of items at the same time, a step a day."""
    frame = ring_walks(60)
    day = frame.groupby("user_id").cumcount()
    return frame.assign(timestamp=START + day * DAY + frame["user_id"].str[1:].astype(int))


def test_a_split_is_made_by_name(walks):
    assert make_split(walks, "time").cut is not None
    assert make_split(walks, "last-one").cut is None
    assert set(make_split(walks, "random").test["timestamp"]) == {len(make_split(walks, "random").train)}
    with pytest.raises(DataError, match="split must be last-one, time, random or new-users, not 'first'"):
        make_split(walks, "first")
    with pytest.raises(DataError, match="the random split holds out single events, not a basket"):
        make_split(walks, "random", "basket")


@pytest.mark.parametrize("how", ["random", "new-users"])
def test_what_is_held_out_at_random_is_drawn_by_the_seed(how, walks):
    """Whoever repeats an evaluation under five seeds to see how far chance goes judges five parts of the log."""
    drawn = [make_split(walks, how, seed=seed).test for seed in (0, 1, 1)]
    assert not drawn[0].equals(drawn[1])
    assert drawn[1].equals(drawn[2])
    found = [evaluate(walks, models=["popular"], split=how, random_state=seed) for seed in (0, 1, 1)]
    lists = [(one.users, one.results["popular"].ranked.tolist()) for one in found]
    assert lists[0] != lists[1] == lists[2]
    assert found[1].users == sorted(drawn[1]["user_id"].unique())


def test_a_split_that_leaves_nothing_to_judge_is_refused():
    with pytest.raises(DataError, match="leaves no test event whose user and item the training part knows"):
        make_split(purchases({"ana": ["a"], "bo": ["b", "c"]}), "last-one")


def test_what_is_learned_from_keeps_the_times_of_the_whole_log():
    """A first day alone, sorted by item, looks like a log without times: models of it were asked decades later."""
    items = [f"i{n:03d}" for n in range(60)]
    first_day = [(user, item, "view", START) for user in ("ana", "ben") for item in items]
    second_day = [(user, "lamp", "view", START + DAY) for user in ("ana", "ben", "cleo")]
    frame = frame_of(*first_day, ("cleo", "lamp", "view", START), *second_day)
    task = make_task(make_split(frame, "time"), None)
    assert set(task.events.timestamps.tolist()) == {START}


def test_all_users_of_the_test_are_judged_or_as_many_as_asked_for(three):
    everybody, two = (make_task(three, None, max_users=n) for n in (3, 2))
    assert everybody.users == ["ana", "bo", "cy"]
    assert len(two.users) == 2
    assert two.users == sorted(two.users)
    assert make_task(three, None, max_users=2).users == two.users
    assert {tuple(make_task(three, None, max_users=2, seed=seed).users) for seed in range(9)} > {tuple(two.users)}


def test_the_right_answers_of_each_user_are_rows_of_the_training_items(three):
    task = make_task(three, pd.DataFrame({"item_id": ["a", "never seen"], "title": ["A", "N"]}))
    assert task.item_ids == ["a", "b", "c", "d"]
    assert [sorted(rows.tolist()) for rows in task.relevant] == [[3], [2], [2, 3]]
    assert task.catalogue is not None
    assert len(task.catalogue) == 2


# Whole evaluations


def test_models_are_judged_on_one_split_in_the_order_asked_for(walks):
    found = evaluate(walks, models=("popular", "itemseq"), split="last-one", k=3)
    assert list(found.results) == ["popular", "itemseq"]
    assert found.failed == {}
    assert (found.split, found.unit, found.k, found.n_items) == ("last-one", "event", 3, 15)
    assert len(found.users) == found.n_test == 60
    assert all(len(result.per_user["ndcg@3"]) == 60 for result in found.results.values())
    assert all(result.name == name for name, result in found.results.items())


def test_the_planted_order_wins_and_the_difference_is_real(walks):
    found = evaluate(walks, models=("popular", "itemseq"), split="last-one", k=3)
    difference = found.compare("itemseq", "popular")
    ours, theirs = (found.results[name].per_user["ndcg@3"] for name in ("itemseq", "popular"))
    assert difference.difference == pytest.approx(ours.mean() - theirs.mean())
    assert difference.is_real
    assert difference.low > 0
    assert found.compare("itemseq", "popular", "recall@3").difference > 0
    assert not found.compare("itemseq", "itemseq").is_real
    with pytest.raises(DataError, match="model 'hybrid' was not evaluated; there are popular, itemseq"):
        found.compare("hybrid", "popular")


def test_the_same_seed_gives_the_same_figures(walks):
    first, second = (
        evaluate(walks, models=("itemseq",), max_users=20, random_state=4).results["itemseq"] for _ in range(2)
    )
    assert first.metrics == second.metrics
    assert str(first.segments) == str(second.segments), "as text, in which no number is itself"
    assert str(first.lists) == str(second.lists)


@pytest.mark.parametrize("split", ["time", "last-one", "random", "new-users"])
def test_every_frame_that_makes_interactions_can_be_judged(split, walks):
    """Dates for seconds, whole numbers for ids, no values, no kinds: the same events, so the same figures."""
    dates = walks.assign(timestamp=pd.to_datetime(walks["timestamp"], unit="s", utc=True)).drop(columns="value")
    counted = walks.assign(user_id=1000 + walks["user_id"].str[1:].astype(int))
    frames = [walks, dates, counted, walks[["user_id", "item_id", "timestamp"]]]
    found = [evaluate(frame, models=["itemseq"], split=split).results["itemseq"] for frame in frames]
    assert [one.metrics["ndcg@10"] for one in found[1:]] == [found[0].metrics["ndcg@10"]] * 3


def test_without_times_the_order_of_the_rows_is_split(walks):
    ordered = walks.sort_values("timestamp", kind="stable")
    found = evaluate(ordered.drop(columns="timestamp"), models=["itemseq"], split="last-one")
    assert found.results["itemseq"].metrics["recall@10"].mean > 0.5


def test_a_model_that_the_data_cannot_feed_is_named_with_the_reason(walks):
    found = evaluate(walks, models=("svd", "popular", "content"))
    assert list(found.results) == ["popular"]
    assert list(found.failed) == ["svd", "content"]
    assert "no star rating" in found.failed["svd"]
    assert "catalogue" in found.failed["content"]


def test_a_strategy_that_does_not_exist_is_refused_before_anything_is_fitted(walks):
    told: list[str] = []
    with pytest.raises(DataError, match="no strategy 'populr'; known are hybrid, popular"):
        evaluate(walks, models=("popular", "populr"), progress=lambda stage, _: told.append(stage))
    assert told == []


@pytest.mark.parametrize("k", [0, -3])
def test_a_list_without_length_is_refused_before_anything_is_fitted(k, walks):
    with pytest.raises(DataError, match=f"k must be at least 1, not {k}"):
        evaluate(walks, models=("popular",), k=k)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"k": 2.5}, "k must be a whole number, not 2.5"),
        ({"k": "10"}, "k must be a whole number, not '10'"),
        ({"k": True}, "k must be a whole number, not True"),
        ({"max_users": 1.5}, "max_users must be a whole number, not 1.5"),
        ({"models": "popular"}, r"models must be a list of names such as \['popular', 'hybrid'\], not 'popular'"),
        ({"models": None}, "models must be a list of names"),
        ({"models": [7]}, "each of models must be text, not the int 7"),
        ({"params": "popular"}, "params must be a mapping of models to their parameters, not 'popular'"),
        ({"split": ["time"]}, r"split must be last-one, time, random or new-users, not \['time'\]"),
        ({"split": pd.NA}, "split must be last-one, time, random or new-users, not <NA>"),
        ({"unit": pd.NA}, "unit must be 'event' or 'basket', not <NA>"),
    ],
)
def test_options_of_another_kind_are_refused_in_words(asked, told, walks):
    with pytest.raises(DataError, match=told):
        evaluate(walks, **{"models": ("popular",), **asked})


@pytest.mark.parametrize("max_users", [0, -5])
def test_at_least_one_person_is_judged(max_users, three):
    with pytest.raises(DataError, match=f"max_users must be at least 1, not {max_users}"):
        evaluate(three.train, max_users=max_users)


def test_parameters_reach_the_model_they_are_meant_for(walks):
    limited = {"itemseq": {"source_params": {"itemseq": {"window": 1, "backward": 0.0, "top_k": 1}}}}
    found = evaluate(walks, models=("itemseq", "popular"), split="last-one", k=5, params=limited)
    assert found.results["itemseq"].fit_seconds > 0
    usual = evaluate(walks, models=("itemseq",), split="last-one", k=5)
    assert found.results["itemseq"].lists != usual.results["itemseq"].lists


def test_progress_names_the_model_at_work(walks):
    told: list[tuple[str, float]] = []
    evaluate(walks, models=("popular", "itemseq"), progress=lambda *at: told.append(at))
    assert told == [("popular", 0.0), ("itemseq", 0.5)]


def test_a_blend_is_judged_without_the_time_of_the_request_too(walks):
    quick = {"hybrid": {"effort": "quick"}}
    found = evaluate(walks, models=("popular", "hybrid"), k=3, untold=True, params=quick)
    assert list(found.results) == ["popular", "hybrid", "hybrid, time untold"]
    task = make_task(make_split(walks, "time"), None)
    model = HybridRecommender(effort="quick").fit(task.events)
    rows = [task.events.items.rows([r.item_id for r in model.recommend(user, 3)]).tolist() for user in task.users]
    ranked = found.results["hybrid, time untold"].ranked
    assert ranked is not None
    assert ranked.tolist() == rows


def test_judging_fits_on_the_training_part_alone(three):
    """A model that had seen the test would know who chose what and leave it out of the list."""
    model = HybridRecommender(strategy="popular")
    result = judge_model(model, make_task(three, None), k=4)
    assert model.info["n_events"] == len(three.train)
    assert result.metrics["recall@4"].mean == 1
    assert result.name == "popular"


def test_events_cut_from_a_very_long_history_are_counted(monkeypatch):
    """A crawler's events were gone from both parts, and nothing said so."""
    walks = ring_walks(30)
    monkeypatch.setattr(interactions, "MAX_EVENTS_PER_USER", 5)
    n_cut = int((walks.groupby("user_id").size() - 5).clip(lower=0).sum())
    result = evaluate(walks, models=["popular"], split="last-one")
    assert result.left_out["beyond the latest that are read of anybody"] == n_cut > 0
    assert result.n_train + result.n_test + sum(result.left_out.values()) == len(walks)
