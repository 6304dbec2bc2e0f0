"""What a loaded model learns between two trainings: new events and new products."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from recommender.arrays.topn import best_among
from recommender.arrays.vectorindex import normalise
from recommender.data.catalogue import ItemCatalogue, distinct_texts, is_below
from recommender.data.interactions import MAX_EVENTS_PER_USER, Interactions
from recommender.data.roworder import FIRST_CLOCK_SECOND
from recommender.data.state import EventLog, Steps, known_times
from recommender.data.validation import require_columns
from recommender.errors import DataError
from recommender.model import FittedModel
from recommender.reranking.exploration import Shows
from recommender.reranking.preferences import Preferences
from recommender.reranking.reranker import room_behind
from recommender.retrievers.popular import Popular
from recommender.retrievers.streamed import PairCounter
from recommender.types import AnyArray, BoolMask, Event, FloatMatrix, FloatVector, Rows

if TYPE_CHECKING:
    import pandas as pd

MIN_COSINE = 0.35
# As far back as a new event is paired. Whoever clicks without end would else be read from the start at every click.
LATEST_EVENTS = 1_000
NO_ROWS = np.empty(0, dtype=np.int64)


class _Texts(NamedTuple):
    """The distinct texts of some products, and which of them each product has."""

    distinct: AnyArray
    place: Rows

    def mask(self, holds: Callable[[str], bool]) -> BoolMask:
        """The products whose text is such; each distinct text is looked at once."""
        chosen: BoolMask = np.array([holds(text) for text in self.distinct.tolist()], dtype=bool)[self.place]
        return chosen


@dataclass(frozen=True)
class FreshItems:
    """Products newer than the model, known by their content alone.

    A state is never changed: other threads may be reading it. Take it once for a request. ``families`` are numbers, -1
    for none: those of the model where it knows the name, for others those of ``new_families``. What a request looks up
    is put together when the state is made: a catalogue may grow by thousands in a day, and no page waits for a loop
    over them.
    """

    ids: tuple[str, ...] = ()
    vectors: Mapping[str, FloatMatrix] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    brands: Mapping[str, str] = field(default_factory=dict)
    families: Mapping[str, int] = field(default_factory=dict)
    new_families: Mapping[str, int] = field(default_factory=dict)
    _row_of: Mapping[str, int] = field(init=False, repr=False)
    _numbers: Rows = field(init=False, repr=False)
    _paths: _Texts = field(init=False, repr=False)
    _folded: _Texts = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_row_of", {item_id: row for row, item_id in enumerate(self.ids)})
        object.__setattr__(self, "_numbers", np.array([self.family_of(i) for i in self.ids], dtype=np.int64))
        paths = [self.categories.get(item_id, "") for item_id in self.ids]
        folded = [self.brands.get(item_id, "").casefold() for item_id in self.ids]
        object.__setattr__(self, "_paths", _Texts(*distinct_texts(paths)))
        object.__setattr__(self, "_folded", _Texts(*distinct_texts(folded)))

    def __len__(self) -> int:
        return len(self.ids)

    def and_those_of(
        self, catalogue: ItemCatalogue, vectors: Mapping[str, FloatMatrix], model: FittedModel
    ) -> FreshItems:
        """These products and further ones, which take the place of those of the same id."""
        ids = tuple(catalogue.items)
        replaced = set(ids)
        keep = np.array([i not in replaced for i in self.ids], dtype=bool)
        categories, brands = (dict(zip(ids, catalogue.fields[name], strict=True)) for name in ("category", "brand"))
        names = catalogue.fields["family"].tolist()
        known = model.family_names.numbers_of(names).tolist()
        new = [name for name, number in zip(names, known, strict=True) if name and number < 0]
        # A family of the model has the number of an item; what it does not know counts on from there.
        added = [name for name in dict.fromkeys(new) if name not in self.new_families]
        begin = len(model.items) + len(self.new_families)
        new_families = {**self.new_families, **{name: begin + n for n, name in enumerate(added)}}
        numbers = (new_families.get(name, number) for name, number in zip(names, known, strict=True))
        return FreshItems(
            tuple(i for i, kept in zip(self.ids, keep, strict=True) if kept) + ids,
            {
                space: np.concatenate([self.vectors[space][keep], new]) if space in self.vectors else new
                for space, new in vectors.items()
            },
            {**self.categories, **categories},
            {**self.brands, **brands},
            {**self.families, **dict(zip(ids, numbers, strict=True))},
            new_families,
        )

    def family_of(self, item_id: str) -> int:
        """Number of the variant family of a product, -1 for none."""
        return self.families.get(item_id, -1)

    def vector_of(self, item_id: str, space: str) -> FloatVector | None:
        """The vector of a product, None where there is none."""
        if item_id not in self._row_of or space not in self.vectors:
            return None
        vector: FloatVector = self.vectors[space][self._row_of[item_id]]
        return vector

    def nearest(
        self,
        vector: FloatVector,
        space: str,
        n: int,
        *,
        allowed: BoolMask | None = None,
        least: float = 0.0,
        per_family: int = 0,
        before: Rows = NO_ROWS,
    ) -> list[tuple[str, float]]:
        """Ids and cosines of the fresh products nearest to a vector, best first.

        Parameters
        ----------
        vector : ndarray of shape (n_dims,)
        space : str
        n : int
        allowed : ndarray of shape (n_fresh,), optional
        least : float
            Lowest cosine; it is above 0 in any case.
        per_family : int
            Most of each variant family together with those ``before``, family numbers; 0 for any number.
        """
        if not self.ids or space not in self.vectors:
            return []
        likeness = self.vectors[space] @ normalise(vector)
        usable = (likeness > 0) & (likeness >= least)
        if allowed is not None:
            usable &= allowed
        rows = self._best(likeness, usable, n, per_family, before)
        return [(self.ids[row], float(likeness[row])) for row in rows.tolist()]

    def _best(self, likeness: FloatVector, usable: BoolMask, n: int, per_family: int, before: Rows) -> Rows:
        """Rows of the most alike; looked further down while most of them are variants of each other."""
        if not per_family:
            return best_among(likeness, usable, n)
        wanted = 3 * n + 10
        while True:
            rows = best_among(likeness, usable, wanted)
            kept = rows[room_behind(before, self._numbers[rows], per_family)]
            if len(kept) >= n or len(rows) < wanted:
                return kept[:n]
            wanted *= 4

    def all_but(self, hidden: Collection[str], family: int = -1) -> BoolMask:
        """Mask of the products that are not hidden and not of a family; of no family by default."""
        free = (self._numbers < 0) | (self._numbers != family)
        free[[self._row_of[item_id] for item_id in self._row_of.keys() & hidden]] = False
        return free

    def to_the_taste(
        self,
        taste: FloatVector,
        n: int,
        hidden: Collection[str],
        category: str | None,
        preferences: Preferences,
        *,
        per_family: int,
        before: Rows,
    ) -> list[str]:
        """The products most alike a taste, the most alike first: of a category if one is given, and wanted.

        ``per_family`` and ``before`` are those of :meth:`nearest`.
        """
        allowed = self.all_but(hidden)
        if category:
            allowed &= self._paths.mask(lambda path: is_below(path, category))
        if preferences.hides:
            allowed &= ~self._paths.mask(lambda path: preferences.hides_item(path, ""))
            allowed &= ~self._folded.mask(lambda brand: preferences.hides_item("", brand))
        found = self.nearest(
            taste, "combined", n, allowed=allowed, least=MIN_COSINE, per_family=per_family, before=before
        )
        return [item_id for item_id, _ in found]


class LiveUpdates:
    """New events and products on top of a fitted model.

    Item-side counts (sequence counts, popularity, trends) grow as a refit would make them grow; users' logs are kept so
    that their next request knows of the events. Nothing is refitted.
    """

    def __init__(self, model: FittedModel) -> None:
        self.model = model
        self.fresh = FreshItems()
        self.shows = Shows()
        self._logs: dict[str, EventLog] = {}
        self._newer: dict[str, frozenset[str]] = {}

    def log_of(self, user_id: str) -> EventLog:
        """All events known of a user: from training and since."""
        trained = self.model.histories.of(self.model.users.row(user_id))
        return trained.then(self._logs[user_id]) if user_id in self._logs else trained

    def newer_items_of(self, user_id: str) -> frozenset[str]:
        """Items newer than the model that a user touched since the training."""
        return self._newer.get(user_id, frozenset())

    def absorb(self, frame: pd.DataFrame) -> int:
        """Take in new events; those with items unknown to the model count for nothing yet, and those known for nothing.

        Returns
        -------
        int
            Number of new events with an item of the model.

        Raises
        ------
        DataError
            As :meth:`Interactions.from_frame`, and where the frame has no times, or times that go with no clock
            while those of the training do.
        """
        require_columns(frame, ("user_id", "item_id"))
        until = self.model.pipeline.columns.now
        _require_times(frame, until)
        return self._count(Interactions.from_frame(frame, keep_times=True), until)

    def absorb_events(self, told: Iterable[tuple[object, Event]]) -> int:
        """Take in new events as :meth:`absorb` does, told one by one as (user_id, Event).

        Raises
        ------
        DataError
            As :meth:`Interactions.from_events`, and for times that go with no clock while those of the training do.
        """
        return self._count(Interactions.from_events(told), self.model.pipeline.columns.now)

    def _count(self, events: Interactions, until: int) -> int:
        _require_clock(events, until)
        rows = self.model.items.rows(list(events.items))[events.item_rows]
        log = EventLog(rows, events.kinds, events.values, events.timestamps)
        n_counted = 0
        by_user = np.argsort(events.user_rows, kind="stable")
        user_rows, starts = np.unique(events.user_rows[by_user], return_index=True)
        # Of no events a split leaves a part without a user.
        for user_row, own in zip(user_rows, np.split(by_user, starts[1:]), strict=False):
            user_id = events.users[int(user_row)]
            newer = events.items.take(events.item_rows[own[rows[own] < 0]])
            self._newer[user_id] = self.newer_items_of(user_id).union(newer)
            n_known, nth = known_times(self.log_of(user_id), log.take(own))
            # Also what one part of a feed says twice: in two parts it would count once.
            fresh = log.take(own[(n_known == 0) & (nth == 0)])
            self._count_popularity(fresh)
            self._count_steps(user_id, fresh)
            n_counted += int((fresh.item_rows >= 0).sum())
        return n_counted

    def _count_popularity(self, log: EventLog) -> None:
        known = log.item_rows >= 0
        weights = self.model.weights.of(log.kinds, log.values)
        for source in self.model.pipeline.sources.retrievers.values():
            if isinstance(source, Popular):
                source.absorb(log.item_rows[known], weights[known], log.timestamps[known])

    def _count_steps(self, user_id: str, log: EventLog) -> None:
        before, weights = self.log_of(user_id), self.model.weights.of(log.kinds, log.values)
        spoken_for = before.item_rows[self.model.weights.of(before.kinds, before.values) > 0]
        liked, recent = set(np.unique(spoken_for).tolist()), before.latest(LATEST_EVENTS)
        counters = [s for s in self.model.pipeline.sources.retrievers.values() if isinstance(s, PairCounter)]
        for position in np.flatnonzero((log.item_rows >= 0) & (weights > 0)).tolist():
            row, meanwhile = int(log.item_rows[position]), np.arange(max(0, position - LATEST_EVENTS), position)
            so_far = recent.then(log.take(meanwhile)).latest(LATEST_EVENTS)
            told, is_new = log.take(np.array([position])), row not in liked
            if len(so_far) and told.timestamps[0] < so_far.timestamps[-1]:
                self._count_late_step(so_far, told, float(weights[position]), counters, is_new=is_new)
            else:
                self._count_step(so_far, row, float(weights[position]), counters, is_new=is_new)
            liked.add(row)
        grown = self._logs[user_id].then(log) if user_id in self._logs else log
        self._logs[user_id] = grown.latest(MAX_EVENTS_PER_USER)  # as many as a fit reads of anybody

    def _count_step(
        self, so_far: EventLog, row: int, weight: float, counters: Sequence[PairCounter], *, is_new: bool
    ) -> None:
        """Count an event after a user's log; the same item again at once is the same step, and may say more of it."""
        steps, had = Steps.of(so_far, self.model.weights), 0.0
        if len(steps.item_rows) and int(steps.item_rows[0]) == row:
            had = float(steps.evidence[0])
            steps = Steps(steps.item_rows[1:], steps.evidence[1:])
        if weight <= had:
            return
        distinct = steps.distinct() if is_new else Steps.none()  # only a new item makes new pairs of these
        for counter in counters:
            counter.absorb(steps if counter.counts_steps else distinct, row, weight, is_new=is_new, had=had)

    def _count_late_step(
        self, so_far: EventLog, told: EventLog, weight: float, counters: Sequence[PairCounter], *, is_new: bool
    ) -> None:
        """Count an event where it happened in a user's log, before something that was told earlier."""
        before, after = (Steps.of(log, self.model.weights) for log in (so_far, so_far.then(told)))
        for counter in counters:
            counter.absorb_late(before, after, int(told.item_rows[0]), weight, is_new=is_new)

    def add_items(self, catalogue: ItemCatalogue) -> int:
        """Make products newer than the model findable by their content; returns how many were taken."""
        new = np.flatnonzero(self.model.items.rows(list(catalogue.items)) < 0)
        if not len(new):
            return 0
        part = catalogue.select(new)
        vectors = self.model.spaces.encode(part)
        if not vectors:
            return 0
        # In one step: requests of other threads look on.
        self.fresh = self.fresh.and_those_of(part, vectors, self.model)
        return len(part)


def _require_times(frame: pd.DataFrame, until: int) -> None:
    """Raise DataError for events without times: in the order of their rows they would stand before the training."""
    if "timestamp" not in frame.columns:
        raise DataError(
            f"column 'timestamp' is missing: new events need the time of each, {_wanted(until)}, "
            "so that they stand behind what the model knows"
        )


def _require_clock(events: Interactions, until: int) -> None:
    """Raise DataError for numbers that count rows, in a model that knows the time."""
    latest = int(events.timestamps.max(initial=0))
    if len(events) and latest < FIRST_CLOCK_SECOND <= until:
        raise DataError(
            f"column 'timestamp': what ends at {latest}, in 1973 or before, is no clock; tell {_wanted(until)}"
        )


def _wanted(until: int) -> str:
    """What the times of new events must be, by the end of the training data."""
    if until >= FIRST_CLOCK_SECOND:
        return "UTC seconds or a date"
    return f"or, as this model was trained without a clock, numbers above {until}"
