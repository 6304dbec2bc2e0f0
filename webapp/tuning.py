"""What somebody set for their own picks, as plain values; everything at its default changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from webapp.store.rows import CardRow

SLIDERS = ("familiar_new", "budget_premium", "variety")
MIDDLE, LOWEST, HIGHEST = 50, 0, 100
WISHES = ("more", "less", "never")
UNSET: dict[str, Any] = {
    **dict.fromkeys(SLIDERS, MIDDLE),
    "categories": {},
    "never_brands": [],
    "uses_purchases": True,
    "uses_searches": True,
}


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings of one member or guest.

    Attributes
    ----------
    familiar_new, budget_premium, variety : int
        0 to 100; 50 is the shop's own choice.
    categories : tuple of (category id, wish)
        A wish is one of ``WISHES``.
    never_brands : tuple of int
        Ids of brands.
    uses_purchases, uses_searches : bool
        Whether orders and searches may be used.
    """

    familiar_new: int = MIDDLE
    budget_premium: int = MIDDLE
    variety: int = MIDDLE
    categories: tuple[tuple[int, str], ...] = ()
    never_brands: tuple[int, ...] = ()
    uses_purchases: bool = True
    uses_searches: bool = True

    @property
    def arranges(self) -> bool:
        """Whether a list is arranged by more than the signals."""
        return self.arranging != DEFAULT.arranging

    @property
    def arranging(self) -> tuple[object, ...]:
        """The settings beside which signals may be used."""
        return (self.familiar_new, self.budget_premium, self.variety, self.categories, self.never_brands)

    def to_json(self) -> dict[str, Any]:
        """Return what a table holds: nothing that stands at its default."""
        values = {
            **{name: getattr(self, name) for name in SLIDERS},
            "categories": {str(category_id): wish for category_id, wish in self.categories},
            "never_brands": list(self.never_brands),
            "uses_purchases": self.uses_purchases,
            "uses_searches": self.uses_searches,
        }
        return {name: value for name, value in values.items() if value != UNSET[name]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what a table holds; what cannot be meant is left out, so that old rows break no page."""
        sliders = {name: values[name] for name in SLIDERS if is_position(values.get(name))}
        wishes = values.get("categories")
        told = wishes.items() if isinstance(wishes, Mapping) else ()
        categories = sorted((int(key), wish) for key, wish in told if key.isdigit() and wish in WISHES)
        brands = values.get("never_brands")
        never_brands = sorted(key for key in brands if isinstance(key, int)) if isinstance(brands, list) else ()
        return cls(
            **sliders,
            categories=tuple(categories),
            never_brands=tuple(never_brands),
            uses_purchases=values.get("uses_purchases") is not False,
            uses_searches=values.get("uses_searches") is not False,
        )


DEFAULT = Tuning()


@dataclass(frozen=True, slots=True)
class Never:
    """What is never to be recommended: everything in some categories and of some brands (lower case)."""

    category_ids: frozenset[int] = frozenset()
    brands: frozenset[str] = frozenset()

    def hides(self, row: CardRow) -> bool:
        """Whether a product is among it."""
        return row.category_id in self.category_ids or row.brand.casefold() in self.brands


NOTHING = Never()


def place_of(raw: str) -> int | None:
    """Read a place on a slider; None when it is none."""
    if not raw.isascii() or not raw.isdigit() or len(raw) > len(str(HIGHEST)):
        return None
    return int(raw) if is_position(int(raw)) else None


def is_position(value: Any) -> bool:
    """Whether a value is a place on a slider."""
    return isinstance(value, int) and not isinstance(value, bool) and LOWEST <= value <= HIGHEST
