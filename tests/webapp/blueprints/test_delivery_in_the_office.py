"""Ways of delivery and tax, as the owner sets them."""

import pytest

from tests.factories import ADDRESS, ShopClient
from tests.webapp.blueprints.test_office import form_of
from tests.webapp.blueprints.test_shopping import buy
from tests.webapp.blueprints.test_vouchers_and_delivery import sums_on, words
from webapp.store import delivery, orders
from webapp.store.models import AuditEntry
from webapp.store.tx import read_unit


def test_delivery_and_tax_are_changed_and_count_at_once(office: ShopClient, full: ShopClient) -> None:
    fields = form_of(office, "/admin/delivery") | {"price-standard": "6,50", "tax-DE": "7", "name-standard": "By bike"}
    assert office.send("/admin/delivery", fields).headers["Location"] == "/admin/delivery"
    full.send("/checkout/contact", {"email": "ana@example.com"})
    assert "By bike €6.50" in words(full.get("/checkout/delivery"))
    full.send("/checkout/delivery", ADDRESS)
    assert sums_on(full.get("/checkout/payment")) == {
        "Goods": "€19.99",
        "Delivery": "€6.50",
        "Total": "€26.49",
        "of which tax": "€1.73",
    }


def test_a_placed_order_keeps_its_sums_when_the_tax_changes(office: ShopClient, full: ShopClient) -> None:
    buy(full, "decline")
    office.send("/admin/delivery", form_of(office, "/admin/delivery") | {"tax-DE": "7", "price-standard": "9"})
    with read_unit() as tx:
        order = orders.by_id(tx, 1)
    assert order is not None
    assert (order.total_cents, order.tax_cents) == (2489, 397)


def test_a_country_that_is_new_gets_a_tax(office: ShopClient) -> None:
    fields = form_of(office, "/admin/delivery")
    office.send("/admin/delivery", fields | {"countries-standard": "DE, ch"})
    assert "Switzerland" in words(office.get("/admin/delivery"))
    office.send("/admin/delivery", form_of(office, "/admin/delivery") | {"tax-CH": "8.1"})
    with read_unit() as tx:
        assert delivery.tax_permille(tx, "CH") == 81


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name-standard", ""),
        ("price-standard", "much"),
        ("price-standard", "-1"),
        ("price-standard", "1e999999"),
        ("free-standard", "x"),
        ("min-standard", "x"),
        ("max-standard", "91"),
        ("max-standard", "0"),
        ("countries-standard", "Germany"),
        ("countries-standard", "XX"),
        ("countries-standard", ""),
        ("tax-DE", "51"),
        ("tax-DE", "19.55"),
        ("tax-DE", "NaN"),
        ("tax-DE", "1e999999"),
        ("tax-DE", ""),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_changed(office: ShopClient, name: str, value: str) -> None:
    fields = form_of(office, "/admin/delivery")
    refused = office.send("/admin/delivery", fields | {"price-express": "1.00", name: value})
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    assert f'href="#f-{name}"' in page
    assert f'id="f-{name}-error"' in page
    assert form_of(office, "/admin/delivery") == fields


def test_the_days_on_the_pages_are_those_the_owner_wrote(office: ShopClient, full: ShopClient) -> None:
    assert "at your door in 2 to 4 days" in words(full.get("/p/1", follow_redirects=True))
    days = {"min-standard": "1", "max-standard": "1", "min-express": "3", "max-express": "3"}
    office.send("/admin/delivery", form_of(office, "/admin/delivery") | days)
    assert "at your door in one day" in words(full.get("/p/1", follow_redirects=True))
    full.send("/checkout/contact", {"email": "ana@example.com"})
    chosen = words(full.get("/checkout/delivery"))
    assert "in one working day" in chosen
    assert "in 3 working days" in chosen


NEW = {
    "name-new": "Bicycle courier",
    "countries-new": "de, ch",
    "price-new": "3,50",
    "free-new": "30",
    "min-new": "1",
    "max-new": "1",
}


def methods() -> dict[str, bool]:
    with read_unit() as tx:
        return {row.code: is_active for row, is_active in delivery.every_method(tx)}


