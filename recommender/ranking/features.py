"""What the ranker looks at: one row of numbers per candidate, built column by column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.base import Query
from recommender.data.catalogue import text_codes
from recommender.data.state import UserState
from recommender.features.attributes import category_nodes, split_colours
from recommender.retrievers.popular import decayed_counts
from recommender.training_data import TrainingData
from recommender.types import KIND_CODE, AnyArray, BoolMask, FloatMatrix, FloatVector, Rows

DAY_SECONDS = 86_400
HALF_LIVES_DAYS = (3.0, 14.0, 60.0, 365.0)
ERA_BUCKETS = 64
HISTORY = 20
# Stars of an item are pulled towards 4 as if five people had already given 4: few ratings prove little.
STAR_PRIOR, STAR_PRIOR_COUNT = 4.0, 5.0
_LEAST_WEIGHT = 1e-12

SIGNAL_COLUMNS = ("", "_share", "_rank")
ITEM_COLUMNS = ("log_count", *(f"log_recent_{h:g}d" for h in HALF_LIVES_DAYS), "log_age", "log_idle", "stars", "era")
AFFINITY_COLUMNS = ("same_category", "same_top_category", "same_brand", "same_colour", "price_gap")
LENGTH_COLUMN = "history_length"
IDLE_COLUMN = "user_idle"
GAP_COLUMN = "log_gap"
USER_COLUMNS = (
    LENGTH_COLUMN,
    IDLE_COLUMN,
    GAP_COLUMN,
    "last_log_count",
    "mean_log_count",
    "user_stars",
    "last_is_purchase",
)


@dataclass(frozen=True)
class ItemColumns:
    """Facts about every item at the time of the fit, each of shape (n_items,) unless said otherwise.

    ``era_counts`` has shape (n_items, n_buckets): events of an item per equal slice of the log's time span, which
    begins at ``era_clock[0]`` with slices of ``era_clock[1]`` seconds; ``era_clock[2]`` is the time of the fit.
    """

    log_counts: FloatVector
    log_recent: FloatMatrix
    first_seen: Rows
    last_seen: Rows
    stars: FloatVector
    era_counts: AnyArray
    era_clock: FloatVector
    category: Rows
    top_category: Rows
    brand: Rows
    colour: Rows
    standard_price: FloatVector

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact."""
        return dict(self.__dict__)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, AnyArray]) -> ItemColumns:
        """Rebuild from :meth:`to_arrays`."""
        return cls(**{name: arrays[name] for name in cls.__dataclass_fields__})

    @property
    def now(self) -> int:
        """Time of the fit, UTC seconds."""
        return int(self.era_clock[2])

    def new_since(self, moment: float, rows: Rows) -> BoolMask:
        """Which of the items had no event before a moment, in UTC seconds; one without any event never had."""
        first = self.first_seen[rows]
        found: BoolMask = (first >= moment) | (self.last_seen[rows] < first)
        return found


def build_columns(data: TrainingData) -> ItemColumns:
    """Gather the item columns from the events and the catalogue."""
    events, n = data.events, data.n_items
    first = np.full(n, data.now, dtype=np.int64)
    last = np.zeros(n, dtype=np.int64)
    np.minimum.at(first, events.item_rows, events.timestamps)
    np.maximum.at(last, events.item_rows, events.timestamps)
    recent = np.stack([np.log1p(decayed_counts(data, data.now, h)) for h in HALF_LIVES_DAYS], axis=1)
    fields = data.catalogue.fields
    return ItemColumns(
        log_counts=np.log1p(data.item_counts),
        log_recent=recent.astype(np.float32),
        first_seen=first,
        last_seen=last,
        stars=_mean_stars(data),
        **_era_counts(data),
        category=text_codes(list(fields["category"])),
        top_category=text_codes([(category_nodes(c) or [""])[0] for c in fields["category"]]),
        brand=text_codes([b.casefold() for b in fields["brand"]]),
        colour=text_codes([(split_colours(c) or [""])[0] for c in fields["colours"]]),
        standard_price=_standard_prices(data),
    )


def _mean_stars(data: TrainingData) -> FloatVector:
    events = data.events
    rated = events.kinds == KIND_CODE["rating"]
    rows = events.item_rows[rated]
    total = np.bincount(rows, weights=events.values[rated], minlength=data.n_items)
    count = np.bincount(rows, minlength=data.n_items)
    return ((total + STAR_PRIOR * STAR_PRIOR_COUNT) / (count + STAR_PRIOR_COUNT)).astype(np.float32)


