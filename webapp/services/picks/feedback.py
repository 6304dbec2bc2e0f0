"""What people do and say, recorded so that the very next request can use it.

The transaction writes the row and nothing else: no model is touched, so every worker sees the event at once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from webapp.actors import Actor
from webapp.errors import NotFound
from webapp.store import interactions, products, taste
from webapp.store.tx import Tx, run_unit

log = logging.getLogger(__name__)
VIEW_AGAIN_AFTER = timedelta(minutes=30)
OLDEST_EVENT = timedelta(days=30)
CLOCK_SKEW = timedelta(minutes=5)
TRACE_KINDS = frozenset({"impression", "dwell"})


@dataclass(frozen=True, slots=True)
class Event:
    """An event somebody reports."""

    product_id: int
    kind: str
    value: float | None = None
    at: datetime | None = None
    event_uid: str | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one reported event: recorded, repeated or refused with a reason."""

    status: str
    reason: str = ""


def note(
    tx: Tx,
    actor: Actor,
    *,
    product_id: int,
    kind: str,
    now: datetime,
    value: float | None = None,
    event_uid: str | None = None,
    request_id: str = "",
    order_ref: str | None = None,
    context: str = "",
) -> bool:
    """Write an event within a transaction of somebody else; False for a repeat.

    Nothing that somebody does leaves a trace while they have switched personalisation off.
    """
    if not actor.is_personalised:
        return True
    added = interactions.add_once(
        tx,
        actor,
        product_id=product_id,
        kind=kind,
        at=now,
        value=value,
        event_uid=event_uid,
        request_id=request_id or None,
        order_ref=order_ref,
        context=context,
    )
    return added is not None


def note_view(tx: Tx, actor: Actor, product_id: int, *, request_id: str, now: datetime) -> None:
    """Write a view, unless the same visitor looked at the same product a moment ago."""
    if not actor.is_known or not actor.is_personalised:
        return
    since = now - VIEW_AGAIN_AFTER
    interactions.add_view(tx, actor, product_id, request_id=request_id or None, at=now, unless_since=since)


def record(actor: Actor, event: Event, *, now: datetime) -> Verdict:
    """Record one rating or event of a visitor.

    Returns
    -------
    Verdict
        ``recorded``, or ``repeated`` when this ``event_uid`` was seen before; then nothing changes.

    Raises
    ------
    NotFound
        If there is no such product.
    """

    def work(tx: Tx) -> Verdict:
        if event.product_id not in products.known_ids(tx, [event.product_id]):
            raise NotFound
        return _record(tx, actor, event, now=now)

    return run_unit(work)


def _record(tx: Tx, actor: Actor, event: Event, *, now: datetime) -> Verdict:
    at = event.at or now
    if event.kind in TRACE_KINDS:
        return Verdict("recorded")
    is_new = note(
        tx,
        actor,
        product_id=event.product_id,
        kind=event.kind,
        value=event.value,
        event_uid=event.event_uid,
        request_id=event.request_id,
        now=at,
    )
    if not is_new:
        return Verdict("repeated")
    _keep(tx, actor, event, at)
    return Verdict("recorded")


def _keep(tx: Tx, actor: Actor, event: Event, at: datetime) -> None:
    """Keep stars and wishes, which are everybody's own, paused or not; refusals are there for the picks alone."""
    if event.kind == "rating" and event.value is not None:
        taste.set_stars(tx, actor, event.product_id, int(event.value), now=at, is_late=event.at is not None)
    elif event.kind == "wishlist":
        taste.wish(tx, actor, event.product_id, now=at)
    if not actor.is_personalised:
        return
    if event.kind == "rating":
        taste.include(tx, actor, event.product_id, until=event.at)
    elif event.kind == "dismiss":
        if event.at is None:
            taste.exclude(tx, actor, event.product_id, "dismiss", now=at)
        else:
            taste.dismiss(tx, actor, event.product_id, at=at)


def record_many(events: Sequence[tuple[Actor, Event] | Verdict], *, now: datetime) -> list[Verdict]:
    """Record a batch in one transaction and say of each what became of it; a refused one does not stop the rest.

    Parameters
    ----------
    events : sequence
        Each an actor with an event, or the verdict on one that could not be read.
    """
    verdicts = run_unit(lambda tx: _record_many(tx, events, now=now))
    log.info("events_recorded", extra={"n": len(verdicts)})
    return verdicts


def _record_many(tx: Tx, events: Sequence[tuple[Actor, Event] | Verdict], *, now: datetime) -> list[Verdict]:
    told = [entry[1] for entry in events if isinstance(entry, tuple)]
    # Their sums change one after the other in the order of the batch; another batch may have another order.
    products.lock(tx, {event.product_id for event in told if event.kind == "rating"})
    known = products.known_ids(tx, {event.product_id for event in told})
    verdicts = []
    seen: dict[tuple[Actor, str], set[int]] = {}
    for entry in events:
        if isinstance(entry, Verdict):
            verdicts.append(entry)
            continue
        actor, event = entry
        verdicts.append(_judge(tx, actor, event, known, now=now))
        if _came_into_view(actor, event) and verdicts[-1].status == "recorded":
            seen.setdefault((actor, event.request_id), set()).add(event.product_id)
    for (actor, request_id), product_ids in seen.items():
        interactions.mark_seen(tx, actor, request_id=request_id, product_ids=product_ids, now=now)
    return verdicts


def _came_into_view(actor: Actor, event: Event) -> bool:
    """Whether an event says of a list that was noted as shown that it was seen; paused lists are not noted."""
    return event.kind == "impression" and bool(event.request_id) and actor.is_personalised


def _judge(tx: Tx, actor: Actor, event: Event, known: set[int], *, now: datetime) -> Verdict:
    if event.product_id not in known:
        return Verdict("refused", "unknown product_id")
    if event.at is not None and event.at > now + CLOCK_SKEW:
        return Verdict("refused", "at lies in the future")
    if event.at is not None and event.at < now - OLDEST_EVENT:
        return Verdict("refused", "at lies more than 30 days back; use import-interactions")
    if not actor.is_known:
        return Verdict("refused", "unknown user_id")
    return _record(tx, actor, event, now=now)


def from_epoch(seconds: float | None) -> datetime | None:
    """Return the moment of UTC seconds."""
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
