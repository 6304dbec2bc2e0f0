"""How `flask db` finds the database and compares it with the models."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app

from webapp.commandline import in_one_sentence

SEARCH_TABLES = ("product_search", "product_trigrams", "product_terms")


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave the search tables out of the comparison: they are virtual and SQLite makes shadow tables for them."""
    return not (kind == "table" and name and name.startswith(SEARCH_TABLES))


def render_item(kind: str, item: Any, _autogen: Any) -> str | bool:
    """Write our own column types as the plain types they store, so that old revisions need no code of ours."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    if kind == "type" and type(item).__name__ == "JSON":
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def run() -> None:
    """Upgrade or compare on one connection.

    SQLite rebuilds a table to change it. With foreign keys on, dropping the old copy would delete the rows that refer
    to it, so they are off while a migration runs and checked before it commits.
    """
    database = current_app.extensions["migrate"].db
    with database.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=is_sqlite,
            compare_type=True,
            compare_server_default=False,
            include_name=include_name,
            render_item=render_item,
            transactional_ddl=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if is_sqlite:
            broken = connection.execute(sa.text("PRAGMA foreign_key_check")).fetchall()
            connection.rollback()
            connection.connection.cursor().execute("PRAGMA foreign_keys=ON")
            if broken:
                raise RuntimeError(f"migration left {len(broken)} rows that refer to nothing")


in_one_sentence(run)()
