"""The next item of a sequence by self-attention: trained as a network, served by NumPy."""

from __future__ import annotations

from typing import Self

import numpy as np

from recommender.base import Query, require_fitted
from recommender.data.state import UserState
from recommender.deep import NORM_EPSILON
from recommender.retrievers.network import Arrays, NetworkRetriever
from recommender.training_data import TrainingData
from recommender.types import FloatMatrix, FloatVector, Rows


class SasRec(NetworkRetriever):
    """A causal transformer over the items of a history; the item vectors at its entry score at its exit, too.

    Trained to tell the item that came next from negatives drawn at random (sampled softmax), which matters more than
    the size of the network. Negatives drawn by popularity have the logarithm of their probability taken off (logQ).

    Parameters
    ----------
    n_factors, n_blocks : int
    length : int
        Longest sequence; an older history is cut off.
    epochs, patience, batch_size : int
        A batch is of windows of up to ``length`` steps.
    learning_rate, weight_decay, dropout : float
    negatives : int
        Drawn anew for each batch.
    popularity : float
        Exponent of an item's count in the chance of being drawn: 0 draws all items alike.
    log_q : bool
    random_state : int

    References
    ----------
    Kang and McAuley (2018), Self-Attentive Sequential Recommendation; Klenitskiy and Vasilev (2023), Turning Dross Into
    Gold Loss: is BERT4Rec really better than SASRec?
    """

    name = "sasrec"

    def __init__(
        self,
        n_factors: int = 64,
        n_blocks: int = 1,
        length: int = 50,
        epochs: int = 60,
        patience: int = 5,
        batch_size: int = 32,
        learning_rate: float = 0.001,
        weight_decay: float = 0.3,
        dropout: float = 0.4,
        negatives: int = 256,
        popularity: float = 0.0,
        log_q: bool = True,
        random_state: int = 0,
    ) -> None:
        self.n_factors = n_factors
        self.n_blocks = n_blocks
        self.length = length
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.negatives = negatives
        self.popularity = popularity
        self.log_q = log_q
        self.random_state = random_state

    def fit(self, data: TrainingData) -> Self:
        """Learn from the steps of the users; DataError when the packages of the extra are not installed."""
        training, steps, judges = self._begin(data, self.length)
        from recommender.deep.transformer import TransformerPlan, fit_transformer

        longest = int((steps.lasts - steps.starts[steps.lasts]).max())
        plan = TransformerPlan(
            training,
            n_factors=self.n_factors,
            n_blocks=self.n_blocks,
            length=min(self.length, longest),
            batch_size=self.batch_size,
            dropout=self.dropout,
            negatives=self.negatives,
            popularity=self.popularity,
            log_q=self.log_q,
        )
        self.arrays_, self.facts_ = fit_transformer(steps, judges, plan, score=_scores)
        return self

    def user_vector(self, state: UserState) -> FloatVector:
        """The exit of the network after the liked items of the history, shape (n_factors,)."""
        require_fitted(self, "arrays_")
        return exit_vector(self.arrays_, state.item_rows[state.weights > 0])

    def score(self, query: Query) -> FloatVector:
        vector = self.user_vector(query.state)
        scores: FloatVector = self.arrays_["items"] @ vector + self.arrays_["bias"]
        return scores

    def score_rows(self, query: Query, rows: Rows) -> FloatVector:
        vector = self.user_vector(query.state)
        scores: FloatVector = self.arrays_["items"][rows] @ vector + self.arrays_["bias"][rows]
        return scores


def _scores(arrays: Arrays, rows: Rows, weights: FloatVector) -> FloatVector:
    scores: FloatVector = arrays["items"] @ exit_vector(arrays, rows) + arrays["bias"]
    return scores


def exit_vector(arrays: Arrays, latest_first: Rows) -> FloatVector:
    """What Keras computes for the last step of a sequence, in NumPy; zeros for an empty one.

    Parameters
    ----------
    arrays : dict of str to ndarray
        As :meth:`SasRec.state_arrays`.
    latest_first : ndarray of shape (n_steps,)
        Item rows; only the latest take part, as many as the network has places.
    """
    places = arrays["places"]
    rows = latest_first[: len(places)][::-1]
    if not len(rows):
        return np.zeros(places.shape[1], dtype=np.float32)
    steps = arrays["items"][rows] + places[len(places) - len(rows) :]
    n_blocks = sum(name.endswith(".query.kernel") for name in arrays)
    for number in range(n_blocks):
        steps = _block(arrays, f"block{number}", steps, only_last=number == n_blocks - 1)
    vector: FloatVector = _norm(arrays, "norm", steps)[-1]
    return vector.astype(np.float32)


def _block(arrays: Arrays, name: str, steps: FloatMatrix, *, only_last: bool) -> FloatMatrix:
    """One block; the last one only has to answer for the last step."""
    inside = _norm(arrays, f"{name}.norm1", steps)
    asking = inside[-1:] if only_last else inside
    logits = _dense(arrays, f"{name}.query", asking) @ _dense(arrays, f"{name}.key", inside).T
    logits *= steps.shape[1] ** -0.5
    if not only_last:
        logits[np.triu_indices(len(steps), 1)] = -np.inf
    attention = np.exp(logits - logits.max(axis=1, keepdims=True))
    attention /= attention.sum(axis=1, keepdims=True)
    seen = _dense(arrays, f"{name}.out", attention @ _dense(arrays, f"{name}.value", inside))
    steps = (steps[-1:] if only_last else steps) + seen
    hidden = np.maximum(_dense(arrays, f"{name}.hidden", _norm(arrays, f"{name}.norm2", steps)), 0.0)
    return steps + _dense(arrays, f"{name}.end", hidden)


def _dense(arrays: Arrays, name: str, values: FloatMatrix) -> FloatMatrix:
    product: FloatMatrix = values @ arrays[f"{name}.kernel"] + arrays[f"{name}.bias"]
    return product


def _norm(arrays: Arrays, name: str, values: FloatMatrix) -> FloatMatrix:
    centred = values - values.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + np.float32(NORM_EPSILON))
    scaled: FloatMatrix = centred / spread * arrays[f"{name}.scale"] + arrays[f"{name}.shift"]
    return scaled
