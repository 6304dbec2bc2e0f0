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


def _differences(forecast: ArrayLike, actual: ArrayLike) -> Values:
    left, right = np.asarray(forecast, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if left.shape != right.shape:
        raise DataError(f"forecasts of shape {left.shape} do not pair with ratings of shape {right.shape}")
    return left - right
