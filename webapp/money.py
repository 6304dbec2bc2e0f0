"""Amounts as people write them, and the integer cents they become."""

from __future__ import annotations

from decimal import Decimal, DecimalException

from flask_babel import gettext as _

from webapp.errors import InvalidInput
from webapp.formatting import major_units

MAX_CENTS = 10**9


def parse_price(raw: str, currency: str, *, name: str) -> int:
    """Read a price in major units with a point or a comma.

    Raises
    ------
    InvalidInput
        Naming the field.
    """
    unit = 1 / major_units(1, currency)
    try:
        cents = Decimal(raw.strip().replace(",", ".")) * unit
    except DecimalException:
        cents = Decimal("NaN")
    if not cents.is_finite() or cents != cents.to_integral_value() or not 0 <= cents < MAX_CENTS:
        raise InvalidInput({name: _("Write a price such as 9.99.")})
    return int(cents)
