"""A random walk of three steps between items and users."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy import sparse

from recommender.neighbours import NeighbourTable
from recommender.retrievers.itemitem import ItemItemRetriever
from recommender.training_data import TrainingData


class RP3Beta(ItemItemRetriever):
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
        damping = np.maximum(matrix.getnnz(axis=0), 1).astype(np.float32) ** -self.beta

        def block(part: slice) -> sparse.csr_matrix:
            walk = (from_item[part] @ from_user).tocoo()
            strength = walk.data * damping[walk.col]
            strength[walk.row + part.start == walk.col] = 0.0
            return sparse.csr_matrix((strength, (walk.row, walk.col)), shape=walk.shape)

        self.table_ = NeighbourTable.from_blocks(data.n_items, self.top_k, block)
        return self


def _row_stochastic(matrix: sparse.csr_matrix, alpha: float) -> sparse.csr_matrix:
    lengths = np.diff(matrix.indptr)
    probability = np.repeat(1.0 / np.maximum(lengths, 1), lengths) ** alpha
    return sparse.csr_matrix((probability.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
