"""The queue that wakes the worker, and the worker itself.

Huey reads every driver it finds installed, 17 MB with those of Redis and PostgreSQL, so a web process loads this only
when it has to wake the worker.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Any

from flask import Flask
from huey import RedisHuey, SqliteHuey, crontab
from huey.api import Huey

from config import Config
from webapp import jobs

WORKER_THREADS = jobs.JOBS_AT_ONCE + 1
LETTERS_EVERY_SECONDS = 1.0
REST_SECONDS = 20.0  # after a look in vain, which the log tells each time
REDIS_SECONDS = 3.0  # longer than the worker waits for a task there; who wakes it must not wait for ever
_turn = Lock()


@dataclass(frozen=True)
class Queue:
    """The queue of an application, and the task that wakes who works on it."""

    huey: Huey
    wake: Callable[[], Any]


def make_huey(config: Config) -> Huey:
    """Return the queue: Redis when it is configured, else a file in the instance folder."""
    if config["REDIS_URL"]:
        from redis import ConnectionPool

        waits = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
        return RedisHuey("shop", connection_pool=ConnectionPool.from_url(config["REDIS_URL"], **waits))
    return SqliteHuey("shop", filename=str(config.instance / "queue.db"))


def queue_of(app: Flask) -> Queue:
    """Return the queue of an application with the tasks on it, made when it is first asked for."""
    with _turn:
        if "queue" not in app.extensions:
            app.extensions["queue"] = _make_queue(app)
        queue: Queue = app.extensions["queue"]
        return queue


def _make_queue(app: Flask) -> Queue:
    huey = make_huey(app.config["SHOP"])

    @huey.periodic_task(crontab(minute="*"), name="tick")
    def tick() -> None:
        with app.app_context():
            jobs.every_minute()
        give_back_memory()

    @huey.task(name="work")
    def work() -> None:
        with app.app_context():
            jobs.work_off()
        give_back_memory()

    return Queue(huey, work)


def give_back_memory() -> None:
    """Hand the system what was freed: the C library keeps it for a next time, after counting popularity 25 MB."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    if trim is not None:  # musl has none
        trim(0)


def carry_letters(app: Flask, stopping: Event) -> None:
    """Send letters soon after the transaction that wants them, until the worker stops.

    The outbox is looked at rather than the worker woken: who writes into it then needs no queue, which may be away, and
    sees nothing of it. A slow mail server keeps none of the threads that work for the queue.
    """
    pause = LETTERS_EVERY_SECONDS
    while not stopping.wait(pause):
        with app.app_context():
            pause = LETTERS_EVERY_SECONDS if jobs.send_letters() else REST_SECONDS


def run_worker(app: Flask) -> None:
    """Run the worker until it is told to stop; a training that runs then is stopped with it."""
    queue = queue_of(app)
    consumer = queue.huey.create_consumer(
        workers=WORKER_THREADS, periodic=True, max_delay=1.0, scheduler_interval=1, worker_type="thread"
    )
    app.extensions["worker_stopping"] = consumer.stop_flag
    with app.app_context():
        jobs.wake_worker()
    carrier = Thread(target=carry_letters, args=(app, consumer.stop_flag), name="letters", daemon=True)
    carrier.start()
    try:
        consumer.run()
    finally:
        jobs.end_children()
        until = time.monotonic() + jobs.PATIENCE_SECONDS
        threads = [thread for _worker, thread in consumer.worker_threads]
        for thread in [*threads, carrier]:  # each writes down what becomes of its job or its letter
            thread.join(timeout=max(0.0, until - time.monotonic()))
