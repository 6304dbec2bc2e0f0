"""Two towers in Keras: one turns a history into a vector, the other an item; what fits together lies close."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from recommender.deep import LEAST_SQUARE
from recommender.deep.backend import keras, to_numpy
from recommender.deep.sampling import corrected, without_hits
from recommender.deep.steps import Judges, Steps
from recommender.deep.training import Arrays, Plan, ScoreFrom, train
from recommender.types import FloatMatrix, FloatVector, Rows

ops = keras.ops


@dataclass(frozen=True)
class TowerPlan:
    """Shape and training of the towers; see :class:`recommender.retrievers.two_tower.TwoTower`."""

    training: Plan
    n_factors: int
    history_length: int
    batch_size: int
    id_dropout: float
    temperature: float
    log_q: bool


class Towers(keras.Model):
    """Logits of a batch: row i holds how well user i fits the items that the users of the batch chose."""

    def __init__(self, n_items: int, n_factors: int, *, temperature: float, log_q: bool) -> None:
        super().__init__()
        self._temperature, self._log_q = temperature, log_q
        self.item_ids = keras.layers.Embedding(n_items, n_factors)
        self.item_features = keras.layers.Dense(n_factors, use_bias=False)
        self.item_hidden = keras.layers.Dense(2 * n_factors, activation="relu")
        self.item_out = keras.layers.Dense(n_factors)
        self.item_bias = keras.layers.Embedding(n_items, 1, embeddings_initializer="zeros")
        self.history_ids = keras.layers.Embedding(n_items, n_factors)
        self.history_features = keras.layers.Dense(n_factors, use_bias=False)
        self.user_hidden = keras.layers.Dense(2 * n_factors, activation="relu")
        self.user_out = keras.layers.Dense(n_factors)

    def item_vectors(self, rows: Any, known: Any, features: Any) -> tuple[Any, Any]:
        """Unit vectors of items, and how much each is liked by all; ``known`` is 0 where only the features speak."""
        mixed = known[:, None] * self.item_ids(rows) + self.item_features(features)
        vectors = mixed + self.item_out(self.item_hidden(mixed))
        return unit(vectors), known * self.item_bias(rows)[:, 0]

    def history_vectors(self, rows: Any, known: Any, features: Any) -> Any:
        """What each item adds to the vector of somebody who touched it."""
        return known[:, None] * self.history_ids(rows) + self.history_features(features)

    def user_vectors(self, pooled: Any) -> Any:
        """Unit vectors of users from the weighted means of their histories."""
        return unit(pooled + self.user_out(self.user_hidden(pooled)))

    def call(self, batch: dict[str, Any]) -> Any:
        ids = self.history_ids(batch["history"]) * batch["history_weights"][..., None]
        pooled = ops.sum(ids, axis=1) + self.history_features(batch["history_features"])
        rows = batch["rows"]
        items, liked = self.item_vectors(rows, batch["known"], batch["features"])
        logits = ops.matmul(self.user_vectors(pooled), ops.transpose(items)) / self._temperature + liked[None]
        if self._log_q:
            logits = corrected(logits, batch["probability"][None])
        same = ops.equal(rows[:, None], rows[None]) & ~ops.cast(ops.eye(len(rows)), "bool")
        return without_hits(logits, same)


def unit(vectors: Any) -> Any:
    """Vectors scaled to length 1; one of zeros stays so, with a gradient that is a number."""
    return vectors * ops.rsqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + LEAST_SQUARE)


class TowerBatches(keras.utils.PyDataset):
    """Steps in a new order each epoch: the history before a step, the item stepped to, and its evidence as weight.

    Now and then an item that has features is shown by them alone (``id_dropout``), as one is that nobody touched yet.
    """

    def __init__(
        self, steps: Steps, features: FloatMatrix, plan: TowerPlan, recency: FloatVector, rng: np.random.Generator
    ) -> None:
        super().__init__()
        self._steps, self._features, self._plan, self._recency, self._rng = steps, features, plan, recency, rng
        self._targets = steps.targets
        self._is_described = np.asarray(features.any(axis=1))
        self._size = min(plan.batch_size, len(self._targets))
        counts = np.bincount(steps.item_rows[self._targets], minlength=steps.n_items)
        self._probability = (counts / max(counts.sum(), 1)).astype(np.float32)
        self._order = rng.permutation(self._targets)

    def __len__(self) -> int:
        return math.ceil(len(self._targets) / self._size)

    def on_epoch_end(self) -> None:
        self._order = self._rng.permutation(self._targets)

    def __getitem__(self, number: int) -> tuple[dict[str, Any], FloatVector, FloatVector]:
        # The last batch of an epoch is filled up from its beginning: one shape is compiled once.
        places = np.arange(number * self._size, (number + 1) * self._size) % len(self._order)
        steps = self._order[places]
        history, weights = self._steps.before(steps, self._plan.history_length)
        weights = weights * self._recency
        weights /= weights.sum(axis=1, keepdims=True)
        rows = self._steps.item_rows[steps]
        batch = {
            "history": history.astype(np.int32),
            "history_weights": weights * self._shown(history),
            "history_features": pooled_features(history, weights, self._features),
            "rows": rows.astype(np.int32),
            "known": self._shown(rows),
            "features": self._features[rows],
            "probability": self._probability[rows],
        }
        return batch, np.arange(len(rows), dtype=np.int32), self._steps.weights[steps].astype(np.float32)

    def _shown(self, rows: Rows) -> FloatVector:
        is_shown = (self._rng.random(rows.shape) >= self._plan.id_dropout) | ~self._is_described[rows]
        return is_shown.astype(np.float32)


def pooled_features(history: Rows, weights: FloatVector, features: FloatMatrix) -> FloatMatrix:
    """Weighted sums of the features of histories, shape (n_histories, n_features)."""
    n, length = history.shape
    starts = np.arange(0, n * length + 1, length)
    table = sparse.csr_matrix((weights.ravel(), history.ravel(), starts), shape=(n, len(features)))
    pooled: FloatMatrix = np.asarray(table @ features, dtype=np.float32)
    return pooled


def fit_towers(
    steps: Steps,
    judges: Judges,
    features: FloatMatrix,
    plan: TowerPlan,
    *,
    recency: FloatVector,
    score: ScoreFrom,
) -> tuple[Arrays, dict[str, Any]]:
    """Train the towers; the arrays that serving needs, and facts about the fit.

    Parameters
    ----------
    steps : Steps
    judges : Judges
    features : ndarray of shape (n_items, n_features)
    plan : TowerPlan
    recency : ndarray of shape (history_length,)
        Weight of the places of a history, the latest first.
    score : callable
    """
    rng = np.random.default_rng(plan.training.random_state)
    batches = TowerBatches(steps, features, plan, recency, rng)
    towers = Towers(steps.n_items, plan.n_factors, temperature=plan.temperature, log_q=plan.log_q)
    known = (steps.counts() > 0).astype(np.float32)
    return train(
        towers,
        batches,
        plan.training,
        arrays_of=reader(towers, known, features, plan.temperature),
        score=score,
        judges=judges,
    )


def reader(towers: Towers, known: FloatVector, features: FloatMatrix, temperature: float) -> Callable[[], Arrays]:
    """A function that reads off the towers, as they are when it is called, what serving needs."""
    rows = np.arange(len(known), dtype=np.int32)
    is_told = (known > 0) | features.any(axis=1)

    def arrays() -> Arrays:
        items, liked = (to_numpy(part) for part in towers.item_vectors(rows, known, features))
        tensors = {
            "history_vectors": towers.history_vectors(rows, known, features),
            "hidden.kernel": towers.user_hidden.kernel,
            "hidden.bias": towers.user_hidden.bias,
            "out.kernel": towers.user_out.kernel,
            "out.bias": towers.user_out.bias,
        }
        # Of what has neither an event nor a description there is no opinion.
        liked = np.where(is_told, liked, np.float32(np.nan))
        vectors = np.concatenate([items / np.float32(temperature), liked[:, None]], axis=1)
        return {"item_vectors": vectors} | {name: to_numpy(t) for name, t in tensors.items()}

    return arrays
