"""Background work: what the worker does every minute, and the jobs it takes one after the other.

What is to be done stands in the table ``job_runs``, written in the transaction that wants it; the queue only wakes the
worker. A training runs in a process of its own: if it dies, the worker lives and says so.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from flask import current_app

from config import Config
from webapp.clock import utc_now
from webapp.errors import Busy
from webapp.heart import beating
from webapp.mail import sender_from_config
from webapp.providers import get_providers
from webapp.services.buying import alerts, checkout, payments
from webapp.services.upkeep import housekeeping, media, outbox, schedule, training
from webapp.store import operations
from webapp.store.tx import Tx, read_unit, unit_of_work

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parent.parent
STALE_AFTER = timedelta(minutes=2)
HEARTBEAT_SECONDS = 5.0
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 10.0
PICTURES_A_TURN = 60
JOBS_AT_ONCE = 2  # the worker has a thread more than this, for what cannot wait until a job ends
REST_BEFORE_TRAINING = timedelta(seconds=30)
BUSY_PAUSE = timedelta(minutes=1)
REFUSED_STATUS = 3  # what `flask retrain` exits with when the gate refused the model
BUSY_STATUS = 4  # and when another training is under way


class LeftUndoneError(Exception):
    """The worker is stopped and leaves a job to the next one."""


class NotYetError(Exception):
    """What a job needs is taken; it has to wait for another while."""


def wake_worker() -> None:
    """Tell the worker that something is to be done; a queue that is away is no reason to fail, the tick comes."""
    try:
        from webapp.worker import queue_of  # a web process that never wakes anybody does without the queue's drivers

        queue_of(current_app._get_current_object()).wake()  # type: ignore[attr-defined]  # unwrap Flask's proxy
    except Exception:  # whatever the queue's storage raises: the job stands in the table
        log.warning("worker_not_woken", exc_info=True)


def queue_retraining(*, trigger: str) -> bool:
    """Queue a training now; False when one is waiting already."""
    with unit_of_work() as tx:
        if operations.has_job(tx, schedule.RETRAIN, ("queued",)):
            return False
        operations.add_job(tx, schedule.RETRAIN, due_at=utc_now(), payload={"trigger": trigger})
    wake_worker()
    return True


def is_retraining() -> bool:
    """Whether a training is under way, by a worker that may still be opening its process or by command."""
    with read_unit() as tx:
        if operations.has_job(tx, schedule.RETRAIN, ("running",)):
            return True
    return training.is_training(now=utc_now())


def every_minute() -> None:
    """Queue what has come due, release what was not paid in time, complete the search, send mail, then work."""
    config: Config = current_app.config["SHOP"]
    now = utc_now()
    at = config["RETRAIN_AT"] if config["RETRAIN_NIGHTLY"] else None
    _guarded("schedule", lambda: schedule.queue_due(retrain_at=at, zone=config["TIME_ZONE"], now=now))
    _guarded("payments", lambda: payments.reconcile(get_providers(), now=now))
    _guarded("reservations", lambda: checkout.sweep(now=now))
    _guarded("search", lambda: housekeeping.complete_search(now=now))
    _guarded("alerts", lambda: alerts.tell_who_waits(now=now))
    send_letters()
    work_off()


def send_letters() -> bool:
    """Send what waits in the outbox; False when that is not possible now."""
    config: Config = current_app.config["SHOP"]
    return _guarded("outbox", lambda: outbox.drain(sender_from_config(config), now=utc_now(), is_stopping=_is_stopping))


def work_off() -> None:
    """Run what is due, as far as the database lets us."""
    _guarded("jobs", run_due_jobs)


def _guarded(name: str, work: Callable[[], Any]) -> bool:
    """Do one of the worker's duties and return whether it is done; no trouble with it keeps others from being done."""
    try:
        work()
    except Busy as trouble:  # the database is away, full or busy, and has said why
        log.warning("duty_put_off", extra={"duty": name, "reason": trouble.code})
        return False
    except Exception:
        log.exception("duty_failed", extra={"duty": name})
        return False
    return True


_turns = BoundedSemaphore(JOBS_AT_ONCE)


def run_due_jobs() -> int:
    """Run every job that is due, one after the other, and return how many ran; none more once the worker is stopped.

    While as many threads as may are at it already, they will come to what is due: nothing is done here.
    """
    if not _turns.acquire(blocking=False):
        return 0
    try:
        return _run_one_by_one()
    finally:
        _turns.release()


def _run_one_by_one() -> int:
    n = 0
    while not _is_stopping():
        with unit_of_work() as tx:
            job = operations.claim_job(tx, now=utc_now(), stale_after=STALE_AFTER, alive=_ours())
        if job is None:
            return n
        _ours().add(job.job_id)
        try:
            _run(job)
        finally:
            _ours().discard(job.job_id)
        n += 1
    return n


