"""Implicit matrix factorisation by alternating least squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse

from recommender.arrays.scores import DenseScores, Scored
from recommender.arrays.topn import most_interacted
from recommender.base import Query, Retriever, SourceUnavailableError, require_fitted
from recommender.data.state import UserState
from recommender.retrievers.foldin import fold_in_each
from recommender.retrievers.itemitem import power_recency
from recommender.training_data import TrainingData
from recommender.types import AnyArray, BoolMask, FloatMatrix, FloatVector, Rows

_HISTORY_LENGTH = 200
# Of more items only the most-interacted are searched for candidates: the factors of the others are near 0, and one
# product with all of a million would take longer than everything else. Whatever another source finds is scored.
_MOST_SEARCHED = 50_000
# Its inverse must fit into single precision.
_LEAST_ALPHA = 1e-30


class Ials(Retriever):
    """Item factors from ALS on confidences; every user's vector is solved at request time from the history.

    The confidence of a touched item is ``1 + alpha * evidence``. Because users are folded in with the closed form of
    the last half-step, training users and newcomers are scored in one way and no user factors are stored.

    Parameters
    ----------
    n_factors, iterations : int
    alpha, reg : float
    recency : float
        Exponent by which the confidence of older items of the history falls when a user is folded in.
    dislike : float
        Confidence, beyond 1, that a dismissed item is not wanted.
    random_state : int

    References
    ----------
    Hu, Koren, Volinsky (2008); Rendle, Krichene, Zhang, Koren (2021), Revisiting the Performance of iALS.
    """

    name = "ials"
    positive_only = False
    reason = "similar_taste"

    def __init__(
        self,
        n_factors: int = 64,
        iterations: int = 15,
        alpha: float = 20.0,
        reg: float = 60.0,
        recency: float = 0.3,
        dislike: float = 5.0,
        random_state: int = 0,
    ) -> None:
        self.n_factors = n_factors
        self.iterations = iterations
        self.alpha = alpha
        self.reg = reg
        self.recency = recency
        self.dislike = dislike
        self.random_state = random_state

    def fit(self, data: TrainingData) -> Self:
        if not data.matrix.nnz:
            raise SourceUnavailableError("ials: there is no event to learn from")
        if self.alpha < _LEAST_ALPHA:
            raise SourceUnavailableError(f"ials: {self._too_far('no event counts')}")
        confidence = data.matrix.copy()
        confidence.data = confidence.data + np.float32(1.0 / self.alpha)
        self.item_factors_ = np.ascontiguousarray(self._fit_implicit(confidence), dtype=np.float32)
        self.searched_ = most_interacted(data.item_counts, _MOST_SEARCHED)
        return self._prepare()

    def _fit_implicit(self, confidence: sparse.csr_matrix) -> FloatMatrix:
        from implicit.cpu.als import AlternatingLeastSquares
        from implicit.recommender_base import ModelFitError

        # Each row is solved by itself, so the number of threads changes nothing.
        model = AlternatingLeastSquares(
            factors=min(self.n_factors, max(2, min(confidence.shape) - 1)),
            regularization=self.reg,
            alpha=self.alpha,
            iterations=self.iterations,
            random_state=self.random_state,
            num_threads=0,
        )
        try:
            model.fit(confidence, show_progress=False)
        except ModelFitError as error:
            told = self._too_far(f"the equations of the factors cannot be solved ({error})")
            raise SourceUnavailableError(f"ials: {told}") from error
        factors: FloatMatrix = model.item_factors
        return factors

    def _too_far(self, what: str) -> str:
        return f"{what} with alpha and reg of {self.alpha:g} and {self.reg:g}; take milder ones"

    def _prepare(self) -> Self:
        factors = np.asarray(self.item_factors_, dtype=np.float64)
        self._gram = factors.T @ factors
        # Of factors that are all searched no copy is made.
        is_small = len(self.item_factors_) <= _MOST_SEARCHED
        self._part = None if is_small else np.asarray(self.item_factors_[self.searched_])
        return self

    def user_factors(self, state: UserState) -> FloatVector:
        """The user's vector, shape (n_factors,); zeros for somebody without known events."""
        factors: FloatVector = self._users([state])[0]
        return factors

    def _users(self, states: Sequence[UserState]) -> FloatMatrix:
        """Vectors of several users, shape (n_users, n_factors), or of one user under parts of the history."""
        rows = np.unique(np.concatenate([state.item_rows[:_HISTORY_LENGTH] for state in states]))
        confidence, wanted = np.ones((len(states), len(rows))), np.zeros((len(states), len(rows)))
        for number, state in enumerate(states):
            own, evidence = state.item_rows[:_HISTORY_LENGTH], state.weights[:_HISTORY_LENGTH]
            trust = self.alpha * evidence * power_recency(len(own), self.recency)
            places = np.searchsorted(rows, own)
            confidence[number, places] += np.where(state.dismissed[:_HISTORY_LENGTH], self.dislike, trust)
            wanted[number, places] = confidence[number, places] * (evidence > 0)
        return fold_in_each(self.item_factors_[rows], confidence, wanted, gram=self._gram, reg=self.reg)

    def score(self, query: Query) -> FloatVector:
        require_fitted(self, "item_factors_")
        scores: FloatVector = self.item_factors_ @ self.user_factors(query.state)
        return scores

    def scored(self, query: Query) -> Scored:
        require_fitted(self, "item_factors_")
        if self._part is None:
            return super().scored(query)
        return _PartScores(self.searched_, self._part, self.item_factors_, self.user_factors(query.state))

    def score_rows(self, query: Query, rows: Rows) -> FloatVector:
        require_fitted(self, "item_factors_")
        scores: FloatVector = self.item_factors_[rows] @ self.user_factors(query.state)
        return scores

    def score_rows_each(self, queries: Sequence[Query], rows: Rows) -> FloatMatrix:
        require_fitted(self, "item_factors_")
        users = self._users([query.state for query in queries])
        scores: FloatMatrix = users @ np.asarray(self.item_factors_[rows]).T
        return scores

    def state_arrays(self) -> dict[str, AnyArray]:
        require_fitted(self, "item_factors_")
        return {"item_factors": self.item_factors_, "searched": self.searched_}

    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        self.item_factors_ = arrays["item_factors"]
        self.searched_ = arrays.get("searched", np.arange(len(self.item_factors_)))
        return self._prepare()

    def notes(self) -> dict[str, Any]:
        settings = {"alpha": self.alpha, "n_factors": self.n_factors, "reg": self.reg}
        return settings if getattr(self, "_part", None) is None else settings | {"items_searched": len(self.searched_)}


@dataclass(frozen=True)
class _PartScores:
    """Scores of all items, of which only some are searched for the best."""

    searched: Rows
    part: FloatMatrix
    item_factors: FloatMatrix
    user: FloatVector

    def best(self, n: int, allowed: BoolMask | None = None) -> Rows:
        """See :class:`recommender.arrays.scores.Scored`."""
        among = None if allowed is None else allowed[self.searched]
        best: Rows = self.searched[DenseScores(self.part @ self.user, positive_only=False).best(n, among)]
        return best

    def at(self, rows: Rows) -> FloatVector:
        """See :class:`recommender.arrays.scores.Scored`."""
        scores: FloatVector = self.item_factors[rows] @ self.user
        return scores
