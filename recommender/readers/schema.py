"""What a known file looks like and how it becomes library columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from recommender.errors import DataError
from recommender.readers.files import BareFile
from recommender.readers.sheet import Sheet

Holds = Literal["interactions", "catalogue"]
Convert = Callable[[Sheet], pd.DataFrame]
# Works on all rows together; gives the finished frame and what fell on the way.
Derive = Callable[[pd.DataFrame], pd.DataFrame]

EVENT_COLUMNS = ("user_id", "item_id", "kind", "value", "timestamp", "order_id", "title", "text", "price", "currency")
ITEM_COLUMNS = (
    "item_id", "title", "description", "category", "brand", "price", "currency", "image", "colours", "family",
    "rating", "weight_grams",
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """One kind of file of a schema.

    Attributes
    ----------
    schema : str
        Name under which it is asked for, such as ``amazon-2018``; one schema may have several layouts.
    holds : {"interactions", "catalogue"}
    columns : tuple of str
        Names that the file must have; the known file with most of them wins.
    convert : callable
        From a chunk to library columns, rejecting what cannot be used.
    note : str
        What a reader of the result should know.
    derive : callable, optional
        For catalogues worked out of events: from the converted rows of the whole file to one row per item.
    bare, line : optional
        For files without column names: how to read them, and what their first line looks like.
    """

    schema: str
    holds: Holds
    columns: tuple[str, ...]
    convert: Convert
    note: str = ""
    derive: Derive | None = None
    bare: BareFile | None = None
    line: re.Pattern[str] | None = None


def find_layout(
    layouts: Iterable[Layout], columns: Iterable[str], holds: Holds, *, first_line: str = "", where: str = ""
) -> Layout:
    """The layout that fits best.

    Raises
    ------
    DataError
        If none does; the message lists the known ones and what was seen.
    """
    candidates = [layout for layout in layouts if layout.holds == holds]
    for layout in candidates:
        if layout.line is not None and layout.line.match(first_line):
            return layout
    seen = list(columns)
    fitting = [layout for layout in candidates if layout.bare is None and set(layout.columns) <= set(seen)]
    if not fitting:
        raise DataError(_unknown(candidates, seen, holds, where))
    return max(fitting, key=lambda layout: len(layout.columns))


def _unknown(candidates: list[Layout], seen: list[str], holds: Holds, where: str) -> str:
    known = "; ".join(f"{layout.schema} ({', '.join(layout.columns)})" for layout in candidates)
    found = ", ".join(seen[:40]) or "none"
    return (
        f"{where or 'the file'}: its columns fit no known schema of {holds}. Seen: {found}. Known: {known}. "
        "For other files name the columns, for example user_id=customer,item_id=sku,timestamp=date"
    )


def parse_map(text: str | Mapping[str, str]) -> dict[str, str]:
    """A column map from ``user_id=customer,item_id=sku,currency:=EUR``; ``:=`` sets one value for all rows.

    Raises
    ------
    DataError
        On an entry without ``=``, a name given twice, or an empty map.
    """
    if not isinstance(text, str):
        return dict(text)
    pairs: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        target, equals, source = entry.partition("=")
        if not equals or not target.rstrip(":").strip() or not source.strip():
            raise DataError(f"the column map has {entry!r} where it needs name=column")
        fixed = target.endswith(":")
        name = target.rstrip(":").strip()
        if name in pairs:
            raise DataError(f"the column map names {name} twice")
        pairs[name] = f":{source.strip()}" if fixed else source.strip()
    if not pairs:
        raise DataError("the column map is empty")
    return pairs
