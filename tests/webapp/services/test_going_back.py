"""Going back: to an earlier version that is there, and only to one that can serve."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.webapp.services.conftest import retrain
from webapp import recs
from webapp.errors import Conflict, NotFound, Unwritable
from webapp.picks import NullRecs
from webapp.services.office import models as office_models
from webapp.services.upkeep import training
from webapp.services.upkeep.training import Place
from webapp.store import operations
from webapp.store.tx import read_unit


def test_going_back_and_forth_between_versions(shop: None, place: Place) -> None:
    one = retrain(place).version
    two = retrain(place, clock=lambda: NOW + timedelta(hours=1)).version
    assert training.rollback(place, version=None, user_id=None, now=NOW) == one
    assert recs.current_version(place.root) == one
    assert training.rollback(place, version=two, user_id=None, now=NOW) == two
    for wrong in ("20200101-000000-9", "..", two):
        with pytest.raises(NotFound):
            training.rollback(place, version=wrong, user_id=None, now=NOW)


def test_a_version_of_an_earlier_program_is_not_offered(app: Flask, shop: None, place: Place) -> None:
    """Models of before an upgrade lie there still; neither going back to one nor its card would work."""
    one, two, three = [
        retrain(replace(place, keep=3), clock=lambda at=at: NOW + timedelta(hours=at)) for at in range(3)
    ]
    manifest = place.root / str(two.version) / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text("utf-8")) | {"schema": 1}), "utf-8")
    with app.test_request_context():
        page = office_models.models_page(place, NullRecs(), chosen=None, retrain_at=None, zone="UTC", now=NOW)
    assert [(run.version, run.can_rollback, run.has_card) for run in page.runs] == [
        (three.version, False, True),
        (two.version, False, False),
        (one.version, True, True),
    ]
    with pytest.raises(Conflict, match="schema 1"):
        training.rollback(place, version=two.version, user_id=None, now=NOW)
    assert training.rollback(place, version=None, user_id=None, now=NOW) == one.version


def noted() -> list[tuple[str, str]]:
    """What the books say of going back, the latest first."""
    with read_unit() as tx:
        return [(row.action, row.subject_id) for row in operations.audited(tx, subject="model", limit=10)]


def test_whoever_is_killed_right_after_going_back_has_left_a_note(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = str(retrain(place).version)
    retrain(place, clock=lambda: NOW + timedelta(hours=1))
    publish = recs.publish

    def publish_and_die(*arguments: object) -> None:
        publish(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(recs, "publish", publish_and_die)
    with pytest.raises(KeyboardInterrupt):
        training.rollback(place, version=None, user_id=None, now=NOW)
    assert recs.current_version(place.root) == one
    assert noted() == [("model.rollback", one)]


def test_nobody_goes_back_without_a_note(shop: None, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    retrain(place)
    two = retrain(place, clock=lambda: NOW + timedelta(hours=1)).version
    monkeypatch.setattr(operations, "audit", raising(Unwritable()))
    with pytest.raises(Unwritable):
        training.rollback(place, version=None, user_id=None, now=NOW)
    assert recs.current_version(place.root) == two


def test_going_back_that_was_refused_is_noted_as_such(shop: None, place: Place) -> None:
    one = str(retrain(place).version)
    two = retrain(place, clock=lambda: NOW + timedelta(hours=1)).version
    manifest = place.root / one / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text("utf-8")) | {"schema": 1}), "utf-8")
    with pytest.raises(Conflict):
        training.rollback(place, version=one, user_id=None, now=NOW)
    assert recs.current_version(place.root) == two
    assert noted() == [("model.rollback.refused", one), ("model.rollback", one)]


def raising(error: Exception) -> Callable[..., None]:
    """Return a function that fails."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    return fail
