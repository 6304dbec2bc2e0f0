"""What machines list: every product that has a page, and the newest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select

from webapp.store.models import Product, Variant
from webapp.store.tx import Tx


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A product's page and when it changed."""

    product_id: int
    slug: str
    name: str
    description: str
    created_at: datetime
    updated_at: datetime


_COLUMNS = (Product.id, Product.slug, Product.name, Product.description, Product.created_at, Product.updated_at)


def _has_page() -> ColumnElement[bool]:
    return and_(Product.is_visible, exists().where(Variant.product_id == Product.id))


def count(tx: Tx) -> int:
    """Count the products that have a page."""
    return int(tx.scalar(select(func.count()).select_from(Product).where(_has_page())) or 0)


def page(tx: Tx, *, limit: int, offset: int) -> list[ListedRow]:
    """Return products that have a page, in the order of their ids."""
    rows = tx.rows(select(*_COLUMNS).where(_has_page()).order_by(Product.id).limit(limit).offset(offset))
    return [ListedRow(*row) for row in rows]


def newest(tx: Tx, *, limit: int) -> list[ListedRow]:
    """Return products that have a page, the latest arrivals first."""
    rows = tx.rows(
        select(*_COLUMNS).where(_has_page()).order_by(Product.created_at.desc(), Product.id.desc()).limit(limit)
    )
    return [ListedRow(*row) for row in rows]
