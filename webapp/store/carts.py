"""Carts: lines joined with today's price and stock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, select, update

from webapp.actors import Actor
from webapp.store import vouchers
from webapp.store.interactions import insert_or_ignore
from webapp.store.models import Cart, CartLine, Picture, Product, Variant, Voucher
from webapp.store.rows import CartRow, LineRow, PictureRow, VoucherRow
from webapp.store.scope import owned_by, owner_values
from webapp.store.tx import Tx


def ensure(tx: Tx, actor: Actor, *, now: datetime) -> int:
    """Return the id of the actor's cart, making one if need be, and let nobody else change it meanwhile."""
    values: dict[str, Any] = {"version": 1, "checkout": {}, "created_at": now, "updated_at": now, **owner_values(actor)}
    tx.execute(insert_or_ignore(tx, Cart).values(**values))
    return lock(tx, actor)


def lock(tx: Tx, actor: Actor) -> int:
    """Let nobody else change this cart or place its order meanwhile, and return its id, 0 where there is none.

    Whoever changes a cart does this before anything else: what was read stays true, and two who want the cart and its
    lines never wait for each other in a circle. SQLite's writers take turns anyway.
    """
    return int(tx.scalar(select(Cart.id).where(owned_by(Cart, actor)).with_for_update()) or 0)


def load(tx: Tx, actor: Actor) -> CartRow:
    """Return the actor's cart with its lines and its voucher: two statements."""
    head = tx.row(
        select(Cart.id, Cart.version, Cart.checkout, *vouchers.COLUMNS)
        .outerjoin(Voucher, Voucher.id == Cart.voucher_id)
        .where(owned_by(Cart, actor))
    )
    if head is None:
        return CartRow()
    voucher = VoucherRow(*head[3:]) if head[3] is not None else None
    return CartRow(head[0], head[1], dict(head[2] or {}), tuple(_lines(tx, head[0])), voucher)


def _lines(tx: Tx, cart_id: int) -> list[LineRow]:
    first_stem = (
        select(Picture.stem)
        .where(Picture.product_id == Product.id)
        .order_by(Picture.position, Picture.id)
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )
    stem = func.coalesce(func.nullif(Variant.picture_stem, ""), first_stem)
    free = case((Variant.is_active, Variant.stock - Variant.reserved), else_=0)
    columns: tuple[Any, ...] = (
        CartLine.id,
        Variant.id,
        Product.id,
        Product.slug,
        Product.name,
        Variant.name,
        CartLine.quantity,
        Variant.price_cents,
        CartLine.price_seen_cents,
        Product.old_price_cents,
        Product.currency,
        free,
        Product.is_visible,
        Variant.sku,
        Picture.stem,
        Picture.alt,
        Picture.width,
        Picture.height,
    )
    rows = tx.rows(
        select(*columns)
        .join(Variant, Variant.id == CartLine.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(Picture, (Picture.product_id == Product.id) & (Picture.stem == stem))
        .where(CartLine.cart_id == cart_id, CartLine.is_saved.is_(False))
        .order_by(CartLine.id)
    )
    return [LineRow(*(*row[:14], PictureRow(*row[14:18]) if row[14] else None)) for row in rows]


def add_line(tx: Tx, cart_id: int, variant_id: int, quantity: int, *, price_cents: int, now: datetime) -> None:
    """Set the quantity of a variant in a cart."""
    values = {
        "cart_id": cart_id,
        "variant_id": variant_id,
        "quantity": quantity,
        "price_seen_cents": price_cents,
        "is_saved": False,
        "at": now,
    }
    tx.execute(insert_or_ignore(tx, CartLine).values(**values))
    tx.change(
        update(CartLine)
        .where(CartLine.cart_id == cart_id, CartLine.variant_id == variant_id)
        .values(quantity=quantity, price_seen_cents=price_cents)
    )


def find_line(tx: Tx, actor: Actor, line_id: int) -> tuple[int, int, int] | None:
    """Return cart, variant and quantity of a line in the actor's own cart."""
    row = tx.row(
        select(Cart.id, CartLine.variant_id, CartLine.quantity)
        .join(Cart, Cart.id == CartLine.cart_id)
        .where(CartLine.id == line_id, owned_by(Cart, actor))
    )
    return (row[0], row[1], row[2]) if row else None


def quantity_of(tx: Tx, cart_id: int, variant_id: int) -> int:
    """Return how many of a variant lie in a cart."""
    found = tx.scalar(select(CartLine.quantity).where(CartLine.cart_id == cart_id, CartLine.variant_id == variant_id))
    return int(found or 0)


def remove_line(tx: Tx, line_id: int) -> None:
    """Take a line out."""
    tx.change(delete(CartLine).where(CartLine.id == line_id))


def touch(tx: Tx, cart_id: int, *, now: datetime) -> None:
    """Count a change, so that a checkout begun before notices it."""
    tx.change(update(Cart).where(Cart.id == cart_id).values(version=Cart.version + 1, updated_at=now))


def set_checkout(tx: Tx, cart_id: int, checkout: dict[str, Any]) -> None:
    """Keep what was chosen at checkout so far."""
    tx.change(update(Cart).where(Cart.id == cart_id).values(checkout=checkout))


def see_prices(tx: Tx, cart_id: int) -> None:
    """Note that today's prices were shown."""
    today = select(Variant.price_cents).where(Variant.id == CartLine.variant_id).scalar_subquery()
    tx.change(update(CartLine).where(CartLine.cart_id == cart_id).values(price_seen_cents=today))


def empty(tx: Tx, cart_id: int, *, now: datetime) -> None:
    """Take everything out after an order."""
    tx.change(delete(CartLine).where(CartLine.cart_id == cart_id))
    emptied = {"version": Cart.version + 1, "updated_at": now, "checkout": {}, "voucher_id": None}
    tx.change(update(Cart).where(Cart.id == cart_id).values(**emptied))


def lines_of_guest(tx: Tx, guest_id: int) -> list[tuple[int, int, int]]:
    """Return variant, quantity and price seen of a guest's lines."""
    rows = tx.rows(
        select(CartLine.variant_id, CartLine.quantity, CartLine.price_seen_cents)
        .join(Cart, Cart.id == CartLine.cart_id)
        .where(Cart.guest_id == guest_id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def remove_of_guest(tx: Tx, guest_id: int) -> None:
    """Remove a guest's cart."""
    tx.change(delete(Cart).where(Cart.guest_id == guest_id))


def n_items(tx: Tx, actor: Actor) -> int:
    """Count the pieces in an actor's cart."""
    found = tx.scalar(
        select(func.sum(CartLine.quantity))
        .join(Cart, Cart.id == CartLine.cart_id)
        .where(owned_by(Cart, actor), CartLine.is_saved.is_(False))
    )
    return int(found or 0)
