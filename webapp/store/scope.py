"""Conditions shared by all tables that belong to a member or a guest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, case, false

from webapp.actors import Actor

ACTOR_ID = "actor_id"


def owned_by(table: Any, actor: Actor) -> ColumnElement[bool]:
    """Match the rows of one actor; nobody owns nothing."""
    if actor.user_id is not None:
        return table.user_id == actor.user_id
    if actor.guest_id is not None:
        return table.guest_id == actor.guest_id
    return false()


def tuning_of(table: Any) -> ColumnElement[Any]:
    """Select what somebody set for their picks; the database does not hand out that of somebody who paused them."""
    return case((table.is_personalised, table.tuning))


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
