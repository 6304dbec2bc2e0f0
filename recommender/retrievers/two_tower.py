"""Two towers: a history and an item as vectors of one space, learned by a network and served by NumPy."""

from __future__ import annotations

from typing import Self

import numpy as np

from recommender.base import Query, require_fitted
from recommender.data.state import UserState
from recommender.deep import LEAST_SQUARE
from recommender.features.combine import BLOCKS
from recommender.retrievers.itemitem import power_recency
from recommender.retrievers.network import Arrays, NetworkRetriever
from recommender.training_data import TrainingData
from recommender.types import FloatMatrix, FloatVector, Rows


class TwoTower(NetworkRetriever):
    """A user tower over the history and an item tower over id and features, trained with a softmax within the batch.

    An item is its own vector plus a projection of its text, picture and attribute vectors; one that nobody touched
    before the training is the projection alone, which is trained for that by hiding ids now and then. A user is the
    mean of the history, weighted by evidence and recency. Each tower adds a small network of one hidden layer. Other
    users' choices of the batch are the wrong answers; as what is popular stands there more often, the logarithm of its
    share is taken off (logQ correction).

    Parameters
    ----------
    n_factors : int
    history_length : int
        Items of the history that enter the user's vector.
    recency : float
        Exponent of the positional decay of the history.
    epochs, patience, batch_size : int
    learning_rate, weight_decay : float
    id_dropout : float
        Share of the items of a batch that are shown by their features alone.
    temperature : float
        Divides the cosine of user and item.
    log_q : bool
    random_state : int

    References
    ----------
    Covington, Adams, Sargin (2016), Deep Neural Networks for YouTube Recommendations; Yi and others (2019),
    Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations.
    """

    name = "two_tower"

    def __init__(
        self,
        n_factors: int = 64,
        history_length: int = 20,
        recency: float = 0.7,
        epochs: int = 30,
        patience: int = 5,
        batch_size: int = 512,
        learning_rate: float = 0.003,
        weight_decay: float = 0.004,
        id_dropout: float = 0.5,
        temperature: float = 0.2,
        log_q: bool = True,
        random_state: int = 0,
    ) -> None:
        self.n_factors = n_factors
        self.history_length = history_length
        self.recency = recency
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.id_dropout = id_dropout
        self.temperature = temperature
        self.log_q = log_q
        self.random_state = random_state

    def fit(self, data: TrainingData) -> Self:
        """Learn from the steps of the users; DataError when the packages of the extra are not installed."""
        training, steps, judges = self._begin(data, self.history_length)
        from recommender.deep.towers import TowerPlan, fit_towers

        plan = TowerPlan(
            training,
            n_factors=self.n_factors,
            history_length=self.history_length,
            batch_size=self.batch_size,
            id_dropout=self.id_dropout,
            temperature=self.temperature,
            log_q=self.log_q,
        )
        self.arrays_, self.facts_ = fit_towers(
            steps, judges, features_of(data), plan, recency=self._recency(self.history_length), score=self._scores
        )
        return self

    def _recency(self, n: int) -> FloatVector:
        return power_recency(n, self.recency)

    def _scores(self, arrays: Arrays, rows: Rows, evidence: FloatVector) -> FloatVector:
        scores: FloatVector = arrays["item_vectors"] @ self._user_vector(arrays, rows, evidence)
        return scores

    def _user_vector(self, arrays: Arrays, rows: Rows, evidence: FloatVector) -> FloatVector:
        """The user tower: what Keras computes, in NumPy; the last entry takes up the items' biases."""
        rows, evidence = rows[: self.history_length], evidence[: self.history_length]
        weights = evidence * self._recency(len(rows))
        pooled = weights @ arrays["history_vectors"][rows] / max(float(weights.sum()), 1e-12)
        hidden = np.maximum(pooled @ arrays["hidden.kernel"] + arrays["hidden.bias"], 0.0)
        vector = pooled + hidden @ arrays["out.kernel"] + arrays["out.bias"]
        length = np.sqrt(float(vector @ vector) + LEAST_SQUARE)
        return np.append(vector / length, 1.0).astype(np.float32)

    def user_vector(self, state: UserState) -> FloatVector:
        """The user's vector, shape (n_factors + 1,)."""
        require_fitted(self, "arrays_")
        return self._user_vector(self.arrays_, state.item_rows, state.weights)

    def score(self, query: Query) -> FloatVector:
        vector = self.user_vector(query.state)
        scores: FloatVector = self.arrays_["item_vectors"] @ vector
        return scores

    def score_rows(self, query: Query, rows: Rows) -> FloatVector:
        vector = self.user_vector(query.state)
        scores: FloatVector = self.arrays_["item_vectors"][rows] @ vector
        return scores


def features_of(data: TrainingData) -> FloatMatrix:
    """Text, picture and attribute vectors side by side, shape (n_items, n_features); one column of 0 without any."""
    blocks = [np.asarray(data.spaces.vectors[name]) for name in BLOCKS if name in data.spaces.vectors]
    return np.concatenate(blocks, axis=1) if blocks else np.zeros((data.n_items, 1), dtype=np.float32)
