"""A copy of the embedded database while the shop goes on selling."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from webapp.extensions import db

PAGES_A_STEP = 2_000


def embedded_file() -> Path | None:
    """Return the file of the database; None where the database is on a server."""
    url = db.engine.url
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def copy_to(target: Path) -> None:
    """Write the database as it is at one moment into a new file."""
    source = embedded_file()
    assert source is not None  # noqa: S101  asked before
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        # While one state is held, nobody's writing lets SQLite begin anew, which in a big shop would never end.
        live.execute("BEGIN")
        live.execute("SELECT 1 FROM sqlite_master").fetchone()
        live.backup(copy, pages=PAGES_A_STEP)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without the helpers of a living database


def fault_of(file: Path) -> str:
    """Return what is wrong with a database file; empty for a sound one."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
            (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if verdict == "ok" else str(verdict)


def let_go() -> None:
    """Close every connection, so that the file can be put in place of another."""
    db.engine.dispose()
