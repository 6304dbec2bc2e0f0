"""Files as chunks of text columns: CSV, TSV, JSON lines and Parquet, gzipped or not, told apart by what is in them.

Nothing is guessed about types here: a field stays the characters it has in the file, "NA" and leading zeros included.
"""

from __future__ import annotations

import ast
import codecs
import csv
import gzip
import io
import itertools
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

import pandas as pd

from recommender.data.validation import HALF_A_PAIR, is_unicode
from recommender.errors import DataError
from recommender.readers.parquet import parquet_frames, parquet_names

CHUNK_ROWS = 200_000
_SEPARATORS = (",", "\t", ";", "|")
_PEEK_OBJECTS = 100
_SHOWN = 200
_ZIP = b"PK\x03\x04"
_PACKED = {b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "Zstandard"}
# Deeper than any data; what is nested a thousand times cannot even be turned into text.
_MAX_DEPTH = 100
_HOLDERS = (dict, list, tuple)
_TOO_DEEP = "nested too deeply"
_SURROGATE = re.compile(r"\\(?:u|U0000)[dD][89a-fA-F]")
REJECT_COLUMNS = ("row", "reason", "column", "value")


@dataclass(frozen=True)
class BareFile:
    """How to read a file that does not name its columns."""

    columns: tuple[str, ...]
    separator: str
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Chunk:
    """Rows as they lie in the file.

    ``frame`` is indexed by row number (from 1, the line of column names not counted); ``rejects`` holds what could not
    even be taken apart into fields; ``done`` is the share of the file read so far.
    """

    frame: pd.DataFrame
    rejects: pd.DataFrame
    done: float


