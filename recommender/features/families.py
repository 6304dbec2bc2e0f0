"""The variant families of a model by their names, so that a product newer than the model can be of one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from recommender.arrays.neighbours import row_type
from recommender.types import AnyArray, Rows


@dataclass(frozen=True)
class FamilyNames:
    """Which family a name means.

    A hash stands for each name: eight bytes instead of up to 2,000 characters, to be mapped into memory and searched
    there. Among a million names two share one with a probability of 3 in 100 million.

    Attributes
    ----------
    keys : ndarray of uint64, shape (n_names,)
        Hashes, sorted.
    numbers : ndarray of shape (n_names,)
        The family of each.
    """

    keys: AnyArray
    numbers: AnyArray

    @classmethod
    def none(cls) -> FamilyNames:
        """No names."""
        return cls(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.uint16))

    @classmethod
    def of(cls, names: Iterable[str], families: Rows) -> FamilyNames:
        """The names that items give to their families, "" for none, and the number of each item's family."""
        number = {name: family for name, family in zip(names, families.tolist(), strict=True) if name}
        keys = _hashed(number)
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], np.array(list(number.values()), dtype=row_type(len(families)))[order])

    def numbers_of(self, names: Iterable[str]) -> Rows:
        """The family that each name means, -1 for "" and for a name that is not known."""
        wanted = _hashed(names)
        if not len(self.keys) or not len(wanted):
            return np.full(len(wanted), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[place] == wanted, self.numbers[place].astype(np.int64), -1)


def _hashed(names: Iterable[str]) -> AnyArray:
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
