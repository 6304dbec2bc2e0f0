"""A process that sells and can be made to die at any point: ``python -m tests.webapp.reliability.till FOLDER URL``.

Each line it reads is a deed with the point to die at. A child does it, so that the dead leave the next one unharmed. A
point is every statement, every commit, and the moments before and after a letter is written.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event

from config import TestConfig
from tests.webapp.reliability.deeds import bank_says, place
from webapp import create_app
from webapp.actors import Actor
from webapp.extensions import db
from webapp.mail import file_sender
from webapp.picks import NullRecs
from webapp.services.upkeep import outbox


class Points:
    """Counts the points passed and kills the process at one of them."""

    def __init__(self, die_at: int) -> None:
        self.die_at, self.passed = die_at, 0

    def here(self, *_anything: object) -> None:
        self.passed += 1
        if self.passed == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def sell(app: Flask, deed: dict[str, Any]) -> None:
    """Place an order, have it paid, send the mail."""
    points, now = Points(deed["die_at"]), datetime.fromisoformat(deed["now"])
    event.listen(db.engine, "before_cursor_execute", points.here)
    event.listen(db.engine, "commit", points.here)
    write = file_sender(Path(app.instance_path) / "mail")

    def send(mail: Any, name: str) -> None:
        points.here()
        write(mail, name)
        points.here()

    order = place(Actor(guest_id=deed["guest_id"]), deed["key"], deed["total_cents"], now=now)
    bank_says(order, now=now, event_id=f"bank-{deed['key']}")
    outbox.drain(send, now=now)
    points.here()


def main(folder: str, url: str) -> None:
    """Do deeds until there are no more lines."""
    app = create_app(TestConfig.under(Path(folder), DATABASE_URL=url, LOG_LEVEL="ERROR"), recs=NullRecs())
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            with app.app_context(), app.test_request_context():
                sell(app, json.loads(line))
                sys.stdout.flush()
                os._exit(0)
        _pid, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
