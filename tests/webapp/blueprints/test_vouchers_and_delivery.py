"""Vouchers and delivery through the pages: the same sums wherever they are shown, and the owner who sets them."""

import json
import re
from html import unescape

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import NOW
from tests.factories import ADDRESS, PASSWORD, ShopClient, make_product, make_user, make_voucher
from tests.webapp.blueprints.test_shopping import buy, hidden
from webapp.clock import utc_now
from webapp.services.upkeep import outbox
from webapp.store import catalogue, orders, vouchers
from webapp.store.models import AuditEntry
from webapp.store.tx import read_unit, unit_of_work


def make(code: str = "SPRING", **over: object) -> None:
    with unit_of_work() as tx:
        make_voucher(tx, code, **over)


def words(answer: TestResponse) -> str:
    """Return what a page says, without its tags."""
    page = re.sub(r"<(script|style|template)\b.*?</\1>", " ", answer.get_data(as_text=True), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def sums_on(answer: TestResponse) -> dict[str, str]:
    """Return the lines of the first list of sums on a page."""
    found = re.search(r'<dl class="sums">(.*?)</dl>', answer.get_data(as_text=True), re.DOTALL)
    assert found
    rows = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", found[1], re.DOTALL)
    return {re.sub(r"<[^>]+>", "", name).strip(): re.sub(r"<[^>]+>", "", value).strip() for name, value in rows}


# The shopper


def test_a_voucher_is_entered_and_removed_with_forms(full: ShopClient) -> None:
    make()
    entered = full.send("/cart/voucher", {"code": "spring"})
    assert entered.headers["Location"] == "/cart"
    cart = full.get("/cart")
    assert "The voucher SPRING is in your cart." in words(cart)
    assert sums_on(cart)["Discount (SPRING)"] == "−€2.00"
    assert full.send("/cart/voucher/remove").headers["Location"] == "/cart"
    assert "Discount" not in words(full.get("/cart"))


def test_a_voucher_is_entered_and_removed_by_programs(full: ShopClient) -> None:
    make()
    assert full.send_js("/cart/voucher", {"code": "SPRING"}).get_json()["message"]
    assert "Discount" in words(full.get("/cart"))
    assert full.send_js("/cart/voucher/remove").get_json()["message"]
    refused = full.send_js("/cart/voucher", {"code": "SUMMER"})
    assert refused.status_code == 422
    assert "code" in refused.get_json()["errors"]


def test_a_refused_code_stays_in_the_field_with_the_reason_beside_it(full: ShopClient) -> None:
    refused = full.send("/cart/voucher", {"code": "<b>SUMMER"})
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    assert 'value="&lt;b&gt;SUMMER"' in page
    assert 'aria-describedby="f-code-error"' in page
    assert "We do not know this code." in page
    assert re.search(r"<details[^>]* open", page)


def test_an_empty_cart_says_so(client: ShopClient) -> None:
    make()
    assert client.send("/cart/voucher", {"code": "SPRING"}).headers["Location"] == "/cart"
    assert client.send_js("/cart/voucher", {"code": "SPRING"}).status_code == 409
    assert client.send("/cart/voucher/remove").status_code == 303


def test_a_voucher_that_counts_no_more_is_shown_with_the_reason(full: ShopClient) -> None:
    make(min_cents=1999)
    full.send("/cart/voucher", {"code": "SPRING"})
    with unit_of_work() as tx:
        vouchers.switch(tx, vouchers.by_code(tx, "SPRING").voucher_id, on=False)
    cart = words(full.get("/cart"))
    assert "has expired" in cart
    assert "Discount" not in cart


def test_the_sums_are_the_same_wherever_they_are_shown(app: Flask, lamp: int) -> None:
    """19.99 less 15 % (3.00, from 2.9985), delivery 4.90: 21.89, which contains 3.50 (3.4951) at 19 %."""
    with unit_of_work() as tx:
        ana = make_user(tx, "ana@example.com")
    make(value=15)
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    client.send("/cart/add", {"product_id": str(lamp)})
    client.send("/cart/voucher", {"code": "SPRING"})
    client.send("/checkout/contact", {"email": "ana@example.com"})
    client.send("/checkout/delivery", ADDRESS)
    client.send("/checkout/payment", {"method": "test"})
    review = client.get("/checkout/review")
    expected = {"Goods": "€19.99", "Discount (SPRING)": "−€3.00", "Delivery": "€4.90", "Total": "€21.89"}
    assert sums_on(review) == expected | {"of which tax": "€3.50"}
    assert "Pay €21.89" in words(review)
    done = buy(client)
    assert sums_on(done) == expected | {"of which tax": "€3.50"}
    with read_unit() as tx:
        order = orders.of_user(tx, ana, limit=1)[0]
    assert sums_on(client.get(f"/account/orders/{order.number}")) == expected | {"of which tax": "€3.50"}
    invoice = sums_on(client.get(f"/account/orders/{order.number}/invoice"))
    assert invoice == expected | {"Net": "€18.39", "VAT 19.0%": "€3.50"}
    letters: list[str] = []
    outbox.drain(lambda mail, _name: letters.append(mail.get_content()), now=utc_now())
    written = [letter for letter in letters if "Goods" in letter]
    assert len(written) == 2
    for letter in written:
        for name, value in (expected | {"of which tax": "€3.50"}).items():
            assert f"{name}: {value}\n" in letter
    export = json.loads(client.send("/account/export", {"export_password": PASSWORD}).get_data(as_text=True))
    (mine,) = export["data"]["orders"]
    assert (mine["total_cents"], mine["discount_cents"], mine["tax_cents"]) == (2189, 300, 350)
    assert mine["voucher_code"] == "SPRING"


def test_delivery_is_chosen_and_its_price_is_in_the_total(full: ShopClient) -> None:
    full.send("/checkout/contact", {"email": "ana@example.com"})
    ways = words(full.get("/checkout/delivery"))
    assert "Standard delivery €4.90" in ways
    assert "Express delivery €9.90" in ways
    full.send("/checkout/delivery", ADDRESS | {"method": "express"})
    assert sums_on(full.get("/checkout/payment"))["Total"] == "€29.89"


def test_free_delivery_is_free_on_every_page(full: ShopClient) -> None:
    make("SHIPFREE", kind="free_delivery", value=0)
    full.send("/cart/voucher", {"code": "SHIPFREE"})
    assert "more and delivery is free" not in words(full.get("/cart"))
    full.send("/checkout/contact", {"email": "ana@example.com"})
    ways = words(full.get("/checkout/delivery"))
    assert "Standard delivery free" in ways
    assert "Express delivery free" in ways
    full.send("/checkout/delivery", ADDRESS)
    sums = sums_on(full.get("/checkout/payment"))
    assert (sums["Delivery"], sums["Total"]) == ("free (SHIPFREE)", "€19.99")


def test_a_press_for_a_use_somebody_else_just_took_leads_back_to_the_new_total(full: ShopClient) -> None:
    make(max_uses=1)
    full.send("/cart/voucher", {"code": "SPRING"})
    full.send("/checkout/contact", {"email": "ana@example.com"})
    full.send("/checkout/delivery", ADDRESS)
    full.send("/checkout/payment", {"method": "test"})
    page = full.get("/checkout/review").get_data(as_text=True)
    with unit_of_work() as tx:
        assert vouchers.take(tx, vouchers.by_code(tx, "SPRING").voucher_id, now=NOW)
    form = {"idempotency_key": hidden(page, "idempotency_key"), "total_cents": hidden(page, "total_cents")}
    assert full.send("/checkout/place", form).headers["Location"] == "/checkout"
    review = full.get("/checkout/review")
    assert "The voucher SPRING is used up." in words(review)
    assert "Pay €24.89" in words(review)


def lines_of(client: ShopClient) -> list[str]:
    return re.findall(r"/cart/line/(\d+)/remove", client.get("/cart").get_data(as_text=True))


def test_what_was_removed_can_be_put_back(full: ShopClient) -> None:
    full.send(f"/cart/line/{lines_of(full)[0]}", {"quantity": "3"})
    full.send(f"/cart/line/{lines_of(full)[0]}/remove")
    cart = words(full.get("/cart"))
    assert "Oslo lamp is out of your cart." in cart
    assert "Put it back" in cart
    assert full.send("/cart/undo").headers["Location"] == "/cart"
    cart = full.get("/cart")
    assert 'value="3"' in cart.get_data(as_text=True)
    assert "Put it back" not in words(cart)
    assert full.send("/cart/undo").headers["Location"] == "/cart"
    assert full.send_js("/cart/undo").status_code == 409


def test_what_is_sold_out_meanwhile_is_not_put_back(full: ShopClient, lamp: int) -> None:
    line = lines_of(full)[0]
    undo = full.send_js(f"/cart/line/{line}/remove").get_json()["undo_url"]
    with unit_of_work() as tx:
        catalogue.set_stock(tx, 1, 0)
    assert full.send(undo).headers["Location"] == "/cart"
    assert "is sold out just now" in words(full.get("/cart"))


def test_a_line_is_saved_for_later(full: ShopClient, client: ShopClient) -> None:
    line = lines_of(full)[0]
    assert full.send(f"/cart/line/{line}/save").headers["Location"] == "/cart"
    assert lines_of(full) == []
    assert "Oslo lamp" in words(full.get("/wishlist"))
    assert full.send_js(f"/cart/line/{line}/save").status_code == 404


def test_nobody_touches_the_lines_of_others(app: Flask, full: ShopClient) -> None:
    line = lines_of(full)[0]
    stranger: ShopClient = app.test_client()
    for deed in ("remove", "save"):
        assert stranger.send_js(f"/cart/line/{line}/{deed}").status_code == 404
    assert lines_of(full) == [line]


def test_what_is_sold_out_stops_the_review_until_one_agrees(full: ShopClient) -> None:
    with unit_of_work() as tx:
        mug = make_product(tx, name="Tide mug", stock=1, price_cents=900)
    full.send("/cart/add", {"product_id": str(mug)})
    full.send("/checkout/contact", {"email": "ana@example.com"})
    full.send("/checkout/delivery", ADDRESS)
    full.send("/checkout/payment", {"method": "test"})
    with unit_of_work() as tx:
        catalogue.set_stock(tx, 2, 0)
    review = words(full.get("/checkout/review"))
    assert "Tide mug is sold out." in review
    assert "Pay €" not in review
    agreed = full.send("/cart/confirm", {"next": "/checkout/review"})
    assert agreed.headers["Location"] == "/checkout/review"
    assert "Pay €24.89" in words(full.get("/checkout/review"))
    assert "Tide mug" in words(full.get("/wishlist"))


# The owner


@pytest.mark.parametrize("path", ["/admin/vouchers", "/admin/delivery"])
def test_the_pages_are_for_the_owner(app: Flask, client: ShopClient, office: ShopClient, path: str) -> None:
    assert office.get(path).status_code == 200
    assert client.get(path).status_code == 401
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    client.sign_in("ana@example.com")
    assert client.get(path).status_code == 404
    assert client.send(path, {"code": "MINE", "kind": "percent", "value": "99"}).status_code == 404
    for post in ("vouchers/SPRING/switch", "delivery/add", "delivery/standard/switch"):
        assert client.send(f"/admin/{post}", {"on": "1"}).status_code == 404


def test_the_owner_makes_a_voucher_and_ends_it(office: ShopClient, full: ShopClient) -> None:
    fields = {"code": "spring", "kind": "amount", "value": "5", "min": "10", "max_uses": "2", "per_user": "1"}
    assert office.send("/admin/vouchers", fields).headers["Location"] == "/admin/vouchers"
    listed = words(office.get("/admin/vouchers"))
    for said in ("SPRING", "€5.00 off the goods", "from €10.00", "once for each shopper", "0 of 2", " on "):
        assert said in listed
    assert full.send("/cart/voucher", {"code": "SPRING"}).status_code == 303
    office.send("/admin/vouchers/SPRING/switch", {"on": ""})
    assert " off " in words(office.get("/admin/vouchers"))
    assert "has expired" in words(full.get("/cart"))
    office.send("/admin/vouchers/SPRING/switch", {"on": "1"})
    assert "Discount" in words(full.get("/cart"))
    assert office.send("/admin/vouchers/SUMMER/switch", {"on": "1"}).status_code == 404
    with read_unit() as tx:
        done = list(tx.scalars(AuditEntry.__table__.select().with_only_columns(AuditEntry.action)))
    assert done == ["voucher.create", "voucher.switch", "voucher.switch"]


def test_thousands_of_vouchers_stand_on_pages_and_are_found_by_their_code(app: Flask, office: ShopClient) -> None:
    """One for each member: all on one page they were 3 MB."""
    with unit_of_work() as tx:
        for number in range(120):
            make_voucher(tx, f"ANA_{number:03}")
    first, last = words(office.get("/admin/vouchers")), words(office.get("/admin/vouchers?page=3"))
    assert re.findall(r"ANA_\d+(?= 10 %)", first) == [f"ANA_{number:03}" for number in range(119, 69, -1)]
    assert re.findall(r"ANA_\d+(?= 10 %)", last) == [f"ANA_{number:03}" for number in range(19, -1, -1)]
    assert "Vouchers 120" in first
    found = words(office.get("/admin/vouchers?q=a_01"))
    assert re.findall(r"ANA_\d+(?= 10 %)", found) == [f"ANA_{number:03}" for number in range(19, 9, -1)]
    assert "No such voucher" in words(office.get("/admin/vouchers?q=%25"))


def test_who_ends_a_voucher_stays_on_its_page(office: ShopClient) -> None:
    with unit_of_work() as tx:
        for number in range(60):
            make_voucher(tx, f"ANA-{number:03}")
    page = office.get("/admin/vouchers?q=ana&page=2").get_data(as_text=True)
    form = page.split('action="/admin/vouchers/ANA-003/switch"')[1].split("</form>")[0]
    sent = office.send("/admin/vouchers/ANA-003/switch", {"on": "", "next": unescape(hidden(form, "next"))})
    assert sent.headers["Location"] == "/admin/vouchers?q=ana&page=2"


def test_who_ends_a_voucher_after_a_refusal_stays_with_the_vouchers(office: ShopClient) -> None:
    with unit_of_work() as tx:
        make_voucher(tx, "SPRING")
    page = office.send("/admin/vouchers", {"code": "", "kind": "percent", "value": "10"})
    assert page.status_code == 422
    form = page.get_data(as_text=True).split('action="/admin/vouchers/SPRING/switch"')[1].split("</form>")[0]
    sent = office.send("/admin/vouchers/SPRING/switch", {"on": "", "next": unescape(hidden(form, "next"))})
    assert sent.headers["Location"] == "/admin/vouchers"


def test_a_voucher_for_later_is_not_said_to_count_already(office: ShopClient) -> None:
    fields = {"code": "later", "kind": "percent", "value": "5", "starts": "2099-12-01", "ends": "2099-12-24"}
    office.send("/admin/vouchers", fields)
    page = words(office.get("/admin/vouchers"))
    assert "The voucher LATER counts from its first day on." in page
    office.send("/admin/vouchers", {"code": "today", "kind": "percent", "value": "5", "starts": "2020-12-01"})
    assert "The voucher TODAY counts from now on." in words(office.get("/admin/vouchers"))


def test_a_voucher_whose_last_day_is_over_is_a_slip(office: ShopClient) -> None:
    """It was made, and said to count from now on."""
    refused = office.send("/admin/vouchers", {"code": "past", "kind": "percent", "value": "5", "ends": "2020-12-24"})
    assert refused.status_code == 422
    assert "This day is over already." in words(refused)


def test_a_refused_voucher_keeps_what_was_typed_and_names_every_field(office: ShopClient) -> None:
    wrong = {"code": "x", "kind": "percent", "value": "500", "ends": "soon", "member": "nobody@example.com"}
    refused = office.send("/admin/vouchers", wrong)
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    for name in ("code", "value", "ends", "member"):
        assert f'href="#f-{name}"' in page
        assert f'id="f-{name}-error"' in page
    assert 'value="500"' in page


@pytest.mark.parametrize(
    ("over", "state"),
    [
        ({"ends_at": NOW.replace(year=2020)}, "expired"),
        ({"starts_at": NOW.replace(year=2099)}, "not yet"),
        ({"max_uses": 1, "uses": 1}, "used up"),
    ],
)
def test_the_list_says_how_a_voucher_stands(office: ShopClient, over: dict[str, object], state: str) -> None:
    make(**over)
    assert f" {state} " in words(office.get("/admin/vouchers"))
