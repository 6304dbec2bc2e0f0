"""Tables of what people do: events, stars, words, what they were shown and what they turned down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.base import (
    NUMBERED_ONCE,
    BigKey,
    JsonList,
    Key,
    LongText,
    Model,
    Moment,
    Words,
    among,
    one_actor,
    reference,
)

KINDS = ("view", "click", "cart", "wishlist", "purchase", "rating", "dismiss")
EXCLUSIONS = ("dismiss", "own", "gift")
REVIEW_STATES = ("published", "hidden")


class Interaction(Model):
    """One event: who, what, how, when. ``event_uid`` makes a repeat harmless; rows are only added or deleted."""

    __tablename__ = "interactions"
    __table_args__: Any = (
        one_actor(),
        among("kind", KINDS, "kind"),
        CheckConstraint("kind <> 'rating' OR value BETWEEN 1 AND 5", name="stars"),
        UniqueConstraint("user_id", "event_uid"),
        UniqueConstraint("guest_id", "event_uid"),
        Index(None, "user_id", "at"),
        Index(None, "guest_id", "at"),
        Index(None, "product_id", "kind"),
        Index(
            "ix_interactions_request_id",
            "request_id",
            sqlite_where=text("request_id IS NOT NULL"),
            postgresql_where=text("request_id IS NOT NULL"),
        ),
        NUMBERED_ONCE,
    )

    id: Mapped[BigKey]
    user_id: Mapped[int | None] = reference("users.id", index=False)
    guest_id: Mapped[int | None] = reference("guests.id", index=False)
    product_id: Mapped[int] = reference("products.id", index=False)
    kind: Mapped[str] = mapped_column(String(10))
    value: Mapped[float | None]
    at: Mapped[Moment]
    event_uid: Mapped[str | None] = mapped_column(String(80))
    order_ref: Mapped[str | None] = mapped_column(String(80))
    request_id: Mapped[str | None] = mapped_column(String(40))
    context: Mapped[str] = mapped_column(String(20), default="")


class StarRating(Model):
    """The stars one person gives one product; a second vote replaces the first."""

    __tablename__ = "ratings"
    __table_args__: Any = (
        one_actor(),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        UniqueConstraint("user_id", "product_id"),
        UniqueConstraint("guest_id", "product_id"),
        Index(None, "product_id", "stars"),
    )

    id: Mapped[Key]
    user_id: Mapped[int | None] = reference("users.id")
    guest_id: Mapped[int | None] = reference("guests.id")
    product_id: Mapped[int] = reference("products.id", index=False)
    stars: Mapped[int]
    at: Mapped[Moment]


class Review(Model):
    """Words beside a member's stars. Whether the author bought it here is looked up in the orders, never sent."""

    __tablename__ = "reviews"
    __table_args__: Any = (
        among("state", REVIEW_STATES, "state"),
        UniqueConstraint("user_id", "product_id"),
        Index(None, "product_id", "state", "at"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = reference("users.id", index=False)
    product_id: Mapped[int] = reference("products.id", index=False)
    title: Mapped[Words] = mapped_column(default="")
    text: Mapped[LongText]
    reply: Mapped[LongText]
    state: Mapped[str] = mapped_column(String(10), default="published")
    is_verified: Mapped[bool] = mapped_column(default=False)
    at: Mapped[Moment]


class Exclusion(Model):
    """A product somebody does not want to be shown: not interested, owned already, or a gift for somebody else.

    Nothing that was done with a gift counts for the picks.
    """

    __tablename__ = "exclusions"
    __table_args__: Any = (
        one_actor(),
        among("reason", EXCLUSIONS, "reason"),
        UniqueConstraint("user_id", "product_id"),
        UniqueConstraint("guest_id", "product_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[Key]
    user_id: Mapped[int | None] = reference("users.id")
    guest_id: Mapped[int | None] = reference("guests.id")
    product_id: Mapped[int] = reference("products.id")
    reason: Mapped[str] = mapped_column(String(10))
    at: Mapped[Moment]


class Search(Model):
    """What somebody searched for, and the products that stood first; the same words are kept once."""

    __tablename__ = "searches"
    __table_args__: Any = (
        one_actor(),
        UniqueConstraint("user_id", "words"),
        UniqueConstraint("guest_id", "words"),
        Index(None, "user_id", "at"),
        Index(None, "guest_id", "at"),
        NUMBERED_ONCE,
    )

    id: Mapped[Key]
    user_id: Mapped[int | None] = reference("users.id", index=False)
    guest_id: Mapped[int | None] = reference("guests.id", index=False)
    words: Mapped[Words]
    product_ids: Mapped[JsonList]
    at: Mapped[Moment]


class Impression(Model):
    """A recommended product that was put on a page: where, by which model, with which probability."""

    __tablename__ = "impressions"
    __table_args__ = (CheckConstraint("propensity > 0 AND propensity <= 1", name="propensity"),)

    request_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    slot: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = reference("products.id")
    user_id: Mapped[int | None] = reference("users.id")
    guest_id: Mapped[int | None] = reference("guests.id")
    model_version: Mapped[str] = mapped_column(String(60), default="")
    strategy: Mapped[str] = mapped_column(String(40), default="")
    source: Mapped[str] = mapped_column(String(40), default="")
    propensity: Mapped[float] = mapped_column(default=1.0)
    at: Mapped[Moment] = mapped_column(index=True)
    seen_at: Mapped[Moment | None]
