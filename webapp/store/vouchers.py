"""Vouchers: looked up, taken in one guarded statement, given back when an order is not paid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from webapp.actors import Actor
from webapp.store.interactions import insert_or_ignore
from webapp.store.models import Cart, Order, Voucher
from webapp.store.rows import VoucherRow
from webapp.store.tx import Tx

COLUMNS = (
    Voucher.id,
    Voucher.code,
    Voucher.kind,
    Voucher.value,
    Voucher.min_cents,
    Voucher.starts_at,
    Voucher.ends_at,
    Voucher.max_uses,
    Voucher.per_user,
    Voucher.uses,
    Voucher.is_active,
    Voucher.user_id,
)


def by_code(tx: Tx, code: str) -> VoucherRow | None:
    """Return the voucher with this code."""
    row = tx.row(select(*COLUMNS).where(Voucher.code == code))
    return VoucherRow(*row) if row else None


def every(tx: Tx) -> list[VoucherRow]:
    """Return all vouchers, newest first."""
    return [VoucherRow(*row) for row in tx.rows(select(*COLUMNS).order_by(Voucher.id.desc()))]


def some(tx: Tx, query: str, *, limit: int, offset: int) -> tuple[list[VoucherRow], int]:
    """Return a page of the vouchers whose code holds what is asked for, newest first, and how many there are in all."""
    fits = Voucher.code.contains(query.upper(), autoescape=True)
    rows = tx.rows(select(*COLUMNS).where(fits).order_by(Voucher.id.desc()).limit(limit).offset(offset))
    total = tx.scalar(select(func.count()).select_from(Voucher).where(fits))
    return [VoucherRow(*row) for row in rows], int(total or 0)


def put_in_cart(tx: Tx, cart_id: int, voucher_id: int | None) -> None:
    """Put a voucher into a cart in the place of another, or take it out."""
    tx.change(update(Cart).where(Cart.id == cart_id).values(voucher_id=voucher_id))


def bring_along(tx: Tx, guest_id: int, cart_id: int) -> None:
    """Put a guest's voucher into the member's cart, unless one is in there."""
    theirs = select(Cart.voucher_id).where(Cart.guest_id == guest_id).scalar_subquery()
    tx.change(update(Cart).where(Cart.id == cart_id, Cart.voucher_id.is_(None)).values(voucher_id=theirs))


def take(tx: Tx, voucher_id: int, *, now: datetime) -> bool:
    """Use a voucher once; False when it is over, switched off, or used up at this very moment.

    The row stays locked until the transaction ends, so whoever counts a person's uses after this counts alone.
    """
    taken = tx.change(
        update(Voucher)
        .where(
            Voucher.id == voucher_id,
            Voucher.is_active,
            or_(Voucher.starts_at.is_(None), Voucher.starts_at <= now),
            or_(Voucher.ends_at.is_(None), Voucher.ends_at > now),
            or_(Voucher.max_uses.is_(None), Voucher.uses < Voucher.max_uses),
        )
        .values(uses=Voucher.uses + 1)
    )
    return bool(taken)


def take_again(tx: Tx, voucher_id: int) -> bool:
    """Use a voucher for an order it was promised to; only the number of its uses still matters."""
    left = or_(Voucher.max_uses.is_(None), Voucher.uses < Voucher.max_uses)
    return bool(tx.change(update(Voucher).where(Voucher.id == voucher_id, left).values(uses=Voucher.uses + 1)))


def give_back(tx: Tx, order_id: int) -> None:
    """Undo the use of an order that was not paid."""
    used = select(Order.voucher_id).where(Order.id == order_id).scalar_subquery()
    tx.change(update(Voucher).where(Voucher.id == used, Voucher.uses > 0).values(uses=Voucher.uses - 1))


def n_used(tx: Tx, voucher_id: int, actor: Actor, email: str) -> int:
    """Count the orders in which somebody used a voucher: the member or guest, or whoever has the same address."""
    who = [Order.user_id == actor.user_id] if actor.user_id is not None else [Order.guest_id == actor.guest_id]
    if email:
        who.append(Order.email == email)
    counted = select(func.count()).where(Order.voucher_id == voucher_id, Order.state != "cancelled", or_(*who))
    return int(tx.scalar(counted) or 0)


def add(tx: Tx, values: Mapping[str, Any]) -> int | None:
    """Add a voucher and return its id; None when the code exists."""
    return tx.scalar(insert_or_ignore(tx, Voucher).values(**values).returning(Voucher.id))


def switch(tx: Tx, voucher_id: int, *, on: bool) -> bool:
    """Let a voucher count, or not any more; False when there is none."""
    return bool(tx.change(update(Voucher).where(Voucher.id == voucher_id).values(is_active=on)))
