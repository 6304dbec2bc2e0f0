"""Items the user already knows: due for another purchase, or looked at lately."""

from __future__ import annotations

from typing import Self

import numpy as np

from recommender.base import Query, Retriever, SourceUnavailableError, require_fitted
from recommender.training_data import TrainingData
from recommender.types import KIND_CODE, AnyArray, FloatVector, Rows

DAY_SECONDS = 86_400
DUE_FROM = 0.5  # of the usual interval


class OwnHistory(Retriever):
    """A source whose answers are items of the user's own history, so "seen" items are not filtered from it."""


class BuyAgain(OwnHistory):
    """Items that people repurchase, ranked by how due they are for this user.

    For each item the share of buyers who bought it again and the median days between their purchases are learned.
    The score is ``share * exp(-(ln(age / interval))**2)``, highest when the time since the last purchase equals the
    usual interval, and 0 before half of it is over. An item qualifies only from ``min_repeats`` repurchases and a share
    of ``min_share``.

    Parameters
    ----------
    min_repeats : int
    min_share : float
        Between 0 and 1.
    """

    name = "buy_again"
    reason = "buy_again"

    def __init__(self, min_repeats: int = 5, min_share: float = 0.15) -> None:
        self.min_repeats = min_repeats
        self.min_share = min_share

    def fit(self, data: TrainingData) -> Self:
        users, items, gaps = repurchase_gaps(data)
        if not len(gaps):
            raise SourceUnavailableError("buy_again: nobody bought an item twice")
        buyers = _buyers(data)
        repeaters = np.bincount(np.unique(users * data.n_items + items) % data.n_items, minlength=data.n_items)
        share = repeaters / np.maximum(buyers, 1)
        enough = (np.bincount(items, minlength=data.n_items) >= self.min_repeats) & (share >= self.min_share)
        self.share_ = np.where(enough, share, 0.0).astype(np.float32)
        self.interval_days_ = _medians(items, gaps, data.n_items)
        return self

    def score(self, query: Query) -> FloatVector:
        require_fitted(self, "share_")
        scores = np.zeros(len(self.share_), dtype=np.float32)
        bought = query.state.bought_at >= 0
        rows = query.state.item_rows[bought]
        age_days = np.maximum(query.now - query.state.bought_at[bought], DAY_SECONDS / 24) / DAY_SECONDS
        passed = age_days / self.interval_days_[rows]
        scores[rows] = np.where(passed >= DUE_FROM, self.share_[rows] * np.exp(-(np.log(passed) ** 2)), 0.0)
        return scores

    def state_arrays(self) -> dict[str, AnyArray]:
        require_fitted(self, "share_")
        return {"share": self.share_, "interval_days": self.interval_days_}

    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        self.share_, self.interval_days_ = arrays["share"], arrays["interval_days"]
        return self


class RecentlyViewed(OwnHistory):
    """The user's own history, the latest first, without what was dismissed."""

    name = "recently_viewed"
    reason = "recently_viewed"

    def fit(self, data: TrainingData) -> Self:
        self.n_items_ = data.n_items
        return self

    def usable(self, query: Query) -> bool:
        return not query.state.dismissed.all()

    def score(self, query: Query) -> FloatVector:
        require_fitted(self, "n_items_")
        scores = np.zeros(self.n_items_, dtype=np.float32)
        kept = ~query.state.dismissed
        latest_first = np.argsort(-query.state.timestamps[kept], kind="stable")
        rows = query.state.item_rows[kept][latest_first]
        scores[rows] = 1.0 / np.arange(1, len(rows) + 1)
        return scores

    def state_arrays(self) -> dict[str, AnyArray]:
        require_fitted(self, "n_items_")
        return {"n_items": np.array([self.n_items_])}

    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        self.n_items_ = int(arrays["n_items"][0])
        return self


def repurchase_gaps(data: TrainingData) -> tuple[Rows, Rows, FloatVector]:
    """Users, items and days between consecutive purchases of one item by one user on different days."""
    events = data.events
    bought = events.kinds == KIND_CODE["purchase"]
    users, items, times = events.user_rows[bought], events.item_rows[bought], events.timestamps[bought]
    order = np.lexsort((times, items, users))
    users, items, times = users[order], items[order], times[order]
    same = (users[1:] == users[:-1]) & (items[1:] == items[:-1])
    days = (times[1:] - times[:-1]) / DAY_SECONDS
    again = same & (days >= 1)
    return users[1:][again], items[1:][again], days[again].astype(np.float32)


def _buyers(data: TrainingData) -> Rows:
    events = data.events
    bought = events.kinds == KIND_CODE["purchase"]
    pairs = np.unique(events.user_rows[bought] * data.n_items + events.item_rows[bought])
    return np.bincount(pairs % data.n_items, minlength=data.n_items)


def _medians(items: Rows, gaps: FloatVector, n_items: int) -> FloatVector:
    """Median of the gaps of each item, shape (n_items,); 30 days where there is none."""
    order = np.lexsort((gaps, items))
    counts = np.bincount(items, minlength=n_items)
    starts = np.cumsum(counts) - counts
    medians = np.full(n_items, 30.0, dtype=np.float32)
    has = counts > 0
    # Of an even number of gaps, half way between the two in the middle.
    below, above = (gaps[order][(starts + middle)[has]] for middle in ((counts - 1) // 2, counts // 2))
    medians[has] = (below + above) / 2
    return medians
