"""Training and test events: by global time, each user's last one, or drawn; with single events or baskets as units.

The protocol behind every number that the project prints: of a user and an item only the first interaction counts,
all items compete (no sampled negatives), items already seen are not asked for again, and the test keeps only items
that the training part knows, and users whom it knows or whose history is handed over with the request.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from recommender.data.roworder import StepCounter, is_clock, stand_in
from recommender.data.validation import require_columns, shortened
from recommender.errors import DataError
from recommender.types import EVENT_KINDS, BoolMask, Rows

Unit = Literal["event", "basket"]
TARGET_KINDS = tuple(kind for kind in EVENT_KINDS if kind != "dismiss")
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Split:
    """Frames with the columns of the events they came from, each in time order.

    Attributes
    ----------
    train, test : DataFrame
        Each (user, item) pair of ``test`` occurs in it once and never in ``train``.
    cut : int or None
        For a split by time: every training event is earlier than this UTC second, no test event is.
    left_out : dict of str to int
        Rows that are in no part, counted per reason.
    history : DataFrame, optional
        What is handed over with the requests, where the test asks for users whom the training part does not know.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    cut: int | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    history: pd.DataFrame | None = None


def split_last_one(
    frame: pd.DataFrame,
    *,
    min_events: int = 3,
    unit: Unit = "event",
    first_only: bool = True,
    target_kinds: Collection[str] = TARGET_KINDS,
) -> Split:
    """Hold out the last item, or the last basket, that each user came to for the first time.

    Parameters
    ----------
    frame : DataFrame
        Library events; ``user_id``, ``item_id``, ``timestamp`` and, where they exist, ``kind`` and ``order_id``.
        Equal times of one user keep the order of the frame.
    min_events : int
        Users with fewer units (events, or baskets) after repeats are dropped stay in training with all they have.
    unit : {"event", "basket"}
        With "basket" all rows of one ``order_id`` (without one: of one user and UTC day) are held out together.
    first_only : bool
        Keep only the first interaction of a user with an item. Otherwise training keeps the repeats that happened
        before the held-out unit, so that a view followed by a purchase is still two events.
    target_kinds : collection of str
        Kinds that may be held out; a dismissed item is no target.

    Returns
    -------
    Split
        ``cut`` is None. Test items that no training row knows are left out and counted.

    Raises
    ------
    DataError
        If a column is missing or ``min_events`` is below 2.
    """
    if min_events < 2:
        raise DataError(f"min_events must be at least 2, one to learn from and one to ask for, not {min_events}")
    log = _ordered(frame, unit)
    target = _is_first(log) & _is_target(log, target_kinds)
    unit_codes = log["_unit"].to_numpy()
    user_codes = log["_user"].to_numpy()
    held = _last_units(user_codes, unit_codes, target, min_events)
    test = held[unit_codes] & target
    starts = _unit_starts(user_codes, unit_codes, held)
    after = (np.arange(len(log)) >= starts[user_codes]) & ~test
    repeats = ~_is_first(log) & ~after if first_only else np.zeros(len(log), dtype=bool)
    train = ~test & ~after & ~repeats
    left_out = {"repeated interactions": int(repeats.sum()), "from the held-out unit on": int(after.sum())}
    return _finish(log, train, test, left_out, cut=None)


def split_by_time(
    frame: pd.DataFrame,
    *,
    fraction: float = 0.1,
    unit: Unit = "event",
    first_only: bool = True,
    target_kinds: Collection[str] = TARGET_KINDS,
) -> Split:
    """Hold out the last part of all events, by one moment in time that is the same for everybody.

    The cut falls between two distinct times, at the place that brings the test part nearest to ``fraction``, so
    events of one second (or, in data with whole days, of one day) are never on both sides.

    Parameters
    ----------
    frame : DataFrame
        As in :func:`split_last_one`.
    fraction : float
        Share of the units to hold out, between 0 and 1.
    unit : {"event", "basket"}
        With "basket" the share counts baskets, and a basket that straddles the cut is left out of both parts.
    first_only : bool
        Keep only the first interaction of a user with an item, in both parts. Otherwise training keeps repeats.
    target_kinds : collection of str
        Kinds that may be asked for in the test.

    Returns
    -------
    Split
        The test keeps users and items that the training part knows; the others are counted in ``left_out``.

    Raises
    ------
    DataError
        If a column is missing, ``fraction`` is not between 0 and 1, or all events happened at one time.
    """
    if not 0 < fraction < 1:
        raise DataError(f"fraction must lie between 0 and 1, not {fraction}")
    log = _ordered(frame, unit)
    first = _is_first(log)
    repeats = ~first if first_only else np.zeros(len(log), dtype=bool)
    times = log["timestamp"].to_numpy()
    counted = log[~repeats]
    if unit == "basket":
        counted = counted[~counted["_unit"].duplicated()]
    cut = _cut_time(counted["timestamp"].to_numpy(), fraction)
    straddles = _straddles(log["_unit"].to_numpy(), times < cut) if unit == "basket" else np.zeros(len(log), bool)
    train = (times < cut) & ~repeats & ~straddles
    test = (times >= cut) & first & _is_target(log, target_kinds) & ~straddles
    later = (times >= cut) & ~test & ~repeats & ~straddles
    left_out = {
        "repeated interactions": int(repeats.sum()),
        "baskets across the cut": int((straddles & ~repeats).sum()),
        "seen before or not a target": int(later.sum()),
    }
    return _finish(log, train, test, left_out, cut=cut)


