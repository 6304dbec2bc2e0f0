"""The transaction of one use case, and nothing between two of them."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Engine, Executable
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from webapp.errors import Busy
from webapp.extensions import WRITE_OPTION, db

log = logging.getLogger(__name__)
Result = TypeVar("Result")
ATTEMPTS = 4
PAUSE_SECONDS = 0.05
SERIALISATION_FAILURES = frozenset({"40001", "40P01", "55P03"})
_open_unit: ContextVar[bool] = ContextVar("open_unit", default=False)


class Tx(Session):
    """An open transaction. Rows come back as plain sequences; the store's functions give them names and types."""

    def rows(self, statement: Executable) -> list[Any]:
        """Return every row of a query."""
        return list(self.execute(statement))

    def row(self, statement: Executable) -> Any:
        """Return the first row of a query, None when there is none."""
        return self.execute(statement).first()

    def change(self, statement: Executable) -> int:
        """Run an update or delete and return how many rows it met."""
        return int(cast(CursorResult[Any], self.execute(statement)).rowcount)


@contextmanager
def unit_of_work() -> Iterator[Tx]:
    """Open a transaction that may write; it commits when the block ends and rolls back on any error.

    On SQLite the write lock is taken at the start, so that reads inside the block stay true until the commit.

    Raises
    ------
    Busy
        If the database gave us no turn within its patience; nothing was written.
    RuntimeError
        If another unit is open: on SQLite the inner one would wait for the outer one for ever.
    """
    with _unit(writes=True) as session:
        yield session
        session.commit()


@contextmanager
def read_unit() -> Iterator[Tx]:
    """Open a transaction that only reads; it sees one state of the database and locks nobody out."""
    with _unit(writes=False) as session:
        yield session


@contextmanager
def _unit(*, writes: bool) -> Iterator[Tx]:
    if _open_unit.get():
        raise RuntimeError("units of work do not nest")
    mark = _open_unit.set(True)
    try:
        with Tx(_engine(writes=writes), expire_on_commit=False, autoflush=False) as session:
            yield session
    except DBAPIError as error:
        if is_passing(error):
            log.warning("database_busy", extra={"reason": str(error.orig)[:120]})
            raise Busy from error
        raise
    finally:
        _open_unit.reset(mark)


def _engine(*, writes: bool) -> Engine:
    return db.engine.execution_options(**{WRITE_OPTION: writes})


def is_passing(error: DBAPIError) -> bool:
    """Whether trying again may help: a lock on SQLite, a deadlock or serialisation failure on PostgreSQL."""
    if isinstance(error, OperationalError) and "database is locked" in str(error.orig):
        return True
    return getattr(error.orig, "sqlstate", None) in SERIALISATION_FAILURES


def run_unit(work: Callable[[Tx], Result], *, attempts: int = ATTEMPTS) -> Result:
    """Run ``work`` in a writing unit, again from its start when the database asks for that.

    Parameters
    ----------
    work : callable
        Given the transaction; must have no effect outside it, because it may run more than once.
    attempts : int
        Tries in all, with a growing random pause between them.
    """
    for attempt in range(1, attempts):
        try:
            with unit_of_work() as tx:
                return work(tx)
        except Busy:
            time.sleep(PAUSE_SECONDS * attempt * (1 + random.random()))
    with unit_of_work() as tx:
        return work(tx)
