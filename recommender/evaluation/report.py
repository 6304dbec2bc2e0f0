"""Evaluations as a table for people and as JSON for programs."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from recommender.evaluation.logged import LoggedEvaluation
from recommender.evaluation.models import Evaluation, ModelResult
from recommender.evaluation.offpolicy import MIN_EFFECTIVE, in_words
from recommender.metrics import Interval, PairedDifference, PolicyValue


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Everything but the values per user; NaN becomes null."""
    return {
        "split": evaluation.split,
        "unit": evaluation.unit,
        "k": evaluation.k,
        "n_users": len(evaluation.users),
        "n_train": evaluation.n_train,
        "n_test": evaluation.n_test,
        "n_items": evaluation.n_items,
        "n_described": evaluation.n_described,
        "left_out": evaluation.left_out,
        "n_tied": evaluation.n_tied,
        "models": {name: _model_json(result) for name, result in evaluation.results.items()},
        "failed": evaluation.failed,
    }


def _model_json(result: ModelResult) -> dict[str, Any]:
    return {
        "metrics": {key: _interval_json(value) for key, value in result.metrics.items()},
        "lists": {key: _number(value) for key, value in result.lists.items()},
        "segments": {key: _interval_json(value) for key, value in result.segments.items()},
        "fit_seconds": round(result.fit_seconds, 3),
        "p50_ms": round(result.p50_ms, 3),
        "p95_ms": round(result.p95_ms, 3),
        "peak_mb": _number(result.peak_mb),
        "skipped": result.info.get("skipped", {}),
        "notes": result.info.get("notes", {}),
    }


def _interval_json(interval: Interval) -> dict[str, Any]:
    return {
        "mean": _number(interval.mean),
        "low": _number(interval.low),
        "high": _number(interval.high),
        "n": interval.n,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)


def as_table(evaluation: Evaluation) -> str:
    """Text tables: one row per model with the means, another with their 95 % intervals, one more with the segments."""
    k = evaluation.k
    keys = [f"{name}@{k}" for name in ("ndcg", "recall", "precision", "f1", "map", "hit_rate", "mrr")]
    extra = [f"coverage@{k}", f"gini@{k}", f"novelty@{k}"]
    header = ["model", f"ndcg@{k} [95 %]", *keys[1:], "rmse", "mae", *extra, "fit s", "p50 ms", "p95 ms", "peak MB"]
    rows = [_row(result, keys, extra) for result in evaluation.results.values()]
    lines = [*_title(evaluation), "", *_aligned([header, *rows]), ""]
    lines += [*_interval_lines(evaluation, keys[1:]), *_segment_lines(evaluation)]
    lines += [f"{name}: not judged, {reason}" for name, reason in evaluation.failed.items()]
    return "\n".join(lines)


def _title(evaluation: Evaluation) -> list[str]:
    described = f" and {evaluation.n_described} more of the catalogue" if evaluation.n_described else ""
    told = (
        f"{evaluation.split} split by {evaluation.unit}: {evaluation.n_train} training and {evaluation.n_test} test "
        f"events, {len(evaluation.users)} users judged, all {evaluation.n_items} items of the training part"
        f"{described} ranked"
    )
    left_out = ", ".join(f"{reason} {n}" for reason, n in evaluation.left_out.items())
    tied = (
        f"{evaluation.n_tied} of {len(evaluation.users)} users did other things at the time of the one they are asked "
        "for, so the order of the rows says which was the last; the unit basket asks for all of a day"
    )
    return [
        told,
        *([f"events in neither part: {left_out}"] if left_out else []),
        *([tied] if evaluation.n_tied else []),
    ]


def _row(result: ModelResult, keys: list[str], extra: list[str]) -> list[str]:
    ndcg = result.metrics[keys[0]]
    cells = [result.name, f"{ndcg.mean:.4f} [{ndcg.low:.4f} {ndcg.high:.4f}]"]
    cells += [f"{result.metrics[key].mean:.4f}" for key in keys[1:]]
    cells += [f"{result.metrics[key].mean:.4f}" if key in result.metrics else "-" for key in ("rmse", "mae")]
    cells += [f"{result.lists[key]:.3f}" for key in extra]
    return [
        *cells,
        f"{result.fit_seconds:.1f}",
        f"{result.p50_ms:.2f}",
        f"{result.p95_ms:.2f}",
        f"{result.peak_mb:.0f}",
    ]


