"""What the tests of the networks need, and parameters with which a network learns a small invented shop in no time."""

from __future__ import annotations

from typing import Any

from recommender.deep import PACKAGES
from tests.servers import need_package

SMALL: dict[str, dict[str, Any]] = {
    "two_tower": {"epochs": 20, "batch_size": 64, "learning_rate": 0.01},
    "sasrec": {
        "epochs": 30,
        "learning_rate": 0.01,
        "weight_decay": 0.01,
        "dropout": 0.1,
        "n_factors": 16,
    },
}


def need_deep() -> None:
    """Skip the test when the packages of the extra are not installed; with ``CI=true`` it fails."""
    for name in PACKAGES:
        need_package(name, "deep")
