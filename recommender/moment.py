"""Where in a visit a request falls: what is wanted next in a session is not what is wanted on the next visit."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from recommender.types import FloatVector, Rows

SESSION_SECONDS = 6 * 3600


class Moment(IntEnum):
    """A request whose time is not told, one within a session, one that begins a new visit."""

    UNKNOWN = 0
    SESSION = 1
    RETURN = 2


def moments(gap_seconds: FloatVector) -> Rows:
    """Moment codes of the times since the user's latest event, NaN for not told; same shape."""
    session = np.where(gap_seconds <= SESSION_SECONDS, Moment.SESSION, Moment.RETURN)
    return np.where(np.isnan(gap_seconds), Moment.UNKNOWN, session).astype(np.int64)
