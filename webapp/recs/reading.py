"""What a live model is told of between two trainings; what it cannot use is left out, and nothing here raises."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Container, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from webapp.errors import Busy
from webapp.store.rows import EventRow, Gap, ItemRow, ReadTo

log = logging.getLogger(__name__)
SHOWS_SECONDS = 300.0  # how often each product was shown is counted anew
MOST_ATTEMPTS = 200  # a row among 5,000 is found in 26; a model that stumbles over everything is not asked forever
NOTHING_READ = ReadTo()
EPOCH = datetime.fromtimestamp(0, UTC)
Row = TypeVar("Row")


class Feed(Protocol):
    """Where a live model learns of new events and products."""

    def events_after(self, read: ReadTo) -> tuple[Sequence[EventRow], ReadTo]:
        """Return new events and how far they were read now."""

    def items_since(self, since: datetime, known: Container[str]) -> tuple[Sequence[ItemRow], datetime]:
        """Return products added or changed since a moment but those of known ids, and the moment of the last."""

    def shows(self) -> Mapping[str, tuple[int, int]]:
        """Return how often each product was recommended of late, and how often somebody came from there."""


@dataclass
class Reading:
    """How far the live model has read."""

    events: ReadTo = NOTHING_READ
    items_at: datetime = EPOCH
    shows_at: float = -math.inf

    @property
    def marks(self) -> tuple[Hashable, ...]:
        """What changes when something new was read."""
        return (self.events.last_id, self.events.n_late, self.items_at, self.shows_at)


def since_training(note: Mapping[str, Any], data_until: int) -> Reading:
    """Where a model begins to read: behind what its training read; older notes name no change of products."""
    items_at = note.get("items_at")
    moment = datetime.fromisoformat(items_at) if items_at else datetime.fromtimestamp(data_until, UTC)
    gaps = tuple(Gap(*gap) for gap in note.get("event_gaps", ()))
    return Reading(ReadTo(note.get("last_event_id", 0), gaps), moment)


def note_of(read: ReadTo, items_at: datetime | None) -> dict[str, Any]:
    """Return what a training writes down for :func:`since_training`: how far it read."""
    moment = items_at.isoformat() if items_at else None
    return {"last_event_id": read.last_id, "event_gaps": [list(gap) for gap in read.gaps], "items_at": moment}


def read_on(model: Any, feed: Feed, reading: Reading) -> Reading:
    """Tell a model of new products and events and return how far it has read now.

    What could not be read is logged and read the next time: a model that knows less than it might goes on serving.
    """
    reading = replace(reading)
    for step in (_read_items, _read_events, _read_shows):
        try:
            step(model, feed, reading)
        except Busy:  # the log says so already
            continue
        except Exception:  # whatever is wrong with the database or in it, it must break neither a page nor the rest
            log.exception("recommender_feed_failed", extra={"step": step.__name__})
    return reading


def _read_items(model: Any, feed: Feed, reading: Reading) -> None:
    items, items_at = feed.items_since(reading.items_at, model.item_ids)
    if items:
        tell(lambda part: model.add_items([row._asdict() for row in part]), items, "products")
    reading.items_at = items_at


def _read_events(model: Any, feed: Feed, reading: Reading) -> None:
    from recommender import Event
    from recommender.data.validation import usable_told

    rows, read = feed.events_after(reading.events)
    while rows:
        told = [(row.user_id, Event(row.item_id, row.kind, row.timestamp, row.value)) for row in rows]
        usable, left_out = usable_told(told)
        _note_left_out("events", left_out)
        if usable:
            tell(model.absorb_events, usable, "events")
        reading.events = read
        rows, read = feed.events_after(read)
    reading.events = read


def _read_shows(model: Any, feed: Feed, reading: Reading) -> None:
    if time.monotonic() - reading.shows_at < SHOWS_SECONDS:
        return
    shows = feed.shows()
    reading.shows_at = time.monotonic()
    model.count_shows(shows)


def tell(listen: Callable[[Sequence[Row]], object], rows: Sequence[Row], what: str) -> int:
    """Tell a model of rows; where it stumbles, of their halves, so that one bad row keeps back no other.

    Returns
    -------
    int
        How many rows were left out.
    """
    parts, n_attempts, left_out = [rows], 0, dict[str, int]()
    while parts:
        part = parts.pop()
        n_attempts += 1
        try:
            listen(part)
        except Exception as error:  # a model whose files lie may break anywhere
            if len(part) > 1 and n_attempts < MOST_ATTEMPTS:
                half = len(part) // 2
                parts += [part[half:], part[:half]]
            else:
                reason = f"{type(error).__name__}: {error}"
                left_out[reason] = left_out.get(reason, 0) + len(part)
    _note_left_out(what, left_out)
    return sum(left_out.values())


def _note_left_out(what: str, left_out: Mapping[str, int]) -> None:
    if left_out:
        n, reasons = sum(left_out.values()), "; ".join(left_out)
        log.warning("recommender_rows_left_out", extra={"what": what, "n": n, "reason": reasons[:500]})
