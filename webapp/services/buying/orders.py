"""Orders after they are placed: looked at, moved on, cancelled, bought again."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.actors import Actor
from webapp.buying import PaymentProvider, WholeOrder
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.services.buying import carts as cart_service
from webapp.services.buying import payments
from webapp.store import carts, operations, orders, stock, vouchers
from webapp.store.orders import OrderLineRow, OrderRow, PaymentRow
from webapp.store.tx import Tx, read_unit, unit_of_work

log = logging.getLogger(__name__)
TRANSITIONS: dict[str, tuple[str, ...]] = {
    "placed": ("cancelled",),
    "paid": ("packed", "refunded"),
    "packed": ("shipped", "refunded"),
    "shipped": ("delivered", "refunded"),
    "delivered": ("refunded",),
    "cancelled": (),
    "refunded": (),
}
IN_THE_HOUSE = frozenset({"paid", "packed"})
PAGE_SIZE = 20
MAX_NOTE = 500


def whole(tx: Tx, order: OrderRow) -> WholeOrder:
    """Read everything about an order."""
    lines = orders.lines(tx, [order.order_id]).get(order.order_id, [])
    return WholeOrder(order, lines, orders.events(tx, order.order_id))


def own(user_id: int, number: str) -> WholeOrder:
    """Return a member's own order; somebody else's does not exist."""
    with read_unit() as tx:
        order = orders.by_number(tx, number)
        if order is None or order.user_id != user_id:
            raise NotFound
        return whole(tx, order)


def by_id(order_id: int) -> WholeOrder:
    """Return an order whose id came out of a signed link."""
    with read_unit() as tx:
        order = orders.by_id(tx, order_id)
        if order is None:
            raise NotFound
        return whole(tx, order)


def on_return(
    order_id: int, available: Mapping[str, PaymentProvider], *, now: datetime
) -> tuple[WholeOrder, PaymentRow | None]:
    """Return the order of a shopper who is back from paying, and its newest attempt while it is not known to be paid.

    The provider is asked how that attempt stands; the order is read once more only where it said something.
    """
    found = by_id(order_id)
    attempt = payments.newest(order_id) if found.order.state == "placed" else None
    if attempt is None or not payments.settle(attempt, available, now=now):
        return found, attempt
    return by_id(order_id), payments.newest(order_id)


def for_owner(number: str) -> WholeOrder:
    """Return any order."""
    with read_unit() as tx:
        order = orders.by_number(tx, number)
        if order is None:
            raise NotFound
        return whole(tx, order)


def of_member(user_id: int, *, limit: int) -> tuple[list[OrderRow], dict[int, list[OrderLineRow]]]:
    """Return a member's newest orders with their lines."""
    with read_unit() as tx:
        return _with_lines(tx, orders.of_user(tx, user_id, limit=limit))


@dataclass(frozen=True, slots=True)
class MemberOrders:
    """One page of a member's orders; ``page`` counts from 1, ``total`` counts all of them."""

    page: int
    total: int
    orders: list[OrderRow]
    lines: dict[int, list[OrderLineRow]]


