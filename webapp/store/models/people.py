"""Tables about people: members, guests, their sessions and addresses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.base import NUMBERED_ONCE, Json, Key, Model, Moment, Words, among, one_actor, reference

ROLES = ("shopper", "support", "analyst", "staff", "owner")


class User(Model):
    """A member, or a person known from an imported history (then without e-mail and password)."""

    __tablename__ = "users"
    __table_args__ = (
        among("role", ROLES, "role"),
        CheckConstraint("email IS NULL OR email = lower(email)", name="email_lower"),
    )

    id: Mapped[Key]
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    name: Mapped[Words] = mapped_column(default="")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20), default="shopper")
    external_ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_personalised: Mapped[bool] = mapped_column(default=True)
    chose_at: Mapped[Moment | None]
    tuning: Mapped[Json]
    epoch: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(String(10), default="", server_default="")
    created_at: Mapped[Moment]


class Guest(Model):
    """A visitor who has not signed in; lives as long as the session that began it."""

    __tablename__ = "guests"
    __table_args__: Any = NUMBERED_ONCE

    id: Mapped[Key]
    is_personalised: Mapped[bool] = mapped_column(default=True)
    chose_at: Mapped[Moment | None]
    tuning: Mapped[Json] = mapped_column(server_default="{}")
    created_at: Mapped[Moment]
    merged_into: Mapped[int | None] = reference("users.id", on_delete="SET NULL")


class PicksChoice(Model):
    """That a member said yes or no to picks of their own, and when: each choice, ``users.chose_at`` is the last."""

    __tablename__ = "picks_choices"

    id: Mapped[Key]
    user_id: Mapped[int] = reference("users.id")
    is_on: Mapped[bool]
    at: Mapped[Moment]


class WebSession(Model):
    """A browser session. Only the hash of its id is kept: a copy of the table opens no session."""

    __tablename__ = "web_sessions"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[int | None] = reference("users.id")
    guest_id: Mapped[int | None] = reference("guests.id", on_delete="SET NULL")
    data: Mapped[Json]
    device: Mapped[Words] = mapped_column(default="")
    is_permanent: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    expires_at: Mapped[Moment] = mapped_column(index=True)


class Address(Model):
    """A postal address of a member."""

    __tablename__ = "addresses"

    id: Mapped[Key]
    user_id: Mapped[int] = reference("users.id")
    name: Mapped[Words]
    line1: Mapped[Words]
    line2: Mapped[Words] = mapped_column(default="")
    postcode: Mapped[str] = mapped_column(String(20))
    city: Mapped[Words]
    country: Mapped[str] = mapped_column(String(2))
    phone: Mapped[str] = mapped_column(String(40), default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]


class OneTimeToken(Model):
    """A link sent by mail, usable once; only its hash is kept. ``detail`` is what it changes, a new address say."""

    __tablename__ = "one_time_tokens"

    id: Mapped[Key]
    purpose: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = reference("users.id")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    detail: Mapped[str] = mapped_column(String(254), default="", server_default="")
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]


class Throttle(Model):
    """How often something failed for one key (a hashed account or address) in the present window."""

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    until: Mapped[Moment] = mapped_column(index=True)


class WishlistItem(Model):
    """A product somebody saved for later."""

    __tablename__ = "wishlist_items"
    __table_args__ = (
        one_actor(),
        UniqueConstraint("user_id", "product_id"),
        UniqueConstraint("guest_id", "product_id"),
    )

    id: Mapped[Key]
    user_id: Mapped[int | None] = reference("users.id")
    guest_id: Mapped[int | None] = reference("guests.id")
    product_id: Mapped[int] = reference("products.id")
    at: Mapped[Moment]


class StockAlert(Model):
    """Somebody who wants one mail when a sold-out variant can be bought again; ``sent_at`` ends it."""

    __tablename__ = "stock_alerts"
    __table_args__: Any = (UniqueConstraint("variant_id", "email"), Index(None, "sent_at", "variant_id"))

    id: Mapped[Key]
    variant_id: Mapped[int] = reference("variants.id", index=False)
    user_id: Mapped[int | None] = reference("users.id")
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(10), default="")
    created_at: Mapped[Moment]
    sent_at: Mapped[Moment | None]


class AuditEntry(Model):
    """What somebody of the staff changed, with the values before and after."""

    __tablename__ = "audit_entries"
    __table_args__: Any = (Index(None, "subject", "subject_id"),)

    id: Mapped[Key]
    user_id: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    action: Mapped[Words]
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(40))
    before: Mapped[Json]
    after: Mapped[Json]
    at: Mapped[Moment] = mapped_column(index=True)
