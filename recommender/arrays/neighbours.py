"""Sparse item-item tables: the strongest neighbours of each item, and weighted sums of their rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from recommender.types import AnyArray, BoolMask, FloatMatrix, FloatVector, Rows

BLOCK_ROWS = 2_000


class NeighbourTable:
    """Rows of neighbours in compressed form.

    Parameters
    ----------
    starts : ndarray of shape (n_items + 1,)
        Item ``i`` owns the entries ``starts[i]:starts[i + 1]``.
    rows : ndarray of shape (n_entries,)
        Neighbour rows as narrow as they fit, see :func:`row_type`. Only the table counts with these; what it hands out
        is int32.
    values : ndarray of shape (n_entries,)
        Strength of each neighbour, float32.
    """

    def __init__(self, starts: Rows, rows: AnyArray, values: FloatVector) -> None:
        self.starts, self.rows, self.values = starts, rows, values

    @classmethod
    def from_matrix(cls, matrix: sparse.spmatrix, top_k: int) -> NeighbourTable:
        """Keep the ``top_k`` entries of largest magnitude in each row; ties go to the lower column."""
        csr = sparse.csr_matrix(matrix)
        csr.sort_indices()
        keep = csr.data != 0
        strength = np.abs(csr.data)
        for row in np.flatnonzero(np.diff(csr.indptr) > top_k):
            part = slice(csr.indptr[row], csr.indptr[row + 1])
            keep[part] &= _strongest(strength[part], top_k)
        counts = np.add.reduceat(np.r_[keep, False], csr.indptr[:-1], dtype=np.int64) * (np.diff(csr.indptr) > 0)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(starts, csr.indices[keep].astype(row_type(csr.shape[1])), csr.data[keep].astype(np.float32))

    @classmethod
    def from_blocks(cls, n_items: int, top_k: int, block: Callable[[slice], sparse.spmatrix]) -> NeighbourTable:
        """Build the table from blocks of rows, so the full matrix never exists at once."""
        tables = [
            cls.from_matrix(block(slice(start, min(start + BLOCK_ROWS, n_items))), top_k)
            for start in range(0, n_items, BLOCK_ROWS)
        ]
        counts = np.concatenate([np.diff(t.starts) for t in tables]) if tables else np.empty(0, dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        rows = np.concatenate([t.rows for t in tables]) if tables else np.empty(0, dtype=row_type(n_items))
        values = np.concatenate([t.values for t in tables]) if tables else np.empty(0, dtype=np.float32)
        return cls(starts, rows, values)

    @property
    def n_items(self) -> int:
        """Number of rows of the table."""
        return len(self.starts) - 1

    def gather(self, rows: Rows) -> tuple[Rows, AnyArray, FloatVector]:
        """Entries of several rows at once.

        Returns
        -------
        owner : ndarray of shape (n_entries,)
            Position in ``rows`` to which an entry belongs.
        neighbours : ndarray of shape (n_entries,), int32
        values : ndarray of shape (n_entries,)
        """
        begin, end = self.starts[rows], self.starts[rows + 1]
        lengths = end - begin
        owner = np.repeat(np.arange(len(rows)), lengths)
        positions = np.arange(len(owner)) + np.repeat(begin - (np.cumsum(lengths) - lengths), lengths)
        return owner, _wide(self.rows[positions]), self.values[positions]

    def weighted_sum(self, rows: Rows, weights: FloatVector) -> FloatVector:
        """``sum_k weights[k] * table[rows[k]]`` as a dense vector of shape (n_items,); 0 where nothing points."""
        owner, neighbours, values = self.gather(rows)
        return summed(neighbours, values * weights[owner], self.n_items)

    def row(self, item_row: int) -> tuple[AnyArray, FloatVector]:
        """Neighbours and strengths of one item."""
        part = slice(int(self.starts[item_row]), int(self.starts[item_row + 1]))
        return _wide(self.rows[part]), self.values[part]

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact."""
        return {"starts": self.starts, "rows": self.rows, "values": self.values}

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray]) -> NeighbourTable:
        """Rebuild from :meth:`to_arrays`."""
        return cls(arrays["starts"], arrays["rows"], arrays["values"])


def row_type(n_items: int) -> type[np.uint16] | type[np.int32]:
    """In what rows of so many items are stored: they are half of a table, and for most catalogues two bytes each do."""
    return np.uint16 if n_items <= np.iinfo(np.uint16).max + 1 else np.int32


def _wide(rows: AnyArray) -> AnyArray:
    """Rows to count with: in two bytes a sum or a product would wrap around unseen."""
    return rows.astype(np.int32, copy=False)


def _strongest(strength: FloatVector, n: int) -> BoolMask:
    """Mask of the ``n`` largest values of a row that has more; ties go to the first."""
    threshold = np.partition(strength, len(strength) - n)[len(strength) - n]
    kept: BoolMask = strength > threshold
    kept[np.flatnonzero(strength == threshold)[: n - np.count_nonzero(kept)]] = True
    return kept


def summed(neighbours: AnyArray, values: FloatVector, n_items: int) -> FloatVector:
    """Values added up per neighbour, shape (n_items,)."""
    return np.bincount(neighbours, weights=values, minlength=n_items).astype(np.float32)


class Targets:
    """Some distinct items, found again among the neighbours of others.

    Parameters
    ----------
    rows : ndarray of shape (n_targets,)
    n_items : int
    """

    def __init__(self, rows: Rows, n_items: int) -> None:
        self.rows = rows
        self._place = np.full(n_items, -1, dtype=np.int32)
        self._place[rows] = np.arange(len(rows), dtype=np.int32)

    def __len__(self) -> int:
        return len(self.rows)

    def among(self, neighbours: AnyArray) -> tuple[Rows, AnyArray]:
        """Positions in ``neighbours`` that hold a target, and which target each of them holds."""
        places = self._place[neighbours]
        held = np.flatnonzero(places >= 0)
        return held, places[held]


def summed_at(targets: Targets, neighbours: AnyArray, values: FloatVector) -> FloatVector:
    """The same for some items only, shape (len(targets),)."""
    held, places = targets.among(neighbours)
    return np.bincount(places, weights=values[held], minlength=len(targets)).astype(np.float32)


def spread(
    targets: Targets, owner: Rows, neighbours: AnyArray, values: FloatVector, weights: FloatVector
) -> FloatMatrix:
    """Weighted table entries laid out as history items by targets, shape (len(weights), len(targets))."""
    held, places = targets.among(neighbours)
    own = owner[held]
    cells = own * len(targets) + places
    sums = np.bincount(cells, weights=values[held] * weights[own], minlength=len(weights) * len(targets))
    return sums.astype(np.float32).reshape(len(weights), len(targets))
