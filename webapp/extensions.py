"""Unbound Flask extensions and the rules every database connection follows."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from flask import Flask
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BEGIN_OPTION = "kindred_begin"
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA temp_store=MEMORY",
)
# Seconds, but milliseconds for unanswered data. Else a call waits for two minutes, one on a cut line for fifteen.
POSTGRESQL_PATIENCE = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
POSTGRESQL_SETTINGS = ("SET lock_timeout = '10s'", "SET TIME ZONE 'UTC'")


class Model(DeclarativeBase):
    """The base of every mapped class."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


db = SQLAlchemy(metadata=Model.metadata)
csrf = CSRFProtect()
login_manager = LoginManager()
limiter = Limiter(key_func=get_remote_address, headers_enabled=True)
babel = Babel()


def allow_migrations(app: Flask) -> None:
    """Let `flask db` and the tests change the schema; whoever only serves need not hold what that takes, 9 MB."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(MIGRATIONS))


def prepare_engine(engine: Engine) -> None:
    """Make every connection safe for a shop with many threads.

    On SQLite the driver's own transactions are switched off: a write unit begins with ``BEGIN IMMEDIATE``, so that it
    waits for its turn at once. A deferred transaction that reads first and writes later fails with "database is locked"
    without waiting, however long the busy timeout is. PostgreSQL waits for a lock for ever unless it is told not to;
    its driver waits long for a server that does not answer, unless it or the address of the database says how long.
    """
    if getattr(engine, "_kindred_ready", False):
        return
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
    else:
        event.listen(engine, "do_connect", _be_patient)
        event.listen(engine, "connect", _prepare_postgresql)
    engine._kindred_ready = True  # type: ignore[attr-defined]  # a mark of ours, so that listeners are added once


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _be_patient(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
    options.update(POSTGRESQL_PATIENCE | options)


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for setting in POSTGRESQL_SETTINGS:
        cursor.execute(setting)
    cursor.close()
    connection.commit()


def _begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get(BEGIN_OPTION, "BEGIN IMMEDIATE")
    if begin:
        connection.exec_driver_sql(begin)
