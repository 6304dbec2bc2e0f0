"""What the item-item sources share: a neighbour table and a weighting of the history."""

from __future__ import annotations

from functools import lru_cache
from typing import Self

import numpy as np

from recommender.arrays.neighbours import NeighbourTable, Targets, spread, summed, summed_at
from recommender.base import Query, Retriever, require_fitted
from recommender.data.state import UserState
from recommender.types import AnyArray, FloatMatrix, FloatVector, Rows

HISTORY_LENGTH = 100


class ItemItemRetriever(Retriever):
    """Scores ``sum over history of weight * table[item]``.

    The weight of the item at position ``k`` (0 is the latest) is its evidence times ``(k + 1) ** -recency``, up to
    ``history_length`` items.
    """

    # Found together is not alike: "similar" is said only where item vectors tell.
    reason = "similar_taste"
    recency: float
    history_length: int = HISTORY_LENGTH
    table_: NeighbourTable

    def history(self, state: UserState) -> tuple[Rows, FloatVector]:
        """Rows and weights of the history that enter the sum."""
        rows, evidence = state.item_rows[: self.history_length], state.weights[: self.history_length]
        return rows, evidence * power_recency(len(rows), self.recency)

    def evidence(self, query: Query) -> tuple[Rows, FloatVector]:
        """Rows and weights whose neighbours are added up."""
        return self.history(query.state)

    def entries(self, rows: Rows, weights: FloatVector) -> tuple[AnyArray, FloatVector]:
        """Neighbours of the rows, one after the other, and what each adds to the neighbour's score."""
        owner, neighbours, strength = self.strengths(rows)
        return neighbours, strength * weights[owner]

    def score(self, query: Query) -> FloatVector:
        require_fitted(self, "table_")
        return summed(*self.entries(*self.evidence(query)), self.table_.n_items)

    def score_rows(self, query: Query, rows: Rows) -> FloatVector:
        require_fitted(self, "table_")
        return summed_at(Targets(rows, self.table_.n_items), *self.entries(*self.evidence(query)))

    def contributions(self, rows: Rows, weights: FloatVector, targets: Rows | Targets) -> FloatMatrix:
        """Part of each target's score that each history item gives, shape (len(rows), len(targets))."""
        return spread(self.targets(targets), *self.strengths(rows), weights)

    def targets(self, targets: Rows | Targets) -> Targets:
        """Items to look for; given as :class:`Targets` they serve several tables."""
        return targets if isinstance(targets, Targets) else Targets(targets, self.table_.n_items)

    def strengths(self, rows: Rows) -> tuple[Rows, AnyArray, FloatVector]:
        """Owners, neighbours and strengths of the rows, as :meth:`NeighbourTable.gather`."""
        return self.table_.gather(rows)

    def state_arrays(self) -> dict[str, AnyArray]:
        require_fitted(self, "table_")
        return self.table_.to_arrays()

    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        self.table_ = NeighbourTable.from_arrays(arrays)
        return self


@lru_cache(maxsize=1024)
def power_recency(n: int, exponent: float) -> FloatVector:
    """Weights ``(k + 1) ** -exponent`` of positions 0..n-1; not to be written to."""
    weights = (np.arange(1, n + 1, dtype=np.float64) ** -exponent).astype(np.float32)
    weights.flags.writeable = False
    return weights
