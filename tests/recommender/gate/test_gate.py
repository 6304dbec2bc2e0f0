"""Who may go live: better than the simple ones, no worse than who is live, and sane beyond the one figure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.evaluation import (
    Evaluation,
    ModelResult,
    Task,
    judge_fitted,
    judge_model,
    make_split,
    make_task,
)
from recommender.gate import (
    BASELINES,
    LIVE_TOLERANCE,
    MIN_COVERAGE_SHARE,
    MIN_JUDGED_USERS,
    MIN_SEGMENT_USERS,
    RMSE_TOLERANCE,
    SEGMENT_TOLERANCE,
    Check,
    GateReport,
    judge,
    metrics_json,
    note,
)
from recommender.hybrid import HybridRecommender
from recommender.metrics import Interval
from recommender.types import Recommendation
from tests.recommender.verdicts import evaluation, noisy, result, steady


def checks(report: GateReport) -> dict[str, bool]:
    return {check.name: check.passed for check in report.checks}


def missed(report: GateReport) -> list[str]:
    return [check.name for check in report.checks if not check.passed]


# A verdict


def test_a_report_passes_when_every_check_does():
    good, bad = Check("one", True, "1 of 1"), Check("two", False, "0 of 1")
    assert GateReport((good, good)).passed
    assert not GateReport((good, bad)).passed
    assert json.loads(json.dumps(GateReport((good, bad)).to_json())) == {
        "passed": False,
        "checks": [
            {"name": "one", "passed": True, "detail": "1 of 1", "level": "must"},
            {"name": "two", "passed": False, "detail": "0 of 1", "level": "must"},
        ],
    }


def test_a_better_model_passes_and_every_number_is_in_the_report():
    found = judge(
        evaluation(hybrid=result(0.3), popular=result(0.1), trending=result(0.1), itemseq=result(0.25)), "hybrid"
    )
    assert found.passed
    assert checks(found) == dict.fromkeys(
        ["enough users", "finite", "against popular", "against trending", "against itemseq"], True
    )
    assert [check.detail for check in found.checks] == [
        "200 users could be judged, 20 are needed",
        "ndcg@10 is 0.3000",
        "ndcg@10 0.3000, popular 0.1000 (+0.2000)",
        "ndcg@10 0.3000, trending 0.1000 (+0.2000)",
        "ndcg@10 0.3000, itemseq 0.2500 (+0.0500)",
    ]


def test_a_candidate_that_could_not_be_judged_is_refused_with_the_reason():
    failed = evaluation(failed={"svd": "there is no star rating"}, popular=result(0.1))
    assert judge(failed, "svd").checks == (
        Check("evaluated", False, "svd could not be judged: there is no star rating"),
    )
    assert judge(failed, "hybrid").checks[0].detail == "hybrid could not be judged: it was not evaluated"


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_a_model_that_never_hits_or_has_no_figure_is_refused(value):
    assert "finite" in missed(judge(evaluation(hybrid=result(value)), "hybrid"))


@pytest.mark.parametrize(("n", "passed"), [(MIN_JUDGED_USERS - 1, False), (MIN_JUDGED_USERS, True)])
def test_too_few_users_prove_nothing(n, passed):
    assert judge(evaluation(n, hybrid=result(steady(0.3, n))), "hybrid").passed is passed


# Baselines


@pytest.mark.parametrize("baseline", BASELINES)
def test_what_is_worse_than_a_baseline_is_refused(baseline):
    found = judge(evaluation(hybrid=result(0.2), **{baseline: result(0.21)}), "hybrid")
    assert missed(found) == [f"against {baseline}"]


def test_a_difference_that_may_be_chance_is_no_reason_to_refuse():
    ours, theirs = noisy(0.300, seed=1), noisy(0.301, seed=2)
    assert judge(evaluation(hybrid=result(ours), popular=result(theirs)), "hybrid").passed


def test_the_users_are_compared_in_pairs():
    """The same small loss for everybody is no chance, however much users differ among themselves."""
    theirs = noisy(0.30)
    assert missed(judge(evaluation(hybrid=result(theirs - 0.001), popular=result(theirs)), "hybrid")) == [
        "against popular"
    ]


def test_a_baseline_that_the_data_cannot_feed_is_not_asked_for():
    assert checks(judge(evaluation(hybrid=result(0.3), popular=result(0.1)), "hybrid")).keys() == {
        "enough users",
        "finite",
        "against popular",
    }


def test_a_baseline_that_could_not_be_judged_is_named_with_the_reason():
    found = judge(evaluation(hybrid=result(0.3), popular=result(0.1), failed={"svd_content": "no stars"}), "hybrid")
    assert found.passed
    assert [check for check in found.checks if check.name.startswith("against ") and check.level == "note"] == [
        note("against svd_content", "not judged: no stars")
    ]


def test_a_baseline_may_be_the_candidate():
    assert judge(evaluation(popular=result(0.1)), "popular").passed


# Who is live


def against_live(ours: ModelResult, theirs: ModelResult) -> GateReport:
    return judge(evaluation(hybrid=ours, live=theirs), "hybrid", "live")


@pytest.mark.parametrize(("share", "passed"), [(1 - LIVE_TOLERANCE + 1e-6, True), (1 - LIVE_TOLERANCE - 1e-3, False)])
def test_a_model_may_be_a_trifle_worse_than_the_live_one(share, passed):
    found = against_live(result(0.3 * share), result(0.3))
    assert checks(found)["against live"] is passed
    assert "the live parameters 0.3000" in next(c.detail for c in found.checks if c.name == "against live")


def test_a_loss_against_the_live_model_that_may_be_chance_passes():
    same = noisy(0.3)
    assert against_live(result(same), result(same)).passed
    assert against_live(result(noisy(0.290, seed=1)), result(noisy(0.300, seed=2))).passed


@pytest.mark.parametrize("live", [None, "live"])
def test_without_a_live_model_nothing_is_compared_with_it(live):
    found = judge(evaluation(hybrid=result(0.3)), "hybrid", live)
    assert checks(found).keys() == {"enough users", "finite"}


def test_a_live_model_that_could_not_be_judged_proves_nothing_and_is_named():
    found = judge(evaluation(hybrid=result(0.3), failed={"live": "the stars are gone"}), "hybrid", "live")
    assert found.passed
    assert found.checks[-1] == Check(
        "against live", True, "the live parameters could not be judged: the stars are gone"
    )


def segment(mean: float, n: int = 100, width: float = 0.0) -> dict[str, Interval]:
    return {"users:new": Interval(mean, mean - width, mean + width, n)}


@pytest.mark.parametrize(
    ("ours", "passed"),
    [
        (segment(0.2 * (1 - SEGMENT_TOLERANCE) + 1e-6), True),
        (segment(0.2 * (1 - SEGMENT_TOLERANCE) - 1e-3), False),
        (segment(0.15, width=0.06), True),
        (segment(0.15, width=0.04), False),
        (segment(0.15, n=MIN_SEGMENT_USERS), False),
        (segment(0.25), True),
    ],
    ids=["a trifle worse", "worse", "worse by chance perhaps", "worse for sure", "just enough of them", "better"],
)
def test_no_group_of_people_may_lose(ours, passed):
    """A better mean over everybody does not make up for it."""
    found = against_live(result(0.4, segments=ours), result(0.3, segments=segment(0.2)))
    assert checks(found)["segment users:new"] is passed
    assert found.passed is passed


def test_a_group_that_a_first_model_served_better_is_told_and_refuses_nothing():
    """Otherwise the model of the first minutes, made in the shorter way, might stay for good."""
    results = evaluation(hybrid=result(0.4, segments=segment(0.1)), live=result(0.3, segments=segment(0.2)))
    assert not judge(results, "hybrid", "live").passed
    found = judge(results, "hybrid", "live", is_live_provisional=True)
    assert found.passed
    assert [check.name for check in found.checks if not check.passed] == ["segment users:new"]
    worse = evaluation(hybrid=result(0.2), live=result(0.3))
    assert not judge(worse, "hybrid", "live", is_live_provisional=True).passed


@pytest.mark.parametrize(("n_groups", "passed"), [(1, False), (12, True)])
def test_one_group_of_many_may_seem_to_lose(n_groups, passed):
    """Chance alone makes such a loss of one group in a hundred, and of one of a dozen groups every ninth time."""
    rng = np.random.default_rng(4)
    noise = rng.normal(0.0, 0.2, 400)
    lost = noise - noise.mean() - 0.023
    names = [f"category:{n}" for n in range(n_groups)]

    def of(values: np.ndarray) -> ModelResult:
        means = {name: Interval(float(values.mean()), 0.0, 0.0, len(values)) for name in names}
        return replace(result(0.3, segments=means), segment_values=dict.fromkeys(names, values))

    found = checks(against_live(of(0.3 + lost), of(np.full(400, 0.3))))
    assert {found[f"segment {name}"] for name in names} == {passed}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (segment(0.1, n=MIN_SEGMENT_USERS - 1), segment(0.2)),
        (segment(0.1), segment(float("nan"), n=0)),
    ],
    ids=["too few of them", "nobody of them before"],
)
def test_a_group_that_tells_nothing_is_passed_over(ours, theirs):
    assert "segment users:new" not in checks(against_live(result(0.4, segments=ours), result(0.3, segments=theirs)))


@pytest.mark.parametrize(("share", "passed"), [(MIN_COVERAGE_SHARE, True), (MIN_COVERAGE_SHARE - 0.01, False)])
def test_a_model_that_shows_far_less_of_the_catalogue_is_refused(share, passed):
    found = against_live(result(0.4, coverage=0.8 * share), result(0.3, coverage=0.8))
    assert checks(found)["coverage"] is passed
    assert found.passed is passed


@pytest.mark.parametrize(("share", "passed"), [(1 + RMSE_TOLERANCE - 1e-6, True), (1 + RMSE_TOLERANCE + 1e-3, False)])
def test_a_worse_star_forecast_is_refused_however_good_the_lists(share, passed):
    found = against_live(result(0.4, rmse=0.9 * share), result(0.3, rmse=0.9))
    assert checks(found)["stars"] is passed
    assert found.passed is passed


@pytest.mark.parametrize(("noise", "passed"), [(1.0, True), (0.01, False)])
def test_stars_that_are_worse_by_chance_alone_are_let_through(noise, passed):
    """On the same 200 ratings the errors are 5 % larger on average; it depends on their spread whether that is sure."""
    theirs = steady(0.8)
    ours = theirs * 1.05 + noise * noisy(0.0)
    both = [replace(result(0.3, rmse=float(errors.mean())), star_errors={"rmse": errors}) for errors in (ours, theirs)]
    assert both[0].metrics["rmse"].mean > both[1].metrics["rmse"].mean * (1 + RMSE_TOLERANCE)
    assert checks(against_live(*both))["stars"] is passed


@pytest.mark.parametrize(("ours", "theirs"), [(None, 0.9), (0.9, None), (None, None)])
def test_stars_are_compared_where_both_forecast_them(ours, theirs):
    assert "stars" not in checks(against_live(result(0.4, rmse=ours), result(0.3, rmse=theirs)))


# Models that deserve it


@pytest.fixture(scope="module")
def task(shop_events: pd.DataFrame) -> Task:
    """The small shop: each user's last thing is to be found again."""
    return make_task(make_split(shop_events, "last-one"), None)


