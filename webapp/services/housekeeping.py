"""What is tidied every hour."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from webapp.store import alerts, catalogue, sessions, tokens
from webapp.store.tx import unit_of_work

log = logging.getLogger(__name__)
GUESTS_KEPT = timedelta(days=400)
ALERTS_KEPT = timedelta(days=60)  # the link in the letter works that long


def tidy(*, now: datetime) -> int:
    """Remove ended sessions, old links and guests long gone, count popularity anew; return how many sessions ended."""
    with unit_of_work() as tx:
        gone = sessions.sweep(tx, now=now, guests_older_than=GUESTS_KEPT)
        tokens.sweep(tx, now=now)
        alerts.sweep(tx, told_before=now - ALERTS_KEPT)
    with unit_of_work() as tx:
        catalogue.refresh_popularity(tx, now=now)
    log.info("tidied", extra={"n_sessions": gone})
    return gone
