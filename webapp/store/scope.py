"""Conditions shared by all tables that belong to a member or a guest."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import Boolean, ColumnElement, Integer, and_, bindparam, case, false, not_, or_

from webapp.actors import Actor
from webapp.store.models import User

ACTOR_ID = "actor_id"
# Read whenever a statement runs, since many are made once.
ASKS_FIRST = bindparam("asks_first", callable_=lambda: bool(current_app.config["ASK_BEFORE_PICKS"]), type_=Boolean)


def owned_by(table: Any, actor: Actor) -> ColumnElement[bool]:
    """Match the rows of one actor; nobody owns nothing."""
    if actor.user_id is not None:
        return table.user_id == actor.user_id
    if actor.guest_id is not None:
        return table.guest_id == actor.guest_id
    return false()


def picks_are_on(table: Any) -> ColumnElement[bool]:
    """Whether a member or a guest has picks: not while they pause them, nor before a yes where the shop asks first.

    Whoever has no password never signs in: people of an imported history cannot be asked.
    """
    has_said_yes = table.chose_at.is_not(None)
    if table is User:
        has_said_yes = or_(has_said_yes, User.password_hash.is_(None))
    return and_(table.is_personalised, or_(not_(ASKS_FIRST), has_said_yes))


def tuning_of(table: Any) -> ColumnElement[Any]:
    """Select what somebody set for their picks; the database hands out that of nobody whose picks are off."""
    return case((picks_are_on(table), table.tuning))


def owner_of(actor: Actor) -> tuple[str, dict[str, Any]]:
    """Return which column names the actor, and the parameter that holds the id; "" and none for nobody."""
    if actor.user_id is not None:
        return "user_id", {ACTOR_ID: actor.user_id}
    return ("guest_id", {ACTOR_ID: actor.guest_id}) if actor.guest_id is not None else ("", {})


def owned(table: Any, owner: str) -> ColumnElement[bool]:
    """Match the rows of one actor in a statement that is made once: :func:`owner_of` gives column and parameter."""
    return getattr(table, owner) == bindparam(ACTOR_ID, type_=Integer) if owner else false()


def owner_values(actor: Actor) -> dict[str, int | None]:
    """Return the two owner columns of a new row."""
    if not actor.is_known:
        raise ValueError("a row needs an owner")
    return {"user_id": actor.user_id, "guest_id": None if actor.user_id is not None else actor.guest_id}
