"""The cart."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, jsonify, render_template, request
from flask_babel import gettext as _

from webapp.auth import current_actor, known_actor
from webapp.clock import utc_now
from webapp.errors import Conflict, InvalidInput, wants_json
from webapp.numbers import whole
from webapp.recs import get_recs
from webapp.services import carts, checkout, discovery
from webapp.viewbuilders import buying
from webapp.web import answer, back, field, go

bp = Blueprint("cart", __name__, url_prefix="/cart")
MAX_BUNDLE = 5


@bp.get("")
def show() -> str:
    """Show the cart with what goes with it."""
    actor, now = current_actor(), utc_now()
    cart = carts.load(actor)
    sums, methods = checkout.cart_sums(cart, currency=current_app.config["CURRENCY"])
    rail = discovery.cart_rail(actor, get_recs(), [line.product_id for line in cart.lines], now=now)
    recent = None
    if not cart.lines:
        recent = discovery.recent_rail(actor, history_limit=current_app.config["HISTORY_LIMIT"], now=now)
    return render_template("cart/show.html", page=buying.cart_page(cart, sums, methods, goes_with=rail, recent=recent))


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


def _refused(error: Conflict | InvalidInput) -> Response:
    """Say on the page one came from why it cannot be; programs get the problem document."""
    if wants_json():
        raise error
    sentence = next(iter(error.errors.values())) if isinstance(error, InvalidInput) else error.text
    flash(sentence, "warning")
    return back()


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
        return _refused(error)
    if wants_json():
        return jsonify({"message": changed.message, "n_cart": changed.n_cart})
    return _shown(changed.message)


@bp.post("/line/<int:line_id>/remove")
def remove(line_id: int) -> Response:
    """Take a line out."""
    changed = carts.remove(current_actor(), line_id, now=utc_now())
    if wants_json():
        return jsonify({"message": changed.message, "n_cart": changed.n_cart})
    return _shown(changed.message)


def _shown(message: str) -> Response:
    flash(message, "info")
    return go("cart.show")
