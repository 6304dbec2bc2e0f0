"""However a training ends, its run and the published model agree, and no other training is disturbed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from config import ROOT
from tests.conftest import NOW
from tests.webapp.services.conftest import retrain, runs, surroundings
from webapp import jobs, recs
from webapp.clock import utc_now
from webapp.errors import Away
from webapp.picks import NullRecs
from webapp.recs import TrainingError
from webapp.services.office import models as office_models
from webapp.services.upkeep import schedule, training
from webapp.services.upkeep.training import Place
from webapp.store import operations
from webapp.store.tx import Tx, read_unit, unit_of_work

LATER = NOW + timedelta(hours=1)


class KilledError(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), Away()], ids=["disk", "database"])
def test_trouble_after_the_publishing_leaves_a_published_run(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def fail(*_args: object) -> None:
        raise trouble

    monkeypatch.setattr(recs, "keep_parameters", fail)
    outcome = retrain(place)
    assert outcome.state == runs()[0].state == "published"
    assert recs.current_version(place.root) == outcome.version == runs()[0].version


@pytest.mark.parametrize("is_asked_to_stop", [False, True])
def test_a_training_stopped_just_after_the_publishing_is_known_for_what_it_was(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch, is_asked_to_stop: bool
) -> None:
    """Else the next training would find no live parameters and hold its model against nothing."""
    publish = recs.publish

    def publish_and_die(root: Path, version: str) -> None:
        publish(root, version)
        raise KilledError

    def do_nothing(*_args: object, **_options: object) -> None:
        """As somebody does who is killed."""

    with monkeypatch.context() as dying:
        dying.setattr(recs, "publish", publish_and_die)
        if not is_asked_to_stop:
            dying.setattr(training, "_fail", do_nothing)
            dying.setattr(operations, "drop_lease", do_nothing)
        with pytest.raises(KilledError):
            retrain(place)
    live = recs.current_version(place.root)
    assert retrain(place, clock=lambda: LATER).state == "published"
    assert [run.state for run in runs()] == ["published", "published"]
    assert runs()[1].version == live
    assert "against live" in {check["name"] for check in runs()[0].checks}


def test_a_model_that_cannot_be_published_leaves_no_version(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_root: Path, _version: str) -> None:
        raise TrainingError("it is not whole")

    monkeypatch.setattr(recs, "publish", fail)
    assert retrain(place).state == "failed"
    assert (runs()[0].version, runs()[0].error) == (None, "it is not whole")
    assert recs.versions(place.root) == []


def test_a_note_that_finds_no_room_leaves_no_version(shop: None, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text = Path.write_text

    def fail(path: Path, *args: object, **options: object) -> int:
        if path.suffix == ".json" and path.parent == place.root:
            raise OSError(28, "No space left on device")
        return write_text(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "write_text", fail)
    assert retrain(place).state == "failed"
    assert recs.versions(place.root) == []


def test_what_a_training_killed_while_it_saved_left_is_cleared_away_by_the_next(shop: None, place: Place) -> None:
    """The note of a version is written before the version."""
    (place.root / "20261119-020000-0.json").write_text("{}")
    version = retrain(place).version
    assert sorted(path.name for path in place.root.glob("*.json")) == [f"{version}.json"]


@pytest.mark.parametrize("stage", ["evaluate popular", "fit on all data", "gate"])
def test_a_training_whose_lease_went_to_another_publishes_nothing(shop: None, place: Place, stage: str) -> None:
    """It was silent for too long, on a machine that slept for one."""

    def lose(told: str, _done: float) -> None:
        if told == stage:
            with unit_of_work() as tx:
                operations.take_lease(tx, training.LEASE, "another", now=LATER, seconds=training.LEASE_SECONDS)

    outcome = retrain(place, progress=lose)
    assert (outcome.state, outcome.message) == ("failed", training.TAKEN_OVER)
    assert recs.current_version(place.root) is None
    assert recs.versions(place.root) == []
    with read_unit() as tx:
        assert operations.lease_holder(tx, training.LEASE, now=NOW) == "another"


def test_a_training_keeps_its_turn_while_one_step_takes_longer_than_the_lease(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judging a blend may say nothing for many minutes; a second training began beside it, and ended it."""
    monkeypatch.setattr(training, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(training, "HEARTBEAT_SECONDS", 0.05)
    is_kept: list[bool] = []

    def take_long(*_args: object, **_options: object) -> None:
        time.sleep(2 * training.LEASE_SECONDS)
        is_kept.append(training.is_training(now=utc_now()))
        raise TrainingError("long enough")

    monkeypatch.setattr(recs, "train", take_long)
    assert retrain(place, clock=utc_now).message == "long enough"
    assert is_kept == [True]
    assert not training.is_training(now=utc_now()), "and lets go of it at the end"


def test_a_training_asked_for_during_another_waits_for_its_turn(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was begun at once by the worker's second thread, and failed."""
    with unit_of_work() as tx:
        operations.take_lease(tx, training.LEASE, "another", now=utc_now(), seconds=60)
    assert jobs.queue_retraining(trigger="owner")
    assert jobs.run_due_jobs() == 1
    with read_unit() as tx:
        assert operations.has_job(tx, schedule.RETRAIN, ("queued",))
        assert not operations.has_job(tx, schedule.RETRAIN, ("failed", "running"))
    assert jobs.run_due_jobs() == 0, "not before a minute has passed"
    with unit_of_work() as tx:
        operations.drop_lease(tx, training.LEASE, "another")
    ran: list[list[str]] = []
    monkeypatch.setattr(jobs, "BUSY_PAUSE", timedelta(0))
    monkeypatch.setattr(jobs, "utc_now", lambda: datetime.now(UTC) + timedelta(minutes=2))
    monkeypatch.setattr(
        jobs.subprocess, "Popen", lambda command, **_options: ran.append(command) or Ended(4 - len(ran))
    )
    assert jobs.run_due_jobs() == 1
    assert len(ran) == 1
    with read_unit() as tx:
        assert operations.has_job(tx, schedule.RETRAIN, ("done",)), "the gate refused it"


def test_a_training_that_finds_another_one_begun_before_it_waits_too(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert jobs.queue_retraining(trigger="owner")
    monkeypatch.setattr(jobs.subprocess, "Popen", lambda *_args, **_options: Ended(jobs.BUSY_STATUS))
    assert jobs.run_due_jobs() == 1
    with read_unit() as tx:
        assert operations.has_job(tx, schedule.RETRAIN, ("queued",))


def test_the_command_says_by_its_status_that_another_training_is_under_way(app: Flask) -> None:
    with unit_of_work() as tx:
        operations.take_lease(tx, training.LEASE, "another", now=utc_now(), seconds=60)
    result = app.test_cli_runner().invoke(args=["retrain"])
    assert result.exit_code == jobs.BUSY_STATUS
    assert "A training is under way." in result.output


@pytest.fixture
def deaf_to_sigterm() -> Iterator[None]:
    """Else a command that does not listen would end the tests."""
    before = signal.signal(signal.SIGTERM, lambda *_told: None)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("shop", "deaf_to_sigterm")
def test_the_command_that_is_asked_to_end_says_so_and_leaves_the_way_free(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    went_on = []

    def be_stopped(*_args: object, **_options: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)
        went_on.append("to train")

    monkeypatch.setattr(recs, "train", be_stopped)
    assert app.test_cli_runner().invoke(args=["retrain"]).exit_code == 1
    assert went_on == []
    assert [(run.state, run.error) for run in runs()] == [("failed", "stopped")]
    assert not training.is_training(now=utc_now())


def test_the_office_names_the_live_model_however_many_were_refused_since(app: Flask, shop: None, place: Place) -> None:
    live = retrain(place, with_evaluation=False).version
    with unit_of_work() as tx:
        for night in range(31):
            run = operations.add_run(tx, trigger="schedule", strategy="hybrid", now=NOW + timedelta(days=1 + night))
            operations.change_run(tx, run, state="refused")
    with app.test_request_context():
        page = office_models.models_page(place, NullRecs(), chosen=None, retrain_at=None, zone=UTC, now=LATER)
        home = office_models.home_page(place, NullRecs(), currency="EUR", locale="en", now=LATER)
    for named in (page.live, home.live):
        assert named is not None
        assert (named.version, named.status) == (live, "live")
    assert len(page.runs) == 30
    assert [task.is_done for task in home.tasks] == [True, True]


def test_a_training_process_that_was_killed_is_told_as_failed_at_once(
    app: Flask, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next one need not wait until its lease has run out."""

    def begin_and_die(*_args: object, **_options: object) -> Ended:
        with unit_of_work() as tx:
            holder = f"{socket.gethostname()}:{Ended.pid}:x"
            operations.take_lease(tx, training.LEASE, holder, now=utc_now(), seconds=training.LEASE_SECONDS)
            operations.add_run(tx, trigger="owner", strategy="hybrid", now=utc_now())
        return Ended(-9)

    monkeypatch.setattr(jobs.subprocess, "Popen", begin_and_die)
    assert jobs.queue_retraining(trigger="owner")
    assert jobs.run_due_jobs() == 1
    (run,) = runs()
    assert (run.state, run.error) == ("failed", training.LOST)
    assert not training.is_training(now=utc_now())
    with read_unit() as tx:
        assert operations.has_job(tx, schedule.RETRAIN, ("failed",))


def test_the_training_of_another_process_is_left_alone(app: Flask, place: Place) -> None:
    with unit_of_work() as tx:
        holder = f"{socket.gethostname()}:{Ended.pid}1:x"
        operations.take_lease(tx, training.LEASE, holder, now=NOW, seconds=60)
        operations.add_run(tx, trigger="command", strategy="hybrid", now=NOW)
    training.mark_lost(place, Ended.pid, now=NOW)
    assert training.is_training(now=NOW)
    assert runs()[0].state == "running"


class Ended:
    """A process that has ended already."""

    pid = 4242

    def __init__(self, status: int) -> None:
        self.returncode = status

    def poll(self) -> int:
        return self.returncode


@pytest.mark.parametrize("n_times", [1, 3])
def test_a_database_that_is_away_for_a_while_does_not_end_a_training(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch, n_times: int
) -> None:
    """Neither while it says how far it is nor when it writes down what came of it."""
    change_run, refused = operations.change_run, list[str]()

    def change(tx: Tx, run_id: int, **values: Any) -> None:
        kind = next(name for name in ("gate_passed", "finished_at", "stage") if name in values)
        if refused.count(kind) < n_times:
            refused.append(kind)
            raise Away
        change_run(tx, run_id, **values)

    monkeypatch.setattr(operations, "change_run", change)
    monkeypatch.setattr(training, "TELL_EVERY_SECONDS", 0.0)
    outcome = retrain(place)
    assert outcome.state == runs()[0].state == "published"
    assert {kind: refused.count(kind) for kind in refused} == dict.fromkeys(
        ("stage", "gate_passed", "finished_at"), n_times
    )


def test_a_database_that_stays_away_ends_a_training_in_time(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise Away

    monkeypatch.setattr(training, "_note_verdict", fail)
    monkeypatch.setattr(training, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(training, "TELL_EVERY_SECONDS", 0.05)
    with pytest.raises(Away):
        retrain(place)
    assert (runs()[0].state, recs.current_version(place.root)) == ("failed", None)


def test_a_training_process_is_not_stopped_because_its_heartbeat_cannot_be_written(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is started anew in the night."""
    change_job, stopped = operations.change_job, list[int]()

    class Running(Ended):
        """A process that ends by itself after a few looks."""

        n_looks = 0

        def poll(self) -> int | None:  # type: ignore[override]
            self.n_looks += 1
            return self.returncode if self.n_looks > 20 else None

        def send_signal(self, number: int) -> None:
            stopped.append(number)

        def wait(self, timeout: float | None = None) -> int:
            return self.returncode

    def change(tx: Tx, job_id: int, **values: Any) -> None:
        if set(values) == {"heartbeat_at"}:
            raise Away
        change_job(tx, job_id, **values)

    monkeypatch.setattr(operations, "change_job", change)
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr(jobs.subprocess, "Popen", lambda _command, **_options: Running(0))
    assert jobs.queue_retraining(trigger="owner")
    assert jobs.run_due_jobs() == 1
    assert stopped == []
    with read_unit() as tx:
        assert operations.has_job(tx, schedule.RETRAIN, ("done",))


@pytest.mark.both_databases
def test_a_job_whose_heart_could_not_beat_is_not_begun_again_beside_itself(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away for longer than a heart may be silent, and this worker's other thread looks first."""
    n_begun: list[int] = []

    def tidy(*, now: datetime) -> None:
        n_begun.append(1)
        with unit_of_work() as tx:
            operations.change_job(tx, 1, heartbeat_at=utc_now() - 2 * jobs.STALE_AFTER)
        assert jobs.run_due_jobs() == 0

    monkeypatch.setattr(jobs.housekeeping, "tidy", tidy)
    with unit_of_work() as tx:
        assert operations.add_job(tx, schedule.HOUSEKEEPING, due_at=NOW) == 1
    assert jobs.run_due_jobs() == 1
    assert n_begun == [1]
    with read_unit() as tx:
        assert operations.has_job(tx, schedule.HOUSEKEEPING, ("done",))


def test_a_job_that_is_done_is_written_down_as_soon_as_the_database_is_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be taken for lost and done once more: a night's training, too."""
    change_job, refused = operations.change_job, list[str]()

    def change(tx: Tx, job_id: int, **values: Any) -> None:
        if "state" in values and len(refused) < 2:
            refused.append(values["state"])
            raise Away
        change_job(tx, job_id, **values)

    monkeypatch.setattr(operations, "change_job", change)
    monkeypatch.setattr(training, "TELL_EVERY_SECONDS", 0.01)
    with unit_of_work() as tx:
        operations.add_job(tx, schedule.HOUSEKEEPING, due_at=NOW)
    assert jobs.run_due_jobs() == 1
    assert refused == ["done", "done"]
    with read_unit() as tx:
        assert operations.has_job(tx, schedule.HOUSEKEEPING, ("done",))


WORKER = "from app import app\nfrom webapp import jobs\nwith app.app_context(): jobs.run_due_jobs()"


@pytest.mark.slow
def test_a_training_ends_with_the_worker_that_is_killed(app: Flask, shop: None, place: Place) -> None:
    """Else it would train on beside the shop, and the next worker once more for the same request."""
    assert jobs.queue_retraining(trigger="schedule")  # which looks for better parameters for minutes
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=surroundings(app))
    try:
        wait_until(lambda: [run.state for run in runs()] == ["running"])
    finally:
        worker.kill()
        worker.wait()
    wait_until(lambda: [run.state for run in runs()] == ["failed"])
    assert runs()[0].error == "stopped"
    assert not training.is_training(now=utc_now())


def wait_until(is_so: Callable[[], bool]) -> None:
    late = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < late
        time.sleep(0.1)