def split_at_random(
    frame: pd.DataFrame,
    *,
    share: float = 0.25,
    seed: int = 0,
    first_only: bool = True,
    target_kinds: Collection[str] = TARGET_KINDS,
) -> Split:
    """Hold out a share of each user's items, drawn at random: what a log without times, or many a paper, is judged by.

    A model that is told when things happened would be misled, since what is asked for happened in between. So the
    times are taken away: in the training part they count its rows, whose order is drawn, too; the test has the second
    after them.

    Parameters
    ----------
    frame : DataFrame
        As in :func:`split_last_one`.
    share : float
        Part of the items of each user to hold out, between 0 and 1, rounded down.
    seed : int
    first_only : bool
        Keep only the first interaction of a user with an item. Otherwise training keeps the repeats of its own pairs.
    target_kinds : collection of str
        Kinds that may be held out.

    Raises
    ------
    DataError
        If a column is missing or ``share`` is not between 0 and 1.
    """
    parts = _held_at_random(frame, share, seed, target_kinds, first_only=first_only)
    return _finish(parts.log, parts.train, parts.test, parts.left_out, cut=None)


def split_new_users(
    frame: pd.DataFrame,
    *,
    user_share: float = 0.2,
    share: float = 0.2,
    seed: int = 0,
    target_kinds: Collection[str] = TARGET_KINDS,
) -> Split:
    """Hold out a share of the users, hand over most of what they touched as their history and ask for the rest.

    Strong generalisation: how good a model is for people it has never seen. As in :func:`split_at_random` the parts are
    drawn and the times taken away.

    Parameters
    ----------
    frame : DataFrame
        As in :func:`split_last_one`.
    user_share : float
        Part of the users with enough items to hold out, between 0 and 1.
    share : float
        Part of the items of each of them to ask for, between 0 and 1, rounded down.
    seed : int
    target_kinds : collection of str
        Kinds that may be held out.

    Returns
    -------
    Split
        ``history`` is what the held-out users did before. Test items that no training row knows are left out.

    Raises
    ------
    DataError
        If a column is missing or a share is not between 0 and 1.

    References
    ----------
    Liang, Krishnan, Hoffman, Jebara (2018), Variational Autoencoders for Collaborative Filtering: section 4.
    """
    if not 0 < user_share < 1:
        raise DataError(f"user_share must lie between 0 and 1, not {user_share}")
    everybody = _held_at_random(frame, share, seed, target_kinds)
    enough = everybody.log["user_id"][everybody.test].unique()
    drawn = np.random.default_rng(seed).permutation(np.sort(enough.astype(object)))
    is_new = frame["user_id"].isin(drawn[: max(1, int(len(drawn) * user_share))])
    parts = _held_at_random(frame[is_new], share, seed, target_kinds)
    others = _in_drawn_order(_ordered(frame[~is_new], "event"), seed)
    train = _plain(others[_is_first(others)].drop(columns="_draw"))
    known = parts.log["item_id"].isin(train["item_id"].unique()).to_numpy()
    left_out = {
        "repeated interactions": len(others) - len(train) + parts.left_out["repeated interactions"],
        "of a held-out pair": parts.left_out["of a held-out pair"],
        "new items in the test": int((parts.test & ~known).sum()),
    }
    log = parts.log.assign(timestamp=len(train) + parts.log["timestamp"])
    return Split(
        train.assign(timestamp=np.arange(len(train))),
        _plain(log[parts.test & known]),
        None,
        {reason: n for reason, n in left_out.items() if n},
        _plain(log[parts.train]),
    )


def first_interactions(frame: pd.DataFrame) -> pd.DataFrame:
    """The first interaction of each user with each item, in time order (equal times: frame order)."""
    log = _ordered(frame, "event")
    return _plain(log[_is_first(log)])


