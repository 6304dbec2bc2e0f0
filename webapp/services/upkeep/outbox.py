"""Do what the outbox holds: mail, and money to give back.

A message leaves after the transaction that caused it, at least once; its event id lets a receiver drop a repeat.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.errors import Busy
from webapp.formatting import money
from webapp.mail import Send, file_sender, is_refused_for_good, reason_of
from webapp.providers import get_providers
from webapp.services.buying import payments
from webapp.services.upkeep import letters
from webapp.services.upkeep.training import patiently
from webapp.store import operations, orders, users
from webapp.store.tx import read_unit, unit_of_work
from webapp.viewbuilders.links import mailed_url, order_token

__all__ = ["compose", "drain", "file_sender", "given_up"]
log = logging.getLogger(__name__)
BATCH = 50
FIRST_PAUSE = timedelta(seconds=30)
MOST_REFUSALS = 20  # with the pauses between them about three days: whoever moves a mailbox has time to say where it is
SHOWN_FOR = timedelta(days=30)
MOST_DOUBLINGS = 10  # longer than the longest pause already; 42 are more than a timedelta holds
LONGEST_PAUSE = operations.LONGEST_PAUSE_OF_A_MESSAGE
CLAIM = timedelta(minutes=1)
TURN_SECONDS = 50.0  # what is left over waits for the next minute, whose other duties must not wait for a slow server
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
    "mail.order_refunded": (
        _l("Your money is on its way back"),
        _l("Order %(number)s. You get %(total)s back, the way you paid."),
    ),
}
TEST_PAYMENT = "test"
WITH_SUMS = ("mail.order_placed", "mail.order_paid")
OWNER_WORDS: dict[str, tuple[Any, Any]] = {
    "owner.payment_mismatch": (
        _l("A payment does not fit its order"),
        _l("A provider told of another order, amount or currency than payment %(payment_id)s has. Nothing was paid."),
    ),
    "owner.stock_mismatch": (
        _l("Reserved stock does not add up"),
        _l("Pieces reserved and pieces held for orders differ for the variants %(variants)s."),
    ),
}


def drain(send: Send, *, now: datetime, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Do what is due and return how many messages went out; what fails is tried again later and later.

    A letter that the mail server refuses for good is given up after some days.

    Each message is claimed first, so two processes never send the same one at once. It counts as sent only after it is:
    a process that dies in between leaves it to be sent again, under the same Message-ID, by which a reader's mail
    program knows the repeat. No message is begun later than ``TURN_SECONDS`` after ``now``, nor once we are stopped.
    """
    sent, began = 0, time.monotonic()
    while True:
        with read_unit() as tx:
            due = operations.messages_due(tx, now=now, limit=BATCH)
        if not due:
            return sent
        for message in due:
            passed = time.monotonic() - began
            if passed > TURN_SECONDS or is_stopping():
                return sent
            # A claim counts from here: one from the beginning of the turn would end while the message is on its way.
            at = now + timedelta(seconds=passed)
            with unit_of_work() as tx:
                is_ours = operations.claim_message(tx, message.message_id, now=at, until=at + CLAIM)
            if is_ours:
                sent += _deliver(message, send, now=at)


def _deliver(message: operations.MessageRow, send: Send, *, now: datetime) -> bool:
    try:
        _do(message, send, now=now)
    except Busy:  # the database's trouble is none of the message's: it is due again when the claim ends
        raise
    except Exception as error:  # of network, mail server or file; what nobody can write keeps no other waiting
        changes = _put_off(message, error, now=now)
    else:
        changes = {"attempts": message.attempts + 1, "sent_at": now}

    def note() -> None:
        with unit_of_work() as tx:
            operations.change_message(tx, message.message_id, **changes)

    patiently(note)  # what is out and not noted goes out once more
    return "sent_at" in changes


