"""The transaction of one use case, and nothing between two of them."""

from __future__ import annotations

import logging
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, NestedTransaction
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from webapp.errors import Away, Busy, Conflict, Unwritable
from webapp.extensions import BEGIN_OPTION, db

log = logging.getLogger(__name__)
Result = TypeVar("Result")
Parameters = Sequence[Mapping[str, Any]] | Mapping[str, Any] | None
ATTEMPTS = 4
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 8.0  # one wait for a lock takes up to ten seconds, and a shopper waits no second time
WRITING = "BEGIN IMMEDIATE"
FOREIGN_KEY_VIOLATION = "23503"
SERIALISATION_FAILURES = frozenset({"40001", "40P01", "55P03"})
# Stopped by its keeper, crashed, starting or stopping, no connection left; 08 stands before every trouble with a line.
AWAY = ("57P01", "57P02", "57P03", "53300", "08")
# No room, read-only, or a disk that fails; of SQLite also a file that cannot be made beside the database.
UNWRITABLE = frozenset({"53100", "25006", "58030"})
SQLITE_UNWRITABLE = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN}
)
_open_unit: ContextVar[bool] = ContextVar("open_unit", default=False)


class Tx:
    """An open transaction. Rows come back as plain sequences; the store's functions give them names and types.

    It wraps a Core connection: no identity map stands between the store and the database, which halves the cost of a
    small query.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.connection.dialect.name == "sqlite"

    def rows(self, statement: Executable, parameters: Parameters = None) -> list[Any]:
        """Return every row of a query."""
        return list(self.connection.execute(statement, parameters))

    def stream(self, statement: Executable, *, size: int) -> Iterator[Any]:
        """Return the rows of a large query one by one, ``size`` at a time in memory."""
        # Set on the connection itself the option would hold for what follows; PostgreSQL streams nothing but queries.
        return iter(self.connection.execute(statement, execution_options={"yield_per": size}))

    def row(self, statement: Executable, parameters: Parameters = None) -> Any:
        """Return the first row of a query, None when there is none."""
        return self.connection.execute(statement, parameters).first()

    def scalar(self, statement: Executable, parameters: Parameters = None) -> Any:
        """Return the first value of the first row, None when there is none."""
        return self.connection.execute(statement, parameters).scalar()

    def scalars(self, statement: Executable, parameters: Parameters = None) -> list[Any]:
        """Return the first value of every row."""
        return list(self.connection.execute(statement, parameters).scalars())

    def change(self, statement: Executable) -> int:
        """Run an update or delete and return how many rows it met."""
        return int(self.connection.execute(statement).rowcount)

    def execute(self, statement: Executable, parameters: Parameters = None) -> None:
        """Run a statement whose result nobody needs."""
        self.connection.execute(statement, parameters)

    def nested(self) -> NestedTransaction:
        """Begin a part that can be taken back by itself: ``with tx.nested() as part: ... part.rollback()``."""
        return self.connection.begin_nested()

    def rollback(self) -> None:
        """Take back everything so far."""
        self.connection.rollback()


@contextmanager
def unit_of_work() -> Iterator[Tx]:
    """Open a transaction that may write; it commits when the block ends and rolls back on any error.

    On SQLite the write lock is taken at the start, so that reads inside the block stay true until the commit.

    Raises
    ------
    Busy
        If the database gave us no turn within its patience; nothing was written.
    Away
        If it cannot be reached or went away meanwhile.
    Unwritable
        If its disk takes nothing; nothing was written.
    Conflict
        If what a row belongs to, such as a member, was deleted meanwhile; nothing was written.
    RuntimeError
        If another unit is open: on SQLite the inner one would wait for the outer one for ever.
    """
    with _unit(WRITING) as tx:
        yield tx
        tx.connection.commit()


@contextmanager
def read_unit() -> Iterator[Tx]:
    """Open a transaction that only reads; it sees one state of the database and locks nobody out."""
    with _unit("BEGIN") as tx:
        yield tx


@contextmanager
def single_read() -> Iterator[Tx]:
    """Open a unit for one statement that reads: it sees one state anyway, so SQLite is spared a transaction."""
    with _unit("") as tx:
        yield tx


@contextmanager
def _unit(begin: str) -> Iterator[Tx]:
    if _open_unit.get():
        raise RuntimeError("units of work do not nest")
    mark = _open_unit.set(True)
    try:
        with _engine(db.engine, begin).connect() as connection:
            connection.begin()
            yield Tx(connection)
    except PoolTimeout as error:
        log.warning("connections_used_up")
        raise Busy from error
    except DBAPIError as error:
        if is_passing(error):
            log.warning("database_busy", extra={"reason": _reason(error)})
            raise Busy from error
        if is_away(error):
            log.warning("database_away", extra={"reason": _reason(error)})
            raise Away from error
        if is_unwritable(error):
            log.warning("database_unwritable", extra={"reason": _reason(error)})
            raise Unwritable from error
        if leads_nowhere(error):
            log.warning("row_of_somebody_gone", exc_info=True)
            raise Conflict from error
        raise
    finally:
        _open_unit.reset(mark)


@lru_cache(maxsize=8)
def _engine(engine: Engine, begin: str) -> Engine:
    """Return the engine for a unit that begins so on SQLite, where it then sees one state; PostgreSQL has to be asked.

    Made once: every unit needs it.
    """
    if begin == WRITING or engine.dialect.name == "sqlite":
        return engine.execution_options(**{BEGIN_OPTION: begin})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _reason(error: DBAPIError) -> str:
    """The first line of what a driver says."""
    return next(iter(str(error.orig).splitlines()), "")[:200]


def trouble_of(error: Exception) -> str:
    """Say why the database cannot be used: it is away, has no room, no right, damage, no tables. Else empty."""
    if isinstance(error, (Away, Unwritable)) and isinstance(error.__cause__, DBAPIError):
        return _reason(error.__cause__)
    if type(error) in {sqlite3.OperationalError, sqlite3.DatabaseError}:  # the queue's file, which is none of ours
        return str(error)
    return _reason(error) if isinstance(error, DBAPIError) and type(error) in {OperationalError, DatabaseError} else ""


def is_passing(error: DBAPIError) -> bool:
    """Whether trying again may help: a lock on SQLite, a deadlock or serialisation failure on PostgreSQL."""
    if isinstance(error, OperationalError) and "database is locked" in str(error.orig):
        return True
    return getattr(error.orig, "sqlstate", None) in SERIALISATION_FAILURES


def is_away(error: DBAPIError) -> bool:
    """Whether there is no database to talk to any more, or not yet; SQLite is always there."""
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", "")
    if state is None:  # no server said what it is: nobody answered, or the line broke
        return isinstance(error, OperationalError)
    return state.startswith(AWAY)


def is_unwritable(error: DBAPIError) -> bool:
    """Whether the database takes nothing though it is there."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return (code & 0xFF) in SQLITE_UNWRITABLE  # what the higher bits say is which of them
    return getattr(error.orig, "sqlstate", None) in UNWRITABLE