@pytest.fixture(scope="module")
def baselines(task: Task) -> dict[str, ModelResult]:
    named = [name for name in BASELINES if name != "svd_content"]  # there are neither stars nor descriptions here
    return {name: judge_model(HybridRecommender(strategy=name), task, name=name) for name in named}


def of_the_shop(task: Task, **results: ModelResult) -> Evaluation:
    return Evaluation("last-one", "event", 10, task.users, 0, 0, len(task.item_ids), results, {})


class Dice:
    """Throws for every list."""

    strategy = "dice"

    def __init__(self, item_ids: list[str], seed: int = 0) -> None:
        self.item_ids, self.info = item_ids, dict[str, Any]()
        self.throws = self._throws(np.random.default_rng(seed))

    def _throws(self, rng: np.random.Generator) -> Iterator[list[str]]:
        while True:
            yield rng.permutation(self.item_ids).tolist()

    def recommend(
        self, user_id: str, k: int = 10, *, now: int, with_reasons: bool, exclude: Collection[str] = ()
    ) -> list[Recommendation]:
        thrown = [item for item in next(self.throws) if item not in exclude]
        return [Recommendation(item, rank, -rank) for rank, item in enumerate(thrown[:k], start=1)]

    def predict_rating(self, user_id: str, item_id: str) -> float:
        return 3.0


