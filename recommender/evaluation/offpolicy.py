"""What a model's lists would have earned, judged from a log in which chance had a say in what was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.evaluation.judging import Judged
from recommender.metrics import PolicyValue, doubly_robust, snips
from recommender.types import EVENT_KINDS, AnyArray, BoolMask, Event, FloatVector, Rows

MIN_EFFECTIVE = 500
MAX_REQUESTS = 2_000
MAX_WEIGHT = 50.0
_PRIOR_SHOWS = 20.0


@dataclass(frozen=True)
class LoggedValue:
    """Clicks per place that chance filled: of the policy of the day, and of a model by two estimators.

    Attributes
    ----------
    logged : float
        What was earned; NaN where chance filled nothing.
    snips, robust : PolicyValue
        Self-normalised inverse propensities; and those on top of a model of the clicks.
    n_requests, n_chance : int
        Requests looked at, and their places that were filled with a probability below 1. A place that was certain to
        hold what it held tells nothing of what else might have stood there, and is left out.
    """

    logged: float
    snips: PolicyValue
    robust: PolicyValue
    n_requests: int
    n_chance: int

    @property
    def is_enough(self) -> bool:
        """Whether the estimate rests on enough rows to go by, and on more than one person."""
        return self.snips.effective_sample_size >= MIN_EFFECTIVE and not self.is_of_one

    @property
    def is_of_one(self) -> bool:
        """Whether nearly all of it was shown to one person, so that nothing tells how far apart people are."""
        is_known = not isnan(self.snips.value)
        return is_known and (isnan(self.snips.low) or isnan(self.robust.low))


def logged_value(
    model: Judged,
    logged: pd.DataFrame,
    *,
    now: int,
    seed: int = 0,
    later: pd.DataFrame | None = None,
    everything: bool = False,
) -> LoggedValue:
    """What a model would have earned in the requests of a log.

    The model's list of as many places as the request had is taken as its choice, each item as likely at each place.

    Parameters
    ----------
    model : Judged
        Fitted on events from before the log.
    logged : DataFrame
        As :func:`recommender.data.impressions.clean_logged` gives it.
    now : int
        Time of requests that have none of their own, UTC seconds.
    later : DataFrame, optional
        Events that the model was not fitted on; before it is asked for a request it is told those of the user that had
        happened by then, as it would have been in its time.
    seed : int
        Of the draw of at most ``MAX_REQUESTS`` requests.
    everything : bool
        Look at all requests, however long it takes.

    References
    ----------
    Swaminathan, Joachims (2015); Dudík, Langford, Li (2011). The model of the clicks is the click rate of an item,
    drawn to the overall rate where it was shown seldom, learned on the other half of the requests.
    """
    rows = logged if everything and len(logged) else _drawn(logged, seed)
    requests = pd.factorize(rows["request_id"])[0].astype(np.int64)
    lists = _lists(model, rows, requests, now, _by_user(later))
    by_chance = rows["propensity"].to_numpy(dtype=np.float64) < 1
    shown = _Shown.of(rows[by_chance], requests[by_chance])
    lengths = np.array([max(1, len(one)) for one in lists])  # a short list is all of the choice, too
    target = shown.chosen_by(lists) / lengths[shown.requests]
    told, hoped = _click_model(shown, lists)
    clicks, chances, whose = shown.clicks, shown.chances, shown.users
    return LoggedValue(
        logged=float(clicks.mean()) if len(clicks) else float("nan"),
        snips=snips(clicks, chances, target, max_weight=MAX_WEIGHT, groups=whose),
        robust=doubly_robust(
            clicks, chances, target, predicted=told, predicted_target=hoped, max_weight=MAX_WEIGHT, groups=whose
        ),
        n_requests=int(requests.max()) + 1,
        n_chance=len(clicks),
    )


@dataclass(frozen=True)
class _Shown:
    """Places that chance filled, as columns of equal length; ``requests`` are row numbers into the model's lists."""

    items: AnyArray
    users: Rows
    requests: Rows
    clicks: FloatVector
    chances: FloatVector

    @classmethod
    def of(cls, rows: pd.DataFrame, requests: Rows) -> _Shown:
        items, users = rows["item_id"].to_numpy(dtype=object), pd.factorize(rows["user_id"])[0].astype(np.int64)
        return cls(
            items, users, requests, *(rows[name].to_numpy(dtype=np.float64) for name in ("reward", "propensity"))
        )

    def chosen_by(self, lists: Sequence[tuple[str, ...]]) -> BoolMask:
        """Which of the items the model's list for the request holds."""
        pairs = zip(self.items, self.requests, strict=True)
        return np.array([item in lists[request] for item, request in pairs], dtype=bool)


