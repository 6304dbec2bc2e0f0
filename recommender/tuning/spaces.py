"""Where the search looks: a range per parameter, wide enough for tiny and for large shops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender.data.weights import EventWeights
from recommender.parameters import spec_of
from recommender.sources import make_source
from recommender.types import EVENT_KINDS

WEIGHTS = "weights"


@dataclass(frozen=True)
class Range:
    """Numbers between two bounds, both included; ``is_log`` spreads the draws over orders of magnitude."""

    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False

    def holds(self, value: Any) -> bool:
        """Whether a value lies inside."""
        return isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high


_RECENCY = Range(0.0, 1.0)
_ITEMSEQ = {
    "window": Range(3, 60, is_log=True, is_whole=True),
    "gap_decay": Range(0.5, 0.99),
    "backward": Range(0.0, 1.0),
    "popularity": Range(0.0, 1.0),
    "shrinkage": Range(0.1, 50.0, is_log=True),
    "history_decay": Range(0.3, 1.0),
}
SPACES: Mapping[str, Mapping[str, Range]] = {
    "itemseq": _ITEMSEQ,
    # Its long memory is what it is there for: sought freely it becomes the quick one over again.
    "itemseq_long": {**_ITEMSEQ, "backward": Range(0.5, 1.0), "history_decay": Range(0.85, 1.0)},
    "itemknn": {"shrinkage": Range(0.5, 500.0, is_log=True), "recency": _RECENCY},
    "rp3beta": {"alpha": Range(0.4, 2.0), "beta": Range(0.0, 1.0), "recency": _RECENCY},
    "ease": {"l2": Range(2.0, 5_000.0, is_log=True), "recency": _RECENCY},
    "ials": {
        "n_factors": Range(8, 256, is_log=True, is_whole=True),
        "alpha": Range(0.5, 100.0, is_log=True),
        "reg": Range(0.5, 500.0, is_log=True),
        "recency": _RECENCY,
    },
    "trending": {"half_life_days": Range(0.25, 365.0, is_log=True)},
    "content": {"recency": _RECENCY, "history_length": Range(3, 100, is_log=True, is_whole=True)},
    "svd": {
        "n_factors": Range(8, 200, is_log=True, is_whole=True),
        "lr_all": Range(0.002, 0.02, is_log=True),
        "reg_all": Range(0.01, 0.3, is_log=True),
        "fold_in_reg": Range(0.02, 2.0, is_log=True),
    },
}
# A purchase is the unit; stars say enough by themselves.
WEIGHT_SPACE: Mapping[str, Range] = {
    "view": Range(0.02, 1.0, is_log=True),
    "click": Range(0.02, 1.0, is_log=True),
    "cart": Range(0.1, 1.5),
    "wishlist": Range(0.1, 1.5),
    "rating": Range(0.1, 2.0),
}
STUDIES = (WEIGHTS, *SPACES)


def start_of(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values from which a source's search starts: its defaults under what is given."""
    params = make_source(spec_of(name, given)).get_params()
    return {key: params[key] for key in SPACES[name]}


def weights_with(weights: EventWeights, kinds: Mapping[str, float]) -> EventWeights:
    """Event weights with some kinds replaced."""
    return EventWeights({**weights.kinds, **kinds}, weights.stars)


def weight_space(kinds: frozenset[str]) -> dict[str, Range]:
    """Ranges of the kinds that occur; none when there is one kind only, because then nothing depends on it."""
    seen = [kind for kind in EVENT_KINDS if kind in kinds]
    return {kind: WEIGHT_SPACE[kind] for kind in seen if kind in WEIGHT_SPACE} if len(seen) > 1 else {}
