"""What other small shops got wrong, each line a test. Those about redirects, quantities, stock and strangers' things
stand with their rules: S8, S14, S11 and the reliability tests.
"""

from datetime import date, datetime

import pytest
from flask import Flask

from tests.factories import PASSWORD, ShopClient, make_product, make_user
from webapp.services.people import accounts
from webapp.store import orders
from webapp.store.models import Model
from webapp.store.orders import OrderRow
from webapp.store.tx import read_unit, unit_of_work
from webapp.viewbuilders.links import order_token


def state_of(order: OrderRow) -> str:
    with read_unit() as tx:
        found = orders.by_id(tx, order.order_id)
    assert found is not None
    return found.state


def test_asking_for_a_new_password_for_somebody_changes_nothing(app: Flask, client: ShopClient) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    here: ShopClient = app.test_client()
    here.sign_in("ana@example.com")
    assert client.send("/account/forgot", {"email": "ana@example.com"}).status_code == 200
    assert here.get("/account").status_code == 200
    app.test_client().sign_in("ana@example.com", PASSWORD)


def test_no_state_changes_by_following_a_link(app: Flask, order: OrderRow) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    for path in (
        f"/account/orders/{order.number}/cancel",
        f"/account/orders/{order.number}/reorder",
        "/account/sign-out",
        "/account/delete",
        "/checkout/place",
        "/your-recommendations/forget",
        "/your-recommendations/tune",
        "/your-recommendations/use",
        "/your-recommendations/pause",
        "/your-recommendations/feedback",
    ):
        assert client.get(path).status_code == 405, path
    assert state_of(order) == "placed"


def test_looking_at_the_test_payment_pays_nothing(app: Flask, client: ShopClient, order: OrderRow) -> None:
    with app.app_context():
        token = order_token(order.order_id)
    for page in ("test-payment", "pay", "done"):
        client.get(f"/checkout/{page}/{token}")
        client.get(f"/checkout/{page}/{token}?outcome=success")
    assert state_of(order) == "placed"


@pytest.mark.parametrize("token", ["1", "MQ", "MQ.made-up", "../1"])
def test_nobody_pays_for_an_order_by_guessing_its_number(client: ShopClient, order: OrderRow, token: str) -> None:
    for page in ("test-payment", "pay", "done"):
        answer = client.send(f"/checkout/{page}/{token}", {"outcome": "success"})
        assert answer.status_code in {404, 405}
    assert state_of(order) == "placed"


def test_no_default_is_a_moment_of_the_start(app: Flask) -> None:
    fixed = [
        f"{table.name}.{column.name}"
        for table in Model.metadata.sorted_tables
        for column in table.columns
        if column.default is not None and isinstance(getattr(column.default, "arg", None), (date, datetime))
    ]
    assert fixed == []


def test_a_made_up_network_address_opens_no_new_tries(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "ADDRESS_FAILURES", 8)  # fewer than in a shop: each try costs a hash
    with unit_of_work() as tx:
        for number in range(8):
            make_user(tx, f"person{number}@shop.example")
    client: ShopClient = app.test_client()
    codes = []
    for number in range(accounts.ADDRESS_FAILURES + 1):
        data = {"email": f"person{number % 8}@shop.example", "password": "wrong one here"}
        headers = {
            "X-CSRFToken": client.token(),
            "X-Forwarded-For": f"10.0.0.{number}",
            "X-Real-IP": f"10.0.1.{number}",
        }
        codes.append(client.post("/account/sign-in", data=data, headers=headers).status_code)
    assert codes == [422] * 8 + [429]


def test_search_works_with_nothing_installed_beside_the_shop(client: ShopClient) -> None:
    with unit_of_work() as tx:
        make_product(tx, name="Oslo reading lamp")
    for query in ("oslo", "read", "olso", "reading lamp"):
        assert "Oslo reading lamp" in client.get("/search", query_string={"q": query}).get_data(as_text=True), query
