"""The door to the recommender: fresh at once, never slow, never broken, whatever lies in the model folder."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from flask import Flask
from sqlalchemy import select, update

from recommender import HybridRecommender, Interactions, ItemCatalogue, artifacts
from tests.conftest import NOW
from tests.factories import ShopClient, make_event, make_product, make_user
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.errors import RecsUnavailable
from webapp.picks import Ask, Chance, Pick, Picks, Preferences, RecsState
from webapp.recs import LocalRecs
from webapp.recs.recent import RecentAnswers
from webapp.recs.serving import FAILURES_TO_OPEN
from webapp.services.feed import DatabaseFeed
from webapp.store import catalogue, interactions
from webapp.store.models import Impression, Variant
from webapp.store.rows import HistoryRow
from webapp.store.scope import owner_values
from webapp.store.tx import read_unit, unit_of_work

SHELVES = ("Home > Lamps", "Table > Mugs", "Clothing > Scarves")


def stock_shop() -> list[int]:
    """Three shelves of eight products and twenty members who each keep to one shelf."""
    draw = np.random.default_rng(3)
    with unit_of_work() as tx:
        ids = [
            make_product(
                tx,
                name=f"{shelf.split(' > ')[1][:-1]} {number}",
                category=shelf,
                description=f"Made for the {shelf.lower()} shelf.",
                picture=f"{shelf[:3].lower()}-{number}",
            )
            for shelf in SHELVES
            for number in range(8)
        ]
        for person in range(20):
            member = Actor(user_id=make_user(tx, f"person-{person}@example.com"))
            shelf = ids[8 * (person % 3) : 8 * (person % 3) + 8]
            for step, product in enumerate(draw.permutation(shelf)[:6]):
                kind = "purchase" if step % 3 == 2 else "view"
                make_event(tx, member, int(product), kind, at=NOW - timedelta(days=60 - step, minutes=person))
        catalogue.refresh_popularity(tx, now=NOW)
    return ids


def publish(app: Flask, version: str, strategy: str = "hybrid") -> Path:
    """Fit a model on the shop's tables and publish it."""
    with read_unit() as tx:
        events, items = interactions.training_frame(tx), catalogue.item_frame(tx)
    model = HybridRecommender(strategy=strategy, random_state=0)
    model.fit(Interactions.from_frame(events), ItemCatalogue.from_frame(items))
    root = Path(app.instance_path) / "models"
    model.save(root / version)
    artifacts.publish(root, version)
    return root


@pytest.fixture
def models(app: Flask) -> Iterator[Path]:
    root = Path(app.instance_path) / "models"
    yield root
    shutil.rmtree(root)
    root.mkdir()


@pytest.fixture
def shelf(app: Flask) -> list[int]:
    return stock_shop()


def local(app: Flask, **options: object) -> LocalRecs:
    """A recommender that looks for news when told, with time enough for a busy machine."""
    values: dict = {"feed": DatabaseFeed(app), "budget_ms": 5000, "background": False} | options
    recs = LocalRecs(Path(app.instance_path) / "models", **values)
    recs.refresh()
    return recs


def looked_at(product_id: int, kind: str = "view", value: float | None = None) -> list[HistoryRow]:
    return [HistoryRow(product_id, kind, value, NOW)]


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


def test_warming_up_without_a_model_or_with_a_broken_one_is_no_trouble(app: Flask, models: Path) -> None:
    LocalRecs(models).warm_up()
    recs = LocalRecs(models, background=False)
    recs._live = SimpleNamespace(model=SimpleNamespace(), version="v1")  # type: ignore[assignment]  # broken on purpose
    recs.warm_up()


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


def damage(folder: Path, how: str) -> None:
    """Break a model folder in one of the ways disks and people do."""
    arrays = sorted(path for path in folder.rglob("*.npy"))
    biggest = max(arrays, key=lambda path: path.stat().st_size)
    if how == "missing":
        shutil.rmtree(folder)
    elif how == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
    elif how == "truncated":
        biggest.write_bytes(biggest.read_bytes()[:-7])
    elif how == "one byte":
        content = bytearray(biggest.read_bytes())
        content[-1] ^= 0xFF
        biggest.write_bytes(bytes(content))
    elif how == "manifest":
        (folder / "manifest.json").write_text("{", encoding="utf-8")
    elif how == "schema":
        text = (folder / "manifest.json").read_text(encoding="utf-8")
        (folder / "manifest.json").write_text(text.replace('"schema": ', '"schema": 99'), encoding="utf-8")
    elif how == "pointer":
        (folder.parent / "CURRENT").write_text("../../etc", encoding="utf-8")


