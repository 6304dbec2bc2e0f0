"""How money, dates, counts and shares are written; Jinja filters around pure functions.

The pure functions take the locale; the filters installed in the app pass the one Flask-Babel chose for the request.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial, wraps
from typing import Any
from unicodedata import combining, normalize

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from flask import Flask
from flask_babel import get_locale, to_user_timezone

FALLBACK_LOCALE = "en"


def major_units(cents: int, currency: str) -> Decimal:
    """Return an amount of minor units as a decimal of the major unit.

    Parameters
    ----------
    cents : int
        Amount in the smallest unit of the currency.
    currency : str
        ISO 4217 code; yen has no smaller unit, the Kuwaiti dinar a thousandth.

    Returns
    -------
    Decimal
        Exact, with as many decimals as the currency has.
    """
    return Decimal(cents).scaleb(-get_currency_precision(currency))


def money(cents: int, currency: str, locale: str = FALLBACK_LOCALE) -> str:
    """Write an amount of minor units with its currency sign, for example ``€49.00`` or ``¥4,900``."""
    return format_currency(major_units(cents, currency), currency, locale=locale)


def amount(cents: int, currency: str) -> str:
    """Write an amount for machines, as in JSON-LD: decimal point, no sign, no grouping."""
    return str(major_units(cents, currency))


def typed_amount(cents: int, currency: str, locale: str = FALLBACK_LOCALE) -> str:
    """Write an amount as somebody types it into a field, for example ``49,00`` in German: no sign, no grouping."""
    return typed_number(major_units(cents, currency), locale)


def typed_number(value: Decimal, locale: str = FALLBACK_LOCALE) -> str:
    """Write a number as somebody types it into a field: all its decimals behind the locale's sign, no grouping."""
    places = max(0, -int(value.as_tuple().exponent))
    return format_decimal(value, format="0." + "0" * places if places else "0", locale=locale)


def number(value: float, locale: str = FALLBACK_LOCALE) -> str:
    """Write a whole number with the grouping of the locale."""
    return format_decimal(value, format="#,##0", locale=locale)


def alphabetically(name: str) -> tuple[str, str]:
    """Return what sorts names as a reader looks for them: Österreich beside Oman, small letters beside capitals."""
    plain = "".join(sign for sign in normalize("NFKD", name.casefold()) if not combining(sign))
    return plain, name


def decimal(value: float, places: int = 1, locale: str = FALLBACK_LOCALE) -> str:
    """Write a number with exactly so many decimals."""
    pattern = "#,##0." + "0" * places if places else "#,##0"
    return format_decimal(value, format=pattern, locale=locale)


def percent(share: float, places: int = 0, locale: str = FALLBACK_LOCALE) -> str:
    """Write a share between 0 and 1 as percent, with a space before the sign where the language has one."""
    pattern = Locale.parse(locale).percent_formats[None].pattern
    if places:
        pattern = pattern.replace("#,##0", "#,##0." + "0" * places)
    return format_percent(share, format=pattern, locale=locale)


def day(at: datetime, locale: str = FALLBACK_LOCALE) -> str:
    """Write the day of a moment, for example ``3 March 2026`` as the locale has it."""
    return format_date(at, format="long", locale=locale)


def daytime(at: datetime, locale: str = FALLBACK_LOCALE) -> str:
    """Write day and time of a moment in short form, with its zone."""
    parts = format_date(at, format="medium", locale=locale), format_time(at, format="short", locale=locale)
    return " ".join((*parts, at.tzname() or "")).rstrip()


def ago(at: datetime, now: datetime, locale: str = FALLBACK_LOCALE) -> str:
    """Write how long ago something was, for example ``3 days ago``."""
    return format_timedelta(at - now, add_direction=True, locale=locale)


def duration(seconds: float, locale: str = FALLBACK_LOCALE) -> str:
    """Write how long a job took, for example ``9.2 s``, ``48 s`` or ``3 min 20 s``; no line ends before a unit."""
    whole, gap = round(seconds), "\N{NO-BREAK SPACE}"
    if whole < 60:
        return f"{decimal(seconds, 1, locale) if seconds < 10 else whole}{gap}s"
    return f"{whole // 60}{gap}min {whole % 60:02d}{gap}s"


def paragraphs(text: str) -> list[str]:
    """Split plain text at blank lines, leaving out empty pieces."""
    return [piece.strip() for piece in text.replace("\r\n", "\n").split("\n\n") if piece.strip()]


def iso(at: datetime) -> str:
    """Write a moment as a machine reads it, for the ``datetime`` attribute."""
    return at.isoformat(timespec="seconds")


def has_endpoint(app: Flask, name: str) -> bool:
    """Tell whether the app serves an endpoint; templates leave out what it does not offer."""
    return name in app.view_functions


def _locale() -> str:
    """Return the request's locale as Babel writes it."""
    chosen = get_locale()
    return str(chosen) if chosen else FALLBACK_LOCALE


def _localised(function: Callable[..., str]) -> Callable[..., str]:
    """Wrap a pure function so that it gets the request's locale."""

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> str:
        return function(*args, locale=_locale(), **kwargs)

    return wrapped


def _in_shop_time(function: Callable[..., str]) -> Callable[[datetime], str]:
    """Wrap a pure function of a moment so that it gets the shop's time zone and the request's locale."""

    @wraps(function)
    def wrapped(at: datetime) -> str:
        return function(to_user_timezone(at), locale=_locale())

    return wrapped


def _ago_now(at: datetime) -> str:
    """Write how long ago a moment was, measured from now."""
    return ago(at, datetime.now(UTC), locale=_locale())


def install(app: Flask) -> None:
    """Register the filters and globals that the templates use; call it before the first template is loaded."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    localised: dict[str, Callable[..., str]] = {
        "money": money,
        "typed_amount": typed_amount,
        "number": number,
        "decimal": decimal,
        "percent": percent,
        "duration": duration,
    }
    app.jinja_env.filters.update({name: _localised(function) for name, function in localised.items()})
    app.jinja_env.filters.update(day=_in_shop_time(day), daytime=_in_shop_time(daytime))
    app.jinja_env.filters.update(ago=_ago_now, amount=amount, iso=iso, paragraphs=paragraphs)
    app.jinja_env.globals.update(has_endpoint=partial(has_endpoint, app))
