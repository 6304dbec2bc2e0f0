"""Events read on by their numbers, each once, also one that commits after others with higher numbers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Executable, Text, bindparam, cast, func, select

from webapp.store.interactions import event_row, frame_select
from webapp.store.models import Interaction
from webapp.store.rows import EventRow, Gap, ReadTo
from webapp.store.tx import Tx

LOOKED_BACK = 10_000  # numbers before the newest among which a training looks for gaps
MOST_MISSING = 10_000  # the newest; more only come together while a transaction stays open for very long
# An event has its number a moment before its transaction has one, and for longer where it waits for another first.
YET_UNNUMBERED = 100


def events_after(tx: Tx, read: ReadTo, *, limit: int) -> tuple[list[EventRow], ReadTo]:
    """Return the events added since, those of the gaps first, and how far they were read now.

    PostgreSQL numbers events when they are written, and shows them when their transaction commits: in another order.
    What is missing below the newest number is asked for again until nobody can commit it any more. SQLite has one
    writer at a time and no such gaps. The unit has to see one state of the database.
    """
    late = list(tx.rows(_numbered(), {"numbers": _numbers(read.gaps)})) if read.gaps else []
    new = list(tx.rows(frame_select().where(Interaction.id > read.last_id).limit(limit)))
    last_id = new[-1][0] if new else read.last_id
    gaps: list[Gap] = []
    if not tx.is_sqlite and (new or read.gaps):
        oldest, until = _transactions(tx)
        came = [row[0] for row in late]
        waiting = [gap for gap in read.gaps if gap.until > oldest]
        gaps += [part for gap in waiting for part in _gaps(came, gap.first, gap.last, gap.until)]
        gaps += _gaps([row[0] for row in new], read.last_id + 1, last_id, until)
    return [event_row(row) for row in late + new], ReadTo(last_id, _newest(gaps), read.n_late + len(late))


def read_to(tx: Tx) -> ReadTo:
    """Return how far somebody has read who reads all events in this unit, which has to see one state."""
    newest = int(tx.scalar(select(func.max(Interaction.id))) or 0)
    if tx.is_sqlite or not newest:
        return ReadTo(newest)
    first = max(0, newest - LOOKED_BACK) + 1
    there = tx.scalars(select(Interaction.id).where(Interaction.id >= first).order_by(Interaction.id))
    return ReadTo(newest, _newest(list(_gaps(there, first, newest, _transactions(tx)[1]))))


def _gaps(there: Sequence[int], first: int, last: int, until: int) -> Iterator[Gap]:
    """Yield what is missing between two numbers, given in their order those that are there."""
    expected = first
    for number in there[bisect_left(there, first) : bisect_right(there, last)]:
        if number > expected:
            yield Gap(expected, number - 1, until)
        expected = number + 1
    if expected <= last:
        yield Gap(expected, last, until)


def _transactions(tx: Tx) -> tuple[int, int]:
    """Return the number of the oldest transaction that may still commit, and one that none will have who writes now."""
    state: Any = func.pg_current_snapshot()
    oldest, following = (
        cast(cast(bound, Text), BigInteger) for bound in (func.pg_snapshot_xmin(state), func.pg_snapshot_xmax(state))
    )
    row = tx.row(select(oldest, following))
    return int(row[0]), int(row[1]) + YET_UNNUMBERED


def _newest(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """Return gaps of the newest numbers, as many as are looked for."""
    kept, left = list[Gap](), MOST_MISSING
    for gap in sorted(gaps, reverse=True):
        if not left:
            break
        first = max(gap.first, gap.last + 1 - left)
        kept.append(gap._replace(first=first))
        left -= gap.last + 1 - first
    return tuple(reversed(kept))


def _numbers(gaps: Sequence[Gap]) -> list[int]:
    return [number for gap in gaps for number in range(gap.first, gap.last + 1)]


@cache
def _numbered() -> Executable:
    """Ask number by number, which is found by the key; for bounds PostgreSQL would read the table for each of them."""
    numbers = bindparam("numbers", type_=ARRAY(BigInteger))
    statement: Executable = frame_select().where(Interaction.id == func.any(numbers))
    return statement
