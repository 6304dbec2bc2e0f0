"""Better than the simple ones, no worse than what is live: overall, for every group, and beyond being right."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from recommender.evaluation import Evaluation, ModelResult
from recommender.gate.change import check_change
from recommender.gate.report import Check, GateReport, note, warning
from recommender.metrics import paired_bootstrap

BASELINES = ("popular", "trending", "itemknn", "itemseq", "svd_content")
LIVE_TOLERANCE = 0.005
SEGMENT_TOLERANCE = 0.02
MIN_SEGMENT_USERS = 50
# Of all groups together, in one night.
FALSE_ALARM = 0.05
SEGMENT_ROUNDS = 5_000  # the ends of so high a level are drawn from few of them
MIN_JUDGED_USERS = 20
MIN_COVERAGE_SHARE = 0.5
RMSE_TOLERANCE = 0.01
CALIBRATION_TOLERANCE = 0.05
GINI_TOLERANCE = 0.1
NOVELTY_TOLERANCE = 0.2
DISTANCE_TOLERANCE = 0.2
PRICE_TOLERANCE = 0.25
BRANDS_TOLERANCE = 0.2
SLOWER, MUCH_SLOWER = 1.5, 3.0
NO_WAIT_MS = 5.0
OTHER_MEASURES = ("recall", "mrr", "map")
OWN_HISTORY = ("buy_again", "recently_viewed")


def judge(
    evaluation: Evaluation, candidate: str, live: str | None = None, *, is_live_provisional: bool = False
) -> GateReport:
    """Hold a candidate against the baselines and against the live parameters refitted on the same split.

    The live artifact itself has already seen the test days, so its parameters are judged, not its arrays.

    Parameters
    ----------
    evaluation : Evaluation
        With results for the candidate, the baselines that the data allows and, if there is one, the live model. Live
        parameters that failed prove nothing against the candidate; the report says so.
    candidate, live : str
        Names of results.
    is_live_provisional : bool
        The live model is a first one, made in the shorter way until there is time for a whole one. Better for everybody
        together is then enough: that some group was better off with it is told and refuses nothing.
    """
    result = evaluation.results.get(candidate)
    if result is None:
        reason = evaluation.failed.get(candidate, "it was not evaluated")
        return GateReport((Check("evaluated", False, f"{candidate} could not be judged: {reason}"),))
    checks = [_enough_users(evaluation), _finite(result, evaluation.k), *_repeats(result, evaluation.k)]
    checks += _against_baselines(evaluation, candidate)
    if live is not None and live in evaluation.failed:
        reason = evaluation.failed[live]
        checks.append(Check("against live", True, f"the live parameters could not be judged: {reason}"))
    if live is not None and live in evaluation.results:
        other = evaluation.results[live]
        checks.append(_no_worse(evaluation, candidate, live))
        checks += _other_measures(evaluation, candidate, live)
        checks += _segments(result, other, as_checks=warning if is_live_provisional else Check)
        checks += _beyond_accuracy(result, other, evaluation.k)
        checks += _stars(result, other)
        checks += check_change(result, other, MIN_SEGMENT_USERS)
        checks.append(_speed(result, other))
    return GateReport(tuple(checks))


def _enough_users(evaluation: Evaluation) -> Check:
    n = len(evaluation.users)
    return Check("enough users", n >= MIN_JUDGED_USERS, f"{n} users could be judged, {MIN_JUDGED_USERS} are needed")


def _finite(result: ModelResult, k: int) -> Check:
    mean = result.metrics[f"ndcg@{k}"].mean
    return Check("finite", math.isfinite(mean) and mean > 0, f"ndcg@{k} is {mean:.4f}")


def _against_baselines(evaluation: Evaluation, candidate: str) -> list[Check]:
    """One check of each baseline that was judged, and a note on each that could not be."""
    checks = [_beats(evaluation, candidate, name) for name in BASELINES if name in evaluation.results]
    failed = [(name, evaluation.failed[name]) for name in BASELINES if name in evaluation.failed]
    return checks + [note(f"against {name}", f"not judged: {reason}") for name, reason in failed]


def _beats(evaluation: Evaluation, candidate: str, baseline: str) -> Check:
    """Not shown to be worse than a baseline: the upper end of the paired interval is not below zero."""
    difference = evaluation.compare(candidate, baseline)
    ours, theirs = (evaluation.results[n].metrics[f"ndcg@{evaluation.k}"].mean for n in (candidate, baseline))
    passed = ours >= theirs or difference.high >= 0
    return Check(f"against {baseline}", passed, _words(ours, theirs, baseline, evaluation.k))


def _no_worse(evaluation: Evaluation, candidate: str, live: str) -> Check:
    difference = evaluation.compare(candidate, live)
    ours, theirs = (evaluation.results[n].metrics[f"ndcg@{evaluation.k}"].mean for n in (candidate, live))
    passed = ours >= theirs * (1 - LIVE_TOLERANCE) or difference.high >= 0
    return Check("against live", passed, _words(ours, theirs, "the live parameters", evaluation.k))


def _other_measures(evaluation: Evaluation, candidate: str, live: str) -> list[Check]:
    """Measures that look at a list in another way; a loss that is no chance is told."""
    checks = []
    for measure in OTHER_MEASURES:
        key = f"{measure}@{evaluation.k}"
        figures = [evaluation.results[name].metrics.get(key) for name in (candidate, live)]
        if figures[0] is None or figures[1] is None:
            continue
        ours, theirs = figures[0].mean, figures[1].mean
        passed = ours >= theirs * (1 - LIVE_TOLERANCE) or evaluation.compare(candidate, live, key).high >= 0
        checks.append(warning(measure, passed, f"{key} {ours:.4f}, live {theirs:.4f}"))
    return checks


def _words(ours: float, theirs: float, name: str, k: int) -> str:
    return f"ndcg@{k} {ours:.4f}, {name} {theirs:.4f} ({ours - theirs:+.4f})"


def _repeats(result: ModelResult, k: int) -> list[Check]:
    """What somebody has touched already must not come again, except from a source that is there for it."""
    share = result.lists.get(f"repeats@{k}", math.nan)
    if math.isnan(share) or result.info.get("strategy") in OWN_HISTORY:
        return []
    return [Check("nothing again", share == 0, f"{share:.1%} of the places hold what the person had touched before")]


def _segments(result: ModelResult, live: ModelResult, *, as_checks: Callable[[str, bool, str], Check]) -> list[Check]:
    """No group may surely lose. The more groups are looked at, the surer it must be.

    References
    ----------
    Dunn (1961), Multiple Comparisons Among Means: the chance of a false alarm is shared out among the comparisons
    (Bonferroni). Without it one of a dozen groups seems to lose up to every fourth night.
    """
    judged = {
        name: (own, live.segments[name])
        for name, own in result.segments.items()
        if name in live.segments and own.n >= MIN_SEGMENT_USERS and not math.isnan(live.segments[name].mean)
    }
    checks = []
    for name, (own, theirs) in judged.items():
        is_near = own.mean >= theirs.mean * (1 - SEGMENT_TOLERANCE)
        passed = is_near or _may_be_chance(name, result, live, level=1 - FALSE_ALARM / len(judged))
        checks.append(as_checks(f"segment {name}", passed, f"ndcg {own.mean:.4f}, live {theirs.mean:.4f}, n={own.n}"))
    return checks


def _may_be_chance(name: str, result: ModelResult, live: ModelResult, *, level: float) -> bool:
    """Whether the loss of a group is not sure: over the same people in pairs where their values are at hand."""
    if name in result.segment_values and name in live.segment_values:
        ours, theirs = result.segment_values[name], live.segment_values[name]
        return paired_bootstrap(ours, theirs, SEGMENT_ROUNDS, level=level).high >= 0
    return result.segments[name].high >= live.segments[name].mean


def _beyond_accuracy(result: ModelResult, live: ModelResult, k: int) -> list[Check]:
    own, theirs = result.lists[f"coverage@{k}"], live.lists[f"coverage@{k}"]
    detail = f"{own:.1%} of the catalogue is shown to somebody, live {theirs:.1%}"
    checks = [Check("coverage", own >= theirs * MIN_COVERAGE_SHARE, detail)]
    for name, (is_fine, words) in _LIST_FIGURES.items():
        own, theirs = (one.lists.get(f"{name}@{k}", math.nan) for one in (result, live))
        if not (math.isnan(own) or math.isnan(theirs)):
            checks.append(warning(name, is_fine(own, theirs), f"{words} {own:.3f}, live {theirs:.3f}"))
    return checks


_LIST_FIGURES: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "gini": (lambda own, live: own <= live + GINI_TOLERANCE, "how unevenly the catalogue is shown (0 to 1)"),
    "novelty": (lambda own, live: own >= live * (1 - NOVELTY_TOLERANCE), "bits of news in a place"),
    "distance": (lambda own, live: own >= live * (1 - DISTANCE_TOLERANCE), "distance of things in a list (0 to 1)"),
    "price": (lambda own, live: abs(own - live) <= live * PRICE_TOLERANCE, "mean price of a place"),
    "brands": (lambda own, live: own >= live * (1 - BRANDS_TOLERANCE), "share of the brands that is shown"),
}


def _stars(result: ModelResult, live: ModelResult) -> list[Check]:
    checks = []
    for name, key, words in (("stars", "rmse", "RMSE"), ("stars on average", "mae", "MAE")):
        if key in result.metrics and key in live.metrics:
            own, theirs = result.metrics[key].mean, live.metrics[key].mean
            passed = own <= theirs * (1 + RMSE_TOLERANCE) or _more_may_be_chance(key, result, live)
            checks.append(Check(name, passed, f"{words} of the star forecast {own:.4f}, live {theirs:.4f}"))
    if "calibration" in result.metrics and "calibration" in live.metrics:
        own, theirs = result.metrics["calibration"].mean, live.metrics["calibration"].mean
        detail = f"forecasts are {own:.3f} stars off in groups of like ones, live {theirs:.3f}"
        checks.append(warning("calibration", own <= theirs + CALIBRATION_TOLERANCE, detail))
    return checks


def _more_may_be_chance(key: str, result: ModelResult, live: ModelResult) -> bool:
    """Whether larger errors are not sure, over the same ratings in pairs; sure where the errors are not at hand."""
    if key not in result.star_errors or key not in live.star_errors:
        return False
    return paired_bootstrap(result.star_errors[key], live.star_errors[key]).low <= 0


def _speed(result: ModelResult, live: ModelResult) -> Check:
    """Against the live parameters in the same run; a busy moment of the machine shows in the p95, not in the median."""
    detail = (
        f"p50 {result.p50_ms:.1f} ms a request, p95 {result.p95_ms:.1f} ms; live {live.p50_ms:.1f} and "
        f"{live.p95_ms:.1f} ms"
    )
    if result.p50_ms > max(live.p50_ms, NO_WAIT_MS) * MUCH_SLOWER:
        return Check("speed", False, detail)
    return warning("speed", result.p95_ms <= max(live.p95_ms, NO_WAIT_MS) * SLOWER, detail)


def metrics_json(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """Plain numbers per model for a table of runs."""
    keys: Mapping[str, ModelResult] = evaluation.results
    return {name: _plain(result) for name, result in keys.items()}


def _plain(result: ModelResult) -> dict[str, float]:
    plain = {key: round(interval.mean, 6) for key, interval in result.metrics.items()} | {
        key: round(value, 6) for key, value in result.lists.items()
    }
    plain |= {"fit_seconds": round(result.fit_seconds, 3), "p95_ms": round(result.p95_ms, 3)}
    return {key: value for key, value in plain.items() if math.isfinite(value)}
