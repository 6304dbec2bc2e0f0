"""The door to the recommender: fresh at once, and never asked twice for the same."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from recommender import artifacts
from tests.conftest import NOW
from tests.factories import make_event, make_product, make_user
from tests.webapp.live import SHELVES, local, looked_at, publish
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.picks import Ask, Picks, Preferences, RecsState
from webapp.recent import RecentAnswers
from webapp.recs import LocalRecs
from webapp.store.rows import HistoryRow
from webapp.store.tx import unit_of_work


def test_somebody_unknown_is_recommended_what_fits_the_first_look(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1", "content")
    picks = local(app).for_user(Ask("nobody", looked_at(shelf[0]), k=5, now=NOW))
    assert picks.model_version == "v1"
    assert set(picks.product_ids) <= set(shelf[1:8])
    assert [pick.rank for pick in picks.items] == [1, 2, 3, 4, 5]


def test_the_same_question_is_answered_once_until_something_it_depends_on_changes(
    app: Flask, models: Path, shelf: list[int]
) -> None:
    publish(app, "v1", "content")
    recs = local(app)
    ask = Ask("nobody", looked_at(shelf[0]), k=5, now=NOW)
    first = recs.for_user(ask)
    assert recs.for_user(replace(ask, history=list(ask.history))) == first
    assert recs.state().n_calls == 1
    others = [
        replace(ask, user="somebody"),
        replace(ask, k=4),
        replace(ask, exclude=[shelf[1]]),
        replace(ask, history=looked_at(shelf[9])),
        replace(ask, history=looked_at(shelf[0], "rating", 5.0)),
        replace(ask, product_ids=[shelf[2]]),
        replace(ask, strategy="content"),
        replace(ask, category=SHELVES[0]),
        replace(ask, context="search"),
        replace(ask, now=NOW + timedelta(minutes=1)),
        replace(ask, preferences=Preferences(budget_premium=0.5)),
        replace(ask, preferences=Preferences(never=frozenset({SHELVES[1]}))),
    ]
    for n, other in enumerate(others, 2):
        recs.for_user(other)
        assert recs.state().n_calls == n
    with unit_of_work() as tx:
        make_event(tx, Actor(user_id=make_user(tx)), shelf[3], "view", at=NOW)
    recs.refresh()
    recs.for_user(ask)
    publish(app, "v2", "popular")
    recs.refresh()
    assert recs.for_user(ask).model_version == "v2"
    assert recs.state().n_calls == len(others) + 3


def test_what_a_visitor_set_reaches_the_model(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1", "popular")
    recs = local(app)
    ask = Ask("nobody", looked_at(shelf[0]), k=24, now=NOW)
    assert set(recs.for_user(ask).product_ids) & set(shelf[8:16])
    without = replace(ask, preferences=Preferences(never=frozenset({SHELVES[1]}), never_brands=frozenset({"nobody"})))
    assert not set(recs.for_user(without).product_ids) & set(shelf[8:16])
    assert recs.for_user(replace(ask, preferences=Preferences(never_brands=frozenset({"ALDER"})))).items == ()


def test_the_cap_of_a_brand_holds_without_a_new_training(app: Flask, models: Path, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        other = make_product(tx, name="Mug of somebody else", category=SHELVES[1], brand="Birch")
        make_event(tx, Actor(user_id=make_user(tx)), other, "view", at=NOW - timedelta(days=50))
    publish(app, "v1", "popular")
    ask = Ask("nobody", looked_at(shelf[0]), k=24, now=NOW)
    assert local(app).for_user(ask).product_ids.index(other) > 1
    capped = local(app, max_per_brand=1).for_user(ask)
    assert capped.max_per_brand == 1, "for the rails, which have an order of their own"
    assert capped.product_ids.index(other) == 1
    assert set(capped.product_ids) == set(local(app).for_user(ask).product_ids)


def test_a_search_counts_as_a_look_at_what_stood_first(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1", "content")
    recs = local(app)
    looked = recs.for_user(Ask("nobody", looked_at(shelf[0]), k=5, now=NOW))
    searched = [HistoryRow(shelf[0], "search", None, NOW, "a lamp", 7)]
    assert recs.for_user(Ask("nobody", searched, k=5, now=NOW)).product_ids == looked.product_ids
    assert recs.weights(searched) == recs.weights(looked_at(shelf[0])) == pytest.approx([0.3])


def test_weights_are_those_of_the_model_and_nothing_without_one(app: Flask, models: Path, shelf: list[int]) -> None:
    assert local(app).weights(looked_at(shelf[0])) == ()
    publish(app, "v1", "content")
    history = [*looked_at(shelf[0], "purchase"), *looked_at(shelf[1]), *looked_at(shelf[2], "dismiss")]
    bought, seen, dismissed = local(app).weights(history)
    assert (bought, dismissed) == (1.0, 0.0)
    assert 0 < seen < 1
    assert local(app).weights([]) == ()


def test_only_so_many_answers_are_kept() -> None:
    recent: RecentAnswers[Picks] = RecentAnswers(size=2)
    for question in "abc":
        recent.keep(question, Picks(model_version=question))
        recent.get("a")
    assert [getattr(recent.get(question), "model_version", None) for question in "abc"] == ["a", None, "c"]


def test_excluded_products_stay_out(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1", "content")
    ask = Ask("nobody", looked_at(shelf[0]), k=24, exclude=shelf[1:5], now=NOW)
    assert not set(local(app).for_user(ask).product_ids) & set(shelf[1:5])


def test_a_new_version_is_taken_up_and_the_answer_says_which(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1", "popular")
    recs = local(app)
    publish(app, "v2", "content")
    assert recs.for_user(Ask("x", k=1)).model_version == "v1"
    recs.refresh()
    assert recs.for_user(Ask("x", looked_at(shelf[0]), k=1)).model_version == "v2"
    artifacts.publish(models, "v1")
    recs.refresh()
    assert recs.for_user(Ask("x", k=1)).model_version == "v1"


def test_a_warmed_model_answers_the_first_visitor_at_once(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1")
    recs = LocalRecs(models, budget_ms=5000)
    recs.warm_up()
    assert recs.state() == RecsState("ok", "v1")  # a warm-up is nobody's call
    assert recs.for_user(Ask("nobody", looked_at(shelf[0]), k=5, now=NOW)).strategy == "hybrid"


def test_programs_wait_longer_than_a_page(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1", "popular")
    app.extensions["recs"] = local(app, budget_ms=0.000_001)
    told = app.test_cli_runner().invoke(args=["recommend", "--user-id", "nobody", "--k", "3"])
    assert "strategy popular, model v1" in told.output
    assert app.test_client().get("/api/recommendations").get_json()["model_version"] == "v1"


def test_the_watch_finds_a_new_version_by_itself(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1", "popular")
    recs = LocalRecs(models, budget_ms=5000)
    assert recs.state().version == "v1"
    publish(app, "v2", "popular")
    late = time.monotonic() + 5
    while recs.state().version != "v2" and time.monotonic() < late:
        time.sleep(0.05)
    assert recs.state().version == "v2"


def test_new_events_reach_the_live_model_without_a_refit(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1", "popular")
    recs = local(app)
    quiet = recs.for_user(Ask("x", k=24)).product_ids[-1]
    with unit_of_work() as tx:
        for _person in range(60):
            make_event(tx, Actor(user_id=make_user(tx)), quiet, "purchase", at=utc_now())
    recs.refresh()
    assert recs.for_user(Ask("x", k=3, now=utc_now())).product_ids[0] == quiet


@pytest.mark.slow
def test_a_new_product_is_recommendable_within_a_second(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1")
    recs = local(app)
    with unit_of_work() as tx:
        fresh = make_product(
            tx,
            name="Lamp 99",
            category="Home > Lamps",
            description="Made for the home > lamps shelf.",
            updated_at=utc_now(),
        )
    recs.refresh()
    assert fresh in recs.similar(shelf[0], k=24).product_ids
    assert fresh in recs.for_user(Ask("x", looked_at(shelf[0]), k=24)).product_ids


def test_alternatives_come_from_the_same_shelf(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1", "content")
    recs = local(app)
    assert set(recs.similar(shelf[0], k=5).product_ids) <= set(shelf[1:8])
    assert recs.similar(999_999, k=5).items == ()


def test_a_process_names_the_strategies_at_its_first_question(
    app: Flask, models: Path, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``flask recommend --strategy`` asks it."""
    publish(app, "v1", "popular")
    monkeypatch.setattr(LocalRecs, "_watch", lambda _recs: None)
    assert "popular" in LocalRecs(models, budget_ms=5000).strategies()


