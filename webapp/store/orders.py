"""Orders, their lines, their history and their payments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, insert, or_, select, update

from webapp.store.interactions import insert_or_ignore
from webapp.store.models import (
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    PaymentEvent,
    Picture,
    Product,
    User,
)
from webapp.store.rows import PictureRow
from webapp.store.tx import Tx


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order without its lines."""

    order_id: int
    number: str
    user_id: int | None
    guest_id: int | None
    email: str
    address: dict[str, Any]
    state: str
    subtotal_cents: int
    delivery_cents: int
    discount_cents: int
    tax_cents: int
    total_cents: int
    currency: str
    delivery_label: str
    payment_code: str
    is_gift: bool
    note: str
    body_hash: str
    version: int
    placed_at: datetime
    paid_at: datetime | None
    language: str = ""
    voucher_id: int | None = None
    voucher_code: str = ""


@dataclass(frozen=True, slots=True)
class OrderLineRow:
    """A line as it was bought, with the picture the product has today; no ``slug`` while it has no page."""

    order_id: int
    product_id: int | None
    variant_id: int | None
    sku: str
    name: str
    variant_name: str
    quantity: int
    unit_cents: int
    slug: str
    picture: PictureRow | None


@dataclass(frozen=True, slots=True)
class OrderEventRow:
    """Something that happened to an order and who did it."""

    kind: str
    detail: str
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """An attempt to pay."""

    payment_id: int
    order_id: int
    provider: str
    attempt: int
    reference: str
    state: str
    amount_cents: int
    currency: str
    created_at: datetime
    external_id: str = ""


_COLUMNS = (
    Order.id,
    Order.number,
    Order.user_id,
    Order.guest_id,
    Order.email,
    Order.address,
    Order.state,
    Order.subtotal_cents,
    Order.delivery_cents,
    Order.discount_cents,
    Order.tax_cents,
    Order.total_cents,
    Order.currency,
    Order.delivery_label,
    Order.payment_code,
    Order.is_gift,
    Order.note,
    Order.body_hash,
    Order.version,
    Order.placed_at,
    Order.paid_at,
    Order.language,
    Order.voucher_id,
    Order.voucher_code,
)


def _one(tx: Tx, *where: ColumnElement[bool]) -> OrderRow | None:
    row = tx.row(select(*_COLUMNS).where(*where))
    return OrderRow(*row) if row else None


def by_id(tx: Tx, order_id: int) -> OrderRow | None:
    """Return an order by its id."""
    return _one(tx, Order.id == order_id)


def lock(tx: Tx, order_id: int) -> None:
    """Let nobody else change this order meanwhile; SQLite's writers take turns anyway."""
    tx.row(select(Order.id).where(Order.id == order_id).with_for_update())


def by_number(tx: Tx, number: str) -> OrderRow | None:
    """Return an order by its number."""
    return _one(tx, Order.number == number)


def by_place_key(tx: Tx, key: str) -> OrderRow | None:
    """Return the order that was placed with this key."""
    return _one(tx, Order.place_key == key)


