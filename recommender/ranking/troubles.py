"""What fails or comes too late while a list is made: it is left out and counted, and the list is made without it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Self, TypeVar

from recommender.data.validation import is_number, shortened
from recommender.errors import DataError

log = logging.getLogger(__name__)
Made = TypeVar("Made")


class Troubles:
    """Counts of what lists were made without; safe between threads.

    Parameters
    ----------
    patience_s : float
        Seconds after which a list goes on without the sources that were not asked yet. With a bound the same question
        may be answered otherwise on a slow machine.
    """

    def __init__(self, patience_s: float = math.inf) -> None:
        if not is_number(patience_s) or patience_s != patience_s:
            raise DataError(f"patience_s must be a number of seconds, not {shortened(patience_s)}")
        self.patience_s = patience_s
        self._failed: Counter[str] = Counter()
        self._late: Counter[str] = Counter()
        self._lock = threading.Lock()

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """How often what was left out and why, such as ``{"failed": {"ease": 2}}``; empty where nothing was."""
        with self._lock:
            counts = {"failed": dict(self._failed), "late": dict(self._late)}
        return {why: own for why, own in counts.items() if own}

    def __reduce__(self) -> tuple[type[Self], tuple[float]]:
        """A copy of a model counts for itself; a lock cannot be copied."""
        return type(self), (self.patience_s,)

    def with_patience(self, patience_s: float) -> Self:
        """These counts with another patience."""
        other = type(self)(patience_s)
        other._failed, other._late, other._lock = self._failed, self._late, self._lock
        return other

    def spared(self, name: str, work: Callable[[], Made]) -> Made | None:
        """What a part of an answer comes to, None where it fails."""
        try:
            return work()
        except Exception:  # whatever a broken part raises, the list can be made without it
            if _is_power_of_ten(self._note(self._failed, name)):
                log.warning("recommender: %s failed and was left out", name, exc_info=True)
            return None

    def turn(self, name: str, began: float) -> bool:
        """Whether there is time for one more source of a list that was begun at a moment of ``time.monotonic``."""
        if time.monotonic() - began <= self.patience_s:
            return True
        if _is_power_of_ten(self._note(self._late, name)):
            log.warning("recommender: no time was left for %s", name)
        return False

    def _note(self, counts: Counter[str], name: str) -> int:
        with self._lock:
            counts[name] += 1
            return counts[name]


class NoTroubles(Troubles):
    """For trainings and evaluations: what fails there ends them, and everything has its time."""

    def spared(self, name: str, work: Callable[[], Made]) -> Made | None:
        """What the part comes to; what it raises is raised."""
        return work()


NO_TROUBLES = NoTroubles()


def _is_power_of_ten(n: int) -> bool:
    """True for 1, 10, 100 and so on: a part that always fails fills no log."""
    return n == 10 ** round(math.log10(n))
