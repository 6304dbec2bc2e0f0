"""Send what the outbox holds: mail, written to files unless a sender is set.

A message leaves after the transaction that caused it, at least once; its event id lets a receiver drop a repeat.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from webapp.services import letters
from webapp.store import operations, orders, users
from webapp.store.tx import read_unit, unit_of_work

log = logging.getLogger(__name__)
Send = Callable[[EmailMessage, str], None]
BATCH = 50
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
SENDER = "shop@localhost"
WORDS: dict[str, tuple[Any, Any]] = {
    "mail.welcome": (_l("Your account is ready"), _l("You can sign in with this address from now on.")),
    "mail.account_exists": (
        _l("You have an account already"),
        _l("Somebody tried to make an account with this address. If it was you: sign in as before."),
    ),
    "mail.order_placed": (_l("We have your order"), _l("Order %(number)s. It is sent as soon as it is paid.")),
    "mail.order_paid": (_l("Your order is paid"), _l("Order %(number)s. Thank you; we pack it now.")),
    "mail.order_packed": (_l("Your order is packed"), _l("Order %(number)s.")),
    "mail.order_shipped": (_l("Your order is on its way"), _l("Order %(number)s.")),
    "mail.order_delivered": (_l("Your order has arrived"), _l("Order %(number)s. We hope you like it.")),
    "mail.order_cancelled": (_l("Your order is cancelled"), _l("Order %(number)s. Nothing was charged.")),
    "mail.order_refunded": (_l("Your money is on its way back"), _l("Order %(number)s.")),
}


def file_sender(folder: Path) -> Send:
    """Return a sender that writes each mail into a file of its own."""

    def send(mail: EmailMessage, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.eml").write_bytes(bytes(mail))

    return send


def drain(send: Send, *, now: datetime) -> int:
    """Send what is due and return how many went out; what fails is tried again later and later."""
    with read_unit() as tx:
        due = operations.messages_due(tx, now=now, limit=BATCH)
    sent = 0
    for message_id, topic, payload, attempts in due:
        try:
            mail = compose(topic, payload, now=now)
            if mail is not None:
                send(mail, f"{message_id:08d}-{topic.removeprefix('mail.')}")
        except OSError as error:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempts)
            changes = {"attempts": attempts + 1, "next_try_at": now + pause, "error": str(error)[:500]}
            log.warning("mail_not_sent", extra={"message_id": message_id, "attempts": attempts + 1})
        else:
            changes = {"attempts": attempts + 1, "sent_at": now}
            sent += 1
        with unit_of_work() as tx:
            operations.change_message(tx, message_id, **changes)
    return sent


def compose(topic: str, payload: Mapping[str, Any], *, now: datetime) -> EmailMessage | None:
    """Write a mail; None for a message nobody gets by mail."""
    to = str(payload.get("email") or "")
    if not to:
        return None
    if topic in letters.WRITERS:
        letter = letters.write(topic, payload, language=_language(payload), now=now)
        return _mail(to, letter.subject, letter.text) if letter else None
    words = WORDS.get(topic)
    if words is None:
        return None
    number = ""
    if "order_id" in payload:
        with read_unit() as tx:
            order = orders.by_id(tx, int(payload["order_id"]))
        number = order.number if order else ""
    with force_locale(_language(payload)):
        subject, text = str(words[0]), str(words[1])
    return _mail(to, subject, text % {"number": number} if "%(number)s" in text else text)


def _mail(to: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, to, subject
    mail.set_content(text)
    return mail


def _language(payload: Mapping[str, Any]) -> str:
    """Return the language of the page that caused a message, else the reader's own, else the shop's."""
    with read_unit() as tx:
        user = users.by_email(tx, str(payload["email"])) if not payload.get("language") else None
    chosen = str(payload.get("language") or (user.language if user else ""))
    return chosen if chosen in current_app.config["LANGUAGES"] else str(current_app.config["LOCALE"])
