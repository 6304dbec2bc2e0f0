"""The number of a row is given once: what went by it never meets another row under it."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, inspect, select, text

from tests.conftest import NOW
from tests.factories import make_event, make_guest, make_product, make_user
from webapp.actors import Actor
from webapp.extensions import db
from webapp.store import interactions, newest, personal, taste, users
from webapp.store.models import Exclusion, Guest, Interaction, Model
from webapp.store.rows import ReadTo
from webapp.store.tx import unit_of_work

pytestmark = pytest.mark.both_databases


@pytest.fixture
def ana(app: Flask) -> Actor:
    with unit_of_work() as tx:
        return Actor(user_id=make_user(tx))


def test_an_event_has_a_number_above_those_that_were_forgotten(ana: Actor) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
        read = [make_event(tx, ana, lamp) for _ in range(3)]
        interactions.remove(tx, ana)
        fresh = make_event(tx, ana, lamp)
        assert fresh is not None
        assert fresh > max(number for number in read if number)
        assert len(newest.events_after(tx, ReadTo(read[-1] or 0), limit=10)[0]) == 1


def test_the_next_guest_is_not_taken_for_one_who_was_erased(ana: Actor) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx).guest_id
        assert guest is not None
        users.move_guest(tx, guest, ana.user_id or 0)
        heir = make_user(tx)
        personal.erase(tx, ana.user_id or 0, "", heir=heir, keep_reviews=False)
        assert (make_guest(tx).guest_id or 0) > guest


def test_an_exclusion_has_a_number_above_one_that_was_taken_back(ana: Actor) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
        numbers = []
        for _ in range(2):
            taste.exclude(tx, ana, lamp, "own", now=NOW)
            numbers.append(tx.scalar(select(func.max(Exclusion.id))))
        assert numbers[0] < numbers[1]


def test_a_step_down_and_up_keeps_rows_indexes_checks_and_references(app: Flask, ana: Actor) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
        events = [make_event(tx, ana, lamp), make_event(tx, make_guest(tx), lamp)]
    before = [layout(name) for name in once_numbered()]
    downgrade(revision="0009")
    upgrade()
    assert [layout(name) for name in once_numbered()] == before
    with unit_of_work() as tx:
        assert tx.scalars(select(Interaction.id).order_by(Interaction.id)) == events
        assert tx.scalar(select(func.count(Guest.id))) == 1


def test_the_tables_are_numbered_as_the_models_say(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL counts on anyway")
    with unit_of_work() as tx:
        made = set(tx.scalars(text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")))
    assert made == set(once_numbered())


def test_what_a_model_read_before_the_step_up_is_not_numbered_again(app: Flask, ana: Actor) -> None:
    """Before, the newest events went and left no trace but the note beside the model."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL counts on anyway")
    downgrade(revision="0009")
    with unit_of_work() as tx:
        lamp = make_product(tx)
        make_event(tx, ana, lamp)
    notes = Path(app.instance_path) / "models"
    notes.mkdir(exist_ok=True)
    (notes / "20261101-000000-1.json").write_text(json.dumps({"last_event_id": 5_000_000}))
    (notes / "broken.json").write_text("[")
    try:
        upgrade()
    finally:
        for note in notes.glob("*.json"):
            note.unlink()
    with unit_of_work() as tx:
        assert (make_event(tx, ana, lamp) or 0) > 5_000_000


def once_numbered() -> list[str]:
    tables = Model.metadata.tables.values()
    return sorted(table.name for table in tables if table.dialect_options["sqlite"]["autoincrement"])


def layout(table: str) -> tuple[object, ...]:
    """All that a table promises, in no order."""
    found = inspect(db.engine)
    asked = (found.get_columns, found.get_indexes, found.get_foreign_keys, found.get_check_constraints)
    parts = [sorted(str(sorted(_plain(part).items())) for part in ask(table)) for ask in asked]
    unique = sorted(str(part["name"]) for part in found.get_unique_constraints(table))
    return (*parts, unique, str(found.get_pk_constraint(table)["constrained_columns"]))


def _plain(part: Any) -> dict[str, Any]:
    """A partial index has its condition as an object."""
    options = {name: str(value) for name, value in part.get("dialect_options", {}).items()}
    return {**part, "dialect_options": options}
