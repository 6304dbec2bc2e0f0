"""How sure a number is: percentile bootstrap over users, paired where two models met the same users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from recommender.errors import DataError
from recommender.metrics.values import Values, known

_BLOCK_DRAWS = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A mean with the bounds between which it falls in ``level`` of the resamples; ``n`` values went into it."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class PairedDifference:
    """How much higher ``a`` is than ``b`` on the same users.

    ``share_above_zero`` is the share of resamples in which ``a`` is ahead, ties counted half; the difference is real at
    the chosen level when ``low`` and ``high`` lie on the same side of zero.
    """

    difference: float
    low: float
    high: float
    share_above_zero: float
    n: int

    @property
    def is_real(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def bootstrap_interval(
    values: ArrayLike,
    n: int = 1000,
    seed: int = 0,
    *,
    level: float = 0.95,
    transform: Callable[[Values], Values] | None = None,
) -> Interval:
    """Mean of per-user values with a percentile interval.

    Parameters
    ----------
    values : array
        One value per user; NaN (could not be judged) is left out.
    n : int
        Resamples, >= 1.
    seed : int
        Same seed, same interval.
    level : float
        Share of the resamples inside the bounds, between 0 and 1.
    transform : callable, optional
        Applied to the mean and to the resampled means: ``np.sqrt`` turns squared errors into RMSE.

    Returns
    -------
    Interval
        All NaN when there is no value.

    References
    ----------
    Efron (1979), Bootstrap Methods: Another Look at the Jackknife.
    """
    sample = known(values)
    _check(n, level)
    if not sample.size:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    means = _resampled_means(sample, n, seed)
    centre = np.array([sample.mean()])
    if transform is not None:
        means, centre = transform(means), transform(centre)
    low, high = _bounds(means, level)
    return Interval(float(centre[0]), low, high, int(sample.size))


def paired_bootstrap(
    a: ArrayLike, b: ArrayLike, n: int = 1000, seed: int = 0, *, level: float = 0.95
) -> PairedDifference:
    """Difference of the means of two models over the same users, with a percentile interval.

    Parameters
    ----------
    a, b : array of shape (n_users,)
        Values of the two models in the same order of users; users who are NaN in either are left out.
    n, seed, level
        As in :func:`bootstrap_interval`.

    Raises
    ------
    DataError
        If the two arrays differ in length.
    """
    left, right = np.asarray(a, dtype=np.float64).ravel(), np.asarray(b, dtype=np.float64).ravel()
    if left.shape != right.shape:
        raise DataError(f"{left.size} values cannot be paired with {right.size}")
    _check(n, level)
    differences = known(left - right)
    if not differences.size:
        return PairedDifference(float("nan"), float("nan"), float("nan"), float("nan"), 0)
    means = _resampled_means(differences, n, seed)
    low, high = _bounds(means, level)
    ahead = float((means > 0).mean() + 0.5 * (means == 0).mean())
    return PairedDifference(float(differences.mean()), low, high, ahead, int(differences.size))


def _resampled_means(sample: Values, n: int, seed: int) -> Values:
    """Means of ``n`` samples drawn with replacement, a block at a time so that memory stays bounded."""
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK_DRAWS // len(sample))
    sizes = [min(block, n - start) for start in range(0, n, block)]
    return np.concatenate([sample[rng.integers(0, len(sample), (size, len(sample)))].mean(axis=1) for size in sizes])


def _bounds(means: Values, level: float) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _check(n: int, level: float) -> None:
    if n < 1 or not 0 < level < 1:
        raise DataError(f"a bootstrap needs at least one resample and a level between 0 and 1, not {n} and {level}")
