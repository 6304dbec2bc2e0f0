"""Real PostgreSQL and Redis for tests: started on free ports of this machine, stopped at the end.

Where a server or its package is missing, the tests that need it are skipped and say so; with ``CI=true`` they fail.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

START_SECONDS = 20.0
HOW = "make test EXTRAS=postgres installs it on Debian and Ubuntu"
# Nothing of a test has to survive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


def missing(reason: str) -> NoReturn:
    """Skip the test because a service is missing; where everything has to be there, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} (CI=true: a missing service is a failure)", pytrace=False)
    pytest.skip(reason)


def need_package(name: str, extra: str) -> None:
    """Skip the test when an optional package is not installed."""
    if importlib.util.find_spec(name) is None:
        missing(f"the package {name} is not installed; make test EXTRAS={extra} installs it")


def free_port() -> int:
    """Return a port of this machine nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_folder() -> Path | None:
    """Return the folder of the newest PostgreSQL programs, None when there are none."""
    numbered = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    installed = [path for path in numbered if (path / "initdb").exists()]
    if installed:
        return max(installed, key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL cluster of our own and yield its address.

    The server refuses to run as root, so root lends it the account postgres. It ends when this process dies.
    """
    need_package("psycopg", "postgres")
    programs = postgres_folder()
    if programs is None:
        missing(f"PostgreSQL is not installed; {HOW}")
    folder = Path(tempfile.mkdtemp(prefix="kindred-postgres-"))
    as_postgres: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_postgres = ["--reuid=postgres", "--regid=postgres", "--init-groups"]
    server = None
    try:
        make = ["setpriv", *as_postgres, str(programs / "initdb")] if as_postgres else [str(programs / "initdb")]
        options = ["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*make, "-D", str(folder / "data"), *options], check=True, capture_output=True, cwd=folder)
        port = free_port()
        settings = FAST | {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder), "port": str(port)}
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        run = ["setpriv", *as_postgres, "--pdeathsig", "QUIT"] if shutil.which("setpriv") else []
        with (folder / "log").open("wb") as log:
            command = [*run, str(programs / "postgres"), "-D", str(folder / "data"), *flags]
            server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder)
        address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        _wait(lambda: _answers_postgres(address), server, folder / "log")
        yield address
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)  # at once: nothing is kept
            server.wait(START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _answers_postgres(address: str) -> bool:
    import psycopg

    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def redis_program() -> str:
    """Return where Redis is; the test is skipped where it or the package that talks to it is missing."""
    need_package("redis", "postgres")
    program = shutil.which("redis-server")
    if program is None:
        missing(f"Redis is not installed; {HOW}")
    return program


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis server of our own and yield its address."""
    program = redis_program()
    folder, port = Path(tempfile.mkdtemp(prefix="kindred-redis-")), free_port()
    flags = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*guard, program, *flags], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        _wait(lambda: _answers(port), server, folder / "log")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait(START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(is_up: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if is_up():
            return
        time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