def _drawn(logged: pd.DataFrame, seed: int) -> pd.DataFrame:
    """At most ``MAX_REQUESTS`` requests, of those that chance had a part in where there are any."""
    by_chance = logged.loc[logged["propensity"] < 1, "request_id"]
    names = np.array(sorted((by_chance if len(by_chance) else logged["request_id"]).unique()), dtype=object)
    if not len(names):
        raise DataError("the log of shown places is empty")
    if len(names) > MAX_REQUESTS:
        names = np.random.default_rng(seed).choice(names, MAX_REQUESTS, replace=False)
    return logged[logged["request_id"].isin(set(names))]


def _by_user(later: pd.DataFrame | None) -> dict[str, list[Event]]:
    """Each user's events, oldest first."""
    if later is None or not len(later):
        return {}
    events = Interactions.from_frame(later, keep_times=True)
    values = [None if np.isnan(value) else value for value in events.values.tolist()]
    told: dict[str, list[Event]] = {}
    columns = (events.users.take(events.user_rows), events.items.take(events.item_rows), events.kinds.tolist())
    for user, item, kind, at, value in zip(*columns, events.timestamps.tolist(), values, strict=True):
        told.setdefault(user, []).append(Event(item, EVENT_KINDS[kind], at, value))
    return told


def _lists(
    model: Judged, rows: pd.DataFrame, requests: Rows, now: int, later: Mapping[str, Sequence[Event]]
) -> list[tuple[str, ...]]:
    """The model's items for each request, as many as places were shown."""
    firsts = rows.assign(_request=requests, _size=1).groupby("_request", sort=True)
    users, sizes = firsts["user_id"].first(), firsts["_size"].sum()
    times = firsts["timestamp"].min() if "timestamp" in rows.columns else pd.Series(now, index=users.index)
    asked = zip(users.tolist(), sizes.tolist(), times.tolist(), strict=True)
    found = []
    for user, size, time in asked:
        known = [event for event in later.get(user, ()) if event.timestamp < time]
        told: dict[str, Any] = {"history": known} if known else {}
        found.append(model.recommend(user, int(size), now=int(time), with_reasons=False, **told))
    return [tuple(r.item_id for r in one) for one in found]


def _click_model(shown: _Shown, lists: Sequence[tuple[str, ...]]) -> tuple[FloatVector, FloatVector]:
    """Click rates of the shown items and means of those of the model's lists, from the other half of the requests."""
    told, hoped = np.zeros(len(shown.items)), np.zeros(len(shown.items))
    for half in (0, 1):
        own = shown.requests % 2 == half
        rates, overall = _rates(shown.items[~own], shown.clicks[~own])
        told[own] = [rates.get(item, overall) for item in shown.items[own]]
        requests, back = np.unique(shown.requests[own], return_inverse=True)
        means = [np.mean([rates.get(item, overall) for item in lists[request]] or [0.0]) for request in requests]
        hoped[own] = np.array(means)[back]
    return told, hoped


def _rates(items: AnyArray, clicks: FloatVector) -> tuple[dict[str, float], float]:
    overall = float(clicks.mean()) if len(clicks) else 0.0
    names, codes = np.unique(items.astype(str), return_inverse=True)
    shown, clicked = np.bincount(codes), np.bincount(codes, weights=clicks)
    rates = (clicked + _PRIOR_SHOWS * overall) / (shown + _PRIOR_SHOWS)
    return dict(zip(names.tolist(), rates.tolist(), strict=True)), overall


def in_words(value: PolicyValue) -> str:
    """An estimate with its interval, dashes for what is not known."""
    ends = "-" if isnan(value.low) else f"{value.low:.4f} {value.high:.4f}"
    return "-" if isnan(value.value) else f"{value.value:.4f} [{ends}]"
