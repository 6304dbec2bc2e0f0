"""Softmax over a few items instead of all: the right one, some others, and what the drawing does to them undone."""

from __future__ import annotations

from typing import Any

from recommender.deep.backend import keras, keras_rs

RULED_OUT = -1e9
_LEAST_PROBABILITY = 1e-12

ops = keras.ops
_correction = keras_rs.layers.SamplingProbabilityCorrection(epsilon=_LEAST_PROBABILITY)


def corrected(logits: Any, probabilities: Any) -> Any:
    """Logits less the logarithm of the probability with which their items are drawn.

    References
    ----------
    Bengio and Senécal (2008), Adaptive Importance Sampling to Accelerate Training of a Neural Probabilistic Language
    Model; Yi and others (2019), Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations.
    """
    return _correction(logits, probabilities)


def without_hits(logits: Any, is_hit: Any) -> Any:
    """Logits in which an item that stands for "wrong" and is the right one has no say.

    ``keras_rs.layers.RemoveAccidentalHits`` 0.4.0 adds the smallest positive number instead of the lowest one, which
    leaves the logits as they are.
    """
    return ops.where(is_hit, RULED_OUT, logits)
