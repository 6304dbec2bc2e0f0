"""A new model goes live under the eyes of a shopper, and the owner takes it back."""

from __future__ import annotations

import time

import pytest

from tests.factories import ShopClient
from tests.journeys.conftest import OpenShop

pytestmark = pytest.mark.slow
TAKEN_UP_WITHIN = 5.0


def serving(visitor: ShopClient) -> str:
    """Return the version that answers; it has to answer in full."""
    answer = visitor.get("/api/recommendations?k=10").get_json()
    assert len(answer["items"]) == 10
    return str(answer["model_version"])


def wait_for_another_than(old: str, visitor: ShopClient) -> str:
    late = time.monotonic() + TAKEN_UP_WITHIN
    while (version := serving(visitor)) == old and time.monotonic() < late:
        time.sleep(0.1)
    return version


def test_a_published_model_serves_within_seconds_and_can_be_taken_back(shop: OpenShop) -> None:
    visitor, owner = shop.visitor(), shop.owner()
    first = serving(visitor)
    shop.flask_elsewhere("retrain")
    second = wait_for_another_than(first, visitor)
    assert second != first
    assert second in owner.get("/admin/models").get_data(as_text=True)
    assert visitor.get("/").status_code == 200

    assert owner.send("/admin/models/rollback").status_code == 303
    assert wait_for_another_than(second, visitor) == first
    assert visitor.get("/").status_code == 200
