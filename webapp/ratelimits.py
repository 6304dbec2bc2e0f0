"""Where the rates of callers are counted: in Redis; in each process while there is none, or it is away."""

from __future__ import annotations

import time
from threading import Lock
from typing import Any

from flask_limiter import Limiter
from limits.storage import MemoryStorage

IN_THIS_PROCESS = "threads://"
# Of a Redis that is stopped nobody hears, and every visitor would wait for it.
REDIS_SECONDS = 0.5


def settings(redis_url: str) -> dict[str, Any]:
    """Return the settings of the limiter; a Redis that is away is asked for again every now and then."""
    if not redis_url:
        return {"RATELIMIT_STORAGE_URI": IN_THIS_PROCESS}
    waits = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    return {
        "RATELIMIT_STORAGE_URI": redis_url,
        "RATELIMIT_STORAGE_OPTIONS": waits,
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
    }


def share_fallback(limiter: Limiter) -> None:
    """Let requests in many threads count in the memory that stands in for Redis; what the limiter made does not."""
    if limiter._fallback_limiter is not None:
        limiter._fallback_limiter = type(limiter._fallback_limiter)(SharedMemoryStorage())


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
            if self.expirations.get(key, 0.0) > time.time() + 2 * expiry:  # begun by a clock that was ahead
                self.clear(key)
            return super().incr(key, expiry, amount)
