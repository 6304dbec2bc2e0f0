"""Files with the library's own columns, and any other file by a column map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recommender.data.validation import is_quantity
from recommender.errors import DataError
from recommender.readers import parsing
from recommender.readers.events import kinds
from recommender.readers.parsing import Floats
from recommender.readers.schema import EVENT_COLUMNS, ITEM_COLUMNS, Holds, Layout
from recommender.readers.sheet import Sheet

_NUMBER_COLUMNS = ("rating", "weight_grams")
# JSON lines and Parquet have lists where a text has marks.
_BETWEEN = {"category": " > ", "colours": "|"}
_EVENT_TARGETS = (*EVENT_COLUMNS, "rating")


def mapped_layout(columns: Mapping[str, str], holds: Holds) -> Layout:
    """The layout that a column map describes.

    Parameters
    ----------
    columns : mapping of str to str
        Library column -> column of the file, or ``":text"`` for the same text in every row.

    Raises
    ------
    DataError
        If a library column does not exist, or ``user_id`` (for interactions) or ``item_id`` is not mapped.
    """
    allowed = _EVENT_TARGETS if holds == "interactions" else ITEM_COLUMNS
    unknown = [name for name in columns if name not in allowed]
    if unknown:
        raise DataError(f"the column map names {unknown[0]!r}; {holds} have {', '.join(allowed)}")
    needed = ("user_id", "item_id") if holds == "interactions" else ("item_id",)
    missing = [name for name in needed if name not in columns]
    if missing:
        raise DataError(f"the column map does not say where {missing[0]} is")
    source = tuple(dict.fromkeys(c for c in columns.values() if not c.startswith(":")))
    build = _events if holds == "interactions" else _items
    return Layout("map", holds, source, lambda sheet: build(_renamed(sheet, columns)))


def _renamed(sheet: Sheet, columns: Mapping[str, str]) -> Sheet:
    """The sheet with only the mapped columns, under their library names."""
    sheet.raw = pd.DataFrame({name: _column(sheet, source) for name, source in columns.items()}, index=sheet.raw.index)
    return sheet


def _column(sheet: Sheet, source: str) -> pd.Series:
    """A mapped column as it is in the file, or the same text in every row."""
    if source.startswith(":"):
        return sheet.same(source[1:])
    return sheet.raw[source] if sheet.has(source) else sheet.same("")


def _events(sheet: Sheet) -> pd.DataFrame:
    stars = "rating" if sheet.has("rating") else "value"
    user = sheet.ids("user_id", "the user is missing")
    item = sheet.ids("item_id", "the item is missing")
    kind = kinds(sheet, "kind") if sheet.has("kind") else _implied_kinds(sheet, stars)
    frame = pd.DataFrame({"user_id": user, "item_id": item, "kind": kind}, index=sheet.raw.index)
    frame["value"] = _values(sheet, stars, kind)
    frame["timestamp"] = (
        sheet.seconds("timestamp") if sheet.has("timestamp") else sheet.stand_in_times(user, item, kind)
    )
    for name in ("order_id", "currency"):
        if sheet.has(name):
            frame[name] = sheet.text(name)
    for name in ("title", "text"):
        if sheet.has(name):
            frame[name] = sheet.plain(name)
    if sheet.has("price"):
        frame["price"] = sheet.prices("price")
    return frame


def _implied_kinds(sheet: Sheet, stars: str) -> pd.Series:
    """A row with a value is a rating, one without a purchase."""
    sheet.repairs["kind: not in the file, rating where there is a value, else purchase"] += len(sheet.raw)
    return sheet.same("rating").where(sheet.text(stars) != "", "purchase")


def _values(sheet: Sheet, stars: str, kind: pd.Series) -> Floats:
    """Stars of ratings, quantities of purchases, NaN elsewhere."""
    numbers = parsing.numbers(sheet.text(stars))
    is_rating, is_purchase = (kind == "rating").to_numpy(), (kind == "purchase").to_numpy()
    sheet.reject(is_rating & ~((numbers >= 1) & (numbers <= 5)), stars, "the rating is not between 1 and 5")
    given = (sheet.text(stars) != "").to_numpy()
    sheet.reject(is_purchase & given & ~is_quantity(numbers), stars, "the quantity is not above zero, or too large")
    return np.where(is_rating | is_purchase, numbers, np.nan)


def _items(sheet: Sheet) -> pd.DataFrame:
    frame = pd.DataFrame({"item_id": sheet.ids("item_id", "the item is missing")}, index=sheet.raw.index)
    for name in ITEM_COLUMNS[1:]:
        if not sheet.has(name):
            continue
        if name == "price":
            frame[name] = sheet.prices(name)
        elif name in _NUMBER_COLUMNS:
            frame[name] = parsing.numbers(sheet.text(name))
        else:
            frame[name] = sheet.joined(name, _BETWEEN[name]) if name in _BETWEEN else sheet.plain(name)
    return frame


TABLE_LAYOUTS = (
    Layout("kindred", "interactions", ("user_id", "item_id"), _events, "The library's own columns."),
    Layout("kindred", "catalogue", ("item_id", "title"), _items, "The library's own columns."),
)
