"""Server-side sessions: the browser holds a random id, the table holds its hash and everything else.

A signed cookie cannot be taken back. A row can: signing out, a new password or "sign out everywhere" ends it at once.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import CallbackDict

from webapp.errors import Busy, NotSignedIn
from webapp.security import bearer_key
from webapp.store import sessions, users
from webapp.store.tx import single_read, unit_of_work

log = logging.getLogger(__name__)
BUSY = 503
TOUCH_AFTER = timedelta(minutes=10)
BROWSER_SESSION = timedelta(hours=12)
STATELESS_ENDPOINTS = frozenset({"static", "shop.media", "health.live", "health.ready"})
USER_KEY = "_user_id"
GUEST_KEY = "guest_id"


def hash_id(session_id: str) -> str:
    """Return what the table knows of a session id."""
    return hashlib.sha256(session_id.encode()).hexdigest()


class ShopSession(CallbackDict[str, Any], SessionMixin):
    """The session of one browser."""

    def __init__(self, session_id: str = "", row: sessions.SessionRow | None = None) -> None:
        def on_update(this: ShopSession) -> None:
            this.modified = True

        super().__init__(_data_of(row) if row else {}, on_update)
        self.session_id = session_id
        self.row = row
        self.modified = False
        self.accessed = True
        self.new = row is None
        self.is_stateless = False
        self.trouble: SQLAlchemyError | Busy | None = None
        self.old_hash = ""
        self.begun_with = ""
        self.is_stored = row is not None
        self.remembered = bool(row and row.is_permanent)

    @property
    def guest_id(self) -> int | None:
        """The guest this browser is while nobody is signed in."""
        return self.get(GUEST_KEY)

    @property
    def id_hash(self) -> str:
        """Key of this session's row."""
        return hash_id(self.session_id)

    def is_of(self, user_id: str | None) -> bool:
        """Whether this member was signed in here when the request came."""
        return user_id is not None and self.row is not None and str(self.row.user_id) == user_id

    def rotate(self) -> None:
        """Give the session a new id; the old one opens nothing from the end of this request on."""
        if self.session_id and not self.old_hash:
            self.old_hash = hash_id(self.session_id)
        self.session_id = secrets.token_urlsafe(32)
        self.modified = True


def _data_of(row: sessions.SessionRow) -> dict[str, Any]:
    """Return what a session holds; a request that began before there was a guest may have written it without."""
    return row.data if row.guest_id is None else row.data | {GUEST_KEY: row.guest_id}


def _is_stateless(request: Request) -> bool:
    return request.endpoint in STATELESS_ENDPOINTS or bearer_key(request) is not None


class DatabaseSessions(SessionInterface):
    """Load and save sessions in the table ``web_sessions``.

    Parameters
    ----------
    days : int
        Life of a guest's or a remembered member's session after the last visit.
    clock : callable
        Returns the present moment.
    """

    def __init__(self, days: int, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.lifetime = timedelta(days=days)
        self.clock = clock

    def open_session(self, app: Flask, request: Request) -> ShopSession:
        """Find the session the cookie names; a new, empty one for everybody else."""
        session = self._found(app, request)
        session.is_stateless = _is_stateless(request)
        return session

    def _found(self, app: Flask, request: Request) -> ShopSession:
        session_id = request.cookies.get(self.get_cookie_name(app), "")
        if not session_id or len(session_id) > 100 or _is_stateless(request):
            return ShopSession()
        try:
            with single_read() as tx:
                row = sessions.find(tx, hash_id(session_id), now=self.clock())
        except (SQLAlchemyError, Busy) as error:  # told once there is a request to answer
            log.warning("session_unreadable", exc_info=not isinstance(error, Busy))
            lost = ShopSession()
            lost.trouble = error
            return lost
        return ShopSession(session_id, row) if row else ShopSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed and set the cookie when it has to change."""
        if not isinstance(session, ShopSession) or session.is_stateless:
            return
        if session.trouble:  # the browser keeps the one that could not be read
            return
        if not session.modified and not self._is_worn(session):
            return
        if response.status_code == BUSY and not session.new:  # the database has just kept us waiting for nothing
            return
        try:
            self._store(session)
        except (SQLAlchemyError, Busy) as error:
            log.warning("session_not_saved", exc_info=not isinstance(error, Busy))
            return
        self._set_cookie(app, session, response)

    def keep(self, session: ShopSession) -> None:
        """Write a session now: for what must not be said before it is true.

        Raises
        ------
        Busy
            If it cannot be written; the one before goes on.
        NotSignedIn
            If the password it was begun with is another one by now, or the session that it renews was ended.
        """
        self._store(session)
        session.is_stored, session.old_hash, session.begun_with = True, "", ""

    def _is_worn(self, session: ShopSession) -> bool:
        return session.row is not None and self.clock() - session.row.seen_at > TOUCH_AFTER

    def _life(self, session: ShopSession) -> timedelta:
        keeps = session.remembered or session.get(USER_KEY) is None
        return self.lifetime if keeps else BROWSER_SESSION

    def _store(self, session: ShopSession) -> None:
        now = self.clock()
        user_id = session.get(USER_KEY)
        values = {
            "user_id": int(user_id) if user_id is not None else None,
            "guest_id": session.guest_id,
            "data": dict(session),
            "is_permanent": session.remembered,
            "seen_at": now,
            "expires_at": now + self._life(session),
        }
        with unit_of_work() as tx:
            if session.is_stored and not session.old_hash:
                if session.guest_id is None:  # a request at the same moment may have made one
                    del values["guest_id"]
                sessions.change(tx, session.id_hash, **values)
                return
            if session.begun_with and user_id and not users.keep_password(tx, int(user_id), session.begun_with):
                raise NotSignedIn
            if session.old_hash and not sessions.remove(tx, session.old_hash) and session.is_of(user_id):
                raise NotSignedIn
            if not session.session_id:
                session.session_id = secrets.token_urlsafe(32)
            public_id, device = secrets.token_hex(12), device_name(request.headers.get("User-Agent", ""))
            sessions.add(tx, id_hash=session.id_hash, public_id=public_id, device=device, created_at=now, **values)

    def _set_cookie(self, app: Flask, session: ShopSession, response: Response) -> None:
        keeps = session.remembered or session.get(USER_KEY) is None
        response.set_cookie(
            self.get_cookie_name(app),
            session.session_id,
            max_age=self.lifetime if keeps else None,
            path="/",
            secure=self.get_cookie_secure(app),
            httponly=True,
            samesite="Lax",
        )
        response.vary.add("Cookie")


def device_name(agent: str) -> str:
    """Tell in two words what kind of browser this is; the long string itself is not kept."""
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    )
    browser = next((name for mark, name in browsers if mark in agent), "Browser")
    system = next((name for mark, name in systems if mark in agent), "")
    return f"{browser}, {system}" if system else browser
