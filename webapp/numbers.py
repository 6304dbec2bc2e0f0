"""Whole numbers that come from outside: plain digits, and no larger than the database can hold."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter, Map

MAX_ID = 2**31 - 1  # keys are 32 bits wide in PostgreSQL; a larger number is an error there, not a row that is missing
N_DIGITS = len(str(MAX_ID))


def whole(raw: str, most: int = MAX_ID) -> int | None:
    """Read plain digits; None for anything else and for a number above ``most``."""
    if not (raw.isascii() and raw.isdigit()) or len(raw) > N_DIGITS:
        return None
    return int(raw) if int(raw) <= most else None


class KeyConverter(IntegerConverter):
    """``<int:...>`` in an address: a number that no row can have names nothing."""

    regex = rf"\d{{1,{N_DIGITS}}}"

    def __init__(self, rules: Map, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, *arguments, **{"max": MAX_ID, **options})
