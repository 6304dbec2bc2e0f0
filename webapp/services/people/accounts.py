"""Members: register, sign in, keep what a guest began, addresses and sessions."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import get_locale
from flask_babel import gettext as _

from webapp import passwords
from webapp.actors import NOBODY, Actor
from webapp.errors import InvalidInput, NotFound, TooManyRequests
from webapp.services.buying import carts
from webapp.store import choices, interactions, operations, searches, sessions, taste, tokens, users
from webapp.store.tx import Tx, read_unit, single_read, unit_of_work

log = logging.getLogger(__name__)
# An encoded word (=?...?=) means something else in the head of a letter, and a dot in front means no address there.
EMAIL = re.compile(r"(?!\.|.*=\?)[^@\s,;:<>()\[\]\\\"]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII)
MAX_EMAIL = 254
LONGEST_NAME = 100
LONGEST_IN_ADDRESS = {"name": 100, "line1": 120, "line2": 120, "postcode": 12, "city": 80, "country": 2, "phone": 30}
OFFICE_ROLES = ("owner", "staff")
WINDOW = timedelta(minutes=15)
ACCOUNT_FAILURES, ADDRESS_FAILURES = 10, 60


@dataclass(frozen=True, slots=True)
class Member:
    """Who signed in, and a sentence about what happened to the guest's cart, if there is something to tell."""

    user_id: int
    name: str
    email: str
    role: str
    is_personalised: bool
    password_hash: str
    notice: str = ""


def clean_email(raw: str) -> str:
    """Return an address as it is stored.

    Raises
    ------
    InvalidInput
        Naming the field ``email``.
    """
    email = raw.strip().lower()
    if len(email) > MAX_EMAIL or not EMAIL.fullmatch(email) or not email.isprintable():
        raise InvalidInput({"email": _("This does not look like an e-mail address.")})
    return email


def begin_guest(session_hash: str, *, now: datetime) -> int:
    """Make a guest of a visitor and return its id.

    Parameters
    ----------
    session_hash : str
        Key of the browser's session, empty before there is one. If another request of that browser has made a guest
        meanwhile, it is that one.
    """
    with unit_of_work() as tx:
        return sessions.guest_of(tx, session_hash, now=now) if session_hash else sessions.add_guest(tx, now=now)


def register(*, name: str, email: str, password: str, now: datetime) -> None:
    """Make an account; an address that has one already gets the same answer, and a message by mail instead.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used.
    """
    errors: dict[str, str] = {}
    try:
        email = clean_email(email)
    except InvalidInput as refused:
        errors |= refused.errors
    if problem := passwords.problem_with(password, email=email):
        errors["password"] = problem
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        errors["name"] = _("Tell us what to call you, in up to 100 characters.")
    if errors:
        raise InvalidInput(errors)
    hashed = passwords.hash_password(password)
    with unit_of_work() as tx:
        values = {"name": name.strip(), "password_hash": hashed, "language": str(get_locale() or "")}
        added = users.add(tx, email=email, created_at=now, **values)
        topic = "mail.welcome" if added else "mail.account_exists"
        operations.add_message(tx, topic, {"email": email}, now=now)
    log.info("registered", extra={"is_new": added is not None})


def sign_in(*, email: str, password: str, address: str, guest_id: int | None, now: datetime) -> Member:
    """Check a password and give the member what they did as a guest.

    Parameters
    ----------
    address : str
        Network address of the caller; failures are counted for it and for the account.

    Raises
    ------
    InvalidInput
        The same for an unknown address and a wrong password.
    TooManyRequests
        After ten failures for one account or sixty from one address within a quarter of an hour.
    """
    email = email.strip().lower()[:MAX_EMAIL]
    account_key, address_key = throttle_key("account", email), throttle_key("address", address)
    limits = {account_key: ACCOUNT_FAILURES, address_key: ADDRESS_FAILURES}
    with read_unit() as tx:
        wait = users.blocked_for(tx, list(limits), limits=limits, window=WINDOW, now=now)
        user = users.by_email(tx, email)
    if wait:
        raise TooManyRequests(wait, _("Too many tries for now. Please wait a little."))
    usable = user if user and user.is_active else None
    if not passwords.verify(usable.password_hash if usable else None, password) or usable is None:
        with unit_of_work() as tx:
            users.note_failure(tx, list(limits), window=WINDOW, now=now)
        raise wrong_password()
    return _welcome(usable, password, account_key, guest_id, now)


