"""Search on a PostgreSQL that does not let us have trigrams: it says so once, and still finds what it can."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import text

from config import TestConfig
from tests.conftest import Shop
from tests.databases import POSTGRESQL, PostgresDatabases, run_plain
from tests.factories import make_product
from webapp import create_app
from webapp.extensions import allow_migrations, db
from webapp.picks import NullRecs
from webapp.store import search
from webapp.store.tx import Tx, unit_of_work

pytestmark = [pytest.mark.service, pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)]


def test_similar_words_come_from_trigrams(tx: Tx) -> None:
    make_product(tx, name="Juniper wreath")
    assert tx.scalar(text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")) == 1
    assert search.mend(tx, ["nuniperx"]) == ["juniper"]


def test_without_trigrams_a_word_is_still_mended_by_its_letters(tx: Tx) -> None:
    make_product(tx, name="Juniper wreath")
    tx.execute(text("DROP EXTENSION pg_trgm CASCADE"))
    assert search.mend(tx, ["junpier"]) == ["juniper"]
    assert search.mend(tx, ["nuniperx"]) is None


def test_a_role_that_may_not_create_extensions_gets_a_shop_and_a_sentence(
    shop_on: Callable[[str], Shop], database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = shop_on(database).databases
    assert isinstance(found, PostgresDatabases)
    run_plain(found.server, "DROP DATABASE IF EXISTS poor WITH (FORCE)", "DROP ROLE IF EXISTS poor")
    run_plain(found.server, "CREATE ROLE poor LOGIN", "CREATE DATABASE poor")
    run_plain(found.server.set(database="poor"), "GRANT ALL ON SCHEMA public TO poor")
    url = found.server.set(database="poor", username="poor").render_as_string(hide_password=False)
    app = create_app(TestConfig.under(tmp_path, DATABASE_URL=url), recs=NullRecs())
    allow_migrations(app)
    with app.app_context(), caplog.at_level(logging.WARNING):
        upgrade()
        assert "pg_trgm cannot be created" in caplog.text
        with unit_of_work() as tx:
            lamp = make_product(tx, name="Juniper wreath")
            assert search.mend(tx, ["junpier"]) == ["juniper"]
            assert search.suggest(tx, ["junip"], limit=3) == [lamp]
        db.engine.dispose()
