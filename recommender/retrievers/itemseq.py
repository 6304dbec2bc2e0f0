"""Sequence-aware item-item counts: what people touch soon after what."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Self

import numpy as np
from scipy import sparse

from recommender.arrays.neighbours import NeighbourTable
from recommender.data.state import Steps, UserState
from recommender.retrievers.itemitem import HISTORY_LENGTH
from recommender.retrievers.streamed import AddedPairs, PairCounter
from recommender.training_data import Sequences, TrainingData
from recommender.types import AnyArray, FloatVector, Rows

_GAPS_AT_ONCE = 5
_LEAST_DECAY = 1e-6


class ItemSeq(PairCounter):
    """Directed co-occurrence with decay over the gap, normalised by popularity.

    ``W[i, j] = (sum over users and pairs i before j at gap g <= window of gap_decay**(g-1)
    + backward * the same for j before i) / (d_i**popularity * d_j**popularity + shrinkage)`` and
    ``score(u, j) = sum_k history_decay**k * W[h_k, j]`` with ``h_0`` the latest item.

    The counts stay unnormalised in the table, so new events can be added to them without a refit.

    Parameters
    ----------
    window : int
        Largest gap counted, in steps of the user's sequence.
    gap_decay, backward, popularity, shrinkage, history_decay : float
    top_k : int
        Neighbours kept per item.

    References
    ----------
    Measured on the Amazon Beauty, Sports and Toys sequences (leave-one-out, all items ranked) at NDCG@10 0.0547,
    0.0351 and 0.0679 with gap_decay 0.9, backward 0.3, popularity 0.2-0.3, shrinkage 3, history_decay 0.5-0.7.
    """

    name = "itemseq"
    counts_steps = True

    def __init__(
        self,
        window: int = 20,
        gap_decay: float = 0.9,
        backward: float = 0.3,
        popularity: float = 0.3,
        shrinkage: float = 3.0,
        history_decay: float = 0.7,
        top_k: int = 300,
    ) -> None:
        self.window = window
        self.gap_decay = gap_decay
        self.backward = backward
        self.popularity = popularity
        self.shrinkage = shrinkage
        self.history_decay = history_decay
        self.top_k = top_k

    def fit(self, data: TrainingData) -> Self:
        forward = forward_counts(data.sequences, data.n_items, window=self.window, gap_decay=self.gap_decay)
        counts = forward + self.backward * forward.T
        self.table_ = NeighbourTable.from_matrix(self._normalised_order(counts, data.item_counts), self.top_k)
        if len(self.table_.rows):  # SciPy cannot be indexed with nothing
            self.table_.values = np.asarray(counts[_row_index(self.table_), self.table_.rows], dtype=np.float32).ravel()
        self.degrees_ = data.item_counts.copy()
        return self._prepare()

    def _normalised_order(self, counts: sparse.csr_matrix, degrees: FloatVector) -> sparse.csr_matrix:
        """The table is cut by normalised strength, though it keeps plain counts."""
        coo = counts.tocoo()
        strength = coo.data / self._divisor(degrees[coo.row], degrees[coo.col])
        return sparse.csr_matrix((strength, (coo.row, coo.col)), shape=coo.shape)

    def _divisor(self, left: FloatVector, right: FloatVector) -> FloatVector:
        return left**self.popularity * right**self.popularity + self.shrinkage

    def _prepare(self) -> Self:
        self._fitted_degrees = self.degrees_
        self._powers = np.maximum(self.degrees_, 1.0).astype(np.float32) ** np.float32(self.popularity)
        self._added = AddedPairs()
        return self

    def absorb(self, earlier: Steps, row: int, evidence: float, *, is_new: bool, had: float = 0.0) -> None:
        if is_new:
            self._grow_audience(row)
        more = float(np.sqrt(evidence) - np.sqrt(had))
        before = zip(earlier.item_rows[: self.window].tolist(), earlier.evidence.tolist(), strict=False)
        for gap, (other, weight) in enumerate(before):
            if other in (row, -1):
                continue
            value = self.gap_decay**gap * float(np.sqrt(weight)) * more
            self._added.add(other, row, value)
            self._added.add(row, other, self.backward * value)

    def absorb_late(self, before: Steps, after: Steps, row: int, evidence: float, *, is_new: bool) -> None:
        if is_new:
            self._grow_audience(row)
        for left, right, count in _changed_pairs(before, after, self.window, self.gap_decay):
            self._added.add(left, right, count)
            self._added.add(right, left, self.backward * count)

    def _grow_audience(self, row: int) -> None:
        if self.degrees_ is self._fitted_degrees:
            self.degrees_ = np.array(self.degrees_)
        self.degrees_[row] += 1
        self._powers[row] = max(float(self.degrees_[row]), 1.0) ** self.popularity

    def _gather(self, rows: Rows) -> tuple[Rows, Rows, FloatVector]:
        """Entries of the table and of what was absorbed since the fit."""
        owner, neighbours, counts = self.table_.gather(rows)
        fresh = [(k, *self._added.of(row)) for k, row in enumerate(rows.tolist()) if row in self._added]
        if not fresh:
            return owner, neighbours, counts
        owners = np.repeat([k for k, _, _ in fresh], [len(columns) for _, columns, _ in fresh])
        return (
            np.concatenate([owner, owners]),
            np.concatenate([neighbours, *(columns for _, columns, _ in fresh)]),
            np.concatenate([counts, *(values for _, _, values in fresh)]),
        )

    def strengths(self, rows: Rows) -> tuple[Rows, AnyArray, FloatVector]:
        owner, neighbours, counts = self._gather(rows)
        return owner, neighbours, counts / (self._powers[rows][owner] * self._powers[neighbours] + self.shrinkage)

    def history(self, state: UserState) -> tuple[Rows, FloatVector]:
        decayed = _decays(self.history_decay)[: len(state.item_rows)]
        return state.item_rows[: len(decayed)], state.weights[: len(decayed)] * decayed

    def notes(self) -> dict[str, Any]:
        return {"backward": self.backward, "history_decay": self.history_decay}

    def state_arrays(self) -> dict[str, AnyArray]:
        return super().state_arrays() | {"degrees": self._fitted_degrees}

    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        super().load_arrays(arrays)
        self.degrees_ = arrays["degrees"]
        return self._prepare()


@lru_cache
def _decays(base: float) -> FloatVector:
    """Weights ``base ** k`` of the latest items, as far as they count; not to be written to."""
    weights = base ** np.arange(HISTORY_LENGTH, dtype=np.float64)
    weights = weights[weights > _LEAST_DECAY].astype(np.float32)
    weights.flags.writeable = False
    return weights


def forward_counts(sequences: Sequences, n_items: int, *, window: int, gap_decay: float) -> sparse.csr_matrix:
    """Decayed counts of ordered pairs within a user's sequence, shape (n_items, n_items).

    A pair weighs ``gap_decay ** (gap - 1)`` times the square root of the product of both steps' evidence.
    """
    total = sparse.csr_matrix((n_items, n_items), dtype=np.float32)
    for first in range(1, window + 1, _GAPS_AT_ONCE):
        gaps = range(first, min(first + _GAPS_AT_ONCE, window + 1))
        parts = [_pairs_at(sequences, gap, gap_decay) for gap in gaps]
        left, right, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
        total = total + sparse.csr_matrix((weight, (left, right)), shape=(n_items, n_items))
    return total


def _pairs_at(sequences: Sequences, gap: int, gap_decay: float) -> tuple[Rows, Rows, FloatVector]:
    users, items, evidence = sequences.user_rows, sequences.item_rows, sequences.weights
    same = (users[gap:] == users[:-gap]) & (items[gap:] != items[:-gap])
    weight = gap_decay ** (gap - 1) * np.sqrt(evidence[:-gap][same] * evidence[gap:][same])
    return items[:-gap][same], items[gap:][same], weight.astype(np.float32)


def _changed_pairs(before: Steps, after: Steps, window: int, gap_decay: float) -> list[tuple[int, int, float]]:
    """What a step put into a sequence adds to ordered pairs, and takes from those that it moves apart."""
    without, with_it = (_all_pairs(steps, window, gap_decay) for steps in _near_the_change(before, after, window))
    left, right, weight = (np.concatenate(column) for column in zip(without, with_it, strict=True))
    weight[: len(without[2])] *= -1
    n = int(right.max(initial=0)) + 1
    pairs, place = np.unique(left * n + right, return_inverse=True)
    counts = np.bincount(place, weights=weight, minlength=len(pairs))
    changed = np.abs(counts) > _LEAST_DECAY
    lefts, rights = np.divmod(pairs[changed], n)
    return list(zip(lefts.tolist(), rights.tolist(), counts[changed].tolist(), strict=True))


def _near_the_change(before: Steps, after: Steps, window: int) -> tuple[Steps, Steps]:
    """The steps of both sequences that differ, and a window on each side of them: no other pair changes."""
    n = min(len(before.item_rows), len(after.item_rows))
    latest = _n_alike(before, after, slice(n))
    earliest = _n_alike(before, after, slice(-1, -1 - (n - latest), -1))

    def near(steps: Steps) -> Steps:
        part = slice(max(0, latest - window), len(steps.item_rows) - earliest + window)
        return Steps(steps.item_rows[part], steps.evidence[part])

    return near(before), near(after)


def _n_alike(before: Steps, after: Steps, part: slice) -> int:
    """How many steps from the start of a part on are the same in both."""
    alike = (before.item_rows[part] == after.item_rows[part]) & (before.evidence[part] == after.evidence[part])
    return len(alike) if alike.all() else int(alike.argmin())


def _all_pairs(steps: Steps, window: int, gap_decay: float) -> tuple[Rows, Rows, FloatVector]:
    """Earlier and later item of each pair of one user's few steps, and its weight."""
    rows, evidence = steps.item_rows, steps.evidence
    gaps = np.subtract.outer(np.arange(len(rows)), np.arange(len(rows)))
    counted = (gaps > 0) & (gaps <= window) & (rows[:, None] != rows) & (rows[:, None] >= 0) & (rows >= 0)
    earlier, later = np.nonzero(counted)
    weight = gap_decay ** (gaps[counted] - 1) * np.sqrt(evidence[earlier] * evidence[later])
    return rows[earlier], rows[later], weight


def _row_index(table: NeighbourTable) -> Rows:
    return np.repeat(np.arange(table.n_items), np.diff(table.starts))
