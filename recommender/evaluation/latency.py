"""How long a saved model takes to answer, strategy by strategy, for people it knows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.errors import DataError
from recommender.hybrid import HybridRecommender
from recommender.types import FloatVector

WARM_UP = 5
MOST_REQUESTS = 1_000_000


@dataclass(frozen=True)
class Latency:
    """Milliseconds of requests made one after the other, shape (n_requests,)."""

    strategy: str
    ms: FloatVector

    def percentile(self, share: float) -> float:
        """Milliseconds that ``share`` percent of the requests did not exceed."""
        return float(np.percentile(self.ms, share))


def measure(
    model: HybridRecommender,
    *,
    strategies: Sequence[str] = (),
    k: int = 10,
    n_requests: int = 200,
    random_state: int = 0,
) -> list[Latency]:
    """Ask a model for lists with reasons and time every answer; a few requests before are not counted.

    Parameters
    ----------
    model : HybridRecommender
    strategies : sequence of str
        All that the model holds by default.
    k : int
    n_requests : int
        Per strategy; the users are drawn with ``random_state``, the same for every strategy.

    Raises
    ------
    DataError
        For fewer than one request or more than ``MOST_REQUESTS``, or a strategy that the model does not hold.
    """
    if not 1 <= n_requests <= MOST_REQUESTS:
        raise DataError(f"there must be at least one request and at most {MOST_REQUESTS}, not {n_requests}")
    users = np.random.default_rng(random_state).integers(len(model.known_users), size=n_requests + WARM_UP)
    names = [model.known_users[int(row)] for row in users]
    return [
        Latency(strategy, np.array([_timed(model, user, k, strategy) for user in names][WARM_UP:]))
        for strategy in strategies or model.strategies
    ]


def _timed(model: HybridRecommender, user_id: str, k: int, strategy: str) -> float:
    began = time.perf_counter()
    model.recommend(user_id, k, strategy=strategy)
    return (time.perf_counter() - began) * 1000


def as_table(found: Sequence[Latency]) -> str:
    """Percentiles per strategy, for people."""
    lines = [f"{'strategy':<16} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}"]
    for one in found:
        cells = (f"{one.percentile(share):>8.2f}" for share in (50, 95, 99))
        lines.append(f"{one.strategy:<16} {' '.join(cells)}")
    return "\n".join(lines)
