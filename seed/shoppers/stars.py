"""Ratings: what the hidden taste and the product's quality make of a thing, with a mood and some noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seed.shoppers.calendar import DAY, Calendar
from seed.shoppers.deeds import CLICK, PURCHASE, RATING, Deeds, deeds, joined
from seed.shoppers.tastes import Shoppers
from seed.shoppers.traits import Traits
from seed.shoppers.visits import Gauge, fit_of
from seed.streams import stream

Floats = NDArray[np.float64]

MEAN, FIT_WEIGHT, QUALITY_WEIGHT, NOISE = 3.65, 0.55, 0.85, 0.60
CLICKED_SHARE = 0.30
BOUGHT_SHARE = 1.15


def _candidates(done: Deeds, shoppers: Shoppers, rng: np.random.Generator) -> Deeds:
    """Choose what gets rated: many purchases, some days later, and some clicks on what one owns already."""
    chance = np.zeros(len(done))
    talkative = shoppers.talkative[done.user]
    chance[done.kind == PURCHASE] = BOUGHT_SHARE * talkative[done.kind == PURCHASE]
    chance[done.kind == CLICK] = CLICKED_SHARE * talkative[done.kind == CLICK]
    rated = done.where(rng.random(len(done)) < chance)
    wait = np.where(
        rated.kind == PURCHASE, rng.gamma(2.2, 4.0, len(rated)) * DAY + 2 * DAY, rng.uniform(60, 900, len(rated))
    )
    return deeds(rated.user, rated.product, RATING, rated.at + wait.astype(np.int64))


def _first_of_each(rated: Deeds, n_products: int) -> Deeds:
    in_time = rated.where(np.argsort(rated.at, kind="stable"))
    _, firsts = np.unique(in_time.user * n_products + in_time.product, return_index=True)
    return in_time.where(np.sort(firsts))


def expected_stars(shoppers: Shoppers, traits: Traits, gauge: Gauge, rated: Deeds, calendar: Calendar) -> Floats:
    """Return the stars before noise and rounding."""
    fit = fit_of(shoppers, traits, gauge, rated.user, rated.product, rated.at, calendar)
    return np.asarray(
        MEAN + FIT_WEIGHT * fit + QUALITY_WEIGHT * traits.quality[rated.product] + shoppers.mood[rated.user]
    )


def with_ratings(
    done: Deeds, shoppers: Shoppers, traits: Traits, gauge: Gauge, calendar: Calendar, random_seed: int
) -> Deeds:
    """Add the ratings: at most one for each user and product, whole stars from 1 to 5, none after now."""
    rng = stream(random_seed, "ratings")
    rated = _first_of_each(_candidates(done, shoppers, rng), traits.n_products)
    rated = rated.where(rated.at <= calendar.now)
    stars = expected_stars(shoppers, traits, gauge, rated, calendar) + rng.normal(0.0, NOISE, len(rated))
    rated = replace(rated, value=np.clip(np.rint(stars), 1, 5))
    both = joined([done, rated])
    return both.where(np.lexsort((both.product, both.kind, both.user, both.at)))
