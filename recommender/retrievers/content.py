"""Items like the ones in the history, by what they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from recommender.arrays.scores import Scored
from recommender.arrays.vectorindex import AnnoyIndex, ExactIndex, is_large, normalise, rows_with_vector
from recommender.base import Query, Retriever, SourceUnavailableError, require_fitted
from recommender.data.state import UserState
from recommender.retrievers.itemitem import power_recency
from recommender.training_data import TrainingData
from recommender.types import AnyArray, BoolMask, FloatMatrix, FloatVector, Rows

_FOREST = "forest.ann"


class Content(Retriever):
    """Cosine between an item's vector and the recency-weighted mean of the history's vectors.

    Parameters
    ----------
    recency : float
        Exponent of the positional decay of the history.
    history_length : int
        Items of the history that enter the profile.
    backend : {"auto", "exact", "annoy"}
        How neighbours are searched; "auto" is exact below 200,000 items.
    random_state : int
        Seed of the Annoy forest.
    """

    name = "content"
    space: ClassVar[str] = "combined"
    needs_catalogue = True
    _forest: AnnoyIndex | None

    def __init__(
        self, recency: float = 0.7, history_length: int = 20, backend: str = "auto", random_state: int = 0
    ) -> None:
        self.recency = recency
        self.history_length = history_length
        self.backend = backend
        self.random_state = random_state

    def fit(self, data: TrainingData) -> Self:
        if self.space not in data.spaces.vectors:
            raise SourceUnavailableError(f"{self.name}: the catalogue has nothing for the space {self.space!r}")
        self.vectors_ = data.spaces.vectors[self.space]
        self._prepare()
        if self.is_indexed:
            self._forest = data.spaces.forest(self.space, self.random_state)
        return self

    def _prepare(self) -> Self:
        self._exact = ExactIndex(self.vectors_)
        self._forest = None
        return self

    @property
    def is_indexed(self) -> bool:
        """Whether the best are found by Annoy instead of an exact scan."""
        return is_large(len(self.vectors_), self.backend)

    @property
    def forest(self) -> AnnoyIndex:
        """Annoy's index; grown now where it came with neither the fit nor the artifact."""
        if self._forest is None:
            self._forest = AnnoyIndex.build(self.vectors_, seed=self.random_state)
        return self._forest

    def profile(self, state: UserState) -> FloatVector:
        """The user's taste as a unit vector, shape (n_dims,); zeros without a described item in the history."""
        rows = state.item_rows[: self.history_length]
        weights = state.weights[: self.history_length] * power_recency(len(rows), self.recency)
        summed: FloatVector = normalise(weights @ np.asarray(self.vectors_[rows], dtype=np.float32))
        return summed

    def contributions(self, state: UserState, targets: Rows) -> FloatMatrix:
        """Weighted cosines of each profile item with each target, shape (n_profile, n_targets)."""
        rows = state.item_rows[: self.history_length]
        weights = state.weights[: self.history_length] * power_recency(len(rows), self.recency)
        likeness = np.asarray(self.vectors_[rows]) @ np.asarray(self.vectors_[targets]).T
        return (weights[:, None] * likeness).astype(np.float32)

    def score(self, query: Query) -> FloatVector:
        require_fitted(self, "vectors_")
        return self._exact.similarities(self.profile(query.state))

    def score_rows(self, query: Query, rows: Rows) -> FloatVector:
        require_fitted(self, "vectors_")
        return self._exact.similarities_of(rows, self.profile(query.state))

    def score_rows_each(self, queries: Sequence[Query], rows: Rows) -> FloatMatrix:
        require_fitted(self, "vectors_")
        profiles = np.stack([self.profile(query.state) for query in queries])
        scores: FloatMatrix = profiles @ np.asarray(self.vectors_[rows], dtype=np.float32).T
        return scores

    def scored(self, query: Query) -> Scored:
        require_fitted(self, "vectors_")
        if not self.is_indexed:
            return super().scored(query)
        return _IndexedScores(self.forest, self._exact, self.profile(query.state))

    def state_arrays(self) -> dict[str, AnyArray]:
        require_fitted(self, "vectors_")
        return {"vectors": self.vectors_}

    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        self.vectors_ = arrays["vectors"]
        return self._prepare()

    def state_files(self) -> dict[str, Callable[[Path], None]]:
        require_fitted(self, "vectors_")
        return {_FOREST: self.forest.save} if self.is_indexed else {}

    def load_files(self, paths: Mapping[str, Path]) -> Self:
        if _FOREST in paths:
            n_dims = self.vectors_.shape[1]
            self._forest = AnnoyIndex.load(paths[_FOREST], n_dims, rows_with_vector(self.vectors_))
        return self


@dataclass(frozen=True)
class _IndexedScores:
    """Likeness to a profile: the best are found by Annoy, single items compared exactly.

    Where too few of Annoy's nearest are allowed, as in one category of many, the best are found exactly, too.
    """

    annoy: AnnoyIndex
    exact: ExactIndex
    profile: FloatVector

    def best(self, n: int, allowed: BoolMask | None = None) -> Rows:
        """See :class:`recommender.arrays.scores.Scored`."""
        found = self.annoy.search(self.profile, n, allowed)
        if allowed is not None and len(found.rows) < n:
            found = self.exact.search(self.profile, n, allowed)
        # Annoy answers even a question of length 0, with likenesses that are rounding errors.
        return found.rows[(found.similarities > 0) & self.profile.any()]

    def at(self, rows: Rows) -> FloatVector:
        """See :class:`recommender.arrays.scores.Scored`."""
        return self.exact.similarities_of(rows, self.profile)


class ContentText(Content):
    """:class:`Content` in the space of words."""

    name = "content_text"
    space = "text"


class ContentImage(Content):
    """:class:`Content` in the space of pictures."""

    name = "content_image"
    space = "image"


class ContentAttributes(Content):
    """:class:`Content` in the space of brand, category, price and colour."""

    name = "content_attributes"
    space = "attributes"
