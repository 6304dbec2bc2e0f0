"""Where the time of a request goes: clocks around the steps of the engine while a block runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from bench.timing import Milliseconds

# Stage, module, class ("" for a function of the module) and name of every step that is timed.
HOOKS = (
    ("state", "recommender.hybrid", "HybridRecommender", "_log"),
    ("state", "recommender.serving.answer", "Answerer", "_query"),
    ("state", "recommender.serving.answer", "Answerer", "_allowed"),
    ("sources", "recommender.ranking.pipeline", "", "Neighbourhoods"),
    ("sources", "recommender.ranking.pipeline", "Pipeline", "_answers"),
    ("candidates", "recommender.ranking.pipeline", "Pipeline", "candidates"),
    ("features", "recommender.ranking.pipeline", "Pipeline", "features"),
    ("ranker", "recommender.ranking.ranker", "Ranker", "predict_best"),
    ("reasons", "recommender.serving.answer", "Answerer", "_reasons"),
    ("rest", "recommender.hybrid", "HybridRecommender", "recommend"),
)
STAGES = tuple(dict.fromkeys(stage for stage, *_ in HOOKS))
# To prove a reason candidates are scored again: that is the price of reasons, not of the ranker.
SWALLOWS = "reasons"


class StageClock:
    """Own time of nested steps; within ``SWALLOWS`` everything counts as that.

    Attributes
    ----------
    requests : list of dict
        Milliseconds per stage for each call of the outermost step.
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, float]] = []
        self._open: list[str] = []
        self._spent: dict[str, float] = {}
        self._mark = 0.0

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed as part of a stage."""

        def timed(*args: Any, **options: Any) -> Any:
            self._switch(stage)
            try:
                return function(*args, **options)
            finally:
                self._leave()

        return timed

    def _switch(self, stage: str) -> None:
        self._charge()
        self._open.append(SWALLOWS if SWALLOWS in self._open else stage)

    def _leave(self) -> None:
        self._charge()
        self._open.pop()
        if not self._open:
            self.requests.append(self._spent)
            self._spent = {}

    def _charge(self) -> None:
        """Book the time since the last change on the step that was running."""
        now = time.perf_counter()
        if self._open:
            stage = self._open[-1]
            self._spent[stage] = self._spent.get(stage, 0.0) + (now - self._mark) * 1000
        self._mark = now

    def of(self, stage: str) -> Milliseconds:
        """Milliseconds of a stage in each request, shape (n_requests,)."""
        return np.array([request.get(stage, 0.0) for request in self.requests], dtype=np.float64)


def hooked(module: str, owner: str, name: str) -> tuple[Any, Callable[..., Any]]:
    """The object that holds a step, and the step; AttributeError when the engine has no such step."""
    holder = import_module(module)
    if owner:
        holder = getattr(holder, owner)
    return holder, getattr(holder, name)


@contextmanager
def watched() -> Iterator[StageClock]:
    """Time every request answered in the block; the engine is as it was afterwards."""
    clock = StageClock()
    found = [(stage, name, *hooked(module, owner, name)) for stage, module, owner, name in HOOKS]
    try:
        for stage, name, holder, function in found:
            setattr(holder, name, clock.around(stage, function))
        yield clock
    finally:
        for _, name, holder, function in found:
            setattr(holder, name, function)
