"""What forms of the office have in common: days, and members by their e-mail address."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.errors import InvalidInput
from webapp.services.people.accounts import clean_email
from webapp.store import users
from webapp.store.tx import Tx


def parse_day(raw: str, zone: ZoneInfo, at: time) -> datetime | None:
    """Read a day such as 2026-12-31 as a moment of it; None for an empty field."""
    if not raw:
        return None
    try:
        return datetime.combine(date.fromisoformat(raw), at, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput({"day": _("Write a day such as 2026-12-31.")}) from error


def member_at(tx: Tx, email: str, *, name: str) -> users.UserRow:
    """Return the member with an address.

    Raises
    ------
    InvalidInput
        Naming the field: this is no address, or nobody's.
    """
    try:
        found = users.by_email(tx, clean_email(email))
    except InvalidInput as refused:
        raise InvalidInput({name: refused.errors["email"]}) from refused
    if found is None:
        raise InvalidInput({name: _("No member has this address.")})
    return found
