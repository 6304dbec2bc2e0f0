"""The nightly step without a shop: split, evaluate, pass the gate, refit on everything."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recommender import gate
from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.data.weights import EventWeights
from recommender.errors import DataError
from recommender.evaluation import make_split, peak_mb
from recommender.features.combine import Networks
from recommender.fitting.fit import specs_for
from recommender.gate import Check, GateReport, metrics_json
from recommender.hybrid import HybridRecommender
from recommender.parameters import Parameters
from recommender.training.rehearsal import Around, Rehearsal, recommender_from, rehearse
from recommender.tuning import STUDIES, Budget, TuneResult, in_words, training_part, tune
from recommender.types import Progress, no_progress


@dataclass(frozen=True)
class Search:
    """A search for better parameters before the training, on the part of the log that the gate does not judge by.

    Attributes
    ----------
    budget : Budget
    trials : Path or None
        File that keeps every trial.
    """

    budget: Budget
    trials: Path | None = None


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
        Of the whole training; megabytes are NaN where the system does not tell.
    n_events, n_users, n_items : int
    notes : dict
        What was mended in the data and which sources were left out.
    tuned : TuneResult or None
        What a search before the training found.
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
    tuned: TuneResult | None = None


def train(
    events: pd.DataFrame,
    items: pd.DataFrame | None = None,
    *,
    strategy: str = "hybrid",
    random_state: int = 0,
    settings: Mapping[str, Any] | None = None,
    live_params: Mapping[str, Any] | None = None,
    with_evaluation: bool = True,
    around: Around | None = None,
    search: Search | None = None,
    progress: Progress = no_progress,
) -> TrainResult:
    """Search parameters if asked to, evaluate on a time split, judge, and refit on every row.

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
    around : Around, optional
        What the gate should know beside the data; its ``logged`` teaches the order, too.
    search : Search, optional
        Look for better parameters than those of ``settings`` first. A log too short to search in is trained as it is,
        which a note of the report says.
    progress : callable

    Raises
    ------
    DataError
        When there is nothing to learn from, the strategy is none, or a named encoder cannot be opened.
    """
    started = time.perf_counter()
    params: dict[str, Any] = {"strategy": strategy, "random_state": random_state, **(settings or {})}
    around = around or Around()
    # What is wrong with a name is said before anything is fitted.
    specs_for(strategy, {})
    networks = Networks.open(params.get("text_encoder", ""), params.get("image_encoder", ""))
    log = Interactions.from_frame(events)
    catalogue = ItemCatalogue.from_frame(items) if items is not None else None
    read = log.to_frame()  # split, search and star check see the times that the fit sees
    tuned, told = _searched(read, items, params, networks, search, progress) if search is not None else (None, "")
    if tuned is not None:
        params |= _plain(tuned.parameters.settings_for(strategy))
    searched_mb, rehearsal = peak_mb(), Rehearsal(None, _first_model())
    if with_evaluation:
        rehearsal = rehearse(read, items, params, live_params, around, progress)
    progress("fit on all data", 0.0)
    model = recommender_from(params).fit(log, catalogue, logged=around.logged, progress=progress)
    report = rehearsal.gate
    if with_evaluation:
        progress("gate", 0.0)
        report = report.joined(_last_checks(model, log, catalogue, around, is_refused=not report.passed))
        report = report.joined(gate.unjudged_points(report))
    if told:
        report = report.joined([gate.note("search for parameters", told)])
    metrics = metrics_json(rehearsal.evaluation) if rehearsal.evaluation else {}
    if with_evaluation:
        model.model_.info["judged"] = {"metrics": metrics, "gate": report.to_json()}
    return TrainResult(
        model=model,
        params=params,
        metrics=metrics,
        gate=report,
        seconds=time.perf_counter() - started,
        peak_mb=_highest(searched_mb, rehearsal, peak_mb()),
        n_events=len(log),
        n_users=log.n_users,
        n_items=len(model.item_ids),
        notes={"data": model.info["data"]["repairs"], "skipped": model.info["skipped"]},
        tuned=tuned,
    )


def _searched(
    events: pd.DataFrame,
    items: pd.DataFrame | None,
    params: Mapping[str, Any],
    networks: Networks,
    search: Search,
    progress: Progress,
) -> tuple[TuneResult | None, str]:
    """What a search finds on the events from before the gate's test, and in words; None where the log is too short."""
    blend, extras = specs_for(params["strategy"], {})
    weights = params.get("weights")
    start = Parameters(
        {name: dict(own) for name, own in params.get("source_params", {}).items()},
        EventWeights.from_dict(weights) if isinstance(weights, Mapping) else weights,
    )
    try:
        found = tune(
            training_part(events, make_split(events, "time", first_only=False)),
            items,
            studies=[name for name in STUDIES if name == "weights" or name in blend or name in extras],
            budget=search.budget,
            start=start,
            random_state=params["random_state"],
            learn_weights=params.get("learn_weights", True),
            networks=networks,
            trials=search.trials,
            progress=progress,
        )
    except DataError as error:
        return None, f"no search: {error}"
    return found, _told(found)


def _highest(before: float, rehearsal: Rehearsal, after: float) -> float:
    """The peak of the whole training: each model of the rehearsal measures its own anew."""
    judged = [one.peak_mb for one in rehearsal.evaluation.results.values()] if rehearsal.evaluation else []
    return float(np.fmax.reduce([before, *judged, after]))


def _told(tuned: TuneResult) -> str:
    n_trials = sum(one.n_trials for one in tuned.found.values())
    taken = [f"{name} {' -> '.join(in_words(name, one))}" for name, one in tuned.found.items() if one.is_taken]
    return f"{n_trials} trials in {tuned.seconds:.0f} s; taken: {', '.join(taken) or 'nothing'}"


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in the form that is kept as JSON."""
    return {name: value.to_dict() if isinstance(value, EventWeights) else value for name, value in settings.items()}


def _first_model() -> GateReport:
    return GateReport((Check("first model", True, "nothing was live before, so nothing was compared"),))


def _last_checks(
    model: HybridRecommender, log: Interactions, catalogue: ItemCatalogue | None, around: Around, *, is_refused: bool
) -> list[Check]:
    """Checks of the log and of the model itself; one that is refused already is not saved to be looked at."""
    described = catalogue.items if catalogue is not None else None
    checks = gate.check_data(gate.LogFacts(log, around.now, around.rows_before, described))
    if is_refused:
        return checks
    return [*checks, *gate.check_integrity(model, described), gate.check_policy(model, around.may_be_known)]
