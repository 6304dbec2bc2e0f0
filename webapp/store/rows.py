"""Plain rows that queries return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A picture: its files' stem, its text and its size."""

    stem: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CardRow:
    """What a card of a product needs; ``available`` counts the pieces that can be sold.

    ``price_cents`` is the lowest price of those, and ``has_dearer`` says that some of them cost more.
    """

    product_id: int
    slug: str
    name: str
    price_cents: int
    old_price_cents: int | None
    currency: str
    is_visible: bool
    rating_count: int
    rating_sum: int
    created_at: datetime
    category_id: int | None
    brand: str
    category: str
    category_slug: str
    picture: PictureRow | None
    available: int
    variant_id: int | None
    n_colours: int
    is_wished: bool
    your_stars: int
    is_excluded: bool
    has_dearer: bool

    @property
    def is_sellable(self) -> bool:
        """Whether a shopper may see and buy it now."""
        return self.is_visible and self.available > 0


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A wish of the owner about the recommended lists; an id or bound that is absent is no condition.

    ``action`` is pin (at ``place``), boost (by ``strength`` percent of the list), bury or exclude.
    """

    rule_id: int
    action: str
    note: str
    product_id: int | None
    product: str
    category_id: int | None
    category: str
    brand_id: int | None
    brand: str
    price_from_cents: int | None
    price_to_cents: int | None
    stock_from: int | None
    stock_to: int | None
    place: int
    strength: int
    starts_at: datetime | None
    ends_at: datetime | None
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Rules, and the paths of the categories by id where one of them asks for a category."""

    rules: tuple[RuleRow, ...] = ()
    category_paths: dict[int, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.rules)

    @property
    def pinned_ids(self) -> set[int]:
        """Products that a rule pins by name."""
        return {rule.product_id for rule in self.rules if rule.action == "pin" and rule.product_id is not None}


@dataclass(frozen=True, slots=True)
class VariantRow:
    """A variant with what can be sold of it."""

    variant_id: int
    product_id: int
    sku: str
    name: str
    options: dict[str, str]
    price_cents: int
    stock: int
    reserved: int
    is_active: bool
    picture_stem: str = ""

    @property
    def available(self) -> int:
        """Pieces that can be sold now."""
        return self.stock - self.reserved if self.is_active else 0


def usual_variant(variants: Sequence[VariantRow]) -> VariantRow:
    """Return the variant of those that costs what the lists say: the cheapest that can be sold, else that is made.

    Of variants at one price it is the first; ``variants`` holds at least one, in the order of their positions.
    """
    return min(variants, key=lambda variant: (variant.available <= 0, not variant.is_active, variant.price_cents))


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product as its page and its editor need it."""

    product_id: int
    slug: str
    name: str
    description: str
    price_cents: int
    old_price_cents: int | None
    currency: str
    attributes: dict[str, str]
    is_visible: bool
    rating_count: int
    rating_sum: int
    version: int
    created_at: datetime
    updated_at: datetime
    category_id: int | None
    brand: str
    brand_slug: str
    variants: tuple[VariantRow, ...] = ()
    pictures: tuple[PictureRow, ...] = ()


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category of the tree; ``n_products`` counts visible products directly in it."""

    category_id: int
    parent_id: int | None
    slug: str
    name: str
    description: str
    position: int
    n_products: int = 0
    path: str = ""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One event of a shopper, as the recommender is told of it.

    The kind ``search`` stands for a product that came first when the shopper searched for ``words``.
    """

    product_id: int
    kind: str
    value: float | None
    at: datetime
    words: str = ""
    search_id: int | None = None


class EventRow(NamedTuple):
    """One event as a live model is told of it: both ids in the library's words, ``timestamp`` in UTC seconds."""

    user_id: str
    item_id: str
    kind: str
    value: float | None
    timestamp: int


class Gap(NamedTuple):
    """Numbers of events that were not there, the first and the last of them.

    A transaction that took one may still commit; once every transaction before ``until`` has ended none of them will.
    """

    first: int
    last: int
    until: int


class ReadTo(NamedTuple):
    """How far events were read: up to a number, but for the gaps; ``n_late`` came out of gaps so far."""

    last_id: int = 0
    gaps: tuple[Gap, ...] = ()
    n_late: int = 0


class ItemRow(NamedTuple):
    """A product in the library's words.

    ``price`` is in major units, ``category`` a path, ``image`` the path of a file and ``colours`` are joined by ``|``.
    """

    item_id: str
    title: str
    description: str
    category: str
    brand: str
    price: float
    image: str
    colours: str
    family: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """A cart line joined with what it costs and how many there are now."""

    line_id: int
    variant_id: int
    product_id: int
    slug: str
    name: str
    variant_name: str
    quantity: int
    price_cents: int
    price_seen_cents: int
    old_price_cents: int | None
    currency: str
    available: int
    is_visible: bool
    sku: str
    picture: PictureRow | None


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """A code that lowers the price; ``value`` is percent or cents, as ``kind`` says; only for ``user_id``, if set."""

    voucher_id: int
    code: str
    kind: str
    value: int
    min_cents: int
    starts_at: datetime | None
    ends_at: datetime | None
    max_uses: int | None
    per_user: int | None
    uses: int
    is_active: bool
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class CartRow:
    """A cart and its lines; an actor without a cart has id 0 and none."""

    cart_id: int = 0
    version: int = 0
    checkout: dict[str, Any] = field(default_factory=dict)
    lines: tuple[LineRow, ...] = ()
    voucher: VoucherRow | None = None

    @property
    def n_items(self) -> int:
        """Pieces in all."""
        return sum(line.quantity for line in self.lines)

    @property
    def subtotal_cents(self) -> int:
        """Sum of the lines at today's prices."""
        return sum(line.quantity * line.price_cents for line in self.lines)
