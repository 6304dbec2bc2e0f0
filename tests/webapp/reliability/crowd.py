"""Many shoppers at once: each with a browser session, a full cart and a finished review, in front of the real shop."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import Client, TestResponse

from tests.factories import ADDRESS
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.sessions import hash_id
from webapp.store import catalogue, products
from webapp.store.models import Cart, CartLine, Guest, WebSession
from webapp.store.tx import Tx, read_unit

DELIVERY_CENTS = 490
FREE_FROM_CENTS = 5000
CSRF = "a token that every browser of the crowd has"
BAR = "/checkout/review"


@dataclass(frozen=True)
class Buyer:
    """A guest who looks at the review page and can press the button."""

    actor: Actor
    session_id: str
    key: str
    total_cents: int
    number: int

    def press(self, app: Flask, **changed: str) -> TestResponse:
        """Press "pay": the request a browser sends, through the whole application."""
        form = {"idempotency_key": self.key, "total_cents": str(self.total_cents)} | changed
        return self.post(app, "/checkout/place", form)

    def post(self, app: Flask, path: str, form: Mapping[str, str]) -> TestResponse:
        """Send a form as this buyer's browser."""
        return self._client(app).post(path, data=dict(form), headers=self._headers(app), environ_base=self._address())

    def get(self, app: Flask, path: str) -> TestResponse:
        """Look at a page as this buyer's browser."""
        return self._client(app).get(path, headers=self._headers(app), environ_base=self._address())

    def _client(self, app: Flask) -> Client:
        return Client(app, use_cookies=False)

    def _headers(self, app: Flask) -> dict[str, str]:
        signer = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token")
        return {
            "Cookie": f"{app.config['SESSION_COOKIE_NAME']}={self.session_id}",
            "X-CSRFToken": str(signer.dumps(CSRF)),
            "Referer": f"http://localhost{BAR}",
        }

    def _address(self) -> dict[str, str]:
        return {"REMOTE_ADDR": f"10.{self.number // 65536}.{self.number // 256 % 256}.{self.number % 256}"}


def gather(tx: Tx, carts: Sequence[Sequence[tuple[int, int]]]) -> list[Buyer]:
    """Make a buyer for each cart; a cart is a list of (variant, quantity), in this order."""
    now = utc_now()
    guests = catalogue.add_rows(tx, Guest, [{"created_at": now} for _cart in carts])
    prices = _prices(tx, {variant for cart in carts for variant, _quantity in cart})
    buyers = [
        Buyer(Actor(guest_id=guest), secrets.token_hex(16), secrets.token_hex(16), _total(cart, prices), guest)
        for guest, cart in zip(guests, carts, strict=True)
    ]
    tx.execute(WebSession.__table__.insert(), [_session_row(buyer) for buyer in buyers])
    cart_ids = catalogue.add_rows(tx, Cart, [_cart_row(buyer) for buyer in buyers])
    lines = [
        {
            "cart_id": cart_id,
            "variant_id": v,
            "quantity": n,
            "price_seen_cents": prices[v],
            "is_saved": False,
            "at": now,
        }
        for cart_id, cart in zip(cart_ids, carts, strict=True)
        for v, n in cart
    ]
    tx.execute(CartLine.__table__.insert(), [line | {"is_saved": False, "at": now} for line in lines])
    return buyers


def _prices(tx: Tx, variants: set[int]) -> dict[int, int]:
    product_ids = {products.product_of_variant(tx, variant) or 0 for variant in variants}
    return {row.variant_id: row.price_cents for row in products.variants_of(tx, sorted(product_ids))}


def _total(cart: Sequence[tuple[int, int]], prices: Mapping[int, int]) -> int:
    goods = sum(prices[variant] * quantity for variant, quantity in cart)
    return goods + (0 if goods >= FREE_FROM_CENTS else DELIVERY_CENTS)


def _session_row(buyer: Buyer) -> dict[str, Any]:
    now, guest = utc_now(), buyer.actor.guest_id
    return {
        "id_hash": hash_id(buyer.session_id),
        "public_id": secrets.token_hex(12),
        "user_id": None,
        "guest_id": guest,
        "data": {"guest_id": guest, "csrf_token": CSRF},
        "device": "",
        "is_permanent": False,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + timedelta(days=1),
    }


def _cart_row(buyer: Buyer) -> dict[str, Any]:
    now = utc_now()
    address = {name: value for name, value in ADDRESS.items() if name != "method"}
    chosen = {"email": f"guest{buyer.number}@example.com", "address": address, "method": "standard", "payment": "test"}
    seen = {"version": 1, "total": buyer.total_cents}
    return {
        "guest_id": buyer.actor.guest_id,
        "version": 1,
        "checkout": chosen | {"key": buyer.key, "seen": seen},
        "created_at": now,
        "updated_at": now,
    }


def together(jobs: Sequence[Callable[[], str]]) -> Counter[str]:
    """Run every job in a thread of its own, all let go at the same moment, and count how they end."""
    gate = threading.Barrier(len(jobs))

    def one(job: Callable[[], str]) -> str:
        gate.wait(60)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return Counter(pool.map(one, jobs))


def ending(app: Flask, answer: TestResponse) -> str:
    """Say in a word how pressing the button ended: an order, a polite refusal, or a status."""
    if answer.status_code != 303:
        return str(answer.status_code)
    return "order" if "/checkout/test-payment/" in answer.headers["Location"] else "refused"


def shelf(product_id: int) -> tuple[int, int]:
    """Return pieces on the shelf and pieces held for orders."""
    with read_unit() as tx:
        row = products.variants_of(tx, [product_id])[0]
    return row.stock, row.reserved
