"""A user's vector from recent events while the item side of the model stays as it is."""

from __future__ import annotations

import numpy as np

from recommender.errors import DataError
from recommender.types import FloatMatrix, FloatVector, Rows

_PRIOR_RATINGS = 10.0


def fold_in_user(
    item_factors: FloatMatrix,
    item_rows: Rows,
    confidence: FloatVector,
    *,
    gram: FloatMatrix,
    reg: float,
    preference: FloatVector | None = None,
) -> FloatVector:
    """Solve for one user's factors of implicit ALS while the item factors stay fixed.

    Parameters
    ----------
    item_factors : ndarray of shape (n_items, n_factors)
    item_rows : ndarray of shape (n_touched,)
        Rows the user touched, each once. -1 marks an item newer than the model; it is skipped.
    confidence : ndarray of shape (n_touched,)
        Weight of each row, unitless, >= 1.
    gram : ndarray of shape (n_factors, n_factors)
        ``item_factors.T @ item_factors``, computed once per artifact.
    reg : float
        L2 penalty, > 0; the value used in training.
    preference : ndarray of shape (n_touched,), optional
        1 for liked and 0 for disliked rows; ones by default.

    Returns
    -------
    ndarray of shape (n_factors,)
        All zeros when no event is known to the model: the caller's cold-start case.

    Raises
    ------
    DataError
        If the arrays differ in length or a confidence is below 1.

    References
    ----------
    Hu, Koren, Volinsky (2008), Collaborative Filtering for Implicit Feedback Datasets, eq. 4.
    """
    if len(item_rows) != len(confidence):
        raise DataError(f"item_rows has {len(item_rows)} entries and confidence {len(confidence)}; they must agree")
    if len(confidence) and confidence.min() < 1:
        raise DataError(f"confidence must be at least 1; the lowest is {confidence.min()}")
    known = item_rows >= 0
    trust = confidence[known].astype(np.float64)
    wanted = trust if preference is None else trust * preference[known]
    users = fold_in_each(item_factors[item_rows[known]], trust[None], wanted[None], gram=gram, reg=reg)
    factors: FloatVector = users[0]
    return factors


def fold_in_each(
    touched: FloatMatrix, confidence: FloatMatrix, wanted: FloatMatrix, *, gram: FloatMatrix, reg: float
) -> FloatMatrix:
    """:func:`fold_in_user` for several users, or several parts of one history, over the same items.

    Parameters
    ----------
    touched : ndarray of shape (n_touched, n_factors)
        Factors of every item that one of the users touched.
    confidence : ndarray of shape (n_users, n_touched)
        1 where a user did not touch the item.
    wanted : ndarray of shape (n_users, n_touched)
        Confidence times preference; 0 where a user did not touch the item.
    gram, reg
        As for :func:`fold_in_user`.

    Returns
    -------
    ndarray of shape (n_users, n_factors)
    """
    known = np.asarray(touched, dtype=np.float64)
    left = (known.T * (confidence - 1.0)[:, None, :]) @ known
    left += gram + reg * np.eye(known.shape[1])
    return np.linalg.solve(left, (wanted @ known)[..., None])[..., 0].astype(np.float32)


def fold_in_ratings(
    item_factors: FloatMatrix,
    item_bias: FloatVector,
    global_mean: float,
    item_rows: Rows,
    stars: FloatVector,
    *,
    reg: float,
    bias_reg: float = 10.0,
) -> tuple[float, FloatVector]:
    """Bias and factors of one user from star ratings, by ridge regression on the residuals.

    ``b_u = sum(r - mu - b_i) / (n + bias_reg)`` and
    ``p_u = (Q'Q + reg * (n + 10) * I)^-1 Q' (r - mu - b_u - b_i)`` over the ``n`` rated items: even one says little.

    Parameters
    ----------
    item_factors : ndarray of shape (n_items, n_factors)
    item_bias : ndarray of shape (n_items,)
        Stars.
    global_mean : float
        Stars.
    item_rows : ndarray of shape (n_rated,)
        Known rows only.
    stars : ndarray of shape (n_rated,)
        1 to 5.
    reg : float
        L2 penalty per rating, > 0, and for ten more.
    bias_reg : float
        Pseudo-ratings at the mean, >= 0.

    Returns
    -------
    bias : float
        Stars; 0 without ratings.
    factors : ndarray of shape (n_factors,)
        Zeros without ratings.
    """
    n = len(item_rows)
    if not n:
        return 0.0, np.zeros(item_factors.shape[1], dtype=np.float32)
    residual = stars.astype(np.float64) - global_mean - item_bias[item_rows]
    bias = float(residual.sum() / (n + bias_reg))
    rated = np.asarray(item_factors[item_rows], dtype=np.float64)
    left = rated.T @ rated + reg * (n + _PRIOR_RATINGS) * np.eye(rated.shape[1])
    return bias, np.linalg.solve(left, rated.T @ (residual - bias)).astype(np.float32)
