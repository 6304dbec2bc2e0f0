"""Files of products and events, and known data sets, read by the library's readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class FilePart:
    """A part of a file in the library's columns, with the rows that were left out and why, and what was mended."""

    frame: pd.DataFrame
    rejects: list[tuple[int, str]]
    n_rows: int
    mapping: str
    repairs: Mapping[str, int] = field(default_factory=dict)


class UnreadableFileError(Exception):
    """A file no mapping fits; the message says what it has and what is known."""


def read_parts(kind: str, path: Path, mapping: str | None, progress: Progress | None = None) -> Iterator[FilePart]:
    """Read a file of products ("catalogue") or events ("interactions") part by part.

    Raises
    ------
    UnreadableFileError
        If the file cannot be read or fits no known schema.
    """
    from recommender import DataError, readers

    read: Any = readers.iter_catalogue if kind == "catalogue" else readers.iter_interactions
    options = {"progress": progress} if progress else {}
    try:
        for part in read(path, mapping, **options):
            reject_rows = part.rejects[["row", "reason", "column", "value"]].itertuples(index=False)
            rejects = [(int(row), reject_sentence(reason, column, value)) for row, reason, column, value in reject_rows]
            yield FilePart(part.frame, rejects, part.n_rows, part.mapping_name, part.repairs)
    except (DataError, OSError) as error:
        raise UnreadableFileError(str(error)) from error


def reject_sentence(reason: str, column: str, value: str) -> str:
    """Say in one line why a row was left out."""
    return f"{reason} ({column}={value!r})" if column else str(reason)


@dataclass(frozen=True)
class DataFiles:
    """The files of a known data set, each with the mapping that reads it."""

    catalogue: tuple[Path, str] | None
    interactions: tuple[Path, str] | None
    pictures: Path | None


def data_set(name: str) -> DataFiles:
    """Return where a known public data set lies on this machine.

    Raises
    ------
    UnreadableFileError
        If there is none of that name, or its files are not there.
    """
    from recommender import DataError
    from recommender.readers import datasets

    try:
        found, root = datasets.data_set(name), datasets.data_root()
        if root is None or datasets.missing_files(name, root):
            raise UnreadableFileError(datasets.why_missing(name, root))
    except DataError as error:
        raise UnreadableFileError(str(error)) from error
    catalogue = (root / found.catalogue.path, found.catalogue.mapping) if found.catalogue else None
    interactions = (root / found.interactions.path, found.interactions.mapping) if found.interactions else None
    return DataFiles(catalogue, interactions, root / found.pictures if found.pictures else None)
