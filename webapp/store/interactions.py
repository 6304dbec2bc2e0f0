"""Events: add once, read back at once, hand to training."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Executable,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from webapp.actors import Actor
from webapp.store.frames import frame_of
from webapp.store.models import Exclusion, Guest, Impression, Interaction, User
from webapp.store.rows import EventRow, HistoryRow
from webapp.store.scope import owned, owned_by, owner_of, owner_values, picks_are_on
from webapp.store.tx import Tx

if TYPE_CHECKING:
    import pandas as pd

FRAME_COLUMNS = ("user_id", "item_id", "kind", "value", "timestamp", "order_id")
LOGGED_COLUMNS = ("request_id", "user_id", "item_id", "position", "propensity", "clicked", "timestamp")
# More than the library makes lists of.
CLICKED_RAILS = 20_000
BATCH = 5000
STREAMED = 20_000


def insert_or_ignore(tx: Tx, table: Any) -> Any:
    """Begin an INSERT that leaves out rows which break a unique constraint, in the dialect at hand."""
    dialect: Any = sqlite if tx.is_sqlite else postgresql
    statement: Insert = dialect.insert(table)
    return statement.on_conflict_do_nothing()  # type: ignore[attr-defined]  # both dialects' inserts have it


def recent(tx: Tx, actor: Actor, *, limit: int, without: Collection[str] = ()) -> list[HistoryRow]:
    """Return the newest events of an actor, oldest first; none for somebody who switched personalisation off.

    Left out are the kinds named in ``without`` and whatever was done with a gift.
    """
    if not actor.is_known or not actor.is_personalised:
        return []
    owner, parameters = owner_of(actor)
    rows = tx.rows(_recent(owner, tuple(sorted(without))), parameters | {"newest": limit})
    return [HistoryRow(*row) for row in rows][::-1]


@cache
def _recent(owner: str, without: tuple[str, ...]) -> Executable:
    """Made once: every page with picks asks this, and building it costs more than running it."""
    is_gift = exists().where(
        owned(Exclusion, owner), Exclusion.product_id == Interaction.product_id, Exclusion.reason == "gift"
    )
    wanted = [owned(Interaction, owner), ~is_gift]
    if without:
        wanted.append(Interaction.kind.not_in(without))
    return (
        select(Interaction.product_id, Interaction.kind, Interaction.value, Interaction.at)
        .where(*wanted)
        .order_by(Interaction.at.desc(), Interaction.id.desc())
        .limit(bindparam("newest", type_=Integer))
    )


def add_once(
    tx: Tx, actor: Actor, *, product_id: int, kind: str, at: datetime, event_uid: str | None = None, **more: Any
) -> int | None:
    """Add an event unless the actor already sent one with this ``event_uid``.

    Returns
    -------
    int or None
        The new row's id; None for a repeat, which changes nothing.
    """
    values = {"product_id": product_id, "kind": kind, "at": at, "event_uid": event_uid, "context": "", **more}
    statement = insert_or_ignore(tx, Interaction).values(**values, **owner_values(actor)).returning(Interaction.id)
    return tx.scalar(statement)


def add_many(tx: Tx, rows: Sequence[dict[str, Any]]) -> int:
    """Add ready-made rows, leaving out repeats, and return how many were new."""
    statement = insert_or_ignore(tx, Interaction).returning(Interaction.id)
    return sum(len(tx.scalars(statement, rows[start : start + BATCH])) for start in range(0, len(rows), BATCH))


def add_view(
    tx: Tx, actor: Actor, product_id: int, *, request_id: str | None, at: datetime, unless_since: datetime
) -> bool:
    """Add a view unless the actor viewed the product since a moment: one statement. False when nothing was added.

    A view as far ahead as that moment lies back, or further, was noted by a clock that was ahead and is another one.
    """
    again = exists().where(
        owned_by(Interaction, actor),
        Interaction.product_id == product_id,
        Interaction.kind == "view",
        Interaction.at > unless_since,
        Interaction.at < at + (at - unless_since),
    )
    values = {"product_id": product_id, "kind": "view", "at": at, "request_id": request_id, "context": ""}
    values |= owner_values(actor)
    row = select(*(_typed(tx, name, value) for name, value in values.items())).where(~again)
    return bool(tx.change(insert(Interaction).from_select(list(values), row)))


def _typed(tx: Tx, name: str, value: Any) -> Any:
    """Make a value of a column's type; PostgreSQL must be told the type, SQLite would bend a time into a number."""
    kind = Interaction.__table__.c[name].type
    plain = literal(value, kind)
    return plain if tx.is_sqlite else cast(plain, kind)


