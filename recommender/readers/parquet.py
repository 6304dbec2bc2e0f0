"""Parquet files as frames, with every number and text as the file holds it. Only importer of pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from recommender.errors import DataError


def parquet_names(path: Path) -> list[str]:
    """Names of the columns."""
    with closing(_opened(path)) as file:
        return [str(name) for name in file.schema_arrow.names]


def parquet_frames(path: Path, chunk_rows: int) -> Iterator[tuple[pd.DataFrame, float]]:
    """Frames of at most ``chunk_rows`` rows, each with the share of the rows read so far.

    Raises
    ------
    DataError
        If the package pyarrow is not there, or the file, or a part of it, cannot be read.
    """
    with closing(_opened(path)) as file:
        n_rows, n_read = max(1, file.metadata.num_rows), 0
        batches = file.iter_batches(batch_size=chunk_rows)
        while (frame := _next_frame(path, batches)) is not None:
            n_read += len(frame)
            yield frame, n_read / n_rows


def _opened(path: Path) -> Any:  # pyarrow ships no types
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise DataError(f"{path}: reading Parquet needs the package pyarrow") from error
    with _readable(path):
        return pq.ParquetFile(path)


def _next_frame(path: Path, batches: Iterator[Any]) -> pd.DataFrame | None:
    with _readable(path):
        batch = next(batches, None)
        return None if batch is None else _frame(_with_texts(batch))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file ({error})") from error


def _frame(batch: Any) -> pd.DataFrame:
    """Whole numbers stay such beside a gap: as floats, which pandas makes of them, two long ids would be one."""
    try:
        frame = batch.to_pandas(integer_object_nulls=True)
    except ValueError:  # a date of the year 10,000 or later, which Python's own cannot be
        frame = batch.to_pandas(integer_object_nulls=True, date_as_object=False)
    kept_as_index = [name for name in frame.index.names if name in batch.schema.names]
    return frame.reset_index(level=kept_as_index) if kept_as_index else frame


def _with_texts(batch: Any) -> Any:
    """The batch with its columns of bytes as text, where they are UTF-8: some writers do not say that they are."""
    import pyarrow as pa

    for place, field in enumerate(batch.schema):
        if field.type in (pa.binary(), pa.large_binary(), pa.binary_view()):
            try:
                text = batch.column(place).cast(pa.large_string())
            except pa.ArrowInvalid:
                continue
            batch = batch.set_column(place, field.name, text)
    return batch
