"""What the search raises: NDCG on the end of the training part, and for stars the squared error held back there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from recommender.base import Query, SourceUnavailableError
from recommender.data.eventworth import learn_weights
from recommender.data.interactions import Interactions
from recommender.data.validation import clean_timestamps
from recommender.data.weights import EventWeights
from recommender.errors import DataError
from recommender.evaluation import SplitName, Task, make_split, make_task
from recommender.evaluation.judging import check_places
from recommender.evaluation.splits import Split
from recommender.features.combine import BUILT_IN, Networks
from recommender.fitting.suiting import suited
from recommender.metrics import ranking_metrics, squared_errors
from recommender.parameters import spec_of
from recommender.ranking.pipeline import all_but
from recommender.retrievers.svd import Svd, last_ratings
from recommender.sources import make_source
from recommender.training_data import TrainingData
from recommender.types import EVENT_KINDS, FloatVector, Rows

MAX_USERS = 1_000
MIN_USERS = 20
MIN_RATINGS = 50
HELD_BACK = 0.1
# Asked when the weights of the events are judged: both are quick, and one of them counts by weight.
WEIGHT_JUDGES = ("itemseq", "itemknn")


def training_part(frame: pd.DataFrame, split: Split) -> pd.DataFrame:
    """Every event from before the test of a split, repeats included."""
    if split.cut is None:
        return split.train
    return frame.loc[clean_timestamps(frame["timestamp"].reset_index(drop=True), {}) < split.cut]


class Validation:
    """The end of a training part, held back once more: a search that looked at the test would praise itself.

    Parameters
    ----------
    train : DataFrame
        Events of the training part alone.
    items : DataFrame, optional
    split : {"time", "last-one"}
    k : int
    seed : int
    learns_weights : bool
        Whether the fits to come learn what each kind of event is worth.
    networks : Networks
        Encoders that the fits to come describe the items with.

    Raises
    ------
    DataError
        When the training part is too short to hold something back, or ``k`` cannot be the length of a list.
    """

    def __init__(
        self,
        train: pd.DataFrame,
        items: pd.DataFrame | None,
        *,
        split: SplitName,
        k: int,
        seed: int,
        learns_weights: bool = True,
        networks: Networks = BUILT_IN,
    ) -> None:
        if split == "new-users":
            raise DataError("a search judges people whom the training part knows: split by time, last-one or random")
        check_places(k)
        self.rated = Interactions.from_frame(train)
        log = self.rated.to_frame()
        parts = make_split(log, split, seed=seed)
        self.task: Task = make_task(parts, items, max_users=MAX_USERS, seed=seed)
        if len(self.task.users) < MIN_USERS:
            raise DataError(
                f"a search needs {MIN_USERS} users to judge by, the training part leaves {len(self.task.users)}"
            )
        self.k, self.seed, self.learns_weights = k, seed, learns_weights
        described_by = [] if networks == BUILT_IN else [networks.to_json()]
        self.base = checksum([split, k, seed, learns_weights, _fingerprint(log), _fingerprint(items), *described_by])
        # What a kind of event is worth is learned from what came after it, so repeats count.
        repeated = make_split(log, split, first_only=False, seed=seed)
        self._weighed_by = Interactions.from_frame(repeated.train, keep_times=True)
        self._plain = TrainingData.build(self.task.events, self.task.catalogue, networks=networks, random_state=seed)

    @property
    def kinds(self) -> frozenset[str]:
        """Event kinds that occur."""
        return frozenset(EVENT_KINDS[code] for code in np.unique(self.task.events.kinds))

    def learned(self, weights: EventWeights) -> EventWeights:
        """What a fit that is given these weights begins with."""
        return learn_weights(self._weighed_by, weights).weights if self.learns_weights else weights

    def under(self, weights: EventWeights) -> Ground:
        """The same events as a fit that is given these weights weighs them."""
        weighed = self.learned(weights).for_log(self.task.events.kinds)
        return Ground(self, replace(self._plain, weights=weighed))


class Ground:
    """Training data under some weights, and the requests that are judged on it."""

    def __init__(self, validation: Validation, data: TrainingData) -> None:
        self.validation, self.data = validation, data
        self.base = checksum([validation.base, data.weights.to_dict()])

    @cached_property
    def _requests(self) -> list[tuple[Query, Rows]]:
        task, data = self.validation.task, self.data
        users, none = task.events.users.rows(task.users), np.empty(0, dtype=np.int64)
        states = [data.state_of(int(row)) for row in users]
        return [
            (Query(state, int(now), none, knows_time=True), state.seen)
            for state, now in zip(states, task.asked_at, strict=True)
        ]

    @cached_property
    def _relevant(self) -> list[Rows]:
        rows = self.data.catalogue.items.rows(self.validation.task.item_ids)
        return [rows[wanted] for wanted in self.validation.task.relevant]

    @cached_property
    def _ratings(self) -> tuple[TrainingData, Rows]:
        """All ratings, also of things touched before, and the positions of the latest ones, which are held back."""
        data = TrainingData.build(self.validation.rated)
        users, items, _ = last_ratings(data)
        held = np.argsort(_rated_at(data, users, items), kind="stable")[int(len(users) * (1 - HELD_BACK)) :]
        if len(held) < MIN_RATINGS:
            raise SourceUnavailableError(f"svd: {len(held)} ratings could be held back, {MIN_RATINGS} are needed")
        return data, held

    def suited(self, name: str) -> dict[str, Any]:
        """The parameters beside the defaults that a fit would take for a source by itself."""
        spec = spec_of(name, {})
        found = suited({name: spec}, self.data, self.validation.seed)[name].params
        return {key: value for key, value in found.items() if key not in spec.params}

    def values(self, name: str, params: Mapping[str, Any]) -> FloatVector:
        """What a source with these parameters is worth, per case; higher is better.

        NDCG per user. A source of stars gets the negative squared error per rating instead: it forecasts, the order is
        made by others.
        """
        source = make_source(spec_of(name, params), self.validation.seed)
        if isinstance(source, Svd):
            return self._star_values(source)
        source.fit(self.data)
        ranked = np.full((len(self._requests), self.validation.k), -1, dtype=np.int64)
        for number, (query, seen) in enumerate(self._requests):
            if source.usable(query):
                rows = source.retrieve(query, self.validation.k, all_but(self.data.n_items, seen)).rows
                ranked[number, : len(rows)] = rows
        key = f"ndcg@{self.validation.k}"
        return ranking_metrics(ranked, self._relevant, [self.validation.k])[key].astype(np.float64)

    def _star_values(self, svd: Svd) -> FloatVector:
        data, held = self._ratings
        users, items, stars = last_ratings(data)
        known = np.setdiff1d(np.arange(len(stars)), held)
        svd.fit_ratings(users[known], items[known], stars[known], data.n_users, data.n_items)
        return -squared_errors(svd.predict_pairs(users[held], items[held]), stars[held])


def weight_values(
    validation: Validation, weights: EventWeights, params: Mapping[str, Mapping[str, Any]]
) -> FloatVector:
    """What event weights are worth per user: the mean of the quick sources."""
    ground = validation.under(weights)
    return np.mean([ground.values(name, params.get(name, {})) for name in WEIGHT_JUDGES], axis=0)


def _rated_at(data: TrainingData, users: Rows, items: Rows) -> Rows:
    """Time of the last rating of each pair."""
    rated = np.flatnonzero(data.events.kinds == EVENT_KINDS.index("rating"))[::-1]
    keys = data.events.user_rows[rated] * data.n_items + data.events.item_rows[rated]
    ordered, first = np.unique(keys, return_index=True)
    return data.events.timestamps[rated][first][np.searchsorted(ordered, users * data.n_items + items)]


def _fingerprint(frame: pd.DataFrame | None) -> str:
    """A checksum of the rows of a frame in their order."""
    if frame is None:
        return ""
    told = frame.astype({name: str for name in frame.columns if frame[name].dtype == object})
    rows = pd.util.hash_pandas_object(told, index=False).to_numpy()
    return hashlib.sha256(rows.tobytes() + "\0".join(map(str, frame.columns)).encode()).hexdigest()


def checksum(facts: Any) -> str:
    """A short name for what a score depends on."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]
