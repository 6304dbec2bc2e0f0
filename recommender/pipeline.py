"""From a query to candidates and their features: one code for serving and for training the ranker."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.base import Query, Retriever, best_of
from recommender.rankfeatures import FeatureBuilder, ItemColumns, build_columns
from recommender.sources import FittedSources, Signal, askable
from recommender.training_data import TrainingData
from recommender.types import BoolMask, FloatMatrix, FloatVector, Rows

PER_SIGNAL = 80
PER_SIGNAL_SOUGHT = 20
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
    scores : dict of str to ndarray of shape (n_candidates,)
        Scores of the candidates per signal that could speak.
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

    def scores(self, query: Query, rows: Rows) -> dict[str, FloatVector]:
        """Scores of some rows per signal that can speak."""
        asked = askable(self.sources, self.signals, query)
        return {signal.name: source.score_rows(question, rows) for signal, source, question in asked}

    def candidates(self, query: Query, allowed: BoolMask, sought: BoolMask | None = None) -> CandidateSet:
        """Union of the best items of every signal, at most ``MAX_CANDIDATES``, the best-placed kept.

        With ``sought`` the best of those items are among them, too, however far down they would stand.
        """
        asked = askable(self.sources, self.signals, query)
        also = None if sought is None else allowed & sought
        answers = [_answer(source, question, allowed, also) for _, source, question in asked]
        if not asked:
            none = np.empty(0, dtype=np.int64)
            return CandidateSet(none, none, none, {})
        numbers = [self.signals.index(signal) for signal, _, _ in asked]
        found = [part for parts, _ in answers for part in parts]
        rows = np.concatenate(found)
        ranks = np.concatenate([np.arange(len(f)) for f in found])
        signal_of = np.repeat(np.repeat(numbers, [len(parts) for parts, _ in answers]), [len(f) for f in found])
        order = np.lexsort((signal_of, ranks, rows))
        first = np.flatnonzero(np.r_[True, np.diff(rows[order]) != 0]) if len(order) else order
        kept = order[first]
        if len(kept) > MAX_CANDIDATES:
            kept = np.sort(kept[np.lexsort((rows[kept], ranks[kept]))[:MAX_CANDIDATES]])
            kept = kept[np.argsort(rows[kept], kind="stable")]
        chosen = rows[kept]
        scores = {
            signal.name: source.score_rows(question, chosen) if everything is None else everything[chosen]
            for (signal, source, question), (_, everything) in zip(asked, answers, strict=True)
        }
        return CandidateSet(chosen, ranks[kept], signal_of[kept], scores)

    def features(self, query: Query, found: CandidateSet, picked: Rows | None = None) -> FloatMatrix:
        """Feature rows of the candidates, or of the picked positions among them."""
        return self.builder.build(query, found.scores, found.rows, picked)


def _answer(
    source: Retriever, query: Query, allowed: BoolMask, also: BoolMask | None
) -> tuple[list[Rows], FloatVector | None]:
    """The best rows of a source, overall and of ``also``, and the scores of all items where finding them took those."""
    wanted = [(allowed, PER_SIGNAL)] + ([] if also is None else [(also, PER_SIGNAL_SOUGHT)])
    if source.is_indexed:
        return [source.retrieve(query, n, mask).rows for mask, n in wanted], None
    scores = source.score(query)
    return [best_of(scores, n, mask, positive_only=source.positive_only).rows for mask, n in wanted], scores


def all_but(n_items: int, rows: Rows) -> BoolMask:
    """Mask that is False for the given rows."""
    allowed = np.ones(n_items, dtype=bool)
    allowed[rows] = False
    return allowed
