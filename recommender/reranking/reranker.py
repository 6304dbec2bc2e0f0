"""The last step on a finished order: variety, caps, and nothing twice."""

from __future__ import annotations

import numpy as np

from recommender.types import FloatMatrix, FloatVector, Rows

POOL = 200


def collapse(rows: Rows, groups: Rows, limit: int) -> Rows:
    """Positions of ``rows`` to keep so that no group stands more than ``limit`` times; group -1 is not limited."""
    own = groups[rows]
    order = np.argsort(own, kind="stable")
    sorted_groups = own[order]
    starts = np.searchsorted(sorted_groups, sorted_groups, side="left")
    place = np.empty(len(rows), dtype=np.int64)
    place[order] = np.arange(len(rows)) - starts
    return np.flatnonzero((own < 0) | (place < limit))


def room_behind(before: Rows, groups: Rows, limit: int) -> Rows:
    """Positions of ``groups``, group numbers in their order, that may follow those ``before``: at most ``limit`` each.

    Group -1 is not limited.
    """
    all_groups = np.concatenate([before, groups])
    kept = collapse(np.arange(len(all_groups)), all_groups, limit)
    return kept[kept >= len(before)] - len(before)


def maximal_marginal_relevance(rows: Rows, scores: FloatVector, vectors: FloatMatrix, n: int, diversity: float) -> Rows:
    """Positions of ``n`` rows picked one by one, trading score against likeness to what was picked.

    Each step takes the largest ``(1 - |diversity|) * relevance - diversity * max cosine to the picked``; relevance is
    the score scaled to 0..1 within the pool.

    Parameters
    ----------
    rows : ndarray of shape (n_pool,)
        Item rows, best first.
    scores : ndarray of shape (n_pool,)
    vectors : ndarray of shape (n_items, n_dims)
        Unit rows.
    n : int
    diversity : float
        Between -1 and 1: 0 keeps the order, above it likeness is avoided, below it likeness is sought.

    References
    ----------
    Carbonell and Goldstein (1998), The Use of MMR.
    """
    if diversity == 0 or len(rows) <= 1:
        return np.arange(min(n, len(rows)))
    pool = min(len(rows), max(POOL, n))
    spread = float(scores[:pool].max() - scores[:pool].min()) or 1.0
    relevance = (scores[:pool] - scores[:pool].min()) / spread * (1.0 - abs(diversity))
    own = np.asarray(vectors[rows[:pool]], dtype=np.float32)
    likeness = np.full(pool, -1.0, dtype=np.float32)
    free = np.ones(pool, dtype=bool)
    picked: list[int] = []
    for _ in range(min(n, pool)):
        value = np.where(free, relevance - diversity * np.maximum(likeness, 0.0), -np.inf)
        best = int(np.argmax(value))
        picked.append(best)
        free[best] = False
        likeness = np.maximum(likeness, own @ own[best])
    return np.array(picked, dtype=np.int64)


def push_down(
    scores: FloatVector, rows: Rows, vectors: FloatMatrix, disliked: Rows, strengths: FloatVector
) -> FloatVector:
    """Scores lowered for likeness to disliked items, by up to ``strengths`` times the spread of the list.

    Only a cosine above one half counts: sharing a department with something disliked is no fault.

    Parameters
    ----------
    scores, rows : ndarray of shape (n,)
    vectors : ndarray of shape (n_items, n_dimensions)
    disliked, strengths : ndarray of shape (n_disliked,)
        Item rows, and how far likeness to each pushes down.
    """
    if strengths.max(initial=0.0) <= 0 or not len(rows):
        return scores
    likeness = np.asarray(vectors[rows]) @ np.asarray(vectors[disliked]).T
    closest = (np.clip((likeness - 0.5) * 2.0, 0.0, 1.0) * strengths).max(axis=1)
    spread = float(scores.max() - scores.min()) or 1.0
    return (scores - spread * closest).astype(np.float32)
