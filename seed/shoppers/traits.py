"""What the shoppers respond to: every product as numbers, and which products belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seed.catalogue.brands import HOUSES, PALETTES, STYLES
from seed.catalogue.drafts import Draft
from seed.catalogue.shelves import SHELF_KEYS
from seed.shoppers.calendar import DAY, N_DAYS, SEASONS, Calendar, Seconds
from seed.streams import stream

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

N_VIBES = 6
N_STYLES, N_PALETTES, N_BRANDS = len(STYLES), len(PALETTES), len(HOUSES)
OLD_SHARE = 0.6
TREND_SHARE = 0.12
N_PARTNERS = 4

BESIDE: dict[str, tuple[str, ...]] = {
    "tees": ("trousers", "sneakers"),
    "shirts": ("trousers", "knitwear"),
    "knitwear": ("shirts", "hats-scarves"),
    "dresses": ("bags", "watches-glasses"),
    "trousers": ("shirts", "tees"),
    "coats": ("hats-scarves", "boots"),
    "sneakers": ("socks",),
    "boots": ("socks",),
    "socks": ("sneakers", "socks"),
    "bags": ("watches-glasses", "hats-scarves"),
    "backpacks": ("notebooks",),
    "hats-scarves": ("coats", "knitwear"),
    "watches-glasses": ("bags",),
    "lamps": ("textiles",),
    "chairs": ("textiles",),
    "textiles": ("textiles", "candles-soap"),
    "plants": ("plants",),
    "mugs": ("tea-coffee",),
    "tea-coffee": ("mugs",),
    "candles-soap": ("candles-soap", "textiles"),
    "notebooks": ("notebooks", "tea-coffee"),
}
"""Shelves whose things lie in the same order as a thing of the key's shelf."""

AFTER: dict[str, tuple[str, ...]] = {
    "sneakers": ("socks",),
    "boots": ("socks",),
    "chairs": ("lamps",),
    "lamps": ("candles-soap",),
    "coats": ("hats-scarves",),
    "backpacks": ("notebooks",),
    "mugs": ("tea-coffee",),
    "dresses": ("sneakers",),
    "plants": ("plants",),
    "notebooks": ("backpacks",),
    "trousers": ("tees",),
    "knitwear": ("coats",),
}
"""Shelves whose things are bought some days later."""


@dataclass(frozen=True)
class Traits:
    """The catalogue as arrays; row i is product i.

    Attributes
    ----------
    features : ndarray of shape (n_products, n_features)
        Style, palettes, price level (squared and plain), pattern, brand, vibe; the other half is a shopper's weights.
    season : ndarray of shape (n_products, 12)
        Log of the demand in each month.
    appeal, quality : ndarray of shape (n_products,)
        How well known it is (log scale) and how good it is (stars above or below the mean).
    trend : ndarray of shape (n_products, 3)
        Height of a fashion that passes, its middle (UTC seconds) and its width (seconds); height 0 for most.
    neighbours, beside, after : ndarray of shape (n_products, N_PARTNERS)
        Rows of its near relations on the shelf, of what is bought with it, and of what is bought later (-1: nothing).
    """

    shelf: Rows
    family: Rows
    features: Floats
    season: Floats
    appeal: Floats
    quality: Floats
    trend: Floats
    born: Seconds
    neighbours: Rows
    beside: Rows
    after: Rows

    @property
    def n_products(self) -> int:
        """Number of rows."""
        return len(self.shelf)


def _one_hot(rows: Sequence[int], width: int) -> Floats:
    return np.eye(width)[np.asarray(rows, dtype=np.int64)]


def _palette_shares(drafts: Sequence[Draft]) -> Floats:
    member = np.array([[colour in colours for colours in PALETTES.values()] for colour in _colour_order()], dtype=float)
    place = {colour: row for row, colour in enumerate(_colour_order())}
    shares = np.array([member[[place[colour] for colour, _ in draft.pairs]].mean(axis=0) for draft in drafts])
    return shares / shares.sum(axis=1, keepdims=True)


def _colour_order() -> list[str]:
    return sorted({colour for colours in PALETTES.values() for colour in colours} | {"mint", "butter"})


