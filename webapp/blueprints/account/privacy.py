"""Privacy: what is kept, all of it as a file, and the end of the account."""

from __future__ import annotations

import json

from flask import Response, current_app, flash, render_template
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.auth import current_actor, member_required, sign_out
from webapp.blueprints.account.pages import bp
from webapp.clock import utc_now
from webapp.errors import InvalidInput
from webapp.extensions import limiter
from webapp.services.people import account_pages, privacy
from webapp.web import field, go


def _page(user_id: int, form: vm.Form) -> str:
    asks_first = current_app.config["ASK_BEFORE_PICKS"]
    page = account_pages.privacy(user_id, current_actor(), asks_first=asks_first, form=form)
    return render_template("account/privacy.html", page=page)


@bp.get("/account/privacy", endpoint="privacy")
def show() -> str:
    """Show what is kept and the switch for personalisation."""
    return _page(member_required().id, vm.Form())


@bp.post("/account/export")
@limiter.limit("20/hour")
def export() -> Response | tuple[str, int]:
    """Send everything the shop holds about the member as one file; nothing of it is kept on the server."""
    member, now = member_required(), utc_now()
    try:
        found = privacy.export(member.id, field("export_password"), now=now)
    except InvalidInput as error:
        return _page(member.id, vm.Form({}, error.errors)), error.status
    sent = Response(json.dumps(found, ensure_ascii=False, indent=1), mimetype="application/json")
    sent.headers["Content-Disposition"] = f'attachment; filename="my-data-{now:%Y-%m-%d}.json"'
    sent.headers["Cache-Control"] = "private, no-store"
    return sent


@bp.post("/account/delete")
@limiter.limit("20/hour")
def delete() -> Response | tuple[str, int]:
    """Erase the account for good."""
    member = member_required()
    try:
        privacy.delete_account(member.id, field("password"), keep_reviews=field("keep_reviews") == "1", now=utc_now())
    except InvalidInput as error:
        return _page(member.id, vm.Form({}, error.errors)), error.status
    sign_out()
    flash(_("Your account is deleted. Nothing here knows you any more."), "info")
    return go("shop.home")
