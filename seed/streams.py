"""Independent streams of random numbers, one for each part of the shop."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def stream(random_seed: int, part: str) -> np.random.Generator:
    """Return the stream of one part: a change in one part leaves the draws of the others as they were."""
    return np.random.default_rng([random_seed, zlib.crc32(part.encode())])


def pick(rng: np.random.Generator, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
    """Draw one of ``options``, evenly or by weight."""
    if weights is None:
        return options[int(rng.random() * len(options))]
    steps = np.cumsum(weights)
    return options[int(np.searchsorted(steps, rng.random() * steps[-1], side="right"))]
