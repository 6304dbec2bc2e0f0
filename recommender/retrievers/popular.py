"""What many people want: over a long time, or right now."""

from __future__ import annotations

from typing import Self

import numpy as np

from recommender.arrays.scores import KnownOrder, Scored
from recommender.base import Query, Retriever, require_fitted
from recommender.data.weights import decay
from recommender.training_data import TrainingData
from recommender.types import AnyArray, FloatVector, Rows

HALF_LIFE_GRID_DAYS = (3.0, 7.0, 14.0, 30.0, 60.0, 90.0, 180.0, 365.0)
# In half-lives; beyond 2 ** 20 the old counts no longer show in the sum of two 32-bit floats.
_LONGEST_GROWTH = 20.0


class Popular(Retriever):
    """Events per item, each weighing its evidence and fading with a long half-life.

    Parameters
    ----------
    half_life_days : float
    """

    name = "popular"
    handles_no_history = True
    reason = "popular"
    _n_absorbed = 0
    _order: tuple[int, KnownOrder] | None = None
    _as_fitted: tuple[FloatVector, int] | None = None

    def __init__(self, half_life_days: float = 365.0) -> None:
        self.half_life_days = half_life_days

    def fit(self, data: TrainingData) -> Self:
        self.half_life_days_ = self._half_life(data)
        self.counts_ = decayed_counts(data, data.now, self.half_life_days_)
        self.now_ = data.now
        self._order = self._as_fitted = None
        return self

    def _half_life(self, data: TrainingData) -> float:
        return self.half_life_days

    def absorb(self, item_rows: Rows, weights: FloatVector, timestamps: Rows) -> None:
        """Add new events to the counts.

        All counts stay expressed at the time of the fit, until an event is so much later that a float could not hold
        its weight on that clock: then the clock moves to it and the older counts fade. What is saved stays as fitted.
        """
        if not len(timestamps):
            return
        if self._as_fitted is None:
            self._as_fitted = self.counts_, self.now_
            self.counts_ = np.array(self.counts_)
        ahead = (int(timestamps.max()) - self.now_) / 86_400.0 / self.half_life_days_
        if ahead > _LONGEST_GROWTH:
            self.counts_ *= np.float32(2.0**-ahead)
            self.now_ = int(timestamps.max())
        growth = np.exp2((timestamps - self.now_) / 86_400.0 / self.half_life_days_)
        np.add.at(self.counts_, item_rows, (weights * growth).astype(np.float32))
        self._n_absorbed += 1

    def score(self, query: Query) -> FloatVector:
        require_fitted(self, "counts_")
        return self.counts_

    def scored(self, query: Query) -> Scored:
        require_fitted(self, "counts_")
        n_absorbed, known = self._n_absorbed, self._order
        if known is None or known[0] != n_absorbed:  # what another thread absorbs meanwhile is sorted the next time
            known = self._order = n_absorbed, KnownOrder(np.array(self.counts_))
        return known[1]

    def state_arrays(self) -> dict[str, AnyArray]:
        require_fitted(self, "counts_")
        counts, now = self._as_fitted or (self.counts_, self.now_)
        return {"counts": counts, "clock": np.array([float(now), self.half_life_days_])}

    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        self.counts_ = arrays["counts"]
        self.now_, self.half_life_days_ = int(arrays["clock"][0]), float(arrays["clock"][1])
        self._order = self._as_fitted = None
        return self


class Trending(Popular):
    """Like :class:`Popular` with a short memory.

    Without a given half-life it is learned: of a grid, the one whose counts give the events that follow the highest
    likelihood; see :func:`learn_half_life`.
    """

    name = "trending"
    reason = "trending"

    def __init__(self, half_life_days: float | None = None) -> None:
        self.half_life_days = half_life_days  # type: ignore[assignment]

    def _half_life(self, data: TrainingData) -> float:
        return self.half_life_days or learn_half_life(data)


def decayed_counts(data: TrainingData, now: int, half_life_days: float, *, upto: int | None = None) -> FloatVector:
    """Evidence per item at time ``now``, shape (n_items,), from the first ``upto`` events in time order."""
    part = slice(0, upto)
    weights = data.event_weights[part] * decay(now - data.events.timestamps[part], half_life_days)
    counts = np.bincount(data.events.item_rows[part], weights=weights, minlength=data.n_items)
    return counts.astype(np.float32)


def learn_half_life(data: TrainingData, grid: tuple[float, ...] = HALF_LIFE_GRID_DAYS) -> float:
    """Half-life in days under which the past predicts the following events best.

    The log is cut at several places of its last fifth; each time the counts before the cut are smoothed and judged by
    the mean log-probability of the next events. A tie, and a log too short to tell, goes to the longest half-life.
    """
    n = len(data.events)
    if n < 200:
        return grid[-1]
    cuts = [int(n * share) for share in (0.80, 0.85, 0.90, 0.95)]
    ahead = max(1, int(n * 0.05))
    totals = [sum(_log_likelihood(data, cut, ahead, half_life) for cut in cuts) for half_life in grid]
    return max(zip(totals, grid, strict=True))[1]


def _log_likelihood(data: TrainingData, cut: int, ahead: int, half_life_days: float) -> float:
    now = int(data.events.timestamps[cut - 1])
    counts = decayed_counts(data, now, half_life_days, upto=cut).astype(np.float64)
    everything = decayed_counts(data, now, 1e6, upto=cut).astype(np.float64)
    smoothed = counts / max(counts.sum(), 1e-9) + 0.1 * (everything + 1.0) / (everything.sum() + len(everything))
    wanted = data.event_weights[cut : cut + ahead] > 0  # what people turn down is no event to be foretold
    following = data.events.item_rows[cut : cut + ahead][wanted]
    if not len(following):
        return 0.0
    return float(np.log(smoothed[following] / smoothed.sum()).mean())
