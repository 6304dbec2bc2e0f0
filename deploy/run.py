"""Start the whole shop: migrate, fill, train, then web server and worker side by side until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from config import LOOPBACK, Config, ConfigError  # noqa: E402  the project's root must be on the path first

BIN = Path(sys.executable).parent
START_SECONDS = 90
STOP_SECONDS = 30
REDIS_SECONDS = 3.0
NEEDED_MB = 500
ACCOUNTS_FILE = "demo-accounts.json"
PR_SET_PDEATHSIG = 1
# BLAS threads that wait for each other make small products many times slower, so every process gets one.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# glibc gives up to eight heaps per core to threads that ask at once, and each keeps what was freed. With two a web
# process holds 8 MB less after some requests; processor time per answer is the same (25.8 ms with both, side by side).
FEW_HEAPS = {"MALLOC_ARENA_MAX": "2"}


class CannotStartError(Exception):
    """The shop cannot start; the message is one sentence that says why and how to mend it."""


class Stopped(Exception):  # noqa: N818  not an error: somebody asked for it
    """A signal asked the shop to stop."""


def main() -> int:
    """Run until a signal; exit status 1 with one sentence when the shop cannot start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="start from this public data set instead of the demo")
    parser.add_argument("--size", default="demo", help="size of the demo: small, demo or large")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts us with & would have it ignored
    try:
        config = _config()
        check_port(config)
        check_folder(config.instance)
        check_redis(config["REDIS_URL"])
        prepare(options.data, options.size)
        serve(config)
    except (CannotStartError, ConfigError) as error:
        print(f"kindred: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Stopped):
        say("stopped")
    return 0


def say(text: str) -> None:
    """One line of what is being done."""
    print(f"kindred: {text}", flush=True)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _config() -> Config:
    """Settings; on this machine alone the demo answers recommendation reads for anybody."""
    config = Config.from_environment()
    if config["HOST"] in LOOPBACK and not config.is_production and "DEMO_OPEN_READS" not in config.given:
        os.environ["DEMO_OPEN_READS"] = "1"
        config = Config.from_environment()
    return config


def check_port(config: Config) -> None:
    """Refuse a port that is taken or forbidden before the long steps begin."""
    host, port = config["HOST"], config["PORT"]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise CannotStartError(f"HOST={host} is no address of this machine ({error.strerror}).") from error
            raise CannotStartError(
                f"port {port} on {host} cannot be used ({error.strerror}); choose another one: make run PORT={port + 1}"
            ) from error


def check_folder(instance: Path) -> None:
    """Refuse a folder that cannot be written or a disk that is full."""
    try:
        instance.mkdir(parents=True, exist_ok=True)
        probe = instance / ".writable"
        probe.write_text("", "utf-8")
        probe.unlink()
    except OSError as error:
        raise CannotStartError(
            f"{instance} cannot be written ({error.strerror}); mend its rights or set INSTANCE_PATH."
        ) from error
    free = shutil.disk_usage(instance).free / 1e6
    if free < NEEDED_MB:
        raise CannotStartError(f"{free:.0f} MB are free on the disk of {instance}; {NEEDED_MB} MB are needed.")


def check_redis(url: str) -> None:
    """Refuse a Redis that does not answer: no mail would be sent and nothing trained while the shop seems to work."""
    if not url:
        return
    from redis import Redis, RedisError

    try:
        with Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS) as server:
            server.ping()
    except (RedisError, OSError) as error:
        raise CannotStartError(
            f"no Redis answers at REDIS_URL ({str(error).rstrip('.')}); start it, or leave REDIS_URL empty."
        ) from error


def prepare(data: str | None, size: str) -> None:
    """Bring the schema up to date, fill an empty shop, train where no model is live."""
    say("bringing the database up to date")
    flask("db", "upgrade", quiet=True)
    if is_empty():
        say(f"importing the data set {data}" if data else "generating the demo shop")
        if data:
            flask("import-data", data)
        else:
            flask("seed", "--size", size, quiet=True)
    elif data:
        say(
            f"the shop has products already, so {data} is not imported: set INSTANCE_PATH to a new folder for another "
            f"shop, or finish an import that was stopped with .venv/bin/flask import-data {data}"
        )
    say("training the recommender, unless a model is live already")
    flask("retrain", "--if-none", may_fail=True, ask=signal.SIGINT)  # it gives back the lease of the training


