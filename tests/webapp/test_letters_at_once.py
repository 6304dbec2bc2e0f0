"""A running worker sends letters right after the transaction that wants them; the tick sends what was missed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from flask import Flask

from config import ROOT
from tests.factories import ShopClient, make_user
from webapp import jobs, worker
from webapp.clock import utc_now
from webapp.errors import Away
from webapp.services.upkeep import outbox
from webapp.store import operations
from webapp.store.tx import unit_of_work

PATIENCE_SECONDS = 60
WITHOUT_TICK = """
from app import app
from webapp import jobs, worker

jobs.every_minute = lambda: None
worker.run_worker(app)
"""


@pytest.fixture
def running(app: Flask) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with its queue in a process of its own, whose tick does nothing."""
    same = {"INSTANCE_PATH": app.instance_path, "DATABASE_URL": app.config["SHOP"].database_url}
    for old in letters_of(app):
        old.unlink()
    process = subprocess.Popen([sys.executable, "-c", WITHOUT_TICK], cwd=ROOT, env=os.environ | same)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def letters_of(app: Flask) -> list[Path]:
    return sorted((Path(app.instance_path) / "mail").glob("*.eml"))


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def put(email: str) -> None:
    with unit_of_work() as tx:
        operations.add_message(tx, "mail.welcome", {"email": email}, now=utc_now())


def put_and_take_back(email: str) -> None:
    with unit_of_work() as tx:
        operations.add_message(tx, "mail.welcome", {"email": email}, now=utc_now())
        raise KeyError(email)


@pytest.mark.slow
@pytest.mark.both_databases
def test_letters_leave_without_the_tick_once_and_only_what_was_committed(
    app: Flask, client: ShopClient, running: subprocess.Popen[bytes]
) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    assert client.send("/account/forgot", {"email": "ana@example.com"}).status_code == 200
    wait_for(lambda: len(letters_of(app)) == 1)
    with pytest.raises(KeyError):
        put_and_take_back("nobody@example.com")
    put("bob@example.com")
    wait_for(lambda: len(letters_of(app)) == 2)
    time.sleep(2 * worker.LETTERS_EVERY_SECONDS)
    told = [file.read_text(encoding="utf-8") for file in letters_of(app)]
    assert ["To: ana@example.com" in told[0], "To: bob@example.com" in told[1], len(told)] == [True, True, 2]
    assert running.poll() is None
    running.terminate()
    assert running.wait(PATIENCE_SECONDS) == 0


class Stop(Event):
    """A stop that comes after so many waits, none of which takes time; it remembers how long they should have been."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after, self.waits = after, []  # type: tuple[int, list[float]]

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return len(self.waits) > self.after


def test_a_database_that_is_away_is_asked_less_often(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look in vain is two lines in the log."""
    answers = iter([0, Away(), OSError("no such folder"), 0])

    def drain(*_arguments: object, **_options: object) -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(outbox, "drain", drain)
    stop = Stop(after=4)
    worker.carry_letters(app, stop)
    soon, later = worker.LETTERS_EVERY_SECONDS, worker.REST_SECONDS
    assert stop.waits == [soon, soon, later, later, soon]


def test_a_worker_that_is_stopped_begins_no_other_letter(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be killed at some letter, which then goes out twice."""
    stopping, sent = Event(), []
    monkeypatch.setitem(app.extensions, "worker_stopping", stopping)

    def send(_mail: object, name: str) -> None:
        sent.append(name)
        stopping.set()

    monkeypatch.setattr(jobs, "sender_from_config", lambda _config: send)
    put("ana@example.com")
    put("bob@example.com")
    assert jobs.send_letters()
    assert len(sent) == 1
