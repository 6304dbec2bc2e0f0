"""The security checklist: one test per rule, named after it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from config import Config, ConfigError, ProductionConfig, TestConfig
from tests.factories import (
    PASSWORD,
    ShopClient,
    make_event,
    make_product,
    make_user,
    put_in_cart,
    ready_to_pay,
    variant_of,
)
from webapp import create_app
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.extensions import db
from webapp.security import is_safe_path, safe_next
from webapp.services.buying import checkout
from webapp.services.people import accounts
from webapp.store import carts, reviews, sessions, users
from webapp.store.models import Model
from webapp.store.tx import read_unit, unit_of_work

ROOT = Path(__file__).resolve().parents[3]
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
TRACES = {"web_sessions", "guests", "interactions", "searches", "impressions"}  # what looking around may leave


def filled(rule: Rule) -> str:
    """Return an address of a rule with something in every place."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: "1" if "id" in found[1] else "some-thing", rule.rule)


def rules(app: Flask, methods: set[str]) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if rule.methods and rule.methods & methods and rule.endpoint != "static":
            yield rule


def snapshot() -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table that reading must not change."""
    with db.engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for table in Model.metadata.sorted_tables
            if table.name not in TRACES
        }


@pytest.fixture
def people(app: Flask) -> dict[str, int]:
    with unit_of_work() as tx:
        return {
            "ana": make_user(tx, "ana@example.com", name="Ana"),
            "ben": make_user(tx, "ben@example.com", name="Ben"),
            "owner": make_user(tx, "owner@example.com", role="owner"),
            "staff": make_user(tx, "staff@example.com", role="staff"),
        }


def browser(app: Flask, name: str = "") -> ShopClient:
    client: ShopClient = app.test_client()
    if name:
        client.sign_in(f"{name}@example.com")
    return client


def test_s1_no_unsafe_request_without_the_token(app: Flask, people: dict[str, int]) -> None:
    client = browser(app, "owner")
    for rule in rules(app, UNSAFE):
        answer = client.post(filled(rule), data={"rating": "5"})
        assert answer.status_code == 400, rule
        assert client.post(filled(rule), json={}, headers={"X-CSRFToken": "made-up"}).status_code == 400, rule


def test_s1_reading_changes_nothing(app: Flask, people: dict[str, int]) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
        put_in_cart(tx, Actor(user_id=people["owner"]), lamp)
    client = browser(app, "owner")
    before = snapshot()
    for rule in rules(app, {"GET"}):
        client.get(filled(rule)).close()
    assert snapshot() == before


def test_s1_asking_for_the_head_of_a_page_is_reading_it(app: Flask, people: dict[str, int]) -> None:
    """Programs that look through letters ask so for every link, and a form that is not there cannot be wrong."""
    client = browser(app, "owner")
    before = snapshot()
    for rule in rules(app, {"GET"}):
        read, head = client.get(filled(rule)), client.head(filled(rule))
        assert (head.status_code, head.headers.get("Cache-Control")) == (
            read.status_code,
            read.headers.get("Cache-Control"),
        ), rule
        assert head.get_data() == b"", rule
        read.close()
    assert snapshot() == before


def test_s2_the_session_cookie_in_production(tmp_path: Path) -> None:
    given = {"SHOP_ENV": "production", "SITE_URL": "https://shop.example", "TEST_PAYMENTS": "1"}
    config = Config.from_environment(given | {"INSTANCE_PATH": str(tmp_path)}, env_file=tmp_path / "none")
    assert isinstance(config, ProductionConfig)
    found = config.flask_settings()
    assert found["SESSION_COOKIE_NAME"] == "__Host-session"
    assert (found["SESSION_COOKIE_SECURE"], found["SESSION_COOKIE_HTTPONLY"]) == (True, True)
    assert found["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert config["SESSION_DAYS"] <= 30


@pytest.mark.parametrize(
    "given",
    [
        {"SECRET_KEY": "short"},
        {"SITE_URL": "http://shop.example"},
        {"SITE_URL": ""},
        {"DEMO_OPEN_READS": "1"},
        {"TEST_PAYMENTS": ""},
        {"STRIPE_SECRET_KEY": "sk_test_x", "STRIPE_WEBHOOK_SECRET": "whsec_x"},
        {"STRIPE_SECRET_KEY": "rk_test_x", "STRIPE_WEBHOOK_SECRET": "whsec_x"},
        {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_WEBHOOK_SECRET": "whsec_x", "TEST_PAYMENTS": "1"},
    ],
)
def test_s2_s26_production_refuses_what_is_only_convenient(tmp_path: Path, given: dict[str, str]) -> None:
    usable = {"SHOP_ENV": "production", "SITE_URL": "https://shop.example", "TEST_PAYMENTS": "0"}
    Config.from_environment(usable | {"INSTANCE_PATH": str(tmp_path)}, env_file=tmp_path / "none")
    with pytest.raises(ConfigError):
        Config.from_environment(usable | {"INSTANCE_PATH": str(tmp_path)} | given, env_file=tmp_path / "none")


def test_s26_without_test_payments_their_page_is_in_no_address(tmp_path: Path) -> None:
    with_them, without = (create_app(TestConfig.under(tmp_path / value, TEST_PAYMENTS=value)) for value in ("1", "0"))
    found = {"test-payment" in rule.rule for rule in with_them.url_map.iter_rules()}
    assert found == {True, False}
    assert not any("test" in rule.rule for rule in without.url_map.iter_rules())
    assert without.extensions["payment_providers"] == {}


def test_s3_the_session_id_changes_at_sign_in_and_the_old_one_is_dead(app: Flask, people: dict[str, int]) -> None:
    client = browser(app)
    client.get("/")
    before = client.get_cookie("kindred_session").value
    client.sign_in("ana@example.com")
    signed_in = client.get_cookie("kindred_session").value
    assert before != signed_in
    client.send("/account/sign-out")
    assert client.get_cookie("kindred_session").value not in {before, signed_in}
    for old in (before, signed_in):
        thief = browser(app)
        thief.set_cookie("kindred_session", old)
        assert thief.get("/account").status_code == 401


def test_s3_the_table_opens_no_session(app: Flask, people: dict[str, int]) -> None:
    client = browser(app, "ana")
    with read_unit() as tx:
        hashed = [row.id_hash for row in sessions.of_user(tx, people["ana"], now=utc_now())]
    thief = browser(app)
    thief.set_cookie("kindred_session", hashed[0])
    assert thief.get("/account").status_code == 401
    assert client.get("/account").status_code == 200


def test_s4_a_new_password_signs_out_elsewhere(app: Flask, people: dict[str, int]) -> None:
    here, there = browser(app, "ana"), browser(app, "ana")
    changed = here.send("/account/security", {"current_password": PASSWORD, "new_password": "another good one"})
    assert changed.status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 401


def test_s5_a_huge_password_is_refused_before_it_is_hashed(app: Flask, client: ShopClient) -> None:
    answer = client.send("/account/sign-in", {"email": "a@example.com", "password": "x" * 10_000_000})
    assert answer.status_code == 413


def test_s6_too_many_failures_are_told_when_to_come_back(app: Flask, people: dict[str, int]) -> None:
    client = browser(app)
    wrong = {"email": "ana@example.com", "password": "wrong one here"}
    assert [client.send("/account/sign-in", wrong).status_code for _ in range(10)] == [422] * 10
    late = client.send("/account/sign-in", wrong)
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) > 0


def test_s7_registering_tells_nobody_who_has_an_account(app: Flask, people: dict[str, int]) -> None:
    bodies = []
    for email in ("ana@example.com", "new@example.com"):
        client = browser(app)
        answer = client.send("/account/register", {"name": "X", "email": email, "password": "a good long one"})
        page = client.get(answer.headers["Location"]).get_data(as_text=True).replace(email, "")
        bodies.append((answer.status_code, re.sub(r'(nonce|content|value)="[^"]*"', "", page)))
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "/%0a/evil.example",
        "/\n/evil.example",
        "////evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "%20//evil.example",
        "/%20//evil.example",
        "evil.example",
        "",
        "/" + "x" * 2000,
        "/\x7f",
    ],
)
def test_s8_unsafe_redirects_go_home(app: Flask, people: dict[str, int], target: str) -> None:
    assert not is_safe_path(target)
    assert safe_next(target, "/home") == "/home"
    client = browser(app)
    answer = client.send("/account/sign-in", {"email": "ana@example.com", "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("target", ["/", "/c/lamps?sort=price&page=2", "/p/1-lamp#reviews", "/search?q=a%20b"])
def test_s8_safe_redirects_are_followed(target: str) -> None:
    assert safe_next(target, "/home") == target


def test_s9_unknown_hosts_are_refused(app: Flask, client: ShopClient) -> None:
    assert client.get("/", base_url="http://evil.example").status_code == 400
    assert client.get("/", base_url="http://127.0.0.1:5000").status_code == 200
    for host in ("[::1]:5000", "[::1]", "LOCALHOST:5000", "LocalHost"):
        assert client.get("/", headers={"Host": host}).status_code == 200, host
    for host in ("[::2]:5000", "[::1", "[::1]x", "[::1]:99999", "[::1]@evil.example", "::1"):
        assert client.get("/", headers={"Host": host}).status_code == 400, host
    for path in ("/cart/voucher", "/no-such-page", "/cart?a=%00", "/api/feedback"):
        for method in ("GET", "POST", "DELETE"):
            answer = client.open(path, method=method, base_url="http://evil.example")
            assert (answer.status_code, answer.text) == (400, "This address is not served here."), (method, path)


def test_s10_every_page_has_a_strict_policy_with_a_fresh_nonce(app: Flask, client: ShopClient) -> None:
    policies = [client.get("/").headers["Content-Security-Policy"] for _look in range(2)]
    assert policies[0] != policies[1]
    for word in ("unsafe-inline", "unsafe-eval", "http:", "https:", "*"):
        assert word not in policies[0]
    assert "default-src 'none'" in policies[0]
    assert "frame-ancestors 'none'" in policies[0]
    for header in ("Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy", "X-Content-Type-Options"):
        assert client.get("/").headers[header]


def test_s11_nobody_elses_things_exist(app: Flask, people: dict[str, int]) -> None:
    """Ben and a guest try every address of Ana's order, cart line and address; the answer is that of nothing."""
    ana = Actor(user_id=people["ana"])
    with unit_of_work() as tx:
        lamp = make_product(tx)
        put_in_cart(tx, ana, lamp)
    with app.test_request_context():
        order = checkout.place(ana, ready_to_pay(ana), currency="EUR", hold_for=timedelta(minutes=5), now=utc_now())
        fields = {"name": "Ana", "line1": "Hill 1", "postcode": "1", "city": "Berlin", "country": "DE"}
        accounts.save_address(people["ana"], fields, address_id=None, countries={"DE"}, now=utc_now())
    with unit_of_work() as tx:
        put_in_cart(tx, ana, lamp)
        line = carts.load(tx, ana).lines[0].line_id
        address = users.addresses(tx, people["ana"])[0].address_id
        signal = make_event(tx, ana, lamp, "click")
    ben = browser(app, "ben")
    for number in (order.number, "2026-NOTHING2"):
        assert ben.get(f"/account/orders/{number}").status_code == 404
        assert ben.send(f"/account/orders/{number}/cancel").status_code == 404
        assert ben.send(f"/account/orders/{number}/reorder").status_code == 404
        assert ben.get(f"/admin/orders/{number}").status_code == 404
    for path, data in (
        (f"/cart/line/{line}", {"quantity": "5"}),
        (f"/cart/line/{line}/remove", {}),
        ("/account/addresses", fields | {"address_id": str(address)}),
        ("/account/addresses", {"action": "delete", "address_id": str(address)}),
        ("/your-recommendations/forget", {"signal_id": str(signal)}),
    ):
        assert ben.send(path, data).status_code == 404, path
    with read_unit() as tx:
        assert carts.load(tx, ana).lines[0].quantity == 1
        assert users.addresses(tx, people["ana"])[0].city == "Berlin"
    assert browser(app).get(f"/account/orders/{order.number}").status_code == 401
    assert browser(app, "ana").get(f"/account/orders/{order.number}").status_code == 200


