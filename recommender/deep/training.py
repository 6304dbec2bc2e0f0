"""Epochs of a network, each judged by those whose last step it never saw; the best one is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.base import SourceUnavailableError
from recommender.deep.backend import keras
from recommender.deep.steps import Judges, place_of
from recommender.types import AnyArray, FloatVector, Rows

log = logging.getLogger(__name__)

JUDGED_AT = 50

Arrays = dict[str, AnyArray]
ScoreFrom = Callable[[Arrays, Rows, FloatVector], FloatVector]


@dataclass(frozen=True)
class Plan:
    """How a network is trained.

    Attributes
    ----------
    name : str
    epochs : int
        Most passes over the data.
    patience : int
        Epochs without a better one after which the training ends.
    learning_rate, weight_decay : float
        Of AdamW (Loshchilov and Hutter 2019).
    random_state : int
    """

    name: str
    epochs: int
    patience: int
    learning_rate: float
    weight_decay: float
    random_state: int


def train(
    network: Any, batches: Any, plan: Plan, *, arrays_of: Callable[[], Arrays], score: ScoreFrom, judges: Judges
) -> tuple[Arrays, dict[str, Any]]:
    """Fit a network and give the arrays of its best epoch, with facts about the fit.

    Parameters
    ----------
    network : keras.Model
        Its call gives logits.
    batches : keras.utils.PyDataset
    plan : Plan
    arrays_of : callable
        What serving needs of the network as it is now.
    score : callable
        Scores of all items by such arrays for a history; the code that serves.
    judges : Judges
        Without any all epochs are run and the last one is kept.

    Raises
    ------
    SourceUnavailableError
        When the loss is no number any more before an epoch could be kept.
    """
    batch = batches[0][0]
    network({name: keras.KerasTensor(part.shape, str(part.dtype)) for name, part in batch.items()})
    draw_weights(network, np.random.default_rng(plan.random_state))
    network.compile(
        optimizer=keras.optimizers.AdamW(plan.learning_rate, weight_decay=plan.weight_decay, global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    watch = _Watch(plan, arrays_of, score, judges)
    network.fit(batches, epochs=plan.epochs, verbose=0, shuffle=False, callbacks=[watch])
    if watch.best is None and watch.has_come_apart:
        raise SourceUnavailableError(
            f"{plan.name}: the loss of the training is no number any more; "
            f"a learning_rate below {plan.learning_rate:g} may help"
        )
    return watch.best or arrays_of(), watch.facts


def draw_weights(network: Any, rng: np.random.Generator) -> None:
    """First weights from one generator: kernels after Glorot and Bengio (2010), tables of vectors small and normal.

    Keras would draw them from a state that all of the process shares.
    """
    for variable in network.trainable_variables:
        shape = tuple(variable.shape)
        if variable.name == "embeddings":
            variable.assign(rng.normal(0.0, shape[-1] ** -0.5 / 2, shape).astype(np.float32))
        elif variable.name == "kernel":
            bound = np.sqrt(6.0 / (shape[0] + shape[-1]))
            variable.assign(rng.uniform(-bound, bound, shape).astype(np.float32))


def judge(arrays: Arrays, score: ScoreFrom, judges: Judges) -> tuple[float, float]:
    """Recall within ``JUDGED_AT`` places, and NDCG of the whole list, over the judges."""
    places = np.array(
        [
            place_of(score(arrays, rows, weights), rows, int(chosen))
            for rows, weights, chosen in zip(judges.histories, judges.weights, judges.chosen, strict=True)
        ]
    )
    return float((places < JUDGED_AT).mean()), float((1.0 / np.log2(places + 2)).mean())


class _Watch(keras.callbacks.Callback):
    """Tells what each epoch is worth, keeps the best one and ends the training when none is better."""

    def __init__(self, plan: Plan, arrays_of: Callable[[], Arrays], score: ScoreFrom, judges: Judges) -> None:
        super().__init__()
        self._plan, self._arrays_of, self._score, self._judges = plan, arrays_of, score, judges
        self.best: Arrays | None = None
        self.has_come_apart = False
        self.facts: dict[str, Any] = {"judges": len(judges)}

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss = float((logs or {}).get("loss", float("nan")))
        facts = {"epoch": epoch + 1, "loss": round(loss, 4)}
        if not np.isfinite(loss):  # and so are the weights from now on
            self.has_come_apart = self.model.stop_training = True
            self._tell(facts)
            return
        if not len(self._judges):
            self.facts |= facts
            self._tell(facts)
            return
        arrays = self._arrays_of()
        recall, gain = judge(arrays, self._score, self._judges)
        facts |= {f"recall@{JUDGED_AT}": round(recall, 4), "ndcg": round(gain, 4)}
        self._tell(facts)
        # Recall in so many places says little where the catalogue is hardly longer, so the whole list decides.
        if self.best is None or facts["ndcg"] > self.facts["ndcg"]:
            self.best = arrays
            self.facts |= facts
        elif epoch + 1 - self.facts["epoch"] >= self._plan.patience:
            self.model.stop_training = True

    def _tell(self, facts: dict[str, float]) -> None:
        shown = ", ".join(f"{name} {value:g}" for name, value in facts.items() if name != "epoch")
        log.info("%s: epoch %d of %d: %s", self._plan.name, facts["epoch"], self._plan.epochs, shown)
