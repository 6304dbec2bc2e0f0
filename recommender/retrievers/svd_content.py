"""The base blend: star forecasts of the SVD beside content neighbours found through Annoy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import numpy as np

from recommender.base import Query, Retriever, SourceUnavailableError, require_fitted
from recommender.retrievers.content import Content
from recommender.retrievers.svd import Svd
from recommender.training_data import TrainingData
from recommender.types import AnyArray, FloatVector

_POOL = 500


class SvdContent(Retriever):
    """Weighted mean of two calibrated scores.

    Stars and cosines live on different scales, so each is replaced by its share of items scored lower (its quantile
    within the request). The weight of the SVD grows with the ratings at hand as ``n / (n + half_weight)``.

    Parameters
    ----------
    half_weight : float
        Number of ratings at which both parts count the same.
    random_state : int
    """

    name = "svd_content"
    handles_no_history = True
    positive_only = False
    needs_stars = True
    reason = "similar"

    def __init__(self, half_weight: float = 5.0, random_state: int = 0) -> None:
        self.half_weight = half_weight
        self.random_state = random_state

    def fit(self, data: TrainingData) -> Self:
        self.svd_ = Svd(random_state=self.random_state).fit(data)
        try:
            self.content_: Content | None = Content(backend="annoy", random_state=self.random_state).fit(data)
        except SourceUnavailableError:
            self.content_ = None
        return self

    @classmethod
    def of(cls, svd: Svd, content: Content | None, random_state: int = 0) -> Self:
        """The blend of two halves that were fitted already, the second searched through Annoy."""
        self = cls(random_state=random_state)
        self.svd_, self.content_ = svd, None
        if content is not None:
            joined = Content(**content.get_params()).set_params(backend="annoy", random_state=random_state)
            self.content_ = joined.load_arrays(content.state_arrays())
        return self

    def score(self, query: Query) -> FloatVector:
        require_fitted(self, "svd_")
        stars = quantiles(self.svd_.score(query))
        if self.content_ is None or query.state.is_cold:
            return stars
        n_rated = int(np.sum(~np.isnan(query.state.stars)))
        weight = n_rated / (n_rated + self.half_weight)
        return (weight * np.nan_to_num(stars) + (1.0 - weight) * self._content(query, len(stars))).astype(np.float32)

    def _content(self, query: Query, n_items: int) -> FloatVector:
        """Quantiles of the content neighbours that Annoy finds; 0 for all others."""
        assert self.content_ is not None  # noqa: S101  narrowed by the caller
        found = self.content_.retrieve(query, min(_POOL, n_items))
        scores = np.zeros(n_items, dtype=np.float32)
        scores[found.rows] = 1.0 - np.arange(len(found.rows), dtype=np.float32) / n_items
        return scores

    def state_arrays(self) -> dict[str, AnyArray]:
        require_fitted(self, "svd_")
        arrays = {f"svd.{k}": v for k, v in self.svd_.state_arrays().items()}
        if self.content_ is not None:
            arrays |= {f"content.{k}": v for k, v in self.content_.state_arrays().items()}
        return arrays | {f"setting.{half}.{name}": np.array(value) for half, name, value in self._settings()}

    def _settings(self) -> list[tuple[str, str, float]]:
        """Parameters of the halves by which they answer: they may come from a blend that set its own."""
        found = [("svd", "fold_in_reg", self.svd_.fold_in_reg)]
        if self.content_ is not None:
            found += [("content", name, getattr(self.content_, name)) for name in ("recency", "history_length")]
        return found

    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        def part(prefix: str) -> dict[str, AnyArray]:
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        def settings(half: str) -> dict[str, float]:
            return {name: value.item() for name, value in part(f"setting.{half}.").items()}

        self.svd_ = Svd(random_state=self.random_state).set_params(**settings("svd")).load_arrays(part("svd."))
        content, self.content_ = part("content."), None
        if content:
            half = Content(backend="annoy", random_state=self.random_state).set_params(**settings("content"))
            self.content_ = half.load_arrays(content)
        return self

    def state_files(self) -> dict[str, Callable[[Path], None]]:
        return {} if self.content_ is None else self.content_.state_files()

    def load_files(self, paths: Mapping[str, Path]) -> Self:
        if self.content_ is not None:
            self.content_.load_files(paths)
        return self


def quantiles(scores: FloatVector) -> FloatVector:
    """Share of scored items below each score, between 0 and 1; NaN stays NaN."""
    known = ~np.isnan(scores)
    ordered = np.sort(scores[known])
    places = np.searchsorted(ordered, scores[known], side="left")
    result = np.full(len(scores), np.nan, dtype=np.float32)
    result[known] = places / max(len(ordered), 1)
    return result
