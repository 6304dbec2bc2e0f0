"""What the gate says beyond the one figure: variety, stars, change, speed, logged picks, a word about each point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.catalogue import ItemCatalogue
from recommender.evaluation import make_task
from recommender.evaluation.judging import ModelResult, Task
from recommender.evaluation.offpolicy import MIN_EFFECTIVE, LoggedValue
from recommender.evaluation.splits import Split
from recommender.gate import (
    BASELINES,
    CALIBRATION_TOLERANCE,
    GINI_TOLERANCE,
    LEAST_OVERLAP,
    MIN_SEGMENT_USERS,
    MOST_OVERLAP,
    NO_WAIT_MS,
    POINTS,
    RMSE_TOLERANCE,
    Check,
    GateReport,
    check_logged,
    judge,
    note,
    personas,
    point_of,
    unjudged_points,
    warning,
)
from recommender.gate.change import _difference, check_change
from recommender.metrics import Interval, PolicyValue, bootstrap_interval, rank_biased_overlap
from tests.recommender.verdicts import evaluation, noisy, result, steady
from tests.recommender.worlds import purchases


def seen(ours: ModelResult, theirs: ModelResult) -> dict[str, Check]:
    return {check.name: check for check in judge(evaluation(hybrid=ours, live=theirs), "hybrid", "live").checks}


def with_lists(one: ModelResult, **figures: float) -> ModelResult:
    return replace(one, lists=one.lists | {f"{name}@10": value for name, value in figures.items()})


# Levels


def test_only_what_must_pass_refuses():
    told = GateReport((Check("one", True, ""), warning("two", False, "look"), note("three", "only told")))
    assert told.passed
    assert not any(check.refuses for check in told.checks)
    assert not told.joined([Check("four", False, "")]).passed
    assert [check["level"] for check in told.to_json()["checks"]] == ["must", "warning", "note"]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["must", "warning", "note"]))))
def test_a_report_passes_unless_something_that_must_does_not(verdicts):
    report = GateReport(tuple(Check("c", passed, "", level) for passed, level in verdicts))
    assert report.passed is ((False, "must") not in verdicts)
    assert sum(check.refuses for check in report.checks) == verdicts.count((False, "must"))


# Other measures


def measured(recall: np.ndarray) -> ModelResult:
    one = result(0.3)
    metrics = one.metrics | {"recall@10": bootstrap_interval(recall)}
    return replace(one, metrics=metrics, per_user={**one.per_user, "recall@10": recall})


@pytest.mark.parametrize(
    ("ours", "theirs", "passed"),
    [
        (steady(0.3), steady(0.3), True),
        (steady(0.299), steady(0.3), True),
        (steady(0.29), steady(0.3), False),
        (noisy(0.295, seed=1), noisy(0.3, seed=2), True),
    ],
    ids=["the same", "a trifle", "surely less", "less by chance perhaps"],
)
def test_a_sure_loss_in_another_measure_is_told(ours, theirs, passed):
    found = seen(measured(ours), measured(theirs))["recall"]
    assert (found.passed, found.level) == (passed, "warning")
    assert "mrr" not in seen(measured(ours), measured(theirs)), "it was not measured"


# Beyond being right


@pytest.mark.parametrize(
    ("name", "live", "least", "most"),
    [
        ("gini", 0.5, 0.0, 0.5 + GINI_TOLERANCE),
        ("novelty", 5.0, 4.0, 99.0),
        ("distance", 0.5, 0.4, 1.0),
        ("price", 40.0, 30.0, 50.0),
        ("brands", 0.5, 0.4, 1.0),
    ],
)
def test_lists_may_change_within_bounds(name, live, least, most):
    theirs = with_lists(result(0.3), **{name: live})
    for value, passed in ((least, True), (most, True), (least - 0.01, name == "gini"), (most + 0.01, name in HIGHER)):
        found = seen(with_lists(result(0.3), **{name: value}), theirs)[name]
        assert (found.passed, found.level) == (passed, "warning"), value


HIGHER = ("novelty", "distance", "brands")


@pytest.mark.parametrize("name", ["gini", "novelty", "distance", "price", "brands"])
def test_a_figure_that_one_side_lacks_is_not_compared(name):
    assert name not in seen(with_lists(result(0.3), **{name: float("nan")}), with_lists(result(0.3), **{name: 1.0}))
    assert name not in seen(with_lists(result(0.3), **{name: 1.0}), with_lists(result(0.3), **{name: float("nan")}))


def test_what_was_touched_before_must_not_come_again():
    found = seen(with_lists(result(0.3), repeats=0.001), result(0.3))["nothing again"]
    assert found.refuses
    assert seen(with_lists(result(0.3), repeats=0.0), result(0.3))["nothing again"].passed
    assert "nothing again" not in seen(with_lists(result(0.3), repeats=float("nan")), result(0.3)), "no list at all"


@pytest.mark.parametrize("strategy", ["buy_again", "recently_viewed"])
def test_sources_of_the_own_history_may_show_it(strategy):
    again = replace(with_lists(result(0.3), repeats=1.0), info={"strategy": strategy})
    assert "nothing again" not in seen(again, result(0.3))


# Stars


def forecasting(**figures: float) -> ModelResult:
    one = result(0.3)
    return replace(one, metrics=one.metrics | {name: Interval(v, v, v, 100) for name, v in figures.items()})


@pytest.mark.parametrize(("share", "passed"), [(1 + RMSE_TOLERANCE - 1e-6, True), (1 + RMSE_TOLERANCE + 1e-3, False)])
def test_a_larger_mean_error_of_the_stars_refuses(share, passed):
    found = seen(forecasting(mae=0.8 * share), forecasting(mae=0.8))["stars on average"]
    assert (found.passed, found.level) == (passed, "must")


@pytest.mark.parametrize(
    ("more", "passed"), [(CALIBRATION_TOLERANCE - 1e-6, True), (CALIBRATION_TOLERANCE + 1e-3, False)]
)
def test_stars_that_are_off_in_groups_are_told(more, passed):
    found = seen(forecasting(calibration=0.1 + more), forecasting(calibration=0.1))["calibration"]
    assert (found.passed, found.level) == (passed, "warning")
    assert "calibration" not in seen(forecasting(calibration=0.1), result(0.3))


# Speed


@pytest.mark.parametrize(
    ("p50", "p95", "passed", "refuses"),
    [
        (10.0, 15.0, True, False),
        (10.0, 16.0, False, False),
        (30.0, 15.0, True, False),
        (31.0, 15.0, False, True),
    ],
)
def test_slow_answers_are_told_and_much_slower_ones_refuse(p50, p95, passed, refuses):
    live = replace(result(0.3), p50_ms=10.0, p95_ms=10.0)
    found = seen(replace(result(0.3), p50_ms=p50, p95_ms=p95), live)["speed"]
    assert (found.passed, found.refuses) == (passed, refuses)


def test_nobody_waits_for_a_few_milliseconds():
    """Three times nothing is still nothing."""
    live = replace(result(0.3), p50_ms=0.1, p95_ms=0.1)
    assert seen(replace(result(0.3), p50_ms=NO_WAIT_MS, p95_ms=NO_WAIT_MS), live)["speed"].passed


# Change


def listing(ranked: np.ndarray, **groups: np.ndarray) -> ModelResult:
    n = len(ranked)
    values = {f"users:{name}": np.where(mask, 0.5, np.nan) for name, mask in groups.items()}
    return replace(result(steady(0.3, n)), ranked=ranked, segment_values=values)


def lists(n: int, first: int = 0) -> np.ndarray:
    return np.tile(np.arange(first, first + 10), (n, 1))


@pytest.mark.parametrize(
    ("theirs", "passed"),
    [(lists(60, first=100), False), (lists(60)[:, [1, 0, 3, 2, 4, 5, 6, 7, 8, 9]], True), (lists(60), False)],
    ids=["nothing stays", "some places change", "nothing changes"],
)
def test_neither_chaos_nor_a_night_for_nothing(theirs, passed):
    found = check_change(listing(lists(60)), listing(theirs.copy()), MIN_SEGMENT_USERS)
    assert [(check.name, check.passed, check.level) for check in found] == [("change", passed, "warning")]
    mean = rank_biased_overlap(lists(60), theirs).mean()
    assert passed == (LEAST_OVERLAP <= mean <= MOST_OVERLAP)
    assert found[0].detail == f"rank-biased overlap {mean:.2f} with the lists of the live parameters, 60 people"


def test_what_nobody_touched_yet_hides_no_likeness_of_the_others():
    """Such a thing has no row among the items of the task: its place holds -1, amid the list."""
    with_gaps = np.where(np.arange(10) % 3 == 1, -1, lists(60))
    assert check_change(listing(with_gaps), listing(with_gaps.copy()), MIN_SEGMENT_USERS)[0].detail.startswith(
        "rank-biased overlap 1.00 "
    )


def test_each_large_group_is_told_of():
    """The lists of the many stay, those of the new ones are turned upside down."""
    new = np.arange(120) < MIN_SEGMENT_USERS
    theirs = np.where(new[:, None], lists(120, first=100), lists(120)[:, [1, 0, *range(2, 10)]])
    one = listing(lists(120), new=new, heavy=~new, light=np.arange(120) < MIN_SEGMENT_USERS - 1)
    found = {check.name: check.passed for check in check_change(one, listing(theirs), MIN_SEGMENT_USERS)}
    assert found == {"change": True, "change users:new": False, "change users:heavy": True}


def test_the_same_parameters_change_nothing_and_are_not_blamed_for_it():
    one = listing(lists(60))
    assert check_change(one, one, MIN_SEGMENT_USERS) == [
        note("change", "not judged: the parameters are those that are live")
    ]
    assert check_change(one, result(0.3), MIN_SEGMENT_USERS) == []


@pytest.fixture
def described() -> Task:
    """A task over the items a to d of which two have a title."""
    items = pd.DataFrame({"item_id": ["a", "b"], "title": ["A lamp", "A bulb"]})
    task = make_task(Split(purchases({"ana": list("abcd"), "bo": list("ab")}), purchases({"bo": ["c"]}), None), None)
    return replace(task, catalogue=ItemCatalogue.from_frame(items))


def test_one_of_each_group_stands_for_it_and_is_named_by_titles(described):
    """The first of the heavy users is the second row; nobody is light."""
    ours = listing(np.array([[0, 1, -1], [0, 2, -1]]), heavy=np.array([False, True]), light=np.zeros(2, dtype=bool))
    theirs = listing(np.array([[0, 1, -1], [1, 0, 3]]))
    assert personas(ours, theirs, described) == [
        note("persona users:heavy", "stays: A lamp; comes: c; goes: A bulb, d")
    ]
    assert personas(ours, ours, described) == []
    without = replace(described, catalogue=None)
    assert personas(ours, theirs, without)[0].detail == "stays: a; comes: c; goes: b, d"


@given(*[st.lists(st.integers(0, 3), unique=True, max_size=3)] * 2)
def test_nobody_is_lost_between_two_lists(now, before):
    own, theirs = (np.array([*one, *[-1] * (3 - len(one))]) for one in (now, before))
    parts = dict(part.split(": ") for part in _difference(own, theirs, list("abcd")).split("; ") if ": " in part)
    named = {word: set(part.split(", ")) for word, part in parts.items()}
    none: set[str] = set()
    assert named.get("stays", none) | named.get("comes", none) == {"abcd"[row] for row in now}
    assert named.get("stays", none) | named.get("goes", none) == {"abcd"[row] for row in before}
    assert not named.get("comes", none) & named.get("goes", none)


# Logged picks


def value(
    snips: tuple[float, float], robust: tuple[float, float], *, effective: float = 1e4, n: int = 2000
) -> LoggedValue:
    """Intervals of the two estimators; 0.1 clicks a place were earned."""
    both = [PolicyValue(sum(ends) / 2, *ends, effective, n) for ends in (snips, robust)]
    return LoggedValue(0.1, *both, 500, n)


@pytest.mark.parametrize(
    ("snips", "robust", "passed", "refuses"),
    [
        ((0.098, 0.12), (0.099, 0.11), True, False),
        ((0.096, 0.12), (0.099, 0.11), False, False),
        ((0.099, 0.12), (0.090, 0.11), False, False),
        ((0.05, 0.09), (0.05, 0.12), False, False),
        ((0.05, 0.096), (0.06, 0.096), False, True),
    ],
    ids=["surely enough", "not sure by weights", "not sure by both", "one says surely less", "both say surely less"],
)
def test_what_would_surely_earn_less_is_refused_and_what_is_not_sure_is_told(snips, robust, passed, refuses):
    found = check_logged(value(snips, robust))
    assert (found.passed, found.refuses) == (passed, refuses)
    assert "effective sample 10000" in found.detail
    assert "earned 0.1000" in found.detail


@pytest.mark.parametrize(("effective", "judged"), [(MIN_EFFECTIVE, True), (MIN_EFFECTIVE - 1, False)])
def test_a_small_effective_sample_is_said_and_refuses_nothing(effective, judged):
    found = check_logged(value((0.0, 0.01), (0.0, 0.01), effective=effective))
    assert found.refuses is judged
    assert found.detail.startswith("not judged: an effective sample of 499 is under 500") is not judged


def test_what_one_person_saw_alone_is_said_and_refuses_nothing():
    unknown = PolicyValue(0.01, float("nan"), float("nan"), 1e4, 2000)
    found = check_logged(LoggedValue(0.1, unknown, unknown, 500, 2000))
    assert (found.passed, found.refuses) == (False, False)
    assert found.detail == "not judged: nearly all of it was shown to one person"


def test_without_chance_the_point_says_so():
    found = check_logged(value((0.0, 0.01), (0.0, 0.01), n=0))
    assert found == note("logged picks", "not judged: nothing that was shown since the split had been left to chance")


# The ten points


def test_there_are_ten_and_each_check_belongs_to_one():
    assert len(POINTS) == 10
    names = [name for point in POINTS.values() for name in point.checks]
    assert len(names) == len(set(names))
    assert {point_of(f"against {name}") for name in BASELINES} == {"baselines"}
    assert point_of("segment category:Home") == "ranking"
    assert point_of("change users:new") == point_of("persona users:new") == "change"
    with pytest.raises(KeyError):
        point_of("weather")


def test_a_point_without_a_check_says_that_it_was_not_judged():
    found = list(unjudged_points(GateReport((Check("rows", True, ""), Check("stars", False, "")))))
    assert [check.name for check in found] == [name for name in POINTS if name not in ("data", "stars")]
    assert all(check.level == "note" and check.detail.startswith("not judged: ") for check in found)
    assert list(unjudged_points(GateReport((*found, Check("rows", True, ""), Check("stars", True, ""))))) == []
