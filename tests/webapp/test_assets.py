"""Static files: their addresses follow their content, and several style sheets are one answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from webapp.assets import Assets

CSS = Path(__file__).resolve().parents[2] / "static" / "css"


def test_an_address_changes_with_the_content(tmp_path: Path) -> None:
    file = tmp_path / "a.css"
    file.write_text("a{}")
    assets = Assets(tmp_path, check_s=0)
    before = assets.version("a.css")
    file.write_text("b{color:red}")
    assert before
    assert assets.version("a.css") != before
    assert assets.version("missing.css") == ""


def test_the_address_of_sheets_changes_with_any_of_them(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    for name in ("a", "b"):
        (tmp_path / "css" / f"{name}.css").write_text(f"{name} {{}}")
    assets = Assets(tmp_path, check_s=0)
    with app.test_request_context():
        before = assets.sheets_url(["a", "b"])
        assert before.startswith("/static/css/a+b.css?v=")
        (tmp_path / "css" / "b.css").write_text("b { color: red }")
        assert assets.sheets_url(["a", "b"]) != before
    assert assets.sheets(["b", "a"]) == "b { color: red }\na {}"


def test_sheets_come_in_their_order_and_are_kept_when_unchanged(app: Flask) -> None:
    client = app.test_client()
    answer = client.get("/static/css/tokens+base.css")
    assert answer.mimetype == "text/css"
    assert answer.text == f"{(CSS / 'tokens.css').read_text('utf-8')}\n{(CSS / 'base.css').read_text('utf-8')}"
    again = client.get("/static/css/tokens+base.css", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("names", ["nothing", "tokens+", "tokens+nothing", "..%2F..%2Fapp", "+".join(["tokens"] * 17)])
def test_what_is_no_sheet_is_not_found(app: Flask, names: str) -> None:
    assert app.test_client().get(f"/static/css/{names}.css").status_code == 404
