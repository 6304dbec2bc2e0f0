"""Evaluations as a table for people and as JSON for programs."""

from __future__ import annotations

import math
from typing import Any

from recommender.evaluation import Evaluation, ModelResult
from recommender.metrics import Interval, PairedDifference


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
    """A text table: one row per model, means with 95 % intervals."""
    k = evaluation.k
    keys = [f"{name}@{k}" for name in ("ndcg", "recall", "precision", "f1", "map", "hit_rate", "mrr")]
    extra = [f"coverage@{k}", f"gini@{k}", f"novelty@{k}"]
    header = ["model", f"ndcg@{k} [95 %]", *keys[1:], "rmse", "mae", *extra, "fit s", "p50 ms", "p95 ms", "peak MB"]
    rows = [_row(result, keys, extra) for result in evaluation.results.values()]
    lines = [_title(evaluation), "", *_aligned([header, *rows]), "", *_segment_lines(evaluation)]
    lines += [f"{name}: not judged, {reason}" for name, reason in evaluation.failed.items()]
    return "\n".join(lines)


def _title(evaluation: Evaluation) -> str:
    return (
        f"{evaluation.split} split by {evaluation.unit}: {evaluation.n_train} training and {evaluation.n_test} test "
        f"events, {len(evaluation.users)} users judged, all {evaluation.n_items} items ranked"
    )


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
