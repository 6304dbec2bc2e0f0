"""Which values the parameters of the recommender and of its sources may take, and what is said of all others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf
from os import PathLike, fspath
from typing import Any

import numpy as np

from recommender.data.arguments import in_python
from recommender.data.catalogue import ItemCatalogue
from recommender.data.frames import is_frame
from recommender.data.interactions import Interactions
from recommender.data.validation import is_number, shortened
from recommender.data.weights import EventWeights
from recommender.errors import DataError


@dataclass(frozen=True)
class Limits:
    """Finite numbers from ``low`` to ``high``, both included; ``is_open`` leaves ``low`` out."""

    low: float
    high: float = inf
    is_whole: bool = False
    is_open: bool = False

    def holds(self, value: object) -> bool:
        """Whether a value is such a number, of Python or NumPy."""
        if not is_number(value) or (self.is_whole and not isinstance(value, (int, np.integer))):
            return False
        value = in_python(value)
        is_above = self.low < value if self.is_open else self.low <= value
        return bool(is_above and value <= self.high and value < inf)

    def __str__(self) -> str:
        kind = "a whole number" if self.is_whole else "a number"
        if self.high < inf:
            return f"{kind} {'above' if self.is_open else 'from'} {self.low:g} to {self.high:.12g}"
        return f"{kind} above {self.low:g}" if self.is_open else f"{kind} of at least {self.low:g}"


SEED = Limits(0, 2**32 - 1, is_whole=True)
COUNT = Limits(1, is_whole=True)
POSITIVE = Limits(0, is_open=True)
NOT_NEGATIVE = Limits(0)
SHARE = Limits(0, 1)

RECOMMENDER_LIMITS: Mapping[str, Limits] = {
    "random_state": SEED,
    "diversity": Limits(-1, 1),  # below 0 likeness is sought; what people set themselves lies between -1 and 1 as well
    "max_per_family": COUNT,
    "max_per_brand": Limits(0, is_whole=True),
    "dislike": NOT_NEGATIVE,
}
# A name means the same in every source that has it.
SOURCE_LIMITS: Mapping[str, Limits] = {
    "random_state": SEED,
    **dict.fromkeys(("window", "top_k", "max_items", "min_support", "min_repeats", "history_length"), COUNT),
    **dict.fromkeys(("n_factors", "iterations", "n_epochs", "epochs", "patience", "batch_size"), COUNT),
    **dict.fromkeys(("n_blocks", "length", "negatives"), COUNT),
    **dict.fromkeys(("half_life_days", "l2", "learning_rate", "lr_all", "temperature"), POSITIVE),
    **dict.fromkeys(("reg", "reg_all", "fold_in_reg", "alpha", "beta", "dislike", "weight_decay"), NOT_NEGATIVE),
    **dict.fromkeys(("shrinkage", "support_shrinkage", "half_weight", "backward", "popularity"), NOT_NEGATIVE),
    **dict.fromkeys(("taste_shrinkage", "user_shrinkage", "item_shrinkage"), NOT_NEGATIVE),
    "recency": NOT_NEGATIVE,
    **dict.fromkeys(("gap_decay", "history_decay", "min_share", "dropout", "id_dropout"), SHARE),
}
SOURCE_CHOICES: Mapping[str, tuple[str, ...]] = {"backend": ("auto", "exact", "annoy")}


def require_within(limits: Limits, value: object, name: str) -> None:
    """Raise DataError, naming the parameter, its value and the range, for a value that is none of these numbers."""
    if not limits.holds(value):
        raise DataError(f"{name} must be {limits}, not {shortened(value)}")


def check_settings(params: Mapping[str, Any]) -> None:
    """Check the constructor parameters of a recommender by name, but for what its sources make of their own.

    Raises
    ------
    DataError
        Naming the parameter, its value and what it may be.
    """
    for name, limits in RECOMMENDER_LIMITS.items():
        require_within(limits, params[name], name)
    for name in ("strategy", "effort"):
        _require(isinstance(params[name], str), name, "a name", params[name])
    for name in ("text_encoder", "image_encoder"):
        _require(isinstance(params[name], (str, PathLike)), name, "a path", params[name])
    for name in ("extra_check", "learn_weights"):
        _require(isinstance(params[name], (bool, np.bool_)), name, "True or False", params[name])
    weights = params["weights"]
    _require(weights is None or isinstance(weights, EventWeights), "weights", "EventWeights(kinds={...})", weights)
    extras = params["extra_sources"]
    is_list = isinstance(extras, Collection) and not isinstance(extras, (str, bytes))
    _require(is_list and all(isinstance(name, str) for name in extras), "extra_sources", "a list of names", extras)
    _check_nested(params["source_params"])


def check_data(events: object, items: object, logged: object) -> None:
    """Raise DataError for what is no data that a fit takes, saying what makes it such."""
    if not isinstance(events, Interactions):
        told = "; Interactions.from_frame(frame) makes it of a frame" if is_frame(events) else ""
        raise DataError(f"events must be Interactions, not {type(events).__name__}{told}")
    if items is not None and not isinstance(items, ItemCatalogue):
        told = "; ItemCatalogue.from_frame(frame) makes it of a frame" if is_frame(items) else ""
        raise DataError(f"items must be an ItemCatalogue or None, not {type(items).__name__}{told}")
    if logged is not None and not is_frame(logged):
        raise DataError(f"logged must be a DataFrame or None, not {type(logged).__name__}")


def plain(value: Any) -> Any:
    """The same value in what JSON can hold: numbers of NumPy as those of Python, paths as text, sequences as lists."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, PathLike):
        return fspath(value)
    if isinstance(value, Mapping):
        return {key: plain(own) for key, own in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        return [plain(own) for own in value]
    return value


def _check_nested(source_params: object) -> None:
    wanted = "a mapping of sources to their parameters, such as {'ease': {'l2': 100.0}}"
    is_nested = isinstance(source_params, Mapping) and all(
        isinstance(name, str) and isinstance(own, Mapping) for name, own in source_params.items()
    )
    _require(source_params is None or is_nested, "source_params", wanted, source_params)


def _require(holds: bool, name: str, wanted: str, given: object) -> None:
    if not holds:
        raise DataError(f"{name} must be {wanted}, not {shortened(given)}")
