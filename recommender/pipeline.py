"""From a query to candidates and their features: one code for serving and for training the ranker."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.base import Query, best_of
from recommender.rankfeatures import FeatureBuilder, ItemColumns, build_columns
from recommender.sources import FittedSources, Signal, signal_scores
from recommender.training_data import TrainingData
from recommender.types import BoolMask, FloatMatrix, FloatVector, Rows

PER_SIGNAL = 80
MAX_CANDIDATES = 500


@dataclass(frozen=True)
class CandidateSet:
    """Candidates of one request.

    Attributes
    ----------
    rows : ndarray of shape (n_candidates,)
        Item rows, ascending.
    best_rank : ndarray of shape (n_candidates,)
        Best place, from 0, that any signal gave the item.
    found_by : ndarray of shape (n_candidates,)
        Number of the signal that gave that place.
    scores : dict of str to ndarray of shape (n_items,)
        Scores of all items per signal that could speak.
    """

    rows: Rows
    best_rank: Rows
    found_by: Rows
    scores: dict[str, FloatVector]


@dataclass(frozen=True)
class Pipeline:
    """Fitted sources with the item columns of the same data."""

    sources: FittedSources
    columns: ItemColumns

    @classmethod
    def of(cls, data: TrainingData, sources: FittedSources) -> Pipeline:
        """Join sources with the columns of the data they were fitted on."""
        return cls(sources, build_columns(data))

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """Signals in column order."""
        return self.sources.signals()

    @cached_property
    def builder(self) -> FeatureBuilder:
        """Feature builder over the signals."""
        return FeatureBuilder(self.columns, [s.name for s in self.signals])

    def scores(self, query: Query) -> dict[str, FloatVector]:
        """Scores of all items per signal."""
        return signal_scores(self.sources, self.signals, query)

    def candidates(self, query: Query, allowed: BoolMask) -> CandidateSet:
        """Union of the best items of every signal, at most ``MAX_CANDIDATES``, the best-placed kept."""
        scores = self.scores(query)
        found = [self._best(signal, scores[signal.name], allowed) for signal in self.signals if signal.name in scores]
        if not found:
            none = np.empty(0, dtype=np.int64)
            return CandidateSet(none, none, none, scores)
        numbers = [n for n, signal in enumerate(self.signals) if signal.name in scores]
        rows = np.concatenate(found)
        ranks = np.concatenate([np.arange(len(f)) for f in found])
        signal_of = np.repeat(numbers, [len(f) for f in found])
        order = np.lexsort((signal_of, ranks, rows))
        first = np.flatnonzero(np.r_[True, np.diff(rows[order]) != 0]) if len(order) else order
        kept = order[first]
        if len(kept) > MAX_CANDIDATES:
            kept = np.sort(kept[np.lexsort((rows[kept], ranks[kept]))[:MAX_CANDIDATES]])
            kept = kept[np.argsort(rows[kept], kind="stable")]
        return CandidateSet(rows[kept], ranks[kept], signal_of[kept], scores)

    def _best(self, signal: Signal, scores: FloatVector, allowed: BoolMask) -> Rows:
        positive_only = self.sources.retrievers[signal.source].positive_only
        return best_of(scores, PER_SIGNAL, allowed, positive_only=positive_only).rows

    def features(self, query: Query, found: CandidateSet, picked: Rows | None = None) -> FloatMatrix:
        """Feature rows of the candidates, or of the picked positions among them."""
        return self.builder.build(query, found.scores, found.rows, picked)


def all_but(n_items: int, rows: Rows) -> BoolMask:
    """Mask that is False for the given rows."""
    allowed = np.ones(n_items, dtype=bool)
    allowed[rows] = False
    return allowed
