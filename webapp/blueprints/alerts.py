"""A letter when something sold out is back."""

from __future__ import annotations

from flask import Blueprint, Response, flash, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.auth import current_member, member_required
from webapp.blueprints.shop import page_of
from webapp.clock import utc_now
from webapp.errors import Conflict, InvalidInput
from webapp.extensions import limiter
from webapp.services.browsing import product_pages
from webapp.services.buying import alerts
from webapp.viewbuilders.links import product_url
from webapp.web import back, field, go, number_field, refused

bp = Blueprint("alerts", __name__)


@bp.post("/p/<int:product_id>/alert")
@limiter.limit("30/hour")
def add(product_id: int) -> str | Response | tuple[str, int]:
    """Note who wants a letter; guests name an address."""
    found = product_pages.find(product_id)
    member, email = current_member(), field("email")
    try:
        alerts.wait_for(
            product_id,
            number_field("variant_id") or 0,
            email=email,
            user_id=member.id if member else None,
            language=str(get_locale()),
            now=utc_now(),
        )
    except InvalidInput as error:
        page = page_of(found, alert_form=refused(error, {"email": email}))
        return render_template("shop/product.html", page=page), error.status
    except Conflict as error:
        flash(error.text, "info")
    else:
        flash(_("We write to you once when it is back."), "success")
    return back(product_url(product_id, found.slug))


@bp.route("/alerts/stop/<token>", methods=["GET", "POST"])
def stop(token: str) -> str | Response:
    """Let somebody end such letters by the link in one of them; no account is needed."""
    found = alerts.by_token(token)
    if request.method == "GET":
        meta = vm.PageMeta(title=_("No more such letters"), is_indexed=False)
        page = vm.FormPage(meta=meta, form=vm.Form({"email": found.email}), token=token)
        return render_template("account/stop_alerts.html", page=page)
    alerts.stop(token)
    flash(_("Done. No more letters of this kind go to that address."), "success")
    return go("shop.home")


@bp.post("/account/alerts/<int:alert_id>/remove")
def remove(alert_id: int) -> Response:
    """Let a member wait no longer."""
    alerts.stop_own(member_required().id, alert_id)
    flash(_("You are not waiting for it any more."), "success")
    return go("account.alerts")
