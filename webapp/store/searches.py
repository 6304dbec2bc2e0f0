"""What visitors searched for, with the products they were shown first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, Integer, bindparam, delete, func, insert, select, update

from webapp.actors import Actor
from webapp.store.models import Search
from webapp.store.scope import owned, owned_by, owner_of, owner_values
from webapp.store.tx import Tx


@dataclass(frozen=True, slots=True)
class SearchRow:
    """One search: its words and the products that stood first."""

    search_id: int
    words: str
    product_ids: tuple[int, ...]
    at: datetime


def add(tx: Tx, actor: Actor, words: str, product_ids: Sequence[int], *, now: datetime) -> None:
    """Keep a search; the same words again only make it newer."""
    mine = (owned_by(Search, actor), Search.words == words)
    values: dict[str, Any] = {"product_ids": list(product_ids), "at": now}
    if not tx.change(update(Search).where(*mine).values(**values)):
        tx.execute(insert(Search).values(words=words, **values, **owner_values(actor)))


def recent(tx: Tx, actor: Actor, *, limit: int) -> list[SearchRow]:
    """Return the newest searches, newest first."""
    owner, parameters = owner_of(actor)
    rows = tx.rows(_recent(owner), parameters | {"newest": limit})
    return [SearchRow(row[0], row[1], tuple(row[2]), row[3]) for row in rows]


@cache
def _recent(owner: str) -> Executable:
    """Made once: every page with picks asks this, and building it costs more than running it."""
    return (
        select(Search.id, Search.words, Search.product_ids, Search.at)
        .where(owned(Search, owner))
        .order_by(Search.at.desc(), Search.id.desc())
        .limit(bindparam("newest", type_=Integer))
    )


def n_of(tx: Tx, actor: Actor) -> int:
    """Count an actor's searches."""
    return int(tx.scalar(select(func.count()).select_from(Search).where(owned_by(Search, actor))) or 0)


def remove(tx: Tx, actor: Actor, *, search_id: int | None = None, since: datetime | None = None) -> int:
    """Forget searches of an actor: one, those since a moment, or all; return how many."""
    statement = delete(Search).where(owned_by(Search, actor))
    if search_id is not None:
        statement = statement.where(Search.id == search_id)
    if since is not None:
        statement = statement.where(Search.at >= since)
    return tx.change(statement)


def move_to_member(tx: Tx, guest_id: int, user_id: int) -> None:
    """Give a guest's searches to a member; words both searched for stay the member's."""
    theirs = select(Search.words).where(Search.user_id == user_id)
    tx.change(delete(Search).where(Search.guest_id == guest_id, Search.words.in_(theirs)))
    tx.change(update(Search).where(Search.guest_id == guest_id).values(user_id=user_id, guest_id=None))
