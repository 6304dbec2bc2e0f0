"""A window complains about everything a visitor would stumble over, so that no walk passes by a broken page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser

from tests.browser.window import Window
from tests.chromium import needs_chromium
from tests.templates.preview import served

pytestmark = needs_chromium
FAR_DOWN = "<p style='height: 5000px'></p>"
PAGES = {
    "fine": "<title>Fine</title><p>All is well.</p>",
    "script": "<script nonce=n>undefinedThing()</script>",
    "console": "<script nonce=n>console.error('odd')</script>",
    "policy": "<script>alert()</script>",
    "missing": "<script nonce=n src=/gone.js></script>",
    "picture": FAR_DOWN + "<img loading=lazy width=9 height=9 src=/no-picture>",
}
FAULTS = {
    "script": "undefinedThing is not defined",
    "console": "odd",
    "policy": "refused by the policy: script-src-elem",
    "missing": "status 404: GET",
    "picture": "no picture on",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of pages with one fault each."""
    app = Flask("faults", static_folder=None)

    @app.get("/<name>")
    def show(name: str) -> Response:
        if name == "no-picture":
            return Response("these are no pixels", mimetype="image/webp")
        if name not in PAGES:
            return Response("It is gone.", 204 if name == "favicon.ico" else 404)
        answer = Response(f"<!doctype html>{PAGES[name]}", mimetype="text/html")
        answer.headers["Content-Security-Policy"] = "default-src 'self'; script-src 'nonce-n'; style-src-attr *"
        return answer

    with served(app) as url:
        yield url


@pytest.fixture
def look_at(browser: Browser, address: str) -> Iterator[Callable[[str], list[str]]]:
    """Read a page to its end and return what was complained about."""
    window = Window(browser, address, 1440)

    def look(name: str) -> list[str]:
        window.page.goto(f"/{name}")
        window.look_through()
        return window.complaints

    yield look
    window.close()


def test_a_page_without_fault_is_not_complained_about(look_at: Callable[[str], list[str]]) -> None:
    assert look_at("fine") == []


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_complained_about(look_at: Callable[[str], list[str]], name: str) -> None:
    assert any(FAULTS[name] in complaint for complaint in look_at(name))


def test_what_was_asked_for_is_forgiven(browser: Browser, address: str) -> None:
    window = Window(browser, address, 375)
    window.page.goto("/nowhere")
    assert window.complaints
    window.forgive("/nowhere")
    assert window.complaints == []
    window.close()
