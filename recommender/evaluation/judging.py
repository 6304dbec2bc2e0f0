"""What one fitted model shows on held-out events: its lists, how right, varied and quick they are, and its stars."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.data.validation import is_number, shortened
from recommender.errors import DataError
from recommender.evaluation.splits import Split
from recommender.hybrid import HybridRecommender
from recommender.metrics import (
    Interval,
    absolute_errors,
    bootstrap_interval,
    calibration_error,
    coverage,
    exposure,
    gini,
    intra_list_distance,
    mean,
    novelty,
    ranking_metrics,
    squared_errors,
)
from recommender.types import BoolMask, Event, FloatVector, Progress, Recommendation, Rows, no_progress

NEW_USER_EVENTS, HEAVY_USER_EVENTS = 2, 20
COLD_ITEM_EVENTS = 5
HEAD_SHARE = 0.2
TOP_CATEGORIES = 5
BOOTSTRAP_ROUNDS = 1000
MOST_PLACES = 10_000  # the lists of all who are judged stand in memory
STAR_MODELS = ("svd", "svd_content", "hybrid")


class Judged(Protocol):
    """What can be judged: anything that lists items for a user, a fitted :class:`HybridRecommender` above all."""

    @property
    def strategy(self) -> str:
        """What answers: "hybrid" or the name of a source."""

    @property
    def info(self) -> dict[str, Any]:
        """Facts about the fit."""

    def recommend(
        self,
        user_id: str,
        k: int = 10,
        *,
        now: int,
        with_reasons: bool,
        history: Sequence[Event] | None = None,
        exclude: Collection[str] = (),
    ) -> list[Recommendation]:
        """The ``k`` best items for a user at a time, none of which the user touched before or that is left out."""

    def predict_rating(self, user_id: str, item_id: str) -> float:
        """Stars that the user would give; asked only of strategies in ``STAR_MODELS``."""


@dataclass(frozen=True)
class TimeUntold:
    """A fitted recommender asked by a caller who does not tell the time of the request."""

    recommender: HybridRecommender

    @property
    def strategy(self) -> str:
        """Strategy of the recommender."""
        return self.recommender.strategy

    @property
    def info(self) -> dict[str, Any]:
        """Facts about its fit."""
        return self.recommender.info

    def recommend(self, user_id: str, k: int = 10, *, now: int, **asked: Any) -> list[Recommendation]:
        """The list without ``now``."""
        return self.recommender.recommend(user_id, k, **asked)

    def predict_rating(self, user_id: str, item_id: str) -> float:
        """Stars, which do not depend on the time of the request."""
        return self.recommender.predict_rating(user_id, item_id)


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
        coverage, gini, novelty (bits), distance (within a list), repeats (share of things touched before), price (mean
        of the places) and brands (share that is shown to anybody) at the cutoff; NaN where the data does not tell.
    segments : dict of str to Interval
        NDCG per segment of users or items, such as "users:new", "items:cold" or "category:Home"; "items:cold-alone" is
        that of lists of cold items and nothing else: not whether one of them is wanted, but which.
    fit_seconds, p50_ms, p95_ms, peak_mb : float
    segment_values : dict of str to ndarray of shape (n_users,)
        The NDCG behind ``segments``, NaN for users outside, so that two models can be compared in pairs.
    ranked : ndarray of shape (n_users, k), optional
        The lists themselves: rows of ``Task.item_ids``, -1 as padding.
    star_errors : dict of str to ndarray of shape (n_ratings,)
        The squares behind "rmse" and the amounts behind "mae", in the order of ``Task.rated``.
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
    segment_values: Mapping[str, FloatVector] = field(default_factory=dict)
    ranked: Rows | None = None
    star_errors: Mapping[str, FloatVector] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """A split in rows, ready to judge lists against; ``rated`` holds the ratings for star forecasts.

    ``logged`` are places shown before the split, which models may learn from; see :meth:`HybridRecommender.fit`.
    ``histories`` are what users whom the training part does not know did before, one per user, oldest first.
    """

    split: Split
    events: Interactions
    catalogue: ItemCatalogue | None
    users: list[str]
    relevant: list[Rows]
    item_ids: list[str]
    item_counts: Rows
    user_counts: Rows
    asked_at: Rows
    rated: pd.DataFrame
    logged: pd.DataFrame | None = None
    histories: Sequence[Sequence[Event]] | None = None


def require_count(given: object, name: str) -> None:
    """Raise DataError for what is no whole number of at least 1."""
    if not is_number(given) or not isinstance(given, (int, np.integer)):
        raise DataError(f"{name} must be a whole number, not {shortened(given)}")
    if given < 1:
        raise DataError(f"{name} must be at least 1, not {shortened(given)}")


def check_places(k: int) -> None:
    """Raise DataError where lists to be judged cannot have ``k`` places."""
    require_count(k, "k")
    if k > MOST_PLACES:
        raise DataError(f"k must be at most {MOST_PLACES}, not {k}")


def judge_model(
    recommender: HybridRecommender,
    task: Task,
    *,
    k: int = 10,
    name: str = "",
    cold_alone: bool = True,
    progress: Progress = no_progress,
) -> ModelResult:
    """Fit one model on the task's training part and judge it; see :func:`judge_fitted`."""
    reset_peak()
    started = time.perf_counter()
    recommender.fit(task.events, task.catalogue, logged=task.logged, progress=progress)
    fit_seconds = time.perf_counter() - started
    name = name or recommender.strategy
    return judge_fitted(recommender, task, k=k, name=name, fit_seconds=fit_seconds, cold_alone=cold_alone)


