"""Runs told to an MLflow server or database, where ``MLFLOW_TRACKING_URI`` names one; else nothing is imported."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from recommender import artifacts, modelcard
from recommender.errors import RecommenderError
from recommender.evaluation import Evaluation
from recommender.gate import metrics_json
from recommender.hybrid import HybridRecommender
from recommender.training.nightly import TrainResult
from recommender.tuning import TuneResult

URI = "MLFLOW_TRACKING_URI"
EXPERIMENT = "MLFLOW_EXPERIMENT_NAME"
DEFAULT_EXPERIMENT = "kindred"
# Left to itself the client asks a server that is away for four minutes.
PATIENCE = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
# A database that is away it asks for an hour, whatever these settings say.
PATIENCE_SECONDS = 120.0


class TrackingError(RecommenderError):
    """The run could not be told; nothing else is lost by that."""


@dataclass(frozen=True)
class Run:
    """What is told of a run.

    Attributes
    ----------
    name : str
    params : dict of str to any
        Nested mappings are told with dots between the names.
    metrics : dict of str to float
    texts : dict of str to str
        Files by name.
    tags : dict of str to str
    """

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def is_wanted() -> bool:
    """Whether runs are to be told."""
    return bool(os.environ.get(URI))


def track(run: Run) -> str | None:
    """Tell a run; returns its id there, None when nobody wants to know.

    Raises
    ------
    TrackingError
        When MLflow is not installed, or its server does not take the run.
    """
    if not is_wanted():
        return None
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    try:
        import mlflow
    except ImportError as error:
        raise TrackingError(f"{URI} is set, but MLflow is missing: install requirements-tracking.txt") from error
    told = list[str | Exception]()
    thread = Thread(target=lambda: told.append(_told(mlflow, run)), name="tracking", daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    found = told[0] if told else TimeoutError(f"no answer within {PATIENCE_SECONDS:g} s")
    if isinstance(found, Exception):
        place = re.sub("//[^/@]*@", "//", os.environ[URI])  # a password may stand there
        raise TrackingError(f"MLflow at {place} did not take the run: {found}") from found
    return found


def _told(mlflow: Any, run: Run) -> str | Exception:
    """The id of a run that MLflow was told of, or why it was not."""
    try:
        mlflow.set_experiment(os.environ.get(EXPERIMENT) or DEFAULT_EXPERIMENT)
        with mlflow.start_run(run_name=run.name, tags=dict(run.tags)) as started:
            mlflow.log_params(dict(_flat(run.params)))
            mlflow.log_metrics({_metric_name(name): float(v) for name, v in run.metrics.items() if math.isfinite(v)})
            for name, text in run.texts.items():
                mlflow.log_text(text, name)
    except Exception as error:  # each kind of place raises what its own client does: a driver that is missing, too
        return error
    run_id: str = started.info.run_id
    return run_id


def of_training(result: TrainResult, name: str) -> Run:
    """A nightly training: parameters, figures of every judged model, the verdict and the model card."""
    facts = {"seconds": result.seconds, "peak_mb": result.peak_mb, "events": result.n_events, "users": result.n_users}
    return Run(
        name,
        result.params,
        {**_figures(result.metrics), **facts, "items": result.n_items},
        {artifacts.CARD: modelcard.model_card(result.model.model_)},
        {"gate": "passed" if result.gate.passed else "refused"},
    )


def of_model(model: HybridRecommender, name: str) -> Run:
    """A model fitted on files."""
    info = model.info
    facts = {f"n_{what}": float(info[f"n_{what}"]) for what in ("events", "users", "items")}
    params = {**model.get_params(), "weights": model.model_.weights.to_dict()}
    card = {artifacts.CARD: modelcard.model_card(model.model_)}
    return Run(name, params, {**facts, "seconds": info["fit_seconds"]}, card)


def of_evaluation(found: Evaluation, name: str) -> Run:
    """Models judged on a held-out part of the events."""
    params = {"split": found.split, "unit": found.unit, "k": found.k, "users": len(found.users)}
    return Run(name, params, _figures(metrics_json(found)))


def of_search(found: TuneResult, name: str) -> Run:
    """A search for parameters: what it found, and whether that was sure enough to be taken."""
    figures = {f"{study}/{what}": float(getattr(one, what)) for study, one in found.found.items() for what in _SEARCHED}
    params = {"found": {study: one.params for study, one in found.found.items()}}
    taken = ", ".join(found.parameters.about.get("taken", [])) or "nothing"
    return Run(name, params, {**figures, "seconds": found.seconds}, tags={"taken": taken})


_SEARCHED = ("score", "start_score", "sureness", "n_trials")


def _figures(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {f"{model}/{name}": value for model, values in metrics.items() for name, value in values.items()}


def _metric_name(name: str) -> str:
    """A name that MLflow takes: one sign that it does not, and it takes nothing of the run."""
    return re.sub(r"[^\w.\- :/]", "", name.replace("@", "_at_").replace("+", "_with_"))


def _flat(params: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in params.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
