"""Text into numbers, prices, times and plain sentences, a column at a time; what cannot be read becomes NaN or ""."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.data.validation import to_float32

Floats = NDArray[np.float64]

_NUMBER = re.compile(r"\d[\d.,\s]*\d|\.?\d")
_NOT_A_PRICE = re.compile(r"[{}<>#;:]|[^\W\d_]{5}")
_DECIMAL_COMMA = re.compile(r",\d{1,2}$")
_MANY_POINTS = re.compile(r"\d{1,3}(\.\d{3}){2,}")
_SWISS_THOUSANDS = re.compile(r"(?<=\d)['’](?=\d{3}(?!\d))")
_NO_CENTS = re.compile(r"(?<=\d)([.,])[-–—](?!\d)")
_EXPONENT = re.compile(r"[eE][-+]?\d")
_ONE_POINT = re.compile(r"\d{1,3}\.\d{3}")
_WEIGHT = re.compile(
    r"^\s*([\d.,]+)\s*(kg|kgs|kilograms?|g|gm|gms|grams?|mg|lbs?|pounds?|oz|ounces?)?\.?\s*$", re.IGNORECASE
)
_GRAMS = {"k": 1000.0, "g": 1.0, "m": 0.001, "l": 453.59237, "p": 453.59237, "o": 28.349523125}
_UNKNOWN_WEIGHT = 999_999_999
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_SPACE = re.compile(r"\s+")
_MILLISECONDS_FROM = 1e11
_MICROSECONDS_FROM = 1e14
_LISTS = (list, tuple, np.ndarray)


def as_text(column: pd.Series) -> pd.Series:
    """The column as text: whole numbers by their plain digits, missing values as ""; text stays as it is."""
    if pd.api.types.is_string_dtype(column.dtype) and not pd.api.types.is_object_dtype(column.dtype):
        return column.fillna("")
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.astype(str).where(column.notna(), "")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.to_datetime(column, utc=True).map(lambda t: "" if pd.isna(t) else t.isoformat()).astype(str)
    return column.map(_one_as_text).astype(str)


def _one_as_text(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return ""
    if isinstance(value, _LISTS):
        return " ".join(_one_as_text(part) for part in value)
    return str(int(value)) if isinstance(value, (float, np.floating)) and float(value).is_integer() else str(value)


def numbers(text: pd.Series) -> Floats:
    """Plain numbers such as ``4.5`` or ``-2``; NaN for anything else."""
    values = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def prices(text: pd.Series) -> Floats:
    """Amounts in texts such as ``$1,250.00``, ``1.299,00 €``, ``1'299.–`` or ``$5.00 - $10.00`` (the lower one counts).

    A point before three digits, as in ``1.299``, is that of a fraction, but of thousands in a column in which another
    amount has its cents behind a comma. NaN for anything else; the style sheets that were scraped into some price
    fields are not taken for amounts.
    """
    plain = numbers(text)
    rest = np.isnan(plain) & (text != "").to_numpy()
    if rest.any():
        digits = {value: found for value in text.unique() if (found := _digits_of_price(value))}
        in_thousands = any(_DECIMAL_COMMA.search(found) for found in digits.values())
        again = (
            rest | text.map(lambda value: in_thousands and bool(_ONE_POINT.fullmatch(digits.get(value, "")))).to_numpy()
        )
        plain[again] = [_price(digits.get(value, ""), in_thousands=in_thousands) for value in text[again]]
    return np.where((plain >= 0) & np.isfinite(to_float32(plain)), plain, np.nan)


def _digits_of_price(value: str) -> str:
    value = _NO_CENTS.sub(r"\g<1>00", _SWISS_THOUSANDS.sub("", value))
    found = None if _NOT_A_PRICE.search(value) else _NUMBER.search(value)
    if not found or "-" in value[: found.start()] or _EXPONENT.match(value, found.end()):
        return ""
    return _SPACE.sub("", found[0])


def _price(digits: str, *, in_thousands: bool) -> float:
    if _DECIMAL_COMMA.search(digits):
        digits = digits.replace(".", "").replace(",", ".")
    elif _MANY_POINTS.fullmatch(digits) or (in_thousands and _ONE_POINT.fullmatch(digits)):
        digits = digits.replace(".", "")
    try:
        return float(digits.replace(",", ""))
    except ValueError:
        return np.nan


def grams(text: pd.Series) -> Floats:
    """Weights such as ``2 Kg``, ``350 g`` or ``1.2 pounds`` in grams; bare numbers are grams.

    NaN for anything else and for 999999999, by which the fashion file says that it does not know.
    """
    return np.array([_grams(value) for value in text], dtype=np.float64)


def _grams(value: str) -> float:
    found = _WEIGHT.match(value)
    if not found:
        return np.nan
    try:
        amount = float(found[1].replace(",", ""))
    except ValueError:
        return np.nan
    return np.nan if amount >= _UNKNOWN_WEIGHT else amount * _GRAMS[(found[2] or "g")[0].lower()]


def seconds(text: pd.Series) -> Floats:
    """UTC seconds from seconds, milliseconds, microseconds or ISO 8601 texts (without a zone they are UTC)."""
    values = numbers(text)
    values = np.where(values >= _MICROSECONDS_FROM, values / 1000, values)
    values = np.where(values >= _MILLISECONDS_FROM, np.floor(values / 1000), values)
    # pandas takes the words "now" and "today" for times.
    rest = np.isnan(values) & text.str.contains(r"\d", regex=True).to_numpy(dtype=bool)
    if rest.any():
        values[rest] = _of_times(pd.to_datetime(text[rest], format="ISO8601", utc=True, errors="coerce"))
    return values


def local_seconds(text: pd.Series, zone: str, formats: Iterable[str]) -> Floats:
    """UTC seconds from wall-clock times in a zone; the first format that fits counts, the hour that occurs twice is
    taken as the later one."""
    values = np.full(len(text), np.nan)
    for wanted in formats:
        rest = np.isnan(values)
        if not rest.any():
            break
        times = pd.to_datetime(text[rest], format=wanted, errors="coerce")
        ambiguous = np.zeros(len(times), dtype=bool)
        local = times.dt.tz_localize(zone, ambiguous=ambiguous, nonexistent="shift_forward")
        values[rest] = _of_times(local.dt.tz_convert("UTC"))
    return values


def _of_times(times: pd.Series) -> Floats:
    whole = times.dt.as_unit("s").astype("int64").to_numpy(dtype=np.float64)
    return np.where(times.isna(), np.nan, whole)


def plain_text(text: pd.Series) -> pd.Series:
    """Text without HTML entities, tags and runs of white space."""
    marked = text.str.contains(r"[&<]|\s\s|[\t\r\n]|^\s|\s$", regex=True)
    if not marked.any():
        return text
    return text.where(~marked, text[marked].map(_plain).reindex(text.index, fill_value=""))


def _plain(value: str) -> str:
    # Some descriptions were escaped twice.
    unescaped = html.unescape(html.unescape(value)) if "&" in value else value
    return _SPACE.sub(" ", _TAG.sub(" ", unescaped)).strip()


def lists(column: pd.Series) -> list[list[str]]:
    """The entries of a column of lists; a text that is not empty counts as a list of one."""
    return [_entries(value) for value in column]


def _entries(value: Any) -> list[str]:
    if isinstance(value, _LISTS):
        return [entry for part in value for entry in _entries(part)]
    text = _one_as_text(value).strip()
    return [text] if text else []


def joined(column: pd.Series, separator: str) -> pd.Series:
    """The column as readable text, the entries of lists with a separator between; of several lists the first counts."""
    return pd.Series([_joined(value, separator) for value in column], index=column.index, dtype=str)


def _joined(value: Any, separator: str) -> str:
    entries = _first_list(value) if isinstance(value, _LISTS) else [value]
    return separator.join(filter(None, (_plain(entry) for one in entries for entry in _entries(one))))


def _first_list(value: Any) -> Any:
    return value[0] if len(value) and isinstance(value[0], _LISTS) else value


def category_path(levels: Iterable[str]) -> str:
    """Levels as ``A > B``, each once; it ends before the first level that reads like a sentence.

    Amazon's 2018 category lists run on into the bullet points of the product, often behind a stray tag.
    """
    path: list[str] = []
    for level in levels:
        name = _plain(level)
        if len(name) > 40 or name.endswith(".") or not name:
            break
        if name not in path:
            path.append(name)
    return " > ".join(level.replace(" > ", " ") for level in path)
