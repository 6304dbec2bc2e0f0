"""What the owner wants of the recommended lists: read for a page, changed in the office."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, func, insert, or_, select, update

from webapp.numbers import whole
from webapp.store.models import Brand, Category, MerchandisingRule, Product, User, Variant
from webapp.store.rows import RuleBook, RuleRow
from webapp.store.stamps import stamp
from webapp.store.tx import Tx


def _rules() -> Select[Any]:
    rule: Any = MerchandisingRule
    return (
        select(
            rule.id,
            rule.action,
            rule.note,
            rule.product_id,
            func.coalesce(Product.name, ""),
            rule.category_id,
            func.coalesce(Category.path, ""),
            rule.brand_id,
            func.coalesce(Brand.name, ""),
            rule.price_from_cents,
            rule.price_to_cents,
            rule.stock_from,
            rule.stock_to,
            rule.place,
            rule.strength,
            rule.starts_at,
            rule.ends_at,
            func.coalesce(User.name, ""),
            rule.changed_at,
        )
        .outerjoin(Product, Product.id == rule.product_id)
        .outerjoin(Category, Category.id == rule.category_id)
        .outerjoin(Brand, Brand.id == rule.brand_id)
        .outerjoin(User, User.id == rule.changed_by)
    )


def every(tx: Tx, *, limit: int | None = None, offset: int = 0) -> list[RuleRow]:
    """Return all rules, or a page of them, newest first."""
    newest = _rules().order_by(MerchandisingRule.id.desc())
    return [RuleRow(*row) for row in tx.rows(newest.limit(limit).offset(offset))]


def count(tx: Tx) -> int:
    """Return how many rules there are."""
    return int(tx.scalar(select(func.count()).select_from(MerchandisingRule)) or 0)


def by_id(tx: Tx, rule_id: int) -> RuleRow | None:
    """Return one rule."""
    row = tx.row(_rules().where(MerchandisingRule.id == rule_id))
    return RuleRow(*row) if row else None


def current(tx: Tx, *, now: datetime) -> RuleBook:
    """Return the rules that count now, the oldest first, with what is needed to see which products they are about."""
    return book(tx, [RuleRow(*row) for row in tx.rows(_current(), {"now": now})])


@cache
def _current() -> Select[Any]:
    """Made once: every page with picks asks this, and building it costs more than running it."""
    rule, now = MerchandisingRule, bindparam("now", type_=MerchandisingRule.starts_at.type)
    counts = and_(or_(rule.starts_at.is_(None), rule.starts_at <= now), or_(rule.ends_at.is_(None), rule.ends_at > now))
    return _rules().where(counts).order_by(rule.id)


def book(tx: Tx, rules: list[RuleRow]) -> RuleBook:
    """Return rules together with the paths of the categories, where one of them asks for a category."""
    if not any(rule.category_id for rule in rules):
        return RuleBook(tuple(rules))
    paths = {row[0]: row[1] for row in tx.rows(select(Category.id, Category.path))}
    return RuleBook(tuple(rules), paths)


def add(tx: Tx, values: Mapping[str, Any]) -> int:
    """Add a rule and return its id."""
    return int(tx.scalar(insert(MerchandisingRule).values(**_stamped(tx, values)).returning(MerchandisingRule.id)) or 0)


def change(tx: Tx, rule_id: int, values: Mapping[str, Any]) -> None:
    """Change a rule."""
    tx.change(update(MerchandisingRule).where(MerchandisingRule.id == rule_id).values(**_stamped(tx, values)))


def _stamped(tx: Tx, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of two rules that are saved at once the later one is the newest: by that a kept answer knows of a change."""
    return {**values, "changed_at": stamp(tx, MerchandisingRule.changed_at, values["changed_at"])}


def remove(tx: Tx, rule_id: int) -> None:
    """Remove a rule."""
    tx.change(delete(MerchandisingRule).where(MerchandisingRule.id == rule_id))


def draft(tx: Tx, rule_id: int, values: Mapping[str, Any], *, now: datetime) -> RuleRow:
    """Return the row that values would make, without keeping it."""
    names = tx.row(
        select(
            select(Product.name).where(Product.id == values["product_id"]).scalar_subquery(),
            select(Category.path).where(Category.id == values["category_id"]).scalar_subquery(),
            select(Brand.name).where(Brand.id == values["brand_id"]).scalar_subquery(),
        )
    )
    product, category, brand = (name or "" for name in names)
    return RuleRow(
        rule_id=rule_id, product=product, category=category, brand=brand, changed_by="", changed_at=now, **values
    )


def product_named(tx: Tx, raw: str) -> tuple[int, bool] | None:
    """Return id and visibility of the product with an article number, or else with a number."""
    columns = select(Product.id, Product.is_visible)
    row = tx.row(columns.join(Variant, Variant.product_id == Product.id).where(Variant.sku == raw).limit(1))
    number = whole(raw)
    if row is None and number is not None:
        row = tx.row(columns.where(Product.id == number))
    return (row[0], bool(row[1])) if row else None
