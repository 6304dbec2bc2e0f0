"""S6, S19: who may do what in the office, and what nobody does from a browser that was left open."""

import pytest
from flask import Flask

from tests.factories import PASSWORD, ShopClient, make_user
from webapp.services.people import accounts
from webapp.store import orders
from webapp.store.orders import OrderRow
from webapp.store.tx import read_unit, unit_of_work

# Every address of the office and who may use it; a new one has to be written down here.
OFFICE = {
    "admin.home": {"owner", "staff"},
    "admin.products": {"owner", "staff"},
    "admin.product": {"owner", "staff"},
    "admin.product_quick": {"owner", "staff"},
    "admin.orders": {"owner", "staff"},
    "admin.order": {"owner", "staff"},
    "admin.vouchers": {"owner", "staff"},
    "admin.voucher_switch": {"owner", "staff"},
    "admin.rules": {"owner", "staff"},
    "admin.rule": {"owner", "staff"},
    "admin.rule_expire": {"owner", "staff"},
    "admin.rule_delete": {"owner", "staff"},
    "admin.delivery": {"owner", "staff"},
    "admin.delivery_add": {"owner", "staff"},
    "admin.delivery_switch": {"owner", "staff"},
    "admin.models": {"owner", "staff"},
    "admin.model_card": {"owner", "staff"},
    "admin.retrain": {"owner"},
    "admin.rollback": {"owner"},
}


def test_s19_the_table_of_roles(app: Flask) -> None:
    found = {
        rule.endpoint: set(getattr(app.view_functions[rule.endpoint], "allowed_roles", ()))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/admin") or rule.endpoint.startswith("admin.")
    }
    assert found == OFFICE


@pytest.fixture
def staff(app: Flask) -> ShopClient:
    with unit_of_work() as tx:
        make_user(tx, "staff@example.com", role="staff")
    client: ShopClient = app.test_client()
    client.sign_in("staff@example.com")
    return client


@pytest.mark.parametrize(("role", "is_offered"), [("owner", True), ("staff", False)])
def test_s19_a_page_offers_nothing_that_its_reader_may_not_do(app: Flask, role: str, is_offered: bool) -> None:
    """Staff pressed Retrain now and were told that there is no such page."""
    with unit_of_work() as tx:
        make_user(tx, "reader@example.com", role=role)
    client: ShopClient = app.test_client()
    client.sign_in("reader@example.com")
    page = client.get("/admin/models").get_data(as_text=True)
    assert ("Retrain now" in page, 'action="/admin/models/retrain"' in page) == (is_offered, is_offered)


def state_of(order: OrderRow) -> str:
    with read_unit() as tx:
        found = orders.by_id(tx, order.order_id)
    assert found is not None
    return found.state


@pytest.mark.parametrize("password", ["", "wrong one here"])
def test_s19_money_goes_back_only_with_the_password(staff: ShopClient, paid: OrderRow, password: str) -> None:
    path, form = f"/admin/orders/{paid.number}", {"status": "refunded", "version": str(paid.version)}
    assert 'type="password"' in staff.get(path).get_data(as_text=True)
    staff.send(path, form | {"password": password})
    assert state_of(paid) == "paid"
    staff.send(path, form | {"password": PASSWORD})
    assert state_of(paid) == "refunded"


def test_s6_a_session_is_no_place_to_guess_the_password(
    staff: ShopClient, paid: OrderRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "ACCOUNT_FAILURES", 4)  # fewer than in a shop: each try costs a hash
    wrong = "wrong one here"
    refund = {"status": "refunded", "version": str(paid.version)}
    for path, form in (
        ("/account/security", {"current_password": wrong, "new_password": "another good one"}),
        ("/account/email", {"new_email": "new@example.com", "password": wrong}),
        ("/account/export", {"export_password": wrong}),
        ("/account/delete", {"password": wrong}),
    ):
        assert staff.send(path, form).status_code == 422, path
    for path, form in (
        ("/account/security", {"current_password": PASSWORD, "new_password": "another good one"}),
        ("/account/email", {"new_email": "new@example.com", "password": PASSWORD}),
        ("/account/export", {"export_password": PASSWORD}),
        ("/account/delete", {"password": PASSWORD}),
        (f"/admin/orders/{paid.number}", refund | {"password": PASSWORD}),
    ):
        late = staff.send(path, form)
        assert late.status_code == 429, path
        assert int(late.headers["Retry-After"]) > 0
    assert state_of(paid) == "paid"
