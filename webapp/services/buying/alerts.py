"""One letter when something sold out can be bought again, however its stock came back."""

from __future__ import annotations

import logging
from datetime import datetime

from flask_babel import gettext as _

from webapp.errors import Conflict, NotFound
from webapp.services.people.accounts import clean_email
from webapp.store import alerts, operations, products
from webapp.store.alerts import AlertRow
from webapp.store.tx import read_unit, unit_of_work
from webapp.viewbuilders.links import alert_from_token

log = logging.getLogger(__name__)
BATCH = 200


def wait_for(
    product_id: int, variant_id: int, *, email: str, user_id: int | None, language: str, now: datetime
) -> None:
    """Note that somebody wants a letter when a variant is back.

    Raises
    ------
    NotFound
        If there is no such variant on that page.
    Conflict
        If it can be bought now.
    InvalidInput
        Naming ``email``.
    """
    address = clean_email(email)
    with unit_of_work() as tx:
        row = next((row for row in products.variants_of(tx, [product_id]) if row.variant_id == variant_id), None)
        if row is None or not row.is_active:
            raise NotFound
        if row.available > 0:
            raise Conflict(_("It can be bought now: there is no need to wait."))
        alerts.put(tx, variant_id, address, user_id=user_id, language=language, now=now)


def tell_who_waits(*, now: datetime) -> int:
    """Put a letter into the outbox for everybody whose variant is back; return how many."""
    with unit_of_work() as tx:
        due = alerts.take_due(tx, limit=BATCH, now=now)
        for row in due:
            payload = {"email": row.email, "alert_id": row.alert_id, "language": row.language}
            operations.add_message(tx, "mail.back_in_stock", payload, now=now)
    if due:
        log.info("told_who_waits", extra={"n": len(due)})
    return len(due)


def by_token(token: str) -> AlertRow:
    """Return what the link of a letter is about; one that is gone does not exist."""
    with read_unit() as tx:
        found = alerts.find(tx, alert_from_token(token))
    if found is None:
        raise NotFound
    return found


def stop(token: str) -> None:
    """Send no more such letters to the address of a letter's link."""
    email = by_token(token).email
    with unit_of_work() as tx:
        alerts.remove_address(tx, email)


def stop_own(user_id: int, alert_id: int) -> None:
    """Let a member wait no longer; what is not theirs does not exist."""
    with unit_of_work() as tx:
        if not alerts.remove(tx, user_id, alert_id):
            raise NotFound
