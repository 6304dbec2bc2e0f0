"""S33: a crash tells nothing of the inside, on whichever page it happens, and a public shop has no debugger."""

from pathlib import Path
from typing import NoReturn

import pytest
from flask import Flask

from config import Config, ConfigError
from tests.factories import ShopClient, make_user
from webapp import create_app
from webapp.picks import NullRecs
from webapp.store.tx import unit_of_work


def crash(*_arguments: object, **_more: object) -> NoReturn:
    raise RuntimeError("the secret is 42")


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_s33_a_crash_of_any_part_tells_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch, accept: str) -> None:
    with unit_of_work() as tx:
        make_user(tx, "owner@example.com", role="owner")
    client: ShopClient = app.test_client()
    client.sign_in("owner@example.com")
    tried = set()
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        part = rule.endpoint.partition(".")[0]
        if "GET" not in (rule.methods or ()) or part in tried or rule.endpoint == "static":
            continue
        with monkeypatch.context() as patched, app.test_request_context():
            patched.setitem(app.view_functions, rule.endpoint, crash)
            address = rule.rule
            for name in rule.arguments:
                address = address.replace(
                    address[address.index("<") : address.index(">") + 1], "1" if "id" in name else "x"
                )
            answer = client.get(address, headers={"Accept": accept})
        assert answer.status_code == 500, rule
        body = answer.get_data(as_text=True)
        assert not any(word in body for word in ("secret", "Traceback", "RuntimeError", ".py")), rule
        tried.add(part)
    assert {"shop", "cart", "checkout", "account", "admin", "api", "taste", "health"} <= tried


def public(folder: Path) -> Config:
    given = {"SHOP_ENV": "production", "SITE_URL": "https://shop.example", "TEST_PAYMENTS": "0"}
    return Config.from_environment(given | {"INSTANCE_PATH": str(folder)}, env_file=folder / "none")


def test_s33_a_public_shop_has_no_debugger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    shop = create_app(public(tmp_path), recs=NullRecs())
    assert (shop.debug, shop.testing, shop.config.get("PROPAGATE_EXCEPTIONS")) == (False, False, None)
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with pytest.raises(ConfigError, match="FLASK_DEBUG"):
        create_app(public(tmp_path), recs=NullRecs())


def test_s33_hidden_and_missing_are_the_same(app: Flask, client: ShopClient) -> None:
    missing = client.get("/admin/nothing", headers={"Accept": "application/json"})
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    client.sign_in("ana@example.com")
    hidden = client.get("/admin/models", headers={"Accept": "application/json"})
    told = [answer.get_json() | {"request_id": ""} for answer in (missing, hidden)]
    assert missing.status_code == hidden.status_code == 404
    assert told[0] == told[1]
