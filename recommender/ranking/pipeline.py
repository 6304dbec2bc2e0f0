"""From a query to candidates and their features: one code for serving and for training the ranker."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from recommender.arrays.scores import Scored
from recommender.base import Query
from recommender.ranking.features import FeatureBuilder, ItemColumns, build_columns
from recommender.ranking.neighbourhood import Neighbourhoods
from recommender.ranking.troubles import NO_TROUBLES, Troubles
from recommender.sources import FittedSources, Signal, askable
from recommender.training_data import TrainingData
from recommender.types import BoolMask, FloatMatrix, FloatVector, Rows

PER_SIGNAL = 80
PER_SIGNAL_SOUGHT = 20
MAX_CANDIDATES = 500
# Under each of some masks so many of the best rows.
_Wanted = Sequence[tuple[BoolMask, int]]


@dataclass(frozen=True)
class CandidateSet:
    """Candidates of one request.

    Attributes
    ----------
    rows : ndarray of shape (n_candidates,)
        Item rows, ascending.
    found_by : ndarray of shape (n_candidates,)
        Number of the signal that gave the item its best place.
    scores : dict of str to ndarray of shape (n_candidates,)
        Scores of the candidates per signal that could speak.
    near : Neighbourhoods, optional
        What the item-item tables say of the user's history, for a closer look.
    """

    rows: Rows
    found_by: Rows
    scores: dict[str, FloatVector]
    near: Neighbourhoods | None = None


@dataclass(frozen=True)
class Pipeline:
    """Fitted sources with the item columns of the same data."""

    sources: FittedSources
    columns: ItemColumns

    @classmethod
    def of(cls, data: TrainingData, sources: FittedSources) -> Pipeline:
        """Join sources with the columns of the data they were fitted on."""
        return cls(sources, build_columns(data))

    @property
    def n_items(self) -> int:
        """Number of items known to the sources."""
        return len(self.columns.log_counts)

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """Signals in column order."""
        return self.sources.signals()

    @cached_property
    def builder(self) -> FeatureBuilder:
        """Feature builder over the signals."""
        return FeatureBuilder(self.columns, [s.name for s in self.signals])

    def scores(self, query: Query, rows: Rows, troubles: Troubles = NO_TROUBLES) -> dict[str, FloatVector]:
        """Scores of some rows per signal that can speak."""
        found = {
            signal.name: troubles.spared(signal.name, partial(source.score_rows, question, rows))
            for signal, source, question in askable(self.sources, self.signals, query)
        }
        return {name: scores for name, scores in found.items() if scores is not None}

    def candidates(
        self, query: Query, allowed: BoolMask, sought: BoolMask | None = None, troubles: Troubles = NO_TROUBLES
    ) -> CandidateSet:
        """Union of the best items of every signal, at most ``MAX_CANDIDATES``, the best-placed kept.

        With ``sought`` the best of those items are among them, too, however far down they would stand. Signals that
        fail or come too late for ``troubles`` are left out.
        """
        began = time.monotonic()
        near = Neighbourhoods(self.sources.retrievers, query.state, troubles)
        wanted = [(allowed, PER_SIGNAL)] + ([] if sought is None else [(allowed & sought, PER_SIGNAL_SOUGHT)])
        answers = self._answers(query, near, wanted, troubles, began)
        if not answers:
            none = np.empty(0, dtype=np.int64)
            return CandidateSet(none, none, {}, near)
        found = [rows for _, best in answers.values() for rows in best]
        rows = np.concatenate(found)
        ranks = np.concatenate([np.arange(len(f)) for f in found])
        numbers = [self.signals.index(signal) for signal in answers for _ in wanted]
        signal_of = np.repeat(numbers, [len(f) for f in found])
        order = np.lexsort((signal_of, ranks, rows))
        first = np.flatnonzero(np.r_[True, np.diff(rows[order]) != 0]) if len(order) else order
        kept = order[first]
        if len(kept) > MAX_CANDIDATES:
            kept = np.sort(kept[np.lexsort((rows[kept], ranks[kept]))[:MAX_CANDIDATES]])
            kept = kept[np.argsort(rows[kept], kind="stable")]
        chosen = rows[kept]
        read = {s.name: troubles.spared(s.name, partial(answer.at, chosen)) for s, (answer, _) in answers.items()}
        scores = {name: own for name, own in read.items() if own is not None}
        return CandidateSet(chosen, signal_of[kept], scores, near)

    def _answers(
        self, query: Query, near: Neighbourhoods, wanted: _Wanted, troubles: Troubles, began: float
    ) -> dict[Signal, tuple[Scored, list[Rows]]]:
        """The scores of every signal that can speak, and its best rows under every mask."""
        found: dict[Signal, tuple[Scored, list[Rows]]] = {}
        for signal, source, question in askable(self.sources, self.signals, query):
            if near.has_lost(signal.source) or (found and not troubles.turn(signal.name, began)):
                continue
            ask = partial(near.scored, signal.source) if signal.source in near else source.scored
            answer = troubles.spared(signal.name, partial(_asked, ask, question, wanted))
            if answer is not None:
                found[signal] = answer
        return found

    def features(self, query: Query, found: CandidateSet, picked: Rows | None = None) -> FloatMatrix:
        """Feature rows of the candidates, or of the picked positions among them."""
        return self.builder.build(query, found.scores, found.rows, picked)


def _asked(ask: Callable[[Query], Scored], question: Query, wanted: _Wanted) -> tuple[Scored, list[Rows]]:
    """What a source says, and its best rows: some only compute when those are asked for."""
    answer = ask(question)
    return answer, [answer.best(n, mask) for mask, n in wanted]


def all_but(n_items: int, rows: Rows) -> BoolMask:
    """Mask that is False for the given rows."""
    allowed = np.ones(n_items, dtype=bool)
    allowed[rows] = False
    return allowed
