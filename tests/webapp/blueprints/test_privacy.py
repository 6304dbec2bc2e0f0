"""What a member may ask of their data: all of it, that it goes, and that nothing is read while picks are paused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete as delete_rows
from sqlalchemy import event, func, select

from tests.conftest import NOW
from tests.factories import (
    PASSWORD,
    ShopClient,
    make_event,
    make_product,
    make_user,
    make_voucher,
    put_in_cart,
    ready_to_pay,
    variant_of,
)
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.extensions import db
from webapp.picks import Ask, NullRecs, Picks
from webapp.services.buying import checkout
from webapp.services.people import accounts, api_keys, privacy
from webapp.services.picks import feedback
from webapp.store import (
    alerts,
    carts,
    choices,
    interactions,
    operations,
    orders,
    personal,
    products,
    reviews,
    searches,
    taste,
    users,
)
from webapp.store.models import Impression, Model, OutboxMessage
from webapp.store.rows import CardRow
from webapp.store.scope import owner_values
from webapp.store.tx import Tx, read_unit, unit_of_work
from webapp.tuning import Tuning

ADDRESS = {"name": "Ana Okafor", "line1": "Hill 1", "postcode": "10115", "city": "Berlin", "country": "DE"}


class Ears(NullRecs):
    """A recommender that remembers whom it was asked for."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def for_user(self, ask: Ask) -> Picks:
        self.heard.append(ask.user)
        return Picks()


@pytest.fixture
def ana(app: Flask) -> int:
    """A member who did everything one can do here."""
    with unit_of_work() as tx:
        user_id = make_user(tx, "ana@example.com", name="Ana Okafor")
        make_voucher(tx, user_id=user_id)
        lamp, mug = make_product(tx, name="Lamp"), make_product(tx, name="Mug")
        actor = Actor(user_id=user_id)
        for kind in ("view", "click", "wishlist"):
            make_event(tx, actor, lamp, kind)
        shown = {"request_id": "r1", "slot": "for_you", "position": 1, "product_id": lamp, "at": NOW, "seen_at": NOW}
        interactions.add_impressions(tx, [shown | owner_values(actor)])
        taste.wish(tx, actor, lamp, now=NOW)
        taste.exclude(tx, actor, mug, "own", now=NOW)
        taste.set_tuning(tx, actor, Tuning(variety=75, never_brands=(7,)))
        choices.choose(tx, actor, True, now=NOW)
        searches.add(tx, actor, "a lamp for reading", [lamp], now=NOW)
        put_in_cart(tx, actor, lamp)
    with app.test_request_context():
        order = checkout.place(actor, ready_to_pay(actor), currency="EUR", hold_for=timedelta(minutes=5), now=NOW)
        accounts.save_address(user_id, ADDRESS, address_id=None, countries={"DE"}, now=NOW)
    with unit_of_work() as tx:
        orders.move(tx, order.order_id, from_states=("placed",), to_state="shipped", paid_at=NOW)
        put_in_cart(tx, actor, mug)
        for product_id, stars in ((lamp, 5), (mug, 2)):
            make_event(tx, actor, product_id, "rating", value=float(stars))
            taste.set_stars(tx, actor, product_id, stars, now=NOW)
        reviews.put(tx, user_id, lamp, title="Bright", text="Very bright.", is_verified=True, now=NOW)
    return user_id


@pytest.fixture
def browser(app: Flask, ana: int) -> ShopClient:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    return client


def export(client: ShopClient, password: str = PASSWORD) -> dict:
    answer = client.send("/account/export", {"export_password": password})
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    return json.loads(answer.get_data(as_text=True))


def delete(client: ShopClient, **over: str) -> int:
    return client.send("/account/delete", {"password": PASSWORD} | over).status_code


def tables_that_lead_to_a_member() -> set[str]:
    """Return every table that refers to a member, or to a table that is exported."""
    goals = {"users", *personal.EXPORTED}
    return {
        table.name
        for table in Model.metadata.sorted_tables
        if any(key.column.table.name in goals for key in table.foreign_keys)
    }


def test_s30_every_table_about_a_member_is_exported_or_declared_exempt() -> None:
    declared = set(personal.EXPORTED) | set(personal.EXEMPT)
    assert tables_that_lead_to_a_member() - declared == set()
    assert declared - set(Model.metadata.tables) == set()


