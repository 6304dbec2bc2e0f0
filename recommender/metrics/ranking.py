"""Whether the right items stand high in the lists: one value per user, so that intervals can be drawn.

Lists are matrices of item rows, best first, padded with -1. All measures follow one convention: a user with no relevant
item is NaN and left out of means, a user with no list is 0, a list shorter than ``k`` is not forgiven, and an item
named twice in one list counts at its first place only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recommender.errors import DataError
from recommender.metrics.values import Values, item_lists
from recommender.types import BoolMask, Rows

DEFAULT_CUTOFFS = (10,)


@dataclass(frozen=True)
class Judged:
    """Ranked lists held against the truth.

    Attributes
    ----------
    hits : ndarray of bool, shape (n_users, width)
        Whether the item at this place is relevant to the user.
    n_relevant : ndarray of shape (n_users,)
        How many relevant items the user has.
    """

    hits: BoolMask
    n_relevant: Rows

    def at(self, k: int) -> BoolMask:
        """The first ``k`` places; places beyond the width of the lists hold nothing."""
        if k < 1:
            raise DataError(f"the cutoff k must be at least 1, not {k}")
        missing = max(0, k - self.hits.shape[1])
        return np.pad(self.hits[:, :k], ((0, 0), (0, missing)))


def judge(ranked: ArrayLike, relevant: Sequence[ArrayLike]) -> Judged:
    """Mark the relevant items of each list.

    Parameters
    ----------
    ranked : array of int, shape (n_users, width)
        Item rows, best first; -1 where a list has ended.
    relevant : sequence of n_users arrays of int
        The relevant item rows of each user in any order, none negative; repeats count once.

    Raises
    ------
    DataError
        If the two do not speak of the same number of users, ``ranked`` is not a matrix of whole numbers, or a relevant
        row is negative.
    """
    lists = item_lists(ranked)
    if len(lists) != len(relevant):
        raise DataError(f"{len(lists)} ranked lists but {len(relevant)} sets of relevant items")
    sizes = np.array([np.size(rows) for rows in relevant], dtype=np.int64)
    flat = np.concatenate([np.zeros(0, np.int64), *(np.ravel(np.asarray(rows, np.int64)) for rows in relevant)])
    if flat.min(initial=0) < 0:
        raise DataError("a relevant item row is negative; leave out items that have no row")
    width = int(max(flat.max(initial=0), lists.max(initial=0))) + 1
    truth = np.unique(np.repeat(np.arange(len(lists)), sizes) * width + flat)
    keys = np.arange(len(lists))[:, None] * width + lists
    hits = np.isin(keys, truth) & (lists >= 0) & ~_repeated(lists)
    return Judged(hits, np.bincount(truth // width, minlength=len(lists)).astype(np.int64))


def precision(judged: Judged, k: int = 10) -> Values:
    """Share of the ``k`` places that hold a relevant item, per user (Manning et al. 2008, section 8.4)."""
    return _judgeable(judged, judged.at(k).sum(axis=1) / k)


def recall(judged: Judged, k: int = 10) -> Values:
    """Share of the user's relevant items found in the first ``k`` places, per user."""
    return _judgeable(judged, judged.at(k).sum(axis=1) / np.maximum(judged.n_relevant, 1))


def f1(judged: Judged, k: int = 10) -> Values:
    """Harmonic mean of precision and recall at ``k``, 0 where both are 0, per user (van Rijsbergen 1979)."""
    found = judged.at(k).sum(axis=1)
    return _judgeable(judged, 2.0 * found / (k + judged.n_relevant))


def average_precision(judged: Judged, k: int = 10) -> Values:
    """Mean precision at the places of the hits, over ``min(k, n_relevant)``; its mean over users is MAP@k.

    Dividing by what a list of ``k`` could hold makes the ideal list 1 (as in the recommenders project and in MAP@12 of
    the H&M competition), unlike the TREC form that divides by all relevant items.
    """
    hits = judged.at(k)
    precisions = np.cumsum(hits, axis=1) / np.arange(1, k + 1)
    return _judgeable(judged, (precisions * hits).sum(axis=1) / _reachable(judged, k))


def ndcg(judged: Judged, k: int = 10) -> Values:
    """Discounted gain of the hits over that of the ideal list, per user.

    A hit at place ``r`` (from 1) gains ``1 / log2(r + 1)``; the ideal list has its ``min(k, n_relevant)`` hits first.

    References
    ----------
    Järvelin, Kekäläinen (2002), Cumulated Gain-Based Evaluation of IR Techniques, with binary gains.
    """
    hits = judged.at(k)
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discounts)[_reachable(judged, k) - 1]
    return _judgeable(judged, (hits * discounts).sum(axis=1) / ideal)


def hit_rate(judged: Judged, k: int = 10) -> Values:
    """1 where at least one of the first ``k`` items is relevant, else 0, per user."""
    return _judgeable(judged, np.where(judged.at(k).any(axis=1), 1.0, 0.0))


def reciprocal_rank(judged: Judged, k: int = 10) -> Values:
    """1 over the place of the first hit within ``k``, 0 without one, per user; its mean is MRR (Voorhees 1999)."""
    hits = judged.at(k)
    return _judgeable(judged, np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1), 0.0))


RANKING_METRICS: Mapping[str, Callable[[Judged, int], Values]] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "map": average_precision,
    "ndcg": ndcg,
    "hit_rate": hit_rate,
    "mrr": reciprocal_rank,
}


def ranking_metrics(
    ranked: ArrayLike, relevant: Sequence[ArrayLike], ks: Sequence[int] = DEFAULT_CUTOFFS
) -> dict[str, Values]:
    """Every ranking measure at every cutoff, per user, under keys such as ``"ndcg@10"``.

    Parameters
    ----------
    ranked : array of int, shape (n_users, width)
        Item rows, best first, -1 as padding.
    relevant : sequence of n_users arrays of int
        Relevant item rows per user.
    ks : sequence of int
        Cutoffs.

    Returns
    -------
    dict of str to ndarray of shape (n_users,)
        NaN for users without a relevant item.
    """
    judged = judge(ranked, relevant)
    return {f"{name}@{k}": metric(judged, k) for k in ks for name, metric in RANKING_METRICS.items()}


def _repeated(lists: Rows) -> BoolMask:
    """Mask of the places whose item already stands further up in the same list."""
    order = np.argsort(lists, axis=1, kind="stable")
    in_order = np.take_along_axis(lists, order, axis=1)
    again = np.zeros(lists.shape, dtype=bool)
    again[:, 1:] = in_order[:, 1:] == in_order[:, :-1]
    repeated = np.zeros(lists.shape, dtype=bool)
    np.put_along_axis(repeated, order, again, axis=1)
    return repeated


def _reachable(judged: Judged, k: int) -> Rows:
    """Hits that the best list of ``k`` would have, at least 1 so that it can divide."""
    return np.clip(judged.n_relevant, 1, k)


def _judgeable(judged: Judged, values: NDArray[Any]) -> Values:
    return np.where(judged.n_relevant > 0, values, np.nan)