def wrong_password() -> InvalidInput:
    """Return the refusal of a sign-in, the same whatever is not right."""
    return InvalidInput({"password": _("E-mail or password is not right.")})


def _welcome(user: users.UserRow, password: str, account_key: str, guest_id: int | None, now: datetime) -> Member:
    known = user.password_hash or ""
    fresh = passwords.hash_password(password) if passwords.is_outdated(known) else None
    with unit_of_work() as tx:
        if not users.keep_password(tx, user.user_id, known):
            raise wrong_password()
        users.forget_failures(tx, account_key)
        if fresh:
            users.change(tx, user.user_id, password_hash=fresh)
        notice = merge_guest(tx, guest_id, user.user_id, now=now) if guest_id is not None else ""
        is_on = users.is_personalised(tx, Actor(user_id=user.user_id))
    return Member(user.user_id, user.name, user.email, user.role, is_on, fresh or known, notice)


def throttle_key(kind: str, value: str) -> str:
    """Return the name under which failed sign-ins of an account or a network address are counted."""
    return f"sign-in:{kind}:{hashlib.sha256(value.encode()).hexdigest()[:40]}"


def merge_guest(tx: Tx, guest_id: int, user_id: int, *, now: datetime) -> str:
    """Give a guest's events, stars, wishes, orders and cart to a member; return a sentence if the cart was cut.

    Into a profile that its member has paused nothing is written: what was noted for the guest's picks goes. Who has
    paused their picks as a guest has paused them as a member.
    """
    choices.bring_yes(tx, guest_id, user_id)
    if not users.is_personalised(tx, Actor(user_id=user_id)):
        _forget_guest(tx, Actor(guest_id=guest_id))
    interactions.move_to_member(tx, guest_id, user_id)
    searches.move_to_member(tx, guest_id, user_id)
    touched = users.move_guest(tx, guest_id, user_id)
    choices.bring_no(tx, guest_id, user_id, now=now)
    taste.recount_stars(tx, touched)
    return carts.merge(tx, guest_id, user_id, now=now)


def _forget_guest(tx: Tx, guest: Actor) -> None:
    interactions.remove(tx, guest)
    interactions.remove_impressions(tx, guest)
    searches.remove(tx, guest)
    taste.include_all(tx, guest)


def find_actor(ref: str | None) -> Actor:
    """Return the actor an API call names: a member's id, a guest's, or a name from an imported history.

    Somebody unknown is nobody: recommendations for them are those of a cold start.
    """
    if not ref or len(ref) > 200:
        return NOBODY
    actor = Actor.from_ref(ref)
    with single_read() as tx:
        found = users.known_as(tx, ref) if actor is None else users.with_settings(tx, actor)
    return found or NOBODY


def confirm_password(user_id: int, password: str, *, field: str, now: datetime) -> users.UserRow:
    """Have a signed-in member show the password again, for what nobody may do from a browser left open.

    Raises
    ------
    InvalidInput
        Naming ``field``.
    TooManyRequests
        After ten wrong ones within a quarter of an hour.
    """
    key = throttle_key("again", str(user_id))
    with read_unit() as tx:
        user = users.by_id(tx, user_id)
        wait = users.blocked_for(tx, [key], limits={key: ACCOUNT_FAILURES}, window=WINDOW, now=now)
    if user is None:
        raise NotFound
    if wait:
        raise TooManyRequests(wait, _("Too many tries for now. Please wait a little."))
    if not passwords.verify(user.password_hash, password):
        with unit_of_work() as tx:
            users.note_failure(tx, [key], window=WINDOW, now=now)
        raise _not_present(field)
    return user


def keep_confirmed(tx: Tx, user: users.UserRow, *, field: str) -> None:
    """Refuse what was confirmed with a password that is another one by now; it stays until the unit ends.

    Raises
    ------
    InvalidInput
        Naming ``field``.
    """
    if not users.keep_password(tx, user.user_id, user.password_hash):
        raise _not_present(field)


def _not_present(field: str) -> InvalidInput:
    return InvalidInput({field: _("This is not your present password.")})