def test_a_model_that_throws_dice_is_refused(task, baselines):
    dice = judge_fitted(Dice(task.item_ids), task)
    found = judge(of_the_shop(task, dice=dice, **baselines), "dice", "itemseq")
    assert {"against itemseq", "against live"} <= set(missed(found))
    assert checks(found)["coverage"], "it shows everything to somebody, which is not enough"


def test_a_model_of_the_library_that_learned_nothing_here_is_refused(task, baselines):
    """What is popular, where the planted order is everything."""
    assert "against itemseq" in missed(judge(of_the_shop(task, **baselines), "popular"))
    assert judge(of_the_shop(task, **baselines), "itemseq").passed


def test_a_star_forecast_learned_from_shuffled_ratings_is_refused(shop_events):
    """The planted stars say that even numbers are good; shuffled, they say nothing."""
    split = make_split(shop_events[shop_events["kind"] == "rating"], "last-one")
    told = split.train["value"].to_numpy()
    nonsense = split.train.assign(value=np.random.default_rng(0).permutation(told))
    tasks = {"live": make_task(split, None), "shuffled": make_task(replace(split, train=nonsense), None)}
    results = {name: judge_model(HybridRecommender(strategy="svd"), task, name=name) for name, task in tasks.items()}
    found = judge(of_the_shop(tasks["live"], **results), "shuffled", "live")
    assert checks(found)["stars"] is False
    assert not found.passed


# Figures for a table


def test_figures_are_plain_rounded_numbers_that_fit_into_json():
    found = metrics_json(
        evaluation(hybrid=result(1 / 3, coverage=float("nan"), rmse=0.9123456789), popular=result(0.1))
    )
    assert json.loads(json.dumps(found)) == found
    assert found["hybrid"] == {
        "ndcg@10": 0.333333,
        "rmse": 0.912346,
        "gini@10": 0.5,
        "novelty@10": 4.0,
        "fit_seconds": 1.5,
        "p95_ms": 3.0,
    }, "what is not a number is left out"
    assert list(found) == ["hybrid", "popular"]