def test_a_process_that_starts_later_knows_what_came_since_the_training(
    app: Flask, models: Path, shelf: list[int]
) -> None:
    publish(app, "v1", "content")
    with unit_of_work() as tx:
        new = make_product(
            tx,
            name="Lamp 99",
            category="Home > Lamps",
            description="Made for the home > lamps shelf.",
            updated_at=utc_now() - timedelta(minutes=10),
        )
    assert new in local(app).similar(shelf[0], k=24).product_ids


def test_what_a_clock_that_was_ahead_has_noted_counts_as_done_now(app: Flask, models: Path, shelf: list[int]) -> None:
    """One such event must not keep its shopper, and by the breaker everybody, without picks until that day."""
    publish(app, "v1", "content")
    recs, now = local(app), utc_now()
    ahead = [replace(row, at=now + timedelta(days=365)) for row in looked_at(shelf[0])]
    asked = Ask("nobody", [replace(row, at=now) for row in ahead], k=5, now=now)
    assert recs.for_user(replace(asked, history=ahead)).product_ids == recs.for_user(asked).product_ids
    assert recs.order(replace(asked, history=ahead, product_ids=tuple(shelf))).product_ids
    assert recs.weights(ahead) == recs.weights(looked_at(shelf[0]))
    assert recs.state().n_failures == 0
