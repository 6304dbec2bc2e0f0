"""Keys of programs: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta

from webapp.errors import Busy, InvalidInput, NotFound
from webapp.store import operations
from webapp.store.tx import read_unit, single_read, unit_of_work

SCOPES = ("recommendations:read", "feedback:write", "catalogue:read")
PREFIX = "kd_"
MAX_NAME = 80
TOUCH_EVERY = timedelta(minutes=5)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def create(name: str, scopes: Collection[str], *, now: datetime) -> str:
    """Make a key and return it; nobody can read it again.

    Raises
    ------
    InvalidInput
        If a scope is not one of ``SCOPES``, or the name would not stand in one line of a list.
    """
    if not 1 <= len(name.strip()) <= MAX_NAME or not name.isprintable():
        raise InvalidInput({"name": f"write 1 to {MAX_NAME} characters in one line"})
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidInput({"scopes": f"choose among {', '.join(SCOPES)}"})
    token = PREFIX + secrets.token_urlsafe(32)
    with unit_of_work() as tx:
        prefix = token[: len(PREFIX) + 6]
        operations.add_key(tx, name=name, prefix=prefix, key_hash=_hash(token), scopes=scopes, now=now)
    return token


def scopes_of(token: str, *, now: datetime) -> frozenset[str] | None:
    """Return what a key may do; None when it is unknown or revoked."""
    if not token.startswith(PREFIX) or len(token) > 100:
        return None
    with single_read() as tx:
        found = operations.key_scopes(tx, _hash(token))
    if found is None:
        return None
    key_id, scopes, used_at = found
    if used_at is None or now - used_at > TOUCH_EVERY:
        with suppress(Busy), unit_of_work() as tx:  # a key opens whether its use can be noted or not
            operations.touch_key(tx, key_id, now=now)
    return frozenset(scopes)


def every() -> list[operations.ApiKeyRow]:
    """Return all keys without their secrets."""
    with read_unit() as tx:
        return operations.keys(tx)


def revoke(key_id: int, *, now: datetime) -> None:
    """End a key at once.

    Raises
    ------
    NotFound
        If no key in use has this number.
    """
    with unit_of_work() as tx:
        if not operations.revoke_key(tx, key_id, now=now):
            raise NotFound("There is no key in use with this number.")
