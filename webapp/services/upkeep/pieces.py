"""Long writing beside a shop that sells: little by little, with rests in which others have their turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from webapp.store.tx import Tx, unit_of_work

Row = TypeVar("Row")
WRITTEN_AT_ONCE = 1000
GIVE_WAY_EVERY_SECONDS = 1.0
GIVE_WAY_SECONDS = 0.11  # who waits for SQLite looks every tenth of a second


class Rests:
    """Remembers when others last had their turn."""

    def __init__(self) -> None:
        self.rested_at = time.monotonic()

    def rest_if_due(self) -> None:
        """Let others write, when they have waited for long; to be called while no transaction is open."""
        if time.monotonic() - self.rested_at >= GIVE_WAY_EVERY_SECONDS:
            time.sleep(GIVE_WAY_SECONDS)
            self.rested_at = time.monotonic()


def write_in_pieces(rows: Sequence[Row], write: Callable[[Tx, Sequence[Row]], object]) -> None:
    """Write rows in many short transactions; what is killed in between has written some of them."""
    rests = Rests()
    for start in range(0, len(rows), WRITTEN_AT_ONCE):
        with unit_of_work() as tx:
            write(tx, rows[start : start + WRITTEN_AT_ONCE])
        rests.rest_if_due()
