"""The shop speaks the visitor's language: pages, sums, errors, scripts and letters."""

import json
import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from flask import Flask

from tests.factories import PASSWORD, ShopClient, make_guest, make_product, make_user, put_in_cart, ready_to_pay
from webapp.clock import utc_now
from webapp.services.buying import checkout
from webapp.services.buying.orders import advance
from webapp.services.upkeep import outbox
from webapp.store import orders, users
from webapp.store.tx import read_unit, unit_of_work
from webapp.viewbuilders.buying import countries

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, name="Oslo lamp", price_cents=123_450, stock=2)


def language_of(client: ShopClient, path: str = "/cart", **options: object) -> str:
    answer = client.get(path, **options)
    page = answer.get_data(as_text=True)
    found = re.search(r'<html lang="(\w+)"', page)
    assert found
    assert answer.headers["Content-Language"] == found[1]
    assert ("Ihr Warenkorb ist leer" in page) is (found[1] == "de" and path.startswith("/cart"))
    return found[1]


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("de", "de"), ("de-AT,de;q=0.9,en;q=0.5", "de"), ("fr,en;q=0.4", "en"), ("fr", "en"), ("", "en"), ("*", "en")],
)
def test_the_browser_says_which_language(client: ShopClient, asked: str, spoken: str) -> None:
    assert language_of(client, headers={"Accept-Language": asked}) == spoken


def test_a_page_says_that_another_visitor_may_get_another_one(client: ShopClient) -> None:
    assert {"Accept-Language", "Cookie"} <= set(client.get("/").vary)


def test_the_footer_switches_and_the_browser_remembers(client: ShopClient) -> None:
    page = client.get("/cart").get_data(as_text=True)
    assert re.search(r'name="language" value="de" lang="de">Deutsch</button>', page)
    answer = client.send("/language", {"language": "de", "next": "/cart?lang=en&page=2"})
    assert answer.headers["Location"] == "/cart?page=2"
    assert language_of(client) == "de"
    client.send("/language", {"language": "en"})
    assert language_of(client, headers=GERMAN) == "en"


@pytest.mark.parametrize("language", ["fr", "", "../de", "de-DE"])
def test_a_language_the_shop_does_not_speak_changes_nothing(client: ShopClient, language: str) -> None:
    assert client.send("/language", {"language": language, "next": "https://evil.example"}).headers["Location"] == "/"
    assert language_of(client) == "en"
    assert language_of(client, f"/cart?lang={language}") == "en"


def test_the_account_keeps_the_choice_for_other_browsers(app: Flask) -> None:
    with unit_of_work() as tx:
        ana = make_user(tx, "ana@example.com")
    here, there = app.test_client(), app.test_client()
    here.sign_in("ana@example.com")
    here.send("/language", {"language": "de"})
    with read_unit() as tx:
        assert users.by_id(tx, ana).language == "de"  # type: ignore[union-attr]
    assert language_of(there) == "en"
    there.sign_in("ana@example.com")
    assert language_of(there) == "de"


def test_every_language_has_an_address_of_its_own(client: ShopClient, lamp: int) -> None:
    page = client.get("/c/lamps?lang=de").get_data(as_text=True)
    assert '<html lang="de"' in page
    base = "http://localhost/c/lamps"
    assert f'<link rel="canonical" href="{base}?lang=de">' in page
    for code, address in (("x-default", base), ("en", f"{base}?lang=en"), ("de", f"{base}?lang=de")):
        assert f'<link rel="alternate" hreflang="{code}" href="{address}">' in page
    assert f'<link rel="canonical" href="{base}">' in client.get("/c/lamps").get_data(as_text=True)
    assert "hreflang" not in client.get("/cart").get_data(as_text=True)


def test_sums_numbers_and_days_are_written_as_the_language_does(app: Flask, client: ShopClient, lamp: int) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    english = client.get(f"/p/{lamp}", follow_redirects=True).get_data(as_text=True)
    german = client.get(f"/p/{lamp}", headers=GERMAN, follow_redirects=True).get_data(as_text=True)
    assert "€1,234.50" in english
    assert "1.234,50\xa0€" in german
    assert '"price": "1234.50"' in german
    assert "Nur noch 2 da" in german
    member: ShopClient = app.test_client()
    member.sign_in("ana@example.com")
    assert "bei uns seit dem 1. Juni 2026" in member.get("/account", headers=GERMAN).get_data(as_text=True)


@pytest.mark.parametrize(("n", "said"), [(1, "Nur noch einer da"), (4, "Nur noch 4 da")])
def test_one_is_not_many(client: ShopClient, n: int, said: str) -> None:
    with unit_of_work() as tx:
        mug = make_product(tx, stock=n)
    assert said in client.get(f"/p/{mug}", headers=GERMAN, follow_redirects=True).get_data(as_text=True)


