"""A visitor's own say about their recommendations; everything works as a plain form."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, render_template
from flask_babel import gettext as _

from webapp.auth import current_actor, known_actor
from webapp.clock import utc_now
from webapp.errors import wants_json
from webapp.frame import UNDO_CATEGORY
from webapp.recs import get_recs
from webapp.services import taste, taste_pages
from webapp.web import answer, back, field, number_field

bp = Blueprint("taste", __name__, url_prefix="/your-recommendations")


@bp.get("")
def show() -> str:
    """Show what is known and what follows from it."""
    page = taste_pages.show(
        current_actor(), get_recs(), history_limit=current_app.config["HISTORY_LIMIT"], now=utc_now()
    )
    return render_template("taste/show.html", page=page)


@bp.post("/feedback")
def feedback() -> Response:
    """Not interested, own it, or undo."""
    product_id, kind = number_field("product_id"), field("kind")
    message = taste.react(known_actor(), product_id or 0, kind, request_id=field("request_id")[:40], now=utc_now())
    if wants_json() or kind == "undo":
        return answer(message)
    flash(message, f"{UNDO_CATEGORY}{product_id}")
    return back()


@bp.post("/forget")
def forget() -> Response:
    """Forget one signal, those about a product, or all of a kind."""
    message = taste.forget(
        current_actor(),
        signal_id=number_field("signal_id"),
        product_id=number_field("product_id"),
        scope=field("scope"),
    )
    return answer(message)


@bp.post("/pause")
def pause() -> Response:
    """Switch personalisation off or on."""
    is_paused = field("paused") == "1"
    message = taste.pause(known_actor(), is_paused=is_paused)
    return answer(message or _("Done."))
