"""Letters that are written when they are sent: they hold links, and a link's token is never stored in the clear.

The message in the outbox says only to whom and about what. Whether that address has an account is looked up here, so
that nobody learns it from the page that asked for the letter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from webapp import passwords
from webapp.formatting import money
from webapp.services.people import one_time
from webapp.store import alerts, users
from webapp.store.orders import OrderLineRow, OrderRow
from webapp.store.tx import Tx, read_unit, unit_of_work
from webapp.viewbuilders.links import alert_token, mailed_url

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject and what follows it."""

    subject: str
    text: str


def paragraphs(*parts: str) -> str:
    """Put the parts of a letter under each other."""
    return "\n\n".join(parts) + "\n"


def things(lines: Sequence[OrderLineRow], currency: str, locale: str) -> str:
    """Write what was bought, line by line, each with the sum of its pieces."""
    return "\n".join(
        f"{line.quantity} \N{MULTIPLICATION SIGN} {', '.join(filter(None, (line.name, line.variant_name)))}: "
        f"{money(line.quantity * line.unit_cents, currency, locale)}"
        for line in lines
    )


def sums(order: OrderRow, locale: str) -> str:
    """Write what an order costs, line by line, as its page shows it."""

    def cents(value: int) -> str:
        return money(value, order.currency, locale)

    discount = _("Discount") + (f" ({order.voucher_code})" if order.voucher_code else "")
    lines = [f"{_('Goods')}: {cents(order.subtotal_cents)}"]
    if order.discount_cents:
        lines.append(f"{discount}: \N{MINUS SIGN}{cents(order.discount_cents)}")
    lines.append(f"{_('Delivery')}: {cents(order.delivery_cents) if order.delivery_cents else _('free')}")
    lines.append(f"{_('Total')}: {cents(order.total_cents)}")
    if order.tax_cents:
        lines.append(f"{_('of which tax')}: {cents(order.tax_cents)}")
    return "\n".join(lines)


def _reset(payload: Payload, now: datetime) -> Letter | None:
    with unit_of_work() as tx:
        user = users.by_email(tx, str(payload["email"]))
        if user is None or not user.is_active:
            return None
        token = one_time.make(tx, one_time.RESET, user.user_id, now=now)
    return Letter(
        _("A new password"),
        paragraphs(
            _(
                "Somebody asked for a new password for this address. With this link you can choose one; it works once, "
                "for one hour:"
            ),
            mailed_url("account.reset", token=token),
            _("If it was not you, nothing needs to be done: your password stays as it is."),
        ),
    )


def _confirm_email(payload: Payload, now: datetime) -> Letter | None:
    email = str(payload["email"])
    with unit_of_work() as tx:
        user = users.by_id(tx, int(payload["user_id"]))
        taken = users.by_email(tx, email)
        if user is None or not user.is_active or not _is_same_password(tx, user, payload):
            return None
        token = one_time.make(tx, one_time.EMAIL, user.user_id, detail=email, now=now) if taken is None else ""
    if not token:
        return Letter(
            _("You have an account already"),
            paragraphs(_("Somebody wanted to use this address for another account. Nothing was changed.")),
        )
    return Letter(
        _("Please confirm your address"),
        paragraphs(
            _("With this link your account gets this address; it works once, for one hour:"),
            mailed_url("account.confirm_email", token=token),
            _("If you have no account here, please ignore this letter."),
        ),
    )


def _is_same_password(tx: Tx, user: users.UserRow, payload: Payload) -> bool:
    """Whether the member has the password that was shown when the letter was asked for, and keeps it meanwhile."""
    is_same = passwords.mark(user.password_hash) == payload.get("mark")
    return is_same and users.keep_password(tx, user.user_id, user.password_hash)


def _email_changed(_payload: Payload, _now: datetime) -> Letter:
    return Letter(
        _("Your account has another address now"),
        paragraphs(
            _("From now on we write to the new address, and you sign in with it."),
            _("If it was not you, please write to us."),
        ),
    )


def _password_changed(_payload: Payload, _now: datetime) -> Letter:
    return Letter(
        _("Your password is changed"),
        paragraphs(
            _("You are signed out everywhere else. If it was not you, ask for a new password at once:"),
            mailed_url("account.forgot"),
        ),
    )


def _back_in_stock(payload: Payload, _now: datetime) -> Letter | None:
    with read_unit() as tx:
        row = alerts.find(tx, int(payload["alert_id"]))
    if row is None:
        return None
    name = f"{row.name}, {row.variant_name}" if row.variant_name else row.name
    return Letter(
        _("%(name)s is back", name=name),
        paragraphs(
            _("You wanted to know when it can be bought again. This is the only letter about it:"),
            mailed_url("shop.product", product_id=row.product_id, slug=row.slug, variant=row.variant_id),
            _("No more letters of this kind:"),
            mailed_url("alerts.stop", token=alert_token(row.alert_id)),
        ),
    )


WRITERS: dict[str, Callable[[Payload, datetime], Letter | None]] = {
    "mail.reset": _reset,
    "mail.confirm_email": _confirm_email,
    "mail.email_changed": _email_changed,
    "mail.password_changed": _password_changed,
    "mail.back_in_stock": _back_in_stock,
}


def write(topic: str, payload: Payload, *, language: str, now: datetime) -> Letter | None:
    """Write a letter in a language; None when nobody is to get it."""
    with force_locale(language):
        return WRITERS[topic](payload, now)
