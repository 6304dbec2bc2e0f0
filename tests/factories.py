"""Make what a test needs: valid by default, so that a test says only what matters to it."""

from __future__ import annotations

import contextvars
from datetime import UTC, datetime
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp import passwords
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.providers import get_providers
from webapp.services.buying import checkout
from webapp.store import carts, catalogue, interactions, products, search, sessions, users, vouchers
from webapp.store.models import Picture, Product, Variant
from webapp.store.tx import Tx

A_WHILE_AGO = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
_PASSWORD_HASH = passwords.hash_password(PASSWORD)
_numbers = count(1)


class ShopClient(FlaskClient):
    """A browser whose pages send the CSRF token, as ours do.

    Each request runs in a context of its own, as it would in a server, whatever the test has open around it.
    """

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        """Send a request."""
        send = super().open
        return contextvars.Context().run(lambda: send(*arguments, **options))

    def token(self) -> str:
        """Return the token of this browser's session."""
        return str(self.get("/api/session").get_json()["csrf_token"])

    def send(self, path: str, data: Any = None, **options: Any) -> TestResponse:
        """Post a form or JSON with the token."""
        headers = {"X-CSRFToken": self.token()} | options.pop("headers", {})
        return self.post(path, data=data, headers=headers, **options)

    def send_js(self, path: str, data: Any = None, **options: Any) -> TestResponse:
        """Post a form as our JavaScript does: the answer is JSON."""
        return self.send(path, data, headers={"Accept": "application/json"}, **options)

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        """Sign in."""
        answer = self.send("/account/sign-in", {"email": email, "password": password})
        assert answer.status_code == 303, answer.get_data(as_text=True)[:2000]
        return answer


def make_category(tx: Tx, path: str = "Home > Lamps") -> int:
    """Make a category with its parents and return its id."""
    found = catalogue.put_category_path(tx, path, {})
    assert found is not None
    return found


def make_brand(tx: Tx, name: str = "Alder") -> int:
    """Make a brand and return its id."""
    found = catalogue.put_brand(tx, name, {})
    assert found is not None
    return found


def make_product(
    tx: Tx,
    *,
    stock: int = 10,
    category: str = "Home > Lamps",
    brand: str = "Alder",
    variants: list[dict[str, Any]] | None = None,
    attributes: dict[str, str] | None = None,
    picture: str = "",
    **over: Any,
) -> int:
    """Make a product that can be bought, with one variant unless told otherwise, and return its id."""
    number = next(_numbers)
    name = over.pop("name", f"Lamp {number}")
    values = {
        "name": name,
        "slug": catalogue.slugify(name),
        "description": "Made with care.",
        "brand_id": make_brand(tx, brand) if brand else None,
        "category_id": make_category(tx, category) if category else None,
        "external_ref": f"ref-{number}",
        "family": "",
        "price_cents": 4900,
        "old_price_cents": None,
        "currency": "EUR",
        "attributes": attributes or {},
        "is_visible": True,
        "rating_count": 0,
        "rating_sum": 0,
        "sold_count": 0,
        "popularity": 0.0,
        "version": 1,
        "created_at": A_WHILE_AGO,
        "updated_at": A_WHILE_AGO,
    } | over
    product_id = catalogue.add_rows(tx, Product, [values])[0]
    plain = {
        "name": "",
        "options": {},
        "picture_stem": "",
        "price_cents": values["price_cents"],
        "stock": stock,
        "reserved": 0,
        "position": 0,
        "is_active": True,
    }
    rows = [
        plain | {"sku": f"SKU-{number}-{at}", "position": at, "product_id": product_id} | row
        for at, row in enumerate(variants or [{}])
    ]
    catalogue.add_rows(tx, Variant, rows)
    catalogue.set_attributes(tx, [(product_id, key, value) for key, value in (attributes or {}).items()])
    if picture:
        shown = {"product_id": product_id, "stem": picture, "position": 0, "spec": {}, "width": 960, "height": 1200}
        catalogue.add_rows(tx, Picture, [shown | {"alt": name}])
    search.reindex(tx, [product_id])
    return product_id


def variant_of(tx: Tx, product_id: int) -> int:
    """Return the id of a product's first variant."""
    return products.variants_of(tx, [product_id])[0].variant_id


def make_user(tx: Tx, email: str | None = None, *, role: str = "shopper", **over: Any) -> int:
    """Make a member whose password is ``PASSWORD`` and return the id."""
    address = email or f"person{next(_numbers)}@example.com"
    values = {"email": address, "name": "Ana", "role": role, "password_hash": _PASSWORD_HASH, "created_at": A_WHILE_AGO}
    made = users.add(tx, **(values | over))
    assert made is not None
    return made


def make_guest(tx: Tx) -> Actor:
    """Make a guest."""
    return Actor(guest_id=sessions.add_guest(tx, now=A_WHILE_AGO))


def make_event(
    tx: Tx, actor: Actor, product_id: int, kind: str = "view", *, at: datetime = A_WHILE_AGO, **more: Any
) -> int | None:
    """Make an event and return its row id, None for a repeat."""
    return interactions.add_once(tx, actor, product_id=product_id, kind=kind, at=at, **more)


def make_voucher(tx: Tx, code: str = "SPRING", kind: str = "percent", value: int = 10, **over: Any) -> int:
    """Make a voucher that everybody can use as often as they like, and return its id."""
    plain = {"min_cents": 0, "starts_at": None, "ends_at": None, "max_uses": None, "per_user": None}
    values = {"code": code, "kind": kind, "value": value, "uses": 0, "is_active": True, "user_id": None}
    made = vouchers.add(tx, values | plain | over)
    assert made is not None
    return made


def put_in_cart(tx: Tx, actor: Actor, product_id: int, quantity: int = 1, *, now: datetime = A_WHILE_AGO) -> int:
    """Put pieces of a product's first variant into a cart and return the cart's id."""
    variant = products.variants_of(tx, [product_id])[0]
    cart_id = carts.ensure(tx, actor, now=now)
    carts.add_line(tx, cart_id, variant.variant_id, quantity, price_cents=variant.price_cents, now=now)
    return cart_id


ADDRESS = {
    "name": "Ana",
    "line1": "Hill 1",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
    "method": "standard",
}


def ready_to_pay(actor: Actor) -> checkout.Placing:
    """Walk an actor with a full cart through the steps up to the review and return what the button sends."""
    checkout.set_contact(actor, "ana@example.com")
    checkout.set_delivery(actor, ADDRESS, user_id=None)
    checkout.set_payment(actor, "test", get_providers())
    found, _changes = checkout.review(actor, currency="EUR", now=utc_now())
    return checkout.Placing(found.key, found.sums.total_cents)
