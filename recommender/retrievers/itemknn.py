"""Item neighbours by cosine of their audiences."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy import sparse

from recommender.arrays.neighbours import NeighbourTable
from recommender.retrievers.streamed import AudienceCounter
from recommender.training_data import TrainingData
from recommender.types import FloatVector


class ItemKNN(AudienceCounter):
    """Cosine similarity of item columns with shrinkage towards zero for thin evidence.

    ``S[i, j] = co(i, j) / (sqrt(d_i * d_j) + shrinkage)``, the strongest ``top_k`` per item.

    References
    ----------
    Sarwar, Karypis, Konstan, Riedl (2001), Item-based Collaborative Filtering Recommendation Algorithms; shrinkage
    as in Bell and Koren (2007).
    """

    name = "itemknn"

    def __init__(self, shrinkage: float = 30.0, top_k: int = 200, recency: float = 0.8) -> None:
        self.shrinkage = shrinkage
        self.top_k = top_k
        self.recency = recency

    def fit(self, data: TrainingData) -> Self:
        matrix = data.recent_matrix.tocsc()
        by_item = matrix.T.tocsr()
        degrees = np.diff(matrix.indptr).astype(np.float32)
        roots = np.sqrt(np.maximum(degrees, 1)).astype(np.float32)

        def block(part: slice) -> sparse.csr_matrix:
            together = (by_item[part] @ matrix).tocoo()
            own = together.row + part.start
            strength = together.data / (roots[own] * roots[together.col] + self.shrinkage)
            strength[own == together.col] = 0.0
            return sparse.csr_matrix((strength, (together.row, together.col)), shape=together.shape)

        return self.grow_from(NeighbourTable.from_blocks(data.n_items, self.top_k, block), degrees)

    def divisor(self, left: FloatVector, right: FloatVector) -> FloatVector:
        return np.sqrt(np.maximum(left, 1) * np.maximum(right, 1)) + self.shrinkage

    def count_of(self, n_items: int) -> float:
        return 1.0
