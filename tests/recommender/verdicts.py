"""Figures of models that were never fitted, for the gate to judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.evaluation import Evaluation, ModelResult
from recommender.metrics import Interval, bootstrap_interval

N_USERS = 200


def steady(value: float, n: int = N_USERS) -> np.ndarray:
    """The same figure for everybody: the interval has no width, so that tolerances show."""
    return np.full(n, value)


def noisy(value: float, n: int = N_USERS, seed: int = 0) -> np.ndarray:
    """Figures with a given mean that differ much between users, as those of real models do."""
    values = np.random.default_rng(seed).random(n)
    return values - values.mean() + value


def result(
    ndcg: np.ndarray | float,
    *,
    coverage: float = 0.6,
    rmse: float | None = None,
    segments: dict[str, Interval] | None = None,
) -> ModelResult:
    per_user = steady(ndcg) if isinstance(ndcg, float) else ndcg
    metrics = {"ndcg@10": bootstrap_interval(per_user)}
    if rmse is not None:
        metrics["rmse"] = Interval(rmse, rmse, rmse, 100)
    lists = {"coverage@10": coverage, "gini@10": 0.5, "novelty@10": 4.0}
    return ModelResult("", {"ndcg@10": per_user}, metrics, lists, segments or {}, 1.5, 2.0, 3.0, 100.0)


def evaluation(n_users: int = N_USERS, failed: dict[str, str] | None = None, **results: ModelResult) -> Evaluation:
    named = {name: replace(result, name=name) for name, result in results.items()}
    users = [f"u{n}" for n in range(n_users)]
    return Evaluation("time", "event", 10, users, 1000, n_users, 50, named, failed or {})
