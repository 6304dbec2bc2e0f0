"""The latest answers, given again as long as nothing they depend on has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

KEPT = 512
Answer = TypeVar("Answer")


class RecentAnswers(Generic[Answer]):
    """A bounded memory of answers by question, the least recently used forgotten first; safe between threads.

    Parameters
    ----------
    size : int
        Most answers kept.
    """

    def __init__(self, size: int = KEPT) -> None:
        self.size = size
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: Hashable) -> Answer | None:
        """Return the answer to the same question, if it is still known."""
        with self._lock:
            if question not in self._kept:
                return None
            self._kept.move_to_end(question)
            return self._kept[question]

    def keep(self, question: Hashable, answer: Answer) -> None:
        """Remember an answer."""
        with self._lock:
            self._kept[question] = answer
            self._kept.move_to_end(question)
            while len(self._kept) > self.size:
                self._kept.popitem(last=False)
