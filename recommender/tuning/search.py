"""A bounded search for parameters, source by source, on the end of the training part."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from recommender.arrays.onethread import one_thread
from recommender.base import SourceUnavailableError
from recommender.data.weights import EventWeights
from recommender.errors import DataError
from recommender.evaluation import SplitName
from recommender.features.combine import BUILT_IN, Networks
from recommender.metrics import paired_bootstrap
from recommender.parameters import Parameters
from recommender.sources import SOURCES
from recommender.tuning.judges import WEIGHT_JUDGES, Ground, Validation, checksum, weight_values
from recommender.tuning.spaces import SPACES, STUDIES, WEIGHTS, Range, start_of, weight_space, weights_with
from recommender.tuning.trials import Trial, TrialLog
from recommender.types import FloatVector, Progress, no_progress

DEFAULT_TRIALS = 30
# A find is taken when it is ahead in so many of the resamples: the best of many tries looks good by luck, too.
SURE = 0.9
SEEDS = 2**32  # so many there are for NumPy's older generators
Params = dict[str, Any]
Judge = Callable[[Params], FloatVector]


@dataclass(frozen=True)
class Budget:
    """How long a search may go on.

    Attributes
    ----------
    trials : int
        Most trials per source, those of an earlier run included; 0 for no bound of this kind.
    seconds : float
        Most seconds altogether, shared among the sources; 0 for no bound of this kind. A trial that has begun is ended;
        a source whose turn comes later is left out.
    """

    trials: int = DEFAULT_TRIALS
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.trials < 0 or not 0 <= self.seconds < inf or not (self.trials or self.seconds):
            raise DataError("a search needs a bound: trials or seconds above 0")


@dataclass(frozen=True)
class Found:
    """What the search of one source came to.

    Attributes
    ----------
    score, start_score : float
        NDCG at the cutoff, or for stars the negative mean squared error; of the best trial and of the start.
    sureness : float
        Share of the resamples of the judged cases in which the best is ahead of the start.
    is_taken : bool
        Whether the best is sure enough to replace the start.
    """

    params: dict[str, Any]
    score: float
    start_score: float
    sureness: float
    n_trials: int
    is_taken: bool


@dataclass(frozen=True)
class TuneResult:
    """Parameters to hand on, with what every search found and why some could not be made."""

    parameters: Parameters
    found: dict[str, Found]
    left_out: dict[str, str]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """JSON form, without the parameters."""
        found = {name: asdict(one) for name, one in self.found.items()}
        return {"found": found, "left_out": self.left_out, "seconds": round(self.seconds, 1)}


def tune(
    train: pd.DataFrame,
    items: pd.DataFrame | None = None,
    *,
    studies: Sequence[str] = STUDIES,
    budget: Budget | None = None,
    start: Parameters | None = None,
    split: SplitName = "time",
    k: int = 10,
    random_state: int = 0,
    learn_weights: bool = True,
    networks: Networks = BUILT_IN,
    trials: Path | None = None,
    progress: Progress = no_progress,
) -> TuneResult:
    """Search parameters with a tree-structured Parzen estimator.

    The weights of the events are sought first, then each source by itself under the weights that were taken. What is
    not surely better than the start is not taken.

    Parameters
    ----------
    train : DataFrame
        Events of the training part alone: the end of it is held back to judge by. Repeats may stand in it.
    items : DataFrame, optional
    studies : sequence of str
        Names of sources, and "weights".
    budget : Budget, optional
    start : Parameters, optional
        Where the search starts, such as the parameters that are live.
    split : {"time", "last-one", "random"}
        How the judged part is held back.
    k, random_state : int
    learn_weights : bool
        Whether the fits to come learn what each kind of event is worth, as :class:`HybridRecommender` does by itself.
    networks : Networks
        Pretrained encoders that the fits to come describe the items with.
    trials : Path, optional
        File of all trials, one JSON line each; what it already holds about these data is not tried again.
    progress : callable

    Raises
    ------
    DataError
        For an unknown study, or when the training part is too short.

    References
    ----------
    Bergstra, Bardenet, Bengio, Kégl (2011), Algorithms for Hyper-Parameter Optimization; Optuna (Akiba et al. 2019).
    """
    began, start, budget = time.monotonic(), start or Parameters(), budget or Budget()
    unknown = [name for name in studies if name not in STUDIES]
    if unknown:
        raise DataError(f"there is no search for {unknown[0]!r}; known are {', '.join(STUDIES)}")
    # As a fit does it. With two threads on two busy cores a search took seven times as long.
    with one_thread, threadpool_limits(1, "blas"):
        validation = Validation(
            train, items, split=split, k=k, seed=random_state, learns_weights=learn_weights, networks=networks
        )
        search = _Search(TrialLog.open(trials), budget, began, len(set(studies)), random_state, progress)
        return _searched(search, validation, start, studies)


def _searched(search: _Search, validation: Validation, start: Parameters, studies: Sequence[str]) -> TuneResult:
    """What is found for the weights first, then for each source under them."""
    weights = start.weights or EventWeights()
    if WEIGHTS in studies and search.has_time_for(WEIGHTS):
        weights = _weights(search, validation, start, weights)
    ground = validation.under(weights)
    for name in (name for name in SPACES if name in studies):
        if search.has_time_for(name):
            _source(search, ground, name, start.source_params.get(name, {}))
    return search.result(start, weights)


def _weights(search: _Search, validation: Validation, start: Parameters, weights: EventWeights) -> EventWeights:
    """The event weights to go on with."""

    def judge(kinds: Params) -> FloatVector:
        return weight_values(validation, weights_with(weights, kinds), start.source_params)

    space, learned = weight_space(validation.kinds), validation.learned(weights)
    begin = {kind: float(learned.kinds.get(kind, 0.0)) for kind in space}
    fixed = {kind: weight for kind, weight in learned.kinds.items() if kind not in space}
    judged_with = {name: start.source_params.get(name, {}) for name in WEIGHT_JUDGES}
    base = checksum([validation.base, fixed, weights.stars, judged_with])
    found = search.study(WEIGHTS, base, space, begin, judge)
    return weights_with(weights, found.params) if found is not None and found.is_taken else weights


def _source(search: _Search, ground: Ground, name: str, given: Mapping[str, Any]) -> None:
    """Search one source from what is given, or from what a fit would take for this log where nothing is."""
    begin = given or ground.suited(name)
    fixed = {key: value for key, value in begin.items() if key not in SPACES[name]}

    def judge(params: Params) -> FloatVector:
        return ground.values(name, {**begin, **params})

    found = search.study(name, checksum([ground.base, fixed]), SPACES[name], start_of(name, begin), judge)
    if found is not None:
        search.found[name] = replace(found, params={**begin, **found.params})


class _Search:
    """The searches of one run: they share a file, the time and what was found so far."""

    def __init__(
        self, log: TrialLog, budget: Budget, began: float, n_studies: int, seed: int, progress: Progress
    ) -> None:
        self.log, self.budget, self.began, self.seed, self.progress = log, budget, began, seed, progress
        self.left = n_studies
        self.found: dict[str, Found] = {}
        self.left_out: dict[str, str] = {}

    def has_time_for(self, name: str) -> bool:
        """Whether there is time left to begin another study; if not, that is kept as the reason why there is none."""
        is_over = 0 < self.budget.seconds <= time.monotonic() - self.began
        if is_over:
            self.left_out[name] = "the time was used up before its turn"
        return not is_over

    def study(self, name: str, base: str, space: Mapping[str, Range], start: Params, judge: Judge) -> Found | None:
        """Search one space; None, with a reason kept, where there is nothing to search."""
        deadline = self._deadline()
        if not space:
            self.left_out[name] = "there is one kind of event only"
            return None
        try:
            self.found[name] = self._searched(name, base, space, start, judge, deadline)
        except SourceUnavailableError as error:
            self.left_out[name] = str(error)
        return self.found.get(name)

    def _deadline(self) -> float:
        """When the next study must end: an equal share of the time that is left."""
        now = time.monotonic()
        until = self.began + self.budget.seconds if self.budget.seconds else float("inf")
        share = now + max(0.0, until - now) / max(self.left, 1)
        self.left -= 1
        return share

    def _searched(
        self, name: str, base: str, space: Mapping[str, Range], start: Params, judge: Judge, deadline: float
    ) -> Found:
        """Try the start, then what the estimator proposes, until the budget is used up."""
        self.progress(f"tune {name}", 0.0)
        bench = _Bench(self.log, name, base, judge)
        past = [trial for trial in self.log.of(name, base) if trial.params.keys() == space.keys()]
        first = next((trial for trial in past if trial.params == start), None) or bench.try_out(start)
        if first.score is None:
            raise SourceUnavailableError(first.error)
        known = [first, *(trial for trial in past if trial is not first)]
        study = _Study(space, self.seed, known)
        limit, began = self.budget.trials or float("inf"), time.monotonic()
        while len(study.trials) < limit and time.monotonic() < deadline:
            study.add(bench.try_out(study.ask()))
            spent = (time.monotonic() - began) / (deadline - began)
            self.progress(f"tune {name}", min(1.0, max(len(study.trials) / limit, spent)))
        best = max(study.trials, key=lambda trial: float("-inf") if trial.score is None else trial.score)
        return _verdict(best, first, len(study.trials), bench)

    def result(self, start: Parameters, weights: EventWeights) -> TuneResult:
        """The start with everything that was taken, and the findings."""
        sources = {name: dict(params) for name, params in start.source_params.items()}
        taken = [name for name, one in self.found.items() if one.is_taken]
        for name in (name for name in taken if name != WEIGHTS):
            sources[name] = {**sources.get(name, {}), **self.found[name].params}
        seconds = time.monotonic() - self.began
        about = {"trials": self.budget.trials, "seconds": round(seconds, 1), "taken": taken}
        kept = weights if WEIGHTS in taken or start.weights is not None else None
        return TuneResult(Parameters(sources, kept, about), self.found, self.left_out, seconds)


class _Bench:
    """Tries parameters of one study and keeps what they were worth, case by case."""

    def __init__(self, log: TrialLog, study: str, base: str, judge: Judge) -> None:
        self.log, self.study_name, self.base, self.judge = log, study, base, judge
        self.number = max((trial.number for trial in log.of(study, base)), default=-1) + 1
        self._values: dict[int, FloatVector] = {}

    def try_out(self, params: Params) -> Trial:
        """Judge parameters and write the trial down."""
        began = time.monotonic()
        score, error = None, f"{self.study_name}: nobody could be judged"
        try:
            values = self._values[self.number] = self.judge(params)
            if np.isfinite(values).any():
                score, error = float(np.nanmean(values)), ""
        except SourceUnavailableError as reason:
            error = str(reason)
        seconds = round(time.monotonic() - began, 3)
        trial = Trial(self.study_name, self.number, params, score, seconds, self.base, error)
        self.log.add(trial)
        self.number += 1
        return trial

    def values_of(self, trial: Trial) -> FloatVector:
        """What a trial was worth, case by case; judged again when it is one of an earlier run."""
        if trial.number not in self._values:
            self._values[trial.number] = self.judge(trial.params)
        return self._values[trial.number]


def _verdict(best: Trial, start: Trial, n_trials: int, bench: _Bench) -> Found:
    is_start = best is start
    sureness = 0.0 if is_start else paired_bootstrap(bench.values_of(best), bench.values_of(start)).share_above_zero
    return Found(
        params=dict(best.params),
        score=float(best.score or 0.0),
        start_score=float(start.score or 0.0),
        sureness=round(sureness, 4),
        n_trials=n_trials,
        is_taken=sureness >= SURE,
    )


class _Study:
    """Optuna's estimator over one space, taught with every trial."""

    def __init__(self, space: Mapping[str, Range], seed: int, trials: Sequence[Trial]) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.space, self.seed, self.trials = space, seed, list[Trial]()
        self._distributions = {name: _distribution(one) for name, one in space.items()}
        self._study = optuna.create_study(direction="maximize")
        for trial in trials:
            self.add(trial)

    def ask(self) -> dict[str, Any]:
        """Parameters worth trying next, by the seed and the trials so far alone, wherever a search was taken up."""
        from optuna.samplers import TPESampler

        self._study.sampler = TPESampler(seed=(self.seed + len(self.trials)) % SEEDS)
        trial = self._study.ask(self._distributions)
        self._study.tell(trial, state=_state("FAIL"))
        return {name: trial.params[name] for name in self.space}

    def add(self, trial: Trial) -> None:
        """Learn from a trial; one outside the space, such as a start that somebody chose, teaches nothing."""
        import optuna

        self.trials.append(trial)
        if trial.score is None or not all(one.holds(trial.params.get(name)) for name, one in self.space.items()):
            return
        self._study.add_trial(
            optuna.trial.create_trial(params=trial.params, distributions=self._distributions, value=trial.score)
        )