def _interval_lines(evaluation: Evaluation, keys: list[str]) -> list[str]:
    """Intervals of the measures that have none in their column."""
    held = [result.metrics for result in evaluation.results.values()]
    shown = [*keys, *(key for key in ("rmse", "mae") if any(key in metrics for metrics in held))]
    rows = [[name, *(_ends(r.metrics.get(key)) for key in shown)] for name, r in evaluation.results.items()]
    return [*_aligned([["95 % intervals", *shown], *rows]), ""] if rows else []


def _ends(interval: Interval | None) -> str:
    return "-" if interval is None or math.isnan(interval.mean) else f"{interval.low:.4f} {interval.high:.4f}"


def _segment_lines(evaluation: Evaluation) -> list[str]:
    names = list(next(iter(evaluation.results.values())).segments) if evaluation.results else []
    header = [f"ndcg@{evaluation.k} of", *names]
    rows = [[r.name, *(_cell(r.segments[name]) for name in names)] for r in evaluation.results.values()]
    return [*_aligned([header, *rows]), ""] if rows else []


def _cell(interval: Interval) -> str:
    if math.isnan(interval.mean):
        return "-"
    return f"{interval.mean:.4f} [{interval.low:.4f} {interval.high:.4f}] n={interval.n}"


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def logged_table(evaluation: LoggedEvaluation) -> str:
    """A text table of estimates from a log: one row per model, values a place with 95 % intervals."""
    since = datetime.fromtimestamp(evaluation.since, UTC)
    title = (
        f"{evaluation.n_requests} logged requests since {since:%Y-%m-%d %H:%M} UTC, {evaluation.n_chance} places left "
        f"to chance, {evaluation.n_train} training events before; shown was worth {in_words(evaluation.shown)} a place"
    )
    header = ["model", "SNIPS [95 %]", "doubly robust [95 %]", "effective sample", "fit s"]
    rows = [
        [name, in_words(v.snips), in_words(v.robust), f"{v.snips.effective_sample_size:.0f}", f"{seconds:.1f}"]
        for (name, v), seconds in zip(evaluation.results.items(), evaluation.fit_seconds.values(), strict=True)
    ]
    of_one = [name for name, value in evaluation.results.items() if value.is_of_one]
    thin = [name for name, value in evaluation.results.items() if not value.is_enough and name not in of_one]
    lines = [title, "", *_aligned([header, *rows])]
    if thin:
        lines += ["", f"too little to go by (an effective sample under {MIN_EFFECTIVE}): {', '.join(thin)}"]
    if of_one:
        lines += ["", f"nothing to go by, as nearly all of it was shown to one person: {', '.join(of_one)}"]
    return "\n".join([*lines, *(f"{name}: not judged, {reason}" for name, reason in evaluation.failed.items())])


def logged_json(evaluation: LoggedEvaluation) -> dict[str, Any]:
    """The same for programs; NaN becomes null."""
    return {
        "since": evaluation.since,
        "n_train": evaluation.n_train,
        "n_requests": evaluation.n_requests,
        "n_chance": evaluation.n_chance,
        "shown": _policy_json(evaluation.shown),
        "models": {
            name: {
                "snips": _policy_json(value.snips),
                "doubly_robust": _policy_json(value.robust),
                "effective_sample_size": _number(value.snips.effective_sample_size),
                "is_enough": value.is_enough,
                "fit_seconds": round(evaluation.fit_seconds[name], 3),
            }
            for name, value in evaluation.results.items()
        },
        "failed": evaluation.failed,
    }


def _policy_json(value: PolicyValue) -> dict[str, Any]:
    return {"value": _number(value.value), "low": _number(value.low), "high": _number(value.high), "n": value.n}


def comparison(evaluation: Evaluation, a: str, b: str) -> str:
    """One sentence on whether the difference of two models is real."""
    difference = evaluation.compare(a, b)
    return f"{a} - {b}: {_difference(difference, evaluation.k)}"


def _difference(difference: PairedDifference, k: int) -> str:
    verdict = "the difference is real" if difference.is_real else "the interval holds zero: no difference shown"
    return (
        f"ndcg@{k} {difference.difference:+.4f}, 95 % interval {difference.low:+.4f} to {difference.high:+.4f} over "
        f"{difference.n} users; {verdict}"
    )
