"""How much an event says about a taste: by its kind, its stars and its age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf

import numpy as np

from recommender.data.validation import is_number, shortened
from recommender.errors import DataError
from recommender.types import EVENT_KINDS, KIND_CODE, AnyArray, FloatVector

# Purchase is the unit. A rating speaks through its stars, a dismissal only against the item itself.
DEFAULT_KIND_WEIGHTS: dict[str, float] = {
    "view": 0.3,
    "click": 0.4,
    "cart": 0.7,
    "wishlist": 0.6,
    "purchase": 1.0,
    "rating": 1.0,
    "dismiss": 0.0,
}
# Somebody who rated an item low still chose it, so it keeps a little weight as a trace of what belongs together.
DEFAULT_STAR_WEIGHTS: tuple[float, float, float, float, float] = (0.5, 0.7, 0.9, 1.0, 1.0)


@dataclass(frozen=True)
class EventWeights:
    """Weight of an event as evidence of taste, unitless, a purchase being 1 (or, without any, the strongest kind).

    Parameters
    ----------
    kinds : mapping of str to float
        Weight per event kind, >= 0.
    stars : tuple of five floats
        Factor for ratings of 1 to 5 stars; fractional stars are interpolated.
    """

    kinds: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_KIND_WEIGHTS))
    stars: tuple[float, float, float, float, float] = DEFAULT_STAR_WEIGHTS

    def __post_init__(self) -> None:
        if not isinstance(self.kinds, Mapping):
            raise DataError(f"event weights: kinds must be a mapping of kinds to weights, not {shortened(self.kinds)}")
        unknown = set(self.kinds) - set(EVENT_KINDS)
        if unknown:
            raise DataError(f"event weights: {sorted(unknown)[0]!r} is not one of {', '.join(EVENT_KINDS)}")
        if len(self.stars) != len(DEFAULT_STAR_WEIGHTS):
            raise DataError(f"event weights: stars must be five numbers, for 1 to 5 stars, not {self.stars!r}")
        for weight in (*self.kinds.values(), *self.stars):
            if not is_number(weight) or not 0 <= weight < inf:
                raise DataError(f"event weights must be finite and not negative, not {weight!r}")

    def of(self, kinds: AnyArray, values: FloatVector) -> FloatVector:
        """Weights of events given their kind codes and values, both of shape (n,)."""
        by_code = np.array([self.kinds.get(kind, 0.0) for kind in EVENT_KINDS], dtype=np.float32)
        weights = by_code[kinds]
        rated = kinds == KIND_CODE["rating"]
        if rated.any():
            weights[rated] *= np.interp(values[rated], [1, 2, 3, 4, 5], self.stars).astype(np.float32)
        return weights

    def for_log(self, kinds: AnyArray) -> EventWeights:
        """The same proportions with 1 for the strongest kind, where a log holds none as strong as that.

        Sources weigh evidence against fixed numbers: in a log of views alone a view is all that people do.

        Parameters
        ----------
        kinds : ndarray of shape (n,)
            Codes of the kinds of the log's events.
        """
        strongest = max((self.kinds.get(EVENT_KINDS[code], 0.0) for code in np.unique(kinds)), default=0.0)
        if not 0.0 < strongest < 1.0:
            return self
        return replace(self, kinds={kind: weight / strongest for kind, weight in self.kinds.items()})

    def to_dict(self) -> dict[str, object]:
        """JSON form."""
        return {"kinds": dict(self.kinds), "stars": list(self.stars)}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> EventWeights:
        """Rebuild from the JSON form."""
        if not isinstance(data, Mapping):
            raise DataError("event weights need a mapping 'kinds' and five numbers 'stars'")
        kinds, stars = data.get("kinds"), data.get("stars")
        if not isinstance(kinds, Mapping) or not isinstance(stars, (list, tuple)) or len(stars) != 5:
            raise DataError("event weights need a mapping 'kinds' and five numbers 'stars'")
        return cls(kinds={str(k): float(v) for k, v in kinds.items()}, stars=tuple(float(s) for s in stars))  # type: ignore[arg-type]


def decay(ages_seconds: AnyArray, half_life_days: float) -> FloatVector:
    """Exponential decay: 1 at age 0, one half at ``half_life_days``; negative ages count as 0."""
    ages = np.maximum(np.asarray(ages_seconds, dtype=np.float64), 0.0) / 86_400.0
    return np.exp2(-ages / half_life_days).astype(np.float32)
