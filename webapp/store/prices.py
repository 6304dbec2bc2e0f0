"""What a product costs in a list: the price of what can be bought of it, told by the variants at every question.

A price kept with the product would have to follow each piece that is reserved, sold or given back.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select

from webapp.store.models import Product, Variant


def _can_be_sold() -> ColumnElement[bool]:
    return and_(Variant.product_id == Product.id, Variant.is_active, Variant.stock > Variant.reserved)


def has_stock() -> ColumnElement[bool]:
    """Match products of which at least one piece is free."""
    return exists().where(_can_be_sold())


def price_now() -> ColumnElement[Any]:
    """Return the lowest price among what can be bought of a product, in cents; sold out, the lowest of all."""
    return func.coalesce(_among_sellable(func.min(Variant.price_cents)), Product.price_cents)


def highest_now() -> ColumnElement[Any]:
    """Return the highest price among what can be bought of a product, in cents; nothing where it is sold out."""
    return _among_sellable(func.max(Variant.price_cents))


def _among_sellable(price: ColumnElement[Any]) -> ColumnElement[Any]:
    return select(price).where(_can_be_sold()).correlate(Product).scalar_subquery()
