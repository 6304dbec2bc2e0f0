"""What goes into the same order."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy import sparse

from recommender.arrays.neighbours import NeighbourTable
from recommender.base import Query, SourceUnavailableError, require_fitted
from recommender.data.state import UserState
from recommender.retrievers.itemitem import ItemItemRetriever
from recommender.training_data import TrainingData
from recommender.types import KIND_CODE, FloatVector, Rows

_MAX_BASKET = 200
DAY_SECONDS = 86_400


class BoughtTogether(ItemItemRetriever):
    """Order-level lift with a floor on support.

    ``lift(i, j) = n_ij * N / (n_i * n_j)`` over ``N`` orders; pairs seen in fewer than ``min_support`` orders are left
    out, and the strength is ``(1 - 1 / lift) * n_ij / (n_ij + support_shrinkage)`` for lifts above 1: how surely the
    pair belongs together, between 0 and 1. Items of one variant family replace each other, so they are no complements.

    Parameters
    ----------
    min_support : int
        Orders that must hold the pair.
    support_shrinkage : float
    top_k : int
    recency : float
    """

    name = "bought_together"
    reason = "goes_with"

    def __init__(
        self, min_support: int = 3, support_shrinkage: float = 5.0, top_k: int = 50, recency: float = 0.5
    ) -> None:
        self.min_support = min_support
        self.support_shrinkage = support_shrinkage
        self.top_k = top_k
        self.recency = recency

    def fit(self, data: TrainingData) -> Self:
        baskets = basket_matrix(data)
        together = (baskets.T @ baskets).tocoo()
        totals = np.asarray(baskets.sum(axis=0)).ravel()
        keep = (together.row != together.col) & (together.data >= self.min_support)
        families = data.families
        keep &= (families[together.row] < 0) | (families[together.row] != families[together.col])
        left, right, support = together.row[keep], together.col[keep], together.data[keep]
        if not len(support):
            raise SourceUnavailableError(f"bought_together: no pair stands in {self.min_support} orders or more")
        lift = support * baskets.shape[0] / (totals[left] * totals[right])
        strength = np.where(lift > 1, (1 - 1 / lift) * support / (support + self.support_shrinkage), 0.0)
        table = sparse.csr_matrix((strength.astype(np.float32), (left, right)), shape=together.shape)
        self.table_ = NeighbourTable.from_matrix(table, self.top_k)
        self.n_orders_ = baskets.shape[0]
        return self

    def history(self, state: UserState) -> tuple[Rows, FloatVector]:
        rows, weights = super().history(state)
        bought = np.isin(state.kinds[: len(rows)], [KIND_CODE["purchase"], KIND_CODE["cart"], KIND_CODE["rating"]])
        return rows[bought], weights[bought]

    def with_items(self, rows: Rows) -> FloatVector:
        """Strength of every item as a complement of all the given ones, shape (n_items,)."""
        require_fitted(self, "table_")
        return self.table_.weighted_sum(rows, np.ones(len(rows), dtype=np.float32))

    def evidence(self, query: Query) -> tuple[Rows, FloatVector]:
        if len(query.context_rows):
            return query.context_rows, np.ones(len(query.context_rows), dtype=np.float32)
        return super().evidence(query)

    def usable(self, query: Query) -> bool:
        return bool(len(query.context_rows)) or super().usable(query)

    def notes(self) -> dict[str, Any]:
        return {"orders": self.n_orders_} if hasattr(self, "n_orders_") else {}


def basket_matrix(data: TrainingData) -> sparse.csr_matrix:
    """Ones for the items of each order, shape (n_orders, n_items).

    Purchases without an order number are grouped by user and UTC day; where nobody ever purchased, ratings stand in.
    Orders with more than 200 items (wholesale, tests) say little about pairs and are left out, as are single items.
    """
    events = data.events
    chosen = events.kinds == KIND_CODE["purchase"]
    if not chosen.any():
        chosen = events.kinds == KIND_CODE["rating"]
    days = events.user_rows[chosen] * (10**6) + events.timestamps[chosen] // DAY_SECONDS
    numbers = np.where(events.baskets[chosen] >= 0, -1 - events.baskets[chosen], days)
    _, orders = np.unique(numbers, return_inverse=True)
    pairs = np.unique(orders.astype(np.int64) * data.n_items + events.item_rows[chosen])
    rows, columns = pairs // data.n_items, pairs % data.n_items
    sizes = np.bincount(rows)
    keep = (sizes[rows] >= 2) & (sizes[rows] <= _MAX_BASKET) if len(rows) else np.zeros(0, dtype=bool)
    _, rows = np.unique(rows[keep], return_inverse=True)
    ones = np.ones(len(rows), dtype=np.float32)
    shape = (int(rows.max()) + 1 if len(rows) else 0, data.n_items)
    return sparse.csr_matrix((ones, (rows, columns[keep])), shape=shape)
