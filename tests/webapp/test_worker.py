"""The queue's task runs what is due and leaves little behind."""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from flask import Flask

from tests.conftest import NOW
from webapp import jobs, worker
from webapp.errors import Away, Busy, Unwritable
from webapp.services.upkeep import outbox, schedule
from webapp.store import operations
from webapp.store.tx import unit_of_work


def test_a_woken_worker_runs_what_is_due_and_gives_memory_back(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    given_back: list[int] = []
    monkeypatch.setattr(worker, "give_back_memory", lambda: given_back.append(1))
    monkeypatch.setattr(worker.queue_of(app).huey, "immediate", True)
    with unit_of_work() as tx:
        operations.add_job(tx, schedule.HOUSEKEEPING, due_at=NOW - timedelta(days=1))
    jobs.wake_worker()
    with unit_of_work() as tx:
        assert not operations.has_job(tx, schedule.HOUSEKEEPING, ("queued", "running", "failed"))
        assert operations.has_job(tx, schedule.HOUSEKEEPING, ("done",))
    assert given_back == [1]


def test_giving_memory_back_needs_nothing_of_the_system() -> None:
    worker.give_back_memory()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ctypes.CDLL", lambda _name: object())  # a C library without malloc_trim
        worker.give_back_memory()


LONG = ("long", "longer", "as long")


@pytest.fixture
def busy(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Long jobs that wait in the queue, and those of them that are under way; they end with the test."""
    under_way: list[str] = []
    is_over = Event()

    def work(job: operations.JobRow) -> None:
        under_way.append(job.name)
        is_over.wait(60)

    for name in LONG:
        monkeypatch.setitem(jobs.DUTIES, name, work)
    with unit_of_work() as tx:
        for number, name in enumerate(LONG):
            operations.add_job(tx, name, due_at=NOW - timedelta(days=1, minutes=-number))

    def minute() -> None:
        with app.app_context():
            jobs.every_minute()

    threads = [Thread(target=minute) for _thread in range(2)]
    for thread in threads:
        thread.start()
    try:
        until = time.monotonic() + 60
        while len(under_way) < len(threads) and time.monotonic() < until:
            time.sleep(0.01)
        yield under_way
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def test_letters_leave_within_the_minute_however_many_long_jobs_there_are(
    app: Flask, busy: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training and the drawing of all pictures took both threads for minutes, and letters waited for one of them."""
    monkeypatch.setattr(jobs, "sender_from_config", lambda _config: outbox.file_sender(tmp_path))
    assert sorted(busy) == ["long", "longer"]
    with unit_of_work() as tx:
        operations.add_message(tx, "mail.welcome", {"email": "ana@example.com"}, now=NOW)
    jobs.every_minute()
    assert len(list(tmp_path.glob("*.eml"))) == 1
    assert len(busy) < worker.WORKER_THREADS
    assert sorted(busy) == ["long", "longer"], "the thread that is left over is there for the next minute"
    with unit_of_work() as tx:
        assert operations.has_job(tx, "as long", ("queued",))


@pytest.mark.parametrize("trouble", [Away, Unwritable])
def test_a_database_in_trouble_costs_each_duty_a_line_of_the_log(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: type[Busy]
) -> None:
    """What is wrong with it was said already; every minute brought hundreds of lines of Python."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise trouble

    monkeypatch.setattr(jobs, "unit_of_work", fail)
    for module in (jobs.schedule, jobs.outbox):
        monkeypatch.setattr(module, "unit_of_work", fail)
    with caplog.at_level(logging.WARNING, logger="webapp"):
        jobs.every_minute()
    assert {(record.message, vars(record).get("duty")) for record in caplog.records} >= {
        ("duty_put_off", "schedule"),
        ("duty_put_off", "jobs"),
    }
    assert not [record for record in caplog.records if record.exc_info]
