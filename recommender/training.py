"""The nightly step without a shop: split, evaluate, pass the gate, refit on everything."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from recommender.catalogue import ItemCatalogue
from recommender.errors import DataError
from recommender.evaluation import (
    Evaluation,
    ModelResult,
    judge_model,
    make_split,
    make_task,
    peak_mb,
)
from recommender.gate import BASELINES, Check, GateReport, judge, metrics_json
from recommender.hybrid import HybridRecommender
from recommender.interactions import Interactions
from recommender.types import Progress, no_progress
from recommender.weights import EventWeights

LIVE = "live"
MAX_JUDGED_USERS = 2_000


@dataclass(frozen=True)
class TrainResult:
    """A model fitted on all data, and what its like showed on the held-out end of the log.

    Attributes
    ----------
    model : HybridRecommender
        Not published yet: that is for the caller, if ``gate.passed``.
    params : dict
        What makes the same model again; hand it to the next :func:`train` as ``live_params``.
    metrics : dict of str to dict of str to float
        Per judged model.
    gate : GateReport
    seconds, peak_mb : float
    n_events, n_users, n_items : int
    """

    model: HybridRecommender
    params: dict[str, Any]
    metrics: dict[str, dict[str, float]]
    gate: GateReport
    seconds: float
    peak_mb: float
    n_events: int
    n_users: int
    n_items: int
    notes: dict[str, Any] = field(default_factory=dict)


def train(
    events: pd.DataFrame,
    items: pd.DataFrame | None = None,
    *,
    strategy: str = "hybrid",
    random_state: int = 0,
    settings: Mapping[str, Any] | None = None,
    live_params: Mapping[str, Any] | None = None,
    with_evaluation: bool = True,
    progress: Progress = no_progress,
) -> TrainResult:
    """Evaluate on a time split, judge, and refit on every row.

    Parameters
    ----------
    events, items : DataFrame
        As for :class:`Interactions` and :class:`ItemCatalogue`.
    strategy : str
    random_state : int
    settings : mapping, optional
        Further parameters of :class:`HybridRecommender`, such as ``effort`` or ``source_params``.
    live_params : mapping, optional
        ``TrainResult.params`` of the model now live; they are refitted on the same split and the gate compares.
    with_evaluation : bool
        False for a first start: nothing is live that could be made worse, and people are waiting.
    progress : callable

    Raises
    ------
    DataError
        When there is nothing to learn from.
    """
    started = time.perf_counter()
    params: dict[str, Any] = {"strategy": strategy, "random_state": random_state, **(settings or {})}
    evaluation: Evaluation | None = None
    if with_evaluation:
        evaluation, gate = _evaluated(events, items, params, live_params, progress)
    else:
        gate = GateReport((Check("first model", True, "nothing was live before, so nothing was compared"),))
    progress("fit on all data", 0.0)
    log = Interactions.from_frame(events)
    catalogue = ItemCatalogue.from_frame(items) if items is not None else None
    model = recommender_from(params).fit(log, catalogue, progress=progress)
    return TrainResult(
        model=model,
        params=params,
        metrics=metrics_json(evaluation) if evaluation else {},
        gate=gate,
        seconds=time.perf_counter() - started,
        peak_mb=peak_mb(),
        n_events=len(log),
        n_users=log.n_users,
        n_items=len(model.item_ids),
        notes={"data": log.report.repairs, "skipped": model.info["skipped"]},
    )


def recommender_from(params: Mapping[str, Any]) -> HybridRecommender:
    """An unfitted recommender from the JSON form of its parameters."""
    given = dict(params)
    if isinstance(given.get("weights"), Mapping):
        given["weights"] = EventWeights.from_dict(given["weights"])
    try:
        return HybridRecommender(**given)
    except TypeError as error:
        raise DataError(f"these parameters make no recommender: {error}") from error


def _evaluated(
    events: pd.DataFrame,
    items: pd.DataFrame | None,
    params: Mapping[str, Any],
    live_params: Mapping[str, Any] | None,
    progress: Progress,
) -> tuple[Evaluation | None, GateReport]:
    """Judge candidate, baselines and live parameters on one time split; too short a log fails the gate by itself."""
    try:
        split = make_split(events, "time")
    except DataError as error:
        return None, GateReport((Check("time split", False, str(error)),))
    task = make_task(split, items, max_users=MAX_JUDGED_USERS)
    candidate = str(params["strategy"])
    recommenders = {name: HybridRecommender(strategy=name) for name in BASELINES if name != candidate}
    recommenders[candidate] = recommender_from(params)
    results: dict[str, ModelResult] = {}
    failed: dict[str, str] = {}
    compare_live = live_params is not None and dict(live_params) != dict(params)
    if live_params is not None and compare_live:
        try:
            recommenders[LIVE] = recommender_from(live_params)
        except DataError as error:  # of another version of this code
            failed[LIVE] = str(error)
    for number, (name, recommender) in enumerate(recommenders.items()):
        progress(f"evaluate {name}", number / len(recommenders))
        try:
            results[name] = judge_model(recommender, task, name=name)
        except DataError as error:
            failed[name] = str(error)
    if live_params is not None and not compare_live and candidate in results:
        results[LIVE] = results[candidate]
    evaluation = Evaluation(
        "time", "event", 10, task.users, len(split.train), len(split.test), len(task.item_ids), results, failed
    )
    return evaluation, judge(evaluation, candidate, LIVE)
