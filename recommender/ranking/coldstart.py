"""How much evidence there is about a user, and which sources it lets speak."""

from __future__ import annotations

from enum import Enum

from recommender.data.state import UserState

HOT_FROM = 5


class Evidence(Enum):
    """Amount of usable history."""

    COLD = "cold"
    WARM = "warm"
    HOT = "hot"


def evidence_of(state: UserState) -> Evidence:
    """Cold without a usable event, hot from ``HOT_FROM`` distinct items, warm between."""
    if state.is_cold:
        return Evidence.COLD
    return Evidence.HOT if int((state.weights > 0).sum()) >= HOT_FROM else Evidence.WARM
