"""Judging models on a log of shown places: what each would have earned there."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recommender.data.catalogue import ItemCatalogue
from recommender.data.impressions import LOGGED_COLUMNS, REWARDS, clean_logged
from recommender.data.interactions import Interactions
from recommender.data.roworder import is_clock
from recommender.errors import DataError
from recommender.evaluation.models import named_recommender
from recommender.evaluation.offpolicy import LoggedValue, logged_value
from recommender.fitting.fit import check_models
from recommender.metrics import PolicyValue, snips
from recommender.readers.files import read_chunks
from recommender.types import Progress, no_progress

NEEDED = (*(name for name in LOGGED_COLUMNS if name != "request_id"), "timestamp")


@dataclass(frozen=True)
class LoggedEvaluation:
    """What models would have earned in the requests of a log.

    Attributes
    ----------
    shown : PolicyValue
        What was earned a place that chance filled, with its own 95 % interval.
    n_train : int
        Events from before the log, which the models were fitted on.
    since : int
        Begin of the log, UTC seconds.
    n_requests, n_chance : int
        Requests judged, and their places that were left to chance.
    results : dict of str to LoggedValue
    fit_seconds : dict of str to float
    failed : dict of str to str
        Models that the data could not feed, with the reason.
    """

    shown: PolicyValue
    n_train: int
    since: int
    n_requests: int
    n_chance: int
    results: dict[str, LoggedValue]
    fit_seconds: dict[str, float]
    failed: dict[str, str]


def read_logged(path: Path) -> pd.DataFrame:
    """Read shown places from CSV, gzipped CSV, JSON lines or Parquet.

    Columns ``user_id``, ``item_id``, ``timestamp`` (UTC seconds), ``position`` (from 1), ``propensity`` (probability
    with which the place held the item) and ``clicked`` (0 or 1) or ``reward`` (a number); optional ``request_id``.
    Without it what was shown to one user in one second is one request. Further columns are ignored.

    Raises
    ------
    DataError
        Naming the file and what is wrong with it, as :func:`clean_logged`.
    """
    chunks = list(read_chunks(path))
    if not any(len(chunk.frame) or len(chunk.rejects) for chunk in chunks):
        raise DataError(f"{path}: the file holds no rows")
    rejects = pd.concat([chunk.rejects for chunk in chunks])
    if len(rejects):
        first = rejects.iloc[0]
        raise DataError(f"{path}: row {first['row']} cannot be read: {first['reason']}")
    frame = pd.concat([chunk.frame for chunk in chunks], ignore_index=True)
    missing = [name for name in NEEDED if name not in frame.columns]
    if not any(name in frame.columns for name in REWARDS):
        missing.append(" or ".join(REWARDS))
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; the file has {', '.join(map(str, frame.columns))}")
    try:
        return clean_logged(frame)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def require_clock(events: Interactions) -> None:
    """Raise DataError for events without times: nothing tells which of them came before a shown place."""
    if not is_clock(events.timestamps):
        raise DataError(
            "column 'timestamp' of the events: no UTC seconds, so nothing tells what came before the shown places"
        )


def evaluate_logged(
    events: pd.DataFrame,
    items: pd.DataFrame | None,
    logged: pd.DataFrame,
    *,
    models: Sequence[str],
    random_state: int = 0,
    params: Mapping[str, Mapping[str, Any]] | None = None,
    progress: Progress = no_progress,
) -> LoggedEvaluation:
    """Fit models on what happened before a log of shown places, and estimate what their lists would have earned in it.

    Before each request a model is told what its user had done by then; nothing of it is fitted.

    Parameters
    ----------
    events : DataFrame
        As :meth:`Interactions.from_frame` takes them.
    items : DataFrame, optional
    logged : DataFrame
        As :func:`read_logged` gives it.
    models : sequence of str
        Names of strategies.
    random_state : int
    params : mapping, optional
        Keywords of :class:`HybridRecommender` per model.

    Raises
    ------
    DataError
        For an unknown strategy, when no place was left to chance, the events have no times, or nothing happened before
        the log.
    """
    if not (logged["propensity"] < 1).any():
        raise DataError(
            "every place of the log has a propensity of 1: where nothing was left to chance, nothing can be said of "
            "what else might have been shown"
        )
    check_models(models)
    log = Interactions.from_frame(events)
    require_clock(log)
    events, since = log.to_frame(), int(logged["timestamp"].min())
    before, later = events[events["timestamp"] < since], events[events["timestamp"] >= since]
    if not len(before):
        raise DataError(
            f"no event is older than the first row of the log (timestamp {since}): nothing to fit models on"
        )
    training = Interactions.from_frame(before, keep_times=True)
    catalogue = ItemCatalogue.from_frame(items) if items is not None else None
    results: dict[str, LoggedValue] = {}
    seconds: dict[str, float] = {}
    failed: dict[str, str] = {}
    for number, name in enumerate(models):
        progress(name, number / len(models))
        began = time.perf_counter()
        try:
            model = named_recommender(name, random_state, (params or {}).get(name, {})).fit(training, catalogue)
        except DataError as error:
            failed[name] = str(error)
            continue
        seconds[name] = time.perf_counter() - began
        results[name] = logged_value(model, logged, now=since, later=later, everything=True)
    chance = logged[logged["propensity"] < 1]
    even = np.ones(len(chance))
    shown = snips(chance["reward"], even, even, groups=chance["user_id"])
    n_requests = logged["request_id"].nunique()
    return LoggedEvaluation(shown, len(training), since, n_requests, len(chance), results, seconds, failed)
