"""Paying: attempts, what a provider's answer does, what is asked again, what is given back.

An answer reaches the shop as an event with an id of its own, whether the browser brings it back or the provider sends
it. Each event counts once, in any order. No transaction is open while a provider is asked.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from webapp.actors import Actor
from webapp.buying import PaymentLinks, PaymentProvider, PaymentRefused, ProviderEvent, ProviderSilent
from webapp.errors import InvalidInput, NotFound
from webapp.providers.trial import TestProvider
from webapp.services.picks import feedback
from webapp.store import operations, orders, stock, users, vouchers
from webapp.store.orders import OrderLineRow, OrderRow, PaymentRow
from webapp.store.tx import Tx, read_unit, run_unit, unit_of_work

log = logging.getLogger(__name__)
OPEN_STATES = ("created", "pending", "unknown")
# Money that came counts whatever the shop thought of the attempt before.
MAY_STILL_SUCCEED = (*OPEN_STATES, "declined", "cancelled")
ASK_AGAIN_AFTER = timedelta(minutes=1)
LOOK_AFTER = timedelta(minutes=10)
LONGEST_OPEN = timedelta(days=7)
TURN_SECONDS = 30.0  # the others wait for the next minute, whose other duties must not wait for a slow provider
NOTHING_TO_PAY = "none"


def begin(tx: Tx, order: OrderRow, provider: str, *, now: datetime) -> PaymentRow:
    """Begin an attempt to pay, unless one with this provider is open already."""
    attempts = orders.payments(tx, order.order_id)
    open_ones = [row for row in attempts if row.state in OPEN_STATES and row.provider == provider]
    if open_ones:
        return open_ones[-1]
    return orders.add_payment(tx, order, provider=provider, reference=secrets.token_urlsafe(24), now=now)


def open_payment(order_id: int, provider: str, *, now: datetime) -> PaymentRow | None:
    """Return the attempt to pay an order that is still to be paid; None when nothing is to be paid."""
    with unit_of_work() as tx:
        orders.lock(tx, order_id)
        order = orders.by_id(tx, order_id)
        if order is None or order.state != "placed":
            return None
        return begin(tx, order, provider, now=now)


def start(
    order_id: int, code: str, available: Mapping[str, PaymentProvider], links: PaymentLinks, *, now: datetime
) -> str:
    """Begin to pay an order and return where to send the shopper.

    A provider that does not answer leaves the attempt without an answer: the shopper is told that we wait for it, and
    the worker asks again. One that refuses leaves it declined: the shopper may choose another way.

    Raises
    ------
    InvalidInput
        If there is no such way to pay.
    """
    if code not in available:
        raise InvalidInput({"method": _("Choose how you would like to pay.")})
    payment = open_payment(order_id, code, now=now)
    if payment is None:
        return links.done_url
    try:
        begun = available[code].start(payment, links)
    except ProviderSilent as trouble:
        log.warning("provider_silent", extra={"payment_id": payment.payment_id, "reason": str(trouble)})
        apply_event(code, _our_event(payment, "unknown"), now=now)
        return links.done_url
    except PaymentRefused as trouble:
        log.error("provider_refused", extra={"payment_id": payment.payment_id, "reason": str(trouble)})
        apply_event(code, _our_event(payment, "declined"), now=now)
        return links.back_url
    if begun.external_id:
        with unit_of_work() as tx:
            orders.name_payment(tx, payment.payment_id, begun.external_id)
    return begun.url


def _our_event(payment: PaymentRow, kind: str) -> ProviderEvent:
    event_id = f"start:{payment.reference}:{kind}"
    return ProviderEvent(event_id, payment.reference, kind, payment.amount_cents, payment.currency)


def settle_free(tx: Tx, order: OrderRow, *, now: datetime) -> None:
    """Count an order that costs nothing as paid."""
    payment = begin(tx, order, NOTHING_TO_PAY, now=now)
    _apply(tx, NOTHING_TO_PAY, _our_event(payment, "succeeded"), now=now)


def apply_event(provider: str, event: ProviderEvent, *, now: datetime) -> str:
    """Let a provider's event have its effect, once.

    Returns
    -------
    str
        ``applied``, ``repeated`` or ``mismatch`` (order, amount or currency are not the payment's: nothing is paid,
        and the owner is told).

    Raises
    ------
    NotFound
        If there is no such payment.
    """
    return run_unit(lambda tx: _apply(tx, provider, event, now=now))


def _apply(tx: Tx, provider: str, event: ProviderEvent, *, now: datetime) -> str:
    payment = orders.payment_by_reference(tx, provider, event.reference)
    if payment is None:
        raise NotFound
    orders.lock(tx, payment.order_id)
    values: dict[str, Any] = {"provider": provider, "event_id": event.event_id, "kind": event.kind}
    values["payload"] = event.payload
    if not orders.add_payment_event(tx, payment_id=payment.payment_id, now=now, **values):
        return "repeated"
    order = orders.by_id(tx, payment.order_id)
    if order is None or not _fits(event, payment, order):
        log.error("payment_mismatch", extra={"payment_id": payment.payment_id})
        operations.add_message(tx, "owner.payment_mismatch", {"payment_id": payment.payment_id}, now=now)
        return "mismatch"
    if event.kind == "succeeded":
        _succeed(tx, payment, order, now=now)
    elif orders.set_payment(tx, payment.payment_id, from_states=OPEN_STATES, to_state=event.kind, now=now):
        orders.add_event(tx, order.order_id, f"payment_{event.kind}", now=now)
    return "applied"


def _fits(event: ProviderEvent, payment: PaymentRow, order: OrderRow) -> bool:
    is_order = event.order_number in {"", order.number}
    return is_order and (event.amount_cents, event.currency) == (payment.amount_cents, payment.currency)


def _succeed(tx: Tx, payment: PaymentRow, order: OrderRow, *, now: datetime) -> None:
    is_paid = any(row.state == "succeeded" for row in orders.payments(tx, order.order_id))
    if is_paid and payment.state != "succeeded":  # paid twice, in two attempts: one of them goes back
        give_back(tx, payment, from_states=MAY_STILL_SUCCEED, now=now)
        return
    if not orders.set_payment(tx, payment.payment_id, from_states=MAY_STILL_SUCCEED, to_state="succeeded", now=now):
        return
    lines = orders.lines(tx, [order.order_id]).get(order.order_id, [])
    if not stock.sell_held(tx, order.order_id) and not _reserve_late(tx, order, lines, now=now):
        _refund_late(tx, payment, order, now=now)
        return
    orders.move(tx, order.order_id, from_states=("placed", "cancelled"), to_state="paid", paid_at=now)
    orders.add_event(tx, order.order_id, "paid", now=now)
    operations.add_message(tx, "mail.order_paid", {"order_id": order.order_id, "email": order.email}, now=now)
    if not order.is_gift:
        _note_purchases(tx, order, lines, now=now)
    log.info("order_paid", extra={"order_id": order.order_id})


def give_back(tx: Tx, payment: PaymentRow, *, from_states: tuple[str, ...], now: datetime) -> None:
    """Mark a payment as given back and have the worker tell its provider so."""
    if orders.set_payment(tx, payment.payment_id, from_states=from_states, to_state="refunded", now=now):
        operations.add_message(tx, "payment.refund", {"payment_id": payment.payment_id}, now=now)


def refund(payment_id: int, available: Mapping[str, PaymentProvider]) -> None:
    """Tell a provider to give a payment back.

    Raises
    ------
    ConnectionError
        If it cannot be told now; the message stays in the outbox.
    """
    with read_unit() as tx:
        payment = orders.payment_by_id(tx, payment_id)
    if payment is None or payment.provider == NOTHING_TO_PAY:
        return
    provider = available.get(payment.provider)
    if provider is None:
        raise ConnectionError(f"the way to pay {payment.provider!r} is switched off")
    try:
        provider.refund(payment)
    except (ProviderSilent, PaymentRefused) as trouble:
        raise ConnectionError(str(trouble)) from trouble
    log.info("payment_refunded", extra={"payment_id": payment_id})


def _reserve_late(tx: Tx, order: OrderRow, lines: list[OrderLineRow], *, now: datetime) -> bool:
    """Take the pieces and the voucher of an order whose time ran out before the money came, if they are still there.

    An order that somebody cancelled stays cancelled, and so does one whose shopper deleted the account: without an
    address it could not be sent.
    """
    if not order.email or "expired" not in {row.kind for row in orders.events(tx, order.order_id)}:
        return False
    wanted: dict[int, int] = {}
    for line in lines:
        if line.variant_id is None:
            return False
        wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
    with tx.nested() as part:
        # Pieces first, then the voucher, as in placing an order: two of them never wait for each other in a circle.
        is_short = bool(stock.reserve_all(tx, wanted))
        if is_short or not (order.voucher_id is None or vouchers.take_again(tx, order.voucher_id)):
            part.rollback()
            return False
    stock.hold_again(tx, order.order_id, wanted, until=now)
    return stock.sell_held(tx, order.order_id)


def _refund_late(tx: Tx, payment: PaymentRow, order: OrderRow, *, now: datetime) -> None:
    give_back(tx, payment, from_states=("succeeded",), now=now)
    if orders.move(tx, order.order_id, from_states=("placed",), to_state="cancelled"):
        vouchers.give_back(tx, order.order_id)
    orders.add_event(tx, order.order_id, "refunded_late", now=now)
    operations.add_message(tx, "mail.order_refunded", {"order_id": order.order_id, "email": order.email}, now=now)


def _note_purchases(tx: Tx, order: OrderRow, lines: list[OrderLineRow], *, now: datetime) -> None:
    buyer = Actor(order.user_id, None if order.user_id is not None else order.guest_id)
    actor = users.with_settings(tx, buyer) if buyer.is_known else None
    if actor is None:
        return
    pieces: dict[int, int] = {}
    for line in lines:
        if line.product_id is not None:
            pieces[line.product_id] = pieces.get(line.product_id, 0) + line.quantity
    for product_id, quantity in pieces.items():
        feedback.note(
            tx,
            actor,
            product_id=product_id,
            kind="purchase",
            value=float(quantity),
            event_uid=f"order-{order.order_id}-{product_id}",
            order_ref=order.number,
            now=now,
        )


def choose_outcome(payment: PaymentRow, outcome: str, *, now: datetime) -> str:
    """Play one of the test provider's answers.

    Returns
    -------
    str
        ``paid``, ``declined``, ``confirm`` (asks once more) or ``waiting`` (no answer yet).
    """
    provider = TestProvider()
    played = _OUTCOMES.get(outcome)
    if played is None:
        raise InvalidInput({"outcome": _("Choose one of the answers.")})
    return played(provider, payment, now)


def _play(kind: str, answer: str, times: int = 1) -> Callable[[TestProvider, PaymentRow, datetime], str]:
    def play(provider: TestProvider, payment: PaymentRow, now: datetime) -> str:
        for _time in range(times):
            apply_event(provider.code, provider.event(payment, kind), now=now)
        return answer

    return play


_OUTCOMES: dict[str, Callable[[TestProvider, PaymentRow, datetime], str]] = {
    "success": _play("succeeded", "paid"),
    "decline": _play("declined", "declined"),
    "confirm": _play("pending", "confirm"),
    "silent": _play("unknown", "waiting"),
    "twice": _play("succeeded", "paid", times=2),
}


def reconcile(available: Mapping[str, PaymentProvider], *, now: datetime) -> int:
    """Ask the providers about payments they said nothing of, and return how many were settled.

    One without an answer is asked about after a minute. One that merely lies open is asked about every ten: should the
    provider's message be lost, the money is found all the same. None is asked about later than ``TURN_SECONDS`` after
    the beginning.
    """
    began = time.monotonic()
    with read_unit() as tx:
        waiting = orders.payments_to_ask(
            tx, unknown_before=now - ASK_AGAIN_AFTER, open_before=now - LOOK_AFTER, since=now - LONGEST_OPEN
        )
    settled = 0
    for payment in waiting:
        if time.monotonic() - began > TURN_SECONDS:
            break
        with unit_of_work() as tx:
            orders.note_asked(tx, payment.payment_id, now=now)
        settled += _ask(payment, available, now=now) == "applied"
    return settled


def settle(attempt: PaymentRow, available: Mapping[str, PaymentProvider], *, now: datetime) -> bool:
    """Ask how an attempt to pay stands, when the shopper comes back before the provider's message; whether it said so.

    One whose provider fell silent is left to :func:`reconcile`.
    """
    return attempt.state in {"created", "pending"} and bool(_ask(attempt, available, now=now))


def _ask(payment: PaymentRow, available: Mapping[str, PaymentProvider], *, now: datetime) -> str:
    """Ask a provider and return what its answer did; empty when it had none."""
    provider = available.get(payment.provider)
    try:
        event = provider.ask(payment) if provider else None
    except (ProviderSilent, PaymentRefused) as trouble:
        log.warning("provider_silent", extra={"payment_id": payment.payment_id, "reason": str(trouble)})
        return ""
    return apply_event(payment.provider, event, now=now) if event is not None else ""


def newest(order_id: int) -> PaymentRow | None:
    """Return the newest attempt to pay an order."""
    with read_unit() as tx:
        attempts = orders.payments(tx, order_id)
    return attempts[-1] if attempts else None