def test_s30_the_export_has_everything(browser: ShopClient, ana: int) -> None:
    found = export(browser)
    assert found["about"] == ana
    filled = {name for name, rows in found["data"].items() if rows}
    expected = set(personal.EXPORTED) - {"guests", "stock_alerts", "payments"}
    assert expected - filled == set()
    assert found["data"]["users"][0]["email"] == "ana@example.com"
    assert found["data"]["users"][0]["tuning"] == {"variety": 75, "never_brands": [7]}
    assert [row["is_on"] for row in found["data"]["picks_choices"]] == [True]
    assert [row["words"] for row in found["data"]["searches"]] == ["a lamp for reading"]
    assert found["data"]["orders"][0]["address"]["line1"] == "Hill 1"
    assert [(row["slot"], row["position"]) for row in found["data"]["impressions"]] == [("for_you", 1)]
    assert {row["kind"] for row in found["data"]["interactions"]} >= {"view", "click", "wishlist", "rating"}


def test_s30_the_export_has_no_key_to_anything(browser: ShopClient) -> None:
    text = json.dumps(export(browser))
    for word in ("password_hash", "argon2", "id_hash", "csrf_token", "place_key"):
        assert word not in text


def test_s30_the_export_has_nothing_of_others(browser: ShopClient) -> None:
    with unit_of_work() as tx:
        other = Actor(user_id=make_user(tx, "ben@example.com", name="Ben"))
        make_event(tx, other, make_product(tx, name="Vase"))
    text = json.dumps(export(browser))
    assert "ben@example.com" not in text
    assert f'"user_id": {other.user_id}' not in text


@pytest.mark.parametrize("path", ["/account/export", "/account/delete"])
def test_s30_s31_both_ask_for_the_password_again(app: Flask, browser: ShopClient, ana: int, path: str) -> None:
    wrong = {"password": "wrong one here", "export_password": "wrong one here"}
    assert browser.send(path, wrong).status_code == 422
    assert app.test_client().send(path, wrong).status_code == 401
    assert browser.get("/account").status_code == 200


def rows_with(word: str) -> list[str]:
    with db.engine.connect() as connection:
        return [
            f"{table.name}: {row}"
            for table in Model.metadata.sorted_tables
            for row in connection.execute(table.select())
            if word in str(row)
        ]


def test_s31_nothing_of_a_deleted_member_is_left(browser: ShopClient, ana: int) -> None:
    assert delete(browser) == 303
    for word in ("ana@example.com", "Ana Okafor", "Hill 1", "a lamp for reading", "variety"):
        assert rows_with(word) == []
    with read_unit() as tx:
        assert {name: rows for name, rows in personal.everything(tx, ana).items() if rows} == {}
        assert interactions.count(tx) == 0
        assert tx.scalar(select(func.count()).select_from(Impression)) == 0
    assert browser.get("/account").status_code == 401


def letters_left() -> list[tuple[str, str]]:
    with read_unit() as tx:
        rows = tx.rows(select(OutboxMessage.topic, OutboxMessage.payload).order_by(OutboxMessage.id))
    return [(topic.removeprefix("mail."), payload["email"]) for topic, payload in rows if "email" in payload]


@pytest.mark.both_databases
def test_s31_no_letter_keeps_an_address_of_a_deleted_member(browser: ShopClient, ana: int) -> None:
    """Also those to the address before this one, to the one of an order and to the one of an alert."""
    with unit_of_work() as tx:
        waited_for = variant_of(tx, make_product(tx, stock=0))
        alerts.put(tx, waited_for, "alert@example.net", user_id=ana, language="", now=NOW)
        alert_id = alerts.of_user(tx, ana)[0].alert_id
        order_id = orders.of_user(tx, ana, limit=1)[0].order_id
        tx.change(delete_rows(OutboxMessage))
        for topic, payload in (
            ("welcome", {"email": "before@example.com"}),
            ("confirm_email", {"email": "ana@example.com", "user_id": ana}),
            ("email_changed", {"email": "before@example.com", "user_id": ana}),
            ("order_shipped", {"email": "parcel@example.net", "order_id": order_id}),
            ("back_in_stock", {"email": "alert@example.net", "alert_id": alert_id}),
            ("welcome", {"email": "before@example.com"}),  # of whoever has that address now
            ("order_shipped", {"email": "ben@example.com", "order_id": order_id + 1}),
        ):
            operations.add_message(tx, f"mail.{topic}", payload, now=NOW)
    assert delete(browser) == 303
    assert letters_left() == [("welcome", "before@example.com"), ("order_shipped", "ben@example.com")]


