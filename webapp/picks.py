"""What the shop asks of a recommender and what it is told, in the shop's own words."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from webapp.store.rows import HistoryRow

DRAWN = "explore"
PINNED = "rule:"


@dataclass(frozen=True, slots=True)
class Chance:
    """How many of the first ``within`` places are left to chance; the same ``seed`` draws the same."""

    places: int
    within: int
    seed: str


@dataclass(frozen=True, slots=True)
class PickReason:
    """Why the recommender picked something; ``product_id`` is the signal it names."""

    kind: str
    product_id: int | None
    share: float


@dataclass(frozen=True, slots=True)
class Pick:
    """A recommended product; ``propensity`` is the probability with which it stands at its place."""

    product_id: int
    rank: int
    score: float
    reasons: tuple[PickReason, ...] = ()
    source: str = ""
    propensity: float = 1.0

    @property
    def is_drawn(self) -> bool:
        """Whether the place was left to chance."""
        return self.source == DRAWN

    @property
    def is_pinned(self) -> bool:
        """Whether the owner wants it there."""
        return self.source.startswith(PINNED)

    @property
    def is_fixed(self) -> bool:
        """Whether it stands at its rank whatever else the list holds."""
        return self.is_drawn or self.is_pinned


@dataclass(frozen=True, slots=True)
class Picks:
    """An answer of the recommender; empty when there is nothing to say.

    ``max_per_brand`` is the cap on products of one brand among ten that the list was made under, 0 for none.
    """

    items: tuple[Pick, ...] = ()
    model_version: str = ""
    strategy: str = ""
    took_ms: float = 0.0
    max_per_brand: int = 0

    @property
    def product_ids(self) -> list[int]:
        """The products in order."""
        return [pick.product_id for pick in self.items]


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a visitor wants the picks arranged: sliders from -1 to 1, category paths, names of brands.

    The default says nothing and changes nothing.
    """

    familiar_new: float = 0.0
    budget_premium: float = 0.0
    variety: float = 0.0
    more: frozenset[str] = frozenset()
    less: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    never_brands: frozenset[str] = frozenset()


NO_PREFERENCES = Preferences()


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of the recommender for one visitor; ``wait_s`` is the longest wait, by default that of a page."""

    user: str
    history: Sequence[HistoryRow] = ()
    k: int = 24
    exclude: Collection[int] = ()
    context: str = "home"
    product_ids: Sequence[int] = ()
    category: str | None = None
    strategy: str | None = None
    now: datetime | None = None
    preferences: Preferences = NO_PREFERENCES
    wait_s: float | None = None
    chance: Chance | None = None


@dataclass(frozen=True, slots=True)
class RecsState:
    """How the recommender is: ``state`` is ok, fallback (no usable model) or off.

    ``left_out`` counts what lists of the live model were made without: ``{"failed": {"ease": 2}}``.
    """

    state: str
    version: str = ""
    n_calls: int = 0
    n_failures: int = 0
    is_open: bool = False
    problem: str = ""
    left_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Recs(Protocol):
    """What the shop asks of a recommender."""

    def for_user(self, ask: Ask) -> Picks:
        """Recommend to one visitor."""

    def order(self, ask: Ask) -> Picks:
        """Put ``ask.product_ids`` in the order one visitor would like them; those it does not know are left out."""

    def similar(self, product_id: int, *, k: int, space: str = "combined") -> Picks:
        """Name alternatives to a product."""

    def search_text(self, text: str, *, k: int) -> Picks:
        """Name products near a text in meaning; the score is the cosine."""

    def search_photo(self, picture: bytes, *, k: int) -> Picks:
        """Name products that look like a picture; the score is the cosine."""

    def goes_with(self, product_ids: Sequence[int], *, k: int) -> Picks:
        """Name what is bought together with some products."""

    def weights(self, history: Sequence[HistoryRow]) -> tuple[float, ...]:
        """Tell how much each event counts beside an order; nothing without a model."""

    def marks(self) -> tuple[Hashable, ...]:
        """Return what is another when the model is, or has learned of something new."""

    def strategies(self) -> tuple[str, ...]:
        """Name the strategies a call may choose."""

    def state(self) -> RecsState:
        """Tell how the recommender is."""

    def refresh(self) -> None:
        """Take up a new model and new events now."""

    def warm_up(self) -> None:
        """Get ready for the first visitor."""


class NullRecs:
    """No recommender: every answer is empty, so the shop and most tests run without a model."""

    def for_user(self, ask: Ask) -> Picks:
        """Recommend nothing."""
        return Picks()

    def order(self, ask: Ask) -> Picks:
        """Know no order."""
        return Picks()

    def similar(self, product_id: int, *, k: int, space: str = "combined") -> Picks:
        """Name nothing."""
        return Picks()

    def search_text(self, text: str, *, k: int) -> Picks:
        """Find nothing."""
        return Picks()

    def search_photo(self, picture: bytes, *, k: int) -> Picks:
        """Find nothing."""
        return Picks()

    def goes_with(self, product_ids: Sequence[int], *, k: int) -> Picks:
        """Name nothing."""
        return Picks()

    def weights(self, history: Sequence[HistoryRow]) -> tuple[float, ...]:
        """Weigh nothing."""
        return ()

    def marks(self) -> tuple[Hashable, ...]:
        """Never change."""
        return ()

    def strategies(self) -> tuple[str, ...]:
        """Offer none."""
        return ()

    def state(self) -> RecsState:
        """Tell that there is none."""
        return RecsState("off")

    def refresh(self) -> None:
        """Do nothing."""

    def warm_up(self) -> None:
        """Do nothing."""
