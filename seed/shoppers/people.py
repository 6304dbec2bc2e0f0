"""Names and addresses for people who do not exist."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from seed.model import SeedUser
from seed.streams import stream
from seed.tables import read_phrases

SHOWN_AROUND = ("Mara Lindqvist", "Jonas Okafor")


def user_key(row: int) -> str:
    """Return the key of a user's row."""
    return f"u{row + 1:05d}"


def make_users(joined: NDArray[np.int64], random_seed: int) -> list[SeedUser]:
    """Name every shopper; addresses end in example.com, which belongs to nobody, and each is used once."""
    rng = stream(random_seed, "people")
    book = read_phrases("words/people.txt")
    first = rng.integers(len(book["first"]), size=len(joined))
    last = rng.integers(len(book["last"]), size=len(joined))
    users, taken = [], dict[str, int]()
    for row, at in enumerate(joined.tolist()):
        name = f"{book['first'][first[row]]} {book['last'][last[row]]}"
        if row < len(SHOWN_AROUND):
            name = SHOWN_AROUND[row]
        address = name.lower().replace(" ", ".")
        taken[address] = taken.get(address, 0) + 1
        number = "" if taken[address] == 1 else str(taken[address])
        users.append(SeedUser(user_key(row), f"{address}{number}@example.com", name, datetime.fromtimestamp(at, UTC)))
    return users
