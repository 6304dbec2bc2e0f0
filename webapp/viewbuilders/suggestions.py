"""What the search box offers while somebody types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp.formatting import money
from webapp.store.rows import CardRow, CategoryRow
from webapp.store.searches import SearchRow
from webapp.viewbuilders.cards import picture
from webapp.viewbuilders.links import product_url


def build_suggestions(
    rows: Sequence[CardRow], shelves: Sequence[CategoryRow], own: Sequence[SearchRow] = ()
) -> dict[str, Any]:
    """Build the groups of suggestions, what somebody searched for themselves first; empty groups are left out."""
    locale = str(get_locale() or "en")
    products = [
        {
            "label": row.name,
            "url": product_url(row.product_id, row.slug),
            "image_url": thumbnail(row),
            "detail": _from(row, money(row.price_cents, row.currency, locale)),
        }
        for row in rows
    ]
    found = [
        {"label": row.name, "url": url_for("shop.category", slug=row.slug), "image_url": None, "detail": ""}
        for row in shelves
    ]
    past = [
        {
            "label": row.words,
            "url": url_for("shop.search", q=row.words),
            "image_url": None,
            "detail": "",
            "search_id": row.search_id,
        }
        for row in own
    ]
    groups = [
        {"label": _("Your past searches"), "items": past},
        {"label": _("Products"), "items": products},
        {"label": _("Shelves"), "items": found},
    ]
    return {"groups": [group for group in groups if group["items"]]}


def _from(row: CardRow, price: str) -> str:
    return _("from %(price)s", price=price) if row.has_dearer else price


def thumbnail(row: CardRow) -> str | None:
    """Return the address of a product's smallest picture."""
    found = picture(row.picture)
    return found.sources[0][1] if found and found.sources else (found.src if found else None)
