"""What ratings say of users and items: averages, tastes per category and brand, and items rated alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recommender.arrays.neighbours import NeighbourTable
from recommender.ranking.features import ItemColumns
from recommender.types import AnyArray, FloatVector, Rows

_USER_PRIOR, _ITEM_PRIOR, _GROUP_PRIOR = 8.0, 5.0, 8.0


@dataclass(frozen=True)
class Ratings:
    """Star ratings as parallel arrays: user rows, item rows and stars."""

    users: Rows
    items: Rows
    stars: FloatVector

    def take(self, which: AnyArray) -> Ratings:
        """The chosen ratings."""
        return Ratings(self.users[which], self.items[which], self.stars[which])

    def __len__(self) -> int:
        return len(self.stars)


@dataclass(frozen=True)
class Baselines:
    """Averages of a set of ratings, each pulled towards its group by a few pseudo-ratings.

    ``spread`` arrays are standard deviations of what the baseline leaves over.
    """

    mean: float
    item_bias: FloatVector
    item_counts: Rows
    item_spread: FloatVector

    @classmethod
    def of(cls, ratings: Ratings, n_items: int) -> Baselines:
        """Averages per item."""
        mean = float(ratings.stars.mean())
        counts = np.bincount(ratings.items, minlength=n_items)
        residual = ratings.stars - mean
        bias = np.bincount(ratings.items, weights=residual, minlength=n_items) / (counts + _ITEM_PRIOR)
        left = (residual - bias[ratings.items]) ** 2
        spread = np.sqrt(np.bincount(ratings.items, weights=left, minlength=n_items) / np.maximum(counts, 1))
        return cls(mean, bias.astype(np.float32), counts, spread.astype(np.float32))


@dataclass(frozen=True)
class GroupTaste:
    """Mean residual per user and category (or brand), pulled towards zero; keys are ``user * n_codes + code``."""

    keys: Rows
    values: FloatVector
    n_codes: int

    @classmethod
    def of(cls, users: Rows, codes: Rows, items: Rows, residuals: FloatVector) -> GroupTaste:
        """Average over the rated items of each user and group; items without a group count for none."""
        n_codes = int(codes.max(initial=-1)) + 1
        own = codes[items]
        known = own >= 0
        keys, inverse = np.unique(users[known] * max(n_codes, 1) + own[known], return_inverse=True)
        sums = np.bincount(inverse, weights=residuals[known], minlength=len(keys))
        counts = np.bincount(inverse, minlength=len(keys))
        return cls(keys.astype(np.int64), (sums / (counts + _GROUP_PRIOR)).astype(np.float32), n_codes)

    def lookup(self, users: Rows, codes: Rows) -> FloatVector:
        """Taste of each user for each code; 0 where nothing is known."""
        if not len(self.keys):
            return np.zeros(len(users), dtype=np.float32)
        wanted = users * max(self.n_codes, 1) + codes
        place = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        found = (self.keys[place] == wanted) & (codes >= 0) & (users >= 0)
        return np.where(found, self.values[place], 0.0).astype(np.float32)


@dataclass(frozen=True)
class Raters:
    """What is known of users from their ratings, ordered by user.

    Attributes
    ----------
    keys : ndarray of shape (n_ratings,)
        ``user * n_items + item``, ascending.
    residuals : ndarray of shape (n_ratings,)
        Stars beyond the baseline of user and item.
    bias, spread : ndarray of shape (n_users,)
    counts : ndarray of shape (n_users,)
    """

    keys: Rows
    residuals: FloatVector
    bias: FloatVector
    spread: FloatVector
    counts: Rows
    category_taste: GroupTaste
    brand_taste: GroupTaste

    @classmethod
    def of(cls, ratings: Ratings, baselines: Baselines, columns: ItemColumns, n_users: int) -> Raters:
        """Condense the ratings of users 0..n_users-1."""
        n_items = len(baselines.item_bias)
        order = np.lexsort((ratings.items, ratings.users))
        users, items, stars = ratings.users[order], ratings.items[order], ratings.stars[order]
        counts = np.bincount(users, minlength=n_users)
        above = stars - baselines.mean - baselines.item_bias[items]
        bias = np.bincount(users, weights=above, minlength=n_users) / (counts + _USER_PRIOR)
        residuals = above - bias[users]
        spread = np.sqrt(np.bincount(users, weights=residuals**2, minlength=n_users) / np.maximum(counts, 1))
        return cls(
            users * n_items + items,
            residuals.astype(np.float32),
            bias.astype(np.float32),
            spread.astype(np.float32),
            counts,
            GroupTaste.of(users, columns.category, items, residuals),
            GroupTaste.of(users, columns.brand, items, residuals),
        )

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact."""
        own = {name: getattr(self, name) for name in ("keys", "residuals", "bias", "spread", "counts")}
        for name in ("category_taste", "brand_taste"):
            taste = getattr(self, name)
            own |= {f"{name}.keys": taste.keys, f"{name}.values": taste.values, f"{name}.n": np.array([taste.n_codes])}
        return own

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray]) -> Raters:
        """Rebuild from :meth:`to_arrays`."""

        def taste(name: str) -> GroupTaste:
            return GroupTaste(arrays[f"{name}.keys"], arrays[f"{name}.values"], int(arrays[f"{name}.n"][0]))

        return cls(
            keys=arrays["keys"],
            residuals=arrays["residuals"],
            bias=arrays["bias"],
            spread=arrays["spread"],
            counts=arrays["counts"],
            category_taste=taste("category_taste"),
            brand_taste=taste("brand_taste"),
        )


