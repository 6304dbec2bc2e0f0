"""The owner's rules, applied by the library to the shop's products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from webapp.store.rows import CardRow, RuleBook, RuleRow


def arrange(
    book: RuleBook, rows: Sequence[CardRow], n_listed: int, *, now: datetime
) -> list[tuple[CardRow, int | None]]:
    """Return a list after the rules, each product with the id of the rule that pinned it.

    The first ``n_listed`` rows are the list, best first; the others are only there to be pinned.
    """
    from recommender.reranking import rules

    found = rules.arrange(_rules(book), _goods(book, rows), n_listed, now=int(now.timestamp()))
    pinned = zip(found.positions.tolist(), found.pinned_by, strict=True)
    return [(rows[position], int(rule) if rule else None) for position, rule in pinned]


def excluded(book: RuleBook, rows: Sequence[CardRow], *, now: datetime) -> set[int]:
    """Return the products that a rule leaves out now."""
    if not any(rule.action == "exclude" for rule in book.rules):
        return set()
    from recommender.reranking import rules

    out = rules.excluded(_rules(book), _goods(book, rows), now=int(now.timestamp()))
    return {row.product_id for row, is_out in zip(rows, out.tolist(), strict=True) if is_out}


def _rules(book: RuleBook) -> list[Any]:
    return [_rule(row) for row in book.rules]


def _rule(row: RuleRow) -> Any:
    from recommender.reranking.rules import Rule

    return Rule(
        rule_id=str(row.rule_id),
        action=row.action,
        item_id=str(row.product_id) if row.product_id is not None else "",
        category=row.category,
        brand=row.brand,
        price_from=row.price_from_cents,
        price_to=row.price_to_cents,
        stock_from=row.stock_from,
        stock_to=row.stock_to,
        place=row.place,
        strength=row.strength / 100,
        starts=int(row.starts_at.timestamp()) if row.starts_at else None,
        ends=int(row.ends_at.timestamp()) if row.ends_at else None,
    )


def _goods(book: RuleBook, rows: Sequence[CardRow]) -> Any:
    from recommender.reranking.rules import Goods

    return Goods.of(
        [
            (
                str(row.product_id),
                book.category_paths.get(row.category_id or 0, ""),
                row.brand,
                float(row.price_cents),
                float(row.available),
            )
            for row in rows
        ]
    )
