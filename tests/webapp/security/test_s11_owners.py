"""S11: what belongs to somebody exists for nobody else; the answer is that of nothing, for every kind of stranger."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask

from tests.factories import (
    ShopClient,
    make_event,
    make_product,
    make_user,
    put_in_cart,
    ready_to_pay,
    variant_of,
)
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.services.buying import checkout
from webapp.services.people import accounts
from webapp.store import alerts, carts, orders, searches, sessions, users
from webapp.store.tx import read_unit, unit_of_work

FIELDS = {"name": "Ana", "line1": "Hill 1", "postcode": "1", "city": "Berlin", "country": "DE"}
NOTHING = "999999"


@dataclass(frozen=True)
class Object:
    """An address of something of Ana's: how it is asked for, and the same with a name that nothing has."""

    method: str
    path: str
    of_nothing: str
    data: dict[str, str]
    data_of_nothing: dict[str, str]


@pytest.fixture
def objects(app: Flask) -> list[Object]:
    with unit_of_work() as tx:
        ana = Actor(user_id=make_user(tx, "ana@example.com"))
        for name, role in (("ben", "shopper"), ("staff", "staff"), ("owner", "owner")):
            make_user(tx, f"{name}@example.com", role=role)
        lamp, vase = make_product(tx), make_product(tx, stock=0)
        put_in_cart(tx, ana, lamp)
    with app.test_request_context():
        order = checkout.place(ana, ready_to_pay(ana), currency="EUR", hold_for=timedelta(minutes=5), now=utc_now())
        accounts.save_address(ana.user_id or 0, FIELDS, address_id=None, countries={"DE"}, now=utc_now())
    with unit_of_work() as tx:
        orders.move(tx, order.order_id, from_states=("placed",), to_state="paid", paid_at=utc_now())
        put_in_cart(tx, ana, lamp)
        line = str(carts.load(tx, ana).lines[0].line_id)
        address = str(users.addresses(tx, ana.user_id or 0)[0].address_id)
        signal = str(make_event(tx, ana, lamp, "click"))
        searches.add(tx, ana, "a lamp", [lamp], now=utc_now())
        search = str(searches.recent(tx, ana, limit=1)[0].search_id)
        alerts.put(tx, variant_of(tx, vase), "ana@example.com", user_id=ana.user_id, language="en", now=utc_now())
        alert = str(alerts.of_user(tx, ana.user_id or 0)[0].alert_id)

    def named(method: str, path: str, name: str, data: dict[str, str] | None = None) -> Object:
        given = data or {}
        swapped = {key: NOTHING if value == name else value for key, value in given.items()}
        return Object(method, path.format(name), path.format(NOTHING), given, swapped)

    return [
        named("GET", "/account/orders/{}", order.number),
        named("GET", "/account/orders/{}/invoice", order.number),
        named("POST", "/account/orders/{}/cancel", order.number),
        named("POST", "/account/orders/{}/reorder", order.number),
        named("POST", "/cart/line/{}", line, {"quantity": "5"}),
        named("POST", "/cart/line/{}/remove", line),
        named("POST", "/account/alerts/{}/remove", alert),
        named("POST", "/account/addresses", address, FIELDS | {"address_id": address, "is_default": "1"}),
        named("POST", "/account/addresses", address, {"action": "delete", "address_id": address}),
        named("POST", "/your-recommendations/forget", signal, {"signal_id": signal}),
        named("POST", "/your-recommendations/forget", search, {"search_id": search}),
    ]


def answers(client: ShopClient, method: str, path: str, data: dict[str, str]) -> tuple[int, str]:
    sent = {"Accept": "application/json"}
    found = client.get(path, headers=sent) if method == "GET" else client.send(path, data, headers=sent)
    body = re.sub(r'"request_id":\s*"\w*"', "", found.get_data(as_text=True))
    return found.status_code, body


