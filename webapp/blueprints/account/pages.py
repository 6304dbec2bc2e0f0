"""Signing in, and what belongs to a member."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.auth import (
    SignedInUser,
    current_actor,
    current_member,
    known_actor,
    member_required,
    renew_session,
    shop_session,
)
from webapp.auth import (
    sign_in as begin_session,
)
from webapp.auth import (
    sign_out as end_session_here,
)
from webapp.clock import utc_now
from webapp.errors import InvalidInput, TooManyRequests
from webapp.extensions import limiter
from webapp.recs import get_recs
from webapp.security import safe_next
from webapp.services.buying import carts, orders
from webapp.services.people import account_pages, accounts
from webapp.web import answer, field, fields, go, number_field, page_number, refused

bp = Blueprint("account", __name__)
ADDRESS_FIELDS = ("name", "line1", "line2", "postcode", "city", "country", "phone", "is_default")
PREFILL = "sign_in_email"


def form_page(title: str, form: vm.Form, *, token: str = "", is_sent: bool = False) -> vm.FormPage:
    """Build a page that is one form."""
    target = safe_next(request.values.get("next"), "")
    meta = vm.PageMeta(title=title, is_indexed=False)
    return vm.FormPage(meta=meta, form=form, next_url=target, token=token, is_sent=is_sent)


@bp.route("/account/register", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def register() -> str | Response | tuple[str, int]:
    """Make an account. The answer is the same for an address that has one already."""
    if current_member():
        return go("account.overview")
    values = fields("name", "email", "password")
    if request.method == "GET":
        return render_template("account/register.html", page=form_page(_("Make an account"), vm.Form()))
    try:
        accounts.register(**values, now=utc_now())
    except InvalidInput as error:
        page = form_page(_("Make an account"), refused(error, values))
        return render_template("account/register.html", page=page), error.status
    session[PREFILL] = values["email"].strip()
    flash(_("Your account is ready. Please sign in with it."), "success")
    return go("account.sign_in", next=safe_next(request.form.get("next"), "") or None)


@bp.route("/account/sign-in", methods=["GET", "POST"])
@limiter.limit("120/hour", methods=["POST"])
def sign_in() -> str | Response | tuple[str, int]:
    """Sign in; what was done as a guest comes along."""
    if current_member():
        return go("account.overview")
    if request.method == "GET":
        form = vm.Form({"email": session.get(PREFILL, "")})
        return render_template("account/sign_in.html", page=form_page(_("Sign in"), form))
    values = fields("email", "password", "remember")
    try:
        member = accounts.sign_in(
            email=values["email"],
            password=values["password"],
            address=request.remote_addr or "",
            guest_id=shop_session().guest_id,
            now=utc_now(),
        )
        user = SignedInUser(member.user_id, member.name, member.email, member.role, member.is_personalised)
        session.pop(PREFILL, None)
        begin_session(user, password_hash=member.password_hash, remember=values["remember"] == "1")
    except InvalidInput as error:
        page = form_page(_("Sign in"), refused(error, values))
        return render_template("account/sign_in.html", page=page), error.status
    except TooManyRequests as error:
        page = form_page(_("Sign in"), vm.Form({"email": values["email"]}, {"password": error.text}))
        return render_template("account/sign_in.html", page=page), error.status, error.headers  # type: ignore[return-value]  # Flask takes headers too
    if member.notice:
        flash(member.notice, "warning")
    fallback = url_for("admin.home") if user.is_staff else url_for("shop.home")
    return redirect(safe_next(request.form.get("next"), fallback), 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here


@bp.post("/account/sign-out")
def sign_out() -> Response:
    """Sign out here."""
    end_session_here()
    flash(_("You are signed out."), "info")
    return go("shop.home")


@bp.get("/account")
def overview() -> str:
    """Show the overview of the account."""
    member_required()
    page = account_pages.overview(
        current_actor(), get_recs(), history_limit=current_app.config["HISTORY_LIMIT"], now=utc_now()
    )
    return render_template("account/overview.html", page=page)


@bp.get("/account/orders", endpoint="orders")
def order_list() -> str:
    """Show the orders, page by page."""
    page = account_pages.orders_page(member_required().id, page=page_number())
    return render_template("account/orders.html", page=page)


@bp.get("/account/orders/<number>")
def order(number: str) -> str:
    """Show one order."""
    return render_template("account/order.html", page=account_pages.order_page(member_required().id, number))


@bp.get("/account/orders/<number>/invoice")
def invoice(number: str) -> str:
    """Show the invoice of a paid order, made to be printed."""
    config = current_app.config
    seller = config["SELLER"] or (config["SHOP_NAME"],)
    page = account_pages.invoice_page(member_required().id, number, seller=seller, tax_id=config["SELLER_TAX_ID"])
    return render_template("account/invoice.html", page=page)


@bp.post("/account/orders/<number>/cancel")
def order_cancel(number: str) -> Response:
    """Cancel an unpaid order."""
    orders.cancel_own(member_required().id, number, now=utc_now())
    flash(_("The order is cancelled."), "success")
    return go("account.order", number=number)


@bp.post("/account/orders/<number>/reorder")
def reorder(number: str) -> Response:
    """Put an earlier order into the cart again."""
    member = member_required()
    flash(orders.reorder(current_actor(), member.id, number, now=utc_now()), "info")
    return go("cart.show")


@bp.get("/account/reviews")
def reviews() -> str:
    """Show what the member rated and reviewed, page by page."""
    page = account_pages.reviews_page(member_required().id, page=page_number())
    return render_template("account/reviews.html", page=page)


@bp.get("/account/alerts")
def alerts() -> str:
    """Show what the member is told of when it is back."""
    return render_template("account/alerts.html", page=account_pages.alerts_page(member_required().id))


@bp.get("/wishlist")
def wishlist() -> str:
    """Show what was saved for later."""
    return render_template("account/wishlist.html", page=account_pages.wishlist(current_actor(), now=utc_now()))


@bp.post("/wishlist/<int:product_id>")
def wish(product_id: int) -> Response:
    """Save a product for later, or take it off the list."""
    wished = field("wished", "1") == "1"
    message, n = carts.wish(known_actor(), product_id, is_wished=wished, now=utc_now())
    return answer(message, is_wished=wished, n_wishlist=n)


@bp.route("/account/addresses", methods=["GET", "POST"])
def addresses() -> str | Response | tuple[str, int]:
    """Show and change the address book."""
    member = member_required()
    if request.method == "GET":
        edit = request.args.get("edit", "")
        return render_template("account/addresses.html", page=account_pages.addresses(member.id, edit=edit))
    address_id = number_field("address_id")
    if field("action") == "delete" and address_id is not None:
        accounts.remove_address(member.id, address_id)
        flash(_("The address is gone."), "success")
        return go("account.addresses")
    values = fields(*ADDRESS_FIELDS)
    try:
        countries = account_pages.country_codes()
        accounts.save_address(member.id, values, address_id=address_id, countries=countries, now=utc_now())
    except InvalidInput as error:
        page = account_pages.addresses(member.id, edit=str(address_id or ""), form=refused(error, values))
        return render_template("account/addresses.html", page=page), error.status
    flash(_("The address is kept."), "success")
    return go("account.addresses")


@bp.route("/account/security", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def security() -> str | Response | tuple[str, int]:
    """Change the password, see where one is signed in."""
    member = member_required()
    here = shop_session().id_hash
    if request.method == "GET":
        return render_template("account/security.html", page=account_pages.security(member.id, here, now=utc_now()))
    current, new = field("current_password"), field("new_password")
    try:
        accounts.change_password(member.id, current=current, new=new, keep_session=here, now=utc_now())
    except InvalidInput as error:
        page = account_pages.security(member.id, here, form=vm.Form({}, error.errors), now=utc_now())
        return render_template("account/security.html", page=page), error.status
    renew_session()
    flash(_("Your password is changed. Everywhere else you are signed out."), "success")
    return go("account.security")


@bp.post("/account/sessions/end")
def end_session() -> Response:
    """Sign out somewhere else, everywhere else, or everywhere."""
    member = member_required()
    chosen = field("session_id")
    if chosen == "all":
        accounts.end_sessions(member.id, keep="")
        end_session_here()
        flash(_("You are signed out everywhere."), "info")
        return go("account.sign_in")
    n = accounts.end_sessions(member.id, keep=shop_session().id_hash, public_id="" if chosen == "others" else chosen)
    flash(_("Signed out there.") if n else _("Nobody was signed in there any more."), "success")
    return go("account.security")
