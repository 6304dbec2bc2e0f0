"""Rates are counted right however many requests come at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from webapp.extensions import limiter
from webapp.ratelimits import SharedMemoryStorage


class Hesitant(SharedMemoryStorage):
    """Lets other threads go first whenever it looks for its timer."""

    _kept: threading.Timer

    @property
    def timer(self) -> threading.Timer:
        time.sleep(0.001)
        return self._kept

    @timer.setter
    def timer(self, timer: threading.Timer) -> None:
        self._kept = timer


def test_requests_at_once_are_all_counted_and_none_breaks() -> None:
    storage = Hesitant()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: storage.incr(f"key {n % 3}", 60), range(300)))
    assert [storage.get(f"key {n}") for n in range(3)] == [100] * 3


def test_the_shop_counts_so(app: Flask) -> None:
    assert isinstance(limiter.storage, SharedMemoryStorage)
