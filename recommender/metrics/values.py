"""Shapes shared by the measures: a float per user or row, NaN where there is nothing to judge."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recommender.errors import DataError
from recommender.types import Rows

Values = NDArray[np.float64]


def item_lists(ranked: ArrayLike) -> Rows:
    """Ranked lists as a matrix of item rows, -1 where a list has ended; DataError for anything else."""
    lists = np.asarray(ranked)
    if lists.ndim != 2 or (lists.size and not np.issubdtype(lists.dtype, np.integer)):
        raise DataError(f"ranked must be a matrix of item rows, not {lists.dtype} of shape {lists.shape}")
    return lists.astype(np.int64)


def known(values: ArrayLike) -> Values:
    """The values that are not NaN, in a row."""
    array = np.asarray(values, dtype=np.float64).ravel()
    return array[~np.isnan(array)]


def mean(values: ArrayLike) -> float:
    """Mean of what could be judged (NaN left out); NaN when nothing could."""
    judged = known(values)
    return float(judged.mean()) if judged.size else float("nan")
