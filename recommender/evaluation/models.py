"""How good each model is on a held-out part of the log: every item competes, users are resampled for intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from recommender.data.catalogue import ItemCatalogue, union_of_items
from recommender.data.interactions import Interactions
from recommender.data.validation import shortened
from recommender.data.weights import EventWeights
from recommender.errors import DataError
from recommender.evaluation.judging import (
    BOOTSTRAP_ROUNDS,
    ModelResult,
    Task,
    TimeUntold,
    check_places,
    judge_fitted,
    judge_model,
    require_count,
)
from recommender.evaluation.splits import (
    Split,
    Unit,
    check_leakage,
    split_at_random,
    split_by_time,
    split_last_one,
    split_new_users,
)
from recommender.fitting.fit import check_models, strategy_of
from recommender.hybrid import HybridRecommender
from recommender.metrics import PairedDifference, paired_bootstrap
from recommender.types import Event, Progress, Rows, no_progress

SplitName = Literal["last-one", "time", "random", "new-users"]
# Drawn row by row, so that there are no baskets to hold out.
_DRAWN = ("random", "new-users")
UNTOLD = ", time untold"
BEYOND_LATEST = "beyond the latest that are read of anybody"
# What each way of holding out needs of a log before anybody can be judged.
_NEEDS = {
    "time": "people and items that were there before the last tenth of the log and are in it again",
    "last-one": "people with at least three items, or baskets, the last of which is known from others",
    "random": "people with at least four items that others touched, too",
    "new-users": "people with at least five items that others touched, too",
}


@dataclass(frozen=True)
class Evaluation:
    """Results of several models on one split.

    Attributes
    ----------
    n_train, n_test : int
        Events to learn from and to ask for.
    n_items : int
        Items of the training part: the others cannot be asked for.
    results : dict of str to ModelResult
        Fitted models by name, in the order asked for.
    failed : dict of str to str
        Models that the data could not feed, with the reason.
    n_described : int
        Items beside those of the training part that only the catalogue knows; they are ranked, too.
    left_out : dict of str to int
        Events in neither part, counted per reason.
    n_tied : int
        Users whose last item, held out by itself, shares its time with others: the order of the rows chose it.
    """

    split: str
    unit: str
    k: int
    users: list[str]
    n_train: int
    n_test: int
    n_items: int
    results: dict[str, ModelResult]
    failed: dict[str, str]
    n_described: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    n_tied: int = 0

    def compare(self, a: str, b: str, metric: str | None = None) -> PairedDifference:
        """Difference of two models over the same users, with its interval; NDCG at the cutoff by default."""
        missing = [name for name in (a, b) if name not in self.results]
        if missing:
            raise DataError(f"model {missing[0]!r} was not evaluated; there are {', '.join(self.results)}")
        key = metric or f"ndcg@{self.k}"
        return paired_bootstrap(self.results[a].per_user[key], self.results[b].per_user[key], BOOTSTRAP_ROUNDS)


def make_split(
    frame: pd.DataFrame, how: SplitName, unit: Unit = "event", *, first_only: bool = True, seed: int = 0
) -> Split:
    """Hold out by name, and check that nothing leaks; without ``first_only`` training keeps repeated interactions.

    ``seed`` is that of the splits "random" and "new-users".
    """
    if not isinstance(how, str) or how not in get_args(SplitName):
        raise DataError(f"split must be last-one, time, random or new-users, not {shortened(how)}")
    if how in _DRAWN and unit != "event":
        raise DataError(f"the {how} split holds out single events, not a {unit}")
    if not len(frame):
        raise DataError("there are no events, so nobody can be judged")
    if how == "new-users":
        split = split_new_users(frame, seed=seed)
    elif how == "random":
        split = split_at_random(frame, first_only=first_only, seed=seed)
    else:
        hold_out = split_last_one if how == "last-one" else split_by_time
        split = hold_out(frame, unit=unit, first_only=first_only)
    check_leakage(split)
    if not len(split.test):
        raise DataError(
            f"the {how} split leaves no test event whose user and item the training part knows, so nobody can be "
            f"judged: it needs {_NEEDS[how]}; give more events or choose another split"
        )
    return split


def make_task(
    split: Split,
    items: pd.DataFrame | None,
    *,
    max_users: int | None = None,
    seed: int = 0,
    rated: pd.DataFrame | None = None,
) -> Task:
    """Turn a split into rows; ``max_users`` test users are drawn when there are more.

    ``rated`` are the ratings that star forecasts are held against, those of the test by default.
    """
    events = Interactions.from_frame(split.train, keep_times=True)
    catalogue = ItemCatalogue.from_frame(items) if items is not None else None
    test = split.test
    users = sorted(test["user_id"].unique().tolist())
    if max_users is not None and len(users) > max_users:
        users = sorted(np.random.default_rng(seed).choice(users, max_users, replace=False).tolist())
    by_user = test.groupby("user_id", sort=False)["item_id"].agg(list)
    histories = None if split.history is None else _histories(split.history, users)
    return Task(
        split=split,
        events=events,
        catalogue=catalogue,
        users=users,
        relevant=[events.items.rows(by_user[user]) for user in users],
        item_ids=list(events.items),
        item_counts=_audiences(events),
        user_counts=_known_events(events, users, histories),
        asked_at=_request_times(split, users),
        rated=_ratings_to_forecast(split) if rated is None else rated,
        histories=histories,
    )


def _histories(frame: pd.DataFrame, users: list[str]) -> list[list[Event]]:
    """What each user is said to have done, oldest first."""
    events = Interactions.from_frame(frame, keep_times=True)
    told = events.to_frame()
    rows = zip(told["item_id"], told["kind"], told["timestamp"], told["value"], strict=True)
    by_user: dict[str, list[Event]] = {user: [] for user in users}
    for user, (item, kind, timestamp, value) in zip(told["user_id"], rows, strict=True):
        if user in by_user:
            by_user[user].append(Event(item, kind, int(timestamp), None if np.isnan(value) else float(value)))
    return list(by_user.values())


def _known_events(events: Interactions, users: list[str], histories: list[list[Event]] | None) -> Rows:
    """Number of events by which each user is known when asking."""
    if histories is not None:
        return np.array([len(history) for history in histories], dtype=np.int64)
    return np.bincount(events.user_rows, minlength=events.n_users)[events.users.rows(users)]


def _ratings_to_forecast(split: Split) -> pd.DataFrame:
    """Held-out stars; none of people whose factors no model can have learned."""
    found = ratings_of(split.test)
    return found if split.history is None else found.head(0)


def ratings_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of an event frame that hold stars."""
    if not {"kind", "value"} <= set(frame.columns):
        return frame.head(0)
    return frame[(frame["kind"] == "rating") & frame["value"].notna()]