def rating_neighbours(
    ratings: Ratings, residuals: FloatVector, shape: tuple[int, int], *, top_k: int = 100, shrinkage: float = 50.0
) -> NeighbourTable:
    """Items whose residuals agree: Pearson correlation around the baselines, shrunk for few common raters.

    Parameters
    ----------
    ratings : Ratings
    residuals : ndarray of shape (n_ratings,)
    shape : (n_users, n_items)
    top_k : int
    shrinkage : float

    References
    ----------
    Koren (2010), Factor in the Neighbors: Scalable and Accurate Collaborative Filtering.
    """
    place = (ratings.users, ratings.items)
    values = sparse.csc_matrix((residuals.astype(np.float32), place), shape=shape)
    marks = sparse.csc_matrix((np.ones(len(ratings), dtype=np.float32), place), shape=shape)
    squares = values.multiply(values).tocsc()

    def block(part: slice) -> sparse.csr_matrix:
        together = (marks[:, part].T @ marks).tocoo()
        rows, columns, common = together.row, together.col, together.data
        agree = _values_at(values[:, part].T @ values, rows, columns)
        left = _values_at(squares[:, part].T @ marks, rows, columns)
        right = _values_at(marks[:, part].T @ squares, rows, columns)
        strength = agree / np.sqrt(np.maximum(left * right, 1e-9)) * (common - 1) / (common - 1 + shrinkage)
        keep = (rows + part.start != columns) & (common >= 2) & (strength > 0)
        return sparse.csr_matrix((strength[keep], (rows[keep], columns[keep])), shape=together.shape)

    return NeighbourTable.from_blocks(shape[1], top_k, block)


def _values_at(product: sparse.spmatrix, rows: Rows, columns: Rows) -> FloatVector:
    """Entries of a matrix product, 0 where it has none.

    SciPy finds an entry by bisection in sorted rows alone, and a product comes unsorted: of a thousand ratings per item
    walking through the rows takes fifteen times as long as all the rest.
    """
    if not len(rows):  # of no places SciPy returns a matrix
        return np.empty(0, dtype=np.float32)
    found = product.tocsr()
    found.sum_duplicates()
    values: FloatVector = np.asarray(found[rows, columns]).ravel()
    return values
