"""A few items of one request looked at closely: their scores for any part of the user's history, at little cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from recommender.arrays.neighbours import Targets
from recommender.base import Query
from recommender.data.state import UserState
from recommender.ranking.neighbourhood import Neighbourhoods
from recommender.ranking.pipeline import Pipeline
from recommender.retrievers.content import Content
from recommender.retrievers.itemitem import ItemItemRetriever
from recommender.sources import Signal, askable
from recommender.types import FloatMatrix, FloatVector, Rows


class CloseUp:
    """What the item-item tables say of some items, read once; to leave something out is then one small product.

    Parameters
    ----------
    pipeline : Pipeline
    state : UserState
        All that is known of the user; later questions may leave parts of it out but add nothing.
    rows : ndarray of shape (n_rows,)
        Distinct item rows.
    near : Neighbourhoods, optional
        What the tables say of that state, where it was read before.
    signals : collection of str, optional
        Names of those to ask; all by default.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        state: UserState,
        rows: Rows,
        near: Neighbourhoods | None = None,
        signals: Collection[str] | None = None,
    ) -> None:
        self.pipeline, self.rows = pipeline, rows
        self._signals = [s for s in pipeline.signals if signals is None or s.name in signals]
        self._near = near or Neighbourhoods(pipeline.sources.retrievers, state)
        targets = Targets(rows, pipeline.n_items)
        self._parts: dict[str, FloatMatrix] = {name: self._near.spread(name, targets) for name in self._near.names}

    def scores_each(self, queries: Sequence[Query]) -> list[dict[str, FloatVector]]:
        """Per request the scores of the rows per signal that can speak, as :meth:`Pipeline.scores` up to rounding."""
        found: list[dict[str, FloatVector]] = [{} for _ in queries]
        asked: dict[str, list[tuple[int, Query]]] = {}
        for number, query in enumerate(queries):
            for signal, _, question in askable(self.pipeline.sources, self._signals, query):
                asked.setdefault(signal.name, []).append((number, question))
        for signal in self._signals:
            own = asked.get(signal.name, [])
            if own:
                table = self._scores_of(signal, [question for _, question in own])
                for (number, _), scores in zip(own, table, strict=True):
                    found[number][signal.name] = scores
        return found

    def _scores_of(self, signal: Signal, questions: Sequence[Query]) -> FloatMatrix:
        """Scores that one signal gives the rows, shape (n_questions, n_rows)."""
        if signal.source not in self._parts:
            return self.pipeline.sources.retrievers[signal.source].score_rows_each(questions, self.rows)
        scores: FloatMatrix = self._near.weights(signal.source, questions) @ self._parts[signal.source]
        return scores

    def shares(self, state: UserState, names: tuple[str, ...], picked: Rows) -> FloatMatrix:
        """Share of each picked item's evidence that comes from each history item.

        The contributions of every named source are scaled by the largest score it gives to a picked item, added up
        and divided by their sum; shape (n_history, n_picked), columns sum to 1 or are all 0.
        """
        total = np.zeros((len(state.item_rows), len(picked)), dtype=np.float32)
        for name in names:
            source = self.pipeline.sources.retrievers.get(name)
            if isinstance(source, ItemItemRetriever) and name in self._parts:
                history, weights = source.history(state)
                parts: FloatMatrix = weights[:, None] * self._parts[name][np.ix_(self._near.places(history), picked)]
            elif isinstance(source, Content):
                parts = source.contributions(state, self.rows[picked])
            else:
                continue
            positive = np.maximum(parts, 0.0)
            largest = positive.sum(axis=0).max(initial=0.0)
            if largest > 0:
                total[: len(parts)] += positive / largest
        sums = total.sum(axis=0)
        shares: FloatMatrix = total / np.where(sums > 0, sums, 1.0)
        return shares
