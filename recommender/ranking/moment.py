"""Where in a visit a request falls: what is wanted next in a session is not what is wanted on the next visit."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from recommender.types import BoolMask, FloatVector, Rows

SESSION_SECONDS = 6 * 3600
NEWCOMER_ITEMS = 2
# Times and numbers are read back from logarithms in single precision.
ROUNDING = 1e-5


class Moment(IntEnum):
    """A request whose time is not told, one within a session, and one that begins a new visit.

    A new visit may fall within the log that was learned from, as when models are judged, or after its end (``LIVE``),
    as in a shop: then what is recent in the log is recent for the visitor, too. ``NEWCOMER`` is such a visit of
    somebody with at most ``NEWCOMER_ITEMS`` items so far, of whom little more is known than the day.
    """

    UNKNOWN = 0
    SESSION = 1
    RETURN = 2
    LIVE = 3
    NEWCOMER = 4


def are_newcomers(n_items: FloatVector) -> BoolMask:
    """Whose history, of so many distinct items, is next to none; same shape."""
    return n_items <= NEWCOMER_ITEMS * (1 + ROUNDING)


def moments(gap_seconds: FloatVector, idle_seconds: FloatVector, n_items: FloatVector) -> Rows:
    """Moment codes, shape (n,).

    Parameters
    ----------
    gap_seconds : ndarray of shape (n,)
        From the user's latest event to the request, NaN for not told.
    idle_seconds : ndarray of shape (n,)
        From the user's latest event to the end of the log; 0 where it is later than that.
    n_items : ndarray of shape (n,)
        Distinct items of the user's history.
    """
    after_end = gap_seconds * (1 + ROUNDING) >= idle_seconds
    live = np.where(are_newcomers(n_items), Moment.NEWCOMER, Moment.LIVE)
    visit = np.where(after_end, live, Moment.RETURN)
    told = np.where(gap_seconds <= SESSION_SECONDS, Moment.SESSION, visit)
    return np.where(np.isnan(gap_seconds), Moment.UNKNOWN, told).astype(np.int64)