def is_empty() -> bool:
    """Whether the shop has no product yet."""
    script = """
from app import app
from webapp.services.upkeep.seeding import is_empty
with app.app_context():
    print(is_empty())
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, env=environment())
    if done.returncode:
        raise CannotStartError(f"the shop cannot be opened: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}")
    return done.stdout.strip().endswith("True")


def flask(*arguments: str, quiet: bool = False, may_fail: bool = False, ask: signal.Signals = signal.SIGTERM) -> None:
    """Run one of the shop's own commands; it ends with us, and ``ask`` is the signal that asks it to."""
    process = start([str(BIN / "flask"), *arguments], quiet=quiet, ask=ask)
    try:
        failed = process.wait()
    finally:
        stop([process], ask)
    if failed and may_fail:
        say("there is no trained model yet; the shop shows best sellers until the next training")
    elif failed:
        raise CannotStartError(f"`flask {' '.join(arguments)}` failed; the lines above say why.")


def environment() -> dict[str, str]:
    """Surroundings of every process of the shop."""
    return {**ONE_THREAD, **FEW_HEAPS, **os.environ, "PYTHONUNBUFFERED": "1", "FLASK_APP": "app"}


def serve(config: Config) -> None:
    """Web server and worker together; when one ends, or a signal comes, both end."""
    say("starting the web server and the worker")
    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes.append(start(web_command(config)))
        processes.append(start(worker_command()))
        wait_until_ready(config, processes)
        announce(config)
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        raise CannotStartError("the web server or the worker ended by itself; its last lines are above.")
    finally:
        stop(processes)


def web_command(config: Config) -> list[str]:
    """gunicorn with threads; the application is loaded once and shared by its workers."""
    return [
        str(BIN / "gunicorn"),
        "--config",
        str(ROOT / "deploy" / "serving.py"),
        "--bind",
        f"{bracketed(config['HOST'])}:{config['PORT']}",
        "--worker-class",
        "gthread",
        "--workers",
        str(config["WORKERS"]),
        "--threads",
        str(config["THREADS"]),
        "--graceful-timeout",
        str(STOP_SECONDS - 5),
        "--log-level",
        "warning",
        "app:app",
    ]


def worker_command() -> list[str]:
    """The background work; `flask worker` does the same in 11 MB more."""
    return [sys.executable, "-m", "deploy.worker"]


def start(command: list[str], *, quiet: bool = False, ask: signal.Signals = signal.SIGTERM) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, so that Ctrl-C reaches this one first; it ends when this one dies."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL if quiet else None,
        start_new_session=True,
        preexec_fn=_first_thing(ask),
    )


def _first_thing(ask: signal.Signals) -> Callable[[], None]:
    """What a new process does first: listen to Ctrl-C even if we were told not to, and end when we die."""
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, ask)

    return prepare


def wait_until_ready(config: Config, processes: list[subprocess.Popen[bytes]]) -> None:
    """Wait for the first healthy answer."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in processes):
            raise CannotStartError("the web server or the worker did not start; its last lines are above.")
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{address(config)}/healthz", timeout=2).close()
            return
        time.sleep(0.2)
    raise CannotStartError(f"the web server gave no answer within {START_SECONDS} seconds.")


def address(config: Config) -> str:
    """Where the shop answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config["HOST"], config["HOST"])  # noqa: S104
    return f"http://{bracketed(host)}:{config['PORT']}"


def bracketed(host: str) -> str:
    """A host as it stands before a port."""
    return f"[{host}]" if ":" in host else host


def announce(config: Config) -> None:
    """The address, who can sign in, and a first call of the API."""
    accounts = read_accounts(config.instance)
    where = address(config)
    lines = ["", f"  The shop is open: {where}", ""]
    for account in accounts:
        role = "owner (admin pages at /admin/)" if account["role"] == "owner" else account["role"]
        password = "" if config.is_production else account["password"]  # a service's output is kept
        lines.append(f"  {role:32}{account['email']:34}{password}".rstrip())
    if accounts and config.is_production:
        lines.append(f"  Their passwords: {config.instance / ACCOUNTS_FILE}")
    if not accounts:
        lines.append("  An owner's account: .venv/bin/flask create-admin")
    user_id = next((a["user_id"] for a in accounts if a.get("user_id") and a["role"] == "shopper"), 1)
    whom = f"user_id={user_id}&" if config["DEMO_OPEN_READS"] else ""  # a guest may ask for itself
    lines += ["", f"  curl '{where}/api/recommendations?{whom}k=5'", "", "  Ctrl-C stops it.", ""]
    print("\n".join(lines), flush=True)


def read_accounts(instance: Path) -> list[dict[str, str]]:
    """Demo accounts made at the first start; none in a shop without the demo."""
    try:
        accounts: list[dict[str, str]] = json.loads((instance / ACCOUNTS_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return accounts


def stop(processes: list[subprocess.Popen[bytes]], ask: signal.Signals = signal.SIGTERM) -> None:
    """Ask every process to end, wait, and end what does not listen, with all that it started."""
    for process in processes:
        process.send_signal(ask)
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except (subprocess.TimeoutExpired, KeyboardInterrupt, Stopped):  # or asked twice: somebody is in a hurry
            deadline = time.monotonic()
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