def add(tx: Tx, values: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> int | None:
    """Add an order with its lines; None when its ``place_key`` was used already."""
    statement = insert_or_ignore(tx, Order).values(**values).returning(Order.id)
    order_id = tx.scalar(statement)
    if order_id is not None:
        tx.execute(insert(OrderLine), [{"order_id": order_id, **line} for line in lines])
    return order_id


def move(
    tx: Tx, order_id: int, *, from_states: Collection[str], to_state: str, version: int | None = None, **more: Any
) -> bool:
    """Change an order's state if it is in one of the given states (and unchanged since ``version``)."""
    statement = update(Order).where(Order.id == order_id, Order.state.in_(sorted(from_states)))
    if version is not None:
        statement = statement.where(Order.version == version)
    changed = tx.change(statement.values(state=to_state, version=Order.version + 1, **more))
    return bool(changed)


def add_event(tx: Tx, order_id: int, kind: str, *, now: datetime, detail: str = "", user_id: int | None = None) -> None:
    """Write a line into an order's history."""
    tx.execute(insert(OrderEvent).values(order_id=order_id, kind=kind, detail=detail, user_id=user_id, at=now))


def events(tx: Tx, order_id: int) -> list[OrderEventRow]:
    """Return an order's history, oldest first."""
    rows = tx.rows(
        select(OrderEvent.kind, OrderEvent.detail, OrderEvent.at, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == OrderEvent.user_id)
        .where(OrderEvent.order_id == order_id)
        .order_by(OrderEvent.id)
    )
    return [OrderEventRow(*row) for row in rows]


def lines(tx: Tx, order_ids: Collection[int]) -> dict[int, list[OrderLineRow]]:
    """Return the lines of some orders by order."""
    first = (
        select(Picture.id)
        .where(Picture.product_id == OrderLine.product_id)
        .order_by(Picture.position, Picture.id)
        .limit(1)
        .correlate(OrderLine)
        .scalar_subquery()
    )
    rows = tx.rows(
        select(
            OrderLine.order_id,
            OrderLine.product_id,
            OrderLine.variant_id,
            OrderLine.sku,
            OrderLine.name,
            OrderLine.variant_name,
            OrderLine.quantity,
            OrderLine.unit_cents,
            case((Product.is_visible, Product.slug), else_=""),
            Picture.stem,
            Picture.alt,
            Picture.width,
            Picture.height,
        )
        .outerjoin(Product, Product.id == OrderLine.product_id)
        .outerjoin(Picture, Picture.id == first)
        .where(OrderLine.order_id.in_(sorted(order_ids)))
        .order_by(OrderLine.id)
    )
    found: dict[int, list[OrderLineRow]] = {}
    for row in rows:
        picture = PictureRow(*row[9:13]) if row[9] else None
        found.setdefault(row[0], []).append(OrderLineRow(*(*row[:9], picture)))
    return found


def of_user(tx: Tx, user_id: int, *, limit: int, offset: int = 0) -> list[OrderRow]:
    """Return a member's orders, newest first."""
    own = select(*_COLUMNS).where(Order.user_id == user_id).order_by(Order.placed_at.desc(), Order.id.desc())
    return [OrderRow(*row) for row in tx.rows(own.limit(limit).offset(offset))]


def count_of_user(tx: Tx, user_id: int) -> int:
    """Count a member's orders."""
    return int(tx.scalar(select(func.count()).where(Order.user_id == user_id)) or 0)


def queue(tx: Tx, *, state: str = "", query: str = "", limit: int, offset: int = 0) -> list[OrderRow]:
    """Return a page of all orders for the owner, newest first."""
    rows = tx.rows(
        select(*_COLUMNS)
        .where(*_queued(state, query))
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [OrderRow(*row) for row in rows]


def count_queue(tx: Tx, *, state: str, query: str) -> int:
    """Count the orders of all pages of the queue."""
    return int(tx.scalar(select(func.count()).select_from(Order).where(*_queued(state, query))) or 0)


def _queued(state: str, query: str) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if state:
        where.append(Order.state == state)
    if query:
        like = f"%{_escape(query.lower())}%"
        name = func.lower(cast(Order.address, String))
        where.append(
            or_(
                func.lower(Order.number).like(like, escape="\\"),
                func.lower(Order.email).like(like, escape="\\"),
                name.like(like, escape="\\"),
            )
        )
    return where


def _escape(raw: str) -> str:
    return raw.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def counts_by_state(tx: Tx) -> dict[str, int]:
    """Count all orders by state."""
    rows = tx.rows(select(Order.state, func.count()).group_by(Order.state))
    return {row[0]: row[1] for row in rows}


def revenue_since(tx: Tx, since: datetime) -> int:
    """Sum the paid orders placed since a moment."""
    total = select(func.coalesce(func.sum(Order.total_cents), 0)).where(
        Order.placed_at >= since, Order.paid_at.is_not(None), Order.state.not_in(("cancelled", "refunded"))
    )
    return int(tx.scalar(total) or 0)


def add_payment(tx: Tx, order: OrderRow, *, provider: str, reference: str, now: datetime) -> PaymentRow:
    """Begin the next attempt to pay an order."""
    attempt = int(tx.scalar(select(func.max(Payment.attempt)).where(Payment.order_id == order.order_id)) or 0) + 1
    values: dict[str, Any] = {
        "order_id": order.order_id,
        "provider": provider,
        "attempt": attempt,
        "reference": reference,
        "state": "created",
        "amount_cents": order.total_cents,
        "currency": order.currency,
        "created_at": now,
    }
    payment_id = tx.scalar(insert(Payment).values(**values, updated_at=now).returning(Payment.id))
    return PaymentRow(int(payment_id or 0), **values)


def payments(tx: Tx, order_id: int) -> list[PaymentRow]:
    """Return the attempts to pay an order, oldest first."""
    rows = tx.rows(select(*_PAYMENT_COLUMNS).where(Payment.order_id == order_id).order_by(Payment.attempt))
    return [PaymentRow(*row) for row in rows]


_PAYMENT_COLUMNS = (
    Payment.id,
    Payment.order_id,
    Payment.provider,
    Payment.attempt,
    Payment.reference,
    Payment.state,
    Payment.amount_cents,
    Payment.currency,
    Payment.created_at,
    Payment.external_id,
)


def name_payment(tx: Tx, payment_id: int, external_id: str) -> None:
    """Keep the provider's own number of an attempt."""
    tx.change(update(Payment).where(Payment.id == payment_id).values(external_id=external_id))


def payment_by_id(tx: Tx, payment_id: int) -> PaymentRow | None:
    """Return an attempt by its id."""
    row = tx.row(select(*_PAYMENT_COLUMNS).where(Payment.id == payment_id))
    return PaymentRow(*row) if row else None


def payment_by_reference(tx: Tx, provider: str, reference: str) -> PaymentRow | None:
    """Return the attempt a provider speaks of."""
    row = tx.row(select(*_PAYMENT_COLUMNS).where(Payment.provider == provider, Payment.reference == reference))
    return PaymentRow(*row) if row else None


def set_payment(tx: Tx, payment_id: int, *, from_states: Collection[str], to_state: str, now: datetime) -> bool:
    """Change an attempt's state if it is in one of the given states."""
    changed = tx.change(
        update(Payment)
        .where(Payment.id == payment_id, Payment.state.in_(sorted(from_states)))
        .values(state=to_state, updated_at=now)
    )
    return bool(changed)


def add_payment_event(
    tx: Tx, *, provider: str, event_id: str, kind: str, payment_id: int, payload: Mapping[str, Any], now: datetime
) -> bool:
    """Note a provider's message; False when it was seen before."""
    values = {"provider": provider, "event_id": event_id, "kind": kind, "payment_id": payment_id, "at": now}
    added = tx.row(
        insert_or_ignore(tx, PaymentEvent).values(payload=dict(payload), **values).returning(PaymentEvent.id)
    )
    return added is not None


def payments_to_ask(
    tx: Tx, *, unknown_before: datetime, open_before: datetime, since: datetime, limit: int = 50
) -> list[PaymentRow]:
    """Return attempts to ask the provider about: without an answer for a while, or open for long."""
    asked = func.coalesce(Payment.asked_at, Payment.updated_at)
    due = or_(
        and_(Payment.state == "unknown", asked <= unknown_before),
        and_(Payment.state.in_(("created", "pending")), asked <= open_before),
    )
    rows = tx.rows(
        select(*_PAYMENT_COLUMNS).where(due, Payment.created_at >= since).order_by(asked, Payment.id).limit(limit)
    )
    return [PaymentRow(*row) for row in rows]


def note_asked(tx: Tx, payment_id: int, *, now: datetime) -> None:
    """Note that a provider is asked about an attempt."""
    tx.change(update(Payment).where(Payment.id == payment_id).values(asked_at=now))