DAMAGES = ("missing", "empty", "truncated", "one byte", "manifest", "schema", "pointer")


@pytest.mark.parametrize("how", DAMAGES)
def test_r15_a_damaged_folder_gives_the_honest_fallback_on_every_page(
    app: Flask, models: Path, shelf: list[int], how: str
) -> None:
    publish(app, "v1", "content")
    damage(models / "v1", how)
    app.extensions["recs"] = recs = local(app)
    assert recs.state().state == "fallback"
    with pytest.raises(RecsUnavailable):
        recs.for_user(Ask("x", k=3))
    client: ShopClient = app.test_client()
    client.get(f"/p/{shelf[0]}", follow_redirects=True)
    for path in ("/", f"/p/{shelf[0]}", "/cart", "/c/lamps", "/your-recommendations", "/rails?context=home"):
        assert client.get(path, follow_redirects=True).status_code == 200, path
    page = client.get(f"/p/{shelf[0]}", follow_redirects=True).get_data(as_text=True)
    assert "Popular in Lamps" in page
    body = client.get("/api/recommendations?k=5").get_json()
    assert (len(body["items"]), body["model_version"]) == (5, None)
    assert client.get("/readyz").get_json()["recommender"] == "fallback"


@pytest.mark.parametrize("how", ["truncated", "one byte", "manifest"])
def test_r13_a_bad_new_version_leaves_the_old_one_serving(app: Flask, models: Path, shelf: list[int], how: str) -> None:
    publish(app, "v1", "content")
    recs = local(app)
    publish(app, "v2", "content")
    damage(models / "v2", how)
    recs.refresh()
    assert recs.for_user(Ask("x", looked_at(shelf[0]), k=3)).model_version == "v1"
    assert recs.state().problem


def test_r16_a_slow_recommender_costs_a_page_its_budget_and_no_more(app: Flask, models: Path) -> None:
    publish_nothing = LocalRecs(models, budget_ms=50, background=False)
    slow = SimpleNamespace(prepare=lambda *_a, **_k: time.sleep(2), info={}, strategies=())
    publish_nothing._live = SimpleNamespace(model=slow, version="slow")
    began = time.perf_counter()
    with pytest.raises(RecsUnavailable, match="slow"):
        publish_nothing.for_user(Ask("x"))
    assert time.perf_counter() - began < 1


def test_r16_failures_in_a_row_open_the_breaker_and_are_counted(app: Flask, models: Path) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise IndexError("the files lie")

    recs = LocalRecs(models, budget_ms=5000, background=False)
    broken = SimpleNamespace(prepare=fail, info={}, strategies=())
    recs._live = SimpleNamespace(model=broken, version="broken")
    for _call in range(FAILURES_TO_OPEN):
        with pytest.raises(RecsUnavailable, match="the files lie"):
            recs.for_user(Ask("x"))
    with pytest.raises(RecsUnavailable, match="resting"):
        recs.for_user(Ask("x"))
    state = recs.state()
    assert (state.state, state.is_open, state.n_failures) == ("fallback", True, FAILURES_TO_OPEN)


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


@pytest.mark.slow
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


@pytest.mark.slow
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
    recs = LocalRecs(models, feed=OfYesterday(app), budget_ms=5000, background=False)
    recs.refresh()
    ask = Ask("x", looked_at(shelf[0]), k=12, now=NOW, chance=Chance(1, 10, ""))
    chances = {}
    for number in range(60):
        (pick,) = drawn(recs.for_user(replace(ask, chance=Chance(1, 10, str(number)))))
        chances[pick.product_id] = pick.propensity
    assert chances[other] > 2 * chances.get(dull, 0.0)


class OfYesterday(DatabaseFeed):
    """A feed that tells a model of everything added since yesterday."""

    def items_since(self, since: datetime | None) -> tuple[pd.DataFrame, datetime | None]:
        return super().items_since(since or utc_now() - timedelta(days=1))


def test_alternatives_come_from_the_same_shelf(app: Flask, models: Path, shelf: list[int]) -> None:
    publish(app, "v1", "content")
    recs = local(app)
    assert set(recs.similar(shelf[0], k=5).product_ids) <= set(shelf[1:8])
    assert recs.similar(999_999, k=5).items == ()


