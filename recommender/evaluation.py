"""How good each model is on a held-out part of the log: every item competes, users are resampled for intervals."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from recommender.catalogue import ItemCatalogue
from recommender.errors import DataError
from recommender.fitting import specs_for
from recommender.hybrid import HybridRecommender
from recommender.interactions import Interactions
from recommender.metrics import (
    Interval,
    PairedDifference,
    absolute_errors,
    bootstrap_interval,
    coverage,
    exposure,
    gini,
    mean,
    novelty,
    paired_bootstrap,
    ranking_metrics,
    squared_errors,
)
from recommender.splits import Split, Unit, check_leakage, split_by_time, split_last_one
from recommender.types import FloatVector, Progress, Recommendation, Rows, no_progress
from recommender.weights import EventWeights

SplitName = Literal["last-one", "time"]


class Judged(Protocol):
    """What can be judged: anything that lists items for a user, a fitted :class:`HybridRecommender` above all."""

    strategy: str

    @property
    def info(self) -> dict[str, Any]:
        """Facts about the fit."""

    def recommend(self, user_id: str, k: int = 10, *, now: int, with_reasons: bool) -> list[Recommendation]:
        """The ``k`` best items for a user at a time, none of which the user touched before."""

    def predict_rating(self, user_id: str, item_id: str) -> float:
        """Stars that the user would give; asked only of strategies in ``STAR_MODELS``."""


NEW_USER_EVENTS, HEAVY_USER_EVENTS = 2, 20
COLD_ITEM_EVENTS = 5
HEAD_SHARE = 0.2
BOOTSTRAP_ROUNDS = 1000
STAR_MODELS = ("svd", "svd_content", "hybrid")


@dataclass(frozen=True)
class ModelResult:
    """What one model showed.

    Attributes
    ----------
    per_user : dict of str to ndarray of shape (n_users,)
        Ranking metrics per test user, NaN where a user cannot be judged.
    metrics : dict of str to Interval
        Means with bootstrap intervals; also "rmse" and "mae" for models that forecast stars.
    lists : dict of str to float
        coverage, gini and novelty (bits) at the cutoff.
    segments : dict of str to Interval
        NDCG per segment of users or items, such as "users:new" or "items:cold".
    fit_seconds, p50_ms, p95_ms, peak_mb : float
    """

    name: str
    per_user: Mapping[str, FloatVector]
    metrics: dict[str, Interval]
    lists: dict[str, float]
    segments: dict[str, Interval]
    fit_seconds: float
    p50_ms: float
    p95_ms: float
    peak_mb: float
    info: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """Results of several models on one split.

    Attributes
    ----------
    results : dict of str to ModelResult
        Fitted models by name, in the order asked for.
    failed : dict of str to str
        Models that the data could not feed, with the reason.
    """

    split: str
    unit: str
    k: int
    users: list[str]
    n_train: int
    n_test: int
    n_items: int
    results: dict[str, ModelResult]
    failed: dict[str, str]

    def compare(self, a: str, b: str, metric: str | None = None) -> PairedDifference:
        """Difference of two models over the same users, with its interval; NDCG at the cutoff by default."""
        missing = [name for name in (a, b) if name not in self.results]
        if missing:
            raise DataError(f"model {missing[0]!r} was not evaluated; there are {', '.join(self.results)}")
        key = metric or f"ndcg@{self.k}"
        return paired_bootstrap(self.results[a].per_user[key], self.results[b].per_user[key], BOOTSTRAP_ROUNDS)


@dataclass(frozen=True)
class Task:
    """A split in rows, ready to judge lists against."""

    split: Split
    events: Interactions
    catalogue: ItemCatalogue | None
    users: list[str]
    relevant: list[Rows]
    item_ids: list[str]
    item_counts: Rows
    user_counts: Rows
    asked_at: Rows


def make_split(frame: pd.DataFrame, how: SplitName, unit: Unit = "event") -> Split:
    """Hold out by name, and check that nothing leaks."""
    if how not in ("last-one", "time"):
        raise DataError(f"split must be last-one or time, not {how!r}")
    split = split_last_one(frame, unit=unit) if how == "last-one" else split_by_time(frame, unit=unit)
    check_leakage(split)
    if not len(split.test):
        raise DataError(f"the {how} split leaves no test event whose user and item the training part knows")
    return split


def make_task(split: Split, items: pd.DataFrame | None, *, max_users: int | None = None, seed: int = 0) -> Task:
    """Turn a split into rows; ``max_users`` test users are drawn when there are more."""
    events = Interactions.from_frame(split.train)
    catalogue = ItemCatalogue.from_frame(items) if items is not None else None
    test = split.test
    users = sorted(test["user_id"].unique().tolist())
    if max_users is not None and len(users) > max_users:
        users = sorted(np.random.default_rng(seed).choice(users, max_users, replace=False).tolist())
    by_user = test.groupby("user_id", sort=False)["item_id"].agg(list)
    counts = np.bincount(events.user_rows, minlength=events.n_users)
    touching = _audiences(events)
    return Task(
        split=split,
        events=events,
        catalogue=catalogue,
        users=users,
        relevant=[events.items.rows(by_user[user]) for user in users],
        item_ids=list(events.items),
        item_counts=touching,
        user_counts=counts[events.users.rows(users)],
        asked_at=_request_times(split, users),
    )


def evaluate(
    frame: pd.DataFrame,
    items: pd.DataFrame | None = None,
    *,
    models: Sequence[str] = ("popular", "itemseq", "hybrid"),
    split: SplitName = "time",
    unit: Unit = "event",
    k: int = 10,
    random_state: int = 0,
    params: Mapping[str, Mapping[str, Any]] | None = None,
    weights: EventWeights | None = None,
    max_users: int | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Fit models on the training part of a split and judge their lists on the rest.

    Parameters
    ----------
    frame : DataFrame
        Event frame as for :meth:`Interactions.from_frame`.
    items : DataFrame, optional
        Catalogue frame as for :meth:`ItemCatalogue.from_frame`.
    models : sequence of str
        "hybrid" and names of sources.
    split : {"time", "last-one"}
    unit : {"event", "basket"}
    k : int
        Length of the judged lists.
    random_state : int
    params : mapping, optional
        Parameters of :class:`HybridRecommender` per model name.
    max_users : int, optional
        Judge at most so many users.

    Raises
    ------
    DataError
        When a strategy is unknown, ``k`` is below 1 or the split leaves nothing to judge.
    """
    if k < 1:
        raise DataError(f"k must be at least 1, not {k}")
    for name in models:
        specs_for(name, {})
    parts = make_split(frame, split, unit)
    task = make_task(parts, items, max_users=max_users, seed=random_state)
    results: dict[str, ModelResult] = {}
    failed: dict[str, str] = {}
    for number, name in enumerate(models):
        progress(name, number / len(models))
        settings = {"weights": weights} | dict((params or {}).get(name, {}))
        recommender = HybridRecommender(strategy=name, random_state=random_state, **settings)
        try:
            results[name] = judge_model(recommender, task, k=k, name=name)
        except DataError as error:
            failed[name] = str(error)
    return Evaluation(
        split=split,
        unit=unit,
        k=k,
        users=task.users,
        n_train=len(parts.train),
        n_test=len(parts.test),
        n_items=len(task.item_ids),
        results=results,
        failed=failed,
    )


