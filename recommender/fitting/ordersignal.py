"""Whether the order in which users did things says anything about what they do next."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from recommender.training_data import TrainingData
from recommender.types import FloatVector, Rows

FEWEST_USERS, MOST_USERS = 300, 2_000
FEWEST_ITEMS, MOST_ITEMS = 3, 50
# Standard errors above zero. Public logs with an order stand at 7 to 80, the same shuffled below 2.5.
SURE = 3.0


def order_tells(data: TrainingData, random_state: int) -> bool:
    """Whether things done one after the other are more alike than any two things of the same user.

    Of a log in which order says nothing every order of a user's items is as likely (they are exchangeable), so the mean
    likeness of neighbours is that of all pairs. The difference is taken for each of up to ``MOST_USERS`` users, from
    their latest ``MOST_ITEMS`` items, and tested against zero (one-sided t test). Likeness is the cosine of two items'
    audiences, the user left out. With fewer than ``FEWEST_USERS`` who touched three items the answer is yes.
    """
    columns = _scaled_columns(data)
    counts = data.item_counts
    differences: list[float] = []
    for items in _drawn_histories(data, random_state):
        audiences = columns[items]
        likeness = (audiences @ audiences.T).toarray() - 1.0 / np.sqrt(np.outer(counts[items], counts[items]))
        pairs = likeness[np.triu_indices(len(items), 1)]
        differences.append(float(np.diag(likeness, 1).mean() - pairs.mean()))
    return len(differences) < FEWEST_USERS or _standard_errors(np.array(differences)) > SURE


def _scaled_columns(data: TrainingData) -> sparse.csr_matrix:
    """Each item's audience as a vector of length 1, shape (n_items, n_users)."""
    ones = data.matrix.T.tocsr().astype(np.float64)
    lengths = np.diff(ones.indptr)
    ones.data = np.repeat(1.0 / np.sqrt(np.maximum(lengths, 1)), lengths)
    return ones


def _drawn_histories(data: TrainingData, random_state: int) -> list[Rows]:
    """Item rows of the drawn users, each item where it came first."""
    steps = data.sequences
    keys = steps.user_rows * data.n_items + steps.item_rows
    first = np.sort(np.unique(keys, return_index=True)[1])
    users, items = steps.user_rows[first], steps.item_rows[first]
    bounds = np.searchsorted(users, np.arange(data.n_users + 1))
    long_enough = np.flatnonzero(np.diff(bounds) >= FEWEST_ITEMS)
    drawn = np.random.default_rng(random_state).permutation(long_enough)[:MOST_USERS]
    return [items[bounds[user] : bounds[user + 1]][-MOST_ITEMS:] for user in drawn.tolist()]


def _standard_errors(values: FloatVector) -> float:
    """How many standard errors the mean lies above zero; infinite where all values are the same."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() / error) if error > 0 else np.inf
