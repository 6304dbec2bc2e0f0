"""What the item-item tables say of a user's latest items, read once a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from recommender.arrays.neighbours import Targets, spread, summed
from recommender.arrays.scores import DenseScores, Scored, SparseScores
from recommender.base import Query, Retriever
from recommender.data.state import UserState
from recommender.ranking.troubles import NO_TROUBLES, Troubles
from recommender.retrievers.itemitem import ItemItemRetriever
from recommender.types import AnyArray, FloatMatrix, FloatVector, Rows

# In a catalogue this large a sum over all items costs more than sorting the few that the history points to.
SPARSE_FROM = 100_000


class Neighbourhoods:
    """Neighbours of a user's latest items, and sums over them for the whole history or any part of it.

    Parameters
    ----------
    sources : mapping of str to Retriever
        Those that are no :class:`ItemItemRetriever` are not asked.
    state : UserState
        All that is known of the user; later questions may leave parts of it out but add nothing.
    troubles : Troubles, optional
        A source that fails there is none of these.
    """

    def __init__(self, sources: Mapping[str, Retriever], state: UserState, troubles: Troubles = NO_TROUBLES) -> None:
        self._sources = {name: source for name, source in sources.items() if isinstance(source, ItemItemRetriever)}
        # One more than counts: when an item is left out, the next one moves up.
        lengths = {name: source.history_length + 1 for name, source in self._sources.items()}
        self.history = state.item_rows[: max(lengths.values(), default=0)]
        self._sorted = np.argsort(self.history, kind="stable")
        self._entries: dict[str, tuple[Rows, AnyArray, FloatVector]] = {}
        for name, source in self._sources.items():
            entries = troubles.spared(name, partial(source.strengths, self.history[: lengths[name]]))
            if entries is not None:
                self._entries[name] = entries

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the item-item sources."""
        return tuple(self._entries)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def has_lost(self, name: str) -> bool:
        """Whether the table of a source could not be read."""
        return name in self._sources and name not in self._entries

    def weights(self, name: str, queries: Sequence[Query]) -> FloatMatrix:
        """What each item of the history counts for in each request, shape (n_queries, n_history)."""
        weights = np.zeros((len(queries), len(self.history)), dtype=np.float32)
        for number, query in enumerate(queries):
            rows, own = self._sources[name].evidence(query)
            weights[number, self.places(rows)] = own
        return weights

    def scored(self, name: str, query: Query) -> Scored:
        """Scores of all items, as those of the source itself."""
        source = self._sources[name]
        owner, neighbours, strengths = self._entries[name]
        values = strengths * self.weights(name, [query])[0][owner]
        if source.table_.n_items >= SPARSE_FROM:
            counted = values != 0
            return SparseScores(neighbours[counted], values[counted])
        return DenseScores(summed(neighbours, values, source.table_.n_items), source.positive_only)

    def spread(self, name: str, targets: Targets) -> FloatMatrix:
        """Strength from each history item to each target, shape (n_history, n_targets)."""
        return spread(targets, *self._entries[name], np.ones(len(self.history), dtype=np.float32))

    def places(self, history: Rows) -> Rows:
        """Positions of some items of the history in the whole of it."""
        return self._sorted[np.searchsorted(self.history, history, sorter=self._sorted)]