def judge_fitted(
    recommender: Judged,
    task: Task,
    *,
    k: int = 10,
    name: str = "",
    fit_seconds: float = 0.0,
    cold_alone: bool = True,
) -> ModelResult:
    """Judge a model that was fitted on the task's training part.

    ``cold_alone`` has everybody who chose a cold item asked for once more, for a list that leaves all others out: the
    dearest of the figures, and NaN without.
    """
    ranked, times = _lists(recommender, task, k, range(len(task.users)))
    per_user = ranking_metrics(ranked, task.relevant, [k])
    metrics = {key: bootstrap_interval(values, BOOTSTRAP_ROUNDS) for key, values in per_user.items()}
    segments = segment_values(ranked, per_user[f"ndcg@{k}"], task, k)
    alone = _cold_alone(recommender, task, k, ranked) if cold_alone else np.full(len(task.users), np.nan)
    segments["items:cold-alone"] = alone
    star_metrics, star_errors = _star_figures(recommender, task)
    return ModelResult(
        name=name or recommender.strategy,
        per_user=per_user,
        metrics=metrics | star_metrics,
        lists=_list_figures(recommender, ranked, task, k),
        segments={name: bootstrap_interval(values, BOOTSTRAP_ROUNDS) for name, values in segments.items()},
        fit_seconds=fit_seconds,
        p50_ms=float(np.percentile(times, 50)),
        p95_ms=float(np.percentile(times, 95)),
        peak_mb=peak_mb(),
        info=recommender.info,
        segment_values=segments,
        ranked=ranked,
        star_errors=star_errors,
    )


def _list_figures(recommender: Judged, ranked: Rows, task: Task, k: int) -> dict[str, float]:
    """What the lists are like beyond being right."""
    n_items = len(task.item_ids)
    return {
        f"coverage@{k}": coverage(ranked, n_items, k),
        f"gini@{k}": gini(exposure(ranked, n_items, k)),
        f"novelty@{k}": mean(novelty(ranked, task.item_counts, task.events.n_users, k)),
        f"distance@{k}": _distance(recommender, ranked, task, k),
        f"repeats@{k}": _repeats(ranked, task),
        f"price@{k}": _price(ranked, task),
        f"brands@{k}": _brands(ranked, task),
    }


