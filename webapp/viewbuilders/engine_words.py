"""What the engine says of a model, in the language of the page.

The engine speaks English, and what it said lies in runs and in model cards. A sentence is known by its form; what fills
the form is put into the same form of another language, numbers as that language writes them.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from babel.numbers import format_decimal
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp.formatting import FALLBACK_LOCALE, percent
from webapp.viewbuilders.engine_forms import FORMS
from webapp.viewbuilders.engine_names import feature_label, source_label
from webapp.viewbuilders.labels import check_label

_PLACE = re.compile(r"%\((\w+)\)s")
_OF_WORDS = {"at", "block", "item", "kind", "name", "names", "reason", "robust", "snips", "taken", "who"}
_OF_OTHERS = {"item", "names", "who"}  # ids, and titles of products: nobody translates those
_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(%?)")
_CODE = re.compile(r"`([^`]+)`")
_PARTS = re.compile(r"; (?=(?:comes|goes): )")  # of what an example of somebody's list says
_LINE = re.compile(r"(#+ |- )?(.*)")
_RULE = re.compile(r"[|\- ]+")


def said(text: str) -> str | None:
    """Say a sentence of the engine in the language of the page; None for one of no known form."""
    parts = [_one(part) for part in _PARTS.split(text)]
    known = [part for part in parts if part is not None]
    return "; ".join(known) if len(known) == len(parts) else None


def card(text: str) -> str:
    """Say a model card, a page of Markdown, in the language of the page; lines of no known form stay."""
    return "\n".join(_table_row(line) if line.startswith("|") else _line(line) for line in text.split("\n"))


def _one(text: str) -> str | None:
    for form, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return _(form, **{name: _value(name, raw) for name, raw in found.groupdict().items()})
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Every form with what it looks like; what says the most of its own is tried first."""
    by_weight = sorted(FORMS, key=lambda form: len(_PLACE.sub("", form)), reverse=True)
    return tuple((form, _pattern(form)) for form in by_weight)


def _pattern(form: str) -> re.Pattern[str]:
    pieces = _PLACE.split(form)  # text, name, text, name, ...
    return re.compile("".join(_place(one) if at % 2 else re.escape(one) for at, one in enumerate(pieces)))


def _place(name: str) -> str:
    return f"(?P<{name}>{'.+?' if name in _OF_WORDS else r'[^ ]+?'})"


def _value(name: str, raw: str) -> str:
    if name in _OF_OTHERS:
        return raw
    number = _NUMBER.fullmatch(raw)
    return _number(number) if number else (_one(raw) or raw)


def _number(found: re.Match[str]) -> str:
    sign, whole, decimals, is_share = found.groups()
    locale = str(get_locale() or FALLBACK_LOCALE)
    value, places = Decimal(whole.replace(",", "") + (decimals or "")), len(decimals or ".") - 1
    if is_share:
        return sign + percent(float(value / 100), places, locale)
    return sign + format_decimal(value, format="#,##0" + "." * bool(places) + "0" * places, locale=locale)


def _line(line: str) -> str:
    found = _LINE.fullmatch(line)
    if not found or not found[2]:
        return line
    text = found[2]
    if text.startswith("Sources: "):
        text = _CODE.sub(lambda name: _described(name[1], source_label(name[1])), text)
    return (found[1] or "") + (said(text) or text)


def _table_row(line: str) -> str:
    if _RULE.fullmatch(line):
        return line
    cells = [_cell(cell.strip()) for cell in line.strip("|").split("|")]
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    code = _CODE.fullmatch(text)
    if code:
        return _described(code[1], feature_label(code[1]))
    return _number(found) if (found := _NUMBER.fullmatch(text)) else (said(text) or check_label(text))


def _described(name: str, words: str) -> str:
    """A technical name, with what it means where somebody wrote that down."""
    return f"`{name}` ({words})" if words else f"`{name}`"
