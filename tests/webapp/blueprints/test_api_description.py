"""The OpenAPI document promises what the calls keep: every limit, every event of a batch, every answer."""

from typing import Any

import pytest

from tests.factories import ShopClient
from webapp.numbers import MAX_ID


@pytest.fixture
def document(client: ShopClient) -> dict[str, Any]:
    return client.get("/api/openapi.json").get_json()


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    return document["components"]["schemas"][name]


def event_of_a_batch(document: dict[str, Any]) -> dict[str, Any]:
    return schema(document, "EventBatch")["properties"]["events"]["items"]


def parameter(document: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    found = document["paths"][path]["get"]["parameters"]
    return next(entry["schema"] for entry in found if entry["name"] == name)


def limits(schema: dict[str, Any]) -> tuple[object, object]:
    """The bounds a generated client checks a number with, in the words of JSON Schema."""
    numbers = [entry for entry in schema.get("anyOf", [schema]) if entry.get("type") in {"integer", "number"}]
    return numbers[0].get("minimum"), numbers[0].get("maximum")


def test_stars_and_ids_are_described_with_their_limits(document: dict[str, Any]) -> None:
    feedback, event = schema(document, "Feedback")["properties"], event_of_a_batch(document)["properties"]
    assert limits(feedback["rating"]) == (1, 5)
    assert limits(event["rank"]) == (0, 10_000)
    for ids in (
        feedback["product_id"],
        event["product_id"],
        parameter(document, "/api/recommendations", "exclude")["items"],
        parameter(document, "/api/recommendations", "product_id")["items"],
    ):
        assert limits(ids) == (1, MAX_ID)


def test_what_an_event_of_a_batch_holds_is_described(document: dict[str, Any]) -> None:
    event = event_of_a_batch(document)
    assert set(event["required"]) == {"product_id", "event"}
    assert {"user_id", "value", "at", "event_id", "request_id", "rail", "rank"} < set(event["properties"])


def test_every_call_that_reads_a_key_says_that_it_may_be_unknown(client: ShopClient, document: dict[str, Any]) -> None:
    unknown = {"Authorization": "Bearer kd_unknown"}
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            answer = client.open(path.replace("{product_id}", "7"), method=method.upper(), json={}, headers=unknown)
            assert str(answer.status_code) in call["responses"], (method, path, answer.status_code)


def test_what_may_go_wrong_with_any_call_is_described(client: ShopClient, document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            assert {"400", "500", "503"} <= set(call["responses"]), (method, path)
            answer = client.open(path.replace("{product_id}", "7") + "?k=%00", method=method.upper())
            assert str(answer.status_code) in call["responses"], (method, path, answer.status_code)


def test_a_body_that_is_too_large_is_described(client: ShopClient, document: dict[str, Any]) -> None:
    token = {"X-CSRFToken": client.token()}
    for path, methods in document["paths"].items():
        if call := methods.get("post"):
            answer = client.post(path, data=b"x" * 12_000_000, headers=token, content_type="application/json")
            assert answer.status_code in {413, 422}, path
            assert "413" in call["responses"], path