def evaluate(
    frame: pd.DataFrame,
    items: pd.DataFrame | None = None,
    *,
    models: Sequence[str] = ("popular", "itemseq", "hybrid"),
    split: SplitName = "time",
    unit: Unit = "event",
    k: int = 10,
    random_state: int = 0,
    params: Mapping[str, Mapping[str, Any]] | None = None,
    weights: EventWeights | None = None,
    max_users: int | None = None,
    untold: bool = False,
    progress: Progress = no_progress,
) -> Evaluation:
    """Fit models on the training part of a split and judge their lists on the rest.

    Parameters
    ----------
    frame : DataFrame
        Event frame as for :meth:`Interactions.from_frame`.
    items : DataFrame, optional
        Catalogue frame as for :meth:`ItemCatalogue.from_frame`.
    models : sequence of str
        "hybrid", names of sources, and "hybrid+sasrec" or the like: the blend with an extra source in any case.
    split : {"time", "last-one", "random", "new-users"}
    unit : {"event", "basket"}
    k : int
        Length of the judged lists.
    random_state : int
        Seed of every draw: of models, of what the splits "random" and "new-users" hold out, and of ``max_users``.
    params : mapping, optional
        Parameters of :class:`HybridRecommender` per model name.
    max_users : int, optional
        Judge at most so many users.
    untold : bool
        Judge every blend a second time, as "hybrid, time untold": asked without the time of the request, as by a caller
        who does not know it. All others are told.

    Raises
    ------
    DataError
        When a strategy is unknown, ``k`` or ``max_users`` cannot be what it is or the split leaves nothing to judge.
    """
    check_places(k)
    if max_users is not None:
        require_count(max_users, "max_users")
    check_models(models)
    if params is not None and not isinstance(params, Mapping):
        raise DataError(f"params must be a mapping of models to their parameters, not {shortened(params)}")
    log = Interactions.from_frame(frame)
    parts = make_split(log.to_frame(), split, unit, seed=random_state)
    n_cut = log.report.n_rows - log.report.n_kept
    task = make_task(parts, items, max_users=max_users, seed=random_state)
    results: dict[str, ModelResult] = {}
    failed: dict[str, str] = {}
    for number, name in enumerate(models):
        progress(name, number / len(models))
        recommender = named_recommender(name, random_state, {"weights": weights} | dict((params or {}).get(name, {})))
        try:
            results[name] = judge_model(recommender, task, k=k, name=name)
            if untold and recommender.strategy == "hybrid":
                results[name + UNTOLD] = judge_fitted(TimeUntold(recommender), task, k=k, name=name + UNTOLD)
        except DataError as error:
            failed[name] = str(error)
    return Evaluation(
        split=split,
        unit=unit,
        k=k,
        users=task.users,
        n_train=len(parts.train),
        n_test=len(parts.test),
        n_items=len(task.item_ids),
        results=results,
        failed=failed,
        n_described=len(union_of_items(task.events.items, task.catalogue)) - len(task.item_ids),
        left_out=parts.left_out | ({BEYOND_LATEST: n_cut} if n_cut else {}),
        n_tied=_n_tied(task) if (split, unit) == ("last-one", "event") else 0,
    )


def _n_tied(task: Task) -> int:
    """How many users did something else at the time of what they are asked for."""
    events, users = task.events, task.events.users.rows(task.users)
    asked_at = np.full(events.n_users, -1, dtype=np.int64)
    asked_at[users] = task.asked_at
    return len(np.unique(events.user_rows[events.timestamps == asked_at[events.user_rows]]))


def named_recommender(name: str, random_state: int, settings: Mapping[str, Any]) -> HybridRecommender:
    """An unfitted recommender by the name of a model: a strategy, or "hybrid+sasrec" for the blend with that source."""
    strategy, joining = strategy_of(name)
    joined: dict[str, Any] = {"extra_sources": joining, "extra_check": False} if joining else {}
    return HybridRecommender(strategy=strategy, random_state=random_state, **settings, **joined)


def _request_times(split: Split, users: list[str]) -> Rows:
    """When each user asks, UTC seconds: at the cut, or, without one, at the time of the held-out event.

    A live system always knows the time of a request; which item is wanted then stays hidden.
    """
    if split.cut is not None:
        return np.full(len(users), split.cut, dtype=np.int64)
    first = split.test.groupby("user_id")["timestamp"].min()
    return first.loc[users].to_numpy(dtype=np.int64)


def _audiences(events: Interactions) -> Rows:
    """Distinct users per item."""
    pairs = np.unique(events.user_rows * events.n_items + events.item_rows)
    return np.bincount(pairs % events.n_items, minlength=events.n_items)
