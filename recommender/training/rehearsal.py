"""The rehearsal of a training on the earlier part of the log: candidate, baselines and live parameters side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from recommender import gate
from recommender.data.impressions import clean_logged
from recommender.data.validation import require_columns
from recommender.data.weights import EventWeights
from recommender.errors import DataError
from recommender.evaluation import Evaluation, Task, judge_fitted, judge_model, make_split, make_task, ratings_of
from recommender.evaluation.judging import ModelResult
from recommender.evaluation.offpolicy import logged_value
from recommender.evaluation.splits import Split
from recommender.gate import BASELINES, Check, GateReport
from recommender.hybrid import HybridRecommender
from recommender.types import Progress

LIVE = "live"
MAX_JUDGED_USERS = 2_000
MAX_JUDGED_RATINGS = 2_000


@dataclass(frozen=True)
class Around:
    """What the gate should know beside events and catalogue.

    Attributes
    ----------
    now : int or None
        Time of the training, UTC seconds.
    rows_before : int or None
        Rows that the training before this one learned from.
    may_be_known : collection of str or None
        Ids of the people whom a model may hold; None: everybody.
    logged : DataFrame or None
        Places shown, as :func:`clean_logged` takes them, with ``timestamp``. The order is learned from them, too; the
        rehearsal learns from those before its split and is judged by those since.
    """

    now: int | None = None
    rows_before: int | None = None
    may_be_known: Collection[str] | None = None
    logged: pd.DataFrame | None = None


@dataclass(frozen=True)
class Rehearsal:
    """What was seen, None for a log too short to be split, and the verdict so far."""

    evaluation: Evaluation | None
    gate: GateReport


def recommender_from(params: Mapping[str, Any]) -> HybridRecommender:
    """An unfitted recommender from the JSON form of its parameters."""
    given = dict(params)
    if isinstance(given.get("weights"), Mapping):
        given["weights"] = EventWeights.from_dict(given["weights"])
    try:
        return HybridRecommender(**given)
    except TypeError as error:
        raise DataError(f"these parameters make no recommender: {error}") from error


def rehearse(
    events: pd.DataFrame,
    items: pd.DataFrame | None,
    params: dict[str, Any],
    live_params: Mapping[str, Any] | None,
    around: Around,
    progress: Progress,
) -> Rehearsal:
    """Judge candidate, baselines and live parameters on one time split; too short a log fails the gate by itself."""
    try:
        split = make_split(events, "time", first_only=False)
    except DataError as error:
        return Rehearsal(None, GateReport((Check("time split", False, str(error)),)))
    before, since = _parted(around.logged, split)
    task = make_task(split, items, max_users=MAX_JUDGED_USERS, rated=_rated_later(events, split))
    task = replace(task, logged=before)
    stage = _Stage(task, params, live_params, progress)
    evaluation = stage.evaluation()
    report = gate.judge(evaluation, stage.candidate, LIVE, is_live_provisional=_is_provisional(live_params, params))
    own, live = evaluation.results.get(stage.candidate), evaluation.results.get(LIVE)
    if own is not None and live is not None:
        report = report.joined(gate.personas(own, live, task))
    if stage.fitted is not None and since is not None:
        report = report.joined(_logged(stage.fitted, since, split, events))
    return Rehearsal(evaluation, report)


def _is_provisional(live: Mapping[str, Any] | None, params: Mapping[str, Any]) -> bool:
    """Whether a model made in the shorter way is to be followed by a whole one."""
    return (live or {}).get("effort") == "quick" and params.get("effort", "full") == "full"


def _rated_later(events: pd.DataFrame, split: Split) -> pd.DataFrame:
    """Ratings since the split by people and of things that training knows: stars mostly follow a purchase or a view."""
    rated = ratings_of(events[events["timestamp"] >= split.cut])
    known = [rated[name].isin(split.train[name].unique()) for name in ("user_id", "item_id")]
    return rated[known[0] & known[1]].head(MAX_JUDGED_RATINGS)


def _parted(logged: pd.DataFrame | None, split: Split) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Places shown before the split, and those since."""
    if logged is None:
        return None, None
    require_columns(logged, ("timestamp",))
    rows = clean_logged(logged)
    is_before = rows["timestamp"] < (split.cut or 0)
    return rows[is_before], rows[~is_before]


def _logged(candidate: HybridRecommender, since: pd.DataFrame, split: Split, events: pd.DataFrame) -> Iterator[Check]:
    """The candidate on what was shown since the split; of each user it is told what the live model was told by then."""
    if len(since):
        later = events[events["timestamp"] >= split.cut]
        yield gate.check_logged(logged_value(candidate, since, now=split.cut or 0, later=later))


class _Stage:
    """Everybody who is judged, on one task. What the candidate has fitted already is not fitted again."""

    def __init__(
        self,
        task: Task,
        params: Mapping[str, Any],
        live_params: Mapping[str, Any] | None,
        progress: Progress,
    ) -> None:
        self.task, self.params, self.live_params, self.progress = task, dict(params), live_params, progress
        self.candidate = str(params["strategy"])
        self.fitted: HybridRecommender | None = None
        self.results: dict[str, ModelResult] = {}
        self.failed: dict[str, str] = {}

    def evaluation(self) -> Evaluation:
        """Judge the candidate, then the baselines, then what is live."""
        self._judge(self.candidate, self.params, 0.0)
        for number, name in enumerate(name for name in BASELINES if name != self.candidate):
            self._judge_baseline(name, 0.4 + 0.1 * number)
        if self.live_params is not None:
            self._judge_live(self.live_params)
        sizes = len(self.task.split.train), len(self.task.split.test), len(self.task.item_ids)
        return Evaluation("time", "event", 10, self.task.users, *sizes, self.results, self.failed)

    def _judge(self, name: str, params: Mapping[str, Any], done: float) -> HybridRecommender | None:
        self.progress(f"evaluate {name}", done)
        try:
            recommender = recommender_from(params)
            cold_alone = name in (self.candidate, LIVE)  # no check looks at those of a baseline
            self.results[name] = judge_model(
                recommender, self.task, name=name, cold_alone=cold_alone, progress=self._within(name)
            )
        except DataError as error:
            self.failed[name] = str(error)
            return None
        if name == self.candidate:
            self.fitted = recommender
        return recommender

    def _within(self, name: str) -> Progress:
        """Tell what the fit of a model that is judged is at: that of a blend takes most of a training's time."""
        return lambda stage, done: self.progress(f"evaluate {name}: {stage}", done)

    def _judge_baseline(self, name: str, done: float) -> None:
        try:
            source = self.fitted.asking(name) if self.fitted is not None else None
        except DataError:
            source = None
        if source is None:
            self._judge(name, {"strategy": name}, done)
            return
        self.progress(f"evaluate {name}", done)
        self.results[name] = judge_fitted(source, self.task, name=name, cold_alone=False)

    def _judge_live(self, live_params: Mapping[str, Any]) -> None:
        if dict(live_params) != self.params:
            self._judge(LIVE, live_params, 0.9)
        elif self.candidate in self.results:
            self.results[LIVE] = self.results[self.candidate]