def judge_model(recommender: HybridRecommender, task: Task, *, k: int = 10, name: str = "") -> ModelResult:
    """Fit one model on the task's training part and judge it."""
    reset_peak()
    started = time.perf_counter()
    recommender.fit(task.events, task.catalogue)
    fit_seconds = time.perf_counter() - started
    return judge_fitted(recommender, task, k=k, name=name or recommender.strategy, fit_seconds=fit_seconds)


def judge_fitted(
    recommender: Judged, task: Task, *, k: int = 10, name: str = "", fit_seconds: float = 0.0
) -> ModelResult:
    """Judge a model that was fitted on the task's training part."""
    ranked, times = _lists(recommender, task, k)
    per_user = ranking_metrics(ranked, task.relevant, [k])
    metrics = {key: bootstrap_interval(values, BOOTSTRAP_ROUNDS) for key, values in per_user.items()}
    shown = exposure(ranked, len(task.item_ids), k)
    lists = {
        f"coverage@{k}": coverage(ranked, len(task.item_ids), k),
        f"gini@{k}": gini(shown),
        f"novelty@{k}": mean(novelty(ranked, task.item_counts, task.events.n_users, k)),
    }
    metrics |= _star_errors(recommender, task)
    return ModelResult(
        name=name or recommender.strategy,
        per_user=per_user,
        metrics=metrics,
        lists=lists,
        segments=_segments(ranked, per_user[f"ndcg@{k}"], task, k),
        fit_seconds=fit_seconds,
        p50_ms=float(np.percentile(times, 50)),
        p95_ms=float(np.percentile(times, 95)),
        peak_mb=peak_mb(),
        info=recommender.info,
    )


