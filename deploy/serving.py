"""What each process of the web server does before its first request; gunicorn reads this file."""

from __future__ import annotations

import gc
import threading
from typing import Any

from config import Config

# Of several processes the code is loaded once, before they part, so that they share its memory. One alone would share
# it with nobody but gunicorn's own process, which needs none of it: 12 MB.
preload_app = Config.from_environment()["WORKERS"] > 1
# A question may name 550 products and a client may write each comma as %2C; this is the most that gunicorn takes.
limit_request_line = 8190
LARGE_BODY = 65_536  # bytes after which gunicorn stops to read what the shop left unread
WARM_UP_SECONDS = 10.0  # well below the time after which gunicorn gives up on a process that does not begin


def on_starting(_server: Any) -> None:
    """Load what the first recommendation needs as well, and let the collector leave alone what is shared."""
    if not preload_app:
        return
    from webapp.recs import prepare

    prepare()
    gc.collect()
    gc.freeze()


def post_fork(_server: Any, worker: Any) -> None:
    """Leave what was opened before to the process that opened it."""
    if not preload_app:
        return
    from webapp.extensions import db

    app = worker.app.wsgi()
    with app.app_context():
        db.engine.dispose(close=False)


def pre_request(_worker: Any, request: Any) -> None:
    """Say that the line ends with the answer to a large body.

    Of what the shop leaves unread, as it does when it refuses a request, gunicorn reads only so much before it closes
    the line. A client that was promised another turn would lose its next request.
    """
    sizes = {name: value for name, value in request.headers if name in {"CONTENT-LENGTH", "TRANSFER-ENCODING"}}
    if "TRANSFER-ENCODING" in sizes or int(sizes.get("CONTENT-LENGTH", "0")) >= LARGE_BODY:
        request.force_close()


def post_worker_init(worker: Any) -> None:
    """Open the model first, so that no visitor waits for it; a large one goes on opening beside the requests."""
    warming = threading.Thread(target=worker.wsgi.extensions["recs"].warm_up, name="recs-warm-up", daemon=True)
    warming.start()
    warming.join(WARM_UP_SECONDS)