def test_the_owner_adds_a_way_of_delivery_that_can_be_chosen_at_once(office: ShopClient, full: ShopClient) -> None:
    assert office.send("/admin/delivery/add", NEW).headers["Location"] == "/admin/delivery"
    assert methods() == {"standard": True, "express": True, "bicycle-courier": True}
    page = office.get("/admin/delivery")
    assert form_of(office, "/admin/delivery")["price-bicycle-courier"] == "3.50"
    assert "Switzerland" in words(page)
    full.send("/checkout/contact", {"email": "ana@example.com"})
    assert "Bicycle courier €3.50" in words(full.get("/checkout/delivery"))
    full.send("/checkout/delivery", ADDRESS | {"method": "bicycle-courier"})
    assert sums_on(full.get("/checkout/payment"))["Delivery"] == "€3.50"
    with read_unit() as tx:
        assert list(tx.scalars(AuditEntry.__table__.select().with_only_columns(AuditEntry.action))) == ["delivery.add"]


def test_two_ways_of_one_name_are_two_ways(office: ShopClient) -> None:
    for name in ("Bicycle courier", "Bicycle courier", "New", "\u795e", "x" * 200):
        office.send("/admin/delivery/add", NEW | {"name-new": name})
    added = [code for code in methods() if code not in ("standard", "express")]
    assert added == ["bicycle-courier", "bicycle-courier-2", "new-2", "x", "x" * 36]
    assert all(len(code) <= 40 for code in added)


@pytest.mark.parametrize(
    ("name", "value"),
    [("name", ""), ("countries", "XX"), ("price", "much"), ("free", "x"), ("min", "x"), ("max", "0")],
)
def test_a_way_of_delivery_that_cannot_be_is_named_and_kept_as_typed(office: ShopClient, name: str, value: str) -> None:
    refused = office.send("/admin/delivery/add", NEW | {f"{name}-new": value})
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    assert f'href="#f-{name}-new"' in page
    assert f'id="f-{name}-new-error"' in page
    assert 'value="Bicycle courier"' in page or name == "name"
    assert list(methods()) == ["standard", "express"]


def test_a_retired_way_of_delivery_can_no_longer_be_chosen_and_orders_keep_it(
    office: ShopClient, full: ShopClient
) -> None:
    buy(full, "success")
    assert office.send("/admin/delivery/standard/switch", {"on": ""}).headers["Location"] == "/admin/delivery"
    assert methods() == {"standard": False, "express": True}
    assert "name-standard" not in form_of(office, "/admin/delivery")
    assert "Standard delivery" in words(office.get("/admin/delivery")).partition("No longer offered")[2]
    full.send("/cart/add", {"product_id": "1"})
    full.send("/checkout/contact", {"email": "ana@example.com"})
    assert "Standard delivery" not in words(full.get("/checkout/delivery"))
    assert full.send("/checkout/delivery", ADDRESS | {"method": "standard"}).status_code == 422
    with read_unit() as tx:
        order = orders.by_id(tx, 1)
    assert order is not None
    assert order.delivery_label == "Standard delivery"
    office.send("/admin/delivery/standard/switch", {"on": "1"})
    assert methods()["standard"]
    with read_unit() as tx:
        done = list(tx.scalars(AuditEntry.__table__.select().with_only_columns(AuditEntry.action)))
    assert done == ["delivery.switch", "delivery.switch"]


def test_whoever_chose_what_is_retired_meanwhile_chooses_again(office: ShopClient, full: ShopClient) -> None:
    full.send("/checkout/contact", {"email": "ana@example.com"})
    full.send("/checkout/delivery", ADDRESS)
    full.send("/checkout/payment", {"method": "test"})
    office.send("/admin/delivery/standard/switch", {"on": ""})
    assert full.get("/checkout/review").headers["Location"] == "/checkout/delivery"


def test_one_way_of_delivery_stays(office: ShopClient) -> None:
    office.send("/admin/delivery/express/switch", {"on": ""})
    refused = office.send("/admin/delivery/standard/switch", {"on": ""})
    assert refused.headers["Location"] == "/admin/delivery"
    assert "One way of delivery at least has to be offered." in words(office.get("/admin/delivery"))
    assert methods() == {"standard": True, "express": False}
    assert office.send("/admin/delivery/pigeon/switch", {"on": ""}).status_code == 404
