"""Checkout: contact, delivery, payment, review, and the page that stands in for a bank."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.auth import current_actor, current_member
from webapp.buying import Checkout, PaymentProvider
from webapp.clock import utc_now
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.extensions import limiter
from webapp.recs import get_recs
from webapp.services import checkout, checkout_pages, discovery, orders, payments
from webapp.viewbuilders import buying
from webapp.viewbuilders.links import order_from_token, order_token
from webapp.web import field, fields, go, refused

bp = Blueprint("checkout", __name__, url_prefix="/checkout")
STEPS = ("contact", "delivery", "payment", "review")
ADDRESS_FIELDS = ("address_id", "name", "line1", "line2", "postcode", "city", "country", "phone", "method")


def _providers() -> dict[str, PaymentProvider]:
    return payments.providers(with_test=current_app.config["TEST_PAYMENTS"])


def _loaded(step: str) -> Checkout | Response:
    """Return the checkout, or the way to the step that has to be done first."""
    try:
        found = checkout.load(current_actor(), currency=current_app.config["CURRENCY"])
    except Conflict as error:
        flash(error.text, "info")
        return go("cart.show")
    if STEPS.index(step) > STEPS.index(found.step):
        return go(f"checkout.{found.step}")
    return found


@bp.get("")
def start() -> Response:
    """Go to the first step that is not done."""
    found = _loaded("contact")
    return go(f"checkout.{found.step}") if isinstance(found, Checkout) else found


@bp.route("/contact", methods=["GET", "POST"])
def contact() -> str | Response | tuple[str, int]:
    """Ask where the confirmation goes; no account is needed."""
    found = _loaded("contact")
    if not isinstance(found, Checkout):
        return found
    member = current_member()
    if request.method == "GET":
        form = vm.Form({"email": found.email or (member.email if member else "")})
        page = checkout_pages.contact(found, form, is_signed_in=member is not None)
        return render_template("checkout/contact.html", page=page)
    try:
        checkout.set_contact(current_actor(), field("email"))
    except InvalidInput as error:
        page = checkout_pages.contact(found, refused(error, fields("email")), is_signed_in=member is not None)
        return render_template("checkout/contact.html", page=page), error.status
    return go("checkout.delivery")


@bp.route("/delivery", methods=["GET", "POST"])
def delivery() -> str | Response | tuple[str, int]:
    """Ask where to and how."""
    found = _loaded("delivery")
    if not isinstance(found, Checkout):
        return found
    member = current_member()
    user_id = member.id if member else None
    if request.method == "GET":
        page = checkout_pages.delivery(found, None, user_id=user_id)
        return render_template("checkout/delivery.html", page=page)
    values = fields(*ADDRESS_FIELDS)
    try:
        checkout.set_delivery(current_actor(), values, user_id=user_id)
    except InvalidInput as error:
        page = checkout_pages.delivery(found, refused(error, values), user_id=user_id)
        return render_template("checkout/delivery.html", page=page), error.status
    return go("checkout.payment")


@bp.route("/payment", methods=["GET", "POST"])
def payment() -> str | Response | tuple[str, int]:
    """Ask how it will be paid."""
    found = _loaded("payment")
    if not isinstance(found, Checkout):
        return found
    if request.method == "GET":
        return render_template("checkout/payment.html", page=checkout_pages.payment(found, vm.Form(), _providers()))
    try:
        checkout.set_payment(current_actor(), field("method"), _providers())
    except InvalidInput as error:
        page = checkout_pages.payment(found, refused(error, fields("method")), _providers())
        return render_template("checkout/payment.html", page=page), error.status
    return go("checkout.review")


@bp.get("/review")
def review() -> str | Response:
    """Show everything once more with the exact amount."""
    try:
        found, changes = checkout.review(current_actor(), currency=current_app.config["CURRENCY"])
    except Conflict as error:
        flash(error.text, "info")
        return go("cart.show")
    if found.step != "review":
        return go(f"checkout.{found.step}")
    return render_template("checkout/review.html", page=checkout_pages.review(found, changes, _providers()))


@bp.post("/place")
@limiter.limit("60/hour")
def place() -> Response:
    """Place the order, once, however often the button is pressed."""
    shown = field("total_cents")
    placing = checkout.Placing(
        field("idempotency_key"),
        int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 12 else -1,
        field("is_gift") == "1",
        field("note").strip()[: checkout.MAX_NOTE],
    )
    try:
        order = checkout.place(
            current_actor(),
            placing,
            currency=current_app.config["CURRENCY"],
            hold_for=timedelta(minutes=current_app.config["RESERVE_MINUTES"]),
            now=utc_now(),
        )
    except Conflict as error:
        flash(error.text, "warning")
        return go("checkout.start")
    endpoint = "checkout.test_payment" if order.state == "placed" else "checkout.done"
    return redirect(url_for(endpoint, token=order_token(order.order_id)), 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here


@bp.route("/test-payment/<token>", methods=["GET", "POST"])
def test_payment(token: str) -> str | Response:
    """Stand in for a bank: the shopper chooses the answer. Not there at all where test payments are off."""
    if "test" not in _providers():
        raise NotFound
    order_id = order_from_token(token)
    attempt = payments.open_payment(order_id, "test", now=utc_now())
    if attempt is None:
        return go("checkout.done", token=token)
    order = orders.by_id(order_id).order
    message = ""
    if request.method == "POST":
        answered = payments.choose_outcome(attempt, field("outcome"), now=utc_now())
        if answered in {"paid", "waiting"}:
            return go("checkout.done", token=token)
        message = {
            "declined": _("The bank said no. Nothing was paid; you can try again."),
            "confirm": _("The bank asks you to confirm. Choose once more."),
        }[answered]
    page = checkout_pages.test_payment(token, order.number, attempt, message)
    return render_template("checkout/test_payment.html", page=page)


@bp.get("/done/<token>")
def done(token: str) -> str | Response:
    """Confirm the order."""
    found = orders.by_id(order_from_token(token))
    if payments.is_waiting_for_choice(found.order.order_id):
        return go("checkout.test_payment", token=token)
    bought = [line.product_id for line in found.lines if line.product_id is not None]
    rail = discovery.cart_rail(current_actor(), get_recs(), bought, title=_("Goes with what you bought"), now=utc_now())
    label = checkout_pages.payment_label(found.order.payment_code, _providers())
    page = vm.DonePage(
        meta=vm.PageMeta(title=_("Thank you"), is_indexed=False),
        order=buying.order_view(found, payment_label=label),
        can_register=current_member() is None,
        goes_with=rail,
    )
    return render_template("checkout/done.html", page=page)
