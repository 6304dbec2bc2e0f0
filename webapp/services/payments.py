"""Paying: the interface to a provider, the labelled test provider, and what an answer of a provider does.

An answer reaches the shop as an event with an id of its own, whether the browser brings it back or the provider sends
it. Each event counts once, in any order.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from webapp.actors import Actor
from webapp.buying import PaymentProvider, ProviderEvent
from webapp.errors import InvalidInput, NotFound
from webapp.services import feedback
from webapp.store import operations, orders, stock
from webapp.store.orders import OrderLineRow, OrderRow, PaymentRow
from webapp.store.tx import Tx, read_unit, run_unit, unit_of_work

log = logging.getLogger(__name__)
OPEN_STATES = ("created", "pending", "unknown")
ASK_AGAIN_AFTER = timedelta(minutes=1)


class TestProvider:
    """The stand-in that moves no money: the shopper chooses what a provider would answer."""

    __test__ = False  # the name begins like a test class; pytest must not collect it
    code = "test"
    is_test = True

    def label(self) -> str:
        """Name the way to pay, for a shopper."""
        return _("Test payment")

    def ask(self, payment: PaymentRow) -> ProviderEvent | None:
        """Answer at last for a payment that was left without an answer: it went through."""
        return self.event(payment, "succeeded")

    def event(self, payment: PaymentRow, kind: str) -> ProviderEvent:
        """Make the event a real provider would send."""
        event_id = f"{payment.reference}:{kind}"
        return ProviderEvent(event_id, payment.reference, kind, payment.amount_cents, payment.currency)


def providers(*, with_test: bool) -> dict[str, PaymentProvider]:
    """Return the ways to pay on offer by code."""
    return {"test": TestProvider()} if with_test else {}


def begin(tx: Tx, order: OrderRow, provider: str, *, now: datetime) -> PaymentRow:
    """Begin an attempt to pay, unless one is open already."""
    open_ones = [row for row in orders.payments(tx, order.order_id) if row.state in OPEN_STATES]
    if open_ones:
        return open_ones[-1]
    return orders.add_payment(tx, order, provider=provider, reference=secrets.token_urlsafe(24), now=now)


def open_payment(order_id: int, provider: str, *, now: datetime) -> PaymentRow | None:
    """Return the attempt to pay an order that is still to be paid; None when nothing is to be paid."""
    with unit_of_work() as tx:
        order = orders.by_id(tx, order_id)
        if order is None or order.state != "placed":
            return None
        return begin(tx, order, provider, now=now)


def apply_event(provider: str, event: ProviderEvent, *, now: datetime) -> str:
    """Let a provider's event have its effect, once.

    Returns
    -------
    str
        ``applied``, ``repeated`` or ``mismatch`` (amount or currency are not the order's: nothing is paid, and the
        owner is told).

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
    values: dict[str, Any] = {"provider": provider, "event_id": event.event_id, "kind": event.kind}
    values["payload"] = event.payload
    if not orders.add_payment_event(tx, payment_id=payment.payment_id, now=now, **values):
        return "repeated"
    order = orders.by_id(tx, payment.order_id)
    if order is None or (event.amount_cents, event.currency) != (payment.amount_cents, payment.currency):
        log.error("payment_mismatch", extra={"payment_id": payment.payment_id})
        operations.add_message(tx, "owner.payment_mismatch", {"payment_id": payment.payment_id}, now=now)
        return "mismatch"
    if event.kind == "succeeded":
        _succeed(tx, payment, order, now=now)
    elif orders.set_payment(tx, payment.payment_id, from_states=OPEN_STATES, to_state=event.kind, now=now):
        orders.add_event(tx, order.order_id, f"payment_{event.kind}", now=now)
    return "applied"


def _succeed(tx: Tx, payment: PaymentRow, order: OrderRow, *, now: datetime) -> None:
    if not orders.set_payment(tx, payment.payment_id, from_states=OPEN_STATES, to_state="succeeded", now=now):
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


def _reserve_late(tx: Tx, order: OrderRow, lines: list[OrderLineRow], *, now: datetime) -> bool:
    """Take the pieces of an order whose time ran out before the money came, if they are still there."""
    wanted: dict[int, int] = {}
    for line in lines:
        if line.variant_id is None:
            return False
        wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
    free = stock.free(tx, sorted(wanted))
    if any(free.get(variant, 0) < quantity for variant, quantity in wanted.items()):
        return False
    stock.reserve_all(tx, wanted)
    stock.hold_again(tx, order.order_id, wanted, until=now)
    return stock.sell_held(tx, order.order_id)


def _refund_late(tx: Tx, payment: PaymentRow, order: OrderRow, *, now: datetime) -> None:
    orders.set_payment(tx, payment.payment_id, from_states=("succeeded",), to_state="refunded", now=now)
    orders.move(tx, order.order_id, from_states=("placed",), to_state="cancelled")
    orders.add_event(tx, order.order_id, "refunded_late", now=now)
    operations.add_message(tx, "mail.order_refunded", {"order_id": order.order_id, "email": order.email}, now=now)


def _note_purchases(tx: Tx, order: OrderRow, lines: list[OrderLineRow], *, now: datetime) -> None:
    actor = Actor(order.user_id, None if order.user_id is not None else order.guest_id)
    if not actor.is_known:
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
    """Ask the providers about payments that were left without an answer, and return how many were settled."""
    with read_unit() as tx:
        waiting = orders.payments_without_answer(tx, before=now - ASK_AGAIN_AFTER)
    settled = 0
    for payment in waiting:
        provider = available.get(payment.provider)
        event = provider.ask(payment) if provider else None
        if event is not None:
            settled += apply_event(payment.provider, event, now=now) == "applied"
    return settled


def is_waiting_for_choice(order_id: int) -> bool:
    """Whether an order was placed and nobody has told its payment anything yet."""
    with read_unit() as tx:
        order = orders.by_id(tx, order_id)
        attempts = orders.payments(tx, order_id)
    return order is not None and order.state == "placed" and bool(attempts) and attempts[-1].state == "created"
