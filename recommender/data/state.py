"""What is known of a user at the moment of a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from recommender.data.interactions import Interactions
from recommender.data.weights import EventWeights
from recommender.types import KIND_CODE, AnyArray, BoolMask, Event, FloatVector, Rows

MAX_HISTORY = 200


@dataclass(frozen=True)
class EventLog:
    """Events of one user in time order, as row numbers (-1 for an item that the model does not know)."""

    item_rows: Rows
    kinds: AnyArray
    values: FloatVector
    timestamps: Rows

    @classmethod
    def empty(cls) -> EventLog:
        """A log without events."""
        none = np.empty(0, dtype=np.int64)
        return cls(none, none.astype(np.int8), none.astype(np.float32), none)

    @classmethod
    def from_events(cls, events: Sequence[Event], item_rows: Rows) -> EventLog:
        """Events, checked by :func:`recommender.data.arguments.events_of`, and the rows of their items, sorted by time.

        Equal times keep their order.
        """
        times = np.array([e.timestamp for e in events], dtype=np.int64)
        order = np.argsort(times, kind="stable")
        kinds = np.array([KIND_CODE[e.kind] for e in events], dtype=np.int8)
        values = np.array([np.nan if e.value is None else e.value for e in events], dtype=np.float32)
        return cls(item_rows[order], kinds[order], values[order], times[order])

    def then(self, later: EventLog) -> EventLog:
        """This log and another one merged by time; what the other one says again of this one is left out.

        Nothing of this log is left out: two verdicts within a second are two, and the last one counts. Events of one
        second stand in the order in which they were told, those of this log first.
        """
        if not len(self) or not len(later):
            return self if len(self) else later
        if later.timestamps[0] > self.timestamps[-1]:
            return self._and(later)
        n_known, nth = known_times(self, later)
        merged = self._and(later.take(np.flatnonzero(nth >= n_known)))
        return merged.take(np.argsort(merged.timestamps, kind="stable"))

    def _and(self, other: EventLog) -> EventLog:
        return EventLog(
            np.concatenate([self.item_rows, other.item_rows]),
            np.concatenate([self.kinds, other.kinds]),
            np.concatenate([self.values, other.values]),
            np.concatenate([self.timestamps, other.timestamps]),
        )

    def same_as(self, other: EventLog) -> bool:
        """Whether both logs hold the same kinds of events with the same items, times and values, in the same order."""
        return (
            np.array_equal(self.timestamps, other.timestamps)
            and np.array_equal(self.item_rows, other.item_rows)
            and np.array_equal(self.kinds, other.kinds)
            and np.array_equal(self.values, other.values, equal_nan=True)
        )

    def ratings(self) -> EventLog:
        """The events that give stars to an item of the model."""
        return self.take(np.flatnonzero((self.kinds == KIND_CODE["rating"]) & (self.item_rows >= 0)))

    def latest(self, n: int) -> EventLog:
        """The last ``n`` events, at least one."""
        return self if len(self) <= n else self.take(np.arange(len(self) - n, len(self)))

    def take(self, positions: Rows) -> EventLog:
        """The events at the given positions."""
        return EventLog(
            self.item_rows[positions], self.kinds[positions], self.values[positions], self.timestamps[positions]
        )

    def __len__(self) -> int:
        return len(self.item_rows)


def known_times(known: EventLog, told: EventLog) -> tuple[Rows, Rows]:
    """How often each told event stands in a known log, and how many events like it were told before it.

    Two events are alike with the same item, kind, time and value. Both logs are in time order.

    Returns
    -------
    tuple of ndarray, each of shape (n_told,)
        ``n_told`` is at least 1.
    """
    first = int(np.searchsorted(known.timestamps, told.timestamps[0]))
    end = int(np.searchsorted(known.timestamps, told.timestamps[-1], side="right"))
    near, n_near = slice(first, end), end - first  # what lies outside the time of the told events is like none of them
    values = np.concatenate([known.values[near], told.values])
    keys = (
        np.where(np.isnan(values), -np.inf, values),  # no value is a value like any other
        np.concatenate([known.kinds[near], told.kinds]),
        np.concatenate([known.item_rows[near], told.item_rows]),
        np.concatenate([known.timestamps[near], told.timestamps]),
    )
    order = np.lexsort(keys)  # stable: of events that are alike the known ones come first
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = np.logical_or.reduce([key[order][1:] != key[order][:-1] for key in keys])
    firsts = np.flatnonzero(starts)
    group = np.cumsum(starts) - 1
    n_known = np.bincount(group[order < n_near], minlength=len(firsts))
    found, nth = np.empty((2, len(order)), dtype=np.int64)
    found[order] = n_known[group]
    nth[order] = np.arange(len(order)) - firsts[group] - n_known[group]
    return found[n_near:], nth[n_near:]


@dataclass(frozen=True)
class UserState:
    """A user's distinct items with what the events say about each: the latest first, behind them those without weight.

    Sources look at the first so many: what somebody turned down shall not take the places of what they like.

    Attributes
    ----------
    item_rows : ndarray of shape (n_touched,)
        Distinct known items; position 0 is the last one touched and not dismissed, if there is one.
    weights : ndarray of shape (n_touched,)
        Evidence of taste, >= 0: that of the strongest event, of the stars where the item was rated, and 0 where it
        was dismissed or its events say nothing.
    stars : ndarray of shape (n_touched,)
        Last rating given, NaN where there is none.
    kinds : ndarray of shape (n_touched,)
        Kind of the strongest event with the item.
    timestamps : ndarray of shape (n_touched,)
        UTC seconds of the last event with the item.
    bought_at : ndarray of shape (n_touched,)
        UTC seconds of the last purchase of the item, -1 where there is none.
    dismissed : ndarray of bool, shape (n_touched,)
        Whether the item was dismissed after everything else; a weight of 0 alone says nothing against it.
    seen : ndarray of shape (n_seen,)
        Every item touched, also beyond the history limit: not to be recommended again.
    user_row : int
        Row in the model's training data, -1 for somebody new.
    n_events : int
    """

    item_rows: Rows
    weights: FloatVector
    stars: FloatVector
    kinds: AnyArray
    timestamps: Rows
    bought_at: Rows
    dismissed: BoolMask
    seen: Rows
    user_row: int = -1
    n_events: int = 0

    @cached_property
    def is_cold(self) -> bool:
        """True when nothing known to the model speaks for a taste."""
        return not len(self.item_rows) or not bool((self.weights > 0).any())

    @property
    def last_at(self) -> int:
        """UTC seconds of the latest event with any of the items, a dismissal too; there has to be an item."""
        return int(self.timestamps.max())

    def without(self, item_row: int) -> UserState:
        """The state as if the user had never touched the item."""
        return self._keep(self.item_rows != item_row)

    def head(self, n: int) -> UserState:
        """The state reduced to the latest ``n`` items."""
        return self._keep(slice(n))

    def _keep(self, which: AnyArray | slice) -> UserState:
        return replace(
            self,
            item_rows=self.item_rows[which],
            weights=self.weights[which],
            stars=self.stars[which],
            kinds=self.kinds[which],
            timestamps=self.timestamps[which],
            bought_at=self.bought_at[which],
            dismissed=self.dismissed[which],
        )


@dataclass(frozen=True)
class Steps:
    """Steps of one user, the latest first, as a fit of sequences counts them.

    Events without evidence are none, and an item repeated at once is one step with its strongest evidence.

    Attributes
    ----------
    item_rows : ndarray of shape (n_steps,)
        -1 for an item that the model does not know.
    evidence : ndarray of shape (n_steps,)
    """

    item_rows: Rows
    evidence: FloatVector

    @classmethod
    def none(cls) -> Steps:
        """No step."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))

    @classmethod
    def of(cls, log: EventLog, weights: EventWeights) -> Steps:
        """The steps of a log."""
        evidence = weights.of(log.kinds, log.values)
        rows, evidence = log.item_rows[evidence > 0], evidence[evidence > 0]
        if not len(rows):
            return cls(rows, evidence)
        starts = np.flatnonzero(np.r_[True, (rows[1:] != rows[:-1]) | (rows[1:] < 0)])
        return cls(rows[starts][::-1], np.maximum.reduceat(evidence, starts)[::-1])

    def distinct(self) -> Steps:
        """Each item of the model once, at its latest step."""
        rows, latest = np.unique(self.item_rows, return_index=True)
        kept = np.sort(latest[rows >= 0])
        return Steps(self.item_rows[kept], self.evidence[kept])


