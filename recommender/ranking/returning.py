"""Whether a request whose time is not told goes on from the history or comes after the end of the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.types import AnyArray, BoolMask, FloatMatrix, FloatVector


@dataclass(frozen=True)
class ReturnChance:
    """The chance that who asks has come back after the end of the log, by the length and the age of the history.

    Whoever was there just before the end is likely to ask from there. Of somebody who was last there long before it is
    more likely wanted what comes next in the history, whenever that was: the last steps of all histories lie anywhere
    in the log. Before one looks, either is as likely.

    Attributes
    ----------
    mean, scale, weights : ndarray of shape (5,)
        Of the terms of a logistic regression.
    bias : float

    References
    ----------
    Jacobs, Jordan, Nowlan, Hinton (1991), Adaptive Mixtures of Local Experts: this is the gate.
    """

    mean: FloatVector
    scale: FloatVector
    weights: FloatVector
    bias: float

    @classmethod
    def fit(cls, idle: FloatVector, length: FloatVector, came_back: BoolMask) -> ReturnChance:
        """Learn from requests that came after an end of the log and from others, some of either.

        Parameters
        ----------
        idle : ndarray of shape (n,)
            Log of the days from the user's latest event to the end of the log.
        length : ndarray of shape (n,)
            Log of the number of items in the history.
        came_back : ndarray of shape (n,)
        """
        from sklearn.linear_model import LogisticRegression  # serving needs none of it

        terms = _terms(idle, length)
        mean, scale = terms.mean(axis=0), np.maximum(terms.std(axis=0), 1e-6)
        model = LogisticRegression(class_weight="balanced", max_iter=1000).fit((terms - mean) / scale, came_back)
        mean, scale, weights = (part.astype(np.float32) for part in (mean, scale, model.coef_[0]))
        return cls(mean, scale, weights, float(model.intercept_[0]))

    def predict(self, idle: FloatVector, length: FloatVector) -> FloatVector:
        """Chances, shape (n,), from idle times and lengths as in :meth:`fit`."""
        standard = (_terms(idle, length) - self.mean) / self.scale
        # Not a product of matrices: there the place of a row may change the last bit of its sum.
        odds = (standard * self.weights).sum(axis=1) + self.bias
        return (1.0 / (1.0 + np.exp(-odds))).astype(np.float32)

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact."""
        return {"mean": self.mean, "scale": self.scale, "weights": self.weights, "bias": np.array([self.bias])}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> ReturnChance:
        """Rebuild from :meth:`to_arrays`."""
        return cls(arrays["mean"], arrays["scale"], arrays["weights"], float(arrays["bias"][0]))


def _terms(idle: FloatVector, length: FloatVector) -> FloatMatrix:
    idle, length = idle.astype(np.float64), length.astype(np.float64)
    return np.stack([idle, idle**2, length, length**2, idle * length], axis=1)
