"""Names that the engine and the shop make themselves are told in the language of the page."""

import pytest
from flask import Flask
from flask_babel import force_locale

from recommender import gate
from recommender.gate.ranking import BASELINES
from tests.factories import ShopClient, make_product
from webapp.clock import utc_now
from webapp.store import operations
from webapp.store.tx import unit_of_work
from webapp.viewbuilders.labels import attribute_label, check_label, stage_label

GERMAN = {"Accept-Language": "de"}
GROUPS = ("users:new", "users:light", "users:heavy", "items:cold", "items:cold-alone", "items:tail", "items:head")
FAMILIES = ("segment ", "change ", "persona ")
TOLD_APART = ("first model", "events left out", "search for parameters")


def all_checks() -> list[str]:
    """Return every name under which the gate or the training tells something."""
    names = [name for point in gate.POINTS.values() for name in point.checks if not name.endswith(" ")]
    return [*gate.POINTS, *names, *TOLD_APART, *(family + group for family in FAMILIES for group in GROUPS)]


@pytest.mark.parametrize("name", all_checks())
def test_every_check_of_the_gate_has_a_german_name(app: Flask, name: str) -> None:
    with app.test_request_context(), force_locale("de"):
        german = check_label(name)
    with app.test_request_context(), force_locale("en"):
        english = check_label(name)
    assert german != english


def test_checks_with_a_name_in_them_keep_it(app: Flask) -> None:
    with app.test_request_context(), force_locale("de"):
        assert [check_label(f"against {name}") for name in BASELINES[:2]] == [
            f"gegen „{name}“" for name in BASELINES[:2]
        ]
        assert check_label("segment category:Home") == "Gruppe: Abteilung Home"


def test_a_check_nobody_knows_keeps_its_name(app: Flask) -> None:
    with app.test_request_context(), force_locale("de"):
        assert check_label("beats the moon") == "beats the moon"
        assert check_label("segment users:of-tomorrow") == "Gruppe: users:of-tomorrow"


def test_what_a_training_is_at_within_a_stage_is_said_in_german_too(app: Flask) -> None:
    with app.test_request_context(), force_locale("de"):
        assert stage_label("evaluate hybrid: ranker") == "Beurteilung von hybrid: Rangfolge"
        assert stage_label("evaluate hybrid: itemknn") == "Beurteilung von hybrid: itemknn"


def test_the_english_page_says_what_the_documentation_says(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert check_label("against popular") == "against popular"
        assert check_label("segment users:new") == "segment users:new"
        assert check_label("machines") == "machines"


def test_the_german_office_names_the_checks_and_says_what_was_seen(office: ShopClient) -> None:
    now = utc_now()
    with unit_of_work() as tx:
        run_id = operations.add_run(tx, trigger="command", strategy="hybrid", now=now)
        seen = {"enough users": "7 users could be judged, 20 are needed", "of tomorrow": "the moon is full"}
        checks = [{"name": name, "passed": False, "detail": detail} for name, detail in seen.items()]
        operations.change_run(tx, run_id, state="refused", finished_at=now, gate_passed=False, checks=checks)
    page = office.get("/admin/models", headers=GERMAN).get_data(as_text=True)
    assert "<strong>genügend Leute</strong>" in page
    assert '<p class="muted">7 Menschen konnten beurteilt werden, 20 sind nötig</p>' in page
    assert '<p class="muted" lang="en">the moon is full</p>' in page


def test_labels_the_shop_makes_are_translated_and_those_of_the_merchant_are_not(client: ShopClient) -> None:
    attributes = {"Colour": "moss", "Second_colour": "sand", "Thread_count": "200"}
    with unit_of_work() as tx:
        lamp = make_product(tx, name="Oslo lamp", attributes=attributes)
    page = client.get(f"/p/{lamp}-oslo-lamp", headers=GERMAN).get_data(as_text=True)
    assert "<dt>Farbe</dt><dd>moss</dd>" in page
    assert "<dt>Zweite Farbe</dt><dd>sand</dd>" in page
    assert "<dt>Thread count</dt><dd>200</dd>" in page


def test_filters_carry_the_same_labels_and_keep_their_addresses(client: ShopClient) -> None:
    with unit_of_work() as tx:
        for number, colour in enumerate(("moss", "sand")):
            make_product(tx, name=f"Oslo lamp {number}", attributes={"Colour": colour})
    page = client.get("/search?q=lamp", headers=GERMAN).get_data(as_text=True)
    assert '<legend class="hush">Farbe</legend>' in page
    assert 'name="f-colour"' in page


def test_an_english_label_is_written_in_words(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert attribute_label("Second_colour") == "Second colour"
