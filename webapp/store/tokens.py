"""Links sent by mail: only their hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from webapp.store.models import OneTimeToken
from webapp.store.tx import Tx


@dataclass(frozen=True, slots=True)
class TokenRow:
    """Whose link it is and what it changes."""

    user_id: int
    detail: str


def add(
    tx: Tx, *, purpose: str, user_id: int, token_hash: str, detail: str, expires_at: datetime, now: datetime
) -> None:
    """Add a link."""
    values = {"purpose": purpose, "user_id": user_id, "token_hash": token_hash, "detail": detail}
    tx.execute(insert(OneTimeToken).values(**values, created_at=now, expires_at=expires_at))


def find(tx: Tx, purpose: str, token_hash: str, *, now: datetime) -> TokenRow | None:
    """Return a link that can still be used."""
    row = tx.row(
        select(OneTimeToken.user_id, OneTimeToken.detail).where(
            OneTimeToken.purpose == purpose,
            OneTimeToken.token_hash == token_hash,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
        )
    )
    return TokenRow(row[0], row[1]) if row else None


def use(tx: Tx, purpose: str, token_hash: str, *, now: datetime) -> TokenRow | None:
    """Use a link up and return it; None when it was used, is too old or never was."""
    row = tx.row(
        update(OneTimeToken)
        .where(
            OneTimeToken.purpose == purpose,
            OneTimeToken.token_hash == token_hash,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeToken.user_id, OneTimeToken.detail)
    )
    return TokenRow(row[0], row[1]) if row else None


def drop(tx: Tx, user_id: int, purpose: str = "") -> None:
    """Make a member's links useless: those of one purpose, or all."""
    statement = delete(OneTimeToken).where(OneTimeToken.user_id == user_id)
    tx.change(statement.where(OneTimeToken.purpose == purpose) if purpose else statement)


def sweep(tx: Tx, *, now: datetime) -> int:
    """Remove links whose time is over."""
    return int(tx.change(delete(OneTimeToken).where(OneTimeToken.expires_at <= now)))
