"""A forgotten password, and another e-mail address: both by a link that is mailed.

The request only leaves a message; whether the address has an account is looked up when the worker writes the letter. So
the answer, and the time it takes, is the same for every address.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta

from flask_babel import gettext as _

from webapp import passwords
from webapp.errors import Conflict, InvalidInput, NotFound, TooManyRequests
from webapp.services.people import one_time
from webapp.services.people.accounts import clean_email, confirm_password, keep_confirmed, throttle_key
from webapp.store import operations, sessions, tokens, users
from webapp.store.tx import Tx, read_unit, unit_of_work

log = logging.getLogger(__name__)
WINDOW = timedelta(minutes=15)
LETTERS_PER_ADDRESS, LETTERS_PER_CALLER = 5, 30


def ask_reset(*, email: str, caller: str, language: str, now: datetime) -> None:
    """Have a link to a new password mailed to an address, if it has an account.

    Parameters
    ----------
    caller : str
        Network address; letters are counted for it and for the e-mail address.

    Raises
    ------
    InvalidInput
        If this is no e-mail address.
    TooManyRequests
        After five letters to one address or thirty from one caller within a quarter of an hour.
    """
    email = clean_email(email)
    with unit_of_work() as tx:
        _count(tx, "reset", email, caller, now=now)
        operations.add_message(tx, "mail.reset", {"email": email, "language": language}, now=now)


def _count(tx: Tx, kind: str, email: str, caller: str, *, now: datetime) -> None:
    limits = {
        f"{kind}:account:{_short(email)}": LETTERS_PER_ADDRESS,
        f"{kind}:address:{_short(caller)}": LETTERS_PER_CALLER,
    }
    wait = users.blocked_for(tx, list(limits), limits=limits, window=WINDOW, now=now)
    if wait:
        raise TooManyRequests(wait, _("Too many tries for now. Please wait a little."))
    users.note_failure(tx, list(limits), window=WINDOW, now=now)


def _short(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:40]


def check_reset(token: str, *, now: datetime) -> None:
    """Raise :class:`Gone` unless the link still works."""
    with read_unit() as tx:
        one_time.find(tx, one_time.RESET, token, now=now)


def reset_password(token: str, new: str, *, now: datetime) -> str:
    """Set a new password by a mailed link; every session of the member ends.

    Returns
    -------
    str
        The member's e-mail address, for the form that follows.

    Raises
    ------
    Gone
        If the link was used, is too old or never was.
    InvalidInput
        Naming ``password``; the link can be used again then.
    """
    with read_unit() as tx:
        user = users.by_id(tx, one_time.find(tx, one_time.RESET, token, now=now).user_id)
    if user is None:
        raise NotFound
    if problem := passwords.problem_with(new, email=user.email):
        raise InvalidInput({"password": problem})
    hashed = passwords.hash_password(new)
    with unit_of_work() as tx:
        one_time.use(tx, one_time.RESET, token, now=now)
        users.change(tx, user.user_id, password_hash=hashed)
        sessions.remove_of_user(tx, user.user_id)
        users.forget_failures(tx, throttle_key("account", user.email))
        tokens.drop(tx, user.user_id)
        operations.add_message(tx, "mail.password_changed", {"email": user.email}, now=now)
    log.info("password_reset", extra={"user_id": user.user_id})
    return user.email


def ask_new_email(user_id: int, *, email: str, password: str, caller: str, language: str, now: datetime) -> None:
    """Have a link mailed to a new address that confirms it.

    Raises
    ------
    InvalidInput
        Naming ``new_email`` or ``password``.
    TooManyRequests
        After five letters to one address, or ten wrong passwords, within a quarter of an hour.
    """
    with read_unit() as tx:
        user = users.by_id(tx, user_id)
    if user is None:
        raise NotFound
    try:
        new = clean_email(email)
    except InvalidInput as refused:
        raise InvalidInput({"new_email": refused.errors["email"]}) from refused
    if new == user.email:
        raise InvalidInput({"new_email": _("This is the address you have.")})
    user = confirm_password(user_id, password, field="password", now=now)
    payload = {"email": new, "user_id": user_id, "mark": passwords.mark(user.password_hash), "language": language}
    with unit_of_work() as tx:
        keep_confirmed(tx, user, field="password")
        _count(tx, "email", new, caller, now=now)
        operations.add_message(tx, "mail.confirm_email", payload, now=now)


def new_email_of(token: str, *, now: datetime) -> str:
    """Return the address a mailed link confirms, or raise :class:`Gone`."""
    with read_unit() as tx:
        return one_time.find(tx, one_time.EMAIL, token, now=now).detail


def confirm_email(token: str, *, now: datetime) -> int:
    """Give a member the address their link confirms; the old address is told. Return the member's id.

    Raises
    ------
    Gone
        If the link was used, is too old or never was.
    Conflict
        If the address got an account of its own meanwhile.
    """
    with unit_of_work() as tx:
        found = one_time.use(tx, one_time.EMAIL, token, now=now)
        user = users.by_id(tx, found.user_id)
        if user is None:
            raise NotFound
        if not users.change_email(tx, user.user_id, found.detail):
            raise Conflict(_("There is an account with that address already."))
        tokens.drop(tx, user.user_id)
        operations.add_message(tx, "mail.email_changed", {"email": user.email, "user_id": user.user_id}, now=now)
    log.info("email_changed", extra={"user_id": user.user_id})
    return user.user_id
