"""Money, dates and counts as they are written."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import render_template_string

from webapp import formatting

from .samples import NOW
from .site import make_app


@pytest.mark.parametrize(
    ("cents", "currency", "locale", "written"),
    [
        (123456, "EUR", "en", "€1,234.56"),
        (123456, "EUR", "de", "1.234,56\N{NO-BREAK SPACE}€"),
        (123456, "JPY", "en", "¥123,456"),
        (123456, "KWD", "en", "KWD123.456"),
        (0, "EUR", "en", "€0.00"),
        (-490, "EUR", "en", "-€4.90"),
    ],
)
def test_money_has_the_decimals_of_its_currency(cents: int, currency: str, locale: str, written: str) -> None:
    assert formatting.money(cents, currency, locale).replace("\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}") == written


def test_major_units_are_exact() -> None:
    assert formatting.major_units(10, "EUR") == Decimal("0.10")
    assert formatting.amount(1800, "EUR") == "18.00"
    assert formatting.amount(1800, "JPY") == "1800"


@pytest.mark.parametrize(
    ("currency", "locale", "written"),
    [("EUR", "en", "1234.50"), ("EUR", "de", "1234,50"), ("JPY", "de", "123450"), ("KWD", "de", "123,450")],
)
def test_an_amount_in_a_field_has_the_sign_of_the_language_and_no_other(
    currency: str, locale: str, written: str
) -> None:
    assert formatting.typed_amount(123_450, currency, locale) == written


@pytest.mark.parametrize(("value", "written"), [("19", "19"), ("5.5", "5,5"), ("0", "0"), ("1E+2", "100")])
def test_a_number_in_a_field_keeps_its_decimals(value: str, written: str) -> None:
    assert formatting.typed_number(Decimal(value), "de") == written


def test_numbers_take_the_locale() -> None:
    assert formatting.number(12345, "de") == "12.345"
    assert formatting.decimal(4.26, 1, "en") == "4.3"
    assert formatting.decimal(4.0, 0, "en") == "4"
    assert formatting.percent(0.123, 1, "en") == "12.3%"


def test_times_are_written_for_people_and_machines() -> None:
    assert formatting.day(NOW, "en") == "November 20, 2026"
    assert formatting.daytime(NOW, "en").replace("\N{NARROW NO-BREAK SPACE}", " ") == "Nov 20, 2026 10:30 AM UTC"
    assert formatting.ago(NOW - timedelta(days=3), NOW, "en") == "3 days ago"
    assert formatting.iso(NOW) == "2026-11-20T10:30:00+00:00"


@pytest.mark.parametrize(("seconds", "written"), [(9.24, "9.2~s"), (48.4, "48~s"), (200, "3~min 20~s")])
def test_length_of_a_job(seconds: float, written: str) -> None:
    assert formatting.duration(seconds) == written.replace("~", "\N{NO-BREAK SPACE}")


def test_a_short_job_is_written_as_the_language_does() -> None:
    assert formatting.duration(9.24, "de") == "9,2\N{NO-BREAK SPACE}s"


def test_paragraphs_split_at_blank_lines() -> None:
    assert formatting.paragraphs("a\r\n\r\nb\nc\n\n\n") == ["a", "b\nc"]


def test_filters_follow_the_request() -> None:
    app = make_app()
    with app.test_request_context():
        assert render_template_string("{{ 1800 | money('EUR') }} {{ 1234 | number }}") == "€18.00 1,234"


def test_times_are_shown_in_the_zone_of_the_shop() -> None:
    app = make_app(time_zone="Asia/Tokyo")
    with app.test_request_context():
        late = NOW.replace(hour=23)
        assert render_template_string("{{ at | day }}", at=late) == "November 21, 2026"
        assert render_template_string("{{ at | daytime }}", at=late).endswith("8:30\N{NARROW NO-BREAK SPACE}AM JST")


def test_has_endpoint_knows_what_the_app_serves() -> None:
    app = make_app(leave_out=("shop.theme",))
    assert formatting.has_endpoint(app, "shop.home")
    assert not formatting.has_endpoint(app, "shop.theme")
