"""Items that belong to an item: what is like it, and what is bought with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.arrays.onethread import one_thread
from recommender.base import Candidates, Query, best_of
from recommender.data.state import build_state, looked_at
from recommender.data.validation import shortened
from recommender.errors import DataError
from recommender.model import FittedModel
from recommender.ranking.pipeline import all_but
from recommender.reranking.reranker import collapse
from recommender.retrievers.bought_together import BoughtTogether
from recommender.serving.live import FreshItems, LiveUpdates
from recommender.types import SPACES, BoolMask, FloatVector, Reason, Recommendation, Rows


class RelatedItems:
    """Answers about items alone; holds no state of any request."""

    def __init__(self, model: FittedModel, live: LiveUpdates, *, max_per_family: int) -> None:
        self.model, self.live, self.max_per_family = model, live, max_per_family
        self._sources = model.sources
        self._has_families = bool((model.families >= 0).any())

    @one_thread
    def similar(self, item_id: str, k: int, space: str, exclude: frozenset[str]) -> list[Recommendation]:
        """See :meth:`HybridRecommender.similar`."""
        if not isinstance(space, str) or space not in SPACES:
            raise DataError(f"there is no space {shortened(space)}; known are {', '.join(SPACES)}")
        new = self.live.fresh
        row = self.model.items.row(item_id)
        own = int(self.model.families[row]) if row >= 0 else new.family_of(item_id)
        vector = self._vector_of(item_id, space, new)
        scores = self._likeness(row, space, vector)
        if scores is None:
            return []
        hidden = self.model.items.rows(sorted(exclude | {item_id}))
        allowed = all_but(len(self.model.items), hidden[hidden >= 0])
        if own >= 0:
            allowed &= self.model.families != own
        rows, likeness = self._best(scores, k, allowed, self.max_per_family)
        pairs = list(zip(self.model.items.take(rows), likeness.tolist(), self.model.families[rows], strict=True))
        if vector is not None:
            free = new.all_but(exclude | {item_id}, own)
            found = new.nearest(vector, space, k, allowed=free, per_family=self.max_per_family)
            pairs += [(newer, cosine, new.family_of(newer)) for newer, cosine in found]
        pairs.sort(key=lambda pair: -pair[1])
        families = np.array([family for *_, family in pairs], dtype=np.int64)
        kept = collapse(np.arange(len(pairs)), families, self.max_per_family)
        best, reason = [pairs[place][:2] for place in kept[:k].tolist()], (Reason("similar", item_id),)
        return [Recommendation(i, rank, s, reason, space) for rank, (i, s) in enumerate(best, start=1)]

    def _best(self, scores: FloatVector, k: int, allowed: BoolMask, per_family: int) -> Candidates:
        """The best with so many of a family, at least ``k`` of them where there are so many."""
        if not self._has_families:
            return best_of(scores, k, allowed, positive_only=True)
        n = k * 3 + 10
        while True:
            found = best_of(scores, n, allowed, positive_only=True)
            keep = collapse(found.rows, self.model.families, per_family)
            if len(keep) >= k or len(found.rows) < n:
                return Candidates(found.rows[keep], found.scores[keep])
            n *= 4  # so many were variants of each other

    def _vector_of(self, item_id: str, space: str, fresh: FreshItems) -> FloatVector | None:
        """The vector of an item, None where it has none in the space."""
        row, vectors = self.model.items.row(item_id), self.model.spaces.vectors.get(space)
        if vectors is None:
            return None
        vector = np.asarray(vectors[row]) if row >= 0 else fresh.vector_of(item_id, space)
        return vector if vector is not None and np.any(vector) else None

    def _likeness(self, row: int, space: str, vector: FloatVector | None) -> FloatVector | None:
        """Likeness of every item of the model; None when there is nothing to go by."""
        if space == "behaviour" or (space == "combined" and space not in self.model.spaces.vectors):
            return self._together(row) if row >= 0 else None
        return None if vector is None else self.model.spaces.index(space).similarities(vector)

    def _together(self, row: int) -> FloatVector | None:
        for name in ("itemknn", "itemseq", "rp3beta", "ease"):
            source = self._sources.get(name)
            if source is not None:
                state = build_state(looked_at(np.array([row]), self.model.pipeline.columns.now), self.model.weights)
                return source.score(Query(state, self.model.pipeline.columns.now, np.empty(0, dtype=np.int64)))
        return None

    def goes_with(self, item_ids: Sequence[str], k: int, exclude: frozenset[str]) -> list[Recommendation]:
        """See :meth:`HybridRecommender.goes_with`."""
        source = self._sources.get("bought_together")
        rows = self.model.items.rows(list(item_ids))
        rows = rows[rows >= 0]
        if not isinstance(source, BoughtTogether) or not len(rows):
            return []
        hidden = self.model.items.rows(sorted(exclude)) if exclude else rows[:0]
        allowed = all_but(len(self.model.items), np.concatenate([rows, hidden[hidden >= 0]]))
        allowed &= self._no_substitute(rows)
        best = self._best(source.with_items(rows), k, allowed, 1)
        found, scores = best.rows[:k], best.scores[:k]
        parts = source.contributions(rows, np.ones(len(rows), dtype=np.float32), found)
        named = parts.argmax(axis=0) if len(found) else found
        return [
            Recommendation(
                self.model.items[int(row)],
                rank,
                float(score),
                (Reason("goes_with", self.model.items[int(rows[n])]),),
                "bought_together",
            )
            for rank, (row, score, n) in enumerate(zip(found, scores, named, strict=True), start=1)
        ]

    def _no_substitute(self, rows: Rows) -> BoolMask:
        """False for items of the same leaf category or variant family as one of the given items: those replace it."""
        groups = (self.model.pipeline.columns.category, self.model.families)
        replaces = [np.isin(group, group[rows][group[rows] >= 0]) for group in groups]
        return ~np.logical_or.reduce(replaces)