def _era_counts(data: TrainingData) -> dict[str, AnyArray]:
    times = data.events.timestamps
    start = int(times.min()) if len(times) else 0
    width = max((data.now - start) / ERA_BUCKETS, DAY_SECONDS)
    bucket = np.minimum((times - start) // width, ERA_BUCKETS - 1).astype(np.int64)
    counts = np.bincount(data.events.item_rows * ERA_BUCKETS + bucket, minlength=data.n_items * ERA_BUCKETS)
    kept_as = np.uint8 if counts.max(initial=0) <= np.iinfo(np.uint8).max else np.uint16
    table = np.minimum(counts, np.iinfo(kept_as).max).astype(kept_as).reshape(data.n_items, ERA_BUCKETS)
    return {"era_counts": table, "era_clock": np.array([start, width, data.now], dtype=np.float64)}


def _standard_prices(data: TrainingData) -> FloatVector:
    encoder = data.spaces.encoders.attributes
    if encoder is None:
        return np.full(data.n_items, np.nan, dtype=np.float32)
    return encoder.standard_prices(data.catalogue).astype(np.float32)


class FeatureBuilder:
    """Builds the feature matrix of a request.

    Parameters
    ----------
    columns : ItemColumns
    signals : sequence of str
        Names of the source signals, in the order of their columns.
    """

    def __init__(self, columns: ItemColumns, signals: Sequence[str]) -> None:
        self.columns = columns
        self.signals = tuple(signals)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of :meth:`build`."""
        per_signal = tuple(f"{signal}{part}" for signal in self.signals for part in SIGNAL_COLUMNS)
        return (*per_signal, *ITEM_COLUMNS, *AFFINITY_COLUMNS, *USER_COLUMNS)

    def build(
        self, query: Query, scores: Mapping[str, FloatVector], candidates: Rows, picked: Rows | None = None
    ) -> FloatMatrix:
        """Features of candidates, shape (n_rows, n_features).

        Parameters
        ----------
        query : Query
        scores : mapping of signal name to ndarray of shape (n_candidates,)
        candidates : ndarray of shape (n_candidates,)
            Ranks and shares of a signal are taken within these.
        picked : ndarray, optional
            Positions in ``candidates`` to build rows for; all by default.
        """
        return self.build_each([query], [scores], candidates, picked)[0]

    def build_each(
        self,
        queries: Sequence[Query],
        scores: Sequence[Mapping[str, FloatVector]],
        candidates: Rows,
        picked: Rows | None = None,
    ) -> FloatMatrix:
        """:meth:`build` for several requests about the same candidates, shape (n_queries, n_rows, n_features)."""
        rows = candidates if picked is None else candidates[picked]
        blocks = (
            self._signals(scores, len(candidates), picked),
            self._items(rows)[None],
            self._eras([query.state for query in queries], rows),
            self._affinities([query.state for query in queries], rows),
            np.stack([self._user(query) for query in queries])[:, :, None],
        )
        table = np.empty((len(queries), len(rows), sum(block.shape[1] for block in blocks)), dtype=np.float32)
        start = 0
        for block in blocks:
            stop = start + block.shape[1]
            table[:, :, start:stop] = block.transpose(0, 2, 1)
            start = stop
        return table

    def _signals(self, scores: Sequence[Mapping[str, FloatVector]], n: int, picked: Rows | None) -> AnyArray:
        """Score, share of the largest score and log rank of every signal, shape (n_queries, 3 * n_signals, n_rows)."""
        n_rows = n if picked is None else len(picked)
        table = np.zeros((len(scores) * len(self.signals), 3, n_rows), dtype=np.float32)
        table[:, 2] = np.log1p(n)
        asked = [(number, name) for number in range(len(scores)) for name in self.signals]
        known = [place for place, (number, name) in enumerate(asked) if name in scores[number]]
        if known and n:
            own = np.stack([scores[asked[place][0]][asked[place][1]] for place in known])
            own[np.isnan(own)] = 0.0
            largest = np.abs(own).max(axis=1, keepdims=True)
            shown = own if picked is None else own[:, picked]
            rank = _ranks(own) if picked is None else _ranks_of(own, picked)
            table[known] = np.stack([shown, shown / np.where(largest > 0, largest, 1.0), np.log1p(rank)], axis=1)
        return table.reshape(len(scores), 3 * len(self.signals), n_rows)

    def _items(self, rows: Rows) -> FloatMatrix:
        """The item columns but the last, which goes by the user's time; shape (n_columns, n_rows)."""
        columns = self.columns
        days = (columns.now - np.stack([columns.first_seen[rows], columns.last_seen[rows]])) / DAY_SECONDS
        return np.concatenate(
            [
                columns.log_counts[rows][None],
                columns.log_recent[rows].T,
                np.log1p(np.maximum(days, 0.0)),
                columns.stars[rows][None],
            ]
        )

    def _eras(self, states: Sequence[UserState], rows: Rows) -> FloatMatrix:
        """Log of the items' events around the time of each user's latest event, shape (n_states, 1, n_rows)."""
        buckets = [self._bucket(state) for state in states]
        around = {
            bucket: np.log1p(self.columns.era_counts[rows, max(bucket - 1, 0) : bucket + 2].sum(axis=1))
            for bucket in set(buckets)
        }
        return np.stack([around[bucket] for bucket in buckets])[:, None].astype(np.float32)

    def _bucket(self, state: UserState) -> int:
        start, width, now = self.columns.era_clock.tolist()
        latest = state.last_at if len(state.timestamps) else now
        return min(max(int((latest - start) // width), 0), ERA_BUCKETS - 1)

    def _affinities(self, states: Sequence[UserState], rows: Rows) -> AnyArray:
        """What the items share with each user's recent ones, shape (n_states, n_affinities, n_rows)."""
        columns = self.columns
        recent = np.unique(np.concatenate([state.item_rows[:HISTORY] for state in states]))
        weights = np.zeros((len(states), len(recent)), dtype=np.float32)
        touched = np.zeros(weights.shape, dtype=bool)
        for number, state in enumerate(states):
            places, own = np.searchsorted(recent, state.item_rows[:HISTORY]), state.weights[:HISTORY]
            touched[number, places] = True
            weights[number, places] = own / max(own.sum(), _LEAST_WEIGHT)
        shares = [
            _share_of_history(codes[recent], weights, codes[rows])
            for codes in (columns.category, columns.top_category, columns.brand, columns.colour)
        ]
        gaps = _price_gaps(columns.standard_price[recent], touched, columns.standard_price[rows])
        return np.stack([*shares, gaps], axis=1)

    def _user(self, query: Query) -> FloatVector:
        state, columns = query.state, self.columns
        if not len(state.item_rows):
            return np.array([0.0, 0.0, np.nan, 0.0, 0.0, STAR_PRIOR, 0.0], dtype=np.float32)
        idle = max(columns.now - state.last_at, 0) / DAY_SECONDS
        log_counts = columns.log_counts[state.item_rows]
        given = state.stars[~np.isnan(state.stars)]
        return np.array(
            [
                math.log1p(len(state.item_rows)),
                math.log1p(idle),
                math.log1p(query.gap_seconds),
                log_counts[0],
                log_counts.mean(),
                given.mean() if len(given) else STAR_PRIOR,
                state.kinds[0] == KIND_CODE["purchase"],
            ],
            dtype=np.float32,
        )


def _ranks(scores: FloatMatrix) -> FloatMatrix:
    """Place of each column in the descending order of its row, from 0; ties in column order."""
    order = np.argsort(-scores, axis=1, kind="stable")
    rank = np.empty(scores.shape, dtype=np.float32)
    np.put_along_axis(rank, order, np.arange(scores.shape[1], dtype=np.float32)[None], axis=1)
    return rank


def _ranks_of(scores: FloatMatrix, picked: Rows) -> FloatMatrix:
    """The same for a few columns, by counting what stands before each."""
    own = scores[:, picked, None]
    earlier = np.arange(scores.shape[1]) < picked[:, None]
    before = (scores[:, None] > own) | ((scores[:, None] == own) & earlier)
    return before.sum(axis=2, dtype=np.int64).astype(np.float32)


def _share_of_history(own: Rows, weights: FloatMatrix, theirs: Rows) -> FloatMatrix:
    """Weight of each history that has the item's code, shape (n_histories, n_items); 0 where the code is unknown."""
    same = (own[:, None] == theirs) & (theirs >= 0)
    # Not a product of matrices: there the number of histories may change the last bit of a sum.
    shares: FloatMatrix = (weights[:, :, None] * same).sum(axis=1, dtype=np.float32)
    return shares


def _price_gaps(paid: FloatVector, touched: BoolMask, theirs: FloatVector) -> FloatMatrix:
    """Distance to each user's usual price level, in standard deviations; 1 where a price is unknown.

    ``paid`` of shape (n_recent,) and ``theirs`` of shape (n_items,) are prices, NaN where unknown; ``touched`` of
    shape (n_users, n_recent) says whose history holds what. The result has shape (n_users, n_items).
    """
    counted = touched & ~np.isnan(paid)
    known = counted.any(axis=1, keepdims=True)
    total = np.where(counted, paid, 0.0).sum(axis=1, keepdims=True)
    usual = total / np.maximum(counted.sum(axis=1, keepdims=True), 1)
    gaps: FloatMatrix = np.nan_to_num(np.abs(theirs - usual), nan=1.0)
    return np.where(known, gaps, 1.0).astype(np.float32)
