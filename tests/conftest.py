"""What every test of the shop starts from: one application, a fresh migrated database each, a moment in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event

from config import TestConfig
from tests.databases import POSTGRESQL, SQLITE, USUAL, Databases, databases
from tests.factories import ShopClient
from webapp import create_app
from webapp.extensions import db, limiter
from webapp.picks import NullRecs
from webapp.store.tx import Tx, unit_of_work

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Shop:
    """The test shop on one kind of database."""

    app: Flask
    databases: Databases


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, and all that walk through the open shop in one."""
    for item in items:
        folder = item.path.parent.name
        item.add_marker(pytest.mark.xdist_group(folder if folder == "browser" else item.path.stem))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests that the database matters to on both."""
    if "database" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        kinds = [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.service)]
        metafunc.parametrize("database", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database a test runs on."""
    return str(getattr(request, "param", USUAL))


@pytest.fixture(scope="session")
def shop_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Shop]]:
    """Open the test shop on a kind of database, once for all tests."""
    opened: dict[str, Shop] = {}
    tried: set[str] = set()
    with ExitStack() as stack:

        def opened_on(kind: str) -> Shop:
            if kind not in opened:
                assert kind not in tried, f"{kind} could not be opened; the first test that needed it says why"
                folder, kept = tmp_path_factory.mktemp("shop"), tmp_path_factory.mktemp("migrated")
                shop = _open(kind, folder, kept)
                try:
                    opened[kind] = stack.enter_context(shop)
                except Exception:
                    tried.add(kind)
                    raise
            return opened[kind]

        yield opened_on


@contextmanager
def _open(kind: str, folder: Path, kept: Path) -> Iterator[Shop]:
    """Open the application on tables made by ``flask db upgrade``: the only way tests make theirs."""
    with databases(kind, folder, kept) as found:
        app = create_app(TestConfig.under(folder, LOG_LEVEL="ERROR", DATABASE_URL=found.url), recs=NullRecs())
        app.test_client_class = ShopClient
        with app.app_context():
            upgrade()
            db.engine.dispose()
        found.keep()
        yield Shop(app, found)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(shop_on: Callable[[str], Shop], database: str) -> Iterator[Flask]:
    """The application on an empty database, inside its context."""
    shop = shop_on(database)
    with shop.app.app_context():
        db.engine.dispose()
        shop.databases.renew()
        limiter.reset()
        shop.app.extensions["recs"] = NullRecs()
        kept = dict(shop.app.config)
        yield shop.app
        shop.app.config.clear()
        shop.app.config.update(kept)
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