def leads_nowhere(error: DBAPIError) -> bool:
    """Whether a row was to be written that belongs to one which is not there any more."""
    if not isinstance(error, IntegrityError):
        return False
    return getattr(error.orig, "sqlstate", None) == FOREIGN_KEY_VIOLATION or "FOREIGN KEY" in str(error.orig)


def run_unit(work: Callable[[Tx], Result], *, attempts: int = ATTEMPTS) -> Result:
    """Run ``work`` in a writing unit, again from its start when the database asks for that.

    Parameters
    ----------
    work : callable
        Given the transaction; must have no effect outside it, because it may run more than once.
    attempts : int
        Tries in all, with a growing random pause between them; none begins when patience has run out.

    Raises
    ------
    Busy
        If the database gave us no turn; nothing was written.
    Away
        If there is no database; it is not tried again, as a last commit may have got through.
    Unwritable
        If its disk takes nothing, which trying again does not mend.
    """
    began = time.monotonic()
    for attempt in range(1, attempts + 1):
        try:
            with unit_of_work() as tx:
                return work(tx)
        except (Away, Unwritable):
            raise
        except Busy:
            if attempt == attempts or time.monotonic() - began > PATIENCE_SECONDS:
                raise
        time.sleep(PAUSE_SECONDS * attempt * (1 + random.random()))
    raise AssertionError("the last attempt returns or raises")
