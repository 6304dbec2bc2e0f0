"""Says again and again that work goes on, however long one step of it takes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread

from flask import current_app

from webapp.errors import Busy
from webapp.store.tx import Tx, unit_of_work

log = logging.getLogger(__name__)


@contextmanager
def beating(beat: Callable[[Tx], object], *, every: float, of: Mapping[str, object]) -> Iterator[None]:
    """Let a thread call ``beat`` in a transaction of its own while the block runs.

    Parameters
    ----------
    every : float
        Seconds between two beats.
    of : mapping
        What the log says of a beat that could not be noted: that ends no work, for the next one comes.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # unwrap Flask's proxy for the other thread
    is_over = Event()

    def live() -> None:
        while not is_over.wait(every):
            try:
                with app.app_context(), unit_of_work() as tx:
                    beat(tx)
            except Exception as error:  # whatever keeps one beat from being noted
                log.warning("heartbeat_missed", extra=dict(of), exc_info=not isinstance(error, Busy))

    heart = Thread(target=live, name="heart", daemon=True)
    heart.start()
    try:
        yield
    finally:
        is_over.set()
        heart.join()
