"""The catalogue for programs."""

from __future__ import annotations

from datetime import datetime

from webapp import viewmodels as vm
from webapp.actors import NOBODY
from webapp.errors import NotFound
from webapp.picks import Recs
from webapp.services.browsing import finding
from webapp.store import listings, products
from webapp.store.listings import ListingQuery
from webapp.store.tx import read_unit
from webapp.viewbuilders.cards import card


def one(product_id: int, *, now: datetime) -> vm.Card:
    """Return one visible product."""
    with read_unit() as tx:
        row = products.cards(tx, [product_id]).get(product_id)
    if row is None or not row.is_visible:
        raise NotFound
    return card(row, now=now)


def listed(category: str | None, *, sort: str, page: int, per_page: int, now: datetime) -> tuple[int, list[vm.Card]]:
    """Return how many products there are and those of one page."""
    with read_unit() as tx:
        inside: tuple[int, ...] = ()
        if category is not None:
            tree = products.categories(tx)
            this = next((row for row in tree if row.slug == category), None)
            if this is None:
                raise NotFound
            inside = tuple(sorted(products.descendants(tree, this.category_id)))
        query = ListingQuery(category_ids=inside, sort=sort, page=page, page_size=per_page)
        total = listings.total_of(tx, query)
        rows = listings.page_of(tx, query, NOBODY)
    return total, [card(row, now=now) for row in rows]


def searched(raw: str, recs: Recs, *, page: int, per_page: int, now: datetime) -> tuple[int, list[vm.Card], str | None]:
    """Return how many products a search finds, those of one page, and what its words were taken for."""
    meant = finding.understand(raw, recs)
    if not meant.words:
        return 0, [], None
    query = ListingQuery(words=meant.words, near=meant.near, sort="relevance", page=page, page_size=per_page)
    with read_unit() as tx:
        total = listings.total_of(tx, query)
        rows = listings.page_of(tx, query, NOBODY) if total else []
    return total, [card(row, now=now) for row in rows], meant.mended or None if total else None
