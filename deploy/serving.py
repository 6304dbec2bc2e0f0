"""What each process of the web server does before its first request; gunicorn reads this file."""

from __future__ import annotations

import threading
from typing import Any


def post_worker_init(worker: Any) -> None:
    """Open the model beside the first requests, so that no visitor waits for that."""
    recs = worker.wsgi.extensions["recs"]
    threading.Thread(target=recs.warm_up, name="recs-warm-up", daemon=True).start()
