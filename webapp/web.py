"""Small helps every blueprint uses: where to go next, what a form holds, JSON instead of a redirect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Request, Response, current_app, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge, SecurityError

from webapp import viewmodels as vm
from webapp.errors import BadRequest, InvalidInput, NotFound, wants_json
from webapp.numbers import KeyConverter, whole
from webapp.security import safe_next

MAX_FIELD = 10_000
PHOTO_ENDPOINTS = frozenset({"shop.search_photo", "api.search_photo"})
NUL = "\0"
IPV6_HOST = re.compile(r"\[([0-9a-f:.]+)\](?::([1-9][0-9]{0,4}))?")
MAX_PORT = 65_535
# Cubot makes telephones.
MACHINES = re.compile(r"(?<!cu)bot\b|crawler|spider|slurp|preview|externalhit|lighthouse|whatsapp/", re.IGNORECASE)
HEAD_ASKED = "kindred.head_asked"


class ShopRequest(Request):
    """A request that may name the shop by an IPv6 address or in capitals.

    Werkzeug cuts each host it trusts at its first colon, and compares the names letter by letter.
    """

    _named: list[str] | None = None

    def __init__(self, environ: WSGIEnvironment, *arguments: Any, **options: Any) -> None:
        if "HTTP_HOST" in environ:
            environ["HTTP_HOST"] = environ["HTTP_HOST"].lower()
        super().__init__(environ, *arguments, **options)

    @property
    def trusted_hosts(self) -> list[str] | None:
        """The hosts to compare with; None when this one was found to be among them."""
        given = IPV6_HOST.fullmatch(self.headers.get("Host", ""))
        if given and self._named and {given[1], f"[{given[1]}]"} & set(self._named) and int(given[2] or 1) <= MAX_PORT:
            return None
        return self._named

    @trusted_hosts.setter
    def trusted_hosts(self, named: list[str] | None) -> None:
        self._named = named


def reading_heads(inner: WSGIApplication) -> WSGIApplication:
    """Let the shop read the page whose head is asked for, and send no body.

    A view that tells a page from a sent form by the method would take HEAD for the form, which brings no CSRF token.
    """

    def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "HEAD":
            return inner(environ, start_response)
        body = inner(environ | {"REQUEST_METHOD": "GET", HEAD_ASKED: True}, start_response)
        if hasattr(body, "close"):
            body.close()
        return ()

    return outer


def is_looked_at() -> bool:
    """Whether a person looks at the page: no search engine, no preview of a link, no check whether it is there.

    Machines keep no cookie, so each page that one reads would count as the look of one more person.
    """
    return HEAD_ASKED not in request.environ and not MACHINES.search(request.headers.get("User-Agent", ""))


def register_known_hosts(app: Flask) -> None:
    """Refuse what is asked of an unknown host before anything else looks at it: no page can be made for it."""

    @app.before_request
    def refuse_other_hosts() -> None:
        if isinstance(request.routing_exception, SecurityError):
            raise request.routing_exception


def register_request_rules(app: Flask) -> None:
    """Refuse what no page can mean: numbers no row can have, and the NUL character, which PostgreSQL cannot store."""
    app.url_map.converters["int"] = KeyConverter

    @app.before_request
    def refuse_nul() -> None:
        if NUL in request.path or any(NUL in text for part in request.values.lists() for text in (part[0], *part[1])):
            raise BadRequest

    @app.before_request
    def refuse_half_a_form() -> None:
        if request.form:
            refuse_what_goes_on()


def refuse_what_goes_on() -> None:
    """Refuse a body sent in pieces that goes on where the most that is read ends; its length told nobody before.

    To be called when it has been read.

    Raises
    ------
    RequestEntityTooLarge
        If it is larger than MAX_BODY_KB.
    """
    in_pieces = request.content_length is None and "wsgi.input_terminated" in request.environ
    if in_pieces and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge


def register_photo_size(app: Flask) -> None:
    """Let the calls that take a photo take one as large as MAX_PHOTO_KB, before anything reads their body."""

    @app.before_request
    def allow_a_photo() -> None:
        if request.endpoint in PHOTO_ENDPOINTS:
            request.max_content_length = 1024 * current_app.config["MAX_PHOTO_KB"]


def photo_field(name: str) -> bytes:
    """Return the file sent under a name.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    sent = request.files.get(name)
    if sent is None:
        content = b""
    else:
        content = sent.read()
        sent.close()
    if not content:
        raise InvalidInput({name: _("Choose a picture from your device.")})
    return content


def field(name: str, default: str = "") -> str:
    """Return what a form or the address holds under a name, cut at a sane length."""
    return request.values.get(name, default)[:MAX_FIELD]


def fields(*names: str) -> dict[str, str]:
    """Return several form fields."""
    return {name: field(name) for name in names}


def number_field(name: str) -> int | None:
    """Return a positive whole number; None when the field is empty or absent.

    Raises
    ------
    NotFound
        If it holds anything else: what it names does not exist.
    """
    raw = field(name).strip()
    if not raw:
        return None
    number = whole(raw)
    if number is None:
        raise NotFound
    return number


def page_number() -> int:
    """Return the page asked for, 1 when that makes no sense."""
    return whole(request.args.get("page", ""), 10_000) or 1


def back(fallback: str = "") -> Response:
    """Go where the form said, if that is on this site."""
    target = safe_next(request.form.get("next"), fallback or url_for("shop.home"))
    return redirect(target, 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here


def go(endpoint: str, **values: Any) -> Response:
    """Go to another page after a change."""
    return redirect(url_for(endpoint, **values), 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here


def answer(message: str, kind: str = "success", **extra: Any) -> Response:
    """Tell what happened: as JSON to our JavaScript, else as a notice on the page one came from."""
    if wants_json():
        return jsonify({"message": message} | extra)
    if message:
        flash(message, kind)
    return back()


def refused(error: InvalidInput, values: Mapping[str, str], *, keep_out: tuple[str, ...] = ("password",)) -> vm.Form:
    """Build the state of a form that was refused; passwords are never sent back."""
    return vm.Form({name: value for name, value in values.items() if name not in keep_out}, error.errors)
