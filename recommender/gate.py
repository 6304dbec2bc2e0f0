"""What a model must show before it may be published."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from recommender.evaluation import Evaluation, ModelResult

BASELINES = ("popular", "trending", "itemseq")
LIVE_TOLERANCE = 0.005
SEGMENT_TOLERANCE = 0.02
MIN_SEGMENT_USERS = 50
MIN_JUDGED_USERS = 20
MIN_COVERAGE_SHARE = 0.5
RMSE_TOLERANCE = 0.01


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its name, the verdict, and the numbers in words."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class GateReport:
    """Verdict of the gate; it passes when every check does."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether the model may be published."""
        return all(check.passed for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


def judge(evaluation: Evaluation, candidate: str, live: str | None = None) -> GateReport:
    """Hold a candidate against the baselines and against the live parameters refitted on the same split.

    The live artifact itself has already seen the test days, so its parameters are judged, not its arrays.

    Parameters
    ----------
    evaluation : Evaluation
        With results for the candidate, the baselines that the data allows and, if there is one, the live model. Live
        parameters that failed prove nothing against the candidate; the report says so.
    candidate, live : str
        Names of results.
    """
    result = evaluation.results.get(candidate)
    if result is None:
        reason = evaluation.failed.get(candidate, "it was not evaluated")
        return GateReport((Check("evaluated", False, f"{candidate} could not be judged: {reason}"),))
    checks = [_enough_users(evaluation), _finite(result, evaluation.k)]
    checks += [_beats(evaluation, candidate, name) for name in BASELINES if name in evaluation.results]
    if live is not None and live in evaluation.failed:
        reason = evaluation.failed[live]
        checks.append(Check("against live", True, f"the live parameters could not be judged: {reason}"))
    if live is not None and live in evaluation.results:
        checks.append(_no_worse(evaluation, candidate, live))
        checks += _segments(result, evaluation.results[live])
        checks += _beyond_accuracy(result, evaluation.results[live], evaluation.k)
        checks += _stars(result, evaluation.results[live])
    return GateReport(tuple(checks))


def _enough_users(evaluation: Evaluation) -> Check:
    n = len(evaluation.users)
    return Check("enough users", n >= MIN_JUDGED_USERS, f"{n} users could be judged, {MIN_JUDGED_USERS} are needed")


def _finite(result: ModelResult, k: int) -> Check:
    mean = result.metrics[f"ndcg@{k}"].mean
    return Check("finite", math.isfinite(mean) and mean > 0, f"ndcg@{k} is {mean:.4f}")


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


def _words(ours: float, theirs: float, name: str, k: int) -> str:
    return f"ndcg@{k} {ours:.4f}, {name} {theirs:.4f} ({ours - theirs:+.4f})"


def _segments(result: ModelResult, live: ModelResult) -> list[Check]:
    checks = []
    for name, own in result.segments.items():
        theirs = live.segments[name]
        if own.n < MIN_SEGMENT_USERS or math.isnan(theirs.mean):
            continue
        passed = own.mean >= theirs.mean * (1 - SEGMENT_TOLERANCE) or own.high >= theirs.mean
        checks.append(Check(f"segment {name}", passed, f"ndcg {own.mean:.4f}, live {theirs.mean:.4f}, n={own.n}"))
    return checks


def _beyond_accuracy(result: ModelResult, live: ModelResult, k: int) -> list[Check]:
    key = f"coverage@{k}"
    own, theirs = result.lists[key], live.lists[key]
    detail = f"{own:.1%} of the catalogue is shown to somebody, live {theirs:.1%}"
    return [Check("coverage", own >= theirs * MIN_COVERAGE_SHARE, detail)]


def _stars(result: ModelResult, live: ModelResult) -> list[Check]:
    if "rmse" not in result.metrics or "rmse" not in live.metrics:
        return []
    own, theirs = result.metrics["rmse"].mean, live.metrics["rmse"].mean
    passed = own <= theirs * (1 + RMSE_TOLERANCE)
    return [Check("stars", passed, f"RMSE of the star forecast {own:.4f}, live {theirs:.4f}")]


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
