"""With Redis all web processes count together, and the queue is one for all machines."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import ROOT, TestConfig
from tests.servers import free_port, redis, redis_program
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


@pytest.mark.slow
def test_a_redis_that_stops_or_does_not_answer_stops_no_page(tmp_path: Path) -> None:
    """Each process counts by itself meanwhile, so that a limit is still one, and goes on in Redis when it is back."""
    program, port = redis_program(), free_port()
    with served(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}/0") as address:
        assert [status_of(address) for _request in range(4)] == [200] * 4
        with running_redis(program, tmp_path, port) as server:
            wait_until(lambda: keys_in(port) > 0, address)
            server.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            assert [status_of(address) for _request in range(4)] == [200] * 4
            assert time.monotonic() - began < 20
            server.send_signal(signal.SIGCONT)
        assert [status_of(address) for _request in range(4)] == [200] * 4


@contextmanager
def running_redis(program: str, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis at a port, for as long as the block lasts."""
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield server
    finally:
        server.kill()
        server.wait(20)


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(f"{address}/search?q=lamp", timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def keys_in(port: int) -> int:
    import redis as client

    try:
        with client.Redis(port=port, socket_timeout=2) as connection:
            return int(connection.dbsize())
    except client.ConnectionError:
        return 0


def wait_until(is_so: Callable[[], bool], address: str) -> None:
    """Go on asking for pages until something is so."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        assert status_of(address) == 200
        time.sleep(0.2)
