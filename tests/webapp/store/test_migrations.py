"""One schema path: up from nothing, down again, and nothing left to do."""

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from tests.conftest import NOW
from tests.factories import make_event, make_product, make_user, make_voucher
from webapp import jobs
from webapp.actors import Actor
from webapp.errors import Conflict
from webapp.extensions import MIGRATIONS, db
from webapp.services.upkeep import housekeeping
from webapp.store import migrations, search, taste
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.both_databases


def tables() -> set[str]:
    return {name for name in inspect(db.engine).get_table_names() if name != "alembic_version"}


def test_the_models_and_the_migrations_agree(app: Flask) -> None:
    check()


def test_down_takes_everything_away_and_up_brings_it_back(app: Flask) -> None:
    before = tables()
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert tables() == before


def test_a_step_down_and_up_keeps_the_rows_of_other_tables(app: Flask) -> None:
    with unit_of_work() as tx:
        member = make_user(tx)
        make_event(tx, Actor(user_id=member), make_product(tx))
    downgrade()
    upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM interactions")).scalar_one() == 1


def test_the_shop_knows_whether_the_database_is_at_the_newest(app: Flask) -> None:
    with read_unit() as tx:
        assert migrations.current(tx) == migrations.head()
    assert migrations.head() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_a_database_without_tables_stands_at_no_migration(app: Flask) -> None:
    downgrade(revision="base")
    with read_unit() as tx:
        assert migrations.current(tx) is None
    with unit_of_work() as tx:
        tx.execute(text("DROP TABLE alembic_version"))
        assert migrations.current(tx) is None
    upgrade()


def test_gifts_are_known_after_the_step_up_and_only_kept_out_of_sight_before(app: Flask) -> None:
    """SQLite rebuilds the table of exclusions on the way down and up; no check and no row may be lost by it."""
    with unit_of_work() as tx:
        ana, lamp = Actor(user_id=make_user(tx)), make_product(tx)
        taste.exclude(tx, ana, lamp, "gift", now=NOW)
    downgrade(revision="0006")
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT reason FROM exclusions")).scalars().all() == ["own"]
    assert "searches" not in tables()
    upgrade()
    with unit_of_work() as tx:
        taste.exclude(tx, ana, lamp, "gift", now=NOW)
    # The rebuilt table refuses what it refused before.
    for wrong in ("hated", ""):
        with pytest.raises((IntegrityError, Conflict)), unit_of_work() as tx:
            taste.exclude(tx, ana, lamp, wrong, now=NOW)
    with pytest.raises((IntegrityError, Conflict)), unit_of_work() as tx:
        tx.execute(text("INSERT INTO exclusions (product_id, reason, at) VALUES (1, 'own', '2026-01-01')"))


def test_a_rebuilt_table_still_checks_its_rows(app: Flask) -> None:
    """SQLite rebuilds the table of vouchers on the way down and up; no check and no row may be lost by it."""
    with unit_of_work() as tx:
        make_voucher(tx, "KEPT", max_uses=1)
    downgrade(revision="0005")
    upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT code FROM vouchers")).scalars().all() == ["KEPT"]
    for wrong in ({"max_uses": 1, "uses": 2}, {"uses": -1}, {"value": 101}, {"kind": "gift"}, {"user_id": 99}):
        with pytest.raises((IntegrityError, Conflict)), unit_of_work() as tx:
            make_voucher(tx, "WRONG", **wrong)


def test_the_search_is_filled_again_after_steps_down_and_up(app: Flask) -> None:
    with unit_of_work() as tx:
        lamps = [make_product(tx, name=f"Juniper lamp {n}") for n in range(3)]
    housekeeping.complete_search(now=NOW)
    downgrade(revision="0001")
    upgrade()
    with read_unit() as tx:
        assert search.suggest(tx, ["juniper"], limit=5) == []
    assert housekeeping.complete_search(now=NOW) == len(lamps)
    with read_unit() as tx:
        assert sorted(search.suggest(tx, ["juniper"], limit=5)) == lamps
        assert search.mend(tx, ["junpier"]) == ["juniper"]
    assert housekeeping.complete_search(now=NOW) == 0


def test_an_index_of_words_that_were_cut_otherwise_is_written_anew(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work() as tx:
        make_product(tx)
    assert [housekeeping.complete_search(now=NOW) for _ in range(2)] == [1, 0]
    monkeypatch.setattr(search, "CUT", search.CUT + 1)
    assert [housekeeping.complete_search(now=NOW) for _ in range(2)] == [1, 0]


def test_the_worker_looks_after_the_search(app: Flask) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, name="Juniper lamp")
        search.index_for(tx).remove(tx, [lamp])
    jobs.every_minute()
    with read_unit() as tx:
        assert search.suggest(tx, ["juniper"], limit=5) == [lamp]
