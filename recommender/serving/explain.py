"""The reason shown with an item, checked by taking the named signal away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.base import Retriever
from recommender.data.state import UserState
from recommender.serving.closeup import CloseUp
from recommender.types import EVENT_KINDS, BoolMask, FloatMatrix, FloatVector, Rows

EXPLAINING_SOURCES = ("itemseq", "itemknn", "ease", "rp3beta", "content")
MIN_SHARE = 0.2
MIN_SHARE_BESIDE = 0.1  # of a signal that is named beside the strongest
MOST_NAMED = 3
MAX_CHECKS = 3
DISLIKED_STARS = 2.0  # "because you gave it two stars" is a reason to show something else

_KIND_OF_EVENT = {
    "view": "because_viewed",
    "click": "because_clicked",
    "cart": "because_cart",
    "wishlist": "because_wishlist",
    "purchase": "because_bought",
    "rating": "because_rated",
    "dismiss": "similar",
}

Rescore = Callable[[Sequence[UserState]], FloatMatrix]


@dataclass(frozen=True)
class RowReason:
    """A reason in rows: ``kind`` as in :class:`recommender.types.Reason`, ``row`` the signal or -1."""

    kind: str
    row: int = -1
    share: float = 1.0


def named_signals(closeup: CloseUp, state: UserState, picked: Rows, rescore: Rescore) -> list[tuple[RowReason, ...]]:
    """For each picked item the history items that speak most for it, if taking each away lowers the item's score.

    Nothing is named where that does not hold for the strongest; up to two more are named beside it.

    Parameters
    ----------
    closeup : CloseUp
        Of the candidates.
    state : UserState
    picked : ndarray of shape (n_picked,)
        Positions among the candidates.
    rescore : callable
        Scores of the picked items under each of several states, shape (n_states, n_picked).
    """
    if not len(state.item_rows) or not len(picked):
        return [()] * len(picked)
    shares = closeup.shares(state, EXPLAINING_SOURCES, picked)
    shares[state.stars <= DISLIKED_STARS] = 0.0
    strongest, share = shares.argmax(axis=0), shares.max(axis=0)
    named = share >= MIN_SHARE
    falls = _falls(state, strongest[named], len(picked), rescore)
    proven = named & falls[strongest, np.arange(len(picked))]
    beside = falls & (shares >= MIN_SHARE_BESIDE) & proven
    return [_reasons_of(state, np.flatnonzero(beside[:, at]), shares[:, at]) for at in range(len(picked))]


def _falls(state: UserState, strongest: Rows, n_picked: int, rescore: Rescore) -> BoolMask:
    """Which item's score falls without which history item; only those that are most often the strongest are tried."""
    falls = np.zeros((len(state.item_rows), n_picked), dtype=bool)
    signals, uses = np.unique(strongest, return_counts=True)
    tried = signals[np.lexsort((signals, -uses))][:MAX_CHECKS]
    if len(tried):
        # With and without are scored in the same way, so that rounding proves no reason.
        scores = rescore([state, *(state.without(int(state.item_rows[signal])) for signal in tried)])
        falls[tried] = scores[1:] < scores[0]
    return falls


def _reasons_of(state: UserState, signals: Rows, shares: FloatVector) -> tuple[RowReason, ...]:
    """The signals in words, the largest share first."""
    ordered = signals[np.lexsort((signals, -shares[signals]))][:MOST_NAMED]
    return tuple(
        RowReason(reason_kind(state, int(signal)), int(state.item_rows[signal]), float(shares[signal]))
        for signal in ordered
    )


def reason_kind(state: UserState, position: int) -> str:
    """Name of the sentence for a history item, after the strongest thing the user did with it."""
    if not np.isnan(state.stars[position]):
        return "because_rated"
    return _KIND_OF_EVENT[EVENT_KINDS[int(state.kinds[position])]]


def crowd_reason(sources: Mapping[str, Retriever], found_by: str) -> RowReason:
    """A reason that names no signal and is true: what the source that found the item goes by."""
    source = sources.get(found_by)
    return RowReason(source.reason if source is not None else "similar_taste")
