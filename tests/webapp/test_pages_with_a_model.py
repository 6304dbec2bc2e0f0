"""Pages of a shop with its default model: what a visitor does counts at the very next request."""

import re
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.factories import ShopClient
from webapp.store import catalogue
from webapp.store.models import Impression, Variant
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.slow


def listed(client: ShopClient) -> list[int]:
    return [item["product_id"] for item in client.get("/api/recommendations?k=10").get_json()["items"]]


def rails_of(answer: TestResponse) -> list[str]:
    return re.findall(r'data-rail="(\w+)"', answer.get_data(as_text=True))


def test_every_kind_of_event_changes_the_next_list(app: Flask, trained: list[int]) -> None:
    """A fresh guest for each kind: the list before and the list after the very next request differ."""
    for kind in ("view", "click", "cart", "wishlist", "purchase", "dismiss", "rating"):
        client: ShopClient = app.test_client()
        before = listed(client)
        said = {"rating": 5} if kind == "rating" else {"event": kind}
        answer = client.send("/api/feedback", json={"product_id": before[0], **said})
        assert answer.status_code == 201
        assert listed(client) != before, kind


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
    assert "because_viewed" in personal
    assert personal <= {"because_viewed", "because_history"}, "the look alone, or nothing that could be proven"


def test_what_was_rated_low_asks_for_no_more_of_its_kind(app: Flask, trained: list[int]) -> None:
    client: ShopClient = app.test_client()
    before = listed(client)
    client.get(f"/p/{before[0]}", follow_redirects=True)
    client.send("/api/feedback", json={"product_id": before[0], "rating": 2})
    body = client.get("/api/recommendations?k=10").get_json()
    assert before[0] not in [item["product_id"] for item in body["items"]]
    assert not {r["kind"] for item in body["items"] for r in item["reasons"] if r["product_id"] == before[0]}
    assert "Because you gave" not in client.get("/").get_data(as_text=True)


def test_r17_what_is_hidden_or_sold_out_after_training_is_gone_at_once(app: Flask, trained: list[int]) -> None:
    client: ShopClient = app.test_client()
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    first, second, third = listed(client)[:3]
    with unit_of_work() as tx:
        catalogue.change_product(tx, first, is_visible=False)
        tx.execute(update(Variant).where(Variant.product_id == second).values(stock=0))
    client.send("/your-recommendations/feedback", {"product_id": str(third), "kind": "own"})
    after = listed(client)
    assert not {first, second, third} & set(after)
    page = client.get("/").get_data(as_text=True)
    assert f'data-card="{first}"' not in page
    assert f'data-card="{second}"' not in page


def test_what_is_forgotten_no_longer_counts(app: Flask, trained: list[int]) -> None:
    client: ShopClient = app.test_client()
    cold = listed(client)
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    assert listed(client) != cold
    client.send("/your-recommendations/forget", {"scope": "all"})
    assert listed(client) == cold


def test_pages_with_a_model_need_few_statements(app: Flask, trained: list[int], count_sql) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("person-0@example.com")
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    rails = ("/rails?context=home", "/rails?context=search")
    for path in ("/", f"/p/{trained[1]}-lamp-1", "/your-recommendations", "/cart", "/search?q=qqqq", *rails):
        with count_sql() as n:
            assert client.get(path).status_code == 200
        assert n() <= 12, path


def test_a_search_that_finds_nothing_goes_on_with_what_was_picked_for_the_visitor(
    app: Flask, trained: list[int]
) -> None:
    client: ShopClient = app.test_client()
    later = 'data-rails="/rails?context=search" data-later'
    assert later in client.get("/search?q=qqqq").get_data(as_text=True)
    assert later not in client.get("/search?q=lamp").get_data(as_text=True)
    assert rails_of(client.get("/rails?context=search")) == ["popular"]
    client.get(f"/p/{trained[0]}", follow_redirects=True)
    found = client.get("/rails?context=search")
    assert rails_of(found) == ["for_you"]
    assert f'data-card="{trained[0]}"' not in found.get_data(as_text=True)
    with read_unit() as tx:
        shown = tx.rows(select(Impression.position).where(Impression.slot == "for_you"))
    assert len(shown) == found.get_data(as_text=True).count("data-card=")


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
