"""Answers that are computed at once take turns, and nobody waits for ever."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.turns import Turns

LONG = 10.0


def test_one_after_the_other_is_at_it_and_all_get_their_turn() -> None:
    at_once, most = 0, 0

    @Turns(LONG).taken
    def work(number: int, *, factor: int) -> int:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.01)
        at_once -= 1
        return number * factor

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: work(number, factor=2), range(24)))
    assert found == [2 * number for number in range(24)]
    assert most == 1


def test_whoever_waited_long_enough_goes_ahead_without_a_turn() -> None:
    is_stuck, may_end = threading.Event(), threading.Event()
    turns = Turns(0.05)

    @turns.taken
    def work(wait: bool) -> str:
        if wait:
            is_stuck.set()
            may_end.wait(LONG)
        return "done"

    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(work, True)
        assert is_stuck.wait(LONG)
        assert work(False) == "done"
        assert not stuck.done()
        may_end.set()
        assert stuck.result(LONG) == "done"


def test_a_failure_gives_the_turn_back() -> None:
    @Turns(0.0).taken
    def fails() -> None:
        raise ValueError("no answer")

    for _ in range(2):
        with pytest.raises(ValueError, match="no answer"):
            fails()
    turns = Turns(LONG)
    with pytest.raises(ValueError, match="no answer"):
        turns.taken(fails)()
    began = time.monotonic()
    assert turns.taken(lambda: "next")() == "next"
    assert time.monotonic() - began < LONG / 2
