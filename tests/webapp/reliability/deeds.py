"""What the tests of reliability do to orders beside pressing the button, with the time they say it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from webapp.actors import Actor
from webapp.buying import ProviderEvent
from webapp.services.buying import checkout, payments
from webapp.store import orders, stock
from webapp.store.orders import OrderRow, PaymentRow
from webapp.store.tx import read_unit

HOLD = timedelta(minutes=15)


def place(actor: Actor, key: str, total_cents: int, *, now: datetime) -> OrderRow:
    """Place the order of a cart that was reviewed."""
    return checkout.place(actor, checkout.Placing(key, total_cents), currency="EUR", hold_for=HOLD, now=now)


def attempt_of(order: OrderRow) -> PaymentRow:
    """Return the newest attempt to pay an order."""
    with read_unit() as tx:
        return orders.payments(tx, order.order_id)[-1]


def bank_says(order: OrderRow, kind: str = "succeeded", *, now: datetime, event_id: str = "") -> str:
    """Let the provider tell how the newest attempt went."""
    attempt = attempt_of(order)
    event_id = event_id or f"{attempt.reference}:{kind}"
    event = ProviderEvent(event_id, attempt.reference, kind, attempt.amount_cents, attempt.currency)
    return payments.apply_event(attempt.provider, event, now=now)


def state_of(order: OrderRow) -> str:
    """Return the state an order is in now."""
    with read_unit() as tx:
        found = orders.by_id(tx, order.order_id)
    assert found is not None
    return found.state


def kinds_of(order: OrderRow) -> list[str]:
    """Return what happened to an order, in its order."""
    with read_unit() as tx:
        return [row.kind for row in orders.events(tx, order.order_id)]


def stock_adds_up() -> bool:
    """Whether reserved pieces are exactly those held for orders."""
    with read_unit() as tx:
        return stock.mismatches(tx) == []
