"""Places left to chance: drawn anew for each request, told on the card, noted with their probability."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.conftest import NOW
from tests.factories import ShopClient, make_event, make_product, make_user
from tests.webapp.live import local, looked_at, publish
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.picks import Ask, Chance, Pick, Picks
from webapp.recs import LocalRecs
from webapp.services.picks.feed import DatabaseFeed
from webapp.store import interactions
from webapp.store.models import Impression, Variant
from webapp.store.scope import owner_values
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.slow


def new_lamps(n: int) -> list[int]:
    """Put lamps on the shelf that no model was trained with."""
    text = "Made for the home > lamps shelf."
    with unit_of_work() as tx:
        return [
            make_product(tx, name=f"Lamp {90 + number}", description=text, updated_at=utc_now(), created_at=utc_now())
            for number in range(n)
        ]


def drawn(picks: Picks) -> list[Pick]:
    return [pick for pick in picks.items if pick.is_drawn]


def test_each_request_draws_anew_though_the_answer_is_kept(app: Flask, models: Path, shelf: list[int]) -> None:
    """Every request id has its own draw and the same one always the same; the model is asked once."""
    publish(app, "v1")
    recs = local(app)
    fresh = new_lamps(3)
    recs.refresh()
    asks = [Ask("x", looked_at(shelf[0]), k=12, now=NOW, chance=Chance(1, 10, f"request-{n}")) for n in range(40)]
    found = [recs.for_user(ask) for ask in asks]
    assert recs.state().n_calls == 1
    assert [recs.for_user(ask) for ask in asks] == found
    assert all(len(drawn(picks)) == 1 and len(picks.items) == 12 for picks in found)
    assert set(fresh) <= {drawn(picks)[0].product_id for picks in found}
    assert all(0 < drawn(picks)[0].propensity < 1 for picks in found)
    assert not drawn(recs.for_user(replace(asks[0], chance=Chance(0, 10, "request-0"))))


def test_the_model_learns_how_often_something_was_shown(app: Flask, models: Path, shelf: list[int]) -> None:
    """What was shown often and never clicked is drawn less than what was never shown."""
    publish(app, "v1")
    dull, other = new_lamps(2)
    with unit_of_work() as tx:
        ana = Actor(user_id=make_user(tx))
        for number in range(150):
            for position, product in enumerate((shelf[0], dull), 1):
                row = {"request_id": f"r{number}", "slot": "for_you", "position": position, "product_id": product}
                interactions.add_impressions(tx, [row | {"at": utc_now(), "seen_at": None} | owner_values(ana)])
            if number % 5 == 0:
                make_event(tx, ana, shelf[0], request_id=f"r{number}", at=utc_now())
    recs = LocalRecs(models, feed=DatabaseFeed(app), budget_ms=5000, background=False)
    recs.refresh()
    ask = Ask("x", looked_at(shelf[0]), k=12, now=NOW, chance=Chance(1, 10, ""))
    chances = {}
    for number in range(60):
        (pick,) = drawn(recs.for_user(replace(ask, chance=Chance(1, 10, str(number)))))
        chances[pick.product_id] = pick.propensity
    assert chances[other] > 2 * chances.get(dull, 0.0)


def test_a_place_left_to_chance_is_on_the_page_says_so_and_is_noted_with_its_chance(
    app: Flask, trained: list[int]
) -> None:
    """And what became of it is what the gate looks at."""
    fresh = new_lamps(3)
    app.extensions["recs"].refresh()
    client: ShopClient = app.test_client()
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    pages = [client.get("/").get_data(as_text=True) for _visit in range(6)]
    assert all("New here: picked to learn whether you like it" in page for page in pages)
    with read_unit() as tx:
        rows = tx.rows(select(Impression.slot, Impression.position, Impression.propensity, Impression.product_id))
        noted = [row for row in rows if row.propensity < 1]
        logged = interactions.logged_places(tx)
    assert len(noted) == len(pages)
    assert {(row.slot, row.position) for row in noted} == {("for_you", 8)}
    assert len({row.product_id for row in noted}) > 1
    assert {row.product_id for row in noted} <= set(fresh)
    assert (logged["propensity"] < 1).sum() == len(pages)
    app.config["EXPLORE_PLACES"] = 0
    assert "picked to learn" not in client.get("/").get_data(as_text=True)


def test_chance_shows_nothing_that_is_sold_out(app: Flask, trained: list[int]) -> None:
    (fresh,) = new_lamps(1)
    app.extensions["recs"].refresh()
    client: ShopClient = app.test_client()
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    assert "picked to learn" in client.get("/").get_data(as_text=True)
    with unit_of_work() as tx:
        tx.execute(update(Variant).where(Variant.product_id == fresh).values(stock=0))
    page = client.get("/").get_data(as_text=True)
    assert "picked to learn" not in page
    assert f'data-card="{fresh}"' not in page.split('data-rail="new"')[0]
