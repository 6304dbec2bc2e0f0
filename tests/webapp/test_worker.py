"""The queue's task runs what is due and leaves little behind."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import NOW
from webapp import jobs, worker
from webapp.services import schedule
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
