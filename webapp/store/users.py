"""Members: found, added, changed; failures counted; a guest's things moved over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, Integer, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from webapp.actors import Actor
from webapp.store.interactions import insert_or_ignore
from webapp.store.models import (
    Address,
    Exclusion,
    Guest,
    Order,
    StarRating,
    Throttle,
    User,
    WishlistItem,
)
from webapp.store.scope import ACTOR_ID, owned_by, picks_are_on, tuning_of
from webapp.store.tx import Tx
from webapp.tuning import Tuning


@dataclass(frozen=True, slots=True)
class UserRow:
    """A member."""

    user_id: int
    email: str
    name: str
    role: str
    password_hash: str | None
    is_active: bool
    is_personalised: bool
    created_at: datetime
    language: str = ""


@dataclass(frozen=True, slots=True)
class AddressRow:
    """A saved postal address."""

    address_id: int
    name: str
    line1: str
    line2: str
    postcode: str
    city: str
    country: str
    phone: str
    is_default: bool


_COLUMNS = (
    User.id,
    func.coalesce(User.email, ""),
    User.name,
    User.role,
    User.password_hash,
    User.is_active,
    User.is_personalised,
    User.created_at,
    User.language,
)


def by_email(tx: Tx, email: str) -> UserRow | None:
    """Return the member with this (lower-case) address."""
    row = tx.row(select(*_COLUMNS).where(User.email == email))
    return UserRow(*row) if row else None


def by_id(tx: Tx, user_id: int) -> UserRow | None:
    """Return the member with this id."""
    row = tx.row(select(*_COLUMNS).where(User.id == user_id))
    return UserRow(*row) if row else None


def known_as(tx: Tx, ref: str) -> Actor | None:
    """Return the person an imported history knows under this name, with the settings of their picks."""
    row = tx.row(_known_as(), {"ref": ref})
    return Actor(user_id=row[0], is_personalised=row[1], tuning=Tuning.from_json(row[2] or {})) if row else None


@cache
def _known_as() -> Executable:
    """Made once: a program may ask this with every call, and building it costs more than running it."""
    return select(User.id, picks_are_on(User), tuning_of(User)).where(User.external_ref == bindparam("ref"))


def with_settings(tx: Tx, actor: Actor) -> Actor | None:
    """Return an actor with the switch and the settings of their picks; None when there is no such actor."""
    table, key = (User, actor.user_id) if actor.user_id is not None else (Guest, actor.guest_id)
    row = tx.row(_settings(table), {ACTOR_ID: key})
    return replace(actor, is_personalised=row[0], tuning=Tuning.from_json(row[1] or {})) if row else None


@cache
def _settings(table: Any) -> Executable:
    """Made once: nearly every page asks this, and building it costs more than running it."""
    return select(picks_are_on(table), tuning_of(table)).where(table.id == bindparam(ACTOR_ID, type_=Integer))


def add(tx: Tx, **values: Any) -> int | None:
    """Add a member; None when the address is taken."""
    statement = insert_or_ignore(tx, User).values(**_defaults(values)).returning(User.id)
    return tx.scalar(statement)


def _defaults(values: dict[str, Any]) -> dict[str, Any]:
    plain = {"name": "", "role": "shopper", "is_demo": False, "is_active": True, "is_personalised": True}
    return plain | {"tuning": {}, "epoch": 0} | values


def add_many(tx: Tx, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Add members known to be new and return their ids in the same order."""
    if not rows:
        return []
    statement = insert(User).returning(User.id, sort_by_parameter_order=True)
    return list(tx.scalars(statement, [_defaults(row) for row in rows]))


def change(tx: Tx, user_id: int, **values: Any) -> None:
    """Change a member."""
    tx.change(update(User).where(User.id == user_id).values(**values))


def keep_password(tx: Tx, user_id: int, password_hash: str | None) -> bool:
    """Let nobody change a member's password until this unit ends; False when it is another one by now.

    Others may still write what belongs to the member.
    """
    same = select(User.id).where(User.id == user_id, User.password_hash == password_hash)
    return tx.row(same.with_for_update(key_share=True)) is not None


def lock(tx: Tx, user_id: int) -> None:
    """Let nobody else change a member, or write anything that belongs to them, until this unit ends."""
    tx.row(select(User.id).where(User.id == user_id).with_for_update())


def change_email(tx: Tx, user_id: int, email: str) -> bool:
    """Give a member another address; False when somebody has it already."""
    try:
        with tx.nested():  # only the change itself knows of somebody who is being given it at this moment
            return bool(tx.change(update(User).where(User.id == user_id).values(email=email)))
    except IntegrityError:
        return False


def set_personalised(tx: Tx, actor: Actor, on: bool) -> None:
    """Switch personalisation on or off for a member or a guest."""
    if actor.user_id is not None:
        tx.change(update(User).where(User.id == actor.user_id).values(is_personalised=on))
    else:
        tx.change(update(Guest).where(Guest.id == actor.guest_id).values(is_personalised=on))


def is_personalised(tx: Tx, actor: Actor) -> bool:
    """Whether a member or a guest has picks of their own."""
    table, key = (User, actor.user_id) if actor.user_id is not None else (Guest, actor.guest_id)
    return bool(tx.scalar(select(picks_are_on(table)).where(table.id == key)))


def count_role(tx: Tx, role: str) -> int:
    """Count the active members with a role."""
    where = (User.role == role, User.is_active)
    return int(tx.scalar(select(func.count()).select_from(User).where(*where)) or 0)


