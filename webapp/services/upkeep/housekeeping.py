"""What is tidied every hour, and what is looked after every minute."""

from __future__ import annotations

import itertools
import logging
import time
from datetime import datetime, timedelta

from webapp.services.upkeep.pieces import write_in_pieces
from webapp.store import alerts, operations, popularity, search, sessions, stock, tokens
from webapp.store.tx import read_unit, unit_of_work

log = logging.getLogger(__name__)
STOCK_CHECK = "stock_check"
SEARCH_INDEX = "search_index"
INDEXED_AT_ONCE = 500
MAX_NAMED = 20
REST_SECONDS = 1.0
GUESTS_KEPT = timedelta(days=400)
ALERTS_KEPT = timedelta(days=60)  # the link in the letter works that long


def tidy(*, now: datetime) -> int:
    """Remove ended sessions, old links and guests long gone, count popularity, check stock; return ended sessions."""
    with unit_of_work() as tx:
        gone = sessions.sweep(tx, now=now, guests_older_than=GUESTS_KEPT)
        tokens.sweep(tx, now=now)
        alerts.sweep(tx, told_before=now - ALERTS_KEPT)
    count_popularity(now=now)
    check_stock(now=now)
    log.info("tidied", extra={"n_sessions": gone})
    return gone


def count_popularity(*, now: datetime) -> None:
    """Count how sought-after products are while the shop goes on selling, and write it little by little.

    Who is overtaken by another count, as at the end of an import, counts anew after a rest, in which that one goes on.
    """
    while not _count_undisturbed(now=now):
        log.info("popularity_counted_anew")
        time.sleep(REST_SECONDS)


def _count_undisturbed(*, now: datetime) -> bool:
    with read_unit() as tx:
        counted = popularity.count(tx, now=now)
    turns = itertools.count(counted.turn)
    try:
        write_in_pieces(counted.found, lambda tx, found: popularity.write(tx, found, turn=next(turns), now=now))
    except popularity.OvertakenError:
        return False
    return True


def check_stock(*, now: datetime) -> list[int]:
    """Compare reserved pieces with what is held for orders; the owner is told of a difference once, not every hour."""
    with read_unit() as tx:
        wrong, told = stock.mismatches(tx), operations.setting(tx, STOCK_CHECK).get("variants", [])
    if wrong != told:
        with unit_of_work() as tx:
            operations.put_setting(tx, STOCK_CHECK, {"variants": wrong}, now=now)
            if wrong:
                log.error("stock_mismatch", extra={"variants": wrong})
                named = ", ".join(map(str, wrong[:MAX_NAMED]))
                operations.add_message(tx, "owner.stock_mismatch", {"variants": named}, now=now)
    return wrong


def complete_search(*, now: datetime) -> int:
    """Write what the search index lacks, or all of it where words were cut in another way; return how many products.

    A migration makes the index without a word in it, and only what is changed afterwards would be found again.
    """
    with read_unit() as tx:
        is_outdated = operations.setting(tx, SEARCH_INDEX).get("cut") != search.CUT
        wanted = search.all_ids(tx) if is_outdated else search.missing(tx)
    for start in range(0, len(wanted), INDEXED_AT_ONCE):
        with unit_of_work() as tx:
            search.reindex(tx, wanted[start : start + INDEXED_AT_ONCE])
    if is_outdated:
        with unit_of_work() as tx:
            operations.put_setting(tx, SEARCH_INDEX, {"cut": search.CUT}, now=now)
    if wanted:
        log.info("search_index_completed", extra={"n_products": len(wanted)})
    return len(wanted)