def remove(
    tx: Tx,
    actor: Actor,
    *,
    signal_id: int | None = None,
    product_id: int | None = None,
    kinds: Collection[str] = (),
    since: datetime | None = None,
) -> int:
    """Forget events of an actor: one, those about a product, of some kinds, since a moment, or all.

    The lists that they came from are forgotten with them: of a list without its click it would be learned that what was
    chosen had been passed over.
    """
    wanted = [owned_by(Interaction, actor)]
    if signal_id is not None:
        wanted.append(Interaction.id == signal_id)
    if product_id is not None:
        wanted.append(Interaction.product_id == product_id)
    if kinds:
        wanted.append(Interaction.kind.in_(sorted(kinds)))
    if since is not None:
        wanted.append(Interaction.at >= since)
    came_from = select(Interaction.request_id).where(
        *wanted, Interaction.request_id.is_not(None), Interaction.kind != "dismiss"
    )
    tx.change(delete(Impression).where(owned_by(Impression, actor), Impression.request_id.in_(came_from)))
    return int(tx.change(delete(Interaction).where(*wanted)))


def signal_product(tx: Tx, actor: Actor, signal_id: int) -> tuple[int, str] | None:
    """Return product and kind of one event of the actor's own."""
    row = tx.row(
        select(Interaction.product_id, Interaction.kind).where(
            owned_by(Interaction, actor), Interaction.id == signal_id
        )
    )
    return (row[0], row[1]) if row else None


def products_since(tx: Tx, actor: Actor, kinds: Collection[str], *, since: datetime) -> set[tuple[int, str]]:
    """Return the products about which an actor sent events of some kinds since a moment, with the kind."""
    rows = tx.rows(
        select(Interaction.product_id, Interaction.kind)
        .where(owned_by(Interaction, actor), Interaction.kind.in_(sorted(kinds)), Interaction.at >= since)
        .distinct()
    )
    return {(row[0], row[1]) for row in rows}


def latest_rating(tx: Tx, actor: Actor, product_id: int) -> tuple[float, datetime] | None:
    """Return the last stars that an actor's events tell of, and when they were given."""
    mine = (owned_by(Interaction, actor), Interaction.product_id == product_id, Interaction.kind == "rating")
    newest = select(Interaction.value, Interaction.at).where(*mine, Interaction.value.is_not(None))
    row = tx.row(newest.order_by(Interaction.at.desc(), Interaction.id.desc()).limit(1))
    return (row[0], row[1]) if row else None


def signals(tx: Tx, actor: Actor, *, per_kind: int) -> tuple[list[tuple[int, HistoryRow]], dict[str, int]]:
    """Return the newest events of each kind with their ids, newest first, and how many there are of each kind."""
    mine = (
        select(
            Interaction.id,
            Interaction.product_id,
            Interaction.kind,
            Interaction.value,
            Interaction.at,
            func.count().over(partition_by=Interaction.kind).label("n"),
            func.row_number()
            .over(partition_by=Interaction.kind, order_by=(Interaction.at.desc(), Interaction.id.desc()))
            .label("place"),
        )
        .where(owned_by(Interaction, actor))
        .subquery()
    )
    found = tx.rows(select(mine).where(mine.c.place <= per_kind).order_by(mine.c.at.desc(), mine.c.id.desc()))
    return [(row[0], HistoryRow(*row[1:5])) for row in found], {row[2]: row[5] for row in found}


