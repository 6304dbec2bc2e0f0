"""S1, S9, S10: what a request must bring, what of it is believed, and what every answer says to the browser."""

from pathlib import Path

import pytest
from flask import Flask, request

from config import TestConfig
from tests.factories import PASSWORD, ShopClient
from webapp import create_app
from webapp.actors import Actor
from webapp.picks import NullRecs


@pytest.mark.parametrize("header", ["Bearer kd_made-up", "bearer x y", "Bearer ", "Bearer"])
def test_s1_a_header_instead_of_the_token_brings_no_session_along(app: Flask, ana: Actor, header: str) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    for path in ("/account/delete", "/account/export"):
        form = {"password": PASSWORD, "export_password": PASSWORD}
        assert client.post(path, data=form, headers={"Authorization": header}).status_code == 401, path
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize("header", ["Basic eDp4", "Digest username=x", "Bearers x", "x", ""])
def test_s1_what_a_proxy_asked_for_is_no_key(app: Flask, ana: Actor, header: str) -> None:
    """A browser sends it with everything, also with what another site makes it send: the token is still needed."""
    client: ShopClient = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = header
    client.sign_in("ana@example.com")
    assert client.get("/account").status_code == 200
    assert client.get("/api/session").get_json()["user_id"] == str(ana.user_id)
    for path in ("/account/sign-out", "/api/feedback"):
        assert client.post(path).status_code == 400, path
    assert client.send("/account/sign-out").status_code == 303
    assert client.get("/account").status_code == 401


def test_s1_a_token_of_another_session_opens_nothing(app: Flask, ana: Actor) -> None:
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    stranger: ShopClient = app.test_client()
    assert client.post("/account/sign-out", headers={"X-CSRFToken": stranger.token()}).status_code == 400
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize("path", ["/", "/account", "/nothing-here", "/api/search?q=x", "/media/none.webp", "/cart"])
def test_s10_every_answer_has_the_headers(client: ShopClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert (policy["default-src"], policy["base-uri"], policy["frame-ancestors"]) == ("'none'",) * 3


def test_s9_behind_a_proxy_only_its_own_word_is_believed(tmp_path: Path) -> None:
    behind = create_app(
        TestConfig.under(tmp_path, TRUSTED_PROXIES="1", SITE_URL="https://shop.example"), recs=NullRecs()
    )
    seen: list[tuple[str | None, str, str]] = []

    @behind.before_request
    def look() -> tuple[str, int]:
        seen.append((request.remote_addr, request.scheme, request.host))
        return "", 204

    client = behind.test_client()
    headers = {"X-Forwarded-For": "1.1.1.1, 2.2.2.2", "X-Forwarded-Proto": "https"}
    client.get("/", headers=headers | {"X-Forwarded-Host": "shop.example"})
    assert seen == [("2.2.2.2", "https", "shop.example")]
    assert client.get("/", headers=headers | {"X-Forwarded-Host": "evil.example"}).status_code == 400


def test_s1_a_form_of_before_leads_back_to_its_page(client: ShopClient) -> None:
    """Reloading what the form was sent to would send the same old form again."""
    client.get("/")
    came_from = {"Referer": "http://localhost/search?q=lamp&page=2"}
    page = client.post("/cart/add", data={"csrf_token": "of before"}, headers=came_from).get_data(as_text=True)
    assert 'href="/search?q=lamp&amp;page=2"' in page
    assert "too long" in page


@pytest.mark.parametrize("elsewhere", ["http://evil.example/p/1", "http://localhost//evil.example/", "http://[::1", ""])
def test_s1_a_form_from_elsewhere_leads_nowhere(client: ShopClient, elsewhere: str) -> None:
    client.get("/")
    page = client.post("/cart/add", headers={"Referer": elsewhere})
    assert page.status_code == 400
    assert "evil" not in page.get_data(as_text=True)


def test_s1_who_keeps_no_cookie_is_told_so(app: Flask, client: ShopClient) -> None:
    """Loading the page again, as such a visitor was told to, never helps."""
    keeps_none = app.test_client(use_cookies=False)
    for sent in ({}, {"Accept": "application/json"}):
        assert "no cookie" in keeps_none.post("/cart/add", headers=sent).get_data(as_text=True)
    client.get("/")
    assert "no cookie" not in client.post("/cart/add").get_data(as_text=True)