def _lists(recommender: Judged, task: Task, k: int) -> tuple[Rows, FloatVector]:
    """Ranked rows per user, -1 as padding, and milliseconds per request."""
    ranked = np.full((len(task.users), k), -1, dtype=np.int64)
    times = np.zeros(len(task.users))
    for number, user in enumerate(task.users):
        started = time.perf_counter()
        found = recommender.recommend(user, k, now=int(task.asked_at[number]), with_reasons=False)
        times[number] = (time.perf_counter() - started) * 1000
        rows = task.events.items.rows([r.item_id for r in found])
        ranked[number, : len(rows)] = rows
    return ranked, times


def _star_errors(recommender: Judged, task: Task) -> dict[str, Interval]:
    """RMSE and MAE of star forecasts over the test ratings, for models that make them."""
    test = task.split.test
    if recommender.strategy not in STAR_MODELS or "kind" not in test.columns:
        return {}
    rated = test[(test["kind"] == "rating") & test["value"].notna()]
    try:
        forecast = [recommender.predict_rating(u, i) for u, i in zip(rated["user_id"], rated["item_id"], strict=True)]
    except DataError:
        return {}
    if not forecast:
        return {}
    actual = rated["value"].to_numpy(dtype=np.float64)
    squared, absolute = squared_errors(forecast, actual), absolute_errors(forecast, actual)
    return {
        "rmse": bootstrap_interval(squared, BOOTSTRAP_ROUNDS, transform=np.sqrt),
        "mae": bootstrap_interval(absolute, BOOTSTRAP_ROUNDS),
    }


def _segments(ranked: Rows, ndcg: FloatVector, task: Task, k: int) -> dict[str, Interval]:
    """NDCG for groups of users, and for the part of each user's truth that is cold, tail or head."""
    counts = task.user_counts
    users = {
        "users:new": counts <= NEW_USER_EVENTS,
        "users:light": (counts > NEW_USER_EVENTS) & (counts < HEAVY_USER_EVENTS),
        "users:heavy": counts >= HEAVY_USER_EVENTS,
    }
    segments = {name: bootstrap_interval(ndcg[mask], BOOTSTRAP_ROUNDS) for name, mask in users.items()}
    for name, mask in _item_groups(task.item_counts).items():
        part = [rows[mask[rows]] for rows in task.relevant]
        values = ranking_metrics(ranked, part, [k])[f"ndcg@{k}"]
        segments[name] = bootstrap_interval(values, BOOTSTRAP_ROUNDS)
    return segments


def _item_groups(item_counts: Rows) -> dict[str, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Cold items, the most-wanted fifth (head) and the others (tail)."""
    order = np.argsort(-item_counts, kind="stable")
    head = np.zeros(len(item_counts), dtype=bool)
    head[order[: max(1, int(len(order) * HEAD_SHARE))]] = True
    return {"items:cold": item_counts <= COLD_ITEM_EVENTS, "items:tail": ~head, "items:head": head}


def _request_times(split: Split, users: list[str]) -> Rows:
    """When each user asks, UTC seconds: at the cut, or, without one, at the time of the held-out event.

    A live system always knows the time of a request; which item is wanted then stays hidden.
    """
    if split.cut is not None:
        return np.full(len(users), split.cut, dtype=np.int64)
    first = split.test.groupby("user_id")["timestamp"].min()
    return first.loc[users].to_numpy(dtype=np.int64)


def _audiences(events: Interactions) -> Rows:
    """Distinct users per item."""
    pairs = np.unique(events.user_rows * events.n_items + events.item_rows)
    return np.bincount(pairs % events.n_items, minlength=events.n_items)


def peak_mb() -> float:
    """Highest resident memory of this process since :func:`reset_peak`, in megabytes; NaN where it is not told."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return float("nan")
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "")
    return int(line.split()[1]) / 1024 if line else float("nan")


def reset_peak() -> None:
    """Start measuring the peak anew, where the system lets a process do so."""
    try:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    except OSError:
        return
