"""Amounts as people write them, and the integer cents they become."""

from __future__ import annotations

from decimal import Decimal, DecimalException

from flask_babel import get_locale
from flask_babel import gettext as _

from webapp.errors import InvalidInput
from webapp.formatting import FALLBACK_LOCALE, major_units, typed_amount

MAX_CENTS = 10**9
EXAMPLE_CENTS = 999


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
        raise InvalidInput({name: asked_price(currency)})
    return int(cents)


def asked_price(currency: str) -> str:
    """Return the sentence that asks for a price, with one as it is written in this currency and language."""
    example = typed_amount(EXAMPLE_CENTS, currency, str(get_locale() or FALLBACK_LOCALE))
    return _("Write a price such as %(example)s.", example=example)
