"""What people said about picks of their own, yes or no, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, update

from webapp.actors import Actor
from webapp.store import users
from webapp.store.models import Guest, PicksChoice, User
from webapp.store.tx import Tx

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """A yes or a no, and its moment."""

    is_on: bool
    at: datetime


def choose(tx: Tx, actor: Actor, is_on: bool, *, now: datetime) -> None:
    """Switch the picks of a member or a guest on or off because they said so, and keep when."""
    users.set_personalised(tx, actor, is_on)
    if actor.user_id is not None:
        _keep(tx, actor.user_id, is_on, now)
    else:
        tx.change(update(Guest).where(Guest.id == actor.guest_id).values(chose_at=now))


def of_user(tx: Tx, user_id: int) -> list[Choice]:
    """Return the latest choices of a member, the last one first."""
    return [Choice(*row) for row in tx.rows(_latest(user_id).limit(SHOWN))]


def bring_yes(tx: Tx, guest_id: int, user_id: int) -> None:
    """Let the yes of a guest count for a member who has not said anything; a no of the member's own stays."""
    is_on, at = _switch(tx, Guest, guest_id)
    if is_on and at is not None and _switch(tx, User, user_id) == (True, None):
        _keep(tx, user_id, True, at)


def bring_no(tx: Tx, guest_id: int, user_id: int, *, now: datetime) -> None:
    """Let the no of a guest count for a member, whatever the member said before."""
    is_on, at = _switch(tx, Guest, guest_id)
    if not is_on and _switch(tx, User, user_id)[0]:
        choose(tx, Actor(user_id=user_id), False, now=at or now)


def _switch(tx: Tx, table: Any, key: int) -> tuple[bool, datetime | None]:
    """Return the switch of a member or a guest as it stands, and when its owner last chose; on for who is gone."""
    row = tx.row(select(table.is_personalised, table.chose_at).where(table.id == key))
    return (row[0], row[1]) if row else (True, None)


def _keep(tx: Tx, user_id: int, is_on: bool, at: datetime) -> None:
    """Note a choice; the same again, of a second press of the button, is none. The member's row makes others wait."""
    tx.change(update(User).where(User.id == user_id).values(chose_at=at))
    last = tx.row(_latest(user_id).limit(1))
    if last is None or last[0] != is_on:
        tx.execute(insert(PicksChoice).values(user_id=user_id, is_on=is_on, at=at))


def _latest(user_id: int) -> Select[bool, datetime]:
    newest = PicksChoice.id.desc()
    return select(PicksChoice.is_on, PicksChoice.at).where(PicksChoice.user_id == user_id).order_by(newest)
