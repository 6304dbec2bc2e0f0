"""One thread of the BLAS for whatever is computed here, however many the machine lends the process."""

from __future__ import annotations

from contextlib import ContextDecorator
from functools import cached_property
from threading import Lock
from typing import Any

from threadpoolctl import OpenBLASController, ThreadpoolController


class OneThread(ContextDecorator):
    """Holds the BLAS to one thread while anybody is inside: ``with one_thread:``, or ``@one_thread``.

    The products of a request are small: threads that wait for each other at every one of them make it many times
    slower. The number of threads belongs to the whole process, so the first who comes in lowers it and the last who
    leaves gives it back. Where it is one already, as in a shop, nothing is touched.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._n_inside = 0
        self._lowered: list[tuple[Any, int]] = []  # Any: threadpoolctl tells no types

    @cached_property
    def _pools(self) -> list[Any]:
        return list(ThreadpoolController().select(user_api="blas").lib_controllers)

    def __enter__(self) -> None:
        with self._lock:
            self._n_inside += 1
            if self._n_inside > 1:
                return
            self._lowered = [(pool, n) for pool in self._pools if (n := pool.num_threads or 1) > 1]
            for pool, _ in self._lowered:
                _set(pool, 1)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if not self._n_inside:
                for pool, n_threads in self._lowered:
                    _set(pool, n_threads)


def _set(pool: Any, n_threads: int) -> None:
    """threadpoolctl heeds only the thread that was first to set OpenBLAS, until it is told that this one is done."""
    OpenBLASController.clear_controlling_thread(force=True)
    pool.set_num_threads(n_threads)
    OpenBLASController.clear_controlling_thread(force=True)


one_thread = OneThread()
