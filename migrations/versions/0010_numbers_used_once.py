"""never give the number of a row that is gone to another one on SQLite

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("guests", "interactions", "exclusions", "searches", "reservations", "merchandising_rules")
FREE, ONCE = "id INTEGER NOT NULL", "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"
# Names of events come in no order, so that their index is written all over: in memory, not on the disk.
CACHE_KB = 400_000


def upgrade() -> None:
    """Apply; PostgreSQL gives every number once as it is."""
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            rebuild(table, once)
            begin_above(table, highest(table))


def downgrade() -> None:
    """Take back."""
    if op.get_bind().dialect.name == "sqlite":
        for table in reversed(TABLES):
            rebuild(table, free)


def once(table: str, schema: str) -> str:
    """Let the column itself be the key, which is the only way to have it numbered so."""
    return replaced(rf",\s*CONSTRAINT pk_{table} PRIMARY KEY \(id\)", "", replaced(rf"\b{FREE}\b", ONCE, schema))


def free(table: str, schema: str) -> str:
    """Name the key at the end again."""
    return replaced(r"\s*\)\s*$", f", \n\tCONSTRAINT pk_{table} PRIMARY KEY (id)\n)", replaced(ONCE, FREE, schema))


def replaced(pattern: str, by: str, schema: str) -> str:
    """Replace what must be there once."""
    new, n = re.subn(pattern, by, schema)
    if n != 1:
        raise RuntimeError(f"{pattern} is in the definition {n} times: {schema}")
    return new


def rebuild(table: str, change: Callable[[str, str], str]) -> None:
    """Write a table anew as it stands in the schema, with another key.

    The words of the schema are taken as they are, so that no check, reference, partial index or trigger is lost, as
    Alembic's own rebuilding would lose those it cannot reflect.
    """
    bind = op.get_bind()
    find = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type <> 'table', rowid"
    schema, *more = bind.exec_driver_sql(find, (table,)).scalars().all()
    columns = ", ".join(f'"{row[1]}"' for row in bind.exec_driver_sql(f"PRAGMA table_info({table})"))
    kept = bind.exec_driver_sql("PRAGMA cache_size").scalar_one()
    bind.exec_driver_sql(f"PRAGMA cache_size = {-CACHE_KB}")
    bind.exec_driver_sql(f"CREATE TABLE new_{table} {change(table, schema[schema.index('(') :])}")
    bind.exec_driver_sql(f"INSERT INTO new_{table} ({columns}) SELECT {columns} FROM {table} ORDER BY id")
    bind.exec_driver_sql(f"DROP TABLE {table}")
    bind.exec_driver_sql(f"ALTER TABLE new_{table} RENAME TO {table}")
    for sql in more:
        bind.exec_driver_sql(sql)
    bind.exec_driver_sql(f"PRAGMA cache_size = {kept}")


def highest(table: str) -> int:
    """Return the highest number that was ever given, as far as it is known."""
    known = [op.get_bind().exec_driver_sql(f"SELECT coalesce(max(id), 0) FROM {table}").scalar_one()]
    if table == "interactions":
        known += [read_until(note) for note in (Path(current_app.instance_path) / "models").glob("*.json")]
    return max(known)


def read_until(note: Path) -> int:
    """Return the number of the last event a model had read when it was saved."""
    try:
        return int(json.loads(note.read_text("utf-8")).get("last_event_id", 0))
    except (OSError, ValueError, AttributeError, TypeError):
        return 0


def begin_above(table: str, number: int) -> None:
    """Let the next row's number be one that no model has read."""
    if number:
        # A table without rows has no line in the list of sequences yet.
        op.get_bind().exec_driver_sql(f"DELETE FROM sqlite_sequence WHERE name = '{table}'")
        op.get_bind().exec_driver_sql(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {number})")
