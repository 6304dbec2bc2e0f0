"""Who asks: the signed-in member, the guest of this browser, or a program with a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Flask, current_app, g, request, session
from flask_login import UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError, generate_csrf

from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.errors import Forbidden, NotFound, NotSignedIn
from webapp.extensions import csrf, login_manager
from webapp.security import bearer_key
from webapp.services.people import accounts, api_keys
from webapp.sessions import GUEST_KEY, DatabaseSessions, ShopSession
from webapp.tuning import DEFAULT, Tuning

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
SIGNED_ENDPOINTS = frozenset({"webhooks.receive"})
SAID_NO = "said_no"  # of the account that was signed in before, which is not named
READ, WRITE = "recommendations:read", "feedback:write"


@dataclass(frozen=True)
class SignedInUser(UserMixin):
    """A member as Flask-Login wants it: plain values, no database behind them."""

    id: int
    name: str
    email: str
    role: str
    is_personalised: bool = True
    tuning: Tuning = DEFAULT
    is_undecided: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether the owner's pages are open."""
        return self.role in accounts.OFFICE_ROLES


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the API: ``actor`` for a browser, ``scopes`` for a key; ``is_open`` on an open demo."""

    actor: Actor
    scopes: frozenset[str] = frozenset()
    has_key: bool = False
    is_open: bool = False


def shop_session() -> ShopSession:
    """Return the present browser session with its real type."""
    return session._get_current_object()  # type: ignore[attr-defined]  # unwrap Flask's proxy


def register_auth(app: Flask) -> None:
    """Teach Flask-Login to read members from the session row, and check the CSRF token on every unsafe method."""
    login_manager.session_protection = None  # the row itself is the protection: it can be ended and rotates

    @login_manager.user_loader
    def load(user_id: str) -> SignedInUser | None:
        row = shop_session().row
        if row is None or row.user_id is None or str(row.user_id) != user_id:
            return None
        who = (row.user_id, row.user_name, row.user_email, row.role)
        return SignedInUser(*who, row.is_personalised, row.tuning, row.is_undecided)

    @app.before_request
    def know_the_browser() -> None:
        if (trouble := shop_session().trouble) is not None:  # as somebody new they would lose cart and sign-in
            raise trouble

    @app.before_request
    def protect() -> None:
        # A page elsewhere cannot make a browser show a key, and with one the session is not read at all.
        # A payment provider has no session either; its message is signed.
        is_signed = request.endpoint in SIGNED_ENDPOINTS
        if request.method not in SAFE_METHODS and not is_signed and bearer_key(request) is None:
            _check_token()


def _check_token() -> None:
    """Refuse a form without the session's token; Busy where the page with the form could not keep one."""
    try:
        csrf.protect()
    except CSRFError:
        if shop_session().new:
            keep_session()
        raise


def keep_session() -> None:
    """Write this browser's session now; Busy, before anything is said, where that cannot be done."""
    sessions = current_app.session_interface
    if isinstance(sessions, DatabaseSessions):
        sessions.keep(shop_session())


def current_member() -> SignedInUser | None:
    """Return the signed-in member, if there is one."""
    return current_user if current_user.is_authenticated else None


def current_actor() -> Actor:
    """Return who looks at the page; a visitor we know nothing of has neither id."""
    member = current_member()
    if member is not None:
        return Actor(member.id, None, member.is_personalised, member.tuning, member.is_undecided)
    this, asks_first = shop_session(), current_app.config["ASK_BEFORE_PICKS"]
    is_on, tuning, is_undecided = not asks_first, DEFAULT, asks_first
    if this.row is not None:
        is_on, tuning, is_undecided = this.row.is_personalised, this.row.tuning, this.row.is_undecided
    return Actor(None, this.guest_id, is_on, tuning, is_undecided and SAID_NO not in this)


def known_actor() -> Actor:
    """Return who acts, making a guest of a visitor we knew nothing of."""
    actor = current_actor()
    if actor.is_known:
        return actor
    this = shop_session()
    session[GUEST_KEY] = accounts.begin_guest(this.id_hash if this.is_stored else "", now=utc_now())
    return current_actor()


