"""Stock changes, each one guarded statement: the condition is checked by the database at the moment of the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, or_, select, update

from webapp.store.interactions import of_who_may_be_known
from webapp.store.models import Order, Product, Reservation, Variant
from webapp.store.tx import Tx

LONGEST_HOLD = timedelta(days=1)  # as RESERVE_MINUTES allows


def reserve(tx: Tx, variant_id: int, quantity: int) -> bool:
    """Hold pieces for an order; False when fewer are free."""
    changed = tx.change(
        update(Variant)
        .where(Variant.id == variant_id, Variant.is_active, Variant.stock - Variant.reserved >= quantity)
        .values(reserved=Variant.reserved + quantity)
    )
    return bool(changed)


def reserve_all(tx: Tx, wanted: Mapping[int, int]) -> dict[int, int]:
    """Hold pieces of several variants in ascending order of id, so that two orders never wait for each other.

    Returns
    -------
    dict
        Variant -> pieces free, for those of which there were too few; empty when all are held.
    """
    short = [variant for variant in sorted(wanted) if not reserve(tx, variant, wanted[variant])]
    return free(tx, short) if short else {}


def free(tx: Tx, variant_ids: list[int]) -> dict[int, int]:
    """Return how many pieces can be sold of each variant."""
    rows = tx.rows(
        select(Variant.id, Variant.stock - Variant.reserved, Variant.is_active).where(Variant.id.in_(variant_ids))
    )
    return {row[0]: row[1] if row[2] else 0 for row in rows}


def hold(tx: Tx, order_id: int, wanted: Mapping[int, int], *, until: datetime) -> None:
    """Write down what is held for an order."""
    rows = [
        {"order_id": order_id, "variant_id": variant, "quantity": wanted[variant], "state": "held", "expires_at": until}
        for variant in sorted(wanted)
    ]
    tx.execute(insert(Reservation), rows)


def hold_again(tx: Tx, order_id: int, wanted: Mapping[int, int], *, until: datetime) -> None:
    """Write down anew what is held for an order whose first hold ran out."""
    tx.change(delete(Reservation).where(Reservation.order_id == order_id, Reservation.state == "released"))
    hold(tx, order_id, wanted, until=until)


def _end(tx: Tx, order_id: int, state: str) -> list[tuple[int, int]]:
    rows = tx.rows(
        update(Reservation)
        .where(Reservation.order_id == order_id, Reservation.state == "held")
        .values(state=state)
        .returning(Reservation.variant_id, Reservation.quantity)
    )
    return sorted((row[0], row[1]) for row in rows)


def sell_held(tx: Tx, order_id: int) -> bool:
    """Turn what is held for an order into sold pieces; False when nothing is held any more."""
    ended = dict(_end(tx, order_id, "sold"))
    for variant_id, quantity in ended.items():
        tx.change(
            update(Variant)
            .where(Variant.id == variant_id)
            .values(stock=Variant.stock - quantity, reserved=Variant.reserved - quantity)
        )
    _count_sold(tx, order_id, ended)
    return bool(ended)


def _count_sold(tx: Tx, order_id: int, sold: Mapping[int, int]) -> None:
    """Count on the products, in ascending order of id as everybody who goes through many of them does."""
    pieces: dict[int, int] = {}
    for variant_id, product_id in tx.rows(select(Variant.id, Variant.product_id).where(Variant.id.in_(sold))):
        pieces[product_id] = pieces.get(product_id, 0) + sold[variant_id]
    of_the_buyer = select(Order.id).where(Order.id == order_id)
    moves_shelves = bool(sold) and tx.scalar(of_who_may_be_known(of_the_buyer, Order)) is not None
    for product_id, quantity in sorted(pieces.items()):
        tx.change(
            update(Product)
            .where(Product.id == product_id)
            .values(
                sold_count=Product.sold_count + quantity,
                popularity=Product.popularity + (quantity if moves_shelves else 0),
            )
        )


def release_held(tx: Tx, order_id: int) -> bool:
    """Give back what is held for an order."""
    ended = _end(tx, order_id, "released")
    for variant_id, quantity in ended:
        tx.change(update(Variant).where(Variant.id == variant_id).values(reserved=Variant.reserved - quantity))
    return bool(ended)


def put_back(tx: Tx, order_id: int) -> None:
    """Return the pieces of a paid order that is cancelled or refunded before it left the house."""
    rows = tx.rows(
        update(Reservation)
        .where(Reservation.order_id == order_id, Reservation.state == "sold")
        .values(state="released")
        .returning(Reservation.variant_id, Reservation.quantity)
    )
    for variant_id, quantity in sorted((row[0], row[1]) for row in rows):
        tx.change(update(Variant).where(Variant.id == variant_id).values(stock=Variant.stock + quantity))


def mismatches(tx: Tx) -> list[int]:
    """Return variants whose reserved pieces are not exactly those held for orders: there must never be any."""
    held = (
        select(func.coalesce(func.sum(Reservation.quantity), 0))
        .where(Reservation.variant_id == Variant.id, Reservation.state == "held")
        .scalar_subquery()
    )
    return list(tx.scalars(select(Variant.id).where(Variant.reserved != held).order_by(Variant.id)))


def overdue(tx: Tx, *, now: datetime, limit: int = 100) -> list[int]:
    """Return orders whose held stock has run out of time, or was held by a clock that was far ahead."""
    until = Reservation.expires_at
    rows = tx.scalars(
        select(Reservation.order_id)
        .where(Reservation.state == "held", or_(until <= now, until > now + 2 * LONGEST_HOLD))
        .distinct()
        .order_by(Reservation.order_id)
        .limit(limit)
    )
    return list(rows)
