"""When people shop: seasons of things, months, weekdays, hours, and a shop that grows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.int64]
Floats = NDArray[np.float64]

DAY = 86_400
HOUR = 3_600
N_DAYS = 548

SEASONS: dict[str, tuple[float, ...]] = {
    "even": (1.0,) * 12,
    "spring": (0.6, 0.9, 1.6, 1.9, 1.7, 1.2, 0.9, 0.8, 0.8, 0.7, 0.6, 0.7),
    "summer": (0.35, 0.4, 0.7, 1.1, 1.6, 2.0, 2.0, 1.6, 0.9, 0.5, 0.35, 0.4),
    "autumn": (0.8, 0.7, 0.8, 0.8, 0.7, 0.5, 0.5, 1.0, 1.8, 2.0, 1.6, 1.1),
    "winter": (1.6, 1.2, 0.8, 0.5, 0.35, 0.25, 0.25, 0.4, 0.9, 1.5, 2.0, 2.2),
    "school": (0.9, 0.7, 0.7, 0.7, 0.7, 0.7, 1.0, 2.1, 2.0, 1.0, 0.8, 0.8),
    "gift": (0.6, 0.9, 0.7, 0.8, 1.0, 1.0, 0.7, 0.7, 0.7, 0.9, 1.7, 2.6),
    "newyear": (2.4, 1.0, 0.6, 0.5, 0.5, 0.5, 0.6, 1.0, 1.2, 1.1, 1.5, 2.2),
}
"""Demand by month, January first, relative to a plain month."""

MONTHS = (0.9, 0.8, 0.95, 1.0, 1.0, 0.95, 0.85, 0.85, 1.0, 1.05, 1.45, 1.5)
WEEKDAYS = (0.95, 0.95, 0.95, 1.0, 0.95, 1.1, 1.2)
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 13, 14, 12, 11, 11, 12, 14, 16, 19, 21, 17, 10, 5)
GROWTH = (0.7, 1.3)


def months_of(at: Seconds) -> NDArray[np.int64]:
    """Return the month of each UTC second, 0 for January."""
    return at.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12


@dataclass(frozen=True)
class Calendar:
    """The eighteen months before ``now``, hour by hour, with the share of visits that fall before each hour."""

    start: int
    now: int
    hours: Seconds
    before: Floats

    def draw(self, rng: np.random.Generator, since: Seconds) -> Seconds:
        """Draw one moment for each entry of ``since``, between it and now, where the shop is busy rather than quiet."""
        floor = np.interp(since, self.hours, self.before)
        level = floor + rng.random(len(since)) * (self.before[-1] - floor)
        at = np.interp(level, self.before, self.hours).astype(np.int64)
        return np.clip(at, since, self.now)


def make_calendar(now: datetime) -> Calendar:
    """Build the calendar that ends at ``now``.

    Raises
    ------
    ValueError
        If ``now`` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now must carry a time zone")
    end = int(now.timestamp())
    start = end - N_DAYS * DAY
    hours = np.arange(start, end + HOUR, HOUR, dtype=np.int64)
    weights = (
        np.take(MONTHS, months_of(hours))
        * np.take(WEEKDAYS, (hours // DAY + 3) % 7)
        * np.take(HOURS, hours // HOUR % 24)
        * np.linspace(*GROWTH, len(hours))
    )
    before = np.concatenate([[0.0], np.cumsum(weights[:-1])])
    return Calendar(start, end, np.minimum(hours, end), before / before[-1])