def _state(name: str) -> Any:
    import optuna

    return optuna.trial.TrialState[name]


def _distribution(one: Range) -> Any:
    import optuna

    if one.is_whole:
        return optuna.distributions.IntDistribution(int(one.low), int(one.high), log=one.is_log)
    return optuna.distributions.FloatDistribution(one.low, one.high, log=one.is_log)


def in_words(name: str, found: Found) -> tuple[str, str]:
    """Measure and score of a search's start, and the score of its best: a squared error without its turned sign."""
    source = SOURCES.get(name)
    if source is not None and source.needs_stars:
        return f"squared error {-found.start_score:.4f}", f"{-found.score:.4f}"
    return f"ndcg {found.start_score:.4f}", f"{found.score:.4f}"


def found_table(result: TuneResult) -> str:
    """What each search found, for people."""
    lines = []
    for name, one in result.found.items():
        verdict = "taken" if one.is_taken else "the start is kept"
        sure = f"ahead in {one.sureness:.0%} of the resamples, " if one.sureness else ""
        before, after = in_words(name, one)
        lines.append(f"{name:<14} {before} -> {after} in {one.n_trials} trials, {sure}{verdict}")
    left_out = {name: reason.removeprefix(f"{name}: ") for name, reason in result.left_out.items()}
    return "\n".join([*lines, *(f"{name}: no search, {reason}" for name, reason in left_out.items())])