def _distance(recommender: Judged, ranked: Rows, task: Task, k: int) -> float:
    """Mean distance of the items within a list by their content; NaN where nothing describes them."""
    shown = np.unique(ranked[ranked >= 0])
    if not isinstance(recommender, HybridRecommender) or not len(shown):
        return float("nan")
    vectors = recommender.item_vectors([task.item_ids[row] for row in shown])
    if vectors is None:
        return float("nan")
    among_shown = np.where(ranked >= 0, np.searchsorted(shown, np.maximum(ranked, 0)), -1)
    return mean(intra_list_distance(among_shown, vectors, k))


def _repeats(ranked: Rows, task: Task) -> float:
    """Share of the places that hold something that the user had touched in training; NaN for empty lists."""
    n_items = len(task.item_ids)
    shown = ranked >= 0
    keys = (np.arange(len(task.users))[:, None] * n_items + ranked)[shown]
    numbers, rows = _touched(task)
    return float(np.isin(keys, numbers * n_items + rows).mean()) if len(keys) else float("nan")


def _touched(task: Task) -> tuple[Rows, Rows]:
    """Numbers of the test users and rows of the items that each is known to have touched, shape (n_pairs,) each."""
    events = task.events
    if task.histories is not None:
        own = [events.items.rows([event.item_id for event in history]) for history in task.histories]
        numbers = np.repeat(np.arange(len(own)), [len(rows) for rows in own])
        rows = np.concatenate([np.zeros(0, np.int64), *own])
    else:
        place = np.full(events.n_users, -1, dtype=np.int64)
        place[events.users.rows(task.users)] = np.arange(len(task.users))
        numbers, rows = place[events.user_rows], events.item_rows
    known = (numbers >= 0) & (rows >= 0)
    return numbers[known], rows[known]


def _price(ranked: Rows, task: Task) -> float:
    """Mean price of the places, in the unit of the catalogue; NaN where no price is known."""
    if task.catalogue is None:
        return float("nan")
    rows = task.catalogue.items.rows(task.item_ids)[ranked[ranked >= 0]]
    return mean(task.catalogue.prices[rows[rows >= 0]])


def _brands(ranked: Rows, task: Task) -> float:
    """Share of the brands of the items that somebody is shown; NaN where no brand is known."""
    if task.catalogue is None:
        return float("nan")
    rows = task.catalogue.items.rows(task.item_ids)
    brands = np.where(rows >= 0, task.catalogue.fields["brand"][np.maximum(rows, 0)], "").astype(str)
    there, shown = set(brands) - {""}, set(brands[np.unique(ranked[ranked >= 0])]) - {""}
    return len(shown) / len(there) if there else float("nan")


def _lists(
    recommender: Judged, task: Task, k: int, numbers: Sequence[int], exclude: Collection[str] = ()
) -> tuple[Rows, FloatVector]:
    """Ranked rows of the users with these numbers, -1 as padding and for the others, and milliseconds per request."""
    ranked = np.full((len(task.users), k), -1, dtype=np.int64)
    times = np.zeros(len(task.users))
    for number in numbers:
        user, now = task.users[number], int(task.asked_at[number])
        told = {} if task.histories is None else {"history": task.histories[number]}
        started = time.perf_counter()
        found = recommender.recommend(user, k, now=now, with_reasons=False, exclude=exclude, **told)
        times[number] = (time.perf_counter() - started) * 1000
        rows = task.events.items.rows([r.item_id for r in found])
        ranked[number, : len(rows)] = rows
    return ranked, times