@pytest.mark.parametrize("who", ["", "ben", "staff", "owner"])
def test_a_stranger_is_told_the_same_as_about_nothing(app: Flask, objects: list[Object], who: str) -> None:
    client: ShopClient = app.test_client()
    if who:
        client.sign_in(f"{who}@example.com")
    for thing in objects:
        found = answers(client, thing.method, thing.path, thing.data)
        assert found[0] in ({404} if who else {401, 404}), thing
        assert found == answers(client, thing.method, thing.of_nothing, thing.data_of_nothing), thing


def test_its_owner_finds_every_one_of_them(app: Flask, objects: list[Object]) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    for thing in objects:
        if "/cancel" not in thing.path:  # a paid order is not cancelled here, which is another matter
            assert answers(client, thing.method, thing.path, thing.data)[0] in {200, 303}, thing


def test_nobody_ends_the_sessions_of_others(app: Flask, objects: list[Object]) -> None:
    ana, ben = app.test_client(), app.test_client()
    ana.sign_in("ana@example.com")
    ben.sign_in("ben@example.com")
    with read_unit() as tx:
        user = users.by_email(tx, "ana@example.com")
        assert user is not None
        public = sessions.of_user(tx, user.user_id, now=utc_now())[0].public_id
    ben.send("/account/sessions/end", {"session_id": public})
    ben.send("/account/sessions/end", {"session_id": "all"})
    assert ana.get("/account").status_code == 200


def test_an_address_of_somebody_else_is_not_taken_at_the_checkout(app: Flask, objects: list[Object]) -> None:
    address = next(thing.data["address_id"] for thing in objects if "address_id" in thing.data)
    ben: ShopClient = app.test_client()
    ben.sign_in("ben@example.com")
    with unit_of_work() as tx:
        user = users.by_email(tx, "ben@example.com")
        assert user is not None
        put_in_cart(tx, Actor(user_id=user.user_id), make_product(tx))
    ben.send("/checkout/contact", {"email": "ben@example.com"})
    answer = ben.send("/checkout/delivery", {"address_id": address, "method": "standard"})
    assert answer.status_code == 422
    assert "Hill 1" not in answer.get_data(as_text=True)


PAGES = ["/account", "/account/orders", "/account/reviews", "/account/addresses", "/account/security"]
PAGES += ["/account/alerts", "/your-recommendations", "/admin/"]


@pytest.mark.parametrize("path", PAGES)
def test_no_browser_keeps_what_belongs_to_somebody(client: ShopClient, app: Flask, path: str) -> None:
    """Who presses Back after somebody signed out on a shared computer would see it; "no-cache" is not enough."""
    with unit_of_work() as tx:
        make_user(tx, "owner@example.com", role="owner")
    client.sign_in("owner@example.com")
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")


def test_no_browser_keeps_the_addresses_of_a_checkout(client: ShopClient, app: Flask) -> None:
    """The steps show the addresses of the member, the pages behind them where the order goes."""
    with unit_of_work() as tx:
        user_id = make_user(tx, "ana@example.com")
        put_in_cart(tx, Actor(user_id=user_id), make_product(tx))
    client.sign_in("ana@example.com")
    with app.test_request_context():
        ready_to_pay(Actor(user_id=user_id))
    pages = [f"/checkout/{step}" for step in ("contact", "delivery", "payment", "review")]
    assert {client.get(page).headers["Cache-Control"] for page in pages} == {"private, no-store"}
    review = client.get("/checkout/review").text
    form = {name: re.search(f'name="{name}" value="([^"]+)"', review) for name in ("idempotency_key", "total_cents")}
    bank = client.send("/checkout/place", {name: found[1] for name, found in form.items() if found}).headers["Location"]
    token = bank.rpartition("/")[2]
    pages = [bank, f"/checkout/pay/{token}"]
    assert {client.get(page).headers["Cache-Control"] for page in pages} == {"private, no-store"}
    client.send(bank, {"outcome": "success"})
    answer = client.get(f"/checkout/done/{token}")
    assert "Hill 1" in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_browser_may_go_back_to_a_page_of_the_shop(client: ShopClient, app: Flask) -> None:
    assert client.get("/").headers["Cache-Control"] == "private, no-cache"
