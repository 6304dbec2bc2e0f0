"""The scores that one source gives in one request, in the form that is cheapest to search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from recommender.arrays.topn import best_among
from recommender.types import AnyArray, BoolMask, FloatVector, Rows

_HEAD = 1_000


class Scored(Protocol):
    """Scores of all items, of which few are ever looked at."""

    def best(self, n: int, allowed: BoolMask | None = None) -> Rows:
        """Rows of the ``n`` best allowed items, best first, ties by row; fewer where the source knows fewer."""
        ...

    def at(self, rows: Rows) -> FloatVector:
        """Scores of some rows, shape (len(rows),)."""
        ...


@dataclass(frozen=True)
class DenseScores:
    """A score for every item, shape (n_items,); with ``positive_only`` what is not above 0 is never among the best."""

    values: FloatVector
    positive_only: bool

    def best(self, n: int, allowed: BoolMask | None = None) -> Rows:
        """See :class:`Scored`."""
        usable = self.values > (0.0 if self.positive_only else -np.inf)
        if allowed is not None:
            usable &= allowed
        return best_among(self.values, usable, n)

    def at(self, rows: Rows) -> FloatVector:
        """See :class:`Scored`."""
        return self.values[rows]


class SparseScores:
    """Values added up per item for the few items that have any; the score of all others is 0.

    Parameters
    ----------
    rows : ndarray of shape (n_values,)
        Item rows; an item may stand in it many times.
    values : ndarray of shape (n_values,)
    """

    def __init__(self, rows: AnyArray, values: FloatVector) -> None:
        self._rows, inverse = np.unique(rows, return_inverse=True)
        self._sums = np.bincount(inverse, weights=values, minlength=len(self._rows)).astype(np.float32)

    def best(self, n: int, allowed: BoolMask | None = None) -> Rows:
        """See :class:`Scored`; only what scores above 0 is found."""
        usable = self._sums > 0
        if allowed is not None:
            usable &= allowed[self._rows]
        return self._rows[best_among(self._sums, usable, n)].astype(np.int64)

    def at(self, rows: Rows) -> FloatVector:
        """See :class:`Scored`."""
        if not len(self._rows):
            return np.zeros(len(rows), dtype=np.float32)
        place = np.minimum(np.searchsorted(self._rows, rows), len(self._rows) - 1)
        return np.where(self._rows[place] == rows, self._sums[place], np.float32(0.0))


class KnownOrder:
    """The same scores for every request: their best are sorted once.

    Parameters
    ----------
    values : ndarray of shape (n_items,)
        Only what is above 0 is ever among the best.
    """

    def __init__(self, values: FloatVector) -> None:
        self._all = DenseScores(values, positive_only=True)
        self._head = self._all.best(_HEAD)

    def best(self, n: int, allowed: BoolMask | None = None) -> Rows:
        """See :class:`Scored`."""
        free = self._head if allowed is None else self._head[allowed[self._head]]
        return free[:n] if len(free) >= n or len(self._head) < _HEAD else self._all.best(n, allowed)

    def at(self, rows: Rows) -> FloatVector:
        """See :class:`Scored`."""
        return self._all.at(rows)
