"""A forgotten password and another address: links that work once, for an hour, and tell nobody who has an account."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask import Flask

from tests.factories import PASSWORD, ShopClient, make_user
from webapp.clock import utc_now
from webapp.extensions import db
from webapp.services.people import accounts, recovery
from webapp.services.upkeep import outbox
from webapp.store import users
from webapp.store.models import Model
from webapp.store.tx import read_unit, unit_of_work

NEW = "another good one"


@pytest.fixture
def ana(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_user(tx, "ana@example.com")


def letters() -> dict[str, EmailMessage]:
    """Send what waits and return it by reader."""
    sent: dict[str, EmailMessage] = {}

    def keep(mail: EmailMessage, _name: str) -> None:
        sent[str(mail["To"])] = message_from_bytes(bytes(mail), policy=policy.default)  # type: ignore[assignment]

    outbox.drain(keep, now=utc_now())
    return sent


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http://127\.0\.0\.1:5000(/account/\w+/\S+)", mail.get_content())
    assert found
    return found[1]


def ask(client: ShopClient, email: str = "ana@example.com") -> None:
    assert client.send("/account/forgot", {"email": email}).status_code == 200


def test_a_forgotten_password_is_replaced_by_a_mailed_link(app: Flask, client: ShopClient, ana: int) -> None:
    ask(client)
    mail = letters()["ana@example.com"]
    assert mail["Subject"] == "A new password"
    link = link_in(mail)
    assert client.get(link).status_code == 200
    assert client.send(link, {"password": "short"}).status_code == 422
    assert client.send(link, {"password": NEW}).status_code == 303
    client.sign_in("ana@example.com", NEW)
    assert letters()["ana@example.com"]["Subject"] == "Your password is changed"


def test_s4_a_reset_signs_out_everywhere(app: Flask, client: ShopClient, ana: int) -> None:
    there = app.test_client()
    there.sign_in("ana@example.com")
    ask(client)
    client.send(link_in(letters()["ana@example.com"]), {"password": NEW})
    assert there.get("/account").status_code == 401


def test_s34_a_link_works_once(app: Flask, client: ShopClient, ana: int) -> None:
    ask(client)
    link = link_in(letters()["ana@example.com"])
    assert client.send(link, {"password": NEW}).status_code == 303
    assert client.get(link).status_code == 410
    assert client.send(link, {"password": "yet another one"}).status_code == 410


def test_s34_a_link_works_for_an_hour(app: Flask, client: ShopClient, ana: int) -> None:
    ask(client)
    link = link_in(letters()["ana@example.com"])
    token = link.rpartition("/")[2]
    recovery.check_reset(token, now=utc_now() + timedelta(minutes=59))
    with pytest.raises(recovery.one_time.Gone):
        recovery.check_reset(token, now=utc_now() + timedelta(minutes=61))


def test_s34_a_later_link_ends_the_earlier_one(app: Flask, client: ShopClient, ana: int) -> None:
    links = []
    for _time in range(2):
        ask(client)
        links.append(link_in(letters()["ana@example.com"]))
    assert client.get(links[0]).status_code == 410
    assert client.get(links[1]).status_code == 200


def test_s34_a_copy_of_the_database_holds_no_link(app: Flask, client: ShopClient, ana: int) -> None:
    ask(client)
    token = link_in(letters()["ana@example.com"]).rpartition("/")[2]
    with db.engine.connect() as connection:
        rows = [str(row) for table in Model.metadata.sorted_tables for row in connection.execute(table.select())]
    assert any("ana@example.com" in row for row in rows)
    assert not any(token in row for row in rows)


@pytest.mark.parametrize("path", ["/account/reset/made-up", "/account/email/made-up", "/account/reset/" + "x" * 300])
def test_s34_a_made_up_link_is_used_up_as_well(client: ShopClient, path: str) -> None:
    assert client.get(path).status_code == 410
    assert client.send(path, {"password": NEW}).status_code == 410


def test_s7_asking_tells_nobody_who_has_an_account(app: Flask, ana: int) -> None:
    pages = []
    for email in ("ana@example.com", "nobody@example.com"):
        answer = app.test_client().send("/account/forgot", {"email": email})
        page = re.sub(r'(nonce|content|value|csrf_token)="[^"]*"', "", answer.get_data(as_text=True))
        pages.append((answer.status_code, page))
    assert pages[0] == pages[1]
    assert list(letters()) == ["ana@example.com"]


def test_s6_letters_are_counted_for_the_address(app: Flask, ana: int) -> None:
    for _time in range(recovery.LETTERS_PER_ADDRESS):
        ask(app.test_client())
    late = app.test_client().send("/account/forgot", {"email": "ana@example.com"})
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) > 0


def test_s9_a_link_is_built_from_the_settings_and_not_from_the_request(app: Flask, ana: int) -> None:
    app.config["SITE_URL"] = "https://shop.example"
    asked = app.test_client()
    asked.send("/account/forgot", {"email": "ana@example.com"}, base_url="http://localhost:9999")
    ask(asked)
    assert "https://shop.example/account/reset/" in letters()["ana@example.com"].get_content()


def test_locked_out_after_wrong_passwords_one_gets_in_with_a_new_one(app: Flask, client: ShopClient, ana: int) -> None:
    for _try in range(accounts.ACCOUNT_FAILURES):
        client.send("/account/sign-in", {"email": "ana@example.com", "password": "wrong one here"})
    ask(client)
    client.send(link_in(letters()["ana@example.com"]), {"password": NEW})
    client.sign_in("ana@example.com", NEW)


def test_another_address_counts_once_it_is_confirmed(app: Flask, ana: int) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    asked = client.send("/account/email", {"new_email": "New@Example.com", "password": PASSWORD})
    assert asked.status_code == 303
    with read_unit() as tx:
        assert users.by_id(tx, ana).email == "ana@example.com"  # type: ignore[union-attr]
    link = link_in(letters()["new@example.com"])
    assert client.get(link).status_code == 200
    assert client.send(link).status_code == 303
    assert client.get("/account").status_code == 200
    app.test_client().sign_in("new@example.com")
    assert letters()["ana@example.com"]["Subject"] == "Your account has another address now"
    assert client.send(link).status_code == 410


def test_s1_a_program_that_looks_at_the_link_confirms_nothing(app: Flask, ana: int) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    client.send("/account/email", {"new_email": "new@example.com", "password": PASSWORD})
    link = link_in(letters()["new@example.com"])
    assert app.test_client().head(link).status_code == 200
    with read_unit() as tx:
        assert users.by_id(tx, ana).email == "ana@example.com"  # type: ignore[union-attr]
    assert client.send(link).status_code == 303, "the link works still"


@pytest.mark.parametrize(
    ("email", "password", "wrong"),
    [
        ("new@example.com", "wrong one here", "password"),
        ("nonsense", PASSWORD, "new_email"),
        ("ana@example.com", PASSWORD, "new_email"),
    ],
)
def test_another_address_needs_the_password_and_an_address(
    app: Flask, ana: int, email: str, password: str, wrong: str
) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    answer = client.send("/account/email", {"new_email": email, "password": password})
    assert answer.status_code == 422
    assert f'id="f-{wrong}-error"' in answer.get_data(as_text=True)


def test_s7_an_address_that_is_taken_answers_like_a_free_one(app: Flask, ana: int) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ben@example.com")
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    assert client.send("/account/email", {"new_email": "ben@example.com", "password": PASSWORD}).status_code == 303
    mail = letters()["ben@example.com"]
    assert mail["Subject"] == "You have an account already"
    assert "/account/email/" not in mail.get_content()


def test_signing_out_everywhere_ends_this_session_too(app: Flask, ana: int) -> None:
    here, there = app.test_client(), app.test_client()
    for client in (here, there):
        client.sign_in("ana@example.com")
    here.send("/account/sessions/end", {"session_id": "all"})
    assert [client.get("/account").status_code for client in (here, there)] == [401, 401]
