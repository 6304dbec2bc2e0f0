"""From looking to buying: clicks, carts, wishes, orders, companions, and coming back for more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seed.catalogue.shelves import SHELF_KEYS
from seed.shoppers.calendar import DAY, Calendar, Seconds
from seed.shoppers.tastes import Shoppers
from seed.shoppers.traits import N_PARTNERS, Traits
from seed.shoppers.visits import Gauge, Visits, fit_of
from seed.streams import stream

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

VIEW, CLICK, CART, WISHLIST, PURCHASE, RATING, DISMISS = range(7)

STEP = 70
PARTNER_WEIGHTS = (0.58, 0.23, 0.12, 0.07)
BESIDE_SHARE = 0.34
AFTER_SHARE = 0.24
AFTER_DAYS = (2, 18)
AGAIN: dict[str, tuple[float, float]] = {
    "tea-coffee": (0.62, 31.0),
    "candles-soap": (0.50, 46.0),
    "notebooks": (0.22, 95.0),
    "socks": (0.18, 120.0),
}
"""Chance that a thing of the shelf is bought again, and the typical number of days until then."""


@dataclass(frozen=True)
class Deeds:
    """Events as arrays, one row each; ``order`` is -1 but for purchases, ``value`` NaN where there is none."""

    user: Rows
    product: Rows
    kind: Rows
    value: Floats
    at: Seconds
    order: Rows

    def __len__(self) -> int:
        return len(self.user)

    def where(self, rows: NDArray[np.bool_] | Rows) -> Deeds:
        """Return the chosen rows."""
        return Deeds(
            self.user[rows], self.product[rows], self.kind[rows], self.value[rows], self.at[rows], self.order[rows]
        )


def deeds(user: Rows, product: Rows, kind: int, at: Seconds, order: Rows | None = None) -> Deeds:
    """Build rows of one kind without a value."""
    n = len(user)
    none = np.full(n, -1, dtype=np.int64)
    return Deeds(user, product, np.full(n, kind), np.full(n, np.nan), at, none if order is None else order)


def joined(parts: Sequence[Deeds]) -> Deeds:
    """Put lists of deeds one after the other."""
    return Deeds(
        np.concatenate([part.user for part in parts]),
        np.concatenate([part.product for part in parts]),
        np.concatenate([part.kind for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.order for part in parts]),
    )


def _chance(start: float, slope: float, fit: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(start + slope * fit))))


def _partner(rng: np.random.Generator, table: Rows, products: Rows) -> Rows:
    """Draw one partner for each product, the first ones most; -1 where it has none."""
    return np.asarray(table[products, rng.choice(N_PARTNERS, size=len(products), p=PARTNER_WEIGHTS)])


def browse(visits: Visits, traits: Traits, random_seed: int) -> tuple[Deeds, NDArray[np.bool_]]:
    """Return views, clicks, cart additions, wishes and dismissals, and which (visit, place) was bought."""
    rng = stream(random_seed, "browse")
    draws = rng.random((5, *visits.seen.shape))
    seen = visits.seen >= 0
    worth = visits.fit + traits.quality[visits.seen]
    clicked = seen & (draws[0] < _chance(-0.5, 0.85, worth))
    in_cart = clicked & (draws[1] < _chance(-1.35, 0.8, worth))
    wished = clicked & ~in_cart & (draws[2] < 0.10)
    dismissed = seen & ~clicked & (draws[3] < _chance(-3.9, -0.9, worth))
    bought = in_cart & (draws[4][:, [0]] < 0.70)
    parts = []
    for kind, mask, late in (
        (VIEW, seen, 0),
        (CLICK, clicked, 14),
        (CART, in_cart, 40),
        (WISHLIST, wished, 33),
        (DISMISS, dismissed, 9),
    ):
        visit, place = np.nonzero(mask)
        when = visits.at[visit] + place * STEP + late + rng.integers(0, 12, len(visit))
        parts.append(deeds(visits.user[visit], visits.seen[visit, place], kind, when))
    return joined(parts), bought


def first_orders(visits: Visits, bought: NDArray[np.bool_], traits: Traits, random_seed: int) -> Deeds:
    """Return the purchases of each visit as one order, with companions put in on the way to the till."""
    rng = stream(random_seed, "orders")
    visit, place = np.nonzero(bought)
    at = visits.at[visit] + 11 * STEP
    own = deeds(visits.user[visit], visits.seen[visit, place], PURCHASE, at, visit)
    mate = _partner(rng, traits.beside, own.product)
    come = (rng.random(len(mate)) < BESIDE_SHARE) & (mate >= 0) & (traits.born[mate] <= at)
    return joined([own, deeds(own.user[come], mate[come], PURCHASE, at[come], own.order[come])])


def later_orders(
    first: Deeds, shoppers: Shoppers, traits: Traits, gauge: Gauge, calendar: Calendar, random_seed: int
) -> Deeds:
    """Return what is bought days after and because of a purchase: socks after sneakers, the next tin of tea."""
    rng = stream(random_seed, "later")
    follow = _partner(rng, traits.after, first.product)
    wait = (rng.uniform(*AFTER_DAYS, len(first)) * DAY).astype(np.int64)
    go = (rng.random(len(first)) < AFTER_SHARE) & (follow >= 0) & (traits.born[follow] <= first.at)
    found = [deeds(first.user[go], follow[go], PURCHASE, first.at[go] + wait[go])]
    chance, days = np.zeros(len(SHELF_KEYS)), np.ones(len(SHELF_KEYS))
    for key, (share, interval) in AGAIN.items():
        chance[SHELF_KEYS.index(key)], days[SHELF_KEYS.index(key)] = share, interval
    current = first
    while len(current):
        shelf = traits.shelf[current.product]
        liked = fit_of(shoppers, traits, gauge, current.user, current.product, current.at, calendar) > -0.8
        again = (rng.random(len(current)) < chance[shelf]) & liked
        wait = (days[shelf] * np.clip(rng.normal(1.0, 0.18, len(current)), 0.4, 1.8) * DAY).astype(np.int64)
        current = deeds(current.user[again], current.product[again], PURCHASE, (current.at + wait)[again])
        current = current.where(current.at <= calendar.now - DAY)
        found.append(current)
    later = joined(found)
    later = later.where(later.at <= calendar.now - DAY)
    return replace(later, order=np.arange(len(later)))


def lead_up(purchases: Deeds, rng: np.random.Generator) -> Deeds:
    """Return the view, click and cart addition that come minutes before each purchase."""
    pause = rng.integers(20, 90, (3, len(purchases)))
    at = purchases.at
    return joined(
        [
            deeds(purchases.user, purchases.product, VIEW, at - pause.sum(axis=0)),
            deeds(purchases.user, purchases.product, CLICK, at - pause[:2].sum(axis=0)),
            deeds(purchases.user, purchases.product, CART, at - pause[0]),
        ]
    )


def all_deeds(visits: Visits, shoppers: Shoppers, traits: Traits, calendar: Calendar, random_seed: int) -> Deeds:
    """Return everything that happens but ratings, in order of time, none of it after now.

    Purchases of one order share the order's number and its second; each product stands in an order once, ``value`` is
    its quantity. Every purchase follows a view, a click and a cart addition of the same product.
    """
    looked, bought = browse(visits, traits, random_seed)
    first = first_orders(visits, bought, traits, random_seed)
    later = later_orders(first, shoppers, traits, visits.gauge, calendar, random_seed)
    later = replace(later, order=later.order + len(visits.at))
    purchases = joined([first, later])
    kept = _plausible(purchases, traits)
    unannounced = purchases.where(kept[kept >= np.count_nonzero(bought)])
    rng = stream(random_seed, "lead-up")
    sold = _with_quantity(purchases.where(kept), traits, rng)
    everything = joined([looked, lead_up(unannounced, rng), sold])
    everything = everything.where(everything.at <= calendar.now)
    return everything.where(np.lexsort((everything.product, everything.kind, everything.user, everything.at)))


def _first_of_each(keys: Rows) -> NDArray[np.bool_]:
    """Mark the first row of every distinct key."""
    mask = np.zeros(len(keys), dtype=bool)
    mask[np.unique(keys, return_index=True)[1]] = True
    return mask


def _plausible(purchases: Deeds, traits: Traits) -> Rows:
    """Return the rows to keep: no product twice in an order, and nothing that lasts is bought twice by one person."""
    in_time = np.argsort(purchases.at, kind="stable")
    ordered, width = purchases.where(in_time), traits.n_products
    used_up = np.isin(traits.shelf[ordered.product], [SHELF_KEYS.index(key) for key in AGAIN])
    keep = _first_of_each(ordered.order * width + ordered.product)
    keep &= used_up | _first_of_each(ordered.user * width + ordered.product)
    return np.asarray(np.sort(in_time[keep]))


def _with_quantity(purchases: Deeds, traits: Traits, rng: np.random.Generator) -> Deeds:
    """Most people buy one; of mugs, tea, soap and socks some buy a few."""
    many = np.isin(traits.shelf[purchases.product], [SHELF_KEYS.index(k) for k in (*AGAIN, "mugs", "chairs")])
    few = 1 + rng.binomial(3, 0.22, len(purchases))
    return replace(purchases, value=np.where(many, few, 1).astype(float))