def _put_off(message: operations.MessageRow, error: Exception, *, now: datetime) -> dict[str, Any]:
    """Return what becomes of a message that did not go out."""
    attempts, reason = message.attempts + 1, reason_of(error)
    told = {"message_id": message.message_id, "attempts": attempts, "reason": reason}
    log.warning("message_not_sent", extra=told, exc_info=not isinstance(error, OSError))
    if attempts >= MOST_REFUSALS and is_refused_for_good(error):
        log.error("message_given_up", extra=told)
        return {"attempts": attempts, "given_up_at": now, "error": reason}
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(message.attempts, MOST_DOUBLINGS))
    return {"attempts": attempts, "next_try_at": now + pause, "error": reason}


def given_up(*, now: datetime) -> list[operations.GivenUpRow]:
    """Return the letters that were given up lately, the last one first."""
    with read_unit() as tx:
        return operations.messages_given_up(tx, since=now - SHOWN_FOR)


def _do(message: operations.MessageRow, send: Send, *, now: datetime) -> None:
    if message.topic == "payment.refund":
        payments.refund(int(message.payload["payment_id"]), get_providers())
        return
    mail = compose(message.topic, message.payload, now=now)
    if mail is None:
        return
    mail["Message-ID"] = f"<{message.event_id}@{sender_address().rpartition('@')[2]}>"
    mail["Date"] = format_datetime(message.created_at)
    send(mail, f"{message.message_id:08d}-{message.topic.rpartition('.')[2]}")


def sender_address() -> str:
    """Return the address that mail comes from."""
    return str(current_app.config["MAIL_FROM"])


def compose(topic: str, payload: Mapping[str, Any], *, now: datetime) -> EmailMessage | None:
    """Write a mail; None for a message nobody gets by mail."""
    if topic.startswith("owner."):
        return _to_owners(topic, payload)
    to = str(payload.get("email") or "")
    if not to:
        return None
    if topic in letters.WRITERS:
        letter = letters.write(topic, payload, language=_language(payload), now=now)
        return _mail(to, letter.subject, letter.text) if letter else None
    words = WORDS.get(topic)
    if words is None:
        return None
    order = _order(payload)
    language = _language(payload, order)
    with force_locale(language):
        subject, text = str(words[0]), str(words[1])
        return _mail(to, subject, text if order is None else _about_order(text, order, topic, language))


def _about_order(text: str, order: orders.OrderRow, topic: str, language: str) -> str:
    """Write what a letter about an order says; its link opens the order for a guest, too."""
    parts = [text % {"number": order.number, "total": money(order.total_cents, order.currency, language)}]
    if topic in WITH_SUMS:
        parts += [letters.things(_lines(order), order.currency, language), letters.sums(order, language)]
    if order.payment_code == TEST_PAYMENT:
        parts.append(_("Test order: nothing was paid, nothing will be sent."))
    link = mailed_url("checkout.show_order", token=order_token(order.order_id))
    parts.append(_("See your order: %(link)s", link=link))
    return letters.paragraphs(*parts)


def _order(payload: Mapping[str, Any]) -> orders.OrderRow | None:
    if "order_id" not in payload:
        return None
    with read_unit() as tx:
        return orders.by_id(tx, int(payload["order_id"]))


def _lines(order: orders.OrderRow) -> list[orders.OrderLineRow]:
    with read_unit() as tx:
        return orders.lines(tx, [order.order_id]).get(order.order_id, [])


def _to_owners(topic: str, payload: Mapping[str, Any]) -> EmailMessage | None:
    """Write to everybody who runs the shop; links and details are on the owner's pages."""
    with read_unit() as tx:
        to = users.emails_of_role(tx, "owner")
    words = OWNER_WORDS.get(topic)
    if words is None or not to:
        return None
    with force_locale(str(current_app.config["LOCALE"])):
        return _mail(", ".join(to), str(words[0]), str(words[1]) % dict(payload))


def _mail(to: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender_address(), to, subject
    mail.set_content(text)
    return mail


def _language(payload: Mapping[str, Any], order: orders.OrderRow | None = None) -> str:
    """Return the language of the page that caused a message or the order, else the reader's own, else the shop's."""
    named = str(payload.get("language") or (order.language if order else ""))
    if not named:
        with read_unit() as tx:
            user = users.by_email(tx, str(payload["email"]))
        named = user.language if user else ""
    return named if named in current_app.config["LANGUAGES"] else str(current_app.config["LOCALE"])
