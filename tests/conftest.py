"""What every test of the shop starts from: one application, a fresh migrated database each, a moment in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event

from config import TestConfig
from tests.databases import Databases, make_databases
from tests.factories import ShopClient
from webapp import create_app
from webapp.extensions import db, limiter
from webapp.picks import NullRecs
from webapp.store.tx import Tx, unit_of_work

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance folder of the test shop."""
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="session")
def _databases(shop_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return make_databases(shop_folder, tmp_path_factory.mktemp("migrated"))


@pytest.fixture(scope="session")
def _app(shop_folder: Path, _databases: Databases) -> Iterator[Flask]:
    """The application on tables made by ``flask db upgrade``: the only way tests make theirs."""
    config = TestConfig.under(shop_folder, LOG_LEVEL="ERROR", DATABASE_URL=_databases.url)
    app = create_app(config, recs=NullRecs())
    app.test_client_class = ShopClient
    with app.app_context():
        upgrade()
        db.engine.dispose()
    _databases.keep()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(_app: Flask, _databases: Databases) -> Iterator[Flask]:
    """The application on an empty database, inside its context."""
    with _app.app_context():
        db.engine.dispose()
        _databases.renew()
        limiter.reset()
        _app.extensions["recs"] = NullRecs()
        kept = dict(_app.config)
        yield _app
        _app.config.clear()
        _app.config.update(kept)
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that has not been here before."""
    return app.test_client()


@pytest.fixture
def tx(app: Flask) -> Iterator[Tx]:
    """A writing transaction for tests of the store, rolled back at the end."""
    with unit_of_work() as open_tx:
        yield open_tx
        open_tx.rollback()


@pytest.fixture
def now() -> datetime:
    """The moment it is in tests that hold time still."""
    return NOW


@pytest.fixture
def count_sql(app: Flask) -> Callable[[], object]:
    """Count the statements of a block: ``with count_sql() as n: ...; assert n() <= 12``."""

    @contextmanager
    def counting() -> Iterator[Callable[[], int]]:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if not statement.startswith("BEGIN"):
                seen.append(statement)

        engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield lambda: len(seen)
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting
