"""S2, S3: the cookies of a public shop, and session ids that nobody can choose or keep."""

from flask import Flask
from werkzeug.http import parse_cookie

from tests.factories import PASSWORD, ShopClient
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.services.people import accounts

HTTPS = "https://localhost"
A_MONTH = 30 * 24 * 3600


def words(cookie: str) -> set[str]:
    return {part.strip().partition("=")[0] for part in cookie.split(";")[1:]}


def age(cookie: str) -> int | None:
    found = [part.partition("=")[2] for part in cookie.split(";") if part.strip().startswith("Max-Age=")]
    return int(found[0]) if found else None


def test_s2_what_a_public_shop_sends(app: Flask, ana: Actor) -> None:
    app.config |= {"SESSION_COOKIE_NAME": "__Host-session", "SESSION_COOKIE_SECURE": True}
    client = app.test_client()
    token = client.get("/api/session", base_url=HTTPS)
    headers = {"X-CSRFToken": token.get_json()["csrf_token"], "Referer": f"{HTTPS}/"}
    sent = token.headers.getlist("Set-Cookie")
    for path, form in (
        ("/language", {"language": "de"}),
        ("/theme", {"theme": "dark"}),
        ("/search/order", {"order": "plain"}),
        ("/account/sign-in", {"email": "ana@example.com", "password": PASSWORD, "remember": "1"}),
    ):
        answer = client.post(path, data=form, headers=headers, base_url=HTTPS)
        assert answer.status_code == 303, path
        sent += answer.headers.getlist("Set-Cookie")
    for cookie in sent:
        assert {"Secure", "SameSite"} <= words(cookie), cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in words(cookie)
    sessions = [cookie for cookie in sent if cookie.startswith("__Host-session=")]
    assert len(sessions) == 2
    for cookie in sessions:
        assert {"HttpOnly", "Path"} <= words(cookie)
        assert 0 < (age(cookie) or 0) <= A_MONTH


def test_s2_not_remembered_means_until_the_browser_closes(app: Flask, ana: Actor) -> None:
    answer = app.test_client().sign_in("ana@example.com")
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("kindred_session="))
    assert age(cookie) is None


def test_s3_nobody_chooses_a_session_id_for_others(app: Flask, ana: Actor) -> None:
    client: ShopClient = app.test_client()
    client.set_cookie("kindred_session", "chosen-by-somebody-else")
    answer = client.get("/api/session")
    made = parse_cookie(answer.headers["Set-Cookie"].split(";")[0])["kindred_session"]
    assert made != "chosen-by-somebody-else"
    assert len(made) > 40


def test_s3_another_role_ends_every_session(app: Flask, ana: Actor) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    accounts.create_office_account(email="ana@example.com", name="Ana", password="another good one", now=utc_now())
    assert client.get("/account").status_code == 401
    assert client.get("/admin/").status_code == 401
