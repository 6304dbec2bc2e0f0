"""A real shop for a measurement: filled, trained, served by gunicorn on a free port, and gone afterwards."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.options import Options
from bench.synthetic import Scale, make_world
from config import Config
from deploy import run as deployed

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PREPARE_SECONDS = 3_600
START_SECONDS = 180
DEMO = 0


@dataclass(frozen=True)
class Shop:
    """An instance folder with a database and a trained model.

    Attributes
    ----------
    title : str
        What it is, in words.
    users : list of str
        Ids that the API takes as ``user_id``.
    """

    instance: Path
    title: str
    users: list[str]


@dataclass(frozen=True)
class Server:
    """A running web server.

    Attributes
    ----------
    port : int
        On 127.0.0.1.
    pid : int
        gunicorn's master process.
    """

    port: int
    pid: int


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(instance: Path, port: int, workers: int = 1) -> dict[str, str]:
    """Environment of every process of the shop: as ``make run`` starts it, behind one proxy that names the visitors.

    The limit on requests from one address stays on; behind a proxy every simulated shopper has an address of its own.
    """
    return deployed.environment() | {
        "INSTANCE_PATH": str(instance),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": str(workers),
        "DEMO_OPEN_READS": "1",
        "TRUSTED_PROXIES": "1",
        "RETRAIN_NIGHTLY": "0",
        "SHOP_ENV": "development",
        # A measurement never touches the database or the queue that the surroundings may name.
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }


def prepared(n_items: int, options: Options, *, events: int = 0, size: str = "demo") -> Shop:
    """Fill and train a shop, or take the one that an earlier run kept.

    Parameters
    ----------
    n_items : int
        ``DEMO``, or the size of a synthetic catalogue that goes in through the shop's own import.
    options : Options
    events : int
        Events of the synthetic shop.
    size : str
        Size of the demo.
    """
    folder = options.keep or Path(tempfile.mkdtemp(prefix="kindred-bench-"))
    instance = folder / (f"shop-{size}" if n_items == DEMO else f"shop-{n_items}-{events}")
    done = instance / "users.txt"
    if not done.is_file():
        instance.mkdir(parents=True, exist_ok=True)
        _flask(instance, "db", "upgrade")
        users = _seeded(instance, size) if n_items == DEMO else _imported(instance, n_items, events, options.seed)
        _flask(instance, "retrain", "--if-none")
        done.write_text("\n".join(users), encoding="utf-8")
    title = f"the {size} shop of the seed" if n_items == DEMO else f"a synthetic shop of {n_items:,} items"
    return Shop(instance, title, done.read_text(encoding="utf-8").split("\n"))


def _seeded(instance: Path, size: str) -> list[str]:
    _flask(instance, "seed", "--size", size)
    # Members are numbered from 1; the first ones are the accounts that people sign in with.
    return [str(number) for number in range(1, 1_001 if size != "small" else 41)]


def _imported(instance: Path, n_items: int, n_events: int, seed: int) -> list[str]:
    world = make_world(Scale.of_events(n_items, n_events, seed))
    items, events = instance / "items.csv", instance / "events.csv"
    world.items.to_csv(items, index=False)
    world.events.to_csv(events, index=False)
    _flask(instance, "import-catalog", str(items))
    _flask(instance, "import-interactions", str(events))
    return sorted(world.events["user_id"].unique().tolist())


def _flask(instance: Path, *arguments: str) -> None:
    """Run one of the shop's commands; CalledProcessError with its last lines when it fails."""
    subprocess.run(
        [str(BIN / "flask"), *arguments],
        cwd=ROOT,
        env=settings(instance, 5000) | {"LOG_LEVEL": "WARNING"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=PREPARE_SECONDS,
        check=True,
    )


@contextlib.contextmanager
def serving(shop: Shop, *, workers: int = 1) -> Iterator[Server]:
    """Serve the shop with the command that ``make run`` uses; the server is gone when the block ends."""
    port = free_port()
    environment = settings(shop.instance, port, workers)
    command = deployed.web_command(Config.from_environment(environment))
    with started(command, environment, shop.instance / "bench-web.log") as process:
        _wait_until_open(port, process)
        yield Server(port, process.pid)


@contextlib.contextmanager
def working(shop: Shop) -> Iterator[int]:
    """The shop's worker beside it; yields its process id."""
    environment = settings(shop.instance, free_port())
    with started(deployed.worker_command(), environment, shop.instance / "bench-worker.log") as process:
        yield process.pid


@contextlib.contextmanager
def started(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, ended with all its children when the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield process
        finally:
            deployed.stop([process])


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return
        time.sleep(0.2)
    raise TimeoutError("the web server did not open; its log lies in the instance folder")


def group_of(pid: int) -> list[int]:
    """A process and its children, in order of their ids."""
    tasks = Path(f"/proc/{pid}/task")
    children = [int(c) for task in tasks.iterdir() for c in (task / "children").read_text("ascii").split()]
    return [pid, *(member for child in sorted(children) for member in group_of(child))]
