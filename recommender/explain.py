"""The reason shown with an item, checked by taking the named signal away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.base import Retriever
from recommender.closeup import CloseUp
from recommender.state import UserState
from recommender.types import EVENT_KINDS, BoolMask, FloatMatrix, Rows

EXPLAINING_SOURCES = ("itemseq", "itemknn", "ease", "rp3beta", "content")
MIN_SHARE = 0.2
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


def named_signals(closeup: CloseUp, state: UserState, picked: Rows, rescore: Rescore) -> list[RowReason | None]:
    """For each picked item the history item that speaks most for it, if taking it away lowers the item's score.

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
        return [None] * len(picked)
    shares = closeup.shares(state, EXPLAINING_SOURCES, picked)
    shares[state.stars <= DISLIKED_STARS] = 0.0
    strongest, share = shares.argmax(axis=0), shares.max(axis=0)
    named = share >= MIN_SHARE
    proven = _proven(state, strongest, named, rescore)
    return [
        RowReason(reason_kind(state, int(h)), int(state.item_rows[h]), float(s)) if ok else None
        for h, s, ok in zip(strongest, share, proven, strict=True)
    ]


def _proven(state: UserState, strongest: Rows, named: BoolMask, rescore: Rescore) -> BoolMask:
    """Mask of targets whose score falls without their named signal; only the most used signals are tried."""
    proven = np.zeros(len(strongest), dtype=bool)
    signals, uses = np.unique(strongest[named], return_counts=True)
    tried = signals[np.lexsort((signals, -uses))][:MAX_CHECKS]
    if not len(tried):
        return proven
    # With and without are scored in the same way, so that rounding proves no reason.
    scores = rescore([state, *(state.without(int(state.item_rows[signal])) for signal in tried)])
    for signal, without in zip(tried, scores[1:], strict=True):
        proven |= named & (strongest == signal) & (without < scores[0])
    return proven


def reason_kind(state: UserState, position: int) -> str:
    """Name of the sentence for a history item, after the strongest thing the user did with it."""
    if not np.isnan(state.stars[position]):
        return "because_rated"
    return _KIND_OF_EVENT[EVENT_KINDS[int(state.kinds[position])]]


def crowd_reason(sources: Mapping[str, Retriever], found_by: str) -> RowReason:
    """A reason that names no signal and is true: what the source that found the item goes by."""
    source = sources.get(found_by)
    return RowReason(source.reason if source is not None else "similar_taste")
