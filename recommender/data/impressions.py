"""What people were shown and what they clicked: places of lists, checked, and the lists that the order learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from recommender.data.idmap import IdMap
from recommender.data.validation import clean_ids, clean_timestamps, fail_where, require_columns, to_numbers
from recommender.errors import DataError
from recommender.types import BoolMask, Rows

if TYPE_CHECKING:
    import pandas as pd

LOGGED_COLUMNS = ("user_id", "item_id", "request_id", "position", "propensity")
REWARDS = ("clicked", "reward")
LAST_POSITION = 2**31 - 1


def clean_logged(frame: pd.DataFrame) -> pd.DataFrame:
    """Check logged places; what each earned stands in ``clicked`` or, where it is an amount, in ``reward``.

    Without a column ``request_id`` what one user was shown in one second is one request.

    Returns
    -------
    DataFrame
        Columns of ``LOGGED_COLUMNS`` and ``reward``, and ``timestamp`` where there is one.

    Raises
    ------
    DataError
        Naming column and first rows: a missing column or id, a position that is none, a propensity outside (0, 1], a
        click that is neither 0 nor 1, a reward that is no number, two items at one place of a request, two users
        in one request.
    """
    import pandas as pd

    require_columns(frame, ("user_id", "item_id", "position", "propensity"))
    earned = next((name for name in REWARDS if name in frame.columns), REWARDS[0])
    require_columns(frame, (earned,))
    frame = frame.reset_index(drop=True)
    seconds = clean_timestamps(frame["timestamp"], {}) if "timestamp" in frame.columns else None
    ids = {name: clean_ids(frame[name], name, {}) for name in ("user_id", "item_id")}
    ids["request_id"] = _request_ids(frame, ids["user_id"], seconds)
    numbers = {name: to_numbers(frame[name]) for name in ("position", "propensity")}
    place, chance, reward = (
        numbers["position"],
        numbers["propensity"],
        to_numbers(frame[earned], flags=earned == "clicked"),
    )
    is_place = (place >= 1) & (place <= LAST_POSITION) & (place == np.floor(place))
    fail_where(~is_place, "position", frame["position"], f"no whole number from 1 to {LAST_POSITION:,}")
    fail_where(~((chance > 0) & (chance <= 1)), "propensity", frame["propensity"], "not above 0 and at most 1")
    fail_where(~np.isfinite(reward), earned, frame[earned], "no number")
    if earned == "clicked":
        fail_where(~np.isin(reward, (0.0, 1.0)), earned, frame[earned], "neither 0 nor 1")
    clean = pd.DataFrame(ids | numbers | {"reward": reward})
    twice = clean.duplicated(["request_id", "position"])
    fail_where(twice, "position", frame["position"], "a place that stands in the request twice")
    first = clean.drop_duplicates("request_id").set_index("request_id")["user_id"]
    others = clean["request_id"].map(first) != clean["user_id"]
    fail_where(others, "user_id", frame["user_id"], "another user than the request began with")
    if seconds is not None:
        clean["timestamp"] = seconds
    return clean


def _request_ids(frame: pd.DataFrame, user_ids: pd.Series, seconds: Rows | None) -> pd.Series:
    import pandas as pd

    if "request_id" in frame.columns:
        return clean_ids(frame["request_id"], "request_id", {})
    if seconds is None:
        raise DataError("column 'request_id' is missing, and 'timestamp' as well: one says what was shown together")
    return user_ids + "@" + pd.Series(seconds).astype(str)


class ShownList(NamedTuple):
    """One list that somebody saw at a time (UTC seconds): item rows, their places from 1, and which were clicked."""

    user_row: int
    at: int
    item_rows: Rows
    places: Rows
    clicked: BoolMask


@dataclass(frozen=True)
class Impressions:
    """Lists from which something was clicked and something was not, the oldest first."""

    lists: tuple[ShownList, ...]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, users: IdMap, items: IdMap) -> Self:
        """Read places as :func:`clean_logged` takes them, with their ``timestamp``.

        Lists of people, and places of items, that the maps do not know are left out.

        Raises
        ------
        DataError
            As :func:`clean_logged`, and where the times are missing.
        """
        import pandas as pd

        require_columns(frame, ("timestamp",))
        rows = clean_logged(frame)
        user_rows, item_rows = users.rows(rows["user_id"].tolist()), items.rows(rows["item_id"].tolist())
        known = np.flatnonzero((user_rows >= 0) & (item_rows >= 0))
        requests = pd.factorize(rows["request_id"].to_numpy(dtype=object)[known])[0]
        order = known[np.argsort(requests, kind="stable")]
        columns = (
            user_rows[order],
            rows["timestamp"].to_numpy(dtype=np.int64)[order],
            item_rows[order],
            rows["position"].to_numpy(dtype=np.int64)[order],
            rows["reward"].to_numpy(dtype=np.float64)[order] > 0,
        )
        ends = np.cumsum(np.bincount(requests, minlength=1))[:-1]
        found = [
            ShownList(int(user[0]), int(at.min()), *places)
            for user, at, *places in zip(*(np.split(column, ends) for column in columns), strict=True)
            if 0 < places[-1].sum() < len(places[-1])
        ]
        return cls(tuple(sorted(found, key=lambda one: one.at)))

    def between(self, start: float, end: float) -> Sequence[ShownList]:
        """The lists shown after ``start`` and no later than ``end``."""
        times = np.array([one.at for one in self.lists], dtype=np.float64)
        first, last = np.searchsorted(times, [start, end], side="right")
        return self.lists[first:last]
