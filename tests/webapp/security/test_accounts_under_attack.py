"""S5, S6, S7, S19 from the outside: passwords, tries, who has an account, and roles that open nothing."""

import re
from typing import Literal

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.factories import PASSWORD, ShopClient, make_product, make_user, put_in_cart
from webapp import passwords
from webapp.actors import Actor
from webapp.store.tx import unit_of_work


@pytest.mark.parametrize(("length", "status"), [(7, 422), (8, 303), (128, 303), (129, 422)])
def test_s5_passwords_have_eight_to_128_characters(client: ShopClient, length: int, status: int) -> None:
    password = ("horse battery " * 10)[:length]
    form = {"name": "Ana", "email": "new@example.com", "password": password}
    assert client.send("/account/register", form).status_code == status


@pytest.mark.parametrize(
    ("path", "form", "limit"),
    [
        ("/account/register", {"name": "", "email": "", "password": ""}, 20),
        ("/account/email", {"new_email": "", "password": ""}, 20),
        ("/checkout/place", {}, 60),
    ],
)
def test_s6_forms_that_cost_something_are_limited(app: Flask, path: str, form: dict[str, str], limit: int) -> None:
    with unit_of_work() as tx:
        ana = make_user(tx, "ana@example.com")
        put_in_cart(tx, Actor(user_id=ana), make_product(tx))
    client: ShopClient = app.test_client()
    if path != "/account/register":
        client.sign_in("ana@example.com")
    token = {"X-CSRFToken": client.token()}
    codes = [client.post(path, data=form, headers=token).status_code for _try in range(limit + 1)]
    assert 429 not in codes[:-1]
    assert codes[-1] == 429
    assert int(client.post(path, data=form, headers=token).headers["Retry-After"]) > 0


def test_s6_searches_are_limited(client: ShopClient) -> None:
    with unit_of_work() as tx:
        make_product(tx, variants=[{"sku": "OSLO-1"}])
    codes = [client.get("/search?q=OSLO-1").status_code for _try in range(121)]  # found at once
    assert (codes[119], codes[120]) == (302, 429)


def plain(page: str) -> str:
    return re.sub(r'(?:nonce|content|value|csrf_token)="[^"]*"|[\w-]+@example\.com', "", page)


def test_s7_a_wrong_password_and_an_unknown_address_look_alike(app: Flask) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
        make_user(tx, "gone@example.com", is_active=False)
    seen = []
    for email in ("ana@example.com", "nobody@example.com", "gone@example.com"):
        answer = app.test_client().send("/account/sign-in", {"email": email, "password": "wrong one here"})
        seen.append((answer.status_code, plain(answer.get_data(as_text=True))))
    assert seen[0] == seen[1] == seen[2]
    right = app.test_client().send("/account/sign-in", {"email": "gone@example.com", "password": PASSWORD})
    assert (right.status_code, plain(right.get_data(as_text=True))) == seen[0]


def test_s7_the_guest_checkout_does_not_ask_whether_an_address_has_an_account(app: Flask) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
        make_user(tx, "ana@example.com")
    seen = []
    for email in ("ana@example.com", "nobody@example.com"):
        client: ShopClient = app.test_client()
        client.send("/cart/add", {"product_id": str(lamp)})
        answer = client.send("/checkout/contact", {"email": email}, follow_redirects=True)
        seen.append((answer.status_code, plain(answer.get_data(as_text=True))))
    assert seen[0][0] == 200
    assert seen[0] == seen[1]


class Counting(PasswordHasher):
    """The shop's hasher, counting how often it compares."""

    n = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        type(self).n += 1
        return super().verify(hash, password)


def test_s7_an_unknown_address_costs_the_same_work(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
        make_user(tx, "imported@example.com", password_hash=None)
    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=2, memory_cost=19 * 1024, parallelism=1))
    for number, email in enumerate(("ana@example.com", "nobody@example.com", "imported@example.com"), 1):
        client.send("/account/sign-in", {"email": email, "password": "wrong one here"})
        assert Counting.n == number


@pytest.mark.parametrize("role", ["shopper", "support", "analyst"])
def test_s19_other_roles_open_nothing_of_the_office(app: Flask, role: str) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com", role=role)
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    paths = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin") and "<" not in rule.rule}
    assert len(paths) > 3
    for path in sorted(paths):
        assert {client.get(path).status_code, client.send(path).status_code} <= {404, 405}, path