def move_to_member(tx: Tx, guest_id: int, user_id: int) -> int:
    """Give a guest's events, and the lists they were shown, to a member; return how many events.

    An event the member already has under the same id stays behind and goes.
    """
    theirs = select(Interaction.event_uid).where(Interaction.user_id == user_id, Interaction.event_uid.is_not(None))
    tx.change(delete(Interaction).where(Interaction.guest_id == guest_id, Interaction.event_uid.in_(theirs)))
    moved = tx.change(
        update(Interaction).where(Interaction.guest_id == guest_id).values(user_id=user_id, guest_id=None)
    )
    tx.change(update(Impression).where(Impression.guest_id == guest_id).values(user_id=user_id, guest_id=None))
    return int(moved)


def remove_impressions(tx: Tx, actor: Actor, *, since: datetime | None = None) -> int:
    """Forget what lists an actor was shown, since a moment or ever."""
    statement = delete(Impression).where(owned_by(Impression, actor))
    return tx.change(statement if since is None else statement.where(Impression.at >= since))


def frame_select() -> Any:
    """Select the events of everybody who has not switched personalisation off, in the order of their numbers."""
    events = select(
        Interaction.id,
        Interaction.user_id,
        Interaction.guest_id,
        Interaction.product_id,
        Interaction.kind,
        Interaction.value,
        Interaction.at,
        Interaction.order_ref,
    )
    return of_who_may_be_known(events, Interaction).order_by(Interaction.id)


def of_who_may_be_known(statement: Any, table: Any) -> Any:
    """Leave out the rows of members and guests whose picks are off."""
    return (
        statement.outerjoin(User, User.id == table.user_id)
        .outerjoin(Guest, Guest.id == table.guest_id)
        .where(or_(User.id.is_(None), picks_are_on(User)), or_(Guest.id.is_(None), picks_are_on(Guest)))
    )


def training_frame(tx: Tx) -> pd.DataFrame:
    """Return every event of everybody who has not switched personalisation off, in the library's columns.

    Returns
    -------
    DataFrame
        Columns ``user_id, item_id, kind, value, timestamp, order_id``; ids are strings, ``timestamp`` is UTC seconds.
    """
    return frame_of(event_rows(tx), FRAME_COLUMNS).astype({"value": "float64", "timestamp": "int64"})


def event_rows(tx: Tx) -> Iterator[tuple[Any, ...]]:
    """Return the same row by row, few of them in memory at once."""
    return ((*event_row(row), row.order_ref or "") for row in tx.stream(frame_select(), size=STREAMED))


def may_be_known(tx: Tx) -> set[str]:
    """Return the ids, in the library's words, of everybody who is there and has not switched personalisation off."""
    members = tx.scalars(select(User.id).where(picks_are_on(User)))
    guests = tx.scalars(select(Guest.id).where(picks_are_on(Guest)))
    return {str(user) for user in members} | {f"g{guest}" for guest in guests}


def logged_places(tx: Tx) -> pd.DataFrame:
    """Return the places of rails of which chance filled a part, and of the newest from which something was clicked.

    Returns
    -------
    DataFrame
        Columns of ``LOGGED_COLUMNS``: ``request_id`` names the rail of one request, ``propensity`` is the probability
        with which the place held the item, ``clicked`` 1 if its owner came to the product from there, ``timestamp`` UTC
        seconds. Nobody is among them who has switched personalisation off.
    """
    return frame_of(logged_rows(tx), LOGGED_COLUMNS)


