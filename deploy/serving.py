"""What each process of the web server does before its first request; gunicorn reads this file."""

from __future__ import annotations

import threading
from typing import Any

WARM_UP_SECONDS = 10.0  # well below the time after which gunicorn gives up on a process that does not begin


def post_worker_init(worker: Any) -> None:
    """Open the model first, so that no visitor waits for it; a large one goes on opening beside the requests."""
    warming = threading.Thread(target=worker.wsgi.extensions["recs"].warm_up, name="recs-warm-up", daemon=True)
    warming.start()
    warming.join(WARM_UP_SECONDS)
