"""How far users and items lie from the average, apart from anybody's taste."""

from __future__ import annotations

import numpy as np

from recommender.types import FloatVector, Rows

_SWEEPS = 10


def ridge_biases(
    users: Rows, items: Rows, beyond: FloatVector, shape: tuple[int, int], *, of_users: float, of_items: float
) -> tuple[FloatVector, FloatVector]:
    """Biases of users and items by alternating ridge regressions, whose penalty does not grow with the ratings.

    Parameters
    ----------
    users, items : ndarray of shape (n_ratings,)
    beyond : ndarray of shape (n_ratings,)
        Stars beyond what is explained already.
    shape : (n_users, n_items)
    of_users, of_items : float
        How many ratings of nothing but the average each user and each item begin with.

    Returns
    -------
    (ndarray of shape (n_users,), ndarray of shape (n_items,))
        Zeros where there is no rating.

    References
    ----------
    Koren (2010), Factor in the Neighbors: Scalable and Accurate Collaborative Filtering, section 2.1.
    """
    n_users, n_items = shape
    # Who has no rating has nothing to divide either.
    by_user = np.maximum(np.bincount(users, minlength=n_users) + of_users, 1.0)
    of_item = np.maximum(np.bincount(items, minlength=n_items) + of_items, 1.0)
    user_bias, item_bias = np.zeros(n_users), np.zeros(n_items)
    for _ in range(_SWEEPS):
        item_bias = np.bincount(items, weights=beyond - user_bias[users], minlength=n_items) / of_item
        user_bias = np.bincount(users, weights=beyond - item_bias[items], minlength=n_users) / by_user
    return user_bias.astype(np.float32), item_bias.astype(np.float32)
