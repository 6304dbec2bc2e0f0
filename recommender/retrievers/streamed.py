"""Pairs of items counted between two fits, and item-item tables that grow by them."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from array import array
from typing import ClassVar, Self

import numpy as np

from recommender.arrays.neighbours import NeighbourTable, summed
from recommender.data.state import Steps
from recommender.retrievers.itemitem import ItemItemRetriever
from recommender.types import AnyArray, FloatVector, Rows

# Every pair takes memory in every web process. What is further back in a history is left for the next fit, and so are
# the counts of the pairs before the new one of whoever has more than this.
LATEST_ITEMS = 20
# Entries of a row that are left as they were written.
LEAST_JOINED = 256


class AddedPairs:
    """Counts of pairs of items, written down one at a time and read a row at a time; one thread writes, others read."""

    def __init__(self) -> None:
        # Eight bytes for each count: dictionaries of numbers took twenty times as much in every web process.
        self._written: dict[int, tuple[array[int], array[float]]] = {}
        self._limits: dict[int, int] = {}
        self._read: dict[int, tuple[int, Rows, FloatVector]] = {}

    def __contains__(self, row: int) -> bool:
        return row in self._written

    def add(self, left: int, right: int, count: float) -> None:
        """Add to the count of a pair."""
        if left not in self._written:
            self._written[left] = array("i"), array("f")
        rows, counts = self._written[left]
        rows.append(right)
        counts.append(count)
        self._read.pop(left, None)
        if len(counts) > self._limits.get(left, LEAST_JOINED):
            self._join(left)

    def _join(self, row: int) -> None:
        """Add up what a row got of the same pairs: else what many touch would be as long as all that they did."""
        neighbours, counts = _added_up(*self._written[row], len(self._written[row][1]))
        self._limits[row] = LEAST_JOINED + 2 * len(neighbours)
        # In one step: who reads meanwhile goes on with the arrays as they were.
        self._written[row] = array("i", neighbours.astype("i").tobytes()), array("f", counts.astype("f").tobytes())
        self._read.pop(row, None)

    def of(self, row: int) -> tuple[Rows, FloatVector]:
        """Distinct neighbours and counts that a row got; they are kept until it gets more."""
        rows, counts = self._written[row]
        n = len(counts)  # another thread may add meanwhile; what it adds stands behind these
        known = self._read.get(row)
        if known is None or known[0] != n:
            known = self._read[row] = n, *_added_up(rows, counts, n)
        return known[1], known[2]


def _added_up(rows: array[int], counts: array[float], n: int) -> tuple[Rows, FloatVector]:
    """Distinct neighbours of the first ``n`` entries, and the sum of the counts of each."""
    neighbours, place = np.unique(np.array(rows[:n], dtype=np.int64), return_inverse=True)
    return neighbours, summed(place, np.array(counts[:n]), len(neighbours))


class PairCounter(ItemItemRetriever):
    """An item-item source that counts what happens after its fit.

    ``counts_steps`` says what it is told to be earlier: the steps of the user's sequence, in which an item may stand
    again and again, or distinct items.
    """

    counts_steps: ClassVar[bool] = False

    @abstractmethod
    def absorb(self, earlier: Steps, row: int, evidence: float, *, is_new: bool, had: float = 0.0) -> None:
        """Count one more step of a user's sequence, as a refit would. What is saved stays as fitted.

        Parameters
        ----------
        earlier : Steps
            What came before the new item.
        row : int
        evidence : float
        is_new : bool
            Whether no event before says that the user likes the item: only then its audience grows.
        had : float
            Evidence that the same step had so far: an item repeated at once is one step, which says the most of what
            was said.
        """

    def absorb_late(self, before: Steps, after: Steps, row: int, evidence: float, *, is_new: bool) -> None:
        """Count an event that happened before the latest of its user, as a refit would.

        Parameters
        ----------
        before, after : Steps
            The user's sequence without the event and with it.
        row : int
        evidence : float
        is_new : bool
            As for :meth:`absorb`.
        """
        self.absorb(before.distinct(), row, evidence, is_new=is_new)


class AudienceCounter(PairCounter):
    """A table of ``count(i, j) / divisor(d_i, d_j)`` over audiences ``d``; rows with new counts are worked out anew.

    A row without new counts stays as it was fitted, although audiences of its neighbours may have grown.
    """

    degrees_: FloatVector
    _grown_degrees: FloatVector
    _added: AddedPairs
    _rows: dict[int, tuple[FloatVector, Rows, FloatVector]]

    @abstractmethod
    def divisor(self, left: FloatVector, right: FloatVector) -> FloatVector:
        """What counts are divided by, given the audiences of both items."""

    @abstractmethod
    def count_of(self, n_items: int) -> float:
        """What somebody with so many items, at least one, adds to the count of each pair of them."""

    def absorb(self, earlier: Steps, row: int, evidence: float, *, is_new: bool, had: float = 0.0) -> None:
        if not is_new:
            return
        liked = earlier.item_rows[earlier.evidence > 0]
        others = liked[:LATEST_ITEMS].tolist()
        if self._grown_degrees is self.degrees_:
            self._grown_degrees = self.degrees_.copy()
        self._grown_degrees[row] += 1
        count = self.count_of(len(liked) + 1)
        for other in others:
            self._added.add(other, row, count)
            self._added.add(row, other, count)
        if 1 < len(liked) <= LATEST_ITEMS and (change := count - self.count_of(len(liked))):
            for left, right in itertools.permutations(others, 2):
                self._added.add(left, right, change)

    def strengths(self, rows: Rows) -> tuple[Rows, AnyArray, FloatVector]:
        owner, neighbours, strengths = self.table_.gather(rows)
        grown = [place for place, row in enumerate(rows.tolist()) if row in self._added]
        if not grown:
            return owner, neighbours, strengths
        kept = ~np.isin(owner, grown)
        anew = [self._row(int(rows[place])) for place in grown]
        return (
            np.concatenate([owner[kept], np.repeat(grown, [len(found) for found, _ in anew])]),
            np.concatenate([neighbours[kept], *(found for found, _ in anew)]),
            np.concatenate([strengths[kept], *(values for _, values in anew)]),
        )

    def _row(self, row: int) -> tuple[Rows, FloatVector]:
        """Neighbours and strengths of a row that got counts, kept until it gets more."""
        added, more = self._added.of(row)
        known = self._rows.get(row)
        if known is None or known[0] is not more:
            fitted, strengths = self.table_.row(row)
            counts = strengths * self.divisor(self.degrees_[row], self.degrees_[fitted])
            rows, place = np.unique(np.concatenate([fitted, added]), return_inverse=True)
            total = np.bincount(place, weights=np.concatenate([counts, more]), minlength=len(rows))
            strength = np.maximum(total, 0.0) / self.divisor(self._grown_degrees[row], self._grown_degrees[rows])
            known = self._rows[row] = more, rows, strength.astype(np.float32)
        return known[1], known[2]

    def grow_from(self, table: NeighbourTable, degrees: FloatVector) -> Self:
        """Take a fitted table and the audiences it was divided by, shape (n_items,)."""
        self.table_, self.degrees_ = table, degrees
        self._grown_degrees = degrees
        self._added = AddedPairs()
        self._rows = {}
        return self

    def state_arrays(self) -> dict[str, AnyArray]:
        return super().state_arrays() | {"degrees": self.degrees_}

    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        return self.grow_from(NeighbourTable.from_arrays(arrays), arrays["degrees"])
