"""What is noted about a list is what was shown: each under what made it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import ShopClient, make_event, make_product, make_user, put_in_cart
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.picks import Ask, NullRecs, Pick, PickReason, Picks
from webapp.store import interactions, popularity
from webapp.store.models import Impression
from webapp.store.tx import read_unit, unit_of_work


class ThreeModels(NullRecs):
    """A recommender whose answers name another model each, because of the first event."""

    def __init__(self, product_ids: list[int]) -> None:
        self.ids = product_ids

    def for_user(self, ask: Ask) -> Picks:
        seen = ask.history[0].product_id if ask.history else None
        return self._picks(self.ids[:5], "v1", "hybrid", (PickReason("because_viewed", seen, 1.0),))

    def similar(self, product_id: int, *, k: int, space: str = "combined") -> Picks:
        return self._picks(self.ids[5:10], "v2", "similar")

    def goes_with(self, product_ids: Any, *, k: int) -> Picks:
        return self._picks(self.ids[10:], "v3", "goes_with")

    def _picks(self, ids: list[int], version: str, strategy: str, reasons: tuple[PickReason, ...] = ()) -> Picks:
        items = [Pick(one, rank, 1 / rank, reasons, "test") for rank, one in enumerate(ids, 1)]
        return Picks(tuple(items), version, strategy)


@pytest.fixture
def goods(app: Flask) -> list[int]:
    """Products for the three answers and others that sell; ana has looked at one and has one in her cart."""
    with unit_of_work() as tx:
        ana = Actor(user_id=make_user(tx, "ana@example.com"))
        seen, *others = [make_product(tx, name=f"Other {n}") for n in range(8)]
        made = [make_product(tx, name=f"Thing {n}") for n in range(17)]
        for one in (seen, *others):
            make_event(tx, ana if one == seen else Actor(user_id=make_user(tx)), one, at=utc_now())
        put_in_cart(tx, ana, others[0])
        popularity.refresh(tx, now=utc_now())
    app.extensions["recs"] = ThreeModels(made)
    return made


@pytest.fixture
def ana(app: Flask, goods: list[int]) -> ShopClient:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    return client


def noted() -> dict[str, tuple[str, str]]:
    """Return strategy and model version of every noted rail; each has one of both."""
    with read_unit() as tx:
        rows = {tuple(row) for row in tx.rows(select(Impression.slot, Impression.strategy, Impression.model_version))}
    found = {slot: (strategy, version) for slot, strategy, version in rows}
    assert len(found) == len(rows)
    return found


def test_the_rails_of_a_product_are_noted_each_under_its_own_model(ana: ShopClient, goods: list[int]) -> None:
    ana.get(f"/p/{goods[0]}", follow_redirects=True)
    assert noted() == {"similar": ("similar", "v2"), "goes_with": ("goes_with", "v3"), "bundle": ("goes_with", "v3")}


def test_the_bundle_is_noted_as_it_stands_and_what_comes_of_it_counts(ana: ShopClient, goods: list[int]) -> None:
    """The product itself was not recommended; the rails shown anew on the same page do not show the bundle again."""
    page = ana.get(f"/p/{goods[0]}", follow_redirects=True).get_data(as_text=True)
    ana.get(f"/rails?context=product&product_id={goods[0]}")
    partners = shown(page, "bundle")
    with read_unit() as tx:
        columns = (Impression.position, Impression.product_id, Impression.source, Impression.propensity)
        kept = [tuple(row) for row in tx.rows(select(*columns).where(Impression.slot == "bundle").order_by(columns[0]))]
    assert kept == [(place, product, "test", 1.0) for place, product in enumerate(goods[10:12], 1)]
    assert partners == goods[10:12]
    form = page[page.index('data-rail="bundle"') :]
    request_id = re.search(r'name="request_id" value="(\w+)"', form)[1]
    assert re.findall(r'data-card="\d+"[^>]*data-request="(\w+)"', form)[:2] == [request_id] * 2
    ana.send("/cart/add", {"product_id": [str(goods[0]), str(partners[0])], "request_id": request_id})
    with read_unit() as tx:
        places = interactions.logged_places(tx)
        shows = interactions.shows(tx, since=utc_now() - timedelta(days=1))
    assert places["request_id"].tolist() == [f"{request_id}/bundle"] * 2
    assert places[["item_id", "clicked"]].to_numpy().tolist() == [[str(partners[0]), 1], [str(partners[1]), 0]]
    assert (shows[str(partners[0])], shows[str(partners[1])]) == ((1, 1), (1, 0))
    assert str(goods[0]) not in shows


def test_what_sells_on_the_same_shelf_is_noted_under_no_model(app: Flask, ana: ShopClient, goods: list[int]) -> None:
    app.extensions["recs"] = ThreeModels(goods[:8])
    ana.get(f"/p/{goods[0]}", follow_redirects=True)
    assert noted() == {"similar": ("best_sellers", "")}


def test_on_the_home_page_only_what_a_model_picked_is_noted_under_it(ana: ShopClient) -> None:
    ana.get("/")
    assert noted() == {
        "for_you": ("hybrid", "v1"),
        "recent": ("recently_viewed", ""),
        "popular": ("best_sellers", ""),
        "new": ("new", ""),
    }


@pytest.mark.parametrize(
    ("path", "slot", "made_by"),
    [
        ("/cart", "goes_with", ("goes_with", "v3")),
        ("/rails?context=search", "for_you", ("hybrid", "v1")),
        ("/your-recommendations", "taste", ("hybrid", "v1")),
        ("/api/recommendations?k=4", "api_home", ("hybrid", "v1")),
    ],
)
def test_every_other_list_is_noted_under_what_made_it(
    app: Flask, ana: ShopClient, path: str, slot: str, made_by: tuple[str, str]
) -> None:
    ana.get(path)
    assert noted() == {slot: made_by}


def test_without_a_model_lists_are_noted_as_the_api_calls_them(app: Flask, ana: ShopClient) -> None:
    app.extensions["recs"] = NullRecs()
    answer = ana.get("/api/recommendations?k=4").get_json()
    ana.get("/rails?context=search")
    assert (answer["strategy"], answer["model_version"]) == ("best_sellers", None)
    assert noted() == {"api_home": ("best_sellers", ""), "popular": ("best_sellers", "")}


def shown(page: str, key: str) -> list[int]:
    pieces = re.split(r'data-rail="(\w+)"', page)[1:]
    body = dict(zip(pieces[::2], pieces[1::2], strict=True))[key]
    return [int(card) for card in re.findall(r'data-card="(\d+)"', body)]


def test_every_rail_is_noted_as_it_stands_on_the_page(ana: ShopClient) -> None:
    page = ana.get("/").get_data(as_text=True)
    for key in noted():
        with read_unit() as tx:
            rows = tx.scalars(select(Impression.product_id).where(Impression.slot == key).order_by(Impression.position))
        assert shown(page, key) == list(rows), key


def test_each_shown_place_is_clicked_once_and_each_list_has_clicks_of_its_own(
    ana: ShopClient, goods: list[int]
) -> None:
    """Two clicks within a minute, also on a list that shows the same again, while the look is noted once."""
    for _list in range(2):
        page = ana.get("/").get_data(as_text=True)
        request_id = re.search(rf'data-card="{goods[0]}"[^>]*data-request="(\w+)"', page)[1]
        for _click in range(2):
            click = {"event": "click", "product_id": goods[0], "rail": "for_you", "rank": 1, "request_id": request_id}
            assert ana.send("/api/events", json={"events": [click]}).get_json()["recorded"] == 1
            ana.get(f"/p/{goods[0]}", follow_redirects=True)
    with read_unit() as tx:
        places = interactions.logged_places(tx)
        assert interactions.shows(tx, since=utc_now() - timedelta(days=1))[str(goods[0])] == (2, 2)
        kinds = [row.kind for row in interactions.recent(tx, Actor(user_id=1), limit=50)]
    clicked = places[places["item_id"] == str(goods[0])]
    assert clicked["clicked"].tolist() == [1, 1]
    assert clicked["request_id"].str.endswith("/for_you").all()
    assert (kinds.count("click"), kinds.count("view")) == (4, 2), "the first view is that of what ana saw before"
