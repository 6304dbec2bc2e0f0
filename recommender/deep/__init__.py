"""Networks in Keras on JAX, an optional extra: they are trained here and served by NumPy from plain arrays."""

from __future__ import annotations

import importlib.util

from recommender.errors import DataError

PACKAGES = ("keras", "keras_rs", "jax")
REQUIREMENTS = "requirements-deep.txt"
# What keeps a division by a length away from zero, in Keras and in NumPy alike.
NORM_EPSILON = 1e-6
LEAST_SQUARE = 1e-9


def require_packages(strategy: str) -> None:
    """Raise DataError when something that training a network takes is not installed."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise DataError(
            f"strategy {strategy!r} is trained with {missing[0]}, which is not installed; "
            f"install it with: .venv/bin/pip install -r {REQUIREMENTS}"
        )
