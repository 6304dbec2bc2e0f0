"""External ids on one side, row numbers on the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np

from recommender.errors import DataError
from recommender.types import AnyArray, Rows


class IdMap(Sequence[str]):
    """A bijection between distinct string ids and the rows 0..n-1.

    The ids are kept as one sorted array of UTF-8 bytes beside its permutation, so a map of a million ids can be
    memory-mapped and shared by every worker instead of living as a dictionary in each.

    Parameters
    ----------
    ids : iterable of str
        Distinct ids in row order.

    Raises
    ------
    DataError
        If an id repeats, is empty or contains a NUL character.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        encoded = _encode(list(ids))
        order = np.argsort(encoded, kind="stable").astype(np.int64)
        ordered = encoded[order]
        repeated = ordered[1:][ordered[1:] == ordered[:-1]]
        if repeated.size:
            raise DataError(f"id {repeated[0].decode()!r} stands for more than one row; ids must be distinct")
        self._ids, self._sorted, self._order = encoded, ordered, order

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray]) -> IdMap:
        """Rebuild a map from what :meth:`to_arrays` gave, without copying."""
        self = cls.__new__(cls)
        self._ids, self._sorted, self._order = arrays["ids"], arrays["sorted"], arrays["order"]
        return self

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays that hold the whole map: ids in row order, sorted ids and the rows of the sorted ids."""
        return {"ids": self._ids, "sorted": self._sorted, "order": self._order}

    def row(self, external_id: str) -> int:
        """Row of one id, -1 when it is unknown."""
        return int(self.rows([external_id])[0])

    def rows(self, external_ids: Sequence[str]) -> Rows:
        """Rows of many ids, -1 for each unknown one; shape (len(external_ids),)."""
        if not len(external_ids) or not len(self):
            return np.full(len(external_ids), -1, dtype=np.int64)
        wanted = np.array(_keys(external_ids), dtype=np.bytes_)
        place = np.minimum(np.searchsorted(self._sorted, wanted), len(self) - 1)
        return np.where(self._sorted[place] == wanted, self._order[place], -1)

    def take(self, rows: Rows) -> list[str]:
        """Ids of the given rows, in their order."""
        return [raw.decode() for raw in self._ids[rows].tolist()]

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, row: int) -> str: ...

    @overload
    def __getitem__(self, row: slice) -> list[str]: ...

    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [raw.decode() for raw in self._ids[row].tolist()]
        return str(self._ids[row].decode())

    def __iter__(self) -> Iterator[str]:
        return (raw.decode() for raw in self._ids.tolist())

    def __contains__(self, external_id: object) -> bool:
        return isinstance(external_id, str) and self.row(external_id) >= 0


def _encode(ids: list[str]) -> AnyArray:
    bad = [i for i in ids if not i or "\0" in i]
    if bad:
        raise DataError(f"ids must be non-empty text without NUL characters; got {bad[0]!r}")
    try:
        return np.array([i.encode() for i in ids], dtype=np.bytes_) if ids else np.empty(0, dtype="S1")
    except UnicodeEncodeError as error:
        raise DataError(f"id {error.object!r} cannot be written as UTF-8") from error


def _keys(external_ids: Sequence[str]) -> list[bytes]:
    """Bytes to look ids up by; what no id can hold becomes a byte that UTF-8 never has, and so is not found.

    NumPy drops trailing NULs from byte strings, which would make "a" of "a\\0".
    """
    joined = "\0".join(external_ids).encode("utf-8", "surrogatepass")
    keys = joined.split(b"\0")  # thousands of ids at once take a quarter of the time of one by one
    if len(keys) == len(external_ids):
        return keys
    return [one.encode("utf-8", "surrogatepass").replace(b"\0", b"\xff") for one in external_ids]
