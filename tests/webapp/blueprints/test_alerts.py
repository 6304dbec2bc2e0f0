"""Who waits for something sold out is told once, however its stock comes back."""

import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import update

from tests.factories import ShopClient, make_product, make_user, variant_of
from webapp.clock import utc_now
from webapp.services.buying import alerts
from webapp.services.upkeep import outbox
from webapp.store import alerts as store
from webapp.store import personal
from webapp.store.models import Product, Variant
from webapp.store.tx import read_unit, unit_of_work

PAGE = "/account/alerts"


@pytest.fixture
def vase(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, name="Cress vase", stock=0)


def put_stock(product_id: int, stock: int) -> None:
    with unit_of_work() as tx:
        tx.change(update(Variant).where(Variant.product_id == product_id).values(stock=stock))


def ask(client: ShopClient, product_id: int, email: str = "ana@example.com", **over: str) -> int:
    with read_unit() as tx:
        variant = str(variant_of(tx, product_id))
    data = {"variant_id": variant, "email": email} | over
    return client.send(f"/p/{product_id}/alert", data).status_code


def read(client: ShopClient) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def letters() -> list[EmailMessage]:
    sent: list[EmailMessage] = []
    alerts.tell_who_waits(now=utc_now())
    outbox.drain(lambda mail, _name: sent.append(mail), now=utc_now())
    return sent


def test_the_form_stands_where_something_is_sold_out(client: ShopClient, vase: int) -> None:
    path = f"/p/{vase}/alert"
    assert path in client.get(f"/p/{vase}", follow_redirects=True).get_data(as_text=True)
    put_stock(vase, 1)
    assert path not in client.get(f"/p/{vase}", follow_redirects=True).get_data(as_text=True)


def test_a_guest_is_told_once(client: ShopClient, vase: int) -> None:
    assert ask(client, vase) == 303
    assert letters() == []
    put_stock(vase, 2)
    sent = letters()
    assert [(mail["To"], mail["Subject"]) for mail in sent] == [("ana@example.com", "Cress vase is back")]
    assert f"/p/{vase}-cress-vase?variant=" in sent[0].get_content()
    put_stock(vase, 0)
    put_stock(vase, 2)
    assert letters() == []


def test_asking_twice_is_asking_once_and_asking_later_is_asking_anew(client: ShopClient, vase: int) -> None:
    ask(client, vase)
    ask(client, vase, "Ana@Example.com")
    put_stock(vase, 1)
    assert len(letters()) == 1
    put_stock(vase, 0)
    ask(client, vase)
    put_stock(vase, 1)
    assert len(letters()) == 1


def test_a_hidden_product_tells_nobody(client: ShopClient, vase: int) -> None:
    ask(client, vase)
    with unit_of_work() as tx:
        tx.change(update(Variant).where(Variant.product_id == vase).values(stock=3, is_active=False))
    assert letters() == []


def test_the_letter_has_a_link_that_ends_such_letters(app: Flask, client: ShopClient, vase: int) -> None:
    with unit_of_work() as tx:
        other = make_product(tx, stock=0)
    for product_id in (vase, other):
        ask(client, product_id)
    put_stock(vase, 1)
    link = re.search(r"(/alerts/stop/\S+)", letters()[0].get_content())
    assert link
    assert client.get(link[1]).status_code == 200
    assert client.send(link[1]).status_code == 303
    put_stock(other, 1)
    assert letters() == []
    assert client.get(link[1]).status_code == 404
    assert client.get("/alerts/stop/made-up").status_code == 404


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 300 + "@example.com"])
def test_a_wrong_address_is_named(client: ShopClient, vase: int, email: str) -> None:
    assert ask(client, vase, email) == 422


def test_what_can_be_bought_needs_no_waiting_and_what_is_not_there_is_404(client: ShopClient, vase: int) -> None:
    put_stock(vase, 1)
    assert ask(client, vase) == 303
    put_stock(vase, 0)
    assert letters() == []
    assert ask(client, vase, variant_id="999999") == 404


