"""The shape that every source of candidates has."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from recommender.arrays.scores import DenseScores, Scored
from recommender.data.state import UserState
from recommender.errors import RecommenderError
from recommender.training_data import TrainingData
from recommender.types import AnyArray, BoolMask, FloatMatrix, FloatVector, Rows


class Candidates(NamedTuple):
    """Rows found for a request, best first, with the source's own scores; both of shape (n_found,)."""

    rows: Rows
    scores: FloatVector


@dataclass(frozen=True)
class Query:
    """One request as the sources see it.

    Attributes
    ----------
    state : UserState
    now : int
        Time of the request, UTC seconds; when it was not told, the end of all that is known.
    context_rows : ndarray of shape (n_context,)
        Items the page is about: the product shown, or the lines of the cart.
    knows_time : bool
        Whether the time of the request was told.
    """

    state: UserState
    now: int
    context_rows: Rows
    knows_time: bool = False

    @property
    def gap_seconds(self) -> float:
        """Seconds since the user's latest event; NaN when the time was not told or there is no event."""
        if not self.knows_time or not len(self.state.timestamps):
            return float("nan")
        return float(max(self.now - self.state.last_at, 0))


class Estimator:
    """Parameter handling in the manner of scikit-learn, without importing it: serving needs none of it."""

    @classmethod
    def _parameter_names(cls) -> list[str]:
        if cls.__init__ is object.__init__:
            return []
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Constructor parameters by name."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Set constructor parameters; an unknown name raises ValueError."""
        for name, value in params.items():
            if name not in self._parameter_names():
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        inside = ", ".join(f"{k}={v!r}" for k, v in self.get_params().items())
        return f"{type(self).__name__}({inside})"


def require_fitted(estimator: object, attribute: str) -> None:
    """Raise scikit-learn's NotFittedError when ``attribute`` is not set."""
    if hasattr(estimator, attribute):
        return
    from sklearn.exceptions import NotFittedError

    raise NotFittedError(f"this {type(estimator).__name__} is not fitted yet; call fit first")


class Retriever(Estimator, ABC):
    """A source: learns from :class:`TrainingData`, then scores every item for a user's state.

    Class flags say what a source can do: ``handles_new_user`` (somebody without a training row but with events),
    ``handles_no_history`` (a state without events), ``needs_catalogue`` and ``needs_stars``.
    """

    name: ClassVar[str]
    handles_new_user: ClassVar[bool] = True
    handles_no_history: ClassVar[bool] = False
    needs_catalogue: ClassVar[bool] = False
    needs_stars: ClassVar[bool] = False
    positive_only: ClassVar[bool] = True
    reason: ClassVar[str] = "similar"

    @abstractmethod
    def fit(self, data: TrainingData) -> Self:
        """Learn from the data; forgets any earlier fit."""

    @abstractmethod
    def score(self, query: Query) -> FloatVector:
        """Score every item, shape (n_items,); NaN where the source has no opinion."""

    def score_rows(self, query: Query, rows: Rows) -> FloatVector:
        """Scores of some rows, shape (len(rows),): ``score(query)[rows]`` up to rounding, at a cost that fits them."""
        return self.score(query)[rows]

    def score_rows_each(self, queries: Sequence[Query], rows: Rows) -> FloatMatrix:
        """:meth:`score_rows` of several requests about the same rows, shape (n_queries, len(rows))."""
        return np.stack([self.score_rows(query, rows) for query in queries])

    def scored(self, query: Query) -> Scored:
        """The scores of :meth:`score` in the form that is cheapest to search."""
        return DenseScores(self.score(query), self.positive_only)

    @abstractmethod
    def state_arrays(self) -> dict[str, AnyArray]:
        """Everything learned, as arrays for an artifact."""

    @abstractmethod
    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        """Take over what :meth:`state_arrays` gave."""

    def state_files(self) -> dict[str, Callable[[Path], None]]:
        """What was learned and is no array: a function by file name that writes the file, to be mapped when loaded."""
        return {}

    def load_files(self, paths: Mapping[str, Path]) -> Self:
        """Take over what :meth:`state_files` wrote, after :meth:`load_arrays`; what is missing is made anew."""
        return self

    def usable(self, query: Query) -> bool:
        """Whether the source can say anything for this request."""
        return self.handles_no_history or not query.state.is_cold

    def retrieve(self, query: Query, n: int, allowed: BoolMask | None = None) -> Candidates:
        """The ``n`` best allowed items, best first, ties by row; fewer when the source knows fewer.

        Parameters
        ----------
        query : Query
        n : int
        allowed : ndarray of shape (n_items,), optional
            False for items that must not be found.
        """
        found = self.scored(query)
        rows = found.best(n, allowed)
        return Candidates(rows, found.at(rows))

    def notes(self) -> dict[str, Any]:
        """Facts about the fit worth telling, such as a cap that was reached."""
        return {}


def best_of(scores: FloatVector, n: int, allowed: BoolMask | None, *, positive_only: bool) -> Candidates:
    """Top candidates of a score vector under a mask."""
    rows = DenseScores(scores, positive_only).best(n, allowed)
    return Candidates(rows, scores[rows])


class SourceUnavailableError(RecommenderError):
    """The data holds nothing that this source could learn from; the blend goes on without it."""