def looked_at(rows: Rows, now: int, *, kind: str = "click") -> EventLog:
    """A log in which somebody just clicked some items, or did something else with them."""
    n = len(rows)
    kinds = np.full(n, KIND_CODE[kind], dtype=np.int8)
    return EventLog(rows, kinds, np.full(n, np.nan, dtype=np.float32), np.full(n, now, dtype=np.int64))


def build_state(log: EventLog, weights: EventWeights, *, user_row: int = -1, limit: int = MAX_HISTORY) -> UserState:
    """Condense an event log to one entry per item, at most ``limit`` that say something and as many that do not."""
    known = log.item_rows >= 0
    if not known.all():
        log = log.take(np.flatnonzero(known))
    if not len(log):
        none = log.timestamps
        no = np.zeros(0, dtype=bool)
        return UserState(log.item_rows, log.values, log.values, log.kinds, none, none, no, log.item_rows, user_row, 0)
    reversed_rows = log.item_rows[::-1]
    distinct, last_from_end, inverse = np.unique(reversed_rows, return_index=True, return_inverse=True)
    event_weights = weights.of(log.kinds, log.values)[::-1]
    best = np.zeros(len(distinct), dtype=np.float32)
    np.maximum.at(best, inverse, event_weights)
    stars = _last_stars(log, inverse, len(distinct))
    strongest = _strongest_kind(log.kinds[::-1], event_weights, inverse, best)
    rated = ~np.isnan(stars)
    best[rated] = weights.of(np.full(int(rated.sum()), KIND_CODE["rating"], dtype=np.int8), stars[rated])
    dismissed = _dismissed(log, inverse, len(distinct))
    best[dismissed] = 0.0
    latest_first = np.argsort(last_from_end, kind="stable")
    speaks = best[latest_first] > 0
    order = np.concatenate([latest_first[speaks][:limit], latest_first[~speaks][:limit]])
    return UserState(
        item_rows=distinct[order],
        weights=best[order],
        stars=stars[order],
        kinds=strongest[order],
        timestamps=log.timestamps[::-1][last_from_end[order]],
        bought_at=_last_purchases(log, inverse, len(distinct))[order],
        dismissed=dismissed[order],
        seen=distinct,
        user_row=user_row,
        n_events=len(log),
    )


