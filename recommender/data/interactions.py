"""The event log as arrays: checked, ordered by time, with ids turned into rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from recommender.data.arguments import latest_moment, moment_of, told_of
from recommender.data.idmap import IdMap
from recommender.data.roworder import StepCounter, counting_step, is_clock, is_grouped_by_user, stand_in
from recommender.data.validation import (
    DataReport,
    clean_baskets,
    clean_ids,
    clean_kinds,
    clean_timestamps,
    clean_values,
    require_columns,
)
from recommender.types import EVENT_KINDS, KIND_CODE, AnyArray, BoolMask, Event, FloatVector, Rows

if TYPE_CHECKING:
    import pandas as pd

MAX_EVENTS_PER_USER = 20_000


@dataclass(frozen=True)
class Interactions:
    """Events in time order; rows with equal times keep the order of the frame they came from.

    Attributes
    ----------
    users, items : IdMap
        External ids of the user rows and item rows.
    user_rows, item_rows : ndarray of shape (n_events,)
    kinds : ndarray of shape (n_events,)
        Codes into ``EVENT_KINDS``.
    values : ndarray of shape (n_events,)
        Stars of ratings, quantities of purchases, NaN elsewhere.
    timestamps : ndarray of shape (n_events,)
        UTC seconds.
    baskets : ndarray of shape (n_events,)
        Equal numbers share an order of one user; -1 for events outside any order.
    report : DataReport
        What was read and mended.
    """

    users: IdMap
    items: IdMap
    user_rows: Rows
    item_rows: Rows
    kinds: AnyArray
    values: FloatVector
    timestamps: Rows
    baskets: Rows
    report: DataReport

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, now: int | None = None, keep_times: bool = False) -> Interactions:
        """Check an event frame and turn it into arrays.

        Parameters
        ----------
        frame : DataFrame
            Columns ``user_id`` and ``item_id``; optional ``kind``, ``value``, ``timestamp`` (UTC seconds) and
            ``order_id``. Other columns are ignored.
        now : int, optional
            Time against which "in the future" is judged, UTC seconds; the clock by default.
        keep_times : bool
            True takes the times as they are told, even where they look like no clock: in a part of a log they may.

        Raises
        ------
        DataError
            On a missing column or id, an unknown kind, stars outside 1-5, a missing or future time, a ``now`` that is
            no number of UTC seconds.

        Notes
        -----
        Repairs are counted in ``report``: whole-number ids written as text, an absent ``kind`` or ``timestamp``
        column filled in, values left out beside kinds that have none, fractions of a second cut, and users with more
        than ``MAX_EVENTS_PER_USER`` events cut to their latest ones. Without times the order of the rows stands in for
        them, or, where one user stands after the other, the number of each row among its user's. Where the rows were
        sorted by item it is drawn at random: an order that says nothing, learned from, is worse than none. Numbers
        that are no clock, as :func:`recommender.data.roworder.is_clock` knows them, are looked at in the same way.
        """
        import pandas as pd

        require_columns(frame, ("user_id", "item_id"))
        now = moment_of(now)
        frame = frame.reset_index(drop=True)
        repairs: dict[str, int] = {}
        user_ids = clean_ids(frame["user_id"], "user_id", repairs)
        item_ids = clean_ids(frame["item_id"], "item_id", repairs)
        kinds = clean_kinds(frame, repairs)
        values = clean_values(frame, kinds, repairs)
        timestamps = _times(frame, user_ids, item_ids, kinds, repairs, now, keep=keep_times)
        user_codes, users = pd.factorize(user_ids, sort=True)
        baskets = _of_each_user(clean_baskets(frame), user_codes)
        item_codes, items = pd.factorize(item_ids, sort=True)
        order = np.argsort(timestamps, kind="stable")
        order = order[_latest_of_each(user_codes[order], MAX_EVENTS_PER_USER, repairs)]
        return cls(
            users=IdMap(users.tolist()),
            items=IdMap(items.tolist()),
            user_rows=user_codes[order].astype(np.int64),
            item_rows=item_codes[order].astype(np.int64),
            kinds=kinds[order],
            values=values[order],
            timestamps=timestamps[order],
            baskets=baskets[order],
            report=DataReport(n_rows=len(frame), n_kept=len(order), repairs=repairs),
        )

    @classmethod
    def from_events(cls, told: Iterable[tuple[object, Event]]) -> Interactions:
        """Check users and their events, and turn them into the arrays that :meth:`from_frame` makes of such a log.

        For the news of a model that serves: pandas is not read for it. Times are taken as they are told, as with
        ``keep_times``, and of repairs ``report`` counts only what was cut to ``MAX_EVENTS_PER_USER``.

        Parameters
        ----------
        told : iterable of (user_id, Event)

        Raises
        ------
        DataError
            As :func:`recommender.data.arguments.told_of`; none of the times may be later than the clock.
        """
        pairs = told_of(told, latest_moment())
        user_ids, events = [user for user, _ in pairs], [event for _, event in pairs]
        item_ids = [event.item_id for event in events]
        users, items = IdMap(sorted(set(user_ids))), IdMap(sorted(set(item_ids)))
        user_rows, timestamps = users.rows(user_ids), np.array([event.timestamp for event in events], dtype=np.int64)
        repairs: dict[str, int] = {}
        order = np.argsort(timestamps, kind="stable")
        order = order[_latest_of_each(user_rows[order], MAX_EVENTS_PER_USER, repairs)]
        return cls(
            users=users,
            items=items,
            user_rows=user_rows[order],
            item_rows=items.rows(item_ids)[order],
            kinds=np.array([KIND_CODE[event.kind] for event in events], dtype=np.int8)[order],
            values=np.array([np.nan if e.value is None else e.value for e in events], dtype=np.float32)[order],
            timestamps=timestamps[order],
            baskets=np.full(len(order), -1, dtype=np.int64),
            report=DataReport(n_rows=len(pairs), n_kept=len(order), repairs=repairs),
        )

    def __len__(self) -> int:
        return len(self.user_rows)

    @property
    def n_users(self) -> int:
        """Number of distinct users."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Number of distinct items with an event."""
        return len(self.items)

    def select(self, keep: BoolMask | Rows) -> Interactions:
        """The chosen events over the same ids and rows."""
        return Interactions(
            users=self.users,
            items=self.items,
            user_rows=self.user_rows[keep],
            item_rows=self.item_rows[keep],
            kinds=self.kinds[keep],
            values=self.values[keep],
            timestamps=self.timestamps[keep],
            baskets=self.baskets[keep],
            report=self.report,
        )

    def with_items(self, items: IdMap) -> Interactions:
        """The same events over another item map, which must contain every item of this one."""
        rows = items.rows(list(self.items))
        return Interactions(
            users=self.users,
            items=items,
            user_rows=self.user_rows,
            item_rows=rows[self.item_rows],
            kinds=self.kinds,
            values=self.values,
            timestamps=self.timestamps,
            baskets=self.baskets,
            report=self.report,
        )

    def with_steps_for_counted_rows(self) -> Interactions:
        """The events, each user's with times that go on step by step from one first moment, where theirs count rows.

        So they do where a log that holds one user after the other was given times by counting from some second on:
        taken for a clock, they make the last users of the file the latest news. Other events are left as they are.
        """
        import pandas as pd

        step = counting_step(self.timestamps)
        users = pd.Series(self.user_rows)
        if not step or not is_grouped_by_user(users, self.kinds):
            return self
        steps = StepCounter().steps(users)
        counted = {"timestamp: counts rows, taken as the steps of each user": len(self)}
        numbered = replace(
            self,
            timestamps=self.timestamps.min() + step * steps,
            report=replace(self.report, repairs=self.report.repairs | counted),
        )
        return numbered.select(np.argsort(steps, kind="stable"))

    def to_frame(self) -> pd.DataFrame:
        """A frame that :meth:`from_frame` accepts, in time order."""
        import pandas as pd

        return pd.DataFrame(
            {
                "user_id": self.users.take(self.user_rows),
                "item_id": self.items.take(self.item_rows),
                "kind": np.array(EVENT_KINDS, dtype=object)[self.kinds],
                "value": self.values.astype(np.float64),
                "timestamp": self.timestamps,
                "order_id": pd.array([None if b < 0 else f"b{b}" for b in self.baskets.tolist()], dtype="object"),
            }
        )


