"""The JSON API: who may ask for whom, what comes back, and what bad input is told."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.conftest import NOW
from tests.factories import ShopClient, make_event, make_guest, make_product, make_user
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.picks import Ask, NullRecs, Pick, PickReason, Picks
from webapp.services.people import api_keys
from webapp.store import interactions, operations, products, taste
from webapp.store.models import Impression
from webapp.store.tx import read_unit, unit_of_work

FIELDS = {
    "product_id",
    "name",
    "url",
    "image_url",
    "price",
    "currency",
    "brand",
    "rating",
    "n_ratings",
    "in_stock",
    "score",
    "rank",
    "reasons",
    "source",
}


@pytest.fixture
def shelf(app: Flask) -> list[int]:
    with unit_of_work() as tx:
        return [make_product(tx, name=f"Lamp {n}", popularity=float(n)) for n in range(12)]


@pytest.fixture
def ana(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_user(tx, "ana@example.com")


@pytest.fixture
def signed_in(app: Flask, ana: int) -> ShopClient:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    return client


@pytest.fixture
def key(app: Flask) -> Callable[..., dict[str, str]]:
    def make(*scopes: str) -> dict[str, str]:
        token = api_keys.create("test", scopes or api_keys.SCOPES, now=NOW)
        return {"Authorization": f"Bearer {token}"}

    return make


def events_of(actor: Actor) -> list[tuple[int, str, float | None]]:
    with read_unit() as tx:
        return [(row.product_id, row.kind, row.value) for row in interactions.recent(tx, actor, limit=50)]


def test_recommendations_have_every_promised_field(signed_in: ShopClient, ana: int, shelf: list[int]) -> None:
    body = signed_in.get(f"/api/recommendations?user_id={ana}&k=5").get_json()
    assert set(body) == {
        "user_id",
        "request_id",
        "strategy",
        "model_version",
        "cold_start",
        "took_ms",
        "items",
    }
    assert body["user_id"] == str(ana)
    assert body["cold_start"] is True
    assert [item["product_id"] for item in body["items"]] == shelf[:-6:-1]
    assert [item["rank"] for item in body["items"]] == [1, 2, 3, 4, 5]
    for item in body["items"]:
        assert set(item) == FIELDS
        assert item["reasons"][0]["kind"] == "popular"


def test_s16_recommendations_belong_to_their_user(
    app: Flask, signed_in: ShopClient, ana: int, shelf: list[int], key: Callable[..., dict[str, str]]
) -> None:
    with unit_of_work() as tx:
        ben = make_user(tx)
    stranger = app.test_client()
    assert stranger.get(f"/api/recommendations?user_id={ana}").status_code == 401
    assert stranger.get("/api/recommendations").status_code == 200
    assert signed_in.get(f"/api/recommendations?user_id={ana}").status_code == 200
    told = []
    for other in (str(ben), "999999", "nobody"):
        answer = signed_in.get(f"/api/recommendations?user_id={other}")
        assert answer.status_code == 403
        told.append(answer.get_json() | {"request_id": ""})
    assert told[0] == told[1] == told[2]
    assert stranger.get(f"/api/recommendations?user_id={ana}", headers=key()).status_code == 200
    assert stranger.get(f"/api/recommendations?user_id={ana}", headers=key("feedback:write")).status_code == 403
    assert stranger.get("/api/recommendations?user_id=1", headers={"Authorization": "Bearer x"}).status_code == 401
    assert stranger.get("/api/recommendations?user_id=1", headers={"Authorization": "Basic eDp4"}).status_code == 401


def test_s16_a_revoked_key_opens_nothing(app: Flask, ana: int, key: Callable[..., dict[str, str]]) -> None:
    headers = key()
    api_keys.revoke(api_keys.every()[0].key_id, now=NOW)
    assert app.test_client().get(f"/api/recommendations?user_id={ana}", headers=headers).status_code == 401


def test_s34_the_table_holds_no_usable_key(app: Flask, key: Callable[..., dict[str, str]]) -> None:
    token = key()["Authorization"].removeprefix("Bearer ")
    with read_unit() as tx:
        kept = operations.keys(tx)[0]
    assert kept.prefix != token
    assert len(kept.prefix) < 12


def test_a_key_asking_for_somebody_unknown_gets_a_cold_start(
    app: Flask, shelf: list[int], key: Callable[..., dict[str, str]]
) -> None:
    body = app.test_client().get("/api/recommendations?user_id=unheard-of", headers=key()).get_json()
    assert body["cold_start"] is True
    assert len(body["items"]) == 10


def test_on_an_open_demo_reads_are_free_and_writes_are_not(
    app: Flask, client: ShopClient, ana: int, shelf: list[int]
) -> None:
    app.config["DEMO_OPEN_READS"] = True
    assert client.get(f"/api/recommendations?user_id={ana}").status_code == 200
    answer = client.send("/api/feedback", json={"user_id": str(ana), "product_id": shelf[0], "rating": 5})
    assert answer.status_code == 401
    assert events_of(Actor(user_id=ana)) == []


def test_sold_out_hidden_dismissed_and_excluded_things_are_left_out(
    app: Flask, signed_in: ShopClient, ana: int, shelf: list[int]
) -> None:
    with unit_of_work() as tx:
        sold_out = make_product(tx, stock=0, popularity=100.0)
        hidden = make_product(tx, is_visible=False, popularity=100.0)
        taste.exclude(tx, Actor(user_id=ana), shelf[11], "dismiss", now=NOW)
    body = signed_in.get(f"/api/recommendations?k=50&exclude={shelf[0]},{shelf[1]}&product_id={shelf[2]}").get_json()
    shown = {item["product_id"] for item in body["items"]}
    assert shown == set(shelf) - {shelf[11], shelf[0], shelf[1], shelf[2]}
    assert not shown & {sold_out, hidden}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("k=0", {"k"}),
        ("k=101", {"k"}),
        ("k=many", {"k"}),
        ("context=street", {"context"}),
        ("k=-1&context=street&product_id=x", {"k", "context", "product_id.0"}),
        ("strategy=magic", {"strategy"}),
        ("exclude=1,two", {"exclude.1"}),
    ],
)
def test_a_bad_query_is_told_every_bad_field(client: ShopClient, query: str, fields: set[str]) -> None:
    answer = client.get(f"/api/recommendations?{query}")
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert set(body["errors"]) == fields
    assert body["type"] == "/problems/invalid-input"
    assert body["status"] == 422
    assert body["request_id"]


def test_feedback_is_new_once(signed_in: ShopClient, ana: int, shelf: list[int]) -> None:
    body = {"product_id": shelf[0], "rating": 4, "event_id": "e1"}
    first, again = signed_in.send("/api/feedback", json=body), signed_in.send("/api/feedback", json=body)
    assert (first.status_code, first.get_json()["recommendations_changed"]) == (201, True)
    assert (again.status_code, again.get_json()["recommendations_changed"]) == (200, False)
    assert events_of(Actor(user_id=ana)) == [(shelf[0], "rating", 4.0)]
    with read_unit() as tx:
        row = products.cards(tx, [shelf[0]])[shelf[0]]
    assert (row.rating_count, row.rating_sum) == (1, 4)


@pytest.mark.parametrize("kind", ["view", "click", "cart", "wishlist", "purchase", "dismiss"])
def test_every_kind_of_event_is_recorded_and_read_back_at_once(
    signed_in: ShopClient, ana: int, shelf: list[int], kind: str
) -> None:
    answer = signed_in.send("/api/feedback", json={"user_id": ana, "product_id": shelf[3], "event": kind})
    assert answer.status_code == 201
    assert events_of(Actor(user_id=ana)) == [(shelf[3], kind, None)]
    assert signed_in.get("/api/recommendations").get_json()["cold_start"] is False


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"product_id"}),
        ({"product_id": 1}, {"body"}),
        ({"product_id": 1, "rating": 0}, {"rating"}),
        ({"product_id": 1, "rating": 6}, {"rating"}),
        ({"product_id": 1, "rating": 4.5}, {"rating"}),
        ({"product_id": 1, "rating": True}, {"rating"}),
        ({"product_id": 1, "rating": 4, "event": "view"}, {"body"}),
        ({"product_id": 1, "event": "rating"}, {"body"}),
        ({"product_id": 1, "event": "stare"}, {"event"}),
        ({"product_id": "x", "event": "stare", "colour": 1}, {"product_id", "event", "colour"}),
        ({"product_id": 1, "rating": 4, "event_id": ""}, {"event_id"}),
        ({"product_id": 1, "rating": 4, "request_id": "<script>"}, {"request_id"}),
    ],
)
def test_bad_feedback_is_told_every_bad_field_and_writes_nothing(
    signed_in: ShopClient, ana: int, body: dict[str, object], fields: set[str]
) -> None:
    answer = signed_in.send("/api/feedback", json=body)
    assert answer.status_code == 422
    assert set(answer.get_json()["errors"]) == fields
    assert events_of(Actor(user_id=ana)) == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"null", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_400(signed_in: ShopClient, raw: bytes) -> None:
    answer = signed_in.send("/api/feedback", raw, content_type="application/json")
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"


def test_feedback_on_what_is_not_there_is_404(app: Flask, signed_in: ShopClient) -> None:
    with unit_of_work() as tx:
        hidden = make_product(tx, is_visible=False)
    for product_id in (hidden, 999_999):
        answer = signed_in.send("/api/feedback", json={"product_id": product_id, "rating": 4})
        assert answer.status_code == 404


def test_a_guest_may_give_feedback_and_becomes_known(client: ShopClient, shelf: list[int]) -> None:
    assert client.send("/api/feedback", json={"product_id": shelf[0], "rating": 5}).status_code == 201
    body = client.get("/api/recommendations").get_json()
    assert body["cold_start"] is False
    assert body["user_id"].startswith("g")


def test_a_key_must_say_for_whom_it_writes(
    app: Flask, ana: int, shelf: list[int], key: Callable[..., dict[str, str]]
) -> None:
    program, body = app.test_client(), {"product_id": shelf[0], "rating": 5}
    assert program.post("/api/feedback", json=body, headers=key()).status_code == 422
    assert program.post("/api/feedback", json=body | {"user_id": str(ana)}, headers=key()).status_code == 201
    assert program.post("/api/feedback", json=body | {"user_id": "nobody"}, headers=key()).status_code == 422
    reads = key("recommendations:read")
    assert program.post("/api/feedback", json=body | {"user_id": str(ana)}, headers=reads).status_code == 403


def test_a_batch_is_judged_event_by_event(signed_in: ShopClient, ana: int, shelf: list[int]) -> None:
    now = utc_now().timestamp()
    events = [
        {"product_id": shelf[0], "event": "view", "event_id": "a"},
        {"product_id": shelf[0], "event": "view", "event_id": "a"},
        {"product_id": 999_999, "event": "view"},
        {"product_id": shelf[1], "event": "rating"},
        {"product_id": shelf[1], "event": "rating", "value": 3},
        {"product_id": shelf[1], "event": "click", "at": now + 4000},
        {"product_id": shelf[1], "event": "click", "at": now - 90 * 86400},
        {"product_id": shelf[2], "event": "dwell", "value": 2.5},
        {"user_id": "999999", "product_id": shelf[2], "event": "view"},
        {"nonsense": True},
    ]
    body = signed_in.send("/api/events", json={"events": events}).get_json()
    assert [row["status"] for row in body["results"]] == [
        "recorded",
        "repeated",
        "refused",
        "refused",
        "recorded",
        "refused",
        "refused",
        "recorded",
        "refused",
        "refused",
    ]
    assert (body["recorded"], body["repeated"], body["refused"]) == (3, 1, 6)
    assert all(row["reason"] for row in body["results"] if row["status"] == "refused")
    assert events_of(Actor(user_id=ana)) == [(shelf[0], "view", None), (shelf[1], "rating", 3.0)]


@pytest.mark.parametrize("pieces", [0, 0.0, 1e-50, -1])
def test_a_purchase_of_no_pieces_is_refused_as_an_import_refuses_it(
    signed_in: ShopClient, ana: int, shelf: list[int], pieces: float
) -> None:
    """The recommender cannot use it, and events once recorded are read by every process and every training."""
    events = [
        {"product_id": shelf[0], "event": "purchase", "value": pieces},
        {"product_id": shelf[1], "event": "purchase", "value": 0.5},
        {"product_id": shelf[2], "event": "purchase"},
        {"product_id": shelf[3], "event": "dwell", "value": 0},
    ]
    results = signed_in.send("/api/events", json={"events": events}).get_json()["results"]
    assert [row["status"] for row in results] == ["refused", "recorded", "recorded", "recorded"]
    assert results[0]["reason"]
    assert events_of(Actor(user_id=ana)) == [(shelf[1], "purchase", 0.5), (shelf[2], "purchase", None)]


@pytest.mark.parametrize(
    "bad",
    [None, 7, [], "view", {"user_id": "\ud800"}, {"user_id": "a\0"}, {"event_id": "\0"}, {"rail": "\udfff"}],
    ids=ascii,
)
def test_what_no_event_can_be_stops_no_other(signed_in: ShopClient, ana: int, shelf: list[int], bad: Any) -> None:
    good = {"product_id": shelf[0], "event": "click"}
    first = good | bad if isinstance(bad, dict) else bad
    answer = signed_in.send("/api/events", json={"events": [first, good]})
    assert answer.status_code == 200
    assert [row["status"] for row in answer.get_json()["results"]] == ["refused", "recorded"]
    assert events_of(Actor(user_id=ana)) == [(shelf[0], "click", None)]


@pytest.mark.parametrize("bad", [{"value": True}, {"value": 5, "at": True}, {"value": 5, "rank": True}], ids=ascii)
def test_yes_and_no_are_no_numbers_of_an_event(signed_in: ShopClient, ana: int, shelf: list[int], bad: Any) -> None:
    """A till that says "rated: yes" must not give one star."""
    event = {"product_id": shelf[0], "event": "rating"} | bad
    assert signed_in.send("/api/events", json={"events": [event]}).get_json()["refused"] == 1
    assert events_of(Actor(user_id=ana)) == []


@pytest.mark.parametrize("user_id", ["", "x" * 201])
def test_a_name_too_short_or_too_long_is_told_in_characters(
    app: Flask, user_id: str, key: Callable[..., dict[str, str]]
) -> None:
    answer = app.test_client().get("/api/recommendations", query_string={"user_id": user_id}, headers=key())
    assert "character" in answer.get_json()["errors"]["user_id"]


@pytest.mark.parametrize("body", ["[" * 20_000, '{"events":' * 20_000, "{", "null", ""])
@pytest.mark.parametrize("path", ["/api/feedback", "/api/events"])
def test_a_body_that_is_no_object_is_refused_in_words(signed_in: ShopClient, path: str, body: str) -> None:
    headers = {"X-CSRFToken": signed_in.token()}
    answer = signed_in.post(path, data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 400
    assert "JSON object" in answer.get_json()["detail"]


@pytest.mark.parametrize(("n_more", "status"), [(0, 201), (1, 413)])
def test_a_body_in_pieces_may_be_as_large_as_another_and_no_larger(
    app: Flask, ana: int, shelf: list[int], key: Callable[..., dict[str, str]], n_more: int, status: int
) -> None:
    text = json.dumps({"user_id": str(ana), "product_id": shelf[0], "event": "view"}).encode()
    body = text.ljust(app.config["MAX_CONTENT_LENGTH"] + n_more)
    answer = app.test_client().post(
        "/api/feedback",
        input_stream=io.BytesIO(body),  # its length is not told
        headers=key() | {"Transfer-Encoding": "chunked", "Content-Type": "application/json"},
        environ_overrides={"wsgi.input_terminated": True},  # as gunicorn hands it on
    )
    assert answer.status_code == status


@pytest.mark.parametrize("n", [0, 1001])
def test_a_batch_holds_one_to_a_thousand(signed_in: ShopClient, n: int) -> None:
    answer = signed_in.send("/api/events", json={"events": [{"product_id": 1, "event": "view"}] * n})
    assert answer.status_code == 422


def test_a_thousand_events_go_in_one_request(
    app: Flask, ana: int, shelf: list[int], key: Callable[..., dict[str, str]]
) -> None:
    events = [
        {"user_id": str(ana), "product_id": shelf[n % 12], "event": "view", "event_id": f"e{n}"} for n in range(1000)
    ]
    body = app.test_client().post("/api/events", json={"events": events}, headers=key()).get_json()
    assert body["recorded"] == 1000


def test_s18_impressions_of_others_are_not_marked(app: Flask, client: ShopClient, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        row = {"request_id": "theirs", "slot": "for_you", "position": 1, "product_id": shelf[0], "at": NOW}
        row |= {"guest_id": guest.guest_id, "user_id": None, "model_version": "", "strategy": "", "source": ""}
        interactions.add_impressions(tx, [row | {"propensity": 1.0, "seen_at": None}])
    seen = {"product_id": shelf[0], "event": "impression", "rail": "for_you", "rank": 1, "request_id": "theirs"}
    assert client.send("/api/events", json={"events": [seen]}).get_json()["recorded"] == 1
    with read_unit() as tx:
        assert tx.scalar(select(Impression.seen_at)) is None


def test_products_come_in_pages(client: ShopClient, shelf: list[int]) -> None:
    body = client.get("/api/products?per_page=5&page=3&sort=price").get_json()
    assert (body["total"], body["page"], len(body["items"])) == (12, 3, 2)
    assert client.get("/api/products?category=nothing").status_code == 404
    assert client.get(f"/api/products/{shelf[0]}").get_json()["price"] == 49.0
    assert client.get("/api/products/999999").status_code == 404


def test_a_search_says_what_it_understood(client: ShopClient, shelf: list[int]) -> None:
    exact, mended = client.get("/api/search?q=lamp").get_json(), client.get("/api/search?q=lmap").get_json()
    assert (exact["total"], exact["understood_as"]) == (12, None)
    assert (mended["total"], mended["understood_as"]) == (12, "lamp")
    assert client.get("/api/search").status_code == 422


def test_similar_answers_empty_without_a_model(client: ShopClient, shelf: list[int]) -> None:
    body = client.get(f"/api/products/{shelf[0]}/similar?space=text").get_json()
    assert body == {"product_id": shelf[0], "space": "text", "model_version": None, "items": []}
    assert client.get(f"/api/products/{shelf[0]}/similar?space=smell").status_code == 422


def test_the_description_is_openapi_and_names_every_call(app: Flask, client: ShopClient) -> None:
    document = client.get("/api/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    routes = {
        (method, rule.rule.replace("<int:product_id>", "{product_id}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint not in {"api.openapi", "api.docs"}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes
    names = set(document["components"]["schemas"])
    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in names


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        found = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return found + [ref for value in node.values() for ref in _references(value)]
    return [ref for value in node for ref in _references(value)] if isinstance(node, list) else []


def test_too_many_requests_are_told_when_to_come_back(app: Flask, client: ShopClient) -> None:
    answers = [client.get("/api/search?q=a") for _ in range(601)]
    late = answers[-1]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert late.status_code == 429
    assert late.mimetype == "application/problem+json"
    assert int(late.headers["Retry-After"]) > 0


def test_a_program_without_key_or_token_is_told_what_to_send(client: ShopClient, shelf: list[int]) -> None:
    answer = client.post("/api/feedback", json={"product_id": shelf[0], "rating": 5})
    assert answer.status_code == 400
    assert answer.get_json()["type"] == "/problems/csrf"
    for word in ("Authorization: Bearer", "X-CSRFToken", "/api/session"):
        assert word in answer.get_json()["detail"]


def test_only_a_refusal_says_when_to_come_back(client: ShopClient) -> None:
    answer = client.get("/api/search?q=a")
    assert answer.headers["X-RateLimit-Remaining"] == "599"
    assert "Retry-After" not in answer.headers


class OnePick(NullRecs):
    """A recommender that picks one product and names no signal for it."""

    def __init__(self, product_id: int, reasons: tuple[PickReason, ...]) -> None:
        self.pick = Pick(product_id, 1, 0.5, reasons, "itemknn")

    def for_user(self, ask: Ask) -> Picks:
        return Picks((self.pick,), "v1", "hybrid")


@pytest.mark.parametrize("reasons", [(), (PickReason("similar_taste", None, 1.0),)])
def test_every_pick_says_why(
    app: Flask, signed_in: ShopClient, shelf: list[int], reasons: tuple[PickReason, ...]
) -> None:
    app.extensions["recs"] = OnePick(shelf[4], reasons)
    signed_in.send("/api/feedback", json={"product_id": shelf[0], "event": "view"})
    body = signed_in.get("/api/recommendations?k=1").get_json()
    assert [(item["product_id"], item["source"]) for item in body["items"]] == [(shelf[4], "itemknn")]
    assert body["items"][0]["reasons"] == [
        {"kind": "because_history", "product_id": None, "product_name": None, "share": 1.0}
    ]


def test_old_events_are_not_made_new_by_a_guests_merge(app: Flask, client: ShopClient, shelf: list[int]) -> None:
    with unit_of_work() as tx:
        make_event(tx, Actor(user_id=make_user(tx, "ben@example.com")), shelf[0], event_uid="same")
    client.send("/api/feedback", json={"product_id": shelf[1], "event": "view", "event_id": "same"})
    client.sign_in("ben@example.com")
    with read_unit() as tx:
        assert interactions.count(tx) == 1
