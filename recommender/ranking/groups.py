"""The lists that a ranker learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.types import AnyArray, BoolMask, FloatMatrix, Rows


@dataclass(frozen=True)
class RankGroups:
    """Training lists of the ranker, one after the other.

    Attributes
    ----------
    features : ndarray of shape (n_rows, n_features)
    grades : ndarray of shape (n_rows,)
        0 for what was not chosen, else 1 to 3 by how much the choice says.
    sizes : ndarray of shape (n_groups,)
        Rows per list.
    users : ndarray of shape (n_groups,)
        User of each list; folds never divide a user.
    cuts : ndarray of shape (n_groups,)
        For a new visit after the end of the log that its sources were fitted on, the number of that end; -1 for others.
    places : ndarray of shape (n_rows,)
        Where the item stood, from 1, in lists that somebody was shown; 0 in lists made from what people did.
    """

    features: FloatMatrix
    grades: AnyArray
    sizes: Rows
    users: Rows
    cuts: Rows
    places: Rows

    @property
    def starts(self) -> Rows:
        """First row of each list."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)

    @property
    def owner(self) -> Rows:
        """List number of each row."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def are_shown(self) -> BoolMask:
        """Which lists somebody was shown, shape (n_groups,)."""
        return self.places[self.starts] > 0

    def select(self, groups: AnyArray) -> RankGroups:
        """The chosen lists, given a mask over lists."""
        rows = np.repeat(groups, self.sizes)
        return RankGroups(
            self.features[rows],
            self.grades[rows],
            self.sizes[groups],
            self.users[groups],
            self.cuts[groups],
            self.places[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence[RankGroups]) -> RankGroups:
        """Several sets of lists as one."""
        return cls(
            np.concatenate([p.features for p in parts]),
            np.concatenate([p.grades for p in parts]),
            np.concatenate([p.sizes for p in parts]),
            np.concatenate([p.users for p in parts]),
            np.concatenate([p.cuts for p in parts]),
            np.concatenate([p.places for p in parts]),
        )
