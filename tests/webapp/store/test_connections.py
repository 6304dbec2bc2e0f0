"""What holds for every connection: patience on both databases, one state of the data for whoever only reads."""

import pytest
from flask import Flask
from sqlalchemy import text

from tests.databases import POSTGRESQL, SQLITE
from tests.factories import make_product
from webapp.extensions import db
from webapp.store import products
from webapp.store.tx import read_unit, unit_of_work

on_sqlite = pytest.mark.parametrize("database", [SQLITE], indirect=True)
on_postgresql = pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)


@on_sqlite
@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 10000)])
def test_every_sqlite_connection_is_prepared(app: Flask, pragma: str, value: object) -> None:
    with db.engine.connect() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


@on_postgresql
@pytest.mark.service
@pytest.mark.parametrize(("name", "value"), [("lock_timeout", "10s"), ("TimeZone", "UTC")])
def test_every_postgresql_connection_is_prepared(app: Flask, name: str, value: str) -> None:
    with db.engine.connect() as connection:
        assert connection.execute(text(f"SHOW {name}")).scalar_one() == value


@pytest.mark.both_databases
def test_whoever_reads_sees_one_state_of_the_database(app: Flask) -> None:
    """What others commit meanwhile is seen by the next unit, never by the second half of this one."""
    with unit_of_work() as tx:
        make_product(tx)
    with read_unit() as reading:
        assert products.count(reading) == 1
        _elsewhere(app)
        assert products.count(reading) == 1
    with read_unit() as reading:
        assert products.count(reading) == 2


def _elsewhere(app: Flask) -> None:
    """Make a product in another thread, as another request would."""
    import threading

    def make() -> None:
        with app.app_context(), unit_of_work() as tx:
            make_product(tx)

    other = threading.Thread(target=make)
    other.start()
    other.join()
