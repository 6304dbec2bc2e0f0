"""Reviews and the histogram of stars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, func, select, update

from webapp.store.interactions import insert_or_ignore
from webapp.store.models import Order, OrderLine, Product, Review, StarRating, User
from webapp.store.tx import Tx

SORTS: dict[str, tuple[Any, ...]] = {
    "newest": (Review.at.desc(),),
    "best": (StarRating.stars.desc(),),
    "worst": (StarRating.stars.asc(),),
}
PAID_STATES = ("paid", "packed", "shipped", "delivered")


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A published review with its stars and author."""

    review_id: int
    user_id: int
    author: str
    stars: int
    title: str
    text: str
    reply: str
    is_verified: bool
    at: datetime
    author_is_gone: bool = False


@dataclass(frozen=True, slots=True)
class OwnRow:
    """What a member gave a product: stars and, if they wrote any, words; ``at`` is when the stars were given."""

    product_id: int
    stars: int
    at: datetime
    title: str
    text: str
    reply: str
    is_published: bool


def histogram(tx: Tx, product_id: int) -> dict[int, int]:
    """Count a product's votes by stars."""
    rows = tx.rows(
        select(StarRating.stars, func.count()).where(StarRating.product_id == product_id).group_by(StarRating.stars)
    )
    return {row[0]: row[1] for row in rows}


def page(
    tx: Tx, product_id: int, *, stars: int | None, sort: str, limit: int, offset: int
) -> tuple[list[ReviewRow], int]:
    """Return one page of published reviews and how many there are in all."""
    where = [Review.product_id == product_id, Review.state == "published"]
    if stars is not None:
        where.append(StarRating.stars == stars)
    rows = tx.rows(
        select(
            Review.id,
            Review.user_id,
            User.name,
            StarRating.stars,
            Review.title,
            Review.text,
            Review.reply,
            Review.is_verified,
            Review.at,
            and_(User.is_active.is_(False), User.email.is_(None)),
            func.count().over(),
        )
        .join(User, User.id == Review.user_id)
        .join(StarRating, (StarRating.user_id == Review.user_id) & (StarRating.product_id == Review.product_id))
        .where(*where)
        .order_by(*SORTS.get(sort, SORTS["newest"]), Review.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [ReviewRow(*(*row[:9], bool(row[9]))) for row in rows], rows[0][10] if rows else 0


def count_of_user(tx: Tx, user_id: int) -> int:
    """Count what a member rated; words always stand beside stars."""
    return int(tx.scalar(select(func.count()).where(StarRating.user_id == user_id)))


def of_user(tx: Tx, user_id: int, *, limit: int, offset: int = 0) -> list[OwnRow]:
    """Return what a member rated, newest first."""
    words = and_(Review.user_id == StarRating.user_id, Review.product_id == StarRating.product_id)
    rows = tx.rows(
        select(
            StarRating.product_id,
            StarRating.stars,
            StarRating.at,
            func.coalesce(Review.title, ""),
            func.coalesce(Review.text, ""),
            func.coalesce(Review.reply, ""),
            func.coalesce(Review.state, "published") == "published",
        )
        .outerjoin(Review, words)
        .where(StarRating.user_id == user_id)
        .order_by(StarRating.at.desc(), StarRating.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [OwnRow(*(*row[:6], bool(row[6]))) for row in rows]


def delivered_unrated(tx: Tx, user_id: int, *, limit: int) -> list[int]:
    """Return products on the shelves that were delivered to a member who has not rated them, the latest order first."""
    is_rated = exists().where(StarRating.user_id == user_id, StarRating.product_id == OrderLine.product_id)
    return tx.scalars(
        select(OrderLine.product_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Product, Product.id == OrderLine.product_id)
        .where(Order.user_id == user_id, Order.state == "delivered", Product.is_visible, ~is_rated)
        .group_by(OrderLine.product_id)
        .order_by(func.max(Order.id).desc(), OrderLine.product_id)
        .limit(limit)
    )


def has_bought(tx: Tx, user_id: int, product_id: int) -> bool:
    """Whether a member has a paid order with this product: the only source of "verified"."""
    found = exists().where(
        OrderLine.order_id == Order.id,
        OrderLine.product_id == product_id,
        Order.user_id == user_id,
        Order.state.in_(PAID_STATES),
    )
    return bool(tx.scalar(select(found)))


def put(tx: Tx, user_id: int, product_id: int, *, title: str, text: str, is_verified: bool, now: datetime) -> None:
    """Write or rewrite a member's review of a product."""
    values = {"title": title, "text": text, "is_verified": is_verified, "at": now}
    mine = (Review.user_id == user_id, Review.product_id == product_id)
    if not tx.change(update(Review).where(*mine).values(**values)):
        more = {"user_id": user_id, "product_id": product_id, "reply": "", "state": "published"}
        tx.execute(insert_or_ignore(tx, Review).values(**values, **more))


def mine(tx: Tx, user_id: int, product_id: int) -> tuple[str, str] | None:
    """Return title and text of a member's own review."""
    row = tx.row(select(Review.title, Review.text).where(Review.user_id == user_id, Review.product_id == product_id))
    return (row[0], row[1]) if row else None


def remove_of(tx: Tx, user_id: int, product_id: int, *, since: datetime | None = None) -> None:
    """Remove a member's review, whenever or only if it was written since a moment, when its stars are taken back."""
    statement = delete(Review).where(Review.user_id == user_id, Review.product_id == product_id)
    tx.change(statement if since is None else statement.where(Review.at >= since))
