"""The shop as `make run` starts it, for the time of a block: a folder of its own, a free port, stopped afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config import BY_NAME, ROOT
from deploy import run

START_SECONDS = 240
# Nothing from outside reaches the shop; no training begins in the middle of a walk; and a page waits for the
# recommender however busy the machine is, because whoever looks here wants to see picks and not the fallback.
SETTINGS = {"HOST": "127.0.0.1", "RETRAIN_NIGHTLY": "0", "RECS_BUDGET_MS": "10000", "LOG_LEVEL": "WARNING"}


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the demo."""

    email: str
    password: str


@dataclass(frozen=True, slots=True)
class RealShop:
    """A shop that is open."""

    address: str
    instance: Path

    def account(self, role: str) -> Account:
        """Return the first demo account with a role: shopper or owner."""
        found = next(row for row in run.read_accounts(self.instance) if row["role"] == role)
        return Account(found["email"], found["password"])


@contextmanager
def real_shop(instance: Path, size: str) -> Iterator[RealShop]:
    """Fill, train and open a demo shop of a size; it is closed at the end of the block, whatever happens.

    Raises
    ------
    RuntimeError
        With the last lines of what it printed, when it does not open in time.
    """
    port = _free_port()
    surroundings = os.environ | dict.fromkeys(BY_NAME, "") | SETTINGS
    surroundings |= {"PORT": str(port), "INSTANCE_PATH": str(instance)}
    instance.mkdir(parents=True, exist_ok=True)
    printed = instance / "printed.log"
    command = [sys.executable, str(ROOT / "deploy" / "run.py"), "--size", size]
    with printed.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=surroundings,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=run._first_thing(signal.SIGTERM),  # it ends with us, too, when we are killed
        )
    try:
        shop = RealShop(f"http://127.0.0.1:{port}", instance)
        _wait_until_open(shop, process, printed)
        yield shop
    finally:
        run.stop([process])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_open(shop: RealShop, process: subprocess.Popen[bytes], printed: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _is_ready(shop):
            return
        time.sleep(0.3)
    last_lines = "\n".join(printed.read_text("utf-8").splitlines()[-20:])
    raise RuntimeError(f"the shop did not open within {START_SECONDS} seconds:\n{last_lines}")


def _is_ready(shop: RealShop) -> bool:
    try:
        with urllib.request.urlopen(f"{shop.address}/readyz", timeout=5) as answer:
            return bool(json.load(answer)["recommender"] == "ok")
    except (urllib.error.URLError, OSError):
        return False