def _dismissed(log: EventLog, inverse: Rows, n: int) -> BoolMask:
    """Mask of items whose dismissal came after every other event with them."""
    newest_dismissal = np.full(n, len(log), dtype=np.int64)
    newest_other = np.full(n, len(log), dtype=np.int64)
    is_dismissal = log.kinds[::-1] == KIND_CODE["dismiss"]
    positions = np.arange(len(log))
    np.minimum.at(newest_dismissal, inverse[is_dismissal], positions[is_dismissal])
    np.minimum.at(newest_other, inverse[~is_dismissal], positions[~is_dismissal])
    found: BoolMask = newest_dismissal < newest_other
    return found


def _strongest_kind(kinds: AnyArray, event_weights: FloatVector, inverse: Rows, best: FloatVector) -> AnyArray:
    """Kind of the latest event that carries an item's full weight."""
    carries = event_weights >= best[inverse]
    strongest = np.zeros(len(best), dtype=np.int8)
    positions = np.flatnonzero(carries)[::-1]
    strongest[inverse[positions]] = kinds[positions]
    return strongest


def _last_purchases(log: EventLog, inverse: Rows, n: int) -> Rows:
    bought_at = np.full(n, -1, dtype=np.int64)
    bought = log.kinds[::-1] == KIND_CODE["purchase"]
    np.maximum.at(bought_at, inverse[bought], log.timestamps[::-1][bought])
    return bought_at


def _last_stars(log: EventLog, inverse: Rows, n: int) -> FloatVector:
    stars = np.full(n, np.nan, dtype=np.float32)
    positions = np.flatnonzero(log.kinds[::-1] == KIND_CODE["rating"])[::-1]
    stars[inverse[positions]] = log.values[::-1][positions]
    return stars


@dataclass(frozen=True)
class Histories:
    """Event logs of all training users, one after the other.

    ``starts`` has shape (n_users + 1,): user ``u`` owns the events ``starts[u]:starts[u + 1]``, in time order.
    """

    starts: Rows
    log: EventLog

    @classmethod
    def from_interactions(cls, events: Interactions) -> Histories:
        """Group time-ordered events by user."""
        order = np.argsort(events.user_rows, kind="stable")
        counts = np.bincount(events.user_rows, minlength=events.n_users)
        log = EventLog(events.item_rows, events.kinds, events.values, events.timestamps).take(order)
        return cls(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), log)

    def of(self, user_row: int) -> EventLog:
        """The log of one user; empty for row -1."""
        if user_row < 0 or user_row >= len(self.starts) - 1:
            return EventLog.empty()
        part = slice(int(self.starts[user_row]), int(self.starts[user_row + 1]))
        log = self.log
        return EventLog(
            np.asarray(log.item_rows[part], dtype=np.int64), log.kinds[part], log.values[part], log.timestamps[part]
        )

    def __len__(self) -> int:
        return len(self.starts) - 1
