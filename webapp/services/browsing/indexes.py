"""Lists for search engines and feed readers: only what everybody may see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from webapp.errors import NotFound
from webapp.services.browsing import chrome
from webapp.store import indexes
from webapp.store.indexes import ListedRow
from webapp.store.tx import read_unit
from webapp.viewbuilders.cards import nav
from webapp.viewbuilders.links import absolute, product_url
from webapp.viewmodels import NavCategory

PART_SIZE = 5_000  # the protocol allows 50,000 addresses and 50 MB a file
FEED_LENGTH = 40
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # not even escaped


@dataclass(frozen=True, slots=True)
class Listed:
    """An address and when what stands there changed, if that is known."""

    url: str
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A new product."""

    url: str
    name: str
    text: str
    created_at: datetime
    updated_at: datetime


def parts() -> list[str]:
    """Return the addresses of the parts of the site map: shelves first, then the products."""
    with read_unit() as tx:
        n_products = indexes.count(tx)
    n_parts = 1 + -(-n_products // PART_SIZE)
    return [absolute(url_for("indexes.sitemap_part", number=number)) for number in range(n_parts)]


def part(number: int) -> list[Listed]:
    """Return one part of the site map.

    Raises
    ------
    NotFound
        If there are not so many.
    """
    if number == 0:
        return _shelves()
    with read_unit() as tx:
        rows = indexes.page(tx, limit=PART_SIZE, offset=(number - 1) * PART_SIZE)
    if not rows:
        raise NotFound
    return [Listed(absolute(product_url(row.product_id, row.slug)), row.updated_at) for row in rows]


def _shelves() -> list[Listed]:
    with read_unit() as tx:
        tree = nav(chrome.tree(tx))
    urls = [url_for("shop.category", slug=node.slug) for top in tree for node in _with_children(top)]
    return [Listed(absolute(url)) for url in (url_for("shop.home"), *urls)]


def _with_children(node: NavCategory) -> list[NavCategory]:
    return [node, *(inner for child in node.children for inner in _with_children(child))]


def feed() -> list[FeedEntry]:
    """Return the newest products, the latest first."""
    with read_unit() as tx:
        rows = indexes.newest(tx, limit=FEED_LENGTH)
    return [_entry(row) for row in rows]


def _entry(row: ListedRow) -> FeedEntry:
    url = absolute(product_url(row.product_id, row.slug))
    name, text = (NOT_IN_XML.sub("", part) for part in (row.name, row.description))
    return FeedEntry(url, name, text, row.created_at, row.updated_at)
