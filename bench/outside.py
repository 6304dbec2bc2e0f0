"""Baselines from outside the project: ALS and BPR of the library ``implicit``, tuned on a validation split.

They see what every model sees, the training part of a split, and rank every item that the user has not touched.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from recommender import Interactions, Recommendation
from recommender.errors import DataError
from recommender.evaluation import SplitName, judge_fitted, make_split, make_task
from recommender.evaluation.splits import Unit

Parameters = Mapping[str, Any]

DEFAULTS: dict[str, Parameters] = {
    "implicit ALS": {"factors": 64, "regularization": 0.05, "alpha": 2.0, "iterations": 15},
    "implicit BPR": {"factors": 64, "regularization": 0.01, "learning_rate": 0.05, "iterations": 100},
}
GRIDS: dict[str, Mapping[str, tuple[Any, ...]]] = {
    "implicit ALS": {
        "factors": (32, 64, 128),
        "regularization": (0.01, 1.0, 10.0, 50.0),
        "alpha": (1.0, 5.0, 20.0),
        "iterations": (15,),
    },
    "implicit BPR": {
        "factors": (32, 64, 128),
        "regularization": (0.001, 0.01, 0.1),
        "learning_rate": (0.02, 0.05, 0.1),
        "iterations": (100, 300),
    },
}
TRIALS = 12
VALIDATION_USERS = 1_000


class OutsideModel:
    """A model of ``implicit`` behind the shape that evaluation asks for."""

    def __init__(self, name: str, parameters: Parameters, seed: int = 0) -> None:
        self.strategy, self.parameters, self.seed = name, dict(parameters), seed
        self.info: dict[str, Any] = {"parameters": self.parameters}

    def fit(self, events: Interactions) -> OutsideModel:
        """Fit on which user touched which item."""
        self.events = events
        pairs = np.unique(events.user_rows * events.n_items + events.item_rows)
        users, items = pairs // events.n_items, pairs % events.n_items
        ones = np.ones(len(pairs), dtype=np.float32)
        self.matrix = sparse.csr_matrix((ones, (users, items)), shape=(events.n_users, events.n_items))
        self.model = self._unfitted()
        with threadpool_limits(1, "blas"):  # implicit's own threads and those of the BLAS get in each other's way
            self.model.fit(self.matrix, show_progress=False)
        return self

    def _unfitted(self) -> Any:
        from implicit.cpu.als import AlternatingLeastSquares
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        kind = {"implicit ALS": AlternatingLeastSquares, "implicit BPR": BayesianPersonalizedRanking}[self.strategy]
        # BPR gives the same factors twice only on one thread.
        return kind(random_state=self.seed, num_threads=1, **self.parameters)

    def recommend(
        self, user_id: str, k: int = 10, *, now: int, with_reasons: bool, exclude: Collection[str] = ()
    ) -> list[Recommendation]:
        """The ``k`` best items that the user has not touched."""
        row = int(self.events.users.row(user_id))
        if row < 0:
            return []
        ids = self.events.items
        left_out = ids.rows(list(exclude))
        found, scores = self.model.recommend(row, self.matrix[row], N=k, filter_items=left_out[left_out >= 0])
        return [
            Recommendation(ids[int(item)], rank, float(score), (), self.strategy)
            for rank, (item, score) in enumerate(zip(found, scores, strict=True), start=1)
            if score > -1e30  # fewer items than k: the rest are marked by the lowest float
        ]

    def predict_rating(self, user_id: str, item_id: str) -> float:
        """These models forecast no stars."""
        raise DataError(f"{self.strategy} forecasts no stars")


def tuned(name: str, train: pd.DataFrame, how: SplitName, unit: Unit, seed: int = 0) -> Parameters:
    """The best of ``TRIALS`` random points of the grid, judged by NDCG@10 on a split of the training part alone."""
    try:
        task = make_task(make_split(train, how, unit, seed=seed), None, max_users=VALIDATION_USERS, seed=seed)
    except DataError:
        return DEFAULTS[name]
    best, quality = DEFAULTS[name], -1.0
    for parameters in _trials(name, seed):
        model = OutsideModel(name, parameters, seed).fit(task.events)
        reached = judge_fitted(model, task, name=name).metrics["ndcg@10"].mean
        if reached > quality:
            best, quality = parameters, reached
    return best


def _trials(name: str, seed: int) -> Iterator[Parameters]:
    grid = GRIDS[name]
    points = list(itertools.product(*grid.values()))
    chosen = np.random.default_rng(seed).permutation(len(points))[: TRIALS - 1]
    yield DEFAULTS[name]
    yield from (dict(zip(grid, points[place], strict=True)) for place in chosen)
