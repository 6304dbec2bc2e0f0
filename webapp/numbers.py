"""Numbers that come from outside: no larger than the database can hold, and such as the recommender can use."""

from __future__ import annotations

import math
import struct
from typing import Any

from werkzeug.routing import IntegerConverter, Map

MAX_ID = 2**31 - 1  # keys are 32 bits wide in PostgreSQL; a larger number is an error there, not a row that is missing
N_DIGITS = len(str(MAX_ID))


def whole(raw: str, most: int = MAX_ID) -> int | None:
    """Read plain digits; None for anything else and for a number above ``most``."""
    if not (raw.isascii() and raw.isdigit()) or len(raw) > N_DIGITS:
        return None
    return int(raw) if int(raw) <= most else None


def is_quantity(number: float) -> bool:
    """Whether a number of pieces is one to the recommender: positive and finite in the 32 bits in which it keeps it."""
    try:
        (kept,) = struct.unpack("f", struct.pack("f", number))
    except OverflowError:
        return False
    return 0 < kept < math.inf


class KeyConverter(IntegerConverter):
    """``<int:...>`` in an address: a number that no row can have names nothing."""

    regex = rf"[0-9]{{1,{N_DIGITS}}}"  # \d takes the digits of every script

    def __init__(self, rules: Map, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, *arguments, **{"max": MAX_ID, **options})
