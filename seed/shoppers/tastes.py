"""Hidden tastes of the invented shoppers, and how they drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seed.catalogue.brands import HOUSES, PALETTES, STYLES
from seed.catalogue.shelves import DEPARTMENTS, SHELF_KEYS, SHELVES
from seed.shoppers.calendar import DAY, Calendar, Seconds
from seed.shoppers.traits import N_VIBES
from seed.streams import stream

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

N_CIRCLES = 9
STYLE_WEIGHT, PALETTE_WEIGHT, PRICE_WEIGHT, PATTERN_WEIGHT, BRAND_WEIGHT, VIBE_WEIGHT = 1.7, 2.4, 0.32, 0.7, 1.0, 0.9
DRIFT = 0.35

PORTRAITS: tuple[tuple[str, str, float, tuple[str, ...]], ...] = (
    ("earthy", "earth", 3.2, ("mugs", "plants", "textiles", "candles-soap", "lamps")),
    ("outdoor", "sea", 2.8, ("sneakers", "coats", "backpacks", "socks", "knitwear")),
)
"""Style, palette, price level and shelves of the first two shoppers, who are shown around the demo."""


@dataclass(frozen=True)
class Shoppers:
    """The shoppers as arrays; row i is user i.

    Attributes
    ----------
    weights : ndarray of shape (2, n_users, n_features)
        What a product's features are worth to each, at the start and at the end of the eighteen months.
    shelves : ndarray of shape (n_users, n_shelves)
        Share of visits that begin at each shelf, before the season has its say.
    activity : ndarray of shape (n_users,)
        Relative number of visits; heavy-tailed.
    partner : ndarray of shape (n_users,)
        Row of the person they buy presents for.
    talkative, mood : ndarray of shape (n_users,)
        Chance that a purchase is rated, and stars given above or below the mean.
    """

    weights: Floats
    shelves: Floats
    activity: Floats
    partner: Rows
    talkative: Floats
    mood: Floats
    joined: Seconds

    @property
    def n_users(self) -> int:
        """Number of rows."""
        return len(self.activity)


def _shelf_shares(rng: np.random.Generator, n_users: int) -> Floats:
    """Draw sparse interests: a few departments, and a few shelves in each."""
    by_department = rng.dirichlet([0.5] * len(DEPARTMENTS), n_users)
    column = [list(DEPARTMENTS).index(SHELVES[key][0]) for key in SHELF_KEYS]
    shares = by_department[:, column] * rng.gamma(0.7, 1.0, (n_users, len(SHELF_KEYS))) + 0.002
    return shares / shares.sum(axis=1, keepdims=True)


def _brand_love(styles: Floats, palettes: Floats, level: Floats, rng: np.random.Generator) -> Floats:
    """Brands are liked for their character, and then for no reason at all."""
    by_style = np.array([[style in house.styles for style in STYLES] for house in HOUSES], dtype=float)
    by_palette = np.array([[name in house.palettes for name in PALETTES] for house in HOUSES], dtype=float)
    far = np.abs(level[:, None] - np.array([house.price_level for house in HOUSES])[None, :])
    love = 0.5 * styles @ by_style.T + 0.4 * palettes @ by_palette.T - 0.25 * far
    return BRAND_WEIGHT * (love + rng.gumbel(0.0, 0.45, love.shape))


def _weights(styles: Floats, palettes: Floats, level: Floats, pattern: Floats, brands: Floats, vibes: Floats) -> Floats:
    """Spell a taste as weights on the product features; the price term is a parabola around the level one likes."""
    price = PRICE_WEIGHT * np.column_stack([-np.ones_like(level), 2 * level])
    return np.hstack(
        [
            STYLE_WEIGHT * styles,
            PALETTE_WEIGHT * palettes,
            price,
            PATTERN_WEIGHT * pattern[:, None],
            brands,
            VIBE_WEIGHT * vibes,
        ]
    )


def _drifted(rng: np.random.Generator, shares: Floats) -> Floats:
    return (1 - DRIFT) * shares + DRIFT * rng.dirichlet([0.5] * shares.shape[1], len(shares))


def _portray(styles: Floats, palettes: Floats, level: Floats, shelves: Floats, activity: Floats) -> None:
    """Give the first two shoppers the taste written down for them."""
    for row, (style, palette, price, favourites) in enumerate(PORTRAITS):
        styles[row] = 0.85 * (np.array(STYLES) == style) + 0.025
        palettes[row] = 0.85 * (np.array(list(PALETTES)) == palette) + 0.025
        level[row] = price
        shelves[row] = np.isin(SHELF_KEYS, favourites) / len(favourites) * 0.9 + 0.1 / len(SHELF_KEYS)
        activity[row] = np.quantile(activity, 0.93)


def make_shoppers(n_users: int, calendar: Calendar, random_seed: int) -> Shoppers:
    """Draw the shoppers: tastes, interests, how often they come and since when."""
    rng = stream(random_seed, "tastes")
    styles = rng.dirichlet([0.35] * len(STYLES), n_users)
    palettes = rng.dirichlet([0.35] * len(PALETTES), n_users)
    level = np.clip(rng.normal(2.8, 1.0, n_users), 1.0, 5.0)
    shelves = _shelf_shares(rng, n_users)
    activity = rng.lognormal(0.0, 1.0, n_users)
    _portray(styles, palettes, level, shelves, activity)
    circles = rng.normal(size=(N_CIRCLES, N_VIBES))
    vibes = circles[rng.integers(N_CIRCLES, size=n_users)] + 0.4 * rng.normal(size=(n_users, N_VIBES))
    pattern, brands = rng.normal(0.0, 1.0, n_users), _brand_love(styles, palettes, level, rng)
    begin = _weights(styles, palettes, level, pattern, brands, vibes)
    end = _weights(_drifted(rng, styles), _drifted(rng, palettes), level, pattern, brands, vibes)
    joined = calendar.start + (rng.beta(0.8, 1.3, n_users) * (calendar.now - calendar.start - DAY)).astype(np.int64)
    joined[: len(PORTRAITS)] = calendar.start + 30 * DAY
    return Shoppers(
        weights=np.stack([begin, end]),
        shelves=shelves,
        activity=activity,
        partner=rng.permutation(n_users),
        talkative=rng.beta(1.6, 1.9, n_users),
        mood=rng.normal(0.0, 0.35, n_users),
        joined=joined,
    )