def _ours() -> set[int]:
    """Return the jobs that run in this process, whether their hearts can be heard or not."""
    ours: set[int] = current_app.extensions.setdefault("jobs_running", set())
    return ours


def _run(job: operations.JobRow) -> None:
    log.info("job_began", extra={"job_id": job.job_id, "job": job.name})
    try:
        with _beating(job.job_id):
            DUTIES[job.name](job)
    except LeftUndoneError:
        log.info("job_left_undone", extra={"job_id": job.job_id})
        _change(job.job_id, state="queued", started_at=None, heartbeat_at=None)
    except NotYetError:
        log.info("job_waits", extra={"job_id": job.job_id})
        _change(job.job_id, state="queued", started_at=None, heartbeat_at=None, due_at=utc_now() + BUSY_PAUSE)
    except Exception as error:  # a job that fails is written down; the worker goes on
        log.exception("job_failed", extra={"job_id": job.job_id})
        _change(job.job_id, state="failed", finished_at=utc_now(), error=str(error)[:2000])
    else:
        _change(job.job_id, state="done", finished_at=utc_now(), error="")


def _beating(job_id: int) -> AbstractContextManager[None]:
    """Keep a job's heart beating, so that no other worker takes it for lost."""

    def beat(tx: Tx) -> None:
        operations.change_job(tx, job_id, heartbeat_at=utc_now())

    return beating(beat, every=HEARTBEAT_SECONDS, of={"job_id": job_id})


def _change(job_id: int, **values: Any) -> None:
    """Write down what becomes of a job; one that seems to run on would be taken for lost and done once more."""

    def work() -> None:
        with unit_of_work() as tx:
            operations.change_job(tx, job_id, **values)

    training.patiently(work)


def _retrain(job: operations.JobRow) -> None:
    """Train in another process, and stop it when the worker is stopped.

    While another training is under way, the other thread's or one by command, it waits in the queue.
    """
    config: Config = current_app.config["SHOP"]
    if training.is_training(now=utc_now()):
        raise NotYetError
    trigger = str(job.payload.get("trigger", "schedule"))
    command = [sys.executable, "-m", "flask", "--app", "app", "retrain", "--trigger", trigger]
    command += ["--parent", str(os.getpid())]
    if trigger == "schedule":
        command += ["--search-seconds", str(config["SEARCH_SECONDS"])]
    surroundings = os.environ | {"INSTANCE_PATH": str(config.instance), "DATABASE_URL": config.database_url}
    process = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdin=subprocess.DEVNULL)  # noqa: S603 - our own
    _children.add(process)
    try:
        while process.poll() is None and not _is_stopping():
            time.sleep(LOOK_SECONDS)
    finally:
        end_child(process)
    if process.returncode in {0, REFUSED_STATUS}:
        return
    training.mark_lost(training.Place.of(config.instance, config), process.pid, now=utc_now())
    if process.returncode == BUSY_STATUS:
        raise NotYetError
    if _is_stopping():
        raise LeftUndoneError
    raise RuntimeError(f"the training process ended with status {process.returncode}")


_children: set[subprocess.Popen[bytes]] = set()


def end_child(process: subprocess.Popen[bytes]) -> None:
    """Ask a training process to stop, so that it marks its run and lets go of the lease; insist after a while."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    _children.discard(process)


def end_children() -> None:
    """Stop the trainings that run."""
    for process in list(_children):
        end_child(process)


def _is_stopping() -> bool:
    flag = current_app.extensions.get("worker_stopping")
    return flag is not None and flag.is_set()


def _tidy(_job: operations.JobRow) -> None:
    config: Config = current_app.config["SHOP"]
    housekeeping.tidy(now=utc_now())
    media.clear_drafts(config.instance / "media", now=utc_now())


def _draw_pictures(_job: operations.JobRow) -> None:
    """Draw some of the demo's pictures and come back for the others, so that no other job waits long.

    The first model knew only the pictures that were drawn by then, so all of them are followed by a training.
    """
    config: Config = current_app.config["SHOP"]
    n_left = media.draw_batch(config.instance / "media", PICTURES_A_TURN)
    with unit_of_work() as tx:
        if n_left:
            operations.add_job(tx, schedule.PICTURES, due_at=utc_now())
        elif not operations.has_job(tx, schedule.RETRAIN, ("queued",)):
            payload = {"trigger": schedule.PICTURES}
            operations.add_job(tx, schedule.RETRAIN, due_at=utc_now() + REST_BEFORE_TRAINING, payload=payload)


DUTIES: dict[str, Callable[[operations.JobRow], None]] = {
    schedule.RETRAIN: _retrain,
    schedule.HOUSEKEEPING: _tidy,
    schedule.PICTURES: _draw_pictures,
}
