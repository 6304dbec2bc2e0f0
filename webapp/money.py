"""Amounts as people write them, and the integer cents they become."""

from __future__ import annotations

import re
from decimal import Decimal, DecimalException

from flask_babel import get_locale
from flask_babel import gettext as _

from webapp.errors import InvalidInput
from webapp.formatting import FALLBACK_LOCALE, major_units, typed_amount

MAX_CENTS = 10**9
EXAMPLE_CENTS = 999
THOUSANDS = re.compile(r"\d{1,3}(?:([.,'’\s])\d{3})(?:\1\d{3})*")
THOUSANDS_SIGN = re.compile(r"\D")


def parse_price(raw: str, currency: str, *, name: str) -> int:
    """Read a price in major units with a point or a comma, and with signs of thousands before that.

    Raises
    ------
    InvalidInput
        Naming the field.
    """
    unit = 1 / major_units(1, currency)
    try:
        cents = Decimal(_without_thousands(raw.strip()).replace(",", ".")) * unit
    except DecimalException:
        cents = Decimal("NaN")
    if not cents.is_finite() or cents != cents.to_integral_value() or not 0 <= cents < MAX_CENTS:
        raise InvalidInput({name: asked_price(currency)})
    return int(cents)


def _without_thousands(text: str) -> str:
    """Return ``1234,50`` for ``1.234,50``; a lone sign is that of the decimals."""
    whole, sign, decimals = text.rpartition(max(".,", key=text.rfind))
    found = THOUSANDS.fullmatch(whole)
    return THOUSANDS_SIGN.sub("", whole) + sign + decimals if found and found[1] != sign else text


def asked_price(currency: str) -> str:
    """Return the sentence that asks for a price, with one as it is written in this currency and language."""
    example = typed_amount(EXAMPLE_CENTS, currency, str(get_locale() or FALLBACK_LOCALE))
    return _("Write a price such as %(example)s.", example=example)
