"""What is another when something that picks rest on has changed: one statement, cheap beside reading it all."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import Executable, Integer, bindparam, func, select

from webapp.actors import Actor
from webapp.store import popularity
from webapp.store.models import (
    Exclusion,
    Guest,
    Interaction,
    MerchandisingRule,
    Product,
    Reservation,
    Search,
    ShopSetting,
    User,
)
from webapp.store.scope import ACTOR_ID, owned, owner_of, picks_are_on, tuning_of
from webapp.store.tx import Tx
from webapp.tuning import Tuning

# A newest number alone would not do: on PostgreSQL a lower one may be committed later.
SHOP = (
    select(func.max(Product.updated_at)),
    select(func.max(Reservation.id)),
    select(func.sum(Reservation.id)).where(Reservation.state == "held"),
    select(func.max(MerchandisingRule.changed_at)),
    select(func.sum(MerchandisingRule.id)),
    # Whose turn it is to count says nothing of picks.
    select(func.max(ShopSetting.updated_at)).where(ShopSetting.name != popularity.TURN),
)


@dataclass(frozen=True, slots=True)
class Marks:
    """The actor with the settings of now, and marks of the rest."""

    actor: Actor
    rest: tuple[Hashable, ...]


def of(tx: Tx, actor: Actor) -> Marks:
    """Return marks of what an actor did and set, and of products, holds on stock, rules and settings of the shop.

    Any event, search or exclusion of the actor that comes or goes changes them, as does a product that is changed, an
    order that holds stock or holds it no more, a rule, a setting. Pieces of a cancelled order that come back to the
    shelf do not. What somebody did is not looked at while they pause their picks.
    """
    owner, parameters = owner_of(actor)
    row = tx.row(_marks(owner, actor.is_personalised), parameters)
    if not owner:
        return Marks(actor, tuple(row))
    is_personalised, tuning, *rest = row
    return Marks(replace(actor, is_personalised=is_personalised, tuning=Tuning.from_json(tuning or {})), tuple(rest))


def _rows_of(table: Any) -> tuple[Any, ...]:
    """Return what tells one set of rows from another: numbers are given once, so only other rows have another sum.

    Newest and count alone would not do: what a guest did comes to a member with the numbers it has, in place of
    something that was forgotten meanwhile.
    """
    return func.max(table.id), func.max(table.at), func.count(table.id), func.sum(table.id)


@cache
def _marks(owner: str, is_personalised: bool) -> Executable:
    """Made once: building it costs more than running it."""
    marks: list[Any] = [mark.scalar_subquery() for mark in SHOP]
    if owner and is_personalised:
        marks += [
            select(mark).where(owned(table, owner)).scalar_subquery()
            for table in (Interaction, Exclusion, Search)
            for mark in _rows_of(table)
        ]
    if owner:
        table = User if owner == "user_id" else Guest
        who = table.id == bindparam(ACTOR_ID, type_=Integer)
        settings = (picks_are_on(table), tuning_of(table))
        marks = [*(select(setting).where(who).scalar_subquery() for setting in settings), *marks]
    return select(*marks)
