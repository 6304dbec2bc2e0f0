"""Checkout: contact, delivery, payment, review, and the way to and back from whoever takes the money."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.auth import current_actor, current_member
from webapp.buying import Checkout, PaymentLinks
from webapp.clock import utc_now
from webapp.errors import Conflict, InvalidInput
from webapp.extensions import limiter
from webapp.providers import get_providers
from webapp.recs import get_recs
from webapp.services.browsing import discovery
from webapp.services.buying import checkout, checkout_pages, orders, payments
from webapp.store.orders import OrderRow
from webapp.viewbuilders import buying
from webapp.viewbuilders.links import absolute, order_from_token, order_token
from webapp.web import field, fields, go, refused

bp = Blueprint("checkout", __name__, url_prefix="/checkout")
STEPS = ("contact", "delivery", "payment", "review")
ADDRESS_FIELDS = ("address_id", "name", "line1", "line2", "postcode", "city", "country", "phone", "method")


def _loaded(step: str) -> Checkout | Response:
    """Return the checkout, or the way to the step that has to be done first."""
    try:
        found = checkout.load(current_actor(), currency=current_app.config["CURRENCY"], now=utc_now())
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
        return render_template("checkout/payment.html", page=checkout_pages.payment(found, vm.Form(), get_providers()))
    try:
        checkout.set_payment(current_actor(), field("method"), get_providers())
    except InvalidInput as error:
        page = checkout_pages.payment(found, refused(error, fields("method")), get_providers())
        return render_template("checkout/payment.html", page=page), error.status
    return go("checkout.review")


@bp.get("/review")
def review() -> str | Response:
    """Show everything once more with the exact amount."""
    try:
        found, changes = checkout.review(current_actor(), currency=current_app.config["CURRENCY"], now=utc_now())
    except Conflict as error:
        flash(error.text, "info")
        return go("cart.show")
    if found.step != "review":
        return go(f"checkout.{found.step}")
    return render_template("checkout/review.html", page=checkout_pages.review(found, changes, get_providers()))


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
    if order.state != "placed":
        return go("checkout.done", token=order_token(order.order_id))
    return _to_provider(order, order.payment_code)


def _to_provider(order: OrderRow, code: str) -> Response:
    """Send the shopper on to pay.

    What the provider is told is in the language of the order: it would refuse the same attempt in other words.
    """
    token = order_token(order.order_id)
    with force_locale(order.language or current_app.config["LOCALE"]):
        title = _("%(shop)s, order %(number)s", shop=current_app.config["SHOP_NAME"], number=order.number)
    links = PaymentLinks(
        token,
        order.number,
        order.email,
        title,
        absolute(url_for("checkout.done", token=token)),
        absolute(url_for("checkout.pay", token=token)),
    )
    target = payments.start(order.order_id, code, get_providers(), links, now=utc_now())
    return redirect(target, 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here


@bp.route("/pay/<token>", methods=["GET", "POST"])
def pay(token: str) -> str | Response | tuple[str, int]:
    """Pay an order that is placed and not paid yet, in the same way or another one."""
    order = orders.by_id(order_from_token(token)).order
    if order.state != "placed":
        return go("checkout.done", token=token)
    if request.method == "GET":
        return render_template("checkout/pay.html", page=checkout_pages.pay(order, get_providers()))
    try:
        return _to_provider(order, field("method"))
    except InvalidInput as error:
        page = checkout_pages.pay(order, get_providers(), message=next(iter(error.errors.values())))
        return render_template("checkout/pay.html", page=page), error.status


@bp.get("/done/<token>")
def done(token: str) -> str | Response:
    """Confirm the order; a shopper who is back before the provider's message has it asked for."""
    found, attempt = orders.on_return(order_from_token(token), get_providers(), now=utc_now())
    is_waiting = found.order.state == "placed" and attempt is not None
    if is_waiting and attempt is not None and attempt.state in {"declined", "cancelled"}:
        return go("checkout.pay", token=token)
    if is_waiting and attempt is not None and (attempt.provider, attempt.state) == ("test", "created"):
        return go("trial.show" if "test" in get_providers() else "checkout.pay", token=token)
    if found.order.state not in {"placed", "paid"}:
        return go("checkout.show_order", token=token)
    bought = [line.product_id for line in found.lines if line.product_id is not None]
    rail = discovery.cart_rail(current_actor(), get_recs(), bought, title=_("Goes with what you bought"), now=utc_now())
    label = checkout_pages.payment_label(found.order.payment_code, get_providers())
    page = vm.DonePage(
        meta=vm.PageMeta(title=_("Thank you"), is_indexed=False),
        order=buying.order_view(found, payment_label=label),
        is_waiting=is_waiting,
        can_register=current_member() is None,
        goes_with=rail,
    )
    return render_template("checkout/done.html", page=page)


@bp.get("/order/<token>")
def show_order(token: str) -> str | Response:
    """Show how an order stands to whoever has its link: guests have no account to look it up in."""
    found, member = orders.by_id(order_from_token(token)), current_member()
    if member is not None and member.id == found.order.user_id:
        return go("account.order", number=found.order.number)
    label = checkout_pages.payment_label(found.order.payment_code, get_providers())
    page = vm.OrderPage(
        meta=vm.PageMeta(title=_("Order %(number)s", number=found.order.number), is_indexed=False),
        order=buying.order_view(found, payment_label=label),
    )
    return render_template("checkout/order.html", page=page)
