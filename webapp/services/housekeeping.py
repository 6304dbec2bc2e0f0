"""What is tidied every hour."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from webapp.store import alerts, catalogue, operations, sessions, stock, tokens
from webapp.store.tx import unit_of_work

log = logging.getLogger(__name__)
STOCK_CHECK = "stock_check"
MAX_NAMED = 20
GUESTS_KEPT = timedelta(days=400)
ALERTS_KEPT = timedelta(days=60)  # the link in the letter works that long


def tidy(*, now: datetime) -> int:
    """Remove ended sessions, old links and guests long gone, count popularity, check stock; return ended sessions."""
    with unit_of_work() as tx:
        gone = sessions.sweep(tx, now=now, guests_older_than=GUESTS_KEPT)
        tokens.sweep(tx, now=now)
        alerts.sweep(tx, told_before=now - ALERTS_KEPT)
    with unit_of_work() as tx:
        catalogue.refresh_popularity(tx, now=now)
    check_stock(now=now)
    log.info("tidied", extra={"n_sessions": gone})
    return gone


def check_stock(*, now: datetime) -> list[int]:
    """Compare reserved pieces with what is held for orders; the owner is told of a difference once, not every hour."""
    with unit_of_work() as tx:
        wrong = stock.mismatches(tx)
        if wrong != operations.setting(tx, STOCK_CHECK).get("variants", []):
            operations.put_setting(tx, STOCK_CHECK, {"variants": wrong}, now=now)
            if wrong:
                log.error("stock_mismatch", extra={"variants": wrong})
                named = ", ".join(map(str, wrong[:MAX_NAMED]))
                operations.add_message(tx, "owner.stock_mismatch", {"variants": named}, now=now)
    return wrong
