"""Stars and reviews: one of each per person and product."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from webapp.actors import Actor
from webapp.errors import InvalidInput, NotFound, NotSignedIn
from webapp.services.picks import feedback
from webapp.store import products, reviews
from webapp.store.reviews import OwnRow, ReviewRow
from webapp.store.rows import CardRow
from webapp.store.tx import read_unit, unit_of_work

PAGE_SIZE = 8
OWN_PAGE_SIZE = 10
ASKED_TO_RATE = 4
MAX_TITLE, MAX_TEXT = 120, 4000


@dataclass(frozen=True, slots=True)
class ReviewList:
    """One page of a product's reviews."""

    rows: list[ReviewRow]
    total: int
    page: int


@dataclass(frozen=True, slots=True)
class OwnList:
    """One page of what a member rated, and on the first what was delivered to them and waits for its stars."""

    rows: list[OwnRow]
    total: int
    page: int
    unrated: list[int]
    cards: dict[int, CardRow]


def parse_stars(raw: str) -> int:
    """Read a rating.

    Raises
    ------
    InvalidInput
        Naming ``rating``.
    """
    if raw not in {"1", "2", "3", "4", "5"}:
        raise InvalidInput({"rating": _("Choose one to five stars.")})
    return int(raw)


def rate(actor: Actor, product_id: int, stars: int, *, request_id: str, now: datetime) -> None:
    """Store somebody's stars; a second vote replaces the first."""
    feedback.record(actor, feedback.Event(product_id, "rating", float(stars), request_id=request_id), now=now)


def write(actor: Actor, product_id: int, *, stars: int, title: str, text: str, now: datetime) -> None:
    """Store a member's stars and words. Whether they bought it here is looked up, never asked.

    Raises
    ------
    InvalidInput
        Naming ``title`` or ``text``.
    NotFound
        If there is no such product.
    """
    errors: dict[str, str] = {}
    if len(title) > MAX_TITLE:
        errors["title"] = _("Use at most %(n)s characters.", n=MAX_TITLE)
    if not 1 <= len(text.strip()) <= MAX_TEXT:
        errors["text"] = _("Write between one and %(n)s characters.", n=MAX_TEXT)
    if errors:
        raise InvalidInput(errors)
    user_id = actor.user_id
    if user_id is None:
        raise NotSignedIn
    rate(actor, product_id, stars, request_id="", now=now)
    with unit_of_work() as tx:
        if product_id not in products.known_ids(tx, [product_id]):
            raise NotFound
        verified = reviews.has_bought(tx, user_id, product_id)
        reviews.put(tx, user_id, product_id, title=title.strip(), text=text.strip(), is_verified=verified, now=now)


def listed(product_id: int, *, stars: int | None, sort: str, page: int) -> ReviewList:
    """Return a page of a product's reviews."""
    with read_unit() as tx:
        rows, total = reviews.page(
            tx, product_id, stars=stars, sort=sort, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE
        )
    return ReviewList(rows, total, page)


def of_member(user_id: int, page: int) -> OwnList:
    """Return a page of what a member rated, newest first; the last one for a number that is too high."""
    with read_unit() as tx:
        total = reviews.count_of_user(tx, user_id)
        page = min(page, max(1, math.ceil(total / OWN_PAGE_SIZE)))
        rows = reviews.of_user(tx, user_id, limit=OWN_PAGE_SIZE, offset=(page - 1) * OWN_PAGE_SIZE)
        unrated = reviews.delivered_unrated(tx, user_id, limit=ASKED_TO_RATE) if page == 1 else []
        cards = products.cards(tx, [*(row.product_id for row in rows), *unrated])
    return OwnList(rows, total, page, unrated, cards)
