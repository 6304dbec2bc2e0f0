"""Picking the best rows of a score vector, always in the same order."""

from __future__ import annotations

import numpy as np

from recommender.types import AnyArray, FloatVector, Rows

# Beyond this many scores a look at one in _STEP of them tells where the best begin, so that few need sorting.
_LARGE = 10_000
_STEP = 32


def top_rows(scores: FloatVector, n: int) -> Rows:
    """Rows of the ``n`` highest finite scores, best first; equal scores in row order.

    NaN and -inf mean "cannot be shown" and never appear, so fewer than ``n`` rows may come back.
    """
    return best_among(scores, scores > -np.inf, n)


def best_among(scores: FloatVector, usable: AnyArray, n: int) -> Rows:
    """Rows of the ``n`` highest scores among the usable ones, best first; equal scores in row order.

    Parameters
    ----------
    scores : ndarray of shape (n_items,)
    usable : ndarray of shape (n_items,)
        False for rows that must not be found, such as those whose score is NaN.
    n : int
    """
    if len(scores) > _LARGE and n > 0:
        usable = _narrowed(scores, usable, n)
    rows = np.flatnonzero(usable)
    if n <= 0 or not len(rows):
        return np.empty(0, dtype=np.int64)
    kept = scores[rows]
    if n < len(rows):
        threshold = np.partition(kept, len(kept) - n)[len(kept) - n]
        above = np.flatnonzero(kept > threshold)
        ties = np.flatnonzero(kept == threshold)[: n - len(above)]
        chosen = np.concatenate([above, ties])
        rows, kept = rows[chosen], kept[chosen]
    return rows[np.lexsort((rows, -kept))]


def most_interacted(counts: AnyArray, limit: int) -> Rows:
    """Rows with at least one event, at most ``limit`` of them by count, in row order."""
    order = np.lexsort((np.arange(len(counts)), -counts))[:limit]
    return np.sort(order[counts[order] > 0])


def _narrowed(scores: FloatVector, usable: AnyArray, n: int) -> AnyArray:
    """A smaller mask that still holds the ``n`` best, where a sample shows one."""
    sample = scores[::_STEP][usable[::_STEP]]
    rank = 2 * (n // _STEP) + 8
    if len(sample) <= rank:
        return usable
    narrowed: AnyArray = usable & (scores >= np.partition(sample, len(sample) - rank)[len(sample) - rank])
    return narrowed if np.count_nonzero(narrowed) >= n else usable
