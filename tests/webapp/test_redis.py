"""With Redis all web processes count together, and the queue is one for all machines."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import ROOT, TestConfig
from tests.servers import free_port, redis
from webapp.worker import make_huey

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis() as url:
        yield url


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[str]:
    """Serve a new shop with two processes, as `make run` does, and yield its address."""
    port = free_port()
    given = {"INSTANCE_PATH": str(folder), "PORT": str(port), "LOG_LEVEL": "WARNING"} | settings
    surroundings = os.environ | given
    subprocess.run([sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"], cwd=ROOT, env=surroundings)
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "app:app"]
    server = subprocess.Popen([*command, "--log-level", "warning"], cwd=ROOT, env=surroundings)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and server.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.slow
def test_s6_two_processes_count_a_visitor_together(tmp_path: Path, redis_url: str) -> None:
    left = []
    with served(tmp_path, REDIS_URL=redis_url) as address:
        for _request in range(12):
            with urllib.request.urlopen(f"{address}/search?q=lamp", timeout=20) as answer:
                left.append(int(answer.headers["X-RateLimit-Remaining"]))
    assert left == list(range(left[0], left[0] - 12, -1))


def test_what_one_process_queues_another_one_finds(tmp_path: Path, redis_url: str) -> None:
    here, there = (make_huey(TestConfig.under(tmp_path / name, REDIS_URL=redis_url)) for name in ("a", "b"))

    @here.task(name="work")
    def work() -> None:
        """Do nothing."""

    work()
    assert re.search("work", str(there.storage.queue_size() and there.storage.dequeue()))