def _features(drafts: Sequence[Draft], family: Rows, rng: np.random.Generator) -> Floats:
    level = np.array([draft.house.price_level for draft in drafts], dtype=float)
    vibes = rng.normal(size=(int(family.max()) + 1, N_VIBES))[family]
    houses = {house.key: row for row, house in enumerate(HOUSES)}
    return np.hstack(
        [
            _one_hot([STYLES.index(draft.style) for draft in drafts], N_STYLES),
            _palette_shares(drafts),
            np.column_stack([level**2, level, [draft.pattern != "plain" for draft in drafts]]),
            _one_hot([houses[draft.house.key] for draft in drafts], N_BRANDS),
            vibes / np.sqrt(N_VIBES),
        ]
    )


def _trends(rng: np.random.Generator, n_products: int, calendar: Calendar) -> Floats:
    height = np.where(rng.random(n_products) < TREND_SHARE, rng.uniform(1.6, 3.4, n_products), 0.0)
    middle = rng.uniform(calendar.start, calendar.now + 20 * DAY, n_products)
    return np.column_stack([height, middle, rng.uniform(7, 26, n_products) * DAY])


def _born(drafts: Sequence[Draft], calendar: Calendar) -> Seconds:
    age = np.array([draft.age for draft in drafts])
    during = calendar.start + (age - OLD_SHARE) / (1 - OLD_SHARE) * (N_DAYS - 1) * DAY
    before = calendar.start - (OLD_SHARE - age) / OLD_SHARE * 365 * DAY
    return np.where(age < OLD_SHARE, before, during).astype(np.int64)


def _likeness(features: Floats, rows: Rows, others: Rows) -> Floats:
    """How alike products look to a shopper: same style, shared palette, near price level, same brand."""
    end = N_STYLES + N_PALETTES
    looks = features[:, :end] * np.array([1.0] * N_STYLES + [1.5] * N_PALETTES)
    brand = features[:, end + 3 : end + 3 + N_BRANDS]
    level = features[:, end + 1]
    alike = looks[rows] @ looks[others].T + 0.5 * brand[rows] @ brand[others].T
    return alike - 0.35 * np.abs(level[rows][:, None] - level[others][None, :])


def _partners(
    shelf: Rows, family: Rows, features: Floats, rules: Mapping[str, tuple[str, ...]], rng: np.random.Generator
) -> Rows:
    """Give each product up to four partners from the shelves its own shelf points to, likely ones first."""
    table = np.full((len(shelf), N_PARTNERS), -1, dtype=np.int64)
    for number, key in enumerate(SHELF_KEYS):
        rows = np.flatnonzero(shelf == number)
        others = np.flatnonzero(np.isin(shelf, [SHELF_KEYS.index(name) for name in rules.get(key, ())]))
        if not len(rows) or not len(others):
            continue
        score = _likeness(features, rows, others) + rng.gumbel(scale=0.5, size=(len(rows), len(others)))
        score[family[rows][:, None] == family[others][None, :]] = -np.inf
        best = np.argsort(-score, axis=1, kind="stable")[:, :N_PARTNERS]
        found = np.where(np.isfinite(np.take_along_axis(score, best, axis=1)), others[best], -1)
        table[rows, : found.shape[1]] = found
    return table


def make_traits(drafts: Sequence[Draft], calendar: Calendar, random_seed: int) -> Traits:
    """Turn the drafts into numbers and draw what no catalogue row says: appeal, quality, vibe, trend, partners."""
    rng = stream(random_seed, "traits")
    families = {key: row for row, key in enumerate(dict.fromkeys(draft.family_key for draft in drafts))}
    family = np.array([families[draft.family_key] for draft in drafts], dtype=np.int64)
    shelf = np.array([SHELF_KEYS.index(draft.thing.shelf) for draft in drafts], dtype=np.int64)
    features = _features(drafts, family, rng)
    level = features[:, N_STYLES + N_PALETTES + 1]
    same = {key: (key,) for key in SHELF_KEYS}
    return Traits(
        shelf=shelf,
        family=family,
        features=features,
        season=np.log([SEASONS[draft.thing.season] for draft in drafts]),
        appeal=rng.normal(0.0, 1.15, len(drafts)),
        quality=rng.normal(0.0, 0.45, len(drafts)) + 0.06 * (level - 3),
        trend=_trends(rng, len(drafts), calendar),
        born=_born(drafts, calendar),
        neighbours=_partners(shelf, family, features, same, rng),
        beside=_partners(shelf, family, features, BESIDE, rng),
        after=_partners(shelf, family, features, AFTER, rng),
    )
