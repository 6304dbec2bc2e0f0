"""Links that work once, for an hour. A copy of the database opens none of them: only their hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from webapp.errors import Gone
from webapp.store import tokens
from webapp.store.tokens import TokenRow
from webapp.store.tx import Tx

LIFE = timedelta(hours=1)
RESET, EMAIL = "reset", "email"
MAX_TOKEN = 100


def _hash(token: str) -> str:
    return hashlib.sha256(token[:MAX_TOKEN].encode()).hexdigest()


def make(tx: Tx, purpose: str, user_id: int, *, detail: str = "", now: datetime) -> str:
    """Make a link's token; the member's earlier links of that purpose open nothing any more."""
    token = secrets.token_urlsafe(32)
    tokens.drop(tx, user_id, purpose)
    tokens.add(
        tx,
        purpose=purpose,
        user_id=user_id,
        token_hash=_hash(token),
        detail=detail,
        expires_at=now + LIFE,
        now=now,
    )
    return token


def find(tx: Tx, purpose: str, token: str, *, now: datetime) -> TokenRow:
    """Return what a link stands for without using it up.

    Raises
    ------
    Gone
        If it was used, is too old or never was; the answer is the same.
    """
    found = tokens.find(tx, purpose, _hash(token), now=now)
    if found is None:
        raise Gone
    return found


def use(tx: Tx, purpose: str, token: str, *, now: datetime) -> TokenRow:
    """Use a link up and return what it stands for.

    Raises
    ------
    Gone
        If it was used, is too old or never was; the answer is the same.
    """
    found = tokens.use(tx, purpose, _hash(token), now=now)
    if found is None:
        raise Gone
    return found
