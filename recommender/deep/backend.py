"""Keras, set to JAX before it is imported: the only module that imports either of them."""

from __future__ import annotations

import atexit
import os
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from recommender.errors import DataError
from recommender.types import AnyArray

# A GPU sums in any order and tries out which of its programs is quickest, so that no two fits are the same; with these
# two flags they are, to the byte. A CPU does not mind them.
_REPEATABLE = {"--xla_gpu_deterministic_ops": "true", "--xla_gpu_autotune_level": "0"}


def _prepare() -> None:
    os.environ["KERAS_BACKEND"] = "jax"
    given = os.environ.get("XLA_FLAGS", "")
    wanted = [f"{name}={value}" for name, value in _REPEATABLE.items() if name not in given]
    os.environ["XLA_FLAGS"] = " ".join(filter(None, [given, *wanted]))
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        # A blend fits a network on many parts of the log; to compile it takes longer than a small fit.
        compiled = TemporaryDirectory(prefix="kindred-jax-")
        atexit.register(compiled.cleanup)
        os.environ["JAX_COMPILATION_CACHE_DIR"] = compiled.name
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.3")


_prepare()

import keras  # noqa: E402  the backend is chosen first
import keras_rs  # noqa: E402

if keras.backend.backend() != "jax":
    raise DataError(f"Keras was loaded before with the backend {keras.backend.backend()!r}; set KERAS_BACKEND=jax")

__all__ = ["keras", "keras_rs", "to_numpy"]


def to_numpy(tensor: Any) -> AnyArray:
    """A tensor or variable as an array of its own."""
    return np.array(keras.ops.convert_to_tensor(tensor))