def logged_rows(
    tx: Tx, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[tuple[str, str, str, int, float, int, int]]:
    """Return the same row by row, few of them in memory at once; of a time, if one is given."""
    columns = (
        Impression.request_id,
        Impression.slot,
        Impression.user_id,
        Impression.guest_id,
        Impression.product_id,
        Impression.position,
        Impression.propensity,
        exists().where(_same_pick()),
        Impression.at,
    )
    places = _logged(columns, since, until).order_by(Impression.request_id, Impression.slot, Impression.position)
    for request, slot, user, guest, product, place, chance, hit, at in tx.stream(places, size=STREAMED):
        owner = _owner_id(user, guest)
        yield f"{request}/{slot}", owner, str(product), place, chance, int(hit), int(at.timestamp())


def n_logged(tx: Tx, *, since: datetime | None = None, until: datetime | None = None) -> int:
    """Count these rows."""
    return int(tx.scalar(_logged((func.count(),), since, until)) or 0)


def _logged(columns: Sequence[Any], since: datetime | None, until: datetime | None) -> Select[Any]:
    chance = select(Impression.request_id, Impression.slot).where(Impression.propensity < 1)
    clicked = (
        select(Impression.request_id, Impression.slot)
        .join(Interaction, _same_pick())
        .where(Interaction.request_id.is_not(None))
        .group_by(Impression.request_id, Impression.slot)
        .order_by(func.max(Impression.at).desc(), Impression.request_id, Impression.slot)
        .limit(CLICKED_RAILS)
        .subquery()
    )
    wanted = chance.union(select(clicked.c.request_id, clicked.c.slot)).subquery()
    places = (
        select(*columns)
        .select_from(Impression)
        .join(wanted, and_(wanted.c.request_id == Impression.request_id, wanted.c.slot == Impression.slot))
    )
    if since is not None:
        places = places.where(Impression.at >= since)
    if until is not None:
        places = places.where(Impression.at <= until)
    return of_who_may_be_known(places, Impression)


def shows(tx: Tx, *, since: datetime) -> dict[str, tuple[int, int]]:
    """Return how often each product was recommended since a moment, and how often its owner came to it from there.

    Nobody is counted who has switched personalisation off.
    """
    shown = select(Impression.product_id, func.count()).where(Impression.at > since).group_by(Impression.product_id)
    request = func.count(Interaction.request_id.distinct())
    clicked = (
        select(Interaction.product_id, request)
        .join(Impression, _same_pick())
        .where(Interaction.request_id.is_not(None), Impression.at > since)
        .group_by(Interaction.product_id)
    )
    clicks = {row[0]: row[1] for row in tx.rows(of_who_may_be_known(clicked, Impression))}
    rows = tx.rows(of_who_may_be_known(shown, Impression))
    return {str(product): (n, clicks.get(product, 0)) for product, n in rows}


def _same_pick() -> Any:
    """An event that came from an impression: same request, product and person; to turn it down is no way to come."""
    same_owner = or_(Interaction.user_id == Impression.user_id, Interaction.guest_id == Impression.guest_id)
    return and_(
        Interaction.request_id == Impression.request_id,
        Interaction.product_id == Impression.product_id,
        Interaction.kind != "dismiss",
        same_owner,
    )


def event_row(row: Any) -> EventRow:
    """Return a row of :func:`frame_select` in the library's words."""
    _id, user, guest, product, kind, value, at, _order = row
    return EventRow(_owner_id(user, guest), str(product), kind, value, int(at.timestamp()))


def _owner_id(user: int | None, guest: int | None) -> str:
    return str(user) if user is not None else f"g{guest}"


def add_impressions(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Note what was recommended where, in one statement."""
    if rows:
        tx.execute(insert(Impression), list(rows))


def mark_seen(tx: Tx, actor: Actor, *, request_id: str, product_ids: Collection[int], now: datetime) -> int:
    """Note that recommended products really came into view; another visitor's request is left alone."""
    found = tx.change(
        update(Impression)
        .where(
            owned_by(Impression, actor),
            Impression.request_id == request_id,
            Impression.product_id.in_(sorted(product_ids)),
            Impression.seen_at.is_(None),
        )
        .values(seen_at=now)
    )
    return int(found)


def n_of(tx: Tx, actor: Actor) -> int:
    """Count an actor's events."""
    return int(tx.scalar(select(func.count()).select_from(Interaction).where(owned_by(Interaction, actor))) or 0)


def count(tx: Tx) -> int:
    """Count all events."""
    return int(tx.scalar(select(func.count()).select_from(Interaction)) or 0)