def page_of_member(user_id: int, page: int) -> MemberOrders:
    """Return a page of a member's orders, newest first; the last one for a number that is too high."""
    with read_unit() as tx:
        total = orders.count_of_user(tx, user_id)
        page = min(page, max(1, math.ceil(total / PAGE_SIZE)))
        rows = orders.of_user(tx, user_id, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
        return MemberOrders(page, total, *_with_lines(tx, rows))


def _with_lines(tx: Tx, rows: list[OrderRow]) -> tuple[list[OrderRow], dict[int, list[OrderLineRow]]]:
    return rows, orders.lines(tx, [order.order_id for order in rows]) if rows else {}


def cancel_own(user_id: int, number: str, *, now: datetime) -> None:
    """Cancel a member's own order while it is unpaid.

    Raises
    ------
    NotFound
        If it is not theirs.
    Conflict
        If it is paid already.
    """
    with unit_of_work() as tx:
        order = orders.by_number(tx, number)
        if order is None or order.user_id != user_id:
            raise NotFound
        if not orders.move(tx, order.order_id, from_states=("placed",), to_state="cancelled"):
            raise Conflict(_("This order can no longer be cancelled here."))
        stock.release_held(tx, order.order_id)
        vouchers.give_back(tx, order.order_id)
        orders.add_event(tx, order.order_id, "cancelled", user_id=user_id, now=now)
        _write_of(tx, order, "cancelled", now=now)


def advance(number: str, *, to_state: str, note: str, version: int, user_id: int, now: datetime) -> None:
    """Move an order on, or only add a note.

    Raises
    ------
    InvalidInput
        If an order in its state cannot go there.
    Conflict
        If somebody else changed it meanwhile.
    """
    with unit_of_work() as tx:
        order = orders.by_number(tx, number)
        if order is None:
            raise NotFound
        if not to_state or to_state == order.state:
            _add_note(tx, order, note[:MAX_NOTE], user_id=user_id, now=now)
            return
        if to_state not in TRANSITIONS[order.state]:
            raise InvalidInput({"status": _("An order in this state cannot go there.")})
        moved = orders.move(tx, order.order_id, from_states=(order.state,), to_state=to_state, version=version)
        if not moved:
            raise Conflict(_("Somebody else changed this order meanwhile. Please look again."))
        _after_move(tx, order, to_state, now=now)
        orders.add_event(tx, order.order_id, to_state, detail=note[:MAX_NOTE], user_id=user_id, now=now)
        _write_of(tx, order, to_state, now=now)
        operations.audit(
            tx,
            user_id=user_id,
            action="order.move",
            subject="order",
            subject_id=order.number,
            before={"state": order.state},
            after={"state": to_state},
            now=now,
        )
    log.info("order_moved", extra={"order_id": order.order_id, "to": to_state})


def _add_note(tx: Tx, order: OrderRow, note: str, *, user_id: int, now: datetime) -> None:
    """Note something about an order, but not what a button pressed twice sends again."""
    is_there = any(row.detail == note for row in orders.events(tx, order.order_id) if row.kind == order.state)
    if note.strip() and not is_there:
        orders.add_event(tx, order.order_id, "note", detail=note, user_id=user_id, now=now)


def _write_of(tx: Tx, order: OrderRow, state: str, *, now: datetime) -> None:
    """Write to the shopper that an order came into a state."""
    operations.add_message(tx, f"mail.order_{state}", {"order_id": order.order_id, "email": order.email}, now=now)


def _after_move(tx: Tx, order: OrderRow, to_state: str, *, now: datetime) -> None:
    if to_state == "cancelled":
        stock.release_held(tx, order.order_id)
        vouchers.give_back(tx, order.order_id)
    if to_state == "refunded":
        if order.state in IN_THE_HOUSE:
            stock.put_back(tx, order.order_id)
        for payment in orders.payments(tx, order.order_id):
            payments.give_back(tx, payment, from_states=("succeeded",), now=now)


def reorder(actor: Actor, user_id: int, number: str, *, now: datetime) -> str:
    """Put what can still be had of an earlier order into the cart; return the sentence that says how much that was."""
    lines = own(user_id, number).lines
    with read_unit() as tx:
        before = n_cart = carts.n_items(tx, actor)
    for line in lines:
        if line.variant_id is None:
            continue
        try:
            added = cart_service.add_variant(actor, line.variant_id, line.quantity, request_id="", now=now)
            n_cart = added.n_cart
        except (NotFound, Conflict):
            continue  # gone or sold out: the rest is still wanted
    return _in_cart_again(n_cart - before, sum(line.quantity for line in lines))


def _in_cart_again(n_pieces: int, n_bought: int) -> str:
    if not n_pieces:
        return _("None of it can be had just now.")
    told = ngettext("One thing is in your cart again.", "%(num)s things are in your cart again.", n_pieces)
    if n_pieces == n_bought:
        return told
    return f"{told} " + _("The rest cannot be had just now.")
