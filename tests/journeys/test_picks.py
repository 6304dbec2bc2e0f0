"""What a shopper does changes what the shop shows next; seen from outside, with a model that was really trained."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.factories import ADDRESS, ShopClient
from tests.journeys.conftest import OpenShop

pytestmark = pytest.mark.slow


def listed(visitor: ShopClient) -> list[int]:
    """Return what is recommended to a visitor now, best first."""
    answer = visitor.get("/api/recommendations?k=10").get_json()
    assert answer["model_version"]
    return [item["product_id"] for item in answer["items"]]


def reasons(visitor: ShopClient) -> set[tuple[str, int]]:
    """Return the reasons that name a product."""
    items = visitor.get("/api/recommendations?k=10").get_json()["items"]
    found = [(reason["kind"], reason["product_id"]) for item in items for reason in item["reasons"]]
    return {(kind, product_id) for kind, product_id in found if product_id is not None}


def rails(visitor: ShopClient) -> dict[str, list[int]]:
    """Return the rails of the first page with the products in them."""
    page = visitor.get("/").get_data(as_text=True)
    pieces = re.split(r'data-rail="(\w+)"', page)[1:]
    return {
        key: [int(card) for card in re.findall(r'data-card="(\d+)"', body)]
        for key, body in zip(pieces[::2], pieces[1::2], strict=True)
    }


def look_at(visitor: ShopClient, product_id: int) -> None:
    assert visitor.get(f"/p/{product_id}", follow_redirects=True).status_code == 200


def send(visitor: ShopClient, path: str, **form: object) -> None:
    assert visitor.send(path, {name: str(value) for name, value in form.items()}).status_code == 303


def buy(visitor: ShopClient, product_id: int) -> None:
    """Walk through the checkout with forms and pay."""
    send(visitor, "/cart/add", product_id=product_id)
    send(visitor, "/checkout/contact", email="ana@example.com")
    send(visitor, "/checkout/delivery", **ADDRESS)
    send(visitor, "/checkout/payment", method="test")
    review = visitor.get("/checkout/review").get_data(as_text=True)
    hidden = dict(re.findall(r'name="(idempotency_key|total_cents)" value="([^"]+)"', review))
    bank = visitor.send("/checkout/place", hidden).headers["Location"]
    send(visitor, bank, outcome="success")


DEEDS: dict[str, Callable[[ShopClient, int], None]] = {
    "looking": look_at,
    "a heart": lambda visitor, product_id: send(visitor, f"/wishlist/{product_id}", wished=1),
    "a cart": lambda visitor, product_id: send(visitor, "/cart/add", product_id=product_id),
    "stars": lambda visitor, product_id: send(visitor, f"/p/{product_id}/rate", rating=5),
    "an order": buy,
    "not interested": lambda visitor, product_id: send(
        visitor, "/your-recommendations/feedback", product_id=product_id, kind="dismiss"
    ),
    "I own it": lambda visitor, product_id: send(
        visitor, "/your-recommendations/feedback", product_id=product_id, kind="own"
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_the_list_after_a_deed_is_another_one(shop: OpenShop, deed: str) -> None:
    visitor = shop.visitor()
    before = listed(visitor)
    DEEDS[deed](visitor, before[0])
    assert listed(visitor) != before


@pytest.mark.parametrize(
    ("deed", "kind"),
    [
        ("looking", "because_viewed"),
        ("a heart", "because_wishlist"),
        ("a cart", "because_cart"),
        ("stars", "because_rated"),
        ("an order", "because_bought"),
    ],
)
def test_the_reason_names_the_deed(shop: OpenShop, deed: str, kind: str) -> None:
    visitor = shop.visitor()
    touched = listed(visitor)[0]
    DEEDS[deed](visitor, touched)
    named = reasons(visitor)
    assert {product_id for _kind, product_id in named} == {touched}
    assert kind in {kind for kind, _product_id in named}


def test_one_click_as_a_guest_makes_the_next_first_page_personal(shop: OpenShop) -> None:
    visitor = shop.visitor()
    before = rails(visitor)
    clicked = before["popular"][3]
    look_at(visitor, clicked)
    after = rails(visitor)
    assert "for_you" not in before
    assert next(iter(after)) == "for_you"
    assert clicked not in after["for_you"]
    assert clicked in after["recent"]


def test_two_guests_do_not_share_a_taste(shop: OpenShop) -> None:
    one, other = shop.visitor(), shop.visitor()
    first, second = listed(one)[:2]
    look_at(one, first)
    look_at(other, second)
    assert listed(one) != listed(other)