@dataclass
class _Rows:
    """Rows gathered for one chunk by the readers that go row by row."""

    numbers: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    rejects: list[tuple[int, str, str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.numbers) + len(self.rejects)

    def reject(self, number: int, reason: str, value: object) -> None:
        shown = str(value)[:_SHOWN].encode("utf-8", "backslashreplace").decode()
        self.rejects.append((number, reason, "", shown))


@dataclass(frozen=True)
class _Unusable:
    """A record that cannot be a row, with the reason and what to show of it."""

    reason: str
    shown: str


class Source:
    """An opened file that knows how much of it has been read; gzip is undone on the way."""

    def __init__(self, path: Path) -> None:
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise DataError(f"{path}: cannot be opened ({error.strerror})") from error
        if not self._file.seekable():
            self._file.close()
            raise DataError(f"{path}: a pipe can be read only once; save it as a file first")
        self._size = max(1, path.stat().st_size)
        zipped = self._file.read(2) == b"\x1f\x8b"
        self._file.seek(0)
        self.stream: BinaryIO = cast("BinaryIO", gzip.GzipFile(fileobj=self._file)) if zipped else self._file
        self._text: io.TextIOWrapper | None = None

    def done(self) -> float:
        """Share of the bytes on disk read so far."""
        return min(1.0, self._file.tell() / self._size)

    def text(self, encoding: str, newline: str | None = None) -> TextIO:
        """The stream as text; one wrapper is kept, because the last reference to it would close the stream."""
        self._text = io.TextIOWrapper(self.stream, encoding=encoding, newline=newline)
        return self._text

    def close(self) -> None:
        """Close every layer."""
        for layer in (self._text, self.stream, self._file):
            if layer is not None:
                layer.close()


def reject_frame(rows: Iterable[tuple[int, str, str, str]] = ()) -> pd.DataFrame:
    """Rejected rows as a frame: row number, reason, column and the offending value."""
    frame = pd.DataFrame(list(rows), columns=list(REJECT_COLUMNS))
    return frame.astype({"row": "int64", "reason": str, "column": str, "value": str})


def first_line(path: Path, encoding: str | None = None) -> str:
    """The first line without its end; "" for an empty or a Parquet file."""
    if is_parquet(path):
        return ""
    _require_encoding(path, encoding)
    with closing(Source(path)) as source, _readable(path, encoding):
        line = source.stream.readline()
        if line.startswith(_ZIP):
            raise DataError(f"{path}: a zip archive; take the file out of it first")
        for begin, how in _PACKED.items():
            if line.startswith(begin):
                raise DataError(f"{path}: packed with {how}; unpack it, or pack it with gzip")
        if encoding is None and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DataError(f"{path}: UTF-16, not UTF-8 text; save it as UTF-8, or in Python name its encoding, utf-16")
        return line.decode(encoding or "utf-8-sig", "replace").rstrip("\r\n")


def column_names(path: Path, encoding: str | None = None) -> list[str]:
    """Names of the columns; of JSON lines, the keys of the first objects."""
    if is_parquet(path):
        return parquet_names(path)
    line = first_line(path, encoding)
    if not line:
        raise DataError(f"{path}: the file is empty, or its first line is")
    if line.lstrip()[:1] in ("{", "["):
        with closing(Source(path)) as source, _readable(path, encoding):
            first = itertools.islice(_objects(source.text(encoding or "utf-8-sig")), _PEEK_OBJECTS)
            found = (o for o in first if isinstance(o, dict))
            return list(dict.fromkeys(key for record in found for key in record))
    with _readable(path, encoding):
        return _names_in(line)


def read_chunks(
    path: Path, *, bare: BareFile | None = None, chunk_rows: int = CHUNK_ROWS, encoding: str | None = None
) -> Iterator[Chunk]:
    """Read a file chunk by chunk.

    Parameters
    ----------
    path : Path
    bare : BareFile, optional
        For files without column names.
    chunk_rows : int
        Rows per chunk, at least 1.
    encoding : str, optional
        UTF-8 (with or without a byte order mark) by default.

    Raises
    ------
    DataError
        If the file cannot be opened, is cut off, is empty, or is not in that encoding.
    """
    if chunk_rows < 1:
        raise DataError(f"a chunk needs at least one row, not {chunk_rows}")
    if is_parquet(path):
        yield from _parquet_chunks(path, chunk_rows)
        return
    line = first_line(path, encoding)
    encoding = encoding or (bare.encoding if bare else "utf-8-sig")
    with _readable(path, encoding), closing(Source(path)) as source:
        if bare is not None and len(bare.separator) > 1:
            yield from _split_chunks(source, bare, chunk_rows, encoding)
        elif bare is None and line.lstrip()[:1] in ("{", "["):
            yield from _json_chunks(source, chunk_rows, encoding)
        else:
            if bare is None:
                _refuse_repeated(path, _names_in(line))
            yield from _csv_chunks(
                path, source, bare, bare.separator if bare else _separator(line), chunk_rows, encoding
            )


def is_parquet(path: Path) -> bool:
    """Whether the file begins like Parquet."""
    with closing(Source(path)) as source, _readable(path, None):
        return source.stream.read(4) == b"PAR1"


def _require_encoding(path: Path, encoding: str | None) -> None:
    try:
        b"a".decode(encoding or "utf-8", "replace")
    except (LookupError, ValueError) as error:
        raise DataError(f"{path}: {encoding!r} is no encoding of text; latin-1, cp1252 and utf-16 are some") from error


@contextmanager
def _readable(path: Path, encoding: str | None) -> Iterator[None]:
    """Turn the ways in which a file cannot be read into a DataError that names it."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip file is cut off or damaged ({error})") from error
    except UnicodeDecodeError as error:
        name = "UTF-8" if encoding in (None, "utf-8", "utf-8-sig") else encoding
        hint = "save it as UTF-8, or in Python name its encoding, for example latin-1"
        raise DataError(f"{path}: not {name} text; {hint}") from error
    except csv.Error as error:
        raise DataError(f"{path}: cannot be taken apart into fields ({error})") from error


def _names_in(line: str) -> list[str]:
    return next(csv.reader([line], delimiter=_separator(line)), [])


def _refuse_repeated(path: Path, names: list[str]) -> None:
    """Raise for a name over two columns, of which only one would be read; columns without a name are let be."""
    repeated = next((name for name, n in Counter(names).items() if n > 1 and name), None)
    if repeated is not None:
        raise DataError(f"{path}: column {repeated!r} stands in the file twice")


def _separator(line: str) -> str:
    return max(_SEPARATORS, key=line.count)


def _csv_chunks(
    path: Path, source: Source, bare: BareFile | None, separator: str, chunk_rows: int, encoding: str
) -> Iterator[Chunk]:
    """The fast reader while rows have the width they should; from the first odd one on, the careful reader."""
    n_read = 0
    try:
        for frame in _pandas_frames(source, bare, separator, chunk_rows, encoding):
            if not isinstance(frame.index, pd.RangeIndex):
                raise pd.errors.ParserError("more fields than names from the first row on")
            frame.index = pd.RangeIndex(n_read + 1, n_read + 1 + len(frame))
            yield Chunk(frame, reject_frame(), source.done())
            n_read += len(frame)
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path}: the file holds no rows") from error
    except pd.errors.ParserError as error:
        unclosed = "EOF inside string" in str(error)
        with closing(Source(path)) as again:
            yield from _careful_chunks(again, bare, separator, chunk_rows, encoding, n_read, unclosed)


def _pandas_frames(
    source: Source, bare: BareFile | None, separator: str, chunk_rows: int, encoding: str
) -> Iterator[pd.DataFrame]:
    options: dict[str, Any] = {"sep": separator, "encoding": encoding, "chunksize": chunk_rows}
    if bare is not None:
        options |= {"header": None, "names": list(bare.columns), "quoting": csv.QUOTE_NONE}
    yield from pd.read_csv(source.stream, dtype=str, keep_default_na=False, na_filter=False, **options)


def _careful_chunks(
    source: Source,
    bare: BareFile | None,
    separator: str,
    chunk_rows: int,
    encoding: str,
    skip: int,
    unclosed: bool,
) -> Iterator[Chunk]:
    """Go row by row and say which ones do not fit; rows before ``skip`` have been handed out already."""
    reader = csv.reader(
        source.text(encoding, newline=""), delimiter=separator, quoting=csv.QUOTE_NONE if bare else csv.QUOTE_MINIMAL
    )
    rows = (row for row in reader if row)
    columns = list(bare.columns) if bare else _unique(next(rows))
    gathered = _Rows()
    last: tuple[int, list[str]] | None = None
    for number, row in itertools.islice(enumerate(rows, 1), skip, None):
        if last is not None:
            _take(gathered, *last, width=len(columns))
        if len(gathered) >= chunk_rows:
            yield _chunk(gathered, columns, source.done())
            gathered = _Rows()
        last = number, row
    if last is not None and unclosed:
        gathered.reject(last[0], "a quotation mark is never closed, so the rest of the file is one field", last[1])
    elif last is not None:
        _take(gathered, *last, width=len(columns))
    yield _chunk(gathered, columns, 1.0)


def _unique(names: list[str]) -> list[str]:
    """Repeated names numbered, as pandas does."""
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        unique.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return unique


def _take(gathered: _Rows, number: int, row: list[str], *, width: int) -> None:
    if any(row[width:]):
        gathered.reject(number, f"{len(row)} fields where the file has {width} columns", row)
        return
    gathered.numbers.append(number)
    gathered.values.append((row + [""] * width)[:width])


def _chunk(gathered: _Rows, columns: list[str], done: float) -> Chunk:
    index = pd.Index(gathered.numbers, dtype="int64")
    frame = pd.DataFrame(gathered.values, columns=columns, index=index, dtype=str)
    return Chunk(frame, reject_frame(gathered.rejects), done)


def _split_chunks(source: Source, bare: BareFile, chunk_rows: int, encoding: str) -> Iterator[Chunk]:
    """Lines cut at a separator of several characters, such as the ``::`` of MovieLens."""
    numbered = enumerate((line.rstrip("\r\n") for line in source.text(encoding)), 1)
    while block := list(itertools.islice(numbered, chunk_rows)):
        gathered = _Rows()
        for number, line in block:
            if line:
                _take(gathered, number, line.split(bare.separator), width=len(bare.columns))
        yield _chunk(gathered, list(bare.columns), source.done())


def _json_chunks(source: Source, chunk_rows: int, encoding: str) -> Iterator[Chunk]:
    numbered = enumerate(_objects(source.text(encoding)), 1)
    while block := list(itertools.islice(numbered, chunk_rows)):
        gathered = _Rows()
        for number, record in block:
            if isinstance(record, dict):
                gathered.numbers.append(number)
                gathered.values.append(record)
            elif isinstance(record, _Unusable):
                gathered.reject(number, record.reason, record.shown)
            else:
                gathered.reject(number, "not a JSON object", record)
        frame = pd.DataFrame(gathered.values, index=pd.Index(gathered.numbers, dtype="int64"), dtype=object)
        yield Chunk(frame, reject_frame(gathered.rejects), source.done())


def _objects(lines: TextIO) -> Iterator[Any]:
    """What each line says; the line itself where it is not JSON. A file that is one array gives its members."""
    first = next((line for line in lines if line.strip()), "")
    if first.lstrip().startswith("["):
        yield from _array(first + lines.read())
        return
    for line in itertools.chain([first], lines):
        if line.strip():
            yield _object(line)


def _object(line: str) -> Any:
    text = line.rstrip("\r\n")
    try:
        return _checked(json.loads(line), line)
    except RecursionError:
        return _Unusable(_TOO_DEEP, text)
    except ValueError:
        pass
    try:  # Amazon's product files of 2014 are Python literals, one per line.
        return _checked(ast.literal_eval(line.strip()), line) if line.lstrip().startswith("{'") else text
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _array(text: str) -> list[Any]:
    try:
        return [_checked(member, text, json.dumps) for member in json.loads(text)]
    except RecursionError as error:
        raise DataError("the file is a JSON array that is nested too deeply") from error
    except ValueError as error:
        raise DataError(f"the file begins like a JSON array but is not one ({error})") from error


def _checked(record: Any, source: str, show: Callable[[Any], str] | None = None) -> Any:
    """The record, or why it cannot be a row: shown by ``show`` or, without it, by the text in which it stands."""
    if source.count("[") + source.count("{") > _MAX_DEPTH and _is_deep(record):
        return _Unusable(_TOO_DEEP, "" if show else source.rstrip("\r\n"))
    if _SURROGATE.search(source) and not is_unicode(json.dumps(record, ensure_ascii=False, skipkeys=True, default=str)):
        return _Unusable(HALF_A_PAIR, show(record) if show else source.rstrip("\r\n"))
    return record


def _is_deep(record: Any) -> bool:
    """Whether lists and objects lie in each other more than ``_MAX_DEPTH`` times."""
    depth, level = 0, [record] if isinstance(record, _HOLDERS) else []
    while level and depth <= _MAX_DEPTH:
        parts = (part for holder in level for part in (holder.values() if isinstance(holder, dict) else holder))
        level = [part for part in parts if isinstance(part, _HOLDERS)]
        depth += 1
    return depth > _MAX_DEPTH


def _parquet_chunks(path: Path, chunk_rows: int) -> Iterator[Chunk]:
    _refuse_repeated(path, parquet_names(path))
    n_read = 0
    for frame, done in parquet_frames(path, chunk_rows):
        frame.index = pd.RangeIndex(n_read + 1, n_read + 1 + len(frame))
        n_read += len(frame)
        yield Chunk(frame, reject_frame(), done)
