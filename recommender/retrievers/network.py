"""What the sources share whose network is trained in Keras and served by NumPy from plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from recommender.base import Retriever, SourceUnavailableError, require_fitted
from recommender.deep import require_packages
from recommender.deep.steps import Judges, Steps, hold_back
from recommender.training_data import TrainingData
from recommender.types import AnyArray

if TYPE_CHECKING:
    from recommender.deep.training import Plan

Arrays = dict[str, AnyArray]


class NetworkRetriever(Retriever):
    """A source that keeps what its network learned as ``arrays_``, and how the training went as ``facts_``."""

    positive_only = False
    reason = "similar_taste"

    epochs: int
    patience: int
    learning_rate: float
    weight_decay: float
    random_state: int
    arrays_: Arrays
    facts_: dict[str, Any]

    def _begin(self, data: TrainingData, length: int) -> tuple[Plan, Steps, Judges]:
        """How to train, steps to learn from and judges whose histories are cut to a length.

        DataError when the packages of the extra are not installed, SourceUnavailableError without a step.
        """
        require_packages(self.name)
        from recommender.deep.training import Plan

        try:
            found = Steps.of(data.sequences, data.n_items)
            steps, judges = hold_back(found, length, np.random.default_rng(self.random_state))
        except SourceUnavailableError as error:
            raise SourceUnavailableError(f"{self.name}: {error}") from error
        plan = Plan(self.name, self.epochs, self.patience, self.learning_rate, self.weight_decay, self.random_state)
        return plan, steps, judges

    def notes(self) -> dict[str, Any]:
        """How the training went, where this was fitted and not loaded."""
        return dict(getattr(self, "facts_", {}))

    def state_arrays(self) -> Arrays:
        require_fitted(self, "arrays_")
        return dict(self.arrays_)

    def load_arrays(self, arrays: Arrays) -> Self:
        self.arrays_ = dict(arrays)
        return self
