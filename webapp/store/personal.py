"""Everything the tables hold about one member: read out whole, and erased.

Each table that leads to a member is named in ``EXPORTED`` or ``EXEMPT``; a test fails when a new one is in neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, select, update

from webapp.store import taste
from webapp.store.models import (
    Guest,
    Model,
    Order,
    OrderEvent,
    OutboxMessage,
    Review,
    StarRating,
    StockAlert,
    User,
)
from webapp.store.tx import Tx


@dataclass(frozen=True, slots=True)
class Part:
    """How a table's rows are found: by their own ``owner`` column, or through the table that ``parent`` refers to."""

    owner: str = "user_id"
    parent: tuple[str, str] | None = None
    hidden: frozenset[str] = frozenset()


EXPORTED: Mapping[str, Part] = {
    "users": Part("id", hidden=frozenset({"password_hash", "epoch"})),
    "addresses": Part(),
    "picks_choices": Part(),
    "web_sessions": Part(hidden=frozenset({"id_hash", "data"})),
    "guests": Part("merged_into"),
    "wishlist_items": Part(),
    "stock_alerts": Part(),
    "interactions": Part(),
    "ratings": Part(),
    "reviews": Part(),
    "exclusions": Part(),
    "searches": Part(),
    "impressions": Part(),
    "vouchers": Part(),
    "carts": Part(),
    "cart_lines": Part(parent=("carts", "cart_id")),
    "orders": Part(hidden=frozenset({"place_key", "body_hash"})),
    "order_lines": Part(parent=("orders", "order_id")),
    "order_events": Part(parent=("orders", "order_id"), hidden=frozenset({"user_id"})),
    "reservations": Part(parent=("orders", "order_id")),
    "payments": Part(parent=("orders", "order_id")),
}
EXEMPT: Mapping[str, str] = {
    "one_time_tokens": "hashes of mailed links, gone within a day",
    "audit_entries": "what staff changed in the shop; the shop's own record, not about the member",
    "merchandising_rules": "what the owner wants the shop to show; who changed a rule last is the shop's own record",
    "payment_events": "a provider's messages, whose content the payments repeat",
}


def everything(tx: Tx, user_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return every row about a member, by table."""
    tables = Model.metadata.tables
    found: dict[str, list[dict[str, Any]]] = {}
    for name, part in EXPORTED.items():
        table = tables[name]
        statement = select(*(column for column in table.columns if column.name not in part.hidden))
        found[name] = [dict(row._mapping) for row in tx.rows(statement.where(_owned(table, part, user_id)))]
    return found


def _owned(table: Table, part: Part, user_id: int) -> Any:
    if part.parent is None:
        return table.c[part.owner] == user_id
    parent, column = part.parent
    above = Model.metadata.tables[parent]
    return table.c[column].in_(select(above.c.id).where(above.c[EXPORTED[parent].owner] == user_id))


def order_states(tx: Tx, user_id: int) -> dict[int, str]:
    """Return the states of a member's orders by id; they stay so until the unit ends."""
    theirs = select(Order.id, Order.state).where(Order.user_id == user_id).order_by(Order.id).with_for_update()
    return {row[0]: row[1] for row in tx.rows(theirs)}


def erase(tx: Tx, user_id: int, email: str, *, heir: int, keep_reviews: bool) -> None:
    """Remove a member and all that is theirs; orders and, if wished, reviews stay without them.

    Parameters
    ----------
    heir : int
        A member without a name, to whom the kept reviews go.
    """
    if keep_reviews:
        _hand_over_reviews(tx, user_id, heir)
    touched: Sequence[int] = tx.scalars(select(StarRating.product_id).where(StarRating.user_id == user_id))
    _drop_letters(tx, user_id, email)
    _clear_orders(tx, user_id)
    tx.change(delete(StockAlert).where(StockAlert.email == email))
    tx.change(delete(Guest).where(Guest.merged_into == user_id))
    tx.change(delete(User).where(User.id == user_id))
    taste.recount_stars(tx, touched)


def _hand_over_reviews(tx: Tx, user_id: int, heir: int) -> None:
    reviewed = select(Review.product_id).where(Review.user_id == user_id)
    stars = update(StarRating).where(StarRating.user_id == user_id, StarRating.product_id.in_(reviewed))
    tx.change(stars.values(user_id=heir))
    tx.change(update(Review).where(Review.user_id == user_id).values(user_id=heir))


def _drop_letters(tx: Tx, user_id: int, email: str) -> None:
    """Remove the letters to a member, sent or not: to this address, to earlier ones, about their orders and alerts.

    An address given up may be somebody else's by now, so only what was written before it was given up goes.
    """
    payload = OutboxMessage.payload
    to = payload["email"].as_string()
    changed = OutboxMessage.topic == "mail.email_changed"
    theirs = payload["user_id"].as_integer() == user_id
    for last, before in tx.rows(select(OutboxMessage.id, to).where(changed, theirs)):
        tx.change(delete(OutboxMessage).where(to == before, OutboxMessage.id <= last))
    waits = select(StockAlert.id).where((StockAlert.user_id == user_id) | (StockAlert.email == email))
    about_alerts = payload["alert_id"].as_integer().in_(waits)
    about_orders = payload["order_id"].as_integer().in_(select(Order.id).where(Order.user_id == user_id))
    tx.change(delete(OutboxMessage).where((to == email) | theirs | about_alerts | about_orders))


def _clear_orders(tx: Tx, user_id: int) -> None:
    """Take the person out of the orders; the country stays, because the tax depends on it."""
    rows = tx.rows(select(Order.id, Order.address).where(Order.user_id == user_id))
    for order_id, address in rows:
        country = {"country": address["country"]} if address and "country" in address else {}
        blank = {"user_id": None, "guest_id": None, "email": "", "note": "", "address": country}
        tx.change(update(Order).where(Order.id == order_id).values(**blank))
    orders = [row[0] for row in rows]
    tx.change(update(OrderEvent).where(OrderEvent.order_id.in_(orders)).values(detail=""))


def predates_erasure(value: Mapping[str, Any], run_id: int, began: datetime) -> bool:
    """Whether a training began before the last erasure, which stands in the shop's settings.

    Runs are numbered, so that no clock that was set back makes an older one look newer; of erasures by earlier programs
    only the moment is known.
    """
    if "last_run" in value:
        return run_id <= int(value["last_run"])
    return bool(value.get("at")) and began <= datetime.fromisoformat(value["at"])