def member_required() -> SignedInUser:
    """Return the member, or ask to sign in."""
    member = current_member()
    if member is None:
        raise NotSignedIn
    return member


def role_required(*roles: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Open a view to members with one of the roles; for everybody else it does not exist."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if member_required().role not in roles:
                raise NotFound
            return view(*args, **kwargs)

        guarded.allowed_roles = roles  # type: ignore[attr-defined]  # read by the test that every admin route has some
        return guarded

    return decorate


def sign_in(user: SignedInUser, *, password_hash: str, remember: bool) -> None:
    """Begin a member's session under a new id, so that an id known before opens nothing.

    Parameters
    ----------
    password_hash : str
        What the password shown was compared with.

    Raises
    ------
    InvalidInput
        If the password was changed since, as if it had been wrong. Nobody is signed in then.
    """
    this = shop_session()
    this.begun_with = password_hash
    this.remembered = remember
    this.pop(GUEST_KEY, None)
    login_user(user)
    this.rotate()
    _renew_csrf()
    try:
        _keep_member()
    except NotSignedIn:
        raise accounts.wrong_password() from None


def sign_out() -> None:
    """End the session; the browser goes on under a new id as a new visitor, not asked again about picks after a no."""
    this = shop_session()
    said_no = current_app.config["ASK_BEFORE_PICKS"] and _has_said_no(current_actor())
    logout_user()
    this.clear()
    if said_no:
        this[SAID_NO] = True
    this.remembered, this.begun_with = False, ""
    this.rotate()
    keep_session()


def _has_said_no(actor: Actor) -> bool:
    return not actor.is_personalised and not actor.is_undecided


def renew_session() -> None:
    """Change the id of the present session, after a new password for instance.

    Raises
    ------
    NotSignedIn
        If it was ended meanwhile.
    """
    shop_session().rotate()
    _renew_csrf()
    _keep_member()


def _keep_member() -> None:
    """Write the session of a member; where it may not begin or go on, the browser is a visitor's."""
    try:
        keep_session()
    except NotSignedIn:
        sign_out()
        raise


def _renew_csrf() -> None:
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    generate_csrf()


def api_caller() -> Caller:
    """Return who calls the API.

    Raises
    ------
    NotSignedIn
        If a key was shown that is unknown or revoked.
    """
    if "api_caller" not in g:
        g.api_caller = _caller_by_key() or Caller(current_actor(), is_open=_is_open_read())
    return g.api_caller


def _caller_by_key() -> Caller | None:
    key = bearer_key(request)
    if key is None:
        return None
    scopes = api_keys.scopes_of(key, now=utc_now())
    if scopes is None:
        raise NotSignedIn
    return Caller(Actor(), scopes=scopes, has_key=True)


def _is_open_read() -> bool:
    return bool(current_app.config["DEMO_OPEN_READS"]) and request.method == "GET"


def actor_for(user_id: str | None, scope: str) -> Actor:
    """Decide for whom a call may act.

    Parameters
    ----------
    user_id : str or None
        Whom the call names; None means the caller.
    scope : str
        What a key must hold.

    Returns
    -------
    Actor
        The caller, or with a key (or an open demo read) whoever is named, known or not.

    Raises
    ------
    NotSignedIn, Forbidden
        Without saying anything about whether the named id exists.
    """
    return caller_for(user_id, scope) or accounts.find_actor(user_id)


def caller_for(user_id: str | None, scope: str) -> Actor | None:
    """Decide the same without looking anybody up: None when the call may act for whomever it names."""
    caller = api_caller()
    if caller.has_key:
        if scope not in caller.scopes:
            raise Forbidden
        return None if user_id else Actor()
    if user_id is None or user_id == caller.actor.ref:
        return caller.actor
    if caller.is_open:
        return None
    if caller.actor.is_known:
        raise Forbidden
    raise NotSignedIn
