"""A fresh, migrated database for each test: a file copied for SQLite, tables emptied on PostgreSQL.

Every test runs on SQLite. Tests that the database matters to carry the mark ``both_databases`` and run on PostgreSQL
as well. ``TEST_DATABASE=postgresql`` runs every test on PostgreSQL alone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from tests.servers import need_package, postgres

SQLITE, POSTGRESQL = "sqlite", "postgresql"
USUAL = os.environ.get("TEST_DATABASE", SQLITE)
GIVEN_SERVER = os.environ.get("TEST_DATABASE_URL", "")
WORKING = f"kindred_test_{os.environ.get('PYTEST_XDIST_WORKER', '')}"  # one for each process of the suite
KEEP = """
DO $$ DECLARE name text; n bigint; BEGIN
  CREATE SCHEMA kept;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT count(*) FROM public.%I', name) INTO n;
    IF n > 0 THEN EXECUTE format('CREATE TABLE kept.%I AS SELECT * FROM public.%I', name, name); END IF;
  END LOOP;
END $$"""
END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
RENEW = """
DO $$ DECLARE name text; last bigint; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM public.%I', name);
  END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE public.%I RESTART', name);
  END LOOP;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'kept' LOOP
    EXECUTE format('INSERT INTO public.%I SELECT * FROM kept.%I', name, name);
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = format('public.%I', name)::regclass AND attname = 'id') THEN
      EXECUTE format('SELECT max(id) FROM public.%I', name) INTO last;
      PERFORM setval(pg_get_serial_sequence(format('public.%I', name), 'id'), last);
    END IF;
  END LOOP;
END $$"""


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
    """One database, emptied before each test; cloning one takes fifty times as long.

    The rows that the migrations write are kept in a schema of their own and put back.
    """

    def __init__(self, server: str) -> None:
        self.server = sa.make_url(server).set(drivername="postgresql+psycopg")
        self.working = self.server.set(database=WORKING)
        self.url = self.working.render_as_string(hide_password=False)
        run_plain(self.server, f"DROP DATABASE IF EXISTS {WORKING} WITH (FORCE)", f"CREATE DATABASE {WORKING}")

    def keep(self) -> None:
        """Keep what the migrations wrote."""
        run_plain(self.working, KEEP)

    def renew(self) -> None:
        """Empty every table, number from one again, and put back what the migrations wrote."""
        run_plain(self.working, END_OTHERS, RENEW)


def run_plain(url: sa.URL, *statements: str) -> None:
    """Run statements as they stand: a percent sign is no placeholder here."""
    import psycopg

    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@contextmanager
def databases(kind: str, folder: Path, kept: Path) -> Iterator[Databases]:
    """Yield databases of a kind; PostgreSQL is started for it unless ``TEST_DATABASE_URL`` names a server."""
    if kind == SQLITE:
        yield SqliteDatabases(folder, kept)
    elif GIVEN_SERVER:
        need_package("psycopg", "postgres")
        yield PostgresDatabases(GIVEN_SERVER)
    else:
        with postgres() as server:
            yield PostgresDatabases(server)
