"""What every test of the shop starts from: one application, a fresh migrated database each, a moment in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import HealthCheck, settings
from sqlalchemy import event
from xdist.scheduler import LoadScopeScheduling

from config import TestConfig
from tests.databases import POSTGRESQL, SQLITE, USUAL, Databases, databases
from tests.factories import ShopClient
from webapp import create_app
from webapp.extensions import allow_migrations, db, limiter
from webapp.picks import NullRecs
from webapp.recent import RecentAnswers
from webapp.store.tx import Tx, unit_of_work

BROWSER = "tests/browser/"
LONG = ("tests/templates/test_scripts.py", BROWSER, "tests/webapp/reliability/", "tests/journeys/")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
# What takes long on a busy machine is not wrong.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@dataclass(frozen=True)
class Shop:
    """The test shop on one kind of database."""

    app: Flask
    databases: Databases


class ByFile(LoadScopeScheduling):
    """Hands out files whole, so that what a file sets up is set up once, and all walks through the open shop as one."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::")[0]
        return BROWSER if path.startswith(BROWSER) else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Share the files among the processes in the order in which they stand."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: next((n for n, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG)))


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
        allow_migrations(app)
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
        shop.app.extensions["given_answers"] = RecentAnswers()
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
