"""Array kinds and the small values that cross the border of the library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
FloatVector = NDArray[np.floating[Any]]
FloatMatrix = NDArray[np.floating[Any]]
BoolMask = NDArray[np.bool_]
AnyArray = NDArray[Any]

Progress = Callable[[str, float], None]

EVENT_KINDS = ("view", "click", "cart", "wishlist", "purchase", "rating", "dismiss")
KIND_CODE = {kind: code for code, kind in enumerate(EVENT_KINDS)}
SPACES = ("text", "image", "attributes", "behaviour", "combined")


class Event(NamedTuple):
    """One thing a user did: ``timestamp`` in UTC seconds, ``value`` the stars of a rating or a quantity."""

    item_id: str
    kind: str
    timestamp: int
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is shown.

    ``kind`` names the sentence ("because_viewed", "trending", ...), ``item_id`` the signal that the sentence names
    and ``share`` the part of the item's evidence that came from it, between 0 and 1.
    """

    kind: str
    item_id: str | None = None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One item of an answer; ``rank`` counts from 1 and ``score`` falls with it.

    ``propensity`` is the probability with which the item stands at its place: 1 where chance has no say in that.
    """

    item_id: str
    rank: int
    score: float
    reasons: tuple[Reason, ...] = ()
    source: str = ""
    propensity: float = 1.0


def no_progress(stage: str, done: float) -> None:
    """Report nothing: the default of every long computation."""
