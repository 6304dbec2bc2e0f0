"""A small causal transformer in Keras that foretells the next item of a sequence, trained on a sampled softmax."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.deep import NORM_EPSILON
from recommender.deep.backend import keras, to_numpy
from recommender.deep.sampling import corrected, without_hits
from recommender.deep.steps import Judges, Steps, windows
from recommender.deep.training import Arrays, Plan, ScoreFrom, train
from recommender.types import BoolMask, FloatVector, Rows

ops = keras.ops


@dataclass(frozen=True)
class TransformerPlan:
    """Shape and training of the network; see :class:`recommender.retrievers.sasrec.SasRec`."""

    training: Plan
    n_factors: int
    n_blocks: int
    length: int
    batch_size: int
    dropout: float
    negatives: int
    popularity: float
    log_q: bool


class Block(keras.layers.Layer):
    """Attention to what came before, then a small network, each on normalised input and added to it."""

    def __init__(self, n_factors: int, dropout: float, seed: int) -> None:
        super().__init__()
        self._scale = n_factors**-0.5
        self.norm_1, self.norm_2 = (keras.layers.LayerNormalization(epsilon=NORM_EPSILON) for _ in range(2))
        self.query, self.key, self.value, self.out = (keras.layers.Dense(n_factors) for _ in range(4))
        self.hidden = keras.layers.Dense(n_factors, activation="relu")
        self.end = keras.layers.Dense(n_factors)
        self._drop_1, self._drop_2 = (keras.layers.Dropout(dropout, seed=seed + n) for n in range(2))

    def call(self, steps: Any, may_see: Any, training: bool = False) -> Any:
        inside = self.norm_1(steps)
        logits = ops.matmul(self.query(inside), ops.transpose(self.key(inside), (0, 2, 1))) * self._scale
        # Keras warns of a softmax over one step, which is what a log of pairs has.
        is_one = logits.shape[-1] == 1
        attention = ops.ones_like(logits) if is_one else ops.softmax(without_hits(logits, ~may_see), axis=-1)
        seen = self.out(ops.matmul(attention, self.value(inside)))
        steps = steps + self._drop_1(seen, training=training)
        return steps + self._drop_2(self.end(self.hidden(self.norm_2(steps))), training=training)


class Transformer(keras.Model):
    """Logits of every step of a window: the item that came first, then the negatives that the batch shares."""

    def __init__(self, probability: FloatVector, plan: TransformerPlan) -> None:
        super().__init__()
        seed = plan.training.random_state
        self._n_negatives, self._log_q, self._length = plan.negatives, plan.log_q, plan.length
        self.items = keras.layers.Embedding(len(probability), plan.n_factors)
        self.bias = keras.layers.Embedding(len(probability), 1, embeddings_initializer="zeros")
        self.places = keras.layers.Embedding(plan.length, plan.n_factors)
        self.blocks = [Block(plan.n_factors, plan.dropout, seed + 10 * n) for n in range(plan.n_blocks)]
        self.norm = keras.layers.LayerNormalization(epsilon=NORM_EPSILON)
        self._drop = keras.layers.Dropout(plan.dropout, seed=seed + 1_000)
        self._draws = keras.random.SeedGenerator(seed)
        self._probability = self.add_weight(
            name="probability", shape=probability.shape, trainable=False, initializer="zeros"
        )
        self._probability.assign(probability)

    def vectors(self, earlier: Any, training: bool = False) -> Any:
        """A vector per step from the steps up to it, shape (n_windows, length, n_factors); item -1 is a gap."""
        there = ops.greater_equal(earlier, 0)
        steps = self.items(ops.maximum(earlier, 0)) + self.places(ops.arange(self._length))[None]
        steps = self._drop(steps, training=training)
        causal = ops.cast(ops.tril(ops.ones((self._length, self._length))), "bool")
        own = ops.cast(ops.eye(self._length), "bool")
        may_see = (causal[None] & there[:, None, :]) | own[None]
        for block in self.blocks:
            steps = block(steps, may_see, training=training)
        return self.norm(steps)

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        vectors, chosen = self.vectors(batch["earlier"], training), batch["chosen"]
        drawn = keras.random.categorical(ops.log(self._probability)[None], self._n_negatives, seed=self._draws)[0]
        right = ops.sum(vectors * self.items(chosen), axis=-1) + self.bias(chosen)[..., 0]
        wrong = ops.matmul(vectors, ops.transpose(self.items(drawn))) + self.bias(drawn)[:, 0]
        if self._log_q:
            right = corrected(right, ops.take(self._probability, chosen))
            wrong = corrected(wrong, ops.take(self._probability, drawn))
        wrong = without_hits(wrong, ops.equal(chosen[..., None], drawn))
        return ops.concatenate([right[..., None], wrong], axis=-1)


class WindowBatches(keras.utils.PyDataset):
    """Windows of steps in a new order each epoch; the first logit of a step is the right one."""

    def __init__(self, steps: Steps, length: int, batch_size: int, rng: np.random.Generator) -> None:
        super().__init__()
        self._earlier, self._chosen, self._weights = windows(steps, length)
        self._rng = rng
        self._size = min(batch_size, len(self._earlier))
        self._order = rng.permutation(len(self._earlier))

    def __len__(self) -> int:
        return math.ceil(len(self._earlier) / self._size)

    def on_epoch_end(self) -> None:
        self._order = self._rng.permutation(len(self._order))

    def __getitem__(self, number: int) -> tuple[dict[str, Any], Rows, FloatVector]:
        # The last batch of an epoch is filled up from its beginning: one shape is compiled once.
        places = np.arange(number * self._size, (number + 1) * self._size) % len(self._order)
        rows = self._order[places]
        batch = {name: part[rows].astype(np.int32) for name, part in self._parts.items()}
        return batch, np.zeros(batch["chosen"].shape, dtype=np.int32), self._weights[rows]

    @property
    def _parts(self) -> dict[str, Rows]:
        return {"earlier": self._earlier, "chosen": self._chosen}


def drawing(counts: Rows, popularity: float) -> FloatVector:
    """Probability with which each item is drawn as a negative: its count, at least 1, to a power."""
    share = np.maximum(counts, 1).astype(np.float64) ** popularity
    return (share / share.sum()).astype(np.float32)


def fit_transformer(
    steps: Steps, judges: Judges, plan: TransformerPlan, *, score: ScoreFrom
) -> tuple[Arrays, dict[str, Any]]:
    """Train the network; the arrays that serving needs, and facts about the fit."""
    rng = np.random.default_rng(plan.training.random_state)
    batches = WindowBatches(steps, plan.length, plan.batch_size, rng)
    network = Transformer(drawing(steps.counts(), plan.popularity), plan)
    known = steps.counts() > 0
    return train(network, batches, plan.training, arrays_of=reader(network, known), score=score, judges=judges)


def reader(network: Transformer, known: BoolMask) -> Callable[[], Arrays]:
    """A function that reads off the network, as it is when it is called, what serving needs."""

    def arrays() -> Arrays:
        bias = to_numpy(network.bias.embeddings)[:, 0]
        tensors = {"items": network.items.embeddings, "places": network.places.embeddings}
        tensors |= _norm_of("norm", network.norm)
        for number, block in enumerate(network.blocks):
            name = f"block{number}"
            tensors |= _norm_of(f"{name}.norm1", block.norm_1) | _norm_of(f"{name}.norm2", block.norm_2)
            for part in ("query", "key", "value", "out", "hidden", "end"):
                layer = getattr(block, part)
                tensors |= {f"{name}.{part}.kernel": layer.kernel, f"{name}.{part}.bias": layer.bias}
        # Of what nobody touched the network has no opinion: it was only ever a wrong answer.
        bias = np.where(known, bias, np.float32(np.nan))
        return {"bias": bias} | {name: to_numpy(tensor) for name, tensor in tensors.items()}

    return arrays


def _norm_of(name: str, layer: Any) -> dict[str, Any]:
    return {f"{name}.scale": layer.gamma, f"{name}.shift": layer.beta}