def _times(
    frame: pd.DataFrame,
    user_ids: pd.Series,
    item_ids: pd.Series,
    kinds: AnyArray,
    repairs: dict[str, int],
    now: int | None,
    *,
    keep: bool,
) -> Rows:
    """UTC seconds of the rows; see the notes of :meth:`Interactions.from_frame`."""
    is_timed = "timestamp" in frame.columns
    seconds = clean_timestamps(frame["timestamp"], repairs, now=now) if is_timed else np.arange(len(frame))
    if is_timed and (keep or is_clock(seconds)):
        return seconds
    lack = "no clock" if is_timed else "column absent"
    order = np.argsort(seconds, kind="stable")
    found = stand_in(user_ids.iloc[order], item_ids.iloc[order], kinds[order], StepCounter())
    if found is not None:
        what, in_order = found
        repairs[f"timestamp: {lack}, {what}"] = len(frame)
        return in_order[np.argsort(order)]
    if not is_timed:
        repairs["timestamp: column absent, row order taken as time"] = len(frame)
    return seconds


def _of_each_user(baskets: Rows, user_codes: Rows) -> Rows:
    """Numbers of the orders, told apart where two users have one of the same name: shops count from 1 for each."""
    import pandas as pd

    inside = baskets >= 0
    found = np.full(len(baskets), -1, dtype=np.int64)
    found[inside] = pd.factorize(baskets[inside] * (int(user_codes.max(initial=0)) + 1) + user_codes[inside])[0]
    return found


def events_frame(user_id: str, events: Sequence[Event]) -> pd.DataFrame:
    """One user's events as a frame for :meth:`Interactions.from_frame`."""
    import pandas as pd

    frame = pd.DataFrame(list(events), columns=["item_id", "kind", "timestamp", "value"])
    return frame.assign(user_id=user_id)


def stars_of(events: Interactions) -> BoolMask:
    """Mask of the events that carry a star rating."""
    return events.kinds == KIND_CODE["rating"]


def _latest_of_each(user_codes: Rows, limit: int, repairs: dict[str, int]) -> Rows:
    """Positions (ascending) of the last ``limit`` events of each user, given users in time order."""
    counts = np.bincount(user_codes) if len(user_codes) else np.zeros(0, dtype=np.int64)
    if not counts.size or counts.max() <= limit:
        return np.arange(len(user_codes))
    by_user = np.argsort(user_codes, kind="stable")
    ends = np.cumsum(counts)
    from_end = np.repeat(ends, counts) - 1 - np.arange(len(user_codes))
    keep = np.sort(by_user[from_end < limit])
    repairs[f"user_id: events beyond a user's latest {limit}"] = len(user_codes) - len(keep)
    return keep
