"""R10: a database that is busy for a moment is waited for; one that stays busy is said, and nothing is lost."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from tests.factories import make_product, variant_of
from tests.webapp.reliability.crowd import Buyer, ending, gather, shelf
from webapp.errors import Busy
from webapp.store import carts, orders, stock
from webapp.store.tx import ATTEMPTS, PAUSE_SECONDS, Tx, read_unit, run_unit, unit_of_work

pytestmark = pytest.mark.both_databases
LONGEST_WAIT = 15.0


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, stock=3, price_cents=2000)


@pytest.fixture
def buyer(app: Flask, lamp: int) -> Buyer:
    with unit_of_work() as tx:
        return gather(tx, [[(variant_of(tx, lamp), 1)]])[0]


@contextmanager
def held(app: Flask, lamp: int, *, until: Callable[[threading.Event], object]) -> Iterator[threading.Event]:
    """Hold the lock that selling the lamp needs, in another thread, until ``until`` returns."""
    inside, over = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context(), unit_of_work() as tx:
            stock.reserve(tx, variant_of(tx, lamp), 1)
            inside.set()
            until(over)
            tx.rollback()

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(10)
    try:
        yield over
    finally:
        over.set()
        holder.join()


@pytest.mark.slow
def test_r10_two_seconds_of_lock_are_waited_for(app: Flask, buyer: Buyer, lamp: int) -> None:
    with held(app, lamp, until=lambda _over: time.sleep(2)):
        assert ending(app, buyer.press(app)) == "order"
    assert shelf(lamp) == (3, 1)


@pytest.mark.slow
def test_r10_a_lock_that_stays_is_503_and_the_cart_is_intact(app: Flask, buyer: Buyer, lamp: int) -> None:
    with held(app, lamp, until=lambda over: over.wait(LONGEST_WAIT)):
        began = time.monotonic()
        answer = buyer.press(app)
        assert time.monotonic() - began < LONGEST_WAIT - 1
    page = answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Try again" in page
    assert 'href="/checkout/review"' in page
    with read_unit() as tx:
        assert len(carts.load(tx, buyer.actor).lines) == 1
        assert orders.counts_by_state(tx) == {}
    assert ending(app, buyer.press(app)) == "order"


def test_r10_trying_again_is_bounded_and_takes_random_pauses(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    def work(_tx: Tx) -> None:
        raise Busy

    for _call in range(2):
        with pytest.raises(Busy):
            run_unit(work)
    assert len(pauses) == 2 * (ATTEMPTS - 1)
    assert all(
        PAUSE_SECONDS * at <= pause <= 2 * PAUSE_SECONDS * at for at, pause in zip((1, 2, 3) * 2, pauses, strict=True)
    )
    assert pauses[:3] != pauses[3:]
