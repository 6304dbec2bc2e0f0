"""A fresh, migrated database for each test: a file copied for SQLite, a template cloned for PostgreSQL.

PostgreSQL is used when ``TEST_DATABASE_URL`` names a server on which databases may be made.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

TEST_URL = os.environ.get("TEST_DATABASE_URL", "")
TEMPLATE, WORKING = "kindred_template", "kindred_test"


class Databases(Protocol):
    """Makes databases for tests."""

    url: str

    def keep(self) -> None:
        """Remember the database as it is now, just migrated."""

    def renew(self) -> None:
        """Put the remembered database in place again."""


class SqliteDatabases:
    """One file, copied back before each test."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self.file, self.kept = folder / "shop.db", kept / "shop.db"
        self.url = f"sqlite:///{self.file}"

    def keep(self) -> None:
        """Remember the migrated file."""
        shutil.copyfile(self.file, self.kept)

    def renew(self) -> None:
        """Copy it back."""
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.kept, self.file)


class PostgresDatabases:
    """One database, cloned from a template before each test."""

    def __init__(self, server: str) -> None:
        base = sa.make_url(server.replace("postgresql://", "postgresql+psycopg://", 1))
        self.server = base
        self.url = base.set(database=WORKING).render_as_string(hide_password=False)
        self._run(f"DROP DATABASE IF EXISTS {WORKING} WITH (FORCE)", f"CREATE DATABASE {WORKING}")

    def _run(self, *statements: str) -> None:
        engine = sa.create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()

    def keep(self) -> None:
        """Make the migrated database the template."""
        self._run(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)", f"CREATE DATABASE {TEMPLATE} TEMPLATE {WORKING}")

    def renew(self) -> None:
        """Clone the template."""
        self._run(f"DROP DATABASE IF EXISTS {WORKING} WITH (FORCE)", f"CREATE DATABASE {WORKING} TEMPLATE {TEMPLATE}")


def make_databases(folder: Path, kept: Path) -> Databases:
    """Return the kind of database the tests run on."""
    return PostgresDatabases(TEST_URL) if TEST_URL else SqliteDatabases(folder, kept)
