"""What each kind of event is worth, learned from what people bought after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recommender.data.interactions import Interactions
from recommender.data.weights import DEFAULT_KIND_WEIGHTS, EventWeights
from recommender.types import KIND_CODE, Rows

LEARNED_KINDS = ("view", "click", "cart", "wishlist")
# So many purchases after events of a kind count as much as the start value: fewer move it little.
PRIOR_PURCHASES = 100.0


@dataclass(frozen=True)
class KindWorth:
    """What the log says of a kind: how many pairs of user and item begin with it, how many were bought later."""

    start: float
    n_pairs: int
    n_bought: int
    learned: float


@dataclass(frozen=True)
class LearnedWeights:
    """Weights of events with the evidence per kind; ``kinds`` is empty where there was nothing to learn from."""

    weights: EventWeights
    kinds: dict[str, KindWorth]

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {kind: dict(vars(worth)) for kind, worth in self.kinds.items()}


def learn_weights(events: Interactions, start: EventWeights | None = None) -> LearnedWeights:
    """Learn how much a view, a click, a cart and a wish say, a purchase being 1.

    A kind is worth the share of the surprise of a purchase that it takes away: ``log(p / p0) / log(1 / p0)`` with
    ``p0`` the chance that anybody buys any item and ``p`` the chance that who did this with an item buys it later. A
    purchase itself, with ``p = 1``, is worth 1, and what says nothing is worth 0. The result is drawn to the start
    value as if ``PRIOR_PURCHASES`` purchases had confirmed that.

    Parameters
    ----------
    events : Interactions
        The training part alone.
    start : EventWeights, optional
        Values to begin with. Stars stay as they are, and so does a kind whose weight is not the default one: somebody
        has set it.

    References
    ----------
    The score is pointwise mutual information, normalised (Bouma 2009, Normalized (Pointwise) Mutual Information), of
    event and purchase.
    """
    start = start or EventWeights()
    if not len(events):
        return LearnedWeights(start, {})
    _, pairs = np.unique(events.user_rows * len(events.items) + events.item_rows, return_inverse=True)
    n_pairs = int(pairs.max()) + 1
    bought = events.kinds == KIND_CODE["purchase"]
    first_bought = _first(pairs, bought, n_pairs)
    last_bought = np.full(n_pairs, -1, dtype=np.int64)
    last_bought[pairs[bought]] = np.flatnonzero(bought)
    chance = float((last_bought >= 0).sum()) / (events.n_users * len(events.items))
    kinds: dict[str, KindWorth] = {}
    for kind in (kind for kind in LEARNED_KINDS if start.kinds.get(kind) == DEFAULT_KIND_WEIGHTS[kind]):
        first = _first(pairs, events.kinds == KIND_CODE[kind], n_pairs)
        began = (first < len(pairs)) & (first < first_bought)
        n, n_bought = int(began.sum()), int((last_bought[began] > first[began]).sum())
        if n_bought and 0.0 < chance < 1.0:
            kinds[kind] = _worth(DEFAULT_KIND_WEIGHTS[kind], n, n_bought, chance)
    learned = {kind: worth.learned for kind, worth in kinds.items()}
    return LearnedWeights(replace(start, kinds=dict(start.kinds) | learned), kinds)


def _first(pairs: Rows, chosen: Rows, n_pairs: int) -> Rows:
    """Position of the first chosen event of each pair, the number of events where there is none."""
    first = np.full(n_pairs, len(pairs), dtype=np.int64)
    positions = np.flatnonzero(chosen)[::-1]
    first[pairs[positions]] = positions
    return first


def _worth(start: float, n: int, n_bought: int, chance: float) -> KindWorth:
    told = float(np.clip(np.log(n_bought / n / chance) / np.log(1.0 / chance), 0.0, 1.0))
    learned = (n_bought * told + PRIOR_PURCHASES * start) / (n_bought + PRIOR_PURCHASES)
    return KindWorth(start, n, n_bought, round(learned, 4))
