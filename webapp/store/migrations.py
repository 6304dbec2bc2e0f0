"""Which migration the database stands at, and which is the newest; Alembic, 9 MB, is left to `flask db`."""

from __future__ import annotations

import re
from functools import cache

from sqlalchemy import column, inspect, select, table

from webapp.extensions import MIGRATIONS
from webapp.store.tx import Tx

STEP = re.compile(r"""^(down_)?revision = ["'](\w+)["']""", re.MULTILINE)
TABLE = "alembic_version"


@cache
def head() -> str | None:
    """Return the newest migration: the one that no other one follows."""
    steps = [step for path in (MIGRATIONS / "versions").glob("*.py") for step in STEP.findall(path.read_text("utf-8"))]
    followed = {name for is_followed, name in steps if is_followed}
    return next((name for is_followed, name in steps if not is_followed and name not in followed), None)


def current(tx: Tx) -> str | None:
    """Return the migration the database stands at; None when none was ever applied."""
    if not inspect(tx.connection).has_table(TABLE):
        return None
    version: str | None = tx.scalar(select(column("version_num")).select_from(table(TABLE)))
    return version
