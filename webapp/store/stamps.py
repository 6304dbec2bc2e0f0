"""Moments of changes that grow in the order in which the changes are committed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from webapp.store.tx import Tx

STAMP_LOCK = 7_201_031  # any number that names no other lock of this database


def stamp(tx: Tx, column: Any, now: datetime) -> datetime:
    """Return a moment for a column of changes: later than every one committed before, whatever the clock says.

    Whoever reads on from the newest change it saw would miss one with an older moment that commits later. It rests on
    writers taking turns from here to their commit: SQLite has one writer, PostgreSQL is asked for a lock.
    """
    if not tx.is_sqlite:
        tx.execute(select(func.pg_advisory_xact_lock(STAMP_LOCK)))
    newest: datetime | None = tx.scalar(select(func.max(column)))
    return now if newest is None else max(now, newest + timedelta(microseconds=1))
