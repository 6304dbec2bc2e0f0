"""A visitor's own past searches among the suggestions, as far as searches may be used."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.factories import ShopClient, make_product, make_user
from webapp.store.tx import unit_of_work


@pytest.fixture(params=["member", "guest"])
def visitor(request: pytest.FixtureRequest, app: Flask) -> ShopClient:
    """Somebody who has searched five times."""
    with unit_of_work() as tx:
        for name in ("Oslo lamp", "Oslo vase", "Oslo chair"):
            lamp = make_product(tx, name=name)
        make_user(tx, "ana@example.com")
    client: ShopClient = app.test_client()
    if request.param == "member":
        client.sign_in("ana@example.com")
    client.get(f"/p/{lamp}", follow_redirects=True)
    for words in ("oslo lamp", "vase", "oslo", "oslo chair", "oslo vase"):
        client.get("/search", query_string={"q": words})
    return client


def own(client: ShopClient, query: str = "") -> list[dict[str, Any]]:
    """Return the past searches among the suggestions."""
    groups = client.get("/search/suggest", query_string={"q": query}).get_json()["groups"]
    return next((group["items"] for group in groups if group["label"] == "Your past searches"), [])


def words(items: list[dict[str, Any]]) -> list[str]:
    return [item["label"] for item in items]


def test_the_newest_three_that_begin_alike_come_first(visitor: ShopClient) -> None:
    groups = visitor.get("/search/suggest?q=osl").get_json()["groups"]
    assert [group["label"] for group in groups] == ["Your past searches", "Products"]
    assert words(own(visitor, "osl")) == ["oslo vase", "oslo chair", "oslo"]
    assert words(own(visitor, "va")) == ["oslo vase", "vase"]
    assert own(visitor, "va")[1]["url"] == "/search?q=vase"
    assert own(visitor, "zzz") == []


def test_an_empty_box_offers_the_newest_alone(visitor: ShopClient) -> None:
    groups = visitor.get("/search/suggest?q=").get_json()["groups"]
    assert [group["label"] for group in groups] == ["Your past searches"]
    assert words(own(visitor)) == ["oslo vase", "oslo chair", "oslo"]


def test_each_can_be_forgotten(visitor: ShopClient) -> None:
    answer = visitor.send_js("/your-recommendations/forget", {"search_id": str(own(visitor)[0]["search_id"])})
    assert answer.status_code == 200
    assert words(own(visitor)) == ["oslo chair", "oslo", "vase"]


@pytest.mark.parametrize(
    ("path", "off", "on"),
    [
        ("pause", {"paused": "1"}, {"paused": "0"}),
        ("use", {"what": "searches", "used": "0"}, {"what": "searches", "used": "1"}),
    ],
)
def test_none_are_shown_where_searches_are_not_used(
    visitor: ShopClient, path: str, off: dict[str, str], on: dict[str, str]
) -> None:
    visitor.send(f"/your-recommendations/{path}", off)
    assert own(visitor) == own(visitor, "osl") == []
    visitor.send(f"/your-recommendations/{path}", on)
    assert len(own(visitor)) == 3 or path == "use"


def test_nobody_sees_those_of_others(app: Flask, visitor: ShopClient) -> None:
    assert own(app.test_client(), "osl") == []


def test_they_cost_one_statement(visitor: ShopClient, count_sql: Callable) -> None:
    with count_sql() as n:
        own(visitor, "osl")
    assert n() <= 6