@pytest.fixture
def trained(app: Flask, models: Path, shelf: list[int]) -> list[int]:
    """The shop with its default model live."""
    publish(app, "v1")
    app.extensions["recs"] = local(app)
    return shelf


def listed(client: ShopClient) -> list[int]:
    return [item["product_id"] for item in client.get("/api/recommendations?k=10").get_json()["items"]]


@pytest.mark.slow
def test_every_kind_of_event_changes_the_next_list(app: Flask, trained: list[int]) -> None:
    """A fresh guest for each kind: the list before and the list after the very next request differ."""
    for kind in ("view", "click", "cart", "wishlist", "purchase", "dismiss", "rating"):
        client: ShopClient = app.test_client()
        before = listed(client)
        said = {"rating": 5} if kind == "rating" else {"event": kind}
        answer = client.send("/api/feedback", json={"product_id": before[0], **said})
        assert answer.status_code == 201
        assert listed(client) != before, kind


@pytest.mark.slow
def test_the_home_page_is_personal_after_one_look_and_every_reason_is_true(app: Flask, trained: list[int]) -> None:
    client: ShopClient = app.test_client()
    assert 'data-rail="for_you"' not in client.get("/").get_data(as_text=True)
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    page = client.get("/").get_data(as_text=True)
    assert 'data-rail="for_you"' in page
    body = client.get("/api/recommendations?k=10").get_json()
    assert (body["cold_start"], body["model_version"]) == (False, "v1")
    named = {reason["product_id"] for item in body["items"] for reason in item["reasons"] if reason["product_id"]}
    personal = {r["kind"] for item in body["items"] for r in item["reasons"] if r["kind"].startswith("because_")}
    assert named == {trained[0]}
    assert personal == {"because_viewed"}


@pytest.mark.slow
def test_what_was_rated_low_asks_for_no_more_of_its_kind(app: Flask, trained: list[int]) -> None:
    client: ShopClient = app.test_client()
    before = listed(client)
    client.get(f"/p/{before[0]}", follow_redirects=True)
    client.send("/api/feedback", json={"product_id": before[0], "rating": 2})
    body = client.get("/api/recommendations?k=10").get_json()
    assert before[0] not in [item["product_id"] for item in body["items"]]
    assert not {r["kind"] for item in body["items"] for r in item["reasons"] if r["product_id"] == before[0]}
    assert "Because you gave" not in client.get("/").get_data(as_text=True)


@pytest.mark.slow
def test_r17_what_is_hidden_or_sold_out_after_training_is_gone_at_once(app: Flask, trained: list[int]) -> None:
    client: ShopClient = app.test_client()
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    first, second, third = listed(client)[:3]
    with unit_of_work() as tx:
        catalogue.change_product(tx, first, is_visible=False)
        catalogue.set_only_variant(tx, second, price_cents=4900, stock=0)
    client.send("/your-recommendations/feedback", {"product_id": str(third), "kind": "own"})
    after = listed(client)
    assert not {first, second, third} & set(after)
    page = client.get("/").get_data(as_text=True)
    assert f'data-card="{first}"' not in page
    assert f'data-card="{second}"' not in page


@pytest.mark.slow
def test_what_is_forgotten_no_longer_counts(app: Flask, trained: list[int]) -> None:
    client: ShopClient = app.test_client()
    cold = listed(client)
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    assert listed(client) != cold
    client.send("/your-recommendations/forget", {"scope": "all"})
    assert listed(client) == cold


@pytest.mark.slow
def test_pages_with_a_model_need_few_statements(app: Flask, trained: list[int], count_sql) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("person-0@example.com")
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    for path in ("/", f"/p/{trained[1]}-lamp-1", "/your-recommendations", "/cart", "/rails?context=home"):
        with count_sql() as n:
            assert client.get(path).status_code == 200
        assert n() <= 12, path


@pytest.mark.slow
def test_impressions_are_noted_with_place_model_and_chance(app: Flask, trained: list[int]) -> None:
    client: ShopClient = app.test_client()
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    client.get("/")
    with read_unit() as tx:
        rows = tx.rows(
            select(Impression.position, Impression.model_version, Impression.propensity, Impression.at)
            .where(Impression.slot == "for_you")
            .order_by(Impression.position)
        )
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    assert {row.model_version for row in rows} == {"v1"}
    assert all(0 < row.propensity <= 1 for row in rows)
    assert all(isinstance(row.at, datetime) for row in rows)


@pytest.mark.slow
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


@pytest.mark.slow
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
