"""What the owner's rules leave out of every recommended list, as a condition of the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from webapp.store.models import Product, Variant
from webapp.store.prices import price_now
from webapp.store.rows import RuleBook, RuleRow
from webapp.store.tx import Tx

NO_RULES = RuleBook()


def is_left_out(book: RuleBook) -> ColumnElement[bool]:
    """Match the products that a rule leaves out, by the same conditions as the library's rules."""
    rules = [rule for rule in book.rules if rule.action == "exclude"]
    # One list of those named alone: hundreds of conditions beside each other were tried on every product of the shop.
    named = sorted(rule.product_id for rule in rules if rule.product_id is not None and _names_only(rule))
    return or_(Product.id.in_(named), *(_fits(rule, book) for rule in rules if not _names_only(rule)))


def ids(tx: Tx, book: RuleBook) -> set[int]:
    """Return the products that a rule leaves out, so that no list is made of them; asks nothing where no rule does.

    Hidden ones are among them: beside that condition SQLite would look through all visible products.
    """
    if not any(rule.action == "exclude" for rule in book.rules):
        return set()
    return set(tx.scalars(select(Product.id).where(is_left_out(book))))


def _names_only(rule: RuleRow) -> bool:
    """Whether a rule says which product and nothing else."""
    others = (rule.price_from_cents, rule.price_to_cents, rule.stock_from, rule.stock_to, rule.brand_id)
    return rule.product_id is not None and not rule.category and all(each is None for each in others)


def _fits(rule: RuleRow, book: RuleBook) -> ColumnElement[bool]:
    wanted: list[ColumnElement[bool]] = []
    if rule.product_id is not None:
        wanted.append(Product.id == rule.product_id)
    if rule.category:
        below = [key for key, path in book.category_paths.items() if f"{path} > ".startswith(f"{rule.category} > ")]
        wanted.append(Product.category_id.in_(sorted(below)))
    if rule.brand_id is not None:
        wanted.append(Product.brand_id == rule.brand_id)
    wanted += _within(price_now(), rule.price_from_cents, rule.price_to_cents)
    if rule.stock_from is not None or rule.stock_to is not None:
        wanted += _within(_available(), rule.stock_from, rule.stock_to)
    return and_(*wanted) if wanted else false()


def _within(column: Any, low: int | None, high: int | None) -> list[ColumnElement[bool]]:
    bounds = [column >= low] if low is not None else []
    return [*bounds, column <= high] if high is not None else bounds


def _available() -> Any:
    free = func.coalesce(func.sum(Variant.stock - Variant.reserved), 0)
    return select(free).where(Variant.product_id == Product.id, Variant.is_active).scalar_subquery()
