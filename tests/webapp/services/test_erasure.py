"""A deletion reaches the models: after the next training no file of any of them holds the person's id."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import PASSWORD, make_event, make_user
from tests.webapp.services.conftest import fill_shop, retrain
from webapp import recs
from webapp.actors import Actor
from webapp.services.people import privacy
from webapp.services.upkeep.training import Place
from webapp.store import products
from webapp.store.tx import unit_of_work

pytestmark = pytest.mark.slow
WHO = 987_654_321


def files_with(word: str, root: Path) -> list[str]:
    """Return the files that hold a word, as text or as NumPy stores it."""
    forms = (word.encode(), word.encode("utf-32-le"))
    return [
        path.name for path in root.rglob("*") if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]


@pytest.mark.parametrize("set_back", [0, 30], ids=["", "the clock was set back"])
def test_s31_no_model_holds_a_deleted_member_after_the_next_training(app: Flask, place: Place, set_back: int) -> None:
    fill_shop(60)
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com", id=WHO)
        for row in products.best_sellers(tx, limit=5):
            make_event(tx, Actor(user_id=WHO), row.product_id, at=NOW - timedelta(days=1))
    for days in (0, 1):
        retrain(place, strategy="hybrid", with_evaluation=False, clock=lambda days=days: NOW + timedelta(days=days))
    assert len(recs.versions(place.root)) == 2
    assert files_with(str(WHO), place.root)
    with app.test_request_context():
        privacy.delete_account(WHO, PASSWORD, keep_reviews=False, now=NOW + timedelta(days=2 - set_back))
    outcome = retrain(place, strategy="hybrid", with_evaluation=False, clock=lambda: NOW + timedelta(days=3 - set_back))
    assert outcome.state == "published"
    assert recs.versions(place.root) == [outcome.version]
    assert files_with(str(WHO), place.root) == []
