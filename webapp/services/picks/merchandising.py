"""The owner's rules about recommended lists, applied after the model; never to what may not be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from webapp import recs
from webapp.picks import PINNED, Pick, Picks
from webapp.store.rows import CardRow, RuleBook


def left_out(book: RuleBook, rows: Sequence[CardRow], *, now: datetime) -> set[int]:
    """Return the products that the owner wants in no recommended list."""
    return recs.excluded(book, rows, now=now) if book else set()


def ruled(picks: Picks, rows: Mapping[int, CardRow], book: RuleBook, *, now: datetime) -> Picks:
    """Return picks after the rules: only what may be shown, in the owner's order; a pinned one names its rule.

    ``rows`` hold those of the picked products and of the ones pinned by name that may stand in the list. What was left
    to chance keeps its rank. Where nothing was picked there is nothing to put anything into; see :func:`ruled_rows`.
    """
    if not book or not picks.items:
        return picks
    by_id = {pick.product_id: pick for pick in picks.items}
    listed = [rows[product_id] for product_id in by_id if product_id in rows and _may_stand(rows[product_id])]
    pins = [rows[i] for i in sorted(book.pinned_ids - set(by_id)) if i in rows and _may_stand(rows[i])]
    items = []
    for place, (row, rule) in enumerate(recs.arrange(book, [*listed, *pins], len(listed), now=now), 1):
        pick = by_id.get(row.product_id) or Pick(row.product_id, place, 0.0)
        items.append(pick if rule is None else Pick(row.product_id, place, pick.score, (), f"{PINNED}{rule}"))
    return replace(picks, items=tuple(items))


def ruled_rows(
    listed: Sequence[CardRow], others: Sequence[CardRow], book: RuleBook, *, now: datetime
) -> tuple[list[CardRow], dict[int, int]]:
    """Return a list that rests on no model after the rules, and the pinned products with their rules.

    Of ``others`` only what a rule pins by name is taken in.
    """
    if not book:
        return list(listed), {}
    known = {row.product_id for row in listed}
    pins = [row for row in others if row.product_id in book.pinned_ids - known]
    found = recs.arrange(book, [*listed, *pins], len(listed), now=now)
    return [row for row, _rule in found], {row.product_id: rule for row, rule in found if rule is not None}


def _may_stand(row: CardRow) -> bool:
    return row.is_sellable and not row.is_excluded
