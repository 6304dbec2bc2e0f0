"""A random walk of three steps between items and users."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy import sparse

from recommender.arrays.neighbours import NeighbourTable
from recommender.retrievers.streamed import AudienceCounter
from recommender.training_data import TrainingData
from recommender.types import FloatVector


class RP3Beta(AudienceCounter):
    """Transition probability item -> user -> item, raised to ``alpha`` and damped by ``popularity ** beta``.

    References
    ----------
    Paudel, Christoffel, Newell, Bernstein (2017), Updatable, Accurate, Diverse, and Scalable Recommendations for
    Interactive Applications.
    """

    name = "rp3beta"

    def __init__(self, alpha: float = 1.0, beta: float = 0.2, top_k: int = 200, recency: float = 0.5) -> None:
        self.alpha = alpha
        self.beta = beta
        self.top_k = top_k
        self.recency = recency

    def fit(self, data: TrainingData) -> Self:
        matrix = data.recent_matrix
        from_user = _row_stochastic(matrix, self.alpha).tocsc()
        from_item = _row_stochastic(matrix.T.tocsr(), self.alpha)
        degrees = matrix.getnnz(axis=0).astype(np.float32)
        damping = np.maximum(degrees, 1) ** np.float32(-self.beta)

        def block(part: slice) -> sparse.csr_matrix:
            walk = (from_item[part] @ from_user).tocoo()
            strength = walk.data * damping[walk.col]
            strength[walk.row + part.start == walk.col] = 0.0
            return sparse.csr_matrix((strength, (walk.row, walk.col)), shape=walk.shape)

        return self.grow_from(NeighbourTable.from_blocks(data.n_items, self.top_k, block), degrees)

    def divisor(self, left: FloatVector, right: FloatVector) -> FloatVector:
        return np.maximum(left, 1) ** self.alpha * np.maximum(right, 1) ** self.beta

    def count_of(self, n_items: int) -> float:
        return n_items**-self.alpha


def _row_stochastic(matrix: sparse.csr_matrix, alpha: float) -> sparse.csr_matrix:
    lengths = np.diff(matrix.indptr)
    probability = np.repeat(1.0 / np.maximum(lengths, 1), lengths) ** alpha
    return sparse.csr_matrix((probability.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
