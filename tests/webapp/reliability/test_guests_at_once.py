"""A new visitor who does several things at the same moment is one guest: nothing that was answered with yes is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.factories import ShopClient, make_product
from webapp.services.people import accounts
from webapp.store.tx import unit_of_work

pytestmark = pytest.mark.both_databases


@pytest.fixture
def shelf(app: Flask) -> list[int]:
    with unit_of_work() as tx:
        return [make_product(tx), make_product(tx)]


def before_the_first(done: Callable[..., Any], other: Callable[[], object]) -> Callable[..., Any]:
    """Do ``done`` as before; the first time something else happens just before it."""
    left = [other]

    def both(*args: Any, **named: Any) -> Any:
        if left:
            left.pop()()
        return done(*args, **named)

    return both


def save(app: Flask, client: ShopClient, token: str, product_id: int) -> int:
    """Press a heart in another tab of the same browser; return how many things the answer says are saved."""
    tab = app.test_client()
    for cookie in client._cookies.values():
        tab.set_cookie(cookie.key, cookie.value)
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    return int(tab.post(f"/wishlist/{product_id}", data={"wished": "1"}, headers=headers).get_json()["n_wishlist"])


def saved(client: ShopClient, shelf: list[int]) -> list[int]:
    page = client.get("/wishlist").text
    return [product_id for product_id in shelf if f"/wishlist/{product_id}" in page]


def test_two_things_saved_at_once_are_both_saved(
    app: Flask, client: ShopClient, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = client.token()
    first = before_the_first(accounts.begin_guest, lambda: save(app, client, token, shelf[1]))
    monkeypatch.setattr(accounts, "begin_guest", first)
    assert save(app, client, token, shelf[0]) == 2
    assert saved(client, shelf) == shelf


def test_a_request_that_began_before_there_was_a_guest_does_not_end_it(
    app: Flask, client: ShopClient, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registering leaves the address in the session for the form that follows, so it is written at the end."""
    token = client.token()
    register = before_the_first(accounts.register, lambda: save(app, client, token, shelf[0]))
    monkeypatch.setattr(accounts, "register", register)
    client.send("/account/register", {"name": "Ana", "email": "ana@example.com", "password": "a rather good one"})
    assert saved(client, shelf) == shelf[:1]
    assert 'value="ana@example.com"' in client.get("/account/sign-in").text