def _star_figures(recommender: Judged, task: Task) -> tuple[dict[str, Interval], dict[str, FloatVector]]:
    """RMSE, MAE and calibration over the held-out ratings, for models that forecast stars, and the errors behind."""
    rated = task.rated
    if recommender.strategy not in STAR_MODELS:
        return {}, {}
    try:
        forecast = [recommender.predict_rating(u, i) for u, i in zip(rated["user_id"], rated["item_id"], strict=True)]
    except DataError:
        return {}, {}
    if not forecast:
        return {}, {}
    actual = rated["value"].to_numpy(dtype=np.float64)
    squared, absolute = squared_errors(forecast, actual), absolute_errors(forecast, actual)
    unsure, nan = calibration_error(forecast, actual), float("nan")
    metrics = {
        "rmse": bootstrap_interval(squared, BOOTSTRAP_ROUNDS, transform=np.sqrt),
        "mae": bootstrap_interval(absolute, BOOTSTRAP_ROUNDS),
        "calibration": Interval(unsure, nan, nan, len(forecast)),
    }
    return metrics, {"rmse": squared, "mae": absolute}


def segment_values(ranked: Rows, ndcg: FloatVector, task: Task, k: int) -> dict[str, FloatVector]:
    """NDCG for groups of users, and for the part of each user's truth that is cold, tail, head or of a category."""
    counts = task.user_counts
    users = {
        "users:new": counts <= NEW_USER_EVENTS,
        "users:light": (counts > NEW_USER_EVENTS) & (counts < HEAVY_USER_EVENTS),
        "users:heavy": counts >= HEAVY_USER_EVENTS,
    }
    values = {name: np.where(mask, ndcg, np.nan) for name, mask in users.items()}
    for name, mask in (_item_groups(task.item_counts) | _categories(task)).items():
        part = [rows[mask[rows]] for rows in task.relevant]
        values[name] = ranking_metrics(ranked, part, [k])[f"ndcg@{k}"]
    return values


def _cold_alone(recommender: Judged, task: Task, k: int, ranked: Rows) -> FloatVector:
    """NDCG of lists of cold items alone, shape (n_users,); NaN for those who chose none.

    ``ranked`` are the lists of all items, which are the same where all are cold. A shop's places for new things are
    filled in this order. Items that nobody touched are left out, as they cannot have been chosen in the test.

    References
    ----------
    Wang, Blei (2011), Collaborative Topic Modeling for Recommending Scientific Articles: "out-of-matrix" prediction, in
    which new things are ranked among themselves.
    """
    cold = task.item_counts <= COLD_ITEM_EVENTS
    wanted = [rows[cold[rows]] for rows in task.relevant]
    numbers = [number for number, rows in enumerate(wanted) if len(rows)]
    warm = {item for item, is_cold in zip(task.item_ids, cold, strict=True) if not is_cold}
    never_touched = set(task.catalogue.items).difference(task.item_ids) if task.catalogue is not None else set()
    left_out = frozenset(warm | never_touched)
    if left_out:
        ranked, _ = _lists(recommender, task, k, numbers, left_out)
    return ranking_metrics(ranked, wanted, [k])[f"ndcg@{k}"]


def _categories(task: Task) -> dict[str, BoolMask]:
    """Items of the top categories that are asked for most."""
    if task.catalogue is None:
        return {}
    rows = task.catalogue.items.rows(task.item_ids)
    paths = np.where(rows >= 0, task.catalogue.fields["category"][np.maximum(rows, 0)], "").astype(str)
    tops = np.array([path.split(">")[0].strip() for path in paths], dtype=object)
    wanted = np.concatenate([np.zeros(0, np.int64), *task.relevant])
    names, counts = np.unique(tops[wanted].astype(str), return_counts=True)
    most = [name for _, name in sorted(zip((-counts).tolist(), names.tolist(), strict=True)) if name]
    return {f"category:{name}": tops == name for name in most[:TOP_CATEGORIES]}


def _item_groups(item_counts: Rows) -> dict[str, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Cold items, the most-wanted fifth (head) and the others (tail)."""
    order = np.argsort(-item_counts, kind="stable")
    head = np.zeros(len(item_counts), dtype=bool)
    head[order[: max(1, int(len(order) * HEAD_SHARE))]] = True
    return {"items:cold": item_counts <= COLD_ITEM_EVENTS, "items:tail": ~head, "items:head": head}


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
