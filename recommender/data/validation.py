"""Checks of the frames that come from outside: each failure names the column and the first offending rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Real
from reprlib import repr as abridged
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from recommender.data.frames import is_frame
from recommender.errors import DataError
from recommender.types import EVENT_KINDS, KIND_CODE, AnyArray, BoolMask, Event, FloatVector, Rows

if TYPE_CHECKING:
    import pandas as pd

CLOCK_SKEW_SECONDS = 86_400
HALF_A_PAIR = "half a surrogate pair, which no text file can hold"
# Ids stand in an array as wide as the longest of them: one of 50 MB would take the memory of all of them.
MAX_ID_BYTES = 512
# What items share, such as a brand, is compared, sorted and shown as a whole; only an error in a file is so long.
MAX_LABEL_LENGTH = 2_000
LABEL_TOO_LONG = f"more than {MAX_LABEL_LENGTH:,} characters"
_FIRST_ROWS = 3
_NUMBERS = (int, float, np.integer, np.floating)  # and of these np.timedelta64 is one to NumPy
_SHOWN = 200
_TOO_LONG = f"an id is longer than {MAX_ID_BYTES} bytes"


@dataclass(frozen=True)
class DataReport:
    """What was read and what was mended on the way: ``repairs`` counts rows per kind of repair."""

    n_rows: int
    n_kept: int
    repairs: dict[str, int] = field(default_factory=dict)


def require_columns(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Raise DataError when one of the columns is absent, a name stands over two of them, or there is no frame."""
    if not is_frame(frame):
        raise DataError(f"this needs a DataFrame, not {type(frame).__name__}")
    if frame.columns.nlevels > 1:
        raise DataError(f"the columns have {frame.columns.nlevels} levels of names; the frame needs one")
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise DataError(f"column {str(repeated[0])!r} stands in the frame twice")
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        seen = ", ".join(map(str, frame.columns)) or "none"
        raise DataError(f"column {missing[0]!r} is missing; the frame has: {seen}")


def fail_where(
    bad: pd.Series | AnyArray | Sequence[bool], column: str, values: pd.Series | AnyArray | Sequence[Any], why: str
) -> None:
    """Raise DataError naming the first rows (counted from 0) for which ``bad`` holds."""
    rows = np.flatnonzero(np.asarray(bad))
    if not rows.size:
        return
    shown = ", ".join(f"row {r}: {_shown(np.asarray(values, dtype=object)[r])}" for r in rows[:_FIRST_ROWS])
    raise DataError(f"column {column!r}: {why} in {rows.size} row(s), first {shown}")


def _shown(value: object) -> str:
    text = _told(value, repr)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def shortened(value: object) -> str:
    """A value in few words, for a sentence about it."""
    return _told(value, abridged)


def _told(value: object, write: Callable[[object], str]) -> str:
    try:
        return write(value)
    except ValueError:  # Python refuses to write a whole number of thousands of digits
        return "a number of very many digits"


def clean_ids(series: pd.Series, column: str, repairs: dict[str, int]) -> pd.Series:
    """Ids as text.

    Whole numbers become their plain digits (7.0 and 7 are both "7") and a column that mixes numbers and text is
    turned into text row by row; both are counted in ``repairs``. Missing, empty and fractional ids and those above
    ``MAX_ID_BYTES`` raise DataError.
    """
    import pandas as pd

    fail_where(series.isna(), column, series, "an id is missing")
    is_text = pd.api.types.is_string_dtype(series.dtype) and not pd.api.types.is_object_dtype(series.dtype)
    if is_text and series.dtype.kind != "S":  # an array of bytes is none, whatever pandas says
        text = series
        _refuse_halves(text, column)
    elif pd.api.types.is_integer_dtype(series.dtype):
        text = series.astype(str)
        if len(series):
            repairs[f"{column}: whole numbers written as text"] = len(series)
    else:
        text = _ids_to_text(series.astype(object), column, repairs)
    unusable = text.eq("") | text.str.contains("\0", regex=False)
    fail_where(unusable, column, text, "an id is empty or has a NUL character")
    fail_where(is_too_long(text), column, text, _TOO_LONG)
    return text