def test_errors_speak_it_too(client: ShopClient) -> None:
    assert "Hier ist nichts" in client.get("/nothing", headers=GERMAN).get_data(as_text=True)
    problem = client.get("/api/products/999999", headers=GERMAN).get_json()
    assert problem["title"] == "Das haben wir nicht gefunden"
    assert problem["type"] == "/problems/not-found"
    form = {"name": "", "email": "nobody", "password": "short"}
    page = client.send("/account/register", form, headers=GERMAN).get_data(as_text=True)
    assert "Das sieht nicht nach einer E-Mail-Adresse aus." in page
    assert "Verwenden Sie mindestens 8 Zeichen." in page


def test_scripts_get_their_words_in_it(client: ShopClient) -> None:
    page = client.get("/", headers=GERMAN).get_data(as_text=True)
    raw = re.search(r'id="settings"[^>]*>(.*?)</script>', page)
    assert raw
    words = json.loads(raw[1])["words"]
    assert words["undo"] == "Rückgängig"
    assert words["rated"] == "Vielen Dank. {stars} von 5 für {name}."


def test_letters_are_written_in_the_readers_language(app: Flask, client: ShopClient) -> None:
    form = {"name": "Ana", "email": "ana@example.com", "password": PASSWORD}
    assert client.send("/account/register", form, headers={"X-CSRFToken": client.token(), **GERMAN}).status_code == 303
    client.send("/account/forgot", {"email": "ana@example.com"})
    sent = []
    outbox.drain(lambda mail, _name: sent.append(message_from_bytes(bytes(mail), policy=policy.default)), now=utc_now())
    assert [mail["Subject"] for mail in sent] == ["Ihr Konto ist bereit", "A new password"]
    assert "anmelden" in sent[0].get_content()


def test_letters_about_an_order_are_in_the_language_it_was_placed_in(app: Flask, lamp: int) -> None:
    with unit_of_work() as tx:
        guest = make_guest(tx)
        put_in_cart(tx, guest, lamp)
    with app.test_request_context(headers=GERMAN):
        order = checkout.place(guest, ready_to_pay(guest), currency="EUR", hold_for=timedelta(minutes=5), now=utc_now())
    with unit_of_work() as tx:
        orders.move(tx, order.order_id, from_states=("placed",), to_state="paid", paid_at=utc_now())
    with app.test_request_context():
        advance(order.number, to_state="packed", note="", version=order.version + 1, user_id=None, now=utc_now())
    sent = []
    outbox.drain(lambda mail, _name: sent.append(mail["Subject"]), now=utc_now())
    assert sent == ["Wir haben Ihre Bestellung", "Ihre Bestellung ist gepackt"]


def test_letters_with_the_sums_of_an_order_say_what_was_bought(app: Flask, lamp: int) -> None:
    with unit_of_work() as tx:
        variants = [{"name": "sky, 2 m", "options": {"Colour": "sky"}, "price_cents": 990, "stock": 5}]
        guest, tape = make_guest(tx), make_product(tx, name="Tape", variants=variants)
        put_in_cart(tx, guest, lamp)
        put_in_cart(tx, guest, tape, quantity=2)
    with app.test_request_context(headers=GERMAN):
        checkout.place(guest, ready_to_pay(guest), currency="EUR", hold_for=timedelta(minutes=5), now=utc_now())
    sent: list[str] = []
    outbox.drain(lambda mail, _name: sent.append(mail.get_content()), now=utc_now())
    assert "1 × Oslo lamp: 1.234,50\xa0€\n2 × Tape, sky, 2 m: 19,80\xa0€\n\nWaren: " in sent[0]


def test_a_shop_of_one_language_offers_no_choice(app: Flask, client: ShopClient) -> None:
    app.config["LANGUAGES"] = ("de",)
    app.config["LOCALE"] = "de"
    page = client.get("/c/nothing").get_data(as_text=True)
    assert '<html lang="de"' in page
    assert 'name="language"' not in page


def test_countries_stand_where_a_reader_of_the_language_looks_for_them(app: Flask) -> None:
    with app.test_request_context(headers=GERMAN):
        names = [option.label for option in countries(["AT", "CZ", "DE", "DK", "NO", "PL"], "DE")]
    assert names == ["Dänemark", "Deutschland", "Norwegen", "Österreich", "Polen", "Tschechien"]


def test_the_german_mark_of_a_lower_price_fits_beside_the_heart_of_a_card(app: Flask, client: ShopClient) -> None:
    """A word as long as "günstiger" broke into two lines on the picture of a phone."""
    with unit_of_work() as tx:
        make_product(tx, name="Vase", price_cents=7500, old_price_cents=10_000)
    page = client.get("/search?q=vase", headers=GERMAN).get_data(as_text=True)
    assert '<span class="badge sale">−25\xa0%</span>' in page