def basket_ids(frame: pd.DataFrame) -> pd.Series:
    """Name of the basket of each row: its ``order_id``, or the user and the UTC day where it has none."""
    day = (frame["timestamp"] // SECONDS_PER_DAY).astype(str)
    by_day = "day\0" + frame["user_id"].astype(str) + "\0" + day
    if "order_id" not in frame.columns:
        return by_day
    order = frame["order_id"]
    has_order = order.notna() & order.ne("")
    return by_day.where(~has_order, "order\0" + frame["user_id"].astype(str) + "\0" + order.astype(str))


def check_leakage(split: Split) -> None:
    """Raise DataError where the test part is known to, or earlier than, the training part.

    Checked are: pairs in both parts or twice in the test; test users or items that training does not know; for a
    split by time, events on the wrong side of the cut; otherwise, training events of a user later than that user's
    held-out ones. Where histories are handed over, training must not know their users, and the test no others.
    """
    train, test = split.train, split.test
    told = train if split.history is None else split.history
    pairs = _pair_codes(pd.concat([test, told]))
    asked, learned = pairs[: len(test)], pairs[len(test) :]
    _refuse(pd.Series(asked).duplicated().to_numpy(), test, "the pair is in the test twice")
    where = "training" if split.history is None else "the history"
    _refuse(np.isin(asked, learned), test, f"the pair is in {where} too")
    if split.history is not None:
        _refuse(told["user_id"].isin(train["user_id"].unique()).to_numpy(), told, "training knows the user_id")
    for column, known, part in (("user_id", told, where), ("item_id", train, "training")):
        _refuse(~test[column].isin(known[column].unique()).to_numpy(), test, f"{part} does not know the {column}")
    if split.cut is not None:
        _refuse((test["timestamp"] < split.cut).to_numpy(), test, "a test event is earlier than the cut")
        _refuse((train["timestamp"] >= split.cut).to_numpy(), train, "a training event is not earlier than the cut")
        return
    first_test = test.groupby("user_id")["timestamp"].min()
    limits = first_test.reindex(train["user_id"]).to_numpy()
    _refuse(train["timestamp"].to_numpy() > limits, train, "a training event is later than what is held out")


def _refuse(bad: BoolMask, frame: pd.DataFrame, why: str) -> None:
    rows = np.flatnonzero(bad)
    if rows.size:
        row = frame.iloc[rows[0]]
        raise DataError(f"leak: {why} in {rows.size} row(s), first user {row['user_id']!r}, item {row['item_id']!r}")


def _pair_codes(frame: pd.DataFrame) -> Rows:
    """A number per (user, item) pair."""
    users, items = (pd.factorize(frame[column])[0].astype(np.int64) for column in ("user_id", "item_id"))
    return users * (int(items.max(initial=-1)) + 1) + items


def _ordered(frame: pd.DataFrame, unit: Unit) -> pd.DataFrame:
    """The events in time order with codes of user, item and unit beside them."""
    require_columns(frame, ("user_id", "item_id", "timestamp"))
    if not isinstance(unit, str) or unit not in ("event", "basket"):
        raise DataError(f"unit must be 'event' or 'basket', not {shortened(unit)}")
    log = _with_usable_times(frame.sort_values("timestamp", kind="stable").reset_index(drop=True))
    units = pd.factorize(basket_ids(log))[0] if unit == "basket" else np.arange(len(log))
    return log.assign(_user=pd.factorize(log["user_id"])[0], _item=pd.factorize(log["item_id"])[0], _unit=units)


def _with_usable_times(log: pd.DataFrame) -> pd.DataFrame:
    """The events, which are in time order, with drawn times or steps where theirs only count rows sorted by some id.

    As in :meth:`recommender.data.interactions.Interactions.from_frame`: else the last of everybody would be the
    greatest id of an item, or the last tenth all that the last users did.
    """
    times = log["timestamp"]
    can_count = pd.api.types.is_numeric_dtype(times.dtype) and not times.isna().any()
    if not can_count or is_clock(times.to_numpy()):
        return log
    kinds = log["kind"] if "kind" in log.columns else np.zeros(len(log), dtype=np.int64)
    found = stand_in(log["user_id"], log["item_id"], kinds, StepCounter())
    if found is None:
        return log
    _, usable = found
    return log.assign(timestamp=usable).sort_values("timestamp", kind="stable").reset_index(drop=True)


class _Drawn(NamedTuple):
    """A log in drawn order, its times counting the rows to learn from, and which are those and which are held out."""

    log: pd.DataFrame
    train: BoolMask
    test: BoolMask
    left_out: dict[str, int]


def _held_at_random(
    frame: pd.DataFrame, share: float, seed: int, target_kinds: Collection[str], *, first_only: bool = True
) -> _Drawn:
    """Draw the share of each user's items that is held out; whether anybody else knows them is not asked."""
    if not 0 < share < 1:
        raise DataError(f"share must lie between 0 and 1, not {share}")
    log = _in_drawn_order(_ordered(frame, "event"), seed)
    first = _is_first(log)
    target = pd.Series(first & _is_target(log, target_kinds))
    of_user = target.groupby(log["_user"])
    test = (target & (of_user.cumsum() <= np.floor(share * of_user.transform("sum")))).to_numpy()
    held = np.isin(log["_draw"], log["_draw"][test])
    repeats = ~first & ~held if first_only else np.zeros(len(log), dtype=bool)
    train = ~held & ~repeats
    left_out = {"repeated interactions": int(repeats.sum()), "of a held-out pair": int((held & ~test).sum())}
    times = np.where(train, np.cumsum(train) - 1, train.sum())
    return _Drawn(log.drop(columns="_draw").assign(timestamp=times), train, test, left_out)


def _in_drawn_order(log: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The pairs of user and item in an order drawn at random, ``_draw``; the rows of a pair stay as they are."""
    pairs = pd.factorize(_pair_codes(log))[0]
    draw = np.random.default_rng(seed).permutation(int(pairs.max(initial=-1)) + 1)[pairs]
    return log.assign(_draw=draw).sort_values("_draw", kind="stable").reset_index(drop=True)


def _plain(log: pd.DataFrame) -> pd.DataFrame:
    return log.drop(columns=["_user", "_item", "_unit"]).reset_index(drop=True)


def _is_first(log: pd.DataFrame) -> BoolMask:
    return (~log.duplicated(["_user", "_item"])).to_numpy()


def _is_target(log: pd.DataFrame, kinds: Collection[str]) -> BoolMask:
    if "kind" not in log.columns:
        return np.ones(len(log), dtype=bool)
    return log["kind"].isin(list(kinds)).to_numpy()


def _last_units(users: Rows, units: Rows, target: BoolMask, min_units: int) -> BoolMask:
    """Mask over the units: the one that holds the last target of a user who has at least ``min_units`` of them."""
    held = np.zeros(int(units.max(initial=-1)) + 1, dtype=bool)
    owned = pd.DataFrame({"user": users[target], "unit": units[target]})
    last = owned.drop_duplicates("user", keep="last")
    n_units = owned.drop_duplicates("unit").groupby("user").size()
    enough = (last["user"].map(n_units) >= min_units).to_numpy()
    held[last["unit"].to_numpy()[enough]] = True
    return held


def _unit_starts(users: Rows, units: Rows, held: BoolMask) -> Rows:
    """Position at which each user's held-out unit begins; past the end for users without one."""
    starts = np.full(int(users.max(initial=-1)) + 1, len(users), dtype=np.int64)
    positions = np.flatnonzero(held[units])
    np.minimum.at(starts, users[positions], positions)
    return starts


def _cut_time(times: Rows, fraction: float) -> int:
    """The time, after the first one, from which on the share of ``times`` is nearest to ``fraction``."""
    distinct, positions = np.unique(times, return_index=True)
    if len(distinct) < 2:
        raise DataError(
            "column 'timestamp': all events happened at one time, so there is nothing to split by it; the other splits "
            "(last-one, random and new-users) need no times"
        )
    n_test = len(times) - positions[1:]
    return int(distinct[1:][np.argmin(np.abs(n_test - fraction * len(times)))])


def _straddles(units: Rows, early: BoolMask) -> BoolMask:
    n_units = int(units.max(initial=-1)) + 1
    n_early = np.bincount(units, weights=early, minlength=n_units)
    n_rows = np.bincount(units, minlength=n_units)
    return ((n_early > 0) & (n_early < n_rows))[units]


def _finish(log: pd.DataFrame, train: BoolMask, test: BoolMask, left_out: dict[str, int], *, cut: int | None) -> Split:
    """Drop what the training part does not know from the test part and count it."""
    known_user = np.isin(log["_user"], log["_user"][train])
    known_item = np.isin(log["_item"], log["_item"][train])
    left_out["new users in the test"] = int((test & ~known_user).sum())
    left_out["new items in the test"] = int((test & known_user & ~known_item).sum())
    test = test & known_user & known_item
    left_out = {reason: n for reason, n in left_out.items() if n}
    return Split(_plain(log[train]), _plain(log[test]), cut, left_out)