def test_s12_one_review_each_and_verified_is_looked_up(app: Flask, people: dict[str, int]) -> None:
    with unit_of_work() as tx:
        lamp = make_product(tx)
    client = browser(app, "ana")
    for text in ("first", "second"):
        forged = {"rating": "5", "title": "t", "text": text, "verified": "1", "is_verified": "1"}
        assert client.send(f"/p/{lamp}/review", forged).status_code == 303
    with read_unit() as tx:
        rows, total = reviews.page(tx, lamp, stars=None, sort="newest", limit=9, offset=0)
    assert (total, rows[0].text, rows[0].is_verified) == (1, "second", False)


@pytest.mark.parametrize(
    "quantity", ["0", "-1", "1e3", "1.5", "NaN", "inf", "", "٣", "１", "100", "99999999999", " ", "+1"]
)
def test_s14_a_quantity_is_a_plain_whole_number(app: Flask, client: ShopClient, quantity: str) -> None:
    with unit_of_work() as tx:
        variant = variant_of(tx, make_product(tx))
    answer = client.send_js("/cart/add", {"variant_id": str(variant), "quantity": quantity})
    assert answer.status_code == 422
    assert "quantity" in answer.get_json()["errors"]


def test_s19_the_owners_pages_do_not_exist_for_others(app: Flask, people: dict[str, int]) -> None:
    with unit_of_work() as tx:
        make_product(tx)
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("admin."):
            continue
        view = app.view_functions[rule.endpoint]
        assert set(view.allowed_roles) <= {"owner", "staff"}, f"{rule.endpoint} has no role"
        if "GET" in (rule.methods or ()):
            assert browser(app).get(filled(rule)).status_code == 401
            assert browser(app, "ana").get(filled(rule)).status_code == 404
        else:
            assert browser(app).send(filled(rule)).status_code == 401
            assert browser(app, "ana").send(filled(rule)).status_code == 404


