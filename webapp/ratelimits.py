"""Where the rates of callers are counted while a shop has no Redis."""

from __future__ import annotations

from threading import Lock

from limits.storage import MemoryStorage

IN_THIS_PROCESS = "threads://"


class SharedMemoryStorage(MemoryStorage):
    """Counts in the memory of a process, for requests in many threads.

    The storage this is made of starts a timer with a count now and then; two threads that do so at once start the same
    one twice, and one of the requests breaks on it.
    """

    STORAGE_SCHEME = [IN_THIS_PROCESS.partition(":")[0]]  # noqa: RUF012  # a list is what is asked for

    def __init__(self, *arguments: object, **options: object) -> None:
        self._turn = Lock()
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # handed on as they come

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count a request; ``expiry`` is in seconds."""
        with self._turn:
            return super().incr(key, expiry, amount)
