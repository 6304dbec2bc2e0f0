"""What another policy would have earned, judged from the log of the one that was live."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from recommender.errors import DataError
from recommender.metrics.values import Values

_UPPER_95 = 0.975
# Fewer say nothing of how far apart they are.
_LEAST_UNITS = 1.5


@dataclass(frozen=True)
class PolicyValue:
    """Estimated mean reward per shown item, its 95 % interval, and how many rows the weights are worth.

    The ends are NaN where nearly everything is of one person (one row, where people are not told apart).
    """

    value: float
    low: float
    high: float
    effective_sample_size: float
    n: int


def effective_sample_size(weights: ArrayLike) -> float:
    """Number of equally weighted rows that would be as sure: ``sum(w)^2 / sum(w^2)``; 0 when all weights are 0.

    References
    ----------
    Kish (1965), Survey Sampling.
    """
    w = np.asarray(weights, dtype=np.float64)
    squares = float((w**2).sum())
    return float(w.sum()) ** 2 / squares if squares > 0 else 0.0


def snips(
    rewards: ArrayLike,
    logged: ArrayLike,
    target: ArrayLike,
    *,
    max_weight: float | None = None,
    groups: ArrayLike | None = None,
) -> PolicyValue:
    """Self-normalised inverse propensity score of a target policy.

    ``sum(w r) / sum(w)`` with ``w = target / logged``. Self-normalising costs a little bias and buys an estimate that
    stays inside the range of the rewards.

    Parameters
    ----------
    rewards : array of shape (n,)
        What each shown item earned: a click, an order, an amount.
    logged : array of shape (n,)
        Probability with which the live policy showed the item, > 0.
    target : array of shape (n,)
        Probability with which the policy under test would show it, >= 0.
    max_weight : float, optional
        Cap of the weights: less variance, more bias.
    groups : array of shape (n,), optional
        Whom each row is of. Rows of one person are alike, so the interval takes people for units; without it, rows.
        Few units make it wide (Student's distribution), as many as their weights are worth.

    Returns
    -------
    PolicyValue
        NaN where the target policy would have shown none of the logged items.

    Raises
    ------
    DataError
        If lengths differ, a logged probability is not in (0, 1], a target one not in [0, 1], or a reward is no number.

    References
    ----------
    Swaminathan, Joachims (2015), The Self-Normalized Estimator for Counterfactual Learning. The interval is the delta
    method's: variance ``sum(w^2 (r - v)^2) / sum(w)^2``, the square taken of the sum over each group where there are
    groups (Liang, Zeger 1986, Longitudinal Data Analysis Using Generalized Linear Models), times ``n / (n - 1)`` of the
    ``n`` units that the weights are worth (Kish 1965), with the quantile of ``n - 1`` degrees of freedom.
    """
    r = _rewards(rewards)
    w = _weights(logged, target, len(r), max_weight)
    total = float(w.sum())
    if total == 0:
        return PolicyValue(float("nan"), float("nan"), float("nan"), 0.0, len(r))
    value = float(w @ r) / total
    spread = _spread(w * (r - value), w, groups) / total
    return PolicyValue(value, value - spread, value + spread, effective_sample_size(w), len(r))


def doubly_robust(
    rewards: ArrayLike,
    logged: ArrayLike,
    target: ArrayLike,
    *,
    predicted: ArrayLike,
    predicted_target: ArrayLike,
    max_weight: float | None = None,
    groups: ArrayLike | None = None,
) -> PolicyValue:
    """Model the reward, then correct the model with the log: right if either the model or the propensities are.

    ``mean(predicted_target + w (r - predicted))`` with ``w = target / logged``.

    Parameters
    ----------
    rewards, logged, target, max_weight, groups
        As in :func:`snips`.
    predicted : array of shape (n,)
        The model's reward of the item that was shown.
    predicted_target : array of shape (n,)
        The model's expected reward when the target policy chooses, in the same context.

    Raises
    ------
    DataError
        As in :func:`snips`.

    References
    ----------
    Dudík, Langford, Li (2011), Doubly Robust Policy Evaluation and Learning.
    """
    r = _rewards(rewards)
    w = _weights(logged, target, len(r), max_weight)
    model = _column(predicted, len(r), "predicted")
    baseline = _column(predicted_target, len(r), "predicted_target")
    if not len(r):
        return PolicyValue(float("nan"), float("nan"), float("nan"), 0.0, 0)
    parts = baseline + w * (r - model)
    value = float(parts.mean())
    spread = _spread(parts - value, np.ones(len(r)), groups) / len(r)
    return PolicyValue(value, value - spread, value + spread, effective_sample_size(w), len(r))


def _spread(deviations: Values, weights: Values, groups: ArrayLike | None) -> float:
    """Half of a 95 % interval of the sum of deviations, those of a group added up first; NaN for too few units."""
    sums, shares = (_by_group(column, groups) for column in (deviations, weights))
    n_units = effective_sample_size(shares)
    if n_units < _LEAST_UNITS:
        return float("nan")
    return float(stdtrit(n_units - 1, _UPPER_95) * np.sqrt(sums @ sums * n_units / (n_units - 1)))


def _by_group(column: Values, groups: ArrayLike | None) -> Values:
    """The sum over each group; the column itself where there are none."""
    if groups is None:
        return column
    names = np.asarray(groups).ravel()
    if len(names) != len(column):
        raise DataError(f"groups: {len(names)} values for {len(column)} rewards")
    return np.bincount(np.unique(names, return_inverse=True)[1], weights=column).astype(np.float64)


def _rewards(rewards: ArrayLike) -> Values:
    r = np.asarray(rewards, dtype=np.float64).ravel()
    return _column(r, len(r), "rewards")


def _weights(logged: ArrayLike, target: ArrayLike, n: int, max_weight: float | None) -> Values:
    old, new = _column(logged, n, "logged"), _column(target, n, "target")
    if ((old <= 0) | (old > 1)).any():
        raise DataError("logged: a probability of what was shown must be above 0 and at most 1")
    if ((new < 0) | (new > 1)).any():
        raise DataError("target: a probability must be between 0 and 1")
    return new / old if max_weight is None else np.minimum(new / old, max_weight)


def _column(values: ArrayLike, n: int, name: str) -> Values:
    column = np.asarray(values, dtype=np.float64).ravel()
    if len(column) != n:
        raise DataError(f"{name}: {len(column)} values for {n} rewards")
    if not np.isfinite(column).all():
        raise DataError(
            f"{name}: a value is missing or infinite, first in row {np.flatnonzero(~np.isfinite(column))[0]}"
        )
    return column
