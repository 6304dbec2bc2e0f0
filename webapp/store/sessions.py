"""Browser sessions and guests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, delete, insert, select, update

from webapp.store.models import Guest, User, WebSession
from webapp.store.scope import picks_are_on, tuning_of
from webapp.store.tx import Tx
from webapp.tuning import DEFAULT, Tuning


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with what is needed of its member, read in one statement.

    ``is_undecided`` says that picks are off because the shop asks first and has no answer yet.
    """

    id_hash: str
    user_id: int | None
    guest_id: int | None
    data: dict[str, Any]
    is_permanent: bool
    seen_at: datetime
    expires_at: datetime
    user_name: str
    user_email: str
    role: str
    is_personalised: bool
    language: str = ""
    tuning: Tuning = DEFAULT
    is_undecided: bool = False


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A place where a member is signed in."""

    public_id: str
    id_hash: str
    device: str
    created_at: datetime
    seen_at: datetime


def find(tx: Tx, id_hash: str, *, now: datetime) -> SessionRow | None:
    """Return the live session with this hash; one of a deactivated member counts as gone."""
    row = tx.row(_find(), {"hash": id_hash, "now": now})
    if row is None or (row[1] is not None and not row[10]):
        return None
    are_on, switch, settings = row[12:15] if row[1] is not None else row[15:18]
    is_personalised = are_on is not False  # of a browser without a guest nothing is known yet
    words = (row[7] or "", row[8] or "", row[9] or "")
    is_undecided = switch is not False and not is_personalised
    chosen = (is_personalised, row[11] or "", Tuning.from_json(settings or {}), is_undecided)
    return SessionRow(*(*row[:7], *words, *chosen))


@cache
def _find() -> Executable:
    """Made once: every page asks this, and building it costs more than running it."""
    return (
        select(
            WebSession.id_hash,
            WebSession.user_id,
            WebSession.guest_id,
            WebSession.data,
            WebSession.is_permanent,
            WebSession.seen_at,
            WebSession.expires_at,
            User.name,
            User.email,
            User.role,
            User.is_active,
            User.language,
            *(what for who in (User, Guest) for what in (picks_are_on(who), who.is_personalised, tuning_of(who))),
        )
        .outerjoin(User, User.id == WebSession.user_id)
        .outerjoin(Guest, Guest.id == WebSession.guest_id)
        .where(
            WebSession.id_hash == bindparam("hash"),
            WebSession.expires_at > bindparam("now", type_=WebSession.expires_at.type),
        )
    )


def add(tx: Tx, **values: Any) -> None:
    """Add a session row."""
    tx.execute(insert(WebSession).values(**values))


def change(tx: Tx, id_hash: str, **values: Any) -> bool:
    """Change a session row; False when it is gone, so that nothing revives a session that was ended."""
    found = tx.change(update(WebSession).where(WebSession.id_hash == id_hash).values(**values))
    return bool(found)


def remove(tx: Tx, id_hash: str) -> bool:
    """End a session; False when it was ended already."""
    return bool(tx.change(delete(WebSession).where(WebSession.id_hash == id_hash)))


def remove_of_user(tx: Tx, user_id: int, *, keep: str = "", public_id: str = "") -> int:
    """End a member's sessions: all but ``keep``, or only the one named by ``public_id``."""
    statement = delete(WebSession).where(WebSession.user_id == user_id, WebSession.id_hash != keep)
    if public_id:
        statement = statement.where(WebSession.public_id == public_id)
    return int(tx.change(statement))


def of_user(tx: Tx, user_id: int, *, now: datetime) -> list[DeviceRow]:
    """List where a member is signed in, the latest first."""
    rows = tx.rows(
        select(WebSession.public_id, WebSession.id_hash, WebSession.device, WebSession.created_at, WebSession.seen_at)
        .where(WebSession.user_id == user_id, WebSession.expires_at > now)
        .order_by(WebSession.seen_at.desc())
    )
    return [DeviceRow(*row) for row in rows]


def add_guest(tx: Tx, *, now: datetime) -> int:
    """Begin a guest and return the id."""
    return int(tx.scalar(insert(Guest).values(created_at=now).returning(Guest.id)) or 0)


def guest_of(tx: Tx, id_hash: str, *, now: datetime) -> int:
    """Return the guest of a session, beginning one if it has none: requests of one browser at once get the same."""
    row = WebSession.id_hash == id_hash
    known = tx.scalar(select(WebSession.guest_id).where(row).with_for_update())
    if known is not None:
        return int(known)
    guest_id = add_guest(tx, now=now)
    tx.change(update(WebSession).where(row).values(guest_id=guest_id))
    return guest_id


def sweep(tx: Tx, *, now: datetime, guests_older_than: timedelta) -> int:
    """Remove expired sessions, and guests long gone who left nothing behind worth keeping."""
    gone = tx.change(delete(WebSession).where(WebSession.expires_at <= now))
    idle = (
        delete(Guest)
        .where(Guest.created_at < now - guests_older_than)
        .where(~select(WebSession.id_hash).where(WebSession.guest_id == Guest.id).exists())
    )
    tx.execute(idle)
    return int(gone)
