"""Read files of events and of products into the library's columns, whatever shape they come in.

A row that cannot be used is never dropped in silence: it stands in ``rejects`` with its number and the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from recommender.data.catalogue import LABELS
from recommender.data.roworder import StepCounter
from recommender.errors import DataError
from recommender.readers.events import EVENT_LAYOUTS
from recommender.readers.files import CHUNK_ROWS, REJECT_COLUMNS, column_names, first_line, read_chunks, reject_frame
from recommender.readers.items import ITEM_LAYOUTS
from recommender.readers.schema import EVENT_COLUMNS, ITEM_COLUMNS, Holds, Layout, find_layout, parse_map
from recommender.readers.sheet import UNTIMED, Sheet
from recommender.readers.tables import TABLE_LAYOUTS, mapped_layout
from recommender.types import Progress, no_progress

__all__ = [
    "EVENT_COLUMNS",
    "ITEM_COLUMNS",
    "MAPPINGS",
    "REJECT_COLUMNS",
    "Layout",
    "ReadResult",
    "detect",
    "iter_catalogue",
    "iter_interactions",
    "parse_map",
    "read_catalogue",
    "read_interactions",
]

_LAYOUTS = (*EVENT_LAYOUTS, *ITEM_LAYOUTS, *TABLE_LAYOUTS)
_STAGE = "reading"
_ALWAYS = {
    "interactions": ("user_id", "item_id", "kind", "value", "timestamp"),
    "catalogue": ITEM_COLUMNS[:10],
}
_FLOATS = ("value", "price", "rating", "weight_grams")

MAPPINGS: dict[str, tuple[Layout, ...]] = {
    name: tuple(layout for layout in _LAYOUTS if layout.schema == name)
    for name in dict.fromkeys(layout.schema for layout in _LAYOUTS)
}
"""The known schemas by name, each with the layouts of its files."""


@dataclass(frozen=True)
class ReadResult:
    """What a file, or a part of it, holds.

    Attributes
    ----------
    frame : DataFrame
        Library columns. Interactions: ``user_id``, ``item_id``, ``kind``, ``value``, ``timestamp`` (UTC seconds) and,
        where the schema has them, ``order_id``, ``title``, ``text``, ``price``, ``currency``. Catalogue: ``item_id``,
        ``title``, ``description``, ``category`` ("A > B"), ``brand``, ``price`` (major units, NaN if unknown),
        ``currency``, ``image``, ``colours`` ("black|white"), ``family`` and, where the schema has them, ``rating``
        and ``weight_grams``. Rows keep the order of the file; the index is their number in it (for catalogues worked
        out of events, just a number).
    rejects : DataFrame
        ``row`` (from 1, the line of column names not counted), ``reason``, ``column``, ``value``.
    mapping_name : str
        Schema that was used; ``map`` for a column map.
    n_rows : int
        Rows read: those of the frame and the rejects together, except for catalogues worked out of events.
    repairs : dict of str to int
        What was mended, and in how many rows.
    """

    frame: pd.DataFrame
    rejects: pd.DataFrame
    mapping_name: str
    n_rows: int
    repairs: dict[str, int] = field(default_factory=dict)

    @property
    def has_times(self) -> bool:
        """Whether the times are those of the file, and do not stand in for times that it lacks."""
        return not any(repair.startswith(UNTIMED) for repair in self.repairs)

    @property
    def reasons(self) -> dict[str, int]:
        """Rejected rows per reason, most frequent first."""
        return {str(reason): int(n) for reason, n in self.rejects["reason"].value_counts().items()}


def detect(columns: Iterable[str], holds: Holds = "interactions") -> str:
    """Name of the schema whose files have these columns.

    Raises
    ------
    DataError
        If there is none; the message lists the known schemas and the columns seen.
    """
    return find_layout(_LAYOUTS, columns, holds).schema


def read_interactions(
    path: str | Path,
    mapping: str | Mapping[str, str] | None = None,
    *,
    encoding: str | None = None,
    progress: Progress = no_progress,
    now: int | None = None,
) -> ReadResult:
    """Read a file of events.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, JSON lines or Parquet, gzipped or not.
    mapping : str or mapping, optional
        Name of a schema in ``MAPPINGS``, a column map (``{"user_id": "customer", ...}`` or
        ``"user_id=customer,item_id=sku,kind:=purchase"``), or None to go by the columns.
    encoding : str, optional
        UTF-8 by default.
    progress : callable
        Called with the stage and the share of the file read.
    now : int, optional
        UTC seconds against which future times are rejected; the clock by default.

    Raises
    ------
    DataError
        If the file cannot be read, its columns fit no known schema, or the mapping does not fit the file.
    """
    return _read_all(Path(path), mapping, "interactions", encoding, progress, now)


def read_catalogue(
    path: str | Path,
    mapping: str | Mapping[str, str] | None = None,
    *,
    encoding: str | None = None,
    progress: Progress = no_progress,
) -> ReadResult:
    """Read a file of products; parameters and errors as in :func:`read_interactions`.

    Of a repeated ``item_id`` the last row counts; the earlier ones are rejects.
    """
    return _read_all(Path(path), mapping, "catalogue", encoding, progress, None)


def iter_interactions(
    path: str | Path,
    mapping: str | Mapping[str, str] | None = None,
    *,
    chunk_rows: int = CHUNK_ROWS,
    encoding: str | None = None,
    progress: Progress = no_progress,
    now: int | None = None,
) -> Iterator[ReadResult]:
    """Read a large file of events in parts of at most ``chunk_rows`` rows; the rest as in :func:`read_interactions`."""
    path = Path(path)
    layout = _layout(path, mapping, "interactions", encoding)
    return _parts(path, layout, chunk_rows, encoding, progress, now)


def iter_catalogue(
    path: str | Path,
    mapping: str | Mapping[str, str] | None = None,
    *,
    chunk_rows: int = CHUNK_ROWS,
    encoding: str | None = None,
    progress: Progress = no_progress,
) -> Iterator[ReadResult]:
    """Read a large file of products in parts; a catalogue worked out of events comes as one part.

    An ``item_id`` that occurs in two parts is in both.
    """
    path = Path(path)
    layout = _layout(path, mapping, "catalogue", encoding)
    parts = _parts(path, layout, chunk_rows, encoding, progress, None)
    return parts if layout.derive is None else iter([_whole(path, layout, parts)])


def _layout(path: Path, mapping: str | Mapping[str, str] | None, holds: Holds, encoding: str | None) -> Layout:
    if mapping is not None and (not isinstance(mapping, str) or "=" in mapping):
        layout = mapped_layout(parse_map(mapping), holds)
        seen = column_names(path, encoding)
        absent = [name for name in layout.columns if name not in seen]
        if absent:
            raise DataError(f"{path}: there is no column {absent[0]!r}; the file has: {', '.join(seen)}")
        return layout
    layouts = _LAYOUTS if mapping is None else MAPPINGS.get(mapping, ())
    if not any(layout.holds == holds for layout in layouts):
        raise DataError(f"there is no schema {mapping!r} of {holds}; known are {', '.join(_names(holds))}")
    line = first_line(path, encoding)
    return find_layout(layouts, column_names(path, encoding), holds, first_line=line, where=str(path))


def _names(holds: Holds) -> list[str]:
    return [name for name, layouts in MAPPINGS.items() if any(layout.holds == holds for layout in layouts)]


def _parts(
    path: Path, layout: Layout, chunk_rows: int, encoding: str | None, progress: Progress, now: int | None
) -> Iterator[ReadResult]:
    counter = StepCounter()
    for chunk in read_chunks(path, bare=layout.bare, chunk_rows=chunk_rows, encoding=encoding):
        sheet = Sheet(chunk.frame, now=now, counter=counter)
        made = layout.convert(sheet)
        for name in LABELS if layout.holds == "catalogue" else ():
            sheet.reject_endless(name, made)
        frame = made[sheet.standing()]
        if layout.derive is None:
            frame = _finished(frame, layout.holds)
        rejects = pd.concat([chunk.rejects, sheet.rejects()]).sort_values("row", kind="stable", ignore_index=True)
        progress(_STAGE, chunk.done)
        yield ReadResult(frame, rejects, layout.schema, len(chunk.frame) + len(chunk.rejects), dict(sheet.repairs))
    progress(_STAGE, 1.0)


def _read_all(
    path: Path,
    mapping: str | Mapping[str, str] | None,
    holds: Holds,
    encoding: str | None,
    progress: Progress,
    now: int | None,
) -> ReadResult:
    layout = _layout(path, mapping, holds, encoding)
    result = _whole(path, layout, _parts(path, layout, CHUNK_ROWS, encoding, progress, now))
    return _last_of_each(result) if holds == "catalogue" else result


def _whole(path: Path, layout: Layout, parts: Iterator[ReadResult]) -> ReadResult:
    """All parts together, worked into one row per item where the layout says so."""
    all_parts = list(parts)
    n_rows = sum(part.n_rows for part in all_parts)
    if not n_rows:
        raise DataError(f"{path}: the file holds no rows")
    repairs: Counter[str] = Counter()
    for part in all_parts:
        repairs.update(part.repairs)
    frame = pd.concat([part.frame for part in all_parts])
    if layout.derive is not None:
        frame = _finished(layout.derive(frame), layout.holds)
    rejects = pd.concat([part.rejects for part in all_parts], ignore_index=True)
    return ReadResult(frame, rejects, layout.schema, n_rows, dict(repairs))


def _finished(frame: pd.DataFrame, holds: Holds) -> pd.DataFrame:
    """The columns that are always there, in their order and types; the index is the row number in the file."""
    for name in _ALWAYS[holds]:
        if name not in frame.columns:
            frame = frame.assign(**{name: np.nan if name in _FLOATS else ""})
    order = EVENT_COLUMNS if holds == "interactions" else ITEM_COLUMNS
    frame = frame[[name for name in order if name in frame.columns]]
    types = {name: "float64" if name in _FLOATS else "str" for name in frame.columns}
    return frame.astype(types | ({"timestamp": "int64"} if holds == "interactions" else {})).rename_axis(index="row")


def _last_of_each(result: ReadResult) -> ReadResult:
    """Of a repeated id the last row stays; the others become rejects."""
    frame = result.frame
    repeated = frame["item_id"].duplicated(keep="last").to_numpy()
    if not repeated.any():
        return result
    again = frame["item_id"][repeated]
    rows = zip(again.index, again, strict=True)
    reason = "the id occurs again further down; the last row counts"
    more = reject_frame((int(row), reason, "item_id", item) for row, item in rows)
    rejects = pd.concat([result.rejects, more]).sort_values("row", kind="stable", ignore_index=True)
    return replace(result, frame=frame[~repeated], rejects=rejects)
