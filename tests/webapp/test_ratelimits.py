"""Rates are counted right however many requests come at once, and say no more than they know."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.factories import ShopClient
from webapp.errors import Away, Busy, ShopError, TooManyRequests
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


@pytest.mark.parametrize(("error", "seconds"), [(Busy, "2"), (Away, "5"), (lambda: TooManyRequests(900), "900")])
def test_an_error_that_knows_when_to_come_back_is_not_talked_over(
    client: ShopClient, monkeypatch: pytest.MonkeyPatch, error: Callable[[], ShopError], seconds: str
) -> None:
    """The limiter would say when its minute is over."""

    def refuse(*_asked: object, **_options: object) -> None:
        raise error()

    monkeypatch.setattr("webapp.services.browsing.catalogue_api.searched", refuse)
    assert client.get("/api/search?q=lamp").headers["Retry-After"] == seconds


def test_a_count_begun_by_a_clock_that_was_ahead_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    storage, right = SharedMemoryStorage(), time.time
    with monkeypatch.context() as ahead:
        ahead.setattr(time, "time", lambda: right() + 86_400)
        assert [storage.incr("key", 60) for _request in range(3)] == [1, 2, 3]
    assert [storage.incr("key", 60) for _request in range(2)] == [1, 2]
    assert storage.get_expiry("key") < right() + 120