def test_s31_what_staff_noted_about_a_deleted_member_goes(browser: ShopClient, ana: int) -> None:
    with unit_of_work() as tx:
        order_id = orders.of_user(tx, ana, limit=1)[0].order_id
        staff = make_user(tx, role="staff")
        for kind in ("note", "packed", "shipped"):
            orders.add_event(tx, order_id, kind, detail="Mrs Okafor called", user_id=staff, now=NOW)
    assert delete(browser) == 303
    assert rows_with("Okafor") == []
    with read_unit() as tx:
        assert [row.kind for row in orders.events(tx, order_id)][-3:] == ["note", "packed", "shipped"]


@pytest.mark.both_databases
def test_s31_what_crosses_a_deletion_is_told_so_and_leaves_nothing(
    browser: ShopClient, ana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = feedback.record_many

    def too_late(*arguments: Any, **options: Any) -> Any:
        privacy.delete_account(ana, PASSWORD, keep_reviews=False, now=utc_now())
        return write(*arguments, **options)

    monkeypatch.setattr(feedback, "record_many", too_late)
    with read_unit() as tx:
        lamp = next(row.product_id for row in _cards(tx))
    answer = browser.send("/api/events", None, json={"events": [{"event": "view", "product_id": lamp}]})
    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/conflict")
    with read_unit() as tx:
        assert interactions.count(tx) == 0


def test_s31_orders_stay_in_the_books(browser: ShopClient, ana: int) -> None:
    with read_unit() as tx:
        before = orders.of_user(tx, ana, limit=5)[0]
    delete(browser)
    with read_unit() as tx:
        kept = orders.by_number(tx, before.number)
        lines = orders.lines(tx, [before.order_id])[before.order_id]
    assert kept is not None
    assert (kept.user_id, kept.email, kept.address) == (None, "", {"country": "DE"})
    assert (kept.total_cents, kept.tax_cents, kept.state) == (before.total_cents, before.tax_cents, "shipped")
    assert [line.name for line in lines] == ["Lamp"]


def test_s31_reviews_go_or_stay_without_the_name(app: Flask, browser: ShopClient, ana: int) -> None:
    with read_unit() as tx:
        lamp = next(row.product_id for row in _cards(tx) if row.name == "Lamp")
    assert delete(browser, keep_reviews="1") == 303
    page = app.test_client().get(f"/p/{lamp}", follow_redirects=True).get_data(as_text=True)
    assert "Very bright." in page
    assert "Deleted user" in page
    with read_unit() as tx:
        assert {row.name: (row.rating_count, row.rating_sum) for row in _cards(tx)} == {"Lamp": (1, 5), "Mug": (0, 0)}


def test_s31_reviews_go_unless_they_shall_stay(browser: ShopClient, ana: int) -> None:
    delete(browser)
    assert rows_with("Very bright.") == []
    with read_unit() as tx:
        assert {row.rating_count for row in _cards(tx)} == {0}


def _cards(tx: Tx) -> list[CardRow]:
    return products.card_rows(tx, products.card_select())


def test_s31_an_order_still_in_the_house_keeps_the_account_open(browser: ShopClient, ana: int) -> None:
    with unit_of_work() as tx:
        order = orders.of_user(tx, ana, limit=1)[0]
        orders.move(tx, order.order_id, from_states=("shipped",), to_state="packed")
    assert delete(browser) == 422
    assert browser.get("/account").status_code == 200


def test_s31_an_unpaid_order_is_cancelled_and_gives_its_stock_back(app: Flask, browser: ShopClient, ana: int) -> None:
    actor = Actor(user_id=ana)
    with unit_of_work() as tx:
        vase = make_product(tx, stock=3)
        carts.empty(tx, carts.ensure(tx, actor, now=NOW), now=NOW)
        put_in_cart(tx, actor, vase, 2)
    with app.test_request_context():
        checkout.place(actor, ready_to_pay(actor), currency="EUR", hold_for=timedelta(minutes=5), now=utc_now())
    assert delete(browser) == 303
    with read_unit() as tx:
        assert products.variants_of(tx, [vase])[0].available == 3


def test_s31_the_only_owner_stays(app: Flask) -> None:
    with unit_of_work() as tx:
        make_user(tx, "owner@example.com", role="owner")
    owner: ShopClient = app.test_client()
    owner.sign_in("owner@example.com")
    assert delete(owner) == 422
    with unit_of_work() as tx:
        make_user(tx, "second@example.com", role="owner")
    assert delete(owner) == 303


def test_s31_an_erased_id_is_never_given_again(browser: ShopClient, ana: int) -> None:
    delete(browser)
    with unit_of_work() as tx:
        assert make_user(tx, "new@example.com") > ana


def test_s31_recommendations_for_a_deleted_member_are_cold_at_once(app: Flask, browser: ShopClient, ana: int) -> None:
    app.extensions["recs"] = ears = Ears()
    with app.test_request_context():
        key = api_keys.create("till", ["recommendations:read"], now=utc_now())
    program, sent = app.test_client(), {"Authorization": f"Bearer {key}"}
    path = f"/api/recommendations?user_id={ana}"
    assert program.get(path, headers=sent).get_json()["cold_start"] is False
    delete(browser)
    assert program.get(path, headers=sent).get_json()["cold_start"] is True
    assert ears.heard == [str(ana), ""]


READS_A_PROFILE = re.compile(r"\b(FROM|JOIN) (interactions|searches|exclusions)\b")


@contextmanager
def reads_of_the_profile() -> Iterator[list[str]]:
    """Collect the statements that read what somebody did, searched for or turned down."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if READS_A_PROFILE.search(statement):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


PAGES = ("/", "/c/lamps", "/search?q=lamp", "/cart", "/wishlist", "/rails?context=home", "/api/recommendations?k=5")


@pytest.mark.parametrize("why", ["paused", "not chosen"])
@pytest.mark.parametrize("who", ["member", "guest"])
def test_s32_while_picks_are_paused_no_profile_is_read(app: Flask, who: str, why: str) -> None:
    app.extensions["recs"] = ears = Ears()
    with unit_of_work() as tx:
        lamp = make_product(tx, name="Reading lamp")
        make_user(tx, "ben@example.com")
    client: ShopClient = app.test_client()
    if who == "member":
        client.sign_in("ben@example.com")
    client.get(f"/p/{lamp}", follow_redirects=True)
    if why == "paused":
        client.send("/your-recommendations/pause", {"paused": "1"})
    app.config["ASK_BEFORE_PICKS"] = why == "not chosen"
    with reads_of_the_profile() as seen:
        for path in (*PAGES, f"/p/{lamp}", *(("/account",) if who == "member" else ())):
            assert client.get(path, follow_redirects=True).status_code == 200
    assert seen == []
    assert set(ears.heard) <= {""}
    client.send("/your-recommendations/pause", {"paused": "0"})
    with reads_of_the_profile() as seen:
        client.get("/")
    assert seen
    assert ears.heard[-1] not in {"", ears.heard[0]}


def test_s32_while_picks_are_paused_no_setting_is_read_and_no_search_is_kept(
    app: Flask, ana: int, browser: ShopClient
) -> None:
    with read_unit() as tx:
        before = len(searches.recent(tx, Actor(user_id=ana), limit=9))
    browser.send("/your-recommendations/pause", {"paused": "1"})
    assert browser.get("/search?q=lamp").status_code == 200
    with read_unit() as tx:
        assert len(searches.recent(tx, Actor(user_id=ana), limit=9)) == before
        assert users.with_settings(tx, Actor(user_id=ana)) == Actor(user_id=ana, is_personalised=False)
    browser.send("/your-recommendations/pause", {"paused": "0"})
    with read_unit() as tx:
        found = users.with_settings(tx, Actor(user_id=ana))
    assert found is not None
    assert found.tuning == Tuning(variety=75, never_brands=(7,))


def test_s32_while_picks_are_paused_looking_around_leaves_nothing(app: Flask, ana: int, browser: ShopClient) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, name="Reading lamp")
    browser.send("/your-recommendations/pause", {"paused": "1"})
    with read_unit() as tx:
        before = interactions.count(tx)
    browser.get(f"/p/{lamp}", follow_redirects=True)
    browser.send("/api/events", None, json={"events": [{"event": "click", "product_id": lamp, "event_id": "e1"}]})
    with read_unit() as tx:
        assert interactions.count(tx) == before


def test_s32_the_session_is_the_only_cookie_that_names_anybody(app: Flask, client: ShopClient) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx, name="Reading lamp")
        variant = variant_of(tx, lamp)
    client.get("/")
    client.send("/your-recommendations/pause", {"paused": "1"})
    names = set()
    for path in (*PAGES, f"/p/{lamp}"):
        names |= {line.partition("=")[0] for line in client.get(path).headers.getlist("Set-Cookie")}
    answer = client.send("/cart/add", {"variant_id": str(variant), "quantity": "1"})
    names |= {line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie")}
    assert names <= {"kindred_session"}
