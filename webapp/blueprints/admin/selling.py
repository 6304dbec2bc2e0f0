"""The owner's pages about vouchers, delivery and tax."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp.auth import member_required
from webapp.blueprints.admin.pages import bp, staff
from webapp.clock import utc_now
from webapp.errors import Conflict, InvalidInput
from webapp.services.buying import vouchers as voucher_service
from webapp.services.office import selling as office_selling
from webapp.web import back, field, fields, go, page_number, refused

VOUCHER_FIELDS = ("code", "kind", "value", "min", "starts", "ends", "max_uses", "per_user", "member")


def _money() -> dict[str, Any]:
    return {"currency": current_app.config["CURRENCY"], "locale": str(get_locale() or "en")}


def _place() -> dict[str, Any]:
    return {**_money(), "zone": current_app.config["TIME_ZONE"]}


@bp.route("/vouchers", methods=["GET", "POST"])
@staff
def vouchers() -> str | Response | tuple[str, int]:
    """Show the vouchers page by page and make a new one."""
    if request.method == "GET":
        query = request.args.get("q", "")[:100].strip()
        page = office_selling.vouchers_page(query=query, page=page_number(), **_place(), now=utc_now())
        return render_template("admin/vouchers.html", page=page)
    config, values = current_app.config, fields(*VOUCHER_FIELDS)
    try:
        code = voucher_service.create(
            values,
            currency=config["CURRENCY"],
            zone=config["TIME_ZONE"],
            user_id=member_required().id,
            now=utc_now(),
        )
    except InvalidInput as error:
        page = office_selling.vouchers_page(refused(error, values), **_place(), now=utc_now())
        return render_template("admin/vouchers.html", page=page), error.status
    if voucher_service.is_for_later(values, zone=config["TIME_ZONE"], now=utc_now()):
        flash(_("The voucher %(code)s counts from its first day on.", code=code), "success")
    else:
        flash(_("The voucher %(code)s counts from now on.", code=code), "success")
    return go("admin.vouchers")


@bp.post("/vouchers/<code>/switch")
@staff
def voucher_switch(code: str) -> Response:
    """Let a voucher count, or not any more."""
    voucher_service.switch(code, on=field("on") == "1", user_id=member_required().id, now=utc_now())
    return back(url_for("admin.vouchers"))


def _typed() -> dict[str, str]:
    return {name: value[:2000] for name, value in request.form.items()}


@bp.route("/delivery", methods=["GET", "POST"])
@staff
def delivery() -> str | Response | tuple[str, int]:
    """Show and change delivery and tax."""
    currency = current_app.config["CURRENCY"]
    if request.method == "GET":
        return render_template("admin/delivery.html", page=office_selling.delivery_page(**_money()))
    values = _typed()
    try:
        office_selling.save_delivery(values, currency=currency, user_id=member_required().id, now=utc_now())
    except InvalidInput as error:
        page = office_selling.delivery_page(refused(error, values), **_money())
        return render_template("admin/delivery.html", page=page), error.status
    flash(_("Delivery and tax are saved; they count from the next look at a cart."), "success")
    return go("admin.delivery")


@bp.post("/delivery/add")
@staff
def delivery_add() -> Response | tuple[str, int]:
    """Offer another way of delivery."""
    currency, values = current_app.config["CURRENCY"], _typed()
    try:
        name = office_selling.add_delivery(values, currency=currency, user_id=member_required().id, now=utc_now())
    except InvalidInput as error:
        page = office_selling.delivery_page(new=refused(error, values), **_money())
        return render_template("admin/delivery.html", page=page), error.status
    flash(_("“%(name)s” is offered from now on.", name=name), "success")
    return go("admin.delivery")


@bp.post("/delivery/<code>/switch")
@staff
def delivery_switch(code: str) -> Response:
    """Offer a way of delivery, or not any more."""
    try:
        office_selling.switch_delivery(code, on=field("on") == "1", user_id=member_required().id, now=utc_now())
    except Conflict as error:
        flash(error.text, "error")
    return go("admin.delivery")