def count(tx: Tx) -> int:
    """Count all members and known persons."""
    return int(tx.scalar(select(func.count()).select_from(User)) or 0)


def emails_of_role(tx: Tx, role: str) -> list[str]:
    """Return the addresses of everybody with a role whose account is open."""
    wanted = select(User.email).where(User.role == role, User.is_active, User.email.is_not(None)).order_by(User.id)
    return [str(email) for email in tx.scalars(wanted)]


def names(tx: Tx, user_ids: Collection[int]) -> dict[int, str]:
    """Return the names of some members by their ids."""
    return {row[0]: row[1] for row in tx.rows(select(User.id, User.name).where(User.id.in_(user_ids)))}


def figures(tx: Tx, user_id: int) -> tuple[int, int, int]:
    """Count a member's orders, saved products and ratings, in one statement."""
    row = tx.row(
        select(
            select(func.count()).where(Order.user_id == user_id).scalar_subquery(),
            select(func.count()).where(WishlistItem.user_id == user_id).scalar_subquery(),
            select(func.count()).where(StarRating.user_id == user_id).scalar_subquery(),
        )
    )
    return int(row[0]), int(row[1]), int(row[2])


def addresses(tx: Tx, user_id: int) -> list[AddressRow]:
    """List a member's addresses, the usual one first."""
    rows = tx.rows(
        select(
            Address.id,
            Address.name,
            Address.line1,
            Address.line2,
            Address.postcode,
            Address.city,
            Address.country,
            Address.phone,
            Address.is_default,
        )
        .where(Address.user_id == user_id)
        .order_by(Address.is_default.desc(), Address.id)
    )
    return [AddressRow(*row) for row in rows]


def save_address(tx: Tx, user_id: int, values: dict[str, Any], *, address_id: int | None, now: datetime) -> bool:
    """Add or change an address of the member's own; False when it is not theirs."""
    if values.get("is_default"):
        one_at_a_time = select(User.id).where(User.id == user_id).with_for_update(key_share=True)
        tx.row(one_at_a_time)  # there is one usual address
        tx.change(update(Address).where(Address.user_id == user_id).values(is_default=False))
    if address_id is None:
        tx.execute(insert(Address).values(user_id=user_id, created_at=now, **values))
        return True
    changed = tx.change(update(Address).where(Address.id == address_id, Address.user_id == user_id).values(**values))
    return bool(changed)


def remove_address(tx: Tx, user_id: int, address_id: int) -> bool:
    """Remove an address of the member's own; False when it is not theirs."""
    return bool(tx.change(delete(Address).where(Address.id == address_id, Address.user_id == user_id)))


def blocked_for(tx: Tx, keys: Sequence[str], *, limits: dict[str, int], window: timedelta, now: datetime) -> int:
    """Return for how many seconds the strictest of some throttles still says no; 0 when none does."""
    lasts = (Throttle.key.in_(keys), Throttle.until > now, Throttle.until <= _latest_end(window, now))
    rows = tx.rows(select(Throttle.key, Throttle.count, Throttle.until).where(*lasts))
    waits = [(until - now).total_seconds() for key, count, until in rows if count >= limits[key]]
    return int(max(waits) + 1) if waits else 0


def note_failure(tx: Tx, keys: Sequence[str], *, window: timedelta, now: datetime) -> None:
    """Count one more failure; a window that is over begins anew."""
    tx.change(delete(Throttle).where((Throttle.until <= now) | (Throttle.until > _latest_end(window, now))))
    for key in keys:
        tx.execute(insert_or_ignore(tx, Throttle).values(key=key, count=0, until=now + window))
        tx.change(update(Throttle).where(Throttle.key == key).values(count=Throttle.count + 1))


def _latest_end(window: timedelta, now: datetime) -> datetime:
    """Return when a window may end at the latest; one that ends later was begun by a clock that was ahead."""
    return now + 2 * window


def forget_failures(tx: Tx, key: str) -> None:
    """Forget the failures counted for one key."""
    tx.change(delete(Throttle).where(Throttle.key == key))


def move_guest(tx: Tx, guest_id: int, user_id: int) -> list[int]:
    """Give a guest's wishes, stars, exclusions and orders to a member.

    Where both have a row for one product the member's own stays, and so do the member's settings if there are any.

    Returns
    -------
    list of int
        Products whose stars changed hands or went, so that their averages can be counted anew.
    """
    touched = list(tx.scalars(select(StarRating.product_id).where(StarRating.guest_id == guest_id)))
    for table in (WishlistItem, StarRating, Exclusion):
        theirs = select(table.product_id).where(table.user_id == user_id)
        tx.change(delete(table).where(table.guest_id == guest_id, table.product_id.in_(theirs)))
        tx.change(update(table).where(table.guest_id == guest_id).values(user_id=user_id, guest_id=None))
    tx.change(update(Order).where(Order.guest_id == guest_id, Order.user_id.is_(None)).values(user_id=user_id))
    set_by_guest = tx.scalar(select(Guest.tuning).where(Guest.id == guest_id))
    if set_by_guest and not tx.scalar(select(User.tuning).where(User.id == user_id)):
        tx.change(update(User).where(User.id == user_id).values(tuning=set_by_guest))
    tx.change(update(Guest).where(Guest.id == guest_id).values(merged_into=user_id))
    return touched


def wishes(tx: Tx, actor: Actor) -> list[int]:
    """Return what an actor saved for later, the latest first."""
    return list(
        tx.scalars(
            select(WishlistItem.product_id)
            .where(owned_by(WishlistItem, actor))
            .order_by(WishlistItem.at.desc(), WishlistItem.id.desc())
        )
    )
