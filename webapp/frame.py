"""What every page has around it: navigation, counts, notices, language."""

from __future__ import annotations

import logging
from typing import Any

from babel import Locale
from flask import Flask, Response, current_app, g, get_flashed_messages, request, session
from flask_babel import get_locale
from sqlalchemy.exc import SQLAlchemyError

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.auth import current_actor, current_member
from webapp.errors import Busy
from webapp.security import address_here, csp_nonce, page_of_form
from webapp.services.browsing import chrome as chrome_service

log = logging.getLogger(__name__)
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
LANGUAGE, LANGUAGE_COOKIE = "lang", "language"
UNDO_CATEGORY = "undo:"
OBJECTION = "Sec-GPC"  # Global Privacy Control
LOCALISED = frozenset({"text/html", "application/atom+xml"})
KINDS = frozenset({"success", "info", "warning", "error"})


def choose_locale() -> str:
    """Return the visitor's language among those the shop has.

    What the address names comes first, then the choice made in this browser, then the account's, then what the browser
    asks for, then the shop's own.
    """
    languages = list(current_app.config["LANGUAGES"])
    if not request:
        return str(current_app.config["LOCALE"])
    chosen = (request.args.get(LANGUAGE, ""), request.cookies.get(LANGUAGE_COOKIE, ""), _language_of_account())
    named = next((language for language in chosen if language in languages), None)
    return named or request.accept_languages.best_match(languages) or str(current_app.config["LOCALE"])


def _language_of_account() -> str:
    row = getattr(session._get_current_object(), "row", None)  # type: ignore[attr-defined]  # unwrap Flask's proxy
    return row.language if row else ""


def register_frame(app: Flask) -> None:
    """Give every template ``chrome`` and ``csp_nonce``."""

    @app.context_processor
    def add() -> dict[str, Any]:
        return {"chrome": build_chrome(), "csp_nonce": csp_nonce()}

    @app.after_request
    def tell_language(answer: Response) -> Response:
        """Say in which language a page is, and that another visitor may get another one."""
        if answer.mimetype in LOCALISED:
            answer.headers["Content-Language"] = _locale()
            answer.vary.update(("Accept-Language", "Cookie"))
            if current_app.config["ASK_BEFORE_PICKS"]:
                answer.vary.add(OBJECTION)
        return answer


def build_chrome() -> vm.Chrome:
    """Build the frame; a bare one when the database is away, so that the error page can still be shown."""
    if "chrome" in g:
        return g.chrome
    try:
        found = _chrome()
    except (SQLAlchemyError, Busy) as error:
        log.warning("frame_unreadable", exc_info=not isinstance(error, Busy))
        return vm.Chrome(shop_name=current_app.config["SHOP_NAME"])
    g.chrome = found
    return found


def _chrome() -> vm.Chrome:
    actor, member = current_actor(), current_member()
    tree, n_cart, n_wishlist, is_demo = chrome_service.read(actor)
    theme = request.cookies.get(THEME_COOKIE, "auto")
    slug = (request.view_args or {}).get("slug", "") if request.endpoint == "shop.category" else ""
    shelves, has_more_shelves = chrome_service.navigation(tree, slug)
    return vm.Chrome(
        shop_name=current_app.config["SHOP_NAME"],
        locale=_locale(),
        languages=tuple(_language(code) for code in current_app.config["LANGUAGES"]),
        named_language=named if (named := request.args.get(LANGUAGE, "")) in current_app.config["LANGUAGES"] else "",
        theme=theme if theme in THEMES else "auto",  # type: ignore[arg-type]  # checked in the line itself
        nav=shelves,
        has_more_shelves=has_more_shelves,
        visitor=vm.Visitor(member.name, member.email, True, member.is_staff) if member else vm.Visitor(),
        n_cart=n_cart,
        n_wishlist=n_wishlist,
        notices=_notices(),
        query=request.args.get("q", "")[:200] if request.endpoint == "shop.search" else "",
        next_url=_next_url(),
        is_demo=is_demo,
        is_personalised=actor.is_personalised,
        undecided=_undecided(actor),
    )


def _undecided(actor: Actor) -> vm.Undecided:
    if not actor.is_undecided:
        return ""
    return "browser" if request.headers.get(OBJECTION) == "1" else "asked"


def _locale() -> str:
    return str(get_locale() or current_app.config["LOCALE"])


def _language(code: str) -> vm.Language:
    """Name a language in itself, so that who speaks it finds it."""
    return vm.Language(code, (Locale.parse(code).get_language_name(code) or code).capitalize())


def _next_url() -> str:
    """Return the present page as an address to come back to; the page of the form when it answers one."""
    return address_here() if request.method == "GET" else page_of_form() or "/"


def _notices() -> tuple[vm.Notice, ...]:
    if "_flashes" not in session:
        return ()
    flashed: list[tuple[str, str]] = get_flashed_messages(with_categories=True)  # type: ignore[assignment]  # with categories
    return tuple(_notice(kind, text) for kind, text in flashed)


def _notice(kind: str, text: str) -> vm.Notice:
    if kind.startswith(UNDO_CATEGORY):
        return vm.Notice(text, "success", int(kind.removeprefix(UNDO_CATEGORY)))
    return vm.Notice(text, kind if kind in KINDS else "info")  # type: ignore[arg-type]  # checked in the line itself
