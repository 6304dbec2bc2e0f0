"""What the shop knows as files for the library's command line: products, events, and what was shown with which chance.

People are in them by their numbers, as in the models, and who has switched personalisation off is not in them.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

from webapp.errors import Conflict
from webapp.store import catalogue, interactions
from webapp.store.rows import ItemRow
from webapp.store.tx import read_unit

Progress = Callable[[str, float], None]
Rows = Iterable[Sequence[Any]]
AT_ONCE = 20_000
LONGEST_DAYS = 36_500
NUMBERS = {"price": float, "value": float, "propensity": float, "position": int, "clicked": int, "timestamp": int}


def export_catalogue(target: Path, *, media: Path, progress: Progress) -> int:
    """Write every product into a file; return how many there are."""
    write = _writer_for(target)
    with read_unit() as tx:
        rows = catalogue.item_rows(tx, media=media)
    with _whole(target) as draft:
        write(draft, ItemRow._fields, _counted(rows, "products", len(rows), progress))
    return len(rows)


def export_interactions(target: Path, *, progress: Progress) -> int:
    """Write every event that models may learn from into a file; return how many there are."""
    write = _writer_for(target)
    with _whole(target) as draft, read_unit() as tx:
        n_rows = interactions.count(tx)
        rows = interactions.event_rows(tx)
        return write(draft, interactions.FRAME_COLUMNS, _counted(rows, "events", n_rows, progress))


def export_shown(target: Path, *, days: int | None, now: datetime, progress: Progress) -> int:
    """Write the places that the nightly training learns from into a file, of some days or of all time.

    Returns
    -------
    int
        How many places there are.

    Raises
    ------
    Conflict
        If there are none, or nothing can be written there.
    """
    write = _writer_for(target)
    time = {"since": None if days is None else now - timedelta(days=days), "until": now}
    with _whole(target) as draft, read_unit() as tx:
        n_rows = interactions.n_logged(tx, **time)
        if not n_rows:
            raise Conflict(_("There is nothing to write: no list was shown that chance or a click says something of."))
        rows = interactions.logged_rows(tx, **time)
        return write(draft, interactions.LOGGED_COLUMNS, _counted(rows, "places", n_rows, progress))


def _counted(rows: Rows, stage: str, n_rows: int, progress: Progress) -> Iterator[Sequence[Any]]:
    """Pass rows on and tell how far they are."""
    progress(stage, 0.0)
    for number, row in enumerate(rows):
        if number % AT_ONCE == 0:
            progress(stage, number / max(1, n_rows))
        yield row
    progress(stage, 1.0)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Lend a file for its owner alone that takes the place of the target when it is whole; else it is gone."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _writer_for(target: Path) -> Callable[[Path, Sequence[str], Rows], int]:
    writer = next((write for ending, write in WRITERS.items() if target.name.lower().endswith(ending)), None)
    if writer is None:
        raise Conflict(_("%(file)s: the name must end in .csv, .csv.gz or .parquet.", file=str(target)))
    if not target.parent.is_dir():
        raise Conflict(_("There is no folder %(folder)s.", folder=str(target.parent)))
    if target.is_dir():
        raise Conflict(_("%(file)s is a folder.", file=str(target)))
    return writer


def _write_csv(file: Path, columns: Sequence[str], rows: Rows) -> int:
    with file.open("w", encoding="utf-8", newline="") as out:
        return _write_lines(out, columns, rows)


def _write_zipped(file: Path, columns: Sequence[str], rows: Rows) -> int:
    with gzip.open(file, "wt", compresslevel=6, encoding="utf-8", newline="") as out:
        return _write_lines(out, columns, rows)


def _write_lines(out: Any, columns: Sequence[str], rows: Rows) -> int:
    lines = csv.writer(out)  # a character of its line end makes a cell quoted, and a "\r" alone ends rows, too
    lines.writerow(columns)
    n_rows = 0
    for n_rows, row in enumerate(rows, 1):  # noqa: B007 - the last number is how many there were
        lines.writerow(row)
    return n_rows


def _write_parquet(file: Path, columns: Sequence[str], rows: Rows) -> int:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    kinds = {str: pa.string(), float: pa.float64(), int: pa.int64()}
    schema = pa.schema([(name, kinds[NUMBERS.get(name, str)]) for name in columns])
    n_rows, left = 0, iter(rows)
    with ParquetWriter(file, schema) as out:
        while piece := list(itertools.islice(left, AT_ONCE)):
            values = zip(*piece, strict=True)
            arrays = [pa.array(column, of.type) for column, of in zip(values, schema, strict=True)]
            out.write_table(pa.Table.from_arrays(arrays, schema=schema))
            n_rows += len(piece)
    return n_rows


WRITERS = {".csv": _write_csv, ".csv.gz": _write_zipped, ".parquet": _write_parquet}