def is_too_long(ids: pd.Series) -> BoolMask:
    """Mask of the ids, given as text without gaps, that have more than ``MAX_ID_BYTES`` bytes in UTF-8."""
    long = np.asarray(ids.str.len(), dtype=np.int64) > MAX_ID_BYTES // 4  # a character has at most four bytes
    long[long] = [len(text.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES for text in ids[long]]
    return long


def _ids_to_text(series: pd.Series, column: str, repairs: dict[str, int]) -> pd.Series:
    import pandas as pd

    is_text = series.map(lambda v: isinstance(v, str))
    numbers = series[~is_text]
    allowed = numbers.map(is_number)
    wrong_type = pd.Series(False, index=series.index)
    wrong_type.loc[numbers.index] = ~allowed.astype(bool)
    fail_where(wrong_type, column, series, "an id is neither text nor a whole number")
    fractional = pd.Series(False, index=series.index)
    fractional.loc[numbers.index] = numbers.map(_is_fraction).astype(bool)
    fail_where(fractional, column, series, "an id is a fraction")
    _refuse_halves(series, column)
    endless = series.map(lambda v: isinstance(v, int) and abs(v) >= 10**MAX_ID_BYTES).astype(bool)
    fail_where(endless, column, series, _TOO_LONG)
    if len(numbers):
        among = "numbers among text ids" if is_text.any() else "whole numbers"
        repairs[f"{column}: {among} written as text"] = len(numbers)
    return series.map(lambda v: v if isinstance(v, str) else str(int(v))).astype(str)


def _refuse_halves(ids: pd.Series, column: str) -> None:
    import pandas as pd

    if isinstance(ids.dtype, pd.ArrowDtype) or getattr(ids.dtype, "storage", "") == "pyarrow":
        return  # Arrow holds UTF-8
    broken = [isinstance(value, str) and not is_unicode(value) for value in ids]
    fail_where(broken, column, ids, f"an id holds {HALF_A_PAIR}")


def is_number(given: object) -> TypeGuard[int | float]:
    """Whether something is a real number of Python or NumPy; true, false and spans of time are none."""
    return isinstance(given, _NUMBERS) and not isinstance(given, (bool, np.timedelta64))


def _is_fraction(number: float) -> bool:
    return not isinstance(number, int) and not float(number).is_integer()


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def clean_kinds(frame: pd.DataFrame, repairs: dict[str, int]) -> AnyArray:
    """Codes of the event kinds; without the column, rows with a value are ratings and the rest purchases."""
    import pandas as pd

    if "kind" not in frame.columns:
        has_value = with_gaps(frame["value"]).notna() if "value" in frame.columns else np.zeros(len(frame), dtype=bool)
        repairs["kind: column absent, rating where there is a value, else purchase"] = len(frame)
        return np.where(has_value, KIND_CODE["rating"], KIND_CODE["purchase"]).astype(np.int8)
    given = frame["kind"]
    if isinstance(given.dtype, pd.ArrowDtype):  # of which only texts can be looked for among texts
        given = given.astype(object)
    known = given.isin(EVENT_KINDS)
    fail_where(~known, "kind", given, f"the kind is not one of {', '.join(EVENT_KINDS)}")
    return given.map(KIND_CODE).to_numpy(dtype=np.int8)


def clean_values(frame: pd.DataFrame, kinds: AnyArray, repairs: dict[str, int]) -> FloatVector:
    """Stars of ratings (1-5), positive quantities of purchases, NaN elsewhere: what stood there is counted."""
    if "value" not in frame.columns:
        frame = frame.assign(value=np.nan)
    given = with_gaps(frame["value"])
    values = to_numbers(given)
    fail_where(given.notna() & np.isnan(values), "value", frame["value"], "not a number")
    for why, bad in _value_faults(kinds, values):
        fail_where(bad, "value", values, why)
    has_value = (kinds == KIND_CODE["rating"]) | (kinds == KIND_CODE["purchase"])
    if n_left_out := int((~np.isnan(values) & ~has_value).sum()):
        repairs["value: left out beside kinds that have none"] = n_left_out
    return to_float32(np.where(has_value, values, np.nan))


def _value_faults(kinds: AnyArray, values: FloatVector) -> list[tuple[str, BoolMask]]:
    """What may be wrong with numbers beside event kinds, each with the mask of its rows."""
    stars = (kinds == KIND_CODE["rating"]) & ~((values >= 1) & (values <= 5))
    pieces = (kinds == KIND_CODE["purchase"]) & ~np.isnan(values) & ~is_quantity(values)
    return [
        ("a rating must be between 1 and 5", stars),
        ("a quantity must be positive and finite in 32 bits", pieces),
    ]


def clean_timestamps(column: pd.Series, repairs: dict[str, int], *, now: int | None = None) -> Rows:
    """UTC seconds, from numbers of them or from dates."""
    import pandas as pd

    fail_where(column.isna(), "timestamp", column, "the time is missing")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        utc = pd.to_datetime(column, utc=True)
        whole = utc.dt.as_unit("s")
        seconds, is_cut = np.asarray(whole.astype("int64"), dtype=np.float64), np.asarray(whole != utc)
    else:
        seconds = np.asarray(to_numbers(column))
        is_cut = seconds != np.floor(seconds)
    fail_where(np.isnan(seconds), "timestamp", column, "not a number of UTC seconds")
    for why, bad in _time_faults(seconds, now):
        fail_where(bad, "timestamp", column, why)
    if is_cut.any():
        repairs["timestamp: fractions of a second cut"] = int(is_cut.sum())
    return seconds.astype(np.int64)


def _time_faults(seconds: FloatVector, now: int | None) -> list[tuple[str, BoolMask]]:
    """What may be wrong with numbers of seconds, each with the mask of its rows."""
    latest = (time.time() if now is None else now) + CLOCK_SKEW_SECONDS
    return [
        ("not a number of UTC seconds since 1970", ~np.isfinite(seconds) | (seconds < 0)),
        ("the time lies in the future (milliseconds instead of seconds?)", seconds > latest),
    ]


def usable_events(frame: pd.DataFrame, *, now: int | None = None) -> tuple[pd.DataFrame, dict[str, int]]:
    """The rows of an event log that can be learned from, for a log whose keeper would rather lose a row than all.

    Parameters
    ----------
    frame : DataFrame
        As for :class:`Interactions`, with ``kind``, and ``value`` and ``timestamp`` as numbers. Ids are not looked at.
    now : int, optional
        Time against which "in the future" is judged, UTC seconds; the clock by default.

    Returns
    -------
    frame : DataFrame
        The same frame where nothing is left out.
    left_out : dict of str to int
        Number of rows for each reason; a row counts once.
    """
    kinds = frame["kind"].map(KIND_CODE).fillna(-1).to_numpy(dtype=np.int8)
    values, seconds = (frame[name].to_numpy(dtype=np.float64) for name in ("value", "timestamp"))
    usable, left_out = _usable(kinds, values, seconds, now)
    return (frame[usable] if left_out else frame), left_out


def usable_places(frame: pd.DataFrame, *, now: int | None = None) -> tuple[pd.DataFrame, dict[str, int]]:
    """Of places as :func:`recommender.data.impressions.clean_logged` takes them, those whose time can be meant."""
    usable, left_out = _without_faults(_time_faults(frame["timestamp"].to_numpy(dtype=np.float64), now), len(frame))
    return (frame[usable] if left_out else frame), left_out


def usable_told(
    told: Sequence[tuple[str, Event]], *, now: int | None = None
) -> tuple[list[tuple[str, Event]], dict[str, int]]:
    """Of users and their events those that :func:`usable_events` would leave, and how many it would not, by reason."""
    kinds = np.array([KIND_CODE.get(event.kind, -1) for _, event in told], dtype=np.int8)
    values = np.array([np.nan if event.value is None else event.value for _, event in told], dtype=np.float64)
    seconds = np.array([event.timestamp for _, event in told], dtype=np.float64)
    usable, left_out = _usable(kinds, values, seconds, now)
    return [told[row] for row in np.flatnonzero(usable).tolist()], left_out


def _usable(
    kinds: AnyArray, values: FloatVector, seconds: FloatVector, now: int | None
) -> tuple[BoolMask, dict[str, int]]:
    """Mask of the events that can be learned from, and how many cannot for each reason; a kind of -1 is none."""
    faults = [
        (f"the kind is not one of {', '.join(EVENT_KINDS)}", kinds < 0),
        *_value_faults(kinds, values),
        *_time_faults(seconds, now),
    ]
    return _without_faults(faults, len(kinds))


def _without_faults(faults: Sequence[tuple[str, BoolMask]], n_rows: int) -> tuple[BoolMask, dict[str, int]]:
    """Mask of the rows without any of the faults, and how many each of them took."""
    usable, left_out = np.ones(n_rows, dtype=bool), dict[str, int]()
    for why, bad in faults:
        if n_taken := int((usable & bad).sum()):
            left_out[why] = n_taken
            usable &= ~bad
    return usable, left_out


def clean_baskets(frame: pd.DataFrame) -> Rows:
    """A number per order; -1 where a row belongs to none."""
    import pandas as pd

    if "order_id" not in frame.columns:
        return np.full(len(frame), -1, dtype=np.int64)
    order_ids = with_gaps(frame["order_id"])
    unusable = order_ids.map(lambda v: not _is_hashable(v)).astype(bool)
    fail_where(unusable, "order_id", order_ids, "an order id is neither text nor a number")
    return pd.factorize(order_ids, use_na_sentinel=True)[0].astype(np.int64)


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def with_gaps(column: pd.Series) -> pd.Series:
    """A column with a gap where "" stands; its cells may hold anything, arrays too, which compare with nothing."""
    import pandas as pd

    if isinstance(column.dtype, pd.StringDtype):
        return column.replace("", np.nan)
    cells = pd.Series(np.asarray(column), index=column.index) if isinstance(column.dtype, pd.SparseDtype) else column
    if cells.dtype.kind in "biufcmM":
        return cells
    cells = cells.astype(object)
    return cells.mask(cells.map(lambda cell: isinstance(cell, str) and cell == "").astype(bool), np.nan)


def to_numbers(column: pd.Series, *, flags: bool = False) -> FloatVector:
    """Numbers of a column, shape (n_rows,); NaN for whatever is none, dates, periods and spans of time among them.

    True and false are numbers only where ``flags`` says so: 1 and 0.
    """
    import pandas as pd

    is_number = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    if is_number and column.dtype.kind == "c":
        return np.full(len(column), np.nan)
    if is_number:  # pandas' own to_numeric breaks on a gap among decimals or halves of Arrow
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if not isinstance(column.dtype, pd.StringDtype):  # objects stay such: half a surrogate pair is no text of Arrow
        column = pd.Series([plain_number(value, flags=flags) for value in column.astype(object)], dtype=object)
    numbers = pd.to_numeric(column, errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))


def plain_number(value: object, *, flags: bool = False) -> str | float:
    """A text as it is, a real number as a float, NaN for anything else; true and false as in :func:`to_numbers`."""
    if isinstance(value, str):
        return value
    if not isinstance(value, (Real, Decimal, np.bool_)) or isinstance(value, np.timedelta64):
        return np.nan
    if isinstance(value, (bool, np.bool_)) and not flags:
        return np.nan
    try:
        return float(value)
    except (OverflowError, ValueError):  # a whole number beyond any float, a signalling NaN
        return np.nan


def to_float32(values: FloatVector) -> FloatVector:
    """The numbers in the 32 bits in which they are kept: infinite where they are too large, 0 where too small."""
    with np.errstate(over="ignore", under="ignore"):
        return values.astype(np.float32)


def is_quantity(values: FloatVector) -> BoolMask:
    """Mask of the numbers that are positive and finite in the 32 bits in which they are kept."""
    kept = to_float32(values)
    return (kept > 0) & np.isfinite(kept)
