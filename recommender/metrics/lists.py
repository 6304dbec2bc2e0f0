"""What lists are like beyond being right: how much of the catalogue they show, how evenly, how new, how varied."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from recommender.errors import DataError
from recommender.metrics.values import Values, item_lists
from recommender.types import BoolMask, Rows


def exposure(ranked: ArrayLike, n_items: int, k: int = 10) -> Rows:
    """How many lists show each item in their first ``k`` places.

    Parameters
    ----------
    ranked : array of int, shape (n_users, width)
        Item rows, best first, -1 as padding.
    n_items : int
        Size of the catalogue.

    Returns
    -------
    ndarray of shape (n_items,)

    Raises
    ------
    DataError
        If a list names a row that the catalogue does not have.
    """
    shown = item_lists(ranked)[:, :k]
    if shown.max(initial=-1) >= n_items:
        raise DataError(f"a list names item row {shown.max()}, the catalogue has {n_items} items")
    return np.bincount(shown[shown >= 0], minlength=n_items).astype(np.int64)


def coverage(ranked: ArrayLike, n_items: int, k: int = 10) -> float:
    """Share of the catalogue that at least one list shows in its first ``k`` places; NaN for an empty catalogue."""
    return float((exposure(ranked, n_items, k) > 0).mean()) if n_items else float("nan")


def gini(counts: ArrayLike) -> float:
    """How unevenly exposure is spread: 0 when all items are shown equally often, near 1 when one item has it all.

    With the counts sorted upwards, ``sum((2 i - n - 1) x_i) / (n sum(x))`` for i = 1..n; items never shown count.
    NaN when nothing is shown.

    References
    ----------
    Gini (1912); used for recommendations by Fleder, Hosanagar (2009), Blockbuster Culture's Next Rise or Fall.
    """
    x = np.sort(np.asarray(counts, dtype=np.float64))
    if x.sum() <= 0:
        return float("nan")
    weights = 2.0 * np.arange(1, len(x) + 1) - len(x) - 1
    return float(weights @ x / (len(x) * x.sum()))


def novelty(ranked: ArrayLike, n_touching: ArrayLike, n_users: int, k: int = 10) -> Values:
    """Mean self-information of the items shown, in bits, per user; NaN for an empty list.

    Parameters
    ----------
    ranked : array of int, shape (n_lists, width)
        Item rows, best first, -1 as padding.
    n_touching : array of shape (n_items,)
        Users who touched each item in training. An item that nobody touched counts as if one user had.
    n_users : int
        Users in training, > 0.

    References
    ----------
    Zhou et al. (2010), Solving the apparent diversity-accuracy dilemma of recommender systems: log2(users / count).
    """
    shown = item_lists(ranked)[:, :k]
    bits = np.log2(n_users / np.maximum(np.asarray(n_touching, dtype=np.float64), 1.0))
    return _mean_where(np.where(shown >= 0, bits[shown], 0.0), shown >= 0)


def intra_list_distance(ranked: ArrayLike, vectors: ArrayLike, k: int = 10) -> Values:
    """Mean of ``1 - cosine`` over all pairs of a list, per user; NaN for lists with fewer than two items.

    Parameters
    ----------
    ranked : array of int, shape (n_lists, width)
        Item rows, best first, -1 as padding.
    vectors : array of shape (n_items, n_dims)
        One vector per item. An all-zero vector is at distance 1 from everything: unknown is not alike.

    Notes
    -----
    For unit vectors the sum of all pairwise cosines is ``(|sum v|^2 - sum |v|^2) / 2``, so no pair is visited.

    References
    ----------
    Ziegler et al. (2005), Improving Recommendation Lists Through Topic Diversification.
    """
    shown = item_lists(ranked)[:, :k]
    unit = _unit_rows(np.asarray(vectors, dtype=np.float64))
    lists, places = np.nonzero(shown >= 0)
    items = shown[lists, places]
    members = sparse.csr_matrix((np.ones(len(items)), (lists, items)), shape=(len(shown), len(unit)))
    n = (shown >= 0).sum(axis=1)
    pairs = n * (n - 1) / 2
    cosines = (((members @ unit) ** 2).sum(axis=1) - members @ (unit**2).sum(axis=1)) / 2
    return np.where(pairs > 0, 1.0 - cosines / np.maximum(pairs, 1), np.nan)


def rank_biased_overlap(left: ArrayLike, right: ArrayLike, p: float = 0.9) -> Values:
    """How alike two rankings are, top places weighing most: 1 for equal lists, 0 without a common item, per user.

    Parameters
    ----------
    left, right : array of int, shape (n_lists, width)
        Item rows, best first, -1 as padding, no item twice in a list; the widths may differ.
    p : float
        Persistence, between 0 and 1: the first 10 places carry 86 % of the weight at 0.9.

    Returns
    -------
    ndarray of shape (n_lists,)
        The extrapolated overlap; 1 where both lists are empty, 0 where one is.

    References
    ----------
    Webber, Moffat, Zobel (2010), A similarity measure for indefinite rankings, eq. 32.
    """
    a, b = item_lists(left), item_lists(right)
    if len(a) != len(b) or not 0 < p < 1:
        raise DataError(f"{len(a)} and {len(b)} lists cannot be compared with p = {p}; p must lie between 0 and 1")
    width = max(a.shape[1], b.shape[1], 1)
    a, b = _widened(a, width), _widened(b, width)
    lengths = np.sort(np.stack([(a >= 0).sum(axis=1), (b >= 0).sum(axis=1)]), axis=0)
    overlap = _overlaps(a, b)
    return np.where(lengths[0] > 0, _extrapolated(overlap, lengths[0], lengths[1], p), (lengths[1] == 0) * 1.0)


def _extrapolated(overlap: Values, short: Rows, long: Rows, p: float) -> Values:
    depth = np.arange(1, overlap.shape[1] + 1)
    row = np.arange(len(overlap))
    at_short = overlap[row, np.maximum(short, 1) - 1][:, None]
    at_long = overlap[row, np.maximum(long, 1) - 1]
    s, n = np.maximum(short, 1)[:, None], np.maximum(long, 1)
    agreement = overlap / depth + np.where(depth > s, at_short * (depth - s) / (s * depth), 0.0)
    weights = np.where(depth <= long[:, None], p**depth, 0.0)
    tail = (at_long - at_short[:, 0]) / n + at_short[:, 0] / s[:, 0]
    return (1 - p) / p * (agreement * weights).sum(axis=1) + tail * p**n


def _overlaps(a: Rows, b: Rows) -> Values:
    """Number of common items in the first d places, for every depth d."""
    same = (a[:, :, None] == b[:, None, :]) & (a >= 0)[:, :, None]
    places = np.arange(a.shape[1])
    deeper = np.maximum(places[:, None], places[None, :])
    found = np.zeros((len(a), a.shape[1] + 1))
    rows, left, right = np.nonzero(same)
    np.add.at(found, (rows, deeper[left, right]), 1.0)
    return np.cumsum(found, axis=1)[:, :-1]


def _widened(lists: Rows, width: int) -> Rows:
    return np.pad(lists, ((0, 0), (0, width - lists.shape[1])), constant_values=-1)


def _unit_rows(vectors: Values) -> Values:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)


def _mean_where(values: Values, mask: BoolMask) -> Values:
    n = mask.sum(axis=1)
    return np.where(n > 0, (values * mask).sum(axis=1) / np.maximum(n, 1), np.nan)
