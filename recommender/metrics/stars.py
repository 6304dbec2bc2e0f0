"""How far star forecasts are from the stars that were given."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from recommender.errors import DataError
from recommender.metrics.values import Values, mean


def squared_errors(forecast: ArrayLike, actual: ArrayLike) -> Values:
    """Squared difference per rating; RMSE is the root of its mean, so its interval takes ``transform=np.sqrt``."""
    return _differences(forecast, actual) ** 2


def absolute_errors(forecast: ArrayLike, actual: ArrayLike) -> Values:
    """Absolute difference per rating; MAE is its mean."""
    return np.abs(_differences(forecast, actual))


def rmse(forecast: ArrayLike, actual: ArrayLike) -> float:
    """Root mean squared error of the forecasts, in stars; pairs with a NaN are left out."""
    return float(np.sqrt(mean(squared_errors(forecast, actual))))


def mae(forecast: ArrayLike, actual: ArrayLike) -> float:
    """Mean absolute error of the forecasts, in stars; pairs with a NaN are left out."""
    return mean(absolute_errors(forecast, actual))


def calibration_error(forecast: ArrayLike, actual: ArrayLike, n_bins: int = 5) -> float:
    """How far mean forecasts are from the mean stars given, over groups of like forecasts, in stars; NaN for none.

    The forecasts are sorted into ``n_bins`` groups of equal size; the absolute differences of the group means are
    averaged by size. Equal forecasts that fall into two groups are as far off as all of them on average, so the order
    of the ratings says nothing. A forecast that always says the mean is calibrated, only useless: read it beside RMSE.

    References
    ----------
    Naeini, Cooper, Hauskrecht (2015), Obtaining Well Calibrated Probabilities Using Bayesian Binning (ECE), for stars.
    """
    gaps = -_differences(forecast, actual).ravel()
    told = np.asarray(forecast, dtype=np.float64).ravel()
    judged = ~np.isnan(gaps)
    if not judged.any():
        return float("nan")
    _, alike, n_alike = np.unique(told[judged], return_inverse=True, return_counts=True)
    ordered = np.repeat(np.bincount(alike, weights=gaps[judged]) / n_alike, n_alike)
    groups = [group for group in np.array_split(ordered, n_bins) if len(group)]
    return float(sum(abs(group.sum()) for group in groups) / len(ordered))


def _differences(forecast: ArrayLike, actual: ArrayLike) -> Values:
    left, right = np.asarray(forecast, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if left.shape != right.shape:
        raise DataError(f"forecasts of shape {left.shape} do not pair with ratings of shape {right.shape}")
    return left - right
