"""The owner's pages about rules for recommended lists."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.auth import member_required
from webapp.blueprints.admin.pages import bp, staff
from webapp.clock import utc_now
from webapp.errors import InvalidInput
from webapp.recs import get_recs
from webapp.services.buying import vouchers
from webapp.services.office import rules as office_rules
from webapp.web import back, field, fields, go, page_number, refused

Answer = str | Response | tuple[str, int]


def _shop() -> dict[str, Any]:
    return {"currency": current_app.config["CURRENCY"], "zone": current_app.config["TIME_ZONE"]}


def _page(form: vm.Form | None = None, rule_id: int | None = None, preview: vm.RulePreview | None = None) -> str:
    place = _shop() | {"locale": str(get_locale() or "en")}
    page = office_rules.page(form, rule_id=rule_id, preview=preview, number=page_number(), **place, now=utc_now())
    return render_template("admin/rules.html", page=page)


@bp.route("/rules", methods=["GET", "POST"])
@staff
def rules() -> Answer:
    """Show the rules page by page; try or make a new one."""
    return _page() if request.method == "GET" else _taken(None)


@bp.route("/rules/<int:rule_id>", methods=["GET", "POST"])
@staff
def rule(rule_id: int) -> Answer:
    """Show and change one rule."""
    return _page(rule_id=rule_id) if request.method == "GET" else _taken(rule_id)


def _taken(rule_id: int | None) -> Answer:
    """Try what the form says, or keep it."""
    values = fields(*office_rules.FIELDS)
    try:
        if field("step") == "preview":
            limit = current_app.config["HISTORY_LIMIT"]
            found = office_rules.preview(
                values, get_recs(), rule_id=rule_id, history_limit=limit, **_shop(), now=utc_now()
            )
            return _page(vm.Form(values), rule_id, found)
        office_rules.save(values, rule_id=rule_id, **_shop(), user_id=member_required().id, now=utc_now())
    except InvalidInput as error:
        return _page(refused(error, values), rule_id), error.status
    if vouchers.is_for_later(values, zone=current_app.config["TIME_ZONE"], now=utc_now()):
        flash(_("The rule is saved; it counts from its first day on."), "success")
    else:
        flash(_("The rule is saved."), "success")
    return go("admin.rules")


@bp.post("/rules/<int:rule_id>/expire")
@staff
def rule_expire(rule_id: int) -> Response:
    """End a rule now."""
    office_rules.expire(rule_id, user_id=member_required().id, now=utc_now())
    flash(_("The rule has ended."), "success")
    return back(url_for("admin.rules"))


@bp.post("/rules/<int:rule_id>/delete")
@staff
def rule_delete(rule_id: int) -> Response:
    """Delete a rule."""
    office_rules.remove(rule_id, user_id=member_required().id, now=utc_now())
    flash(_("The rule is deleted."), "success")
    return back(url_for("admin.rules"))
