"""The page that stands in for a bank. It is registered only where test payments are on."""

from __future__ import annotations

from flask import Blueprint, Response, flash, render_template, request
from flask_babel import gettext as _

from webapp.clock import utc_now
from webapp.services.buying import checkout_pages, orders, payments
from webapp.viewbuilders.links import order_from_token
from webapp.web import field, go

bp = Blueprint("trial", __name__, url_prefix="/checkout")


@bp.route("/test-payment/<token>", methods=["GET", "POST"])
def show(token: str) -> str | Response:
    """Let the shopper choose what the bank answers."""
    order = orders.by_id(order_from_token(token)).order
    if order.state != "placed":
        return go("checkout.done", token=token)
    if request.method == "GET":
        return render_template("checkout/test_payment.html", page=checkout_pages.test_payment(token, order))
    attempt = payments.open_payment(order.order_id, "test", now=utc_now())
    if attempt is None:
        return go("checkout.done", token=token)
    answered = payments.choose_outcome(attempt, field("outcome"), now=utc_now())
    if answered in {"paid", "waiting"}:
        return go("checkout.done", token=token)
    messages = {
        "declined": _("The bank said no. Nothing was paid; you can try again."),
        "confirm": _("The bank asks you to confirm. Choose once more."),
    }
    flash(messages[answered], "warning")
    return go("trial.show", token=token)
