"""Passwords: argon2id at OWASP's first recommendation, rehashed when that changes."""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from flask_babel import gettext as _

MIN_LENGTH, MAX_LENGTH = 8, 128
COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_at_once = threading.BoundedSemaphore(4)  # each hash holds 19 MiB; a flood of sign-ins must not eat the memory


def problem_with(password: str, *, email: str = "") -> str:
    """Say what keeps ``password`` from being used, empty when nothing does. No rules of composition."""
    if len(password) < MIN_LENGTH:
        return _("Use at least %(n)s characters.", n=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        return _("Use at most %(n)s characters.", n=MAX_LENGTH)
    lowered = password.lower()
    if lowered in COMMON or len(set(lowered)) < 3 or lowered == email.lower() or lowered == email.partition("@")[0]:
        return _("This one is among the first that are guessed. Choose another.")
    return ""


def hash_password(password: str) -> str:
    """Return the string to store."""
    with _at_once:
        return _hasher.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Compare; without a stored hash a dummy is compared, so that it takes as long."""
    if len(password) > MAX_LENGTH:
        return False
    with _at_once:
        try:
            return _hasher.verify(stored or _dummy(), password) and stored is not None
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other settings than today's."""
    return _hasher.check_needs_rehash(stored)


def mark(stored: str | None) -> str:
    """Return what tells later whether a password is still the same one; nothing can be compared with it but that."""
    return hashlib.sha256((stored or "").encode()).hexdigest()


@cache
def _dummy() -> str:
    return _hasher.hash("a password nobody has")
