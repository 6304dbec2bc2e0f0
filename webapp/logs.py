"""One formatter for every line the shop writes: an event name, its fields and the request it belongs to."""

from __future__ import annotations

import json
import logging
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, has_request_context, request

from webapp.assets import FILES

log = logging.getLogger("webapp.access")
STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
LOGGERS = ("webapp", "recommender", "huey")
# What the queue's reader says several times a second while its storage is away.
STORAGE_AWAY = (
    "Error reading from queue",
    "Error reading schedule.",
    "Error enqueueing periodic task %s.",
    "worker_not_woken",
)
QUIET_SECONDS = 60.0
QUIET_ENDPOINTS = FILES | frozenset({"shop.media", "health.live", "health.ready"})


class ShopFormatter(logging.Formatter):
    """Write a record as one JSON object, or as one plain line with ``name=value`` fields."""

    def __init__(self, shape: str) -> None:
        super().__init__()
        self.shape = shape

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for ``record``."""
        fields = {name: value for name, value in vars(record).items() if name not in STANDARD_FIELDS}
        if has_request_context():
            fields["request_id"] = g.get("request_id", "")
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        if self.shape == "json":
            head = {"at": moment, "level": record.levelname, "logger": record.name, "event": record.getMessage()}
            return json.dumps(head | fields, default=str, ensure_ascii=False)
        tail = "".join(f" {name}={value}" for name, value in fields.items() if name != "traceback")
        trace = f"\n{fields['traceback']}" if "traceback" in fields else ""
        return f"{moment[11:19]} {record.levelname.lower():7} {record.getMessage()}{tail}{trace}"


class OnceAMinute(logging.Filter):
    """Let each trouble of the queue with its storage through once a minute, with its reason and no traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.told_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether ``record`` is to be written."""
        if record.msg not in STORAGE_AWAY or record.exc_info is None:
            return True
        if record.created - self.told_at.get(record.msg, 0.0) < QUIET_SECONDS:
            return False
        self.told_at[record.msg] = record.created
        record.reason = next(iter(str(record.exc_info[1]).splitlines()), "")[:200]
        record.exc_info = None
        return True


def configure_logging(level: str, shape: str) -> None:
    """Send the shop's and the library's lines to standard error; of the queue's, unless asked, only the troubles."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ShopFormatter(shape))
    handler.addFilter(OnceAMinute())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel("WARNING" if name == "huey" and level == "INFO" else level)
        logger.propagate = False


def register_request_log(app: Flask) -> None:
    """Give every request an id and one line when it is answered. No query string, address or e-mail is written."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if given.isascii() and given.isalnum() and len(given) <= 64 else uuid.uuid4().hex
        g.began_at = time.perf_counter()

    @app.after_request
    def end(answer: Response) -> Response:
        answer.headers.setdefault("X-Request-Id", g.get("request_id", ""))
        if request.endpoint not in QUIET_ENDPOINTS:
            log.info("request", extra=_access_fields(answer))
        return answer


def _access_fields(answer: Response) -> dict[str, Any]:
    took = (time.perf_counter() - g.get("began_at", time.perf_counter())) * 1000
    return {
        "method": request.method,
        "endpoint": request.endpoint or "-",
        "status": answer.status_code,
        "ms": round(took, 1),
    }
