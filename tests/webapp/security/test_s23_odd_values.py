"""S23, S33: no address and no field can be given a value that makes the shop stumble."""

import re
from math import inf, nan

import numpy as np
import pytest
from flask import Flask
from werkzeug.routing import Rule

from recommender.data import validation
from tests.factories import ShopClient, make_product, make_user, put_in_cart
from webapp.actors import Actor
from webapp.numbers import MAX_ID, is_quantity, whole
from webapp.store.tx import unit_of_work

HUGE, TOO_LONG = "9" * 30, "9" * 5000
NAMES = """
name email password current_password new_password new_email line1 line2 postcode city country phone method note
title text rating quantity variant_id product_id address_id signal_id alert_id session_id status version state q
brand sort page price_from price_to category language theme next idempotency_key total_cents kind product wished
user_id k exclude strategy context space per_page run edit price stock description request_id
"""


def address(rule: Rule, odd: str) -> str:
    """Return an address of a rule with the odd value in every place that takes it."""
    return re.sub(r"<(int:)?[^<>]+>", lambda found: HUGE if found[1] else odd, rule.rule)


@pytest.mark.parametrize("odd", [HUGE, "%C2%B2"], ids=["huge", "superscript"])
def test_no_value_makes_the_shop_stumble(app: Flask, odd: str) -> None:
    with unit_of_work() as tx:
        owner = make_user(tx, "owner@example.com", role="owner")
        lamp = make_product(tx)
        put_in_cart(tx, Actor(user_id=owner), lamp)
    client: ShopClient = app.test_client()
    client.sign_in("owner@example.com")
    headers = {"X-CSRFToken": client.token()}
    query = "&".join(f"{name}={odd}" for name in NAMES.split())
    form = {"data": query, "content_type": "application/x-www-form-urlencoded", "headers": headers}
    stumbled = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in {"account.sign_out", "account.end_session"}:
            continue
        for path in {address(rule, odd), re.sub("<[^<>]+>", str(lamp), rule.rule)}:
            answers = [client.get(f"{path}?{query}")] if "GET" in (rule.methods or ()) else []
            answers += [client.post(path, **form)] if "POST" in (rule.methods or ()) else []
            stumbled += [(path[:60], answer.status_code) for answer in answers if answer.status_code >= 500]
            for answer in answers:
                answer.close()
    assert stumbled == []


@pytest.mark.parametrize("odd", ["\0", "\ud800", 10**30, -1, None, [], 1e308], ids=repr)
def test_no_json_makes_the_api_stumble(app: Flask, odd: object) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
    client: ShopClient = app.test_client()
    usual = {"product_id": lamp, "event": "click", "event_id": "e", "request_id": "r"}
    for name in (*usual, "user_id", "value", "at", "rating", "rail", "rank"):
        body = usual | {name: odd}
        assert client.send("/api/feedback", json=body).status_code < 500, name
        assert client.send("/api/events", json={"events": [body]}).status_code < 500, name
    assert client.send("/api/feedback", json=odd).status_code < 500
    assert client.send("/api/events", json={"events": odd}).status_code < 500


@pytest.mark.parametrize("raw", ["", " 1", "+1", "-1", "1.0", "1_0", "²", "１", str(MAX_ID + 1), HUGE, TOO_LONG])
def test_what_is_no_number_of_a_row(raw: str) -> None:
    assert whole(raw) is None
    assert (whole("0"), whole("007"), whole(str(MAX_ID))) == (0, 7, MAX_ID)
    assert (whole("7", 7), whole("8", 7)) == (7, None)


@pytest.mark.parametrize("number", [0.0, -0.0, -1.0, 1e-50, 1e-45, 1e-30, 0.5, 3.0, 3e38, 4e38, 1e308, inf, -inf, nan])
def test_the_shop_takes_the_quantities_that_the_recommender_takes(number: float) -> None:
    assert is_quantity(number) == bool(validation.is_quantity(np.array([number]))[0])


def test_what_no_database_can_store_is_refused_at_the_door(app: Flask, client: ShopClient) -> None:
    assert client.get("/search?q=a%00b").status_code == 400
    assert client.get("/search?a%00b=1").status_code == 400
    assert client.get("/c/a%00b").status_code == 400
    assert client.send("/account/register", {"name": "a\0b"}).status_code == 400
    assert client.send("/api/feedback", json={"product_id": 1, "event": "click", "event_id": "\0"}).status_code == 422
    assert client.get(f"/p/{MAX_ID + 1}").status_code == 404
    assert client.get(f"/p/{TOO_LONG}").status_code == 404
    assert client.get(f"/search?q=a&page={TOO_LONG}").status_code == 200


def test_a_products_old_address_leads_to_its_own_page_whatever_is_asked(app: Flask, client: ShopClient) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, slug="oslo")
    for query in ("product_id=2&slug=x", "_external=1&_scheme=javascript", "_anchor=x", "_method=POST", "a=1&a=2"):
        answer = client.get(f"/p/{lamp}-old?{query}")
        assert (answer.status_code, answer.headers["Location"]) == (301, f"/p/{lamp}-oslo?{query}")


def test_digits_of_other_scripts_are_no_number_in_an_address(app: Flask) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
    client: ShopClient = app.test_client()
    arabic = "".join(chr(0x660 + int(digit)) for digit in str(lamp))
    assert client.get(f"/p/{lamp}").status_code == 301, "to the address with its name"
    assert client.get(f"/p/{arabic}").status_code == 404