def change_password(user_id: int, *, current: str, new: str, keep_session: str, now: datetime) -> None:
    """Set a new password and end every other session of the member.

    Raises
    ------
    InvalidInput
        Naming ``current_password`` or ``new_password``.
    TooManyRequests
        As :func:`confirm_password` does.
    """
    user = confirm_password(user_id, current, field="current_password", now=now)
    if problem := passwords.problem_with(new, email=user.email):
        raise InvalidInput({"new_password": problem})
    hashed = passwords.hash_password(new)
    with unit_of_work() as tx:
        keep_confirmed(tx, user, field="current_password")
        users.change(tx, user_id, password_hash=hashed)
        sessions.remove_of_user(tx, user_id, keep=keep_session)
        tokens.drop(tx, user_id)
        operations.add_message(tx, "mail.password_changed", {"email": user.email}, now=now)
    log.info("password_changed", extra={"user_id": user_id})


def set_language(user_id: int, language: str) -> None:
    """Keep the language a member chose, for pages elsewhere and for letters."""
    with unit_of_work() as tx:
        users.change(tx, user_id, language=language)


def create_office_account(*, email: str, name: str, password: str, role: str = "owner", now: datetime) -> int:
    """Make an account that may run the shop or work in its office, or give an existing one that role and password.

    Whatever the account that was there had begun ends: sessions, mailed links, the wait after wrong passwords.

    Parameters
    ----------
    role : str
        One of ``OFFICE_ROLES``.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used, the role if the shop would have no owner left.
    """
    email = clean_email(email)
    if problem := passwords.problem_with(password, email=email):
        raise InvalidInput({"password": problem})
    hashed = passwords.hash_password(password)
    with unit_of_work() as tx:
        values = {"name": name, "password_hash": hashed, "role": role}
        added = users.add(tx, email=email, created_at=now, **values)
        if added is not None:
            return added
        user = users.by_email(tx, email)
        assert user is not None  # noqa: S101 - the address is taken, so somebody has it
        if user.role == "owner" != role and users.count_role(tx, "owner") == 1:
            raise InvalidInput({"role": _("That is the only owner. Give the shop another one first.")})
        users.change(tx, user.user_id, **values)
        sessions.remove_of_user(tx, user.user_id)
        tokens.drop(tx, user.user_id)  # anybody may have made that account, and asked for another address
        users.forget_failures(tx, throttle_key("account", email))
        return user.user_id


def end_sessions(user_id: int, *, keep: str, public_id: str = "") -> int:
    """Sign a member out elsewhere: at one place, or everywhere but here."""
    with unit_of_work() as tx:
        return sessions.remove_of_user(tx, user_id, keep=keep, public_id=public_id)


def save_address(
    user_id: int, fields: dict[str, str], *, address_id: int | None, countries: Collection[str], now: datetime
) -> None:
    """Add or change a postal address.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used.
    NotFound
        If the address is not the member's.
    """
    values = clean_address(fields, countries=countries)
    row = values | {"is_default": fields.get("is_default") == "1"}
    with unit_of_work() as tx:
        if not users.save_address(tx, user_id, dict(row), address_id=address_id, now=now):
            raise NotFound


def remove_address(user_id: int, address_id: int) -> None:
    """Remove a postal address; one that is not the member's does not exist."""
    with unit_of_work() as tx:
        if not users.remove_address(tx, user_id, address_id):
            raise NotFound


def clean_address(fields: dict[str, str], *, countries: Collection[str]) -> dict[str, str]:
    """Check a postal address and return it trimmed.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used.
    """
    values = {name: " ".join(fields.get(name, "").split()) for name in LONGEST_IN_ADDRESS}
    needed = {
        "name": _("Who should receive it?"),
        "line1": _("Street and number are needed."),
        "postcode": _("The postcode is needed."),
        "city": _("The town is needed."),
    }
    errors = {name: sentence for name, sentence in needed.items() if not values[name]}
    too_long = _("This is longer than we can print.")
    errors |= {name: too_long for name, limit in LONGEST_IN_ADDRESS.items() if len(values[name]) > limit}
    values["country"] = values["country"].upper()
    if values["country"] not in countries:
        errors["country"] = _("We do not deliver there yet.")
    if errors:
        raise InvalidInput(errors)
    return values
