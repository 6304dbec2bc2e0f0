"""Whether the order of the rows can stand in for the times that a log does not have, and what to take where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recommender.types import AnyArray, Rows

if TYPE_CHECKING:
    import pandas as pd

# Below so many steps from one row of a user to the next, chance alone may have put them in order.
MIN_STEPS = 100
# Fewer people may have come one after the other.
MIN_USERS = 20
SORTED_SHARE = 0.99
DRAWN_SECONDS = 100 * 86_400
# Numbers that end below this, in March 1973, count rows or steps and not seconds since 1970.
FIRST_CLOCK_SECOND = 100_000_000
# Of the rows that were counted some may have been taken out since, to test with.
LEAST_KEPT = 1 / 3


def is_clock(seconds: Rows) -> bool:
    """Whether the times of a log come from a clock, and not from counting rows or from one value for all."""
    return len(seconds) > 0 and seconds.max() >= FIRST_CLOCK_SECOND and seconds.max() > seconds.min()


def counting_step(seconds: Rows) -> int:
    """The step by which times count rows, 0 where they do not: they begin at some moment and go on evenly.

    Of the rows that were counted up to two thirds may be gone. Where things happen, two of them share a second at
    times, or none comes for long.
    """
    if len(seconds) < 2:
        return 0
    gaps = np.diff(np.sort(seconds))
    step = int(gaps.min())
    is_even = step > 0 and int(np.remainder(gaps, step).max()) == 0
    return step if is_even and step * len(gaps) >= LEAST_KEPT * int(gaps.sum()) else 0


def is_sorted_by_item(users: pd.Series, items: pd.Series, kinds: pd.Series | AnyArray) -> bool:
    """Whether a file was sorted by its ids, so that the order of a user's rows says nothing of what came first.

    Parameters
    ----------
    users, items : Series of str, shape (n_rows,)
    kinds : Series or array of shape (n_rows,)
        Names or codes. A file may have been put together out of one part per kind.

    Returns
    -------
    bool
        True where, of each user and kind, nearly every row has a greater item than the row before: by number where
        all ids are numbers, or by text.
    """
    import pandas as pd

    user_codes, kind_codes = pd.factorize(users)[0], pd.factorize(kinds)[0]
    order = np.lexsort((kind_codes, user_codes))
    is_step = (np.diff(user_codes[order]) == 0) & (np.diff(kind_codes[order]) == 0)
    numbers = pd.to_numeric(items, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    numbers[np.isinf(numbers)] = np.nan  # an id may have hundreds of digits
    for ids in (numbers, pd.factorize(items, sort=True)[0]):
        rise = np.diff(ids[order])[is_step]
        moved = rise[rise != 0]
        if len(moved) >= MIN_STEPS and (moved > 0).mean() >= SORTED_SHARE:
            return True
    return False


def is_grouped_by_user(users: pd.Series, kinds: pd.Series | AnyArray) -> bool:
    """Whether a file holds one user after the other, so that its order says nothing of what came first among them.

    Parameters
    ----------
    users : Series of str, shape (n_rows,)
    kinds : Series or array of shape (n_rows,)
        Names or codes. A file may have been put together out of one part per kind.

    Returns
    -------
    bool
        True where, of each kind, nearly every user's rows stand together. Where rows were written as things happened
        that would mean that nobody ever came back after somebody else.
    """
    import pandas as pd

    user_codes, kind_codes = pd.factorize(users)[0], pd.factorize(kinds)[0]
    order = np.argsort(kind_codes, kind="stable")
    n_users = user_codes.max(initial=-1) + 1
    owner = (kind_codes * n_users + user_codes)[order]
    n_blocks = np.count_nonzero(np.diff(owner, prepend=-1))
    if n_users < MIN_USERS or len(owner) - n_blocks < MIN_STEPS:
        return False
    return bool(len(np.unique(owner)) >= SORTED_SHARE * n_blocks)


def stand_in(
    users: pd.Series, items: pd.Series, kinds: pd.Series | AnyArray, counter: StepCounter
) -> tuple[str, Rows] | None:
    """What stands in for the times of a log that has none, in words and for each row; None for the order of the rows.

    Parameters
    ----------
    users, items : Series of str, shape (n_rows,)
    kinds : Series or array of shape (n_rows,)
        Names or codes.
    counter : StepCounter
        Of the whole file, where these rows are a part of one.
    """
    if is_sorted_by_item(users, items, kinds):
        return "rows sorted by item, times drawn at random", drawn_seconds(users, items)
    if counter.has_begun or is_grouped_by_user(users, kinds):
        return "rows grouped by user, numbered for each of them", counter.steps(users)
    return None


class StepCounter:
    """Numbers the rows of each user, ids or codes, from 0, through the parts of a file."""

    def __init__(self) -> None:
        self._counted: dict[str | int, int] = {}

    @property
    def has_begun(self) -> bool:
        """Whether any row was counted."""
        return bool(self._counted)

    def steps(self, users: pd.Series) -> Rows:
        """The number of each row among those of its user so far, shape (n_rows,)."""
        before = users.map(self._counted).fillna(0).to_numpy(dtype=np.int64)
        steps = before + users.groupby(users, sort=False).cumcount().to_numpy(dtype=np.int64)
        self._counted |= dict(zip(users.tolist(), (steps + 1).tolist(), strict=True))
        return steps


def drawn_seconds(users: pd.Series, items: pd.Series) -> Rows:
    """A second for each row, 0 to ``DRAWN_SECONDS``, drawn by a hash of user and item: the same in every run.

    Rows of one user and item share it, so in a stable order of time they stay as they were: a view before the
    purchase.
    """
    import pandas as pd

    pairs = pd.DataFrame({"user": users.astype(object), "item": items.astype(object)})
    hashed = pd.util.hash_pandas_object(pairs, index=False).to_numpy(dtype=np.uint64)
    return (hashed % np.uint64(DRAWN_SECONDS)).astype(np.int64)
