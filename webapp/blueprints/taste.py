"""A visitor's own say about their recommendations; everything works as a plain form."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, render_template, request
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.auth import current_actor, known_actor
from webapp.clock import utc_now
from webapp.errors import InvalidInput, wants_json
from webapp.extensions import limiter
from webapp.frame import UNDO_CATEGORY
from webapp.recs import get_recs
from webapp.services.picks import taste, taste_pages
from webapp.tuning import SLIDERS, Tuning
from webapp.web import answer, back, field, go, number_field

MAX_SHELF = 100
TRIED = frozenset({"preview", "brand", "shelf", *SLIDERS})

bp = Blueprint("taste", __name__, url_prefix="/your-recommendations")


@bp.get("")
@limiter.limit("240/minute")
def show() -> str | tuple[str, int]:
    """Show what is known and what follows from it; with ``preview`` also what other settings would bring."""
    if field("preview") != "1":
        return _page()
    try:
        return _page(_sent())
    except InvalidInput as error:
        return _page(form=vm.Form({}, error.errors)), error.status


def _page(proposed: Tuning | None = None, form: vm.Form | None = None) -> str:
    page = taste_pages.show(
        current_actor(),
        get_recs(),
        history_limit=current_app.config["HISTORY_LIMIT"],
        now=utc_now(),
        proposed=proposed,
        form=form or vm.Form(),
        shelf=field("shelf")[:MAX_SHELF],
    )
    return render_template("taste/show.html", page=page)


def _sent() -> Tuning:
    """Return the settings a form sent."""
    values = {name: field(name) for name in request.values}
    return taste.parse(values, request.values.getlist("brand"), taste.settings_of(current_actor()))


@bp.post("/tune")
def tune() -> Response | tuple[str, int]:
    """Keep the settings, show what they would bring, or take them back to the start."""
    if field("preview") == "1":
        return _tried()
    actor = known_actor()
    if field("action") == "reset":
        return _told(taste.untune(actor))
    try:
        chosen = _sent()
    except InvalidInput as error:
        if wants_json():
            raise
        return _page(form=vm.Form({}, error.errors)), error.status
    return _told(taste.tune(actor, chosen))


def _tried() -> Response:
    """Go to the page with the settings in its address; with shelves left as they are it would be too long."""
    sent = {name: request.form.getlist(name) for name in request.form if name in TRIED or name.startswith("category-")}
    told = {name: values for name, values in sent.items() if values not in ([taste.SAME], [""])}
    return go("taste.show", **told, _anchor="tune" if "shelf" in told else None)


def _told(message: str) -> Response:
    """Answer on this page, whichever the form came from."""
    if wants_json():
        return answer(message)
    flash(message, "success")
    return go("taste.show")


@bp.post("/use")
def use() -> Response:
    """Have orders or searches used, or not."""
    return answer(taste.use(known_actor(), field("what"), is_used=field("used") == "1"))


@bp.post("/feedback")
def feedback() -> Response:
    """Not interested, own it, a gift, or undo."""
    product_id, kind = number_field("product_id") or 0, field("kind")
    actor = known_actor()
    message = taste.react(actor, product_id, kind, request_id=field("request_id")[:40], now=utc_now())
    if kind != "undo" and not actor.is_personalised:
        return answer(message, "info")  # without a product: nothing is kept out that could be let back in
    if wants_json() or kind == "undo":
        return answer(message, product_id=product_id)
    flash(message, f"{UNDO_CATEGORY}{product_id}")
    return back()


@bp.post("/forget")
def forget() -> Response:
    """Forget one signal, those about a product, a search, all of a kind or of this visit, or everything."""
    message = taste.forget(
        current_actor(),
        signal_id=number_field("signal_id"),
        product_id=number_field("product_id"),
        search_id=number_field("search_id"),
        scope=field("scope"),
        now=utc_now(),
    )
    return answer(message)


@bp.post("/pause")
def pause() -> Response:
    """Switch personalisation off or on."""
    is_paused = field("paused") == "1"
    message = taste.pause(known_actor(), is_paused=is_paused, now=utc_now())
    return answer(message or _("Done."))
