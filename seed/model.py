"""The demo shop as plain data: what the generators hand over and the shop writes to its database."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from seed.pictures.spec import PictureSpec

CURRENCY = "EUR"
EVENT_COLUMNS = ("user_key", "product_key", "kind", "value", "at", "order_key")
EVENT_KINDS = ("view", "click", "cart", "wishlist", "purchase", "rating", "dismiss")


@dataclass(frozen=True, slots=True)
class SeedCategory:
    """A department (``parent_key`` is None) or a shelf inside one; products stand on shelves only."""

    key: str
    name: str
    parent_key: str | None
    description: str
    position: int


@dataclass(frozen=True, slots=True)
class SeedBrand:
    """An invented maker; ``price_level`` runs from 1 (plain prices) to 5 (a house one saves up for)."""

    key: str
    name: str
    tagline: str
    price_level: int


@dataclass(frozen=True, slots=True)
class SeedVariant:
    """One thing that can lie in a cart.

    ``options`` maps an option's name to its value ("Colour", "Size", ...); a product's variants all name the
    same options, and no two of them have equal values. ``price_cents`` is what it costs today.
    """

    sku: str
    name: str
    options: dict[str, str]
    price_cents: int
    stock: int
    picture: PictureSpec


@dataclass(frozen=True, slots=True)
class SeedProduct:
    """A page of the catalogue.

    ``price_cents`` is the lowest price among the variants; ``old_price_cents`` is set while it is on sale and then
    lies above it. ``family_key`` joins products that are one design in other cloth or pattern.
    The first variant is the one to show on a card.
    """

    key: str
    slug: str
    name: str
    brand_key: str
    category_key: str
    description: str
    price_cents: int
    old_price_cents: int | None
    currency: str
    attributes: dict[str, str]
    created_at: datetime
    variants: tuple[SeedVariant, ...]
    family_key: str


@dataclass(frozen=True, slots=True)
class SeedUser:
    """A shopper who does not exist; the address ends in example.com."""

    key: str
    email: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SeedReview:
    """Words beside a star rating; the same rating is among the events, at the same time."""

    user_key: str
    product_key: str
    stars: int
    title: str
    text: str
    at: datetime


class OrderLine(NamedTuple):
    """``quantity`` pieces of one sku at the price of one piece."""

    product_key: str
    sku: str
    quantity: int
    price_cents: int


@dataclass(frozen=True, slots=True)
class SeedOrder:
    """A paid order; each product in it has one purchase event with the same ``order_key``, user, time and quantity."""

    key: str
    user_key: str
    at: datetime
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class DemoShop:
    """Everything the demo shop starts with.

    Attributes
    ----------
    events : DataFrame
        Columns ``user_key, product_key, kind, value, at, order_key``, ordered by ``at``. ``value`` (float) is the stars
        of a rating, the quantity of a purchase, else NaN; ``at`` is UTC seconds (int64); ``order_key`` is "" but for
        purchases.
    """

    categories: list[SeedCategory]
    brands: list[SeedBrand]
    products: list[SeedProduct]
    users: list[SeedUser]
    events: pd.DataFrame
    reviews: list[SeedReview]
    orders: list[SeedOrder]

    def fingerprint(self) -> str:
        """SHA-256 over every field, so that two generated shops can be compared in one line."""
        digest = hashlib.sha256()
        for rows in (self.categories, self.brands, self.products, self.users, self.reviews, self.orders):
            digest.update(json.dumps([asdict(row) for row in rows], default=str).encode())
        digest.update(self.events.to_csv(index=False).encode())
        return digest.hexdigest()
