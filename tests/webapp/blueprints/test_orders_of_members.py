"""A member's orders: what happened, the invoice, ordering again, cancelling while unpaid, addresses."""

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import update

from tests.factories import ShopClient, make_guest, make_product, make_user, put_in_cart, ready_to_pay
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.services.buying import checkout
from webapp.services.buying import orders as orders_service
from webapp.services.people.accounts import LONGEST_IN_ADDRESS
from webapp.services.upkeep import outbox
from webapp.store import carts, catalogue, operations, orders, products, users
from webapp.store.models import Order, TaxRate
from webapp.store.tx import read_unit, unit_of_work

FIELDS = {"name": "Ana", "line1": "Hill 1", "postcode": "10115", "city": "Berlin", "country": "DE"}


@pytest.fixture
def ana(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_user(tx, "ana@example.com")


@pytest.fixture
def browser(app: Flask, ana: int) -> ShopClient:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    return client


def order_of(app: Flask, who: int | Actor, quantity: int = 2) -> orders.OrderRow:
    actor = who if isinstance(who, Actor) else Actor(user_id=who)
    with unit_of_work() as tx:
        put_in_cart(tx, actor, make_product(tx, name="Tide mug", stock=5, price_cents=1800), quantity)
    with app.test_request_context():
        return checkout.place(actor, ready_to_pay(actor), currency="EUR", hold_for=timedelta(minutes=5), now=utc_now())


def pay(order: orders.OrderRow) -> None:
    with unit_of_work() as tx:
        orders.move(tx, order.order_id, from_states=("placed",), to_state="paid", paid_at=utc_now())
        orders.add_event(tx, order.order_id, "paid", now=utc_now())


def letters_of(app: Flask) -> list[EmailMessage]:
    """Write the letters that wait in the outbox, without sending them."""
    with read_unit() as tx:
        waiting = operations.messages_due(tx, now=utc_now(), limit=50)
    with app.test_request_context():
        written = [outbox.compose(row.topic, row.payload, now=utc_now()) for row in waiting]
    return [mail for mail in written if mail is not None]


def subjects(mails: list[EmailMessage]) -> list[str]:
    return [str(mail["Subject"]) for mail in mails]


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_an_order_tells_what_happened(app: Flask, browser: ShopClient, ana: int) -> None:
    order = order_of(app, ana)
    pay(order)
    text = words(browser.get(f"/account/orders/{order.number}").get_data(as_text=True))
    assert text.index("Ordered") < text.rindex("Paid")
    assert "Tide mug" in text


def test_many_orders_stand_on_numbered_pages(
    app: Flask, browser: ShopClient, ana: int, count_sql: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders_service, "PAGE_SIZE", 2)
    numbers = [order_of(app, ana).number for _ in range(5)][::-1]
    shown, counts = [], set()
    for page in (1, 2, 3):
        with count_sql() as n:
            html = browser.get(f"/account/orders?page={page}").get_data(as_text=True)
        shown += re.findall(r'class="card-link" href="/account/orders/([^"]+)"', html)
        counts.add(n())
        assert f'aria-current="page"><span class="hush">Page </span>{page}</a>' in html
    assert shown == numbers
    assert len(counts) == 1
    assert max(counts) <= 12
    assert 'href="/account/orders?page=2" rel="next"' in browser.get("/account/orders").get_data(as_text=True)


@pytest.mark.parametrize("page", ["0", "-1", "x", "9", "99999999999999999999"])
def test_a_page_of_orders_that_is_not_there_shows_one_that_is(
    app: Flask, browser: ShopClient, ana: int, page: str
) -> None:
    order = order_of(app, ana)
    answer = browser.get(f"/account/orders?page={page}")
    assert answer.status_code == 200
    assert order.number in answer.get_data(as_text=True)


def test_a_paid_order_has_an_invoice_with_seller_and_tax(app: Flask, browser: ShopClient, ana: int) -> None:
    app.config["SELLER"], app.config["SELLER_TAX_ID"] = ("Kindred Ltd", "1 Paper Street"), "DE123456789"
    order = order_of(app, ana)
    path = f"/account/orders/{order.number}/invoice"
    assert path not in browser.get(f"/account/orders/{order.number}").get_data(as_text=True)
    assert browser.get(path).status_code == 404
    pay(order)
    assert path in browser.get(f"/account/orders/{order.number}").get_data(as_text=True)
    text = words(browser.get(path).get_data(as_text=True))
    for word in ("Kindred Ltd", "1 Paper Street", "VAT number DE123456789", f"Invoice {order.number}", "Hill 1"):
        assert word in text
    # 2 x 18.00 and 4.90 delivery are 40.90, of which 19 % of 34.37 are tax.
    for sum_of in ("Goods €36.00", "Delivery €4.90", "Net €34.37", "VAT 19.0% €6.53", "Total €40.90"):
        assert sum_of in text


def test_a_rate_that_has_changed_since_is_not_named(app: Flask, browser: ShopClient, ana: int) -> None:
    order = order_of(app, ana)
    pay(order)
    with unit_of_work() as tx:
        tx.change(update(TaxRate).where(TaxRate.country == "DE").values(permille=160))
    text = words(browser.get(f"/account/orders/{order.number}/invoice").get_data(as_text=True))
    assert "VAT €6.53" in text


def test_an_invoice_of_an_order_whose_delivery_is_unknown_says_nothing_of_it(
    app: Flask, browser: ShopClient, ana: int
) -> None:
    order = order_of(app, ana)
    pay(order)
    with unit_of_work() as tx:
        tx.change(update(Order).values(delivery_label=""))
    text = words(browser.get(f"/account/orders/{order.number}/invoice").get_data(as_text=True))
    assert "Delivered as" not in text
    assert "Paid by Test payment." in text


def test_nobody_else_sees_the_invoice(app: Flask, ana: int) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ben@example.com")
    order = order_of(app, ana)
    pay(order)
    ben: ShopClient = app.test_client()
    assert ben.get(f"/account/orders/{order.number}/invoice").status_code == 401
    ben.sign_in("ben@example.com")
    assert ben.get(f"/account/orders/{order.number}/invoice").status_code == 404


def test_an_unpaid_order_is_cancelled_and_its_stock_is_free_again(app: Flask, browser: ShopClient, ana: int) -> None:
    order = order_of(app, ana)
    path = f"/account/orders/{order.number}/cancel"
    assert browser.get(path).status_code == 405
    assert browser.send(path).status_code == 303
    with read_unit() as tx:
        assert products.card_rows(tx, products.card_select())[0].available == 5
    assert browser.send(path).status_code == 409


def test_who_cancels_gets_a_letter_about_it(app: Flask, browser: ShopClient, ana: int) -> None:
    order = order_of(app, ana)
    browser.send(f"/account/orders/{order.number}/cancel")
    assert subjects(letters_of(app)).count("Your order is cancelled") == 1


def test_letters_about_a_test_order_say_so(app: Flask, browser: ShopClient, ana: int) -> None:
    """They speak of packing and paying as those of any order do, and there is nothing to wait for."""
    order_of(app, ana)
    with unit_of_work() as tx:
        tx.execute(update(Order).values(payment_code="test"))
    assert ["Test order: nothing was paid" in mail.get_content() for mail in letters_of(app)] == [True]
    with unit_of_work() as tx:
        tx.execute(update(Order).values(payment_code="stripe"))
    assert ["Test order" in mail.get_content() for mail in letters_of(app)] == [False]


def test_a_letter_about_a_refund_says_how_much_comes_back(app: Flask, ana: int) -> None:
    order = order_of(app, ana)
    with app.test_request_context():
        mail = outbox.compose("mail.order_refunded", {"order_id": order.order_id, "email": order.email}, now=utc_now())
    assert mail is not None
    assert "€40.90" in mail.get_content()


def link_in(mail: EmailMessage) -> str:
    """The address of the order in a letter about it, as the browser asks for it."""
    found = re.findall(r"http://[^/\s]+(/checkout/order/\S+)", mail.get_content())
    assert len(found) == 1
    return str(found[0])


def test_a_guest_comes_back_to_an_order_by_the_link_in_its_letters(app: Flask) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
    order = order_of(app, guest)
    path = link_in(letters_of(app)[0])
    browser = app.test_client()
    text = words(browser.get(path).get_data(as_text=True))
    for word in (order.number, "Waiting for payment", "Pay now", "Tide mug", "Hill 1", "€40.90", "Ordered"):
        assert word in text
    pay(order)
    with unit_of_work() as tx:
        orders.move(tx, order.order_id, from_states=("paid",), to_state="packed")
    text = words(browser.get(path).get_data(as_text=True))
    assert "Packed" in text
    assert "Pay now" not in text
    assert browser.get(path[:-2]).status_code == 404


def test_the_thanks_for_an_order_do_not_outlive_what_happened_to_it(app: Flask, browser: ShopClient, ana: int) -> None:
    """Who kept the page open, or its address, was told that a cancelled order was on its way into a box."""
    order = order_of(app, ana)
    done = link_in(letters_of(app)[0]).replace("/order/", "/done/")
    browser.send(f"/account/orders/{order.number}/cancel")
    text = words(app.test_client().get(done, follow_redirects=True).get_data(as_text=True))
    assert "Cancelled" in text
    assert "into a box" not in text


def test_a_member_who_is_signed_in_sees_the_order_in_the_account(app: Flask, browser: ShopClient, ana: int) -> None:
    order = order_of(app, ana)
    path = link_in(letters_of(app)[0])
    assert browser.get(path).headers["Location"] == f"/account/orders/{order.number}"
    assert app.test_client().get(path).status_code == 200


def test_a_paid_order_is_not_cancelled_here(app: Flask, browser: ShopClient, ana: int) -> None:
    order = order_of(app, ana)
    pay(order)
    assert browser.send(f"/account/orders/{order.number}/cancel").status_code == 409


def test_ordering_again_fills_the_cart_with_what_can_be_had(app: Flask, browser: ShopClient, ana: int) -> None:
    order = order_of(app, ana, quantity=4)
    pay(order)
    assert browser.send(f"/account/orders/{order.number}/reorder").status_code == 303
    with read_unit() as tx:
        assert [line.quantity for line in carts.load(tx, Actor(user_id=ana)).lines] == [1]  # four of five are held


@pytest.mark.parametrize(
    ("bought", "left", "told"),
    [
        (1, 5, "One thing is in your cart again."),
        (2, 5, "2 things are in your cart again."),
        (4, 1, "One thing is in your cart again. The rest cannot be had just now."),
        (1, 0, "None of it can be had just now."),
    ],
)
def test_ordering_again_tells_how_much_of_it_is_in_the_cart(
    app: Flask, browser: ShopClient, ana: int, bought: int, left: int, told: str
) -> None:
    """The sum of a line that was cut looked like the sum of before."""
    order = order_of(app, ana, quantity=bought)
    pay(order)
    with unit_of_work() as tx:
        variant = orders.lines(tx, [order.order_id])[order.order_id][0].variant_id
        assert variant is not None
        catalogue.set_stock(tx, variant, bought + left)
    browser.send(f"/account/orders/{order.number}/reorder")
    page = browser.get("/cart").get_data(as_text=True)
    assert re.findall(r"[^<>]*(?:in your cart again|had just now)[^<>]*", page) == [told]


def test_addresses_are_added_changed_chosen_and_removed(browser: ShopClient, ana: int) -> None:
    assert browser.send("/account/addresses", FIELDS | {"is_default": "1"}).status_code == 303
    assert browser.send("/account/addresses", FIELDS | {"line1": "Dale 2", "is_default": "1"}).status_code == 303
    with read_unit() as tx:
        rows = users.addresses(tx, ana)
    assert [(row.line1, row.is_default) for row in rows] == [("Dale 2", True), ("Hill 1", False)]
    hill = str(rows[1].address_id)
    browser.send("/account/addresses", FIELDS | {"address_id": hill, "line1": "Hill 3", "is_default": "1"})
    browser.send("/account/addresses", {"action": "delete", "address_id": str(rows[0].address_id)})
    with read_unit() as tx:
        assert [(row.line1, row.is_default) for row in users.addresses(tx, ana)] == [("Hill 3", True)]


def test_the_usual_address_is_offered_at_the_checkout(browser: ShopClient, ana: int) -> None:
    browser.send("/account/addresses", FIELDS | {"is_default": "1"})
    with unit_of_work() as tx:
        put_in_cart(tx, Actor(user_id=ana), make_product(tx))
    browser.send("/checkout/contact", {"email": "ana@example.com"})
    page = browser.get("/checkout/delivery").get_data(as_text=True)
    assert re.search(r'name="address_id" value="\d+" checked', page)
    assert "Hill 1, 10115 Berlin" in page


@pytest.mark.parametrize("page", ["/account/addresses", "/checkout/delivery"])
def test_no_field_of_an_address_takes_more_than_can_be_printed(browser: ShopClient, ana: int, page: str) -> None:
    with unit_of_work() as tx:
        put_in_cart(tx, Actor(user_id=ana), make_product(tx))
    browser.send("/checkout/contact", {"email": "ana@example.com"})
    fields = re.findall(r"<input[^>]*>", browser.get(page).get_data(as_text=True))
    typed = {name: limit for name, limit in LONGEST_IN_ADDRESS.items() if name != "country"}
    for name, limit in typed.items():
        assert [f for f in fields if f'name="{name}"' in f and f'maxlength="{limit}"' in f], name


@pytest.mark.parametrize("wrong", [{"name": ""}, {"postcode": ""}, {"country": "XX"}, {"line1": "x" * 200}])
def test_an_address_that_cannot_be_used_is_named(browser: ShopClient, ana: int, wrong: dict[str, str]) -> None:
    answer = browser.send("/account/addresses", FIELDS | wrong)
    assert answer.status_code == 422
    assert f'id="f-{next(iter(wrong))}-error"' in answer.get_data(as_text=True)