def test_a_member_sees_what_they_wait_for_and_nobody_else_can_end_it(app: Flask, vase: int) -> None:
    with unit_of_work() as tx:
        ana = make_user(tx, "ana@example.com")
        make_user(tx, "ben@example.com")
    here, there = app.test_client(), app.test_client()
    here.sign_in("ana@example.com")
    there.sign_in("ben@example.com")
    ask(here, vase)
    found = re.search(r"/account/alerts/(\d+)/remove", read(here))
    assert found
    with read_unit() as tx:
        assert len(personal.everything(tx, ana)["stock_alerts"]) == 1
    assert "Cress vase" not in read(there)
    assert there.send(found[0]).status_code == 404
    answer = here.send(found[0])
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert "You are not waiting for anything" in read(here)
    assert here.send(found[0]).status_code == 404


def test_the_page_says_what_one_waits_for_since_when_and_where_the_letter_goes(
    app: Flask, client: ShopClient, vase: int
) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
        lamp = make_product(tx, name="Lamp", stock=0, picture="lamp")
    client.sign_in("ana@example.com")
    ask(client, vase)
    ask(client, lamp, "work@example.com")
    page = read(client)
    assert re.findall(r'class="own-item">.*?<h2><a href="/p/(\d+)-[^"]*\?variant=\d+">', page, re.DOTALL) == [
        str(lamp),
        str(vase),
    ]
    for words in ("/media/lamp-320.webp", "work@example.com", "ana@example.com", f'datetime="{utc_now():%Y-%m-%d}T'):
        assert words in page
    put_stock(vase, 1)
    assert len(letters()) == 1
    assert "Cress vase" not in read(client)


def test_what_is_hidden_is_named_and_not_linked(client: ShopClient, app: Flask, vase: int) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    client.sign_in("ana@example.com")
    ask(client, vase)
    with unit_of_work() as tx:
        tx.change(update(Product).where(Product.id == vase).values(is_visible=False))
    assert "Cress vase" in read(client)
    assert f"/p/{vase}" not in read(client)


def test_an_address_alone_shows_nothing_of_what_it_waits_for(app: Flask, client: ShopClient, vase: int) -> None:
    """Nobody proves an address to make an account: with that of somebody else one would read what they wait for."""
    ask(client, vase, "ana@example.com")
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    client.sign_in("ana@example.com")
    assert "Cress vase" not in read(client)


def test_who_asked_as_a_guest_and_asks_again_as_a_member_finds_it_there(
    app: Flask, client: ShopClient, vase: int
) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
        make_user(tx, "ben@example.com")
    ask(client, vase)
    ben: ShopClient = app.test_client()
    ben.sign_in("ben@example.com")
    ask(ben, vase)
    assert "Cress vase" not in read(ben)  # it is not Ben's address: he could end what Ana asked for
    client.sign_in("ana@example.com")
    ask(client, vase)
    assert "Cress vase" in read(client)
    put_stock(vase, 1)
    assert len(letters()) == 1


def test_the_page_of_alerts_asks_to_sign_in(client: ShopClient) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 401
    assert f"/account/sign-in?next={PAGE}" in answer.get_data(as_text=True)


def test_many_alerts_need_no_more_statements(app: Flask, client: ShopClient, count_sql: Callable) -> None:
    with unit_of_work() as tx:
        ana = make_user(tx, "ana@example.com")
    client.sign_in("ana@example.com")
    counts = []
    for n_more in (1, 24):
        with unit_of_work() as tx:
            for _n in range(n_more):
                variant = variant_of(tx, make_product(tx, stock=0))
                store.put(tx, variant, "ana@example.com", user_id=ana, language="en", now=utc_now())
        with count_sql() as n:
            page = read(client)
        counts.append((page.count('class="own-item"'), n()))
    assert [shown for shown, _n in counts] == [1, 25]
    assert max(n for _shown, n in counts) <= 12
    assert counts[0][1] == counts[1][1]
