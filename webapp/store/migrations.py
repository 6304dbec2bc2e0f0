"""Which migration the database stands at, and which is the newest."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from webapp.store.tx import Tx

FOLDER = Path(__file__).resolve().parent.parent.parent / "migrations"


@cache
def head() -> str | None:
    """Return the newest migration."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def current(tx: Tx) -> str | None:
    """Return the migration the database stands at; None when none was ever applied."""
    return MigrationContext.configure(tx.connection).get_current_revision()