def test_s19_staff_may_not_train_or_roll_back(app: Flask, people: dict[str, int]) -> None:
    staff = browser(app, "staff")
    assert staff.get("/admin/models").status_code == 200
    assert staff.send("/admin/models/retrain").status_code == 404
    assert staff.send("/admin/models/rollback").status_code == 404


def test_s22_what_people_write_is_text(app: Flask, people: dict[str, int]) -> None:
    evil = "</script><script>alert(1)</script>"
    with unit_of_work() as tx:
        lamp = make_product(tx, name=f"Lamp {evil}", brand=evil, description=evil, attributes={"Material": evil})
        users.change(tx, people["ana"], name=evil)
    client = browser(app, "ana")
    client.send(f"/p/{lamp}/review", {"rating": "1", "title": evil, "text": evil})
    for path in (f"/p/{lamp}", "/", "/search?q=" + evil, "/account", "/your-recommendations"):
        page = client.get(path, follow_redirects=True).get_data(as_text=True)
        assert "<script>alert" not in page, path


def test_s22_no_page_switches_escaping_off() -> None:
    found = []
    for folder, pattern in (("templates", "*.html"), ("webapp", "*.py"), ("seed", "*.py")):
        for path in (ROOT / folder).rglob(pattern):
            text = path.read_text(encoding="utf-8")
            if re.search(r"\|\s*safe\b|Markup\(|autoescape\s+false", text):
                found.append(str(path.relative_to(ROOT)))
    assert found == ["webapp/markdown.py"], "its parser escapes all but what it makes itself"


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_s33_a_crash_tells_nothing(
    app: Flask, client: ShopClient, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    def crash(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setitem(app.view_functions, "shop.about_demo", crash)
    answer = client.get("/about-the-demo", headers={"Accept": accept})
    assert answer.status_code == 500
    body = answer.get_data(as_text=True)
    assert "secret" not in body
    assert "Traceback" not in body
    assert "RuntimeError" not in body


def test_s34_links_to_orders_cannot_be_made_up(app: Flask, client: ShopClient) -> None:
    for token in ("1", "MQ", "MQ.AAAA", "x" * 500, "../1"):
        assert client.get(f"/checkout/done/{token}").status_code == 404
