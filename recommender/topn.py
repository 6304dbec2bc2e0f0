"""Picking the best rows of a score vector, always in the same order."""

from __future__ import annotations

import numpy as np

from recommender.types import FloatVector, Rows


def top_rows(scores: FloatVector, n: int) -> Rows:
    """Rows of the ``n`` highest finite scores, best first; equal scores in row order.

    NaN and -inf mean "cannot be shown" and never appear, so fewer than ``n`` rows may come back.
    """
    scores = np.where(np.isnan(scores), -np.inf, scores)
    n = min(n, len(scores))
    if n <= 0:
        return np.empty(0, dtype=np.int64)
    if n < len(scores):
        threshold = np.partition(scores, len(scores) - n)[len(scores) - n]
        above = np.flatnonzero(scores > threshold)
        ties = np.flatnonzero(scores == threshold)[: n - len(above)]
        rows = np.concatenate([above, ties])
    else:
        rows = np.arange(len(scores))
    rows = rows[scores[rows] > -np.inf]
    return rows[np.lexsort((rows, -scores[rows]))]
