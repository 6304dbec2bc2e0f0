"""The closed-form linear item-item model."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy import sparse

from recommender.arrays.neighbours import NeighbourTable
from recommender.arrays.topn import most_interacted
from recommender.base import SourceUnavailableError
from recommender.retrievers.itemitem import HISTORY_LENGTH, ItemItemRetriever
from recommender.training_data import TrainingData
from recommender.types import FloatMatrix, FloatVector, Rows


class Ease(ItemItemRetriever):
    """Ridge regression of every item on all others, with a zero diagonal.

    The Gram matrix is inverted through its Cholesky factor; cost and memory grow with the cube and the square of the
    number of items, so only the ``max_items`` most-interacted items take part. :meth:`notes` says how many that were.

    References
    ----------
    Steck (2019), Embarrassingly Shallow Autoencoders for Sparse Data, eq. 8.
    """

    name = "ease"

    def __init__(
        self,
        l2: float = 200.0,
        max_items: int = 10_000,
        top_k: int = 500,
        recency: float = 0.6,
        history_length: int = HISTORY_LENGTH,
    ) -> None:
        self.l2 = l2
        self.max_items = max_items
        self.top_k = top_k
        self.recency = recency
        self.history_length = history_length

    def fit(self, data: TrainingData) -> Self:
        matrix = data.recent_matrix
        chosen = most_interacted(np.asarray(matrix.getnnz(axis=0)), self.max_items)
        if not len(chosen):
            raise SourceUnavailableError("ease: there is no event to learn from")
        weights = _solve(_gram(matrix[:, chosen], self.l2))
        if weights is None:
            raise SourceUnavailableError(
                f"ease: the regression has no solution in single precision with an l2 of {self.l2:g}; take a higher one"
            )
        self.table_ = _spread(weights, chosen, data.n_items, self.top_k)
        self.n_modelled_ = len(chosen)
        return self

    def notes(self) -> dict[str, Any]:
        return {"items_modelled": self.n_modelled_, "recency": self.recency} if hasattr(self, "n_modelled_") else {}


def _gram(matrix: sparse.csr_matrix, l2: float) -> FloatMatrix:
    gram = (matrix.T @ matrix).toarray().astype(np.float32)
    gram[np.diag_indices_from(gram)] += l2
    return gram


def _solve(gram: FloatMatrix) -> FloatMatrix | None:
    """``B = -P / diag(P)`` with ``P`` the inverse of the Gram matrix, and zeros on the diagonal; None without one."""
    from scipy import linalg  # serving needs none of it

    factor, half_done = linalg.lapack.spotrf(gram, lower=True, overwrite_a=True)
    if half_done:  # what stands there then is inverted without a complaint
        return None
    inverse, failed = linalg.lapack.spotri(factor, lower=True, overwrite_c=True)
    if failed:
        return None
    _mirror_lower(inverse)
    inverse /= -np.diag(inverse).copy()
    np.fill_diagonal(inverse, 0.0)
    weights: FloatMatrix = inverse
    return weights


def _mirror_lower(matrix: FloatMatrix, step: int = 512) -> None:
    """Copy the lower triangle over the upper one in place, a band at a time to keep the peak memory low."""
    for start in range(0, matrix.shape[0], step):
        stop = start + step
        matrix[:start, start:stop] = matrix[start:stop, :start].T
        band = matrix[start:stop, start:stop]
        band[:] = np.tril(band) + np.tril(band, -1).T


def _spread(weights: FloatMatrix, chosen: Rows, n_items: int, top_k: int) -> NeighbourTable:
    """Cut the dense weights to ``top_k`` per row and put them on the rows of the whole catalogue."""
    rows, columns, values = [], [], []
    keep = min(top_k, weights.shape[0])
    for i in range(weights.shape[0]):
        strongest: Rows = np.argpartition(-np.abs(weights[i]), keep - 1)[:keep]
        rows.append(np.full(keep, chosen[i]))
        columns.append(chosen[np.sort(strongest)])
        values.append(_row_values(weights[i], strongest))
    table = sparse.csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(n_items, n_items)
    )
    return NeighbourTable.from_matrix(table, top_k)


def _row_values(row: FloatVector, columns: Rows) -> FloatVector:
    return row[np.sort(columns)]
