"""A forgotten password and another e-mail address: pages that mailed links lead to."""

from __future__ import annotations

from flask import Response, flash, render_template, request, session
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.auth import current_member, member_required, renew_session, shop_session
from webapp.blueprints.account.pages import PREFILL, bp, form_page
from webapp.clock import utc_now
from webapp.errors import InvalidInput, TooManyRequests
from webapp.extensions import limiter
from webapp.services.people import account_pages, recovery
from webapp.web import field, go, refused


@bp.route("/account/forgot", methods=["GET", "POST"])
@limiter.limit("60/hour", methods=["POST"])
def forgot() -> str | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Have a link to a new password mailed. The answer is the same for every address."""
    title = _("A new password")
    if request.method == "GET":
        form = vm.Form({"email": session.get(PREFILL, "")})
        return render_template("account/forgot.html", page=form_page(title, form))
    email = field("email")
    try:
        recovery.ask_reset(email=email, caller=request.remote_addr or "", language=str(get_locale()), now=utc_now())
    except InvalidInput as error:
        page = form_page(title, refused(error, {"email": email}))
        return render_template("account/forgot.html", page=page), error.status
    except TooManyRequests as error:
        page = form_page(title, vm.Form({"email": email}, {"email": error.text}))
        return render_template("account/forgot.html", page=page), error.status, error.headers
    return render_template("account/forgot.html", page=form_page(title, vm.Form(), is_sent=True))


@bp.route("/account/reset/<token>", methods=["GET", "POST"])
@limiter.limit("60/hour", methods=["POST"])
def reset(token: str) -> str | Response | tuple[str, int]:
    """Choose a new password."""
    title = _("Choose a new password")
    if request.method == "GET":
        recovery.check_reset(token, now=utc_now())
        return render_template("account/reset.html", page=form_page(title, vm.Form(), token=token))
    try:
        email = recovery.reset_password(token, field("password"), now=utc_now())
    except InvalidInput as error:
        page = form_page(title, vm.Form({}, error.errors), token=token)
        return render_template("account/reset.html", page=page), error.status
    session[PREFILL] = email
    flash(_("Your password is changed. Please sign in with it."), "success")
    return go("account.sign_in")


@bp.post("/account/email")
@limiter.limit("20/hour")
def new_email() -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Have a link mailed to a new address."""
    member = member_required()
    email = field("new_email")
    try:
        recovery.ask_new_email(
            member.id,
            email=email,
            password=field("password"),
            caller=request.remote_addr or "",
            language=str(get_locale()),
            now=utc_now(),
        )
    except InvalidInput as error:
        return _security_page(member.id, vm.Form({"new_email": email}, error.errors)), error.status
    except TooManyRequests as error:
        form = vm.Form({"new_email": email}, {"new_email": error.text})
        return _security_page(member.id, form), error.status, error.headers
    flash(_("A letter is on its way to the new address. The link in it works for one hour."), "info")
    return go("account.security")


def _security_page(user_id: int, email_form: vm.Form) -> str:
    here = shop_session().id_hash
    page = account_pages.security(user_id, here, email_form=email_form, now=utc_now())
    return render_template("account/security.html", page=page)


@bp.route("/account/email/<token>", methods=["GET", "POST"])
@limiter.limit("60/hour", methods=["POST"])
def confirm_email(token: str) -> str | Response:
    """Confirm a new address."""
    if request.method == "GET":
        email = recovery.new_email_of(token, now=utc_now())
        page = form_page(_("Confirm your address"), vm.Form({"email": email}), token=token)
        return render_template("account/confirm_email.html", page=page)
    user_id = recovery.confirm_email(token, now=utc_now())
    flash(_("Your account has its new address. Please sign in with it from now on."), "success")
    member = current_member()
    if member is None or member.id != user_id:
        return go("account.sign_in")
    renew_session()
    return go("account.security")
