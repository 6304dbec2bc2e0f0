"""The cart."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, current_app, flash, jsonify, render_template, request, session, url_for
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.auth import current_actor, known_actor
from webapp.clock import utc_now
from webapp.errors import Conflict, InvalidInput, NotFound, wants_json
from webapp.extensions import limiter
from webapp.numbers import whole
from webapp.recs import get_recs
from webapp.services.browsing import discovery
from webapp.services.buying import carts, checkout, vouchers
from webapp.viewbuilders import buying
from webapp.web import answer, back, field, fields, go, refused

bp = Blueprint("cart", __name__, url_prefix="/cart")
MAX_BUNDLE = 5
REMOVED = "cart_removed"  # in the session: what the shopper took out last
UNDO_SECONDS = 600


@bp.get("")
def show() -> str:
    """Show the cart with what goes with it."""
    return _page()


def _page(form: vm.Form | None = None) -> str:
    actor, now = current_actor(), utc_now()
    cart = carts.load(actor)
    sums, methods = checkout.cart_sums(actor, cart, currency=current_app.config["CURRENCY"], now=now)
    rail = discovery.cart_rail(actor, get_recs(), [line.product_id for line in cart.lines], now=now)
    recent = None
    if not cart.lines:
        recent = discovery.recent_rail(actor, history_limit=current_app.config["HISTORY_LIMIT"], now=now)
    removed = _removed(now)
    page = buying.cart_page(cart, sums, methods, goes_with=rail, recent=recent, removed=removed, form=form)
    return render_template("cart/show.html", page=page)


def _removed(now: datetime) -> str:
    """Name what was taken out a moment ago."""
    gone = session.get(REMOVED)
    return str(gone["name"]) if gone and now.timestamp() - gone["at"] < UNDO_SECONDS else ""


@bp.post("/add")
def add() -> Response:
    """Put a variant, a product, or several products at once into the cart."""
    variant = field("variant_id").strip()
    request_id = field("request_id")[:40]
    try:
        if variant:
            quantity = carts.parse_quantity(field("quantity", "1"))
            added = carts.add_variant(
                known_actor(), _whole(variant, "variant_id"), quantity, request_id=request_id, now=utc_now()
            )
        else:
            ids = [_whole(raw, "product_id") for raw in request.values.getlist("product_id")[:MAX_BUNDLE]]
            added = carts.add_products(known_actor(), ids, request_id=request_id, now=utc_now())
    except (Conflict, InvalidInput) as error:
        return _refused(error)
    return answer(added.message, n_cart=added.n_cart)


def _refused(error: Conflict | InvalidInput | NotFound, fallback: str = "") -> Response:
    """Say on the page one came from why it cannot be; programs get the problem document."""
    if wants_json():
        raise error
    sentence = next(iter(error.errors.values())) if isinstance(error, InvalidInput) else error.text
    flash(sentence, "warning")
    return back(fallback)


def _whole(raw: str, name: str) -> int:
    number = whole(raw)
    if number is None:
        raise InvalidInput({name: _("Write a whole number.")})
    return number


@bp.post("/line/<int:line_id>")
def update(line_id: int) -> Response:
    """Change how many of a line."""
    try:
        quantity = carts.parse_quantity(field("quantity"), lowest=0)
        changed = carts.set_quantity(current_actor(), line_id, quantity, now=utc_now())
    except InvalidInput as error:
        return _refused(error, url_for("cart.show"))
    if wants_json():
        return jsonify({"message": changed.message, "n_cart": changed.n_cart})
    return _shown(changed.message)


@bp.post("/line/<int:line_id>/remove")
def remove(line_id: int) -> Response:
    """Take a line out; it can be put back until another one is taken out."""
    now = utc_now()
    gone = carts.remove(current_actor(), line_id, now=now)
    session[REMOVED] = {
        "variant_id": gone.variant_id,
        "quantity": gone.quantity,
        "name": gone.name,
        "at": int(now.timestamp()),
    }
    if wants_json():
        message = _("Removed from your cart.")
        return jsonify({"message": message, "n_cart": gone.n_cart, "undo_url": url_for("cart.undo")})
    return go("cart.show")


@bp.post("/undo")
def undo() -> Response:
    """Put back what was taken out last."""
    gone = session.pop(REMOVED, None)
    if gone is None:
        return _refused(Conflict(_("There is nothing to put back.")), url_for("cart.show"))
    try:
        back_in = carts.add_variant(
            known_actor(), int(gone["variant_id"]), int(gone["quantity"]), request_id="", now=utc_now()
        )
    except (Conflict, NotFound) as error:
        return _refused(error, url_for("cart.show"))
    if wants_json():
        return jsonify({"message": back_in.message, "n_cart": back_in.n_cart})
    return _shown(back_in.message)


@bp.post("/line/<int:line_id>/save")
def save(line_id: int) -> Response:
    """Move a line to what is saved for later."""
    saved = carts.save_for_later(current_actor(), line_id, now=utc_now())
    if wants_json():
        return jsonify({"message": saved.message, "n_cart": saved.n_cart})
    return _shown(saved.message)


@bp.post("/confirm")
def confirm() -> Response:
    """Agree to prices that changed and to fewer pieces."""
    message = carts.accept_changes(current_actor(), now=utc_now())
    if wants_json():
        return jsonify({"message": message})
    flash(message, "info")
    return back(url_for("cart.show"))


@bp.post("/voucher")
@limiter.limit("60/hour")
def voucher() -> Response | tuple[str, int]:
    """Put a voucher into the cart."""
    try:
        message = vouchers.enter(current_actor(), field("code")[:100], now=utc_now())
    except InvalidInput as error:
        if wants_json():
            raise
        return _page(refused(error, fields("code"))), error.status
    except Conflict as error:
        return _refused(error, url_for("cart.show"))
    return answer(message) if wants_json() else _shown(message)


@bp.post("/voucher/remove")
def voucher_remove() -> Response:
    """Take the voucher out again."""
    message = vouchers.leave(current_actor(), now=utc_now())
    return answer(message) if wants_json() else _shown(message)


def _shown(message: str) -> Response:
    flash(message, "info")
    return go("cart.show")
