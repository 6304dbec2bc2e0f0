"""Who waits for a sold-out variant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, exists, select, update

from webapp.store.interactions import insert_or_ignore
from webapp.store.models import Product, StockAlert, User, Variant
from webapp.store.tx import Tx


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Somebody who waits for a variant, with what it is."""

    alert_id: int
    variant_id: int
    email: str
    language: str
    product_id: int
    slug: str
    name: str
    variant_name: str
    asked_at: datetime


_COLUMNS = (
    StockAlert.id,
    StockAlert.variant_id,
    StockAlert.email,
    StockAlert.language,
    Product.id,
    case((Product.is_visible, Product.slug), else_=""),
    Product.name,
    Variant.name,
    StockAlert.created_at,
)
_ROWS = (
    select(*_COLUMNS)
    .join(Variant, Variant.id == StockAlert.variant_id)
    .join(Product, Product.id == Variant.product_id)
    .order_by(StockAlert.id)
)


def put(tx: Tx, variant_id: int, email: str, *, user_id: int | None, language: str, now: datetime) -> None:
    """Note that somebody waits; who was told before waits anew.

    What was asked for before stays whose it was, unless a member asks with the address of their account: then it is
    theirs.
    """
    key = {"variant_id": variant_id, "email": email}
    tx.execute(insert_or_ignore(tx, StockAlert).values(**key, user_id=user_id, language=language, created_at=now))
    mine = (StockAlert.variant_id == variant_id, StockAlert.email == email)
    tx.change(update(StockAlert).where(*mine).values(sent_at=None, language=language, created_at=now))
    is_theirs = exists().where(User.id == user_id, User.email == email)
    tx.change(update(StockAlert).where(*mine, is_theirs).values(user_id=user_id))


def take_due(tx: Tx, *, limit: int, now: datetime) -> list[AlertRow]:
    """Return those whose variant can be bought again, and note that they are told: nobody is returned twice."""
    rows = tx.rows(
        _ROWS.where(
            StockAlert.sent_at.is_(None), Variant.is_active, Variant.stock > Variant.reserved, Product.is_visible
        ).limit(limit)
    )
    found = {row[0]: AlertRow(*row) for row in rows}
    taken = tx.scalars(
        update(StockAlert)
        .where(StockAlert.id.in_(list(found)), StockAlert.sent_at.is_(None))
        .values(sent_at=now)
        .returning(StockAlert.id)
    )
    return [found[alert_id] for alert_id in sorted(taken)]


def find(tx: Tx, alert_id: int) -> AlertRow | None:
    """Return one who waits or was told."""
    row = tx.row(_ROWS.where(StockAlert.id == alert_id))
    return AlertRow(*row) if row else None


def of_user(tx: Tx, user_id: int) -> list[AlertRow]:
    """Return what a member waits for, the newest first."""
    theirs = _ROWS.where(StockAlert.user_id == user_id, StockAlert.sent_at.is_(None))
    newest = theirs.order_by(None).order_by(StockAlert.created_at.desc(), StockAlert.id.desc())
    return [AlertRow(*row) for row in tx.rows(newest)]


def remove(tx: Tx, user_id: int, alert_id: int) -> bool:
    """Let a member wait no longer; False when it is not theirs."""
    return bool(tx.change(delete(StockAlert).where(StockAlert.id == alert_id, StockAlert.user_id == user_id)))


def remove_address(tx: Tx, email: str) -> int:
    """Remove everything an address waits for."""
    return int(tx.change(delete(StockAlert).where(StockAlert.email == email)))


def sweep(tx: Tx, *, told_before: datetime) -> int:
    """Remove those who were told long ago."""
    return int(tx.change(delete(StockAlert).where(StockAlert.sent_at < told_before)))
