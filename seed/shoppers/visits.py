"""Visits: who comes when, to which shelf, and which products are looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seed.shoppers.calendar import DAY, Calendar, Seconds, months_of
from seed.shoppers.tastes import Shoppers
from seed.shoppers.traits import Traits
from seed.streams import stream

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

MOST_VIEWS = 9
MORE_VIEWS = 2.1
GIFT_SHARE, GIFT_SHARE_IN_DECEMBER = 0.07, 0.22
WANDER = 0.33
NEW_BOOST, NEW_DAYS = 0.7, 30
NOT_THERE = -1e9


@dataclass(frozen=True)
class Gauge:
    """Mean and spread of how well what people look at suits them; it makes the fit about standard normal."""

    mean: float
    spread: float


@dataclass(frozen=True)
class Visits:
    """One row a visit.

    Attributes
    ----------
    user, taste : ndarray of shape (n_visits,)
        Who comes, and whose taste decides (another's when a present is looked for).
    at : ndarray of shape (n_visits,)
        UTC seconds of the first page.
    seen : ndarray of shape (n_visits, MOST_VIEWS)
        Rows of the products looked at, in order; -1 where there is none.
    fit : ndarray of shape (n_visits, MOST_VIEWS)
        How well each one seen suits the deciding taste, about standard normal.
    gauge : Gauge
        The scale of ``fit``.
    """

    user: Rows
    taste: Rows
    at: Seconds
    seen: Rows
    fit: Floats
    gauge: Gauge


def taste_at(shoppers: Shoppers, users: Rows, at: Seconds, calendar: Calendar) -> Floats:
    """Return each user's weights at a time, on the straight line from the first taste to the last."""
    share = ((at - calendar.start) / (calendar.now - calendar.start))[:, None]
    return (1 - share) * shoppers.weights[0, users] + share * shoppers.weights[1, users]


def fit_of(
    shoppers: Shoppers, traits: Traits, gauge: Gauge, users: Rows, products: Rows, at: Seconds, calendar: Calendar
) -> Floats:
    """Return how well product i suits user i at time i, on the scale of the gauge."""
    raw = np.einsum("ij,ij->i", taste_at(shoppers, users, at, calendar), traits.features[products])
    return (raw - _typical(shoppers, traits)[users] - gauge.mean) / gauge.spread


def _typical(shoppers: Shoppers, traits: Traits) -> Floats:
    """Return each user's worth of the average product."""
    return np.asarray(shoppers.weights.mean(axis=0) @ traits.features.mean(axis=0))


def _pull(traits: Traits, rows: Rows, at: Seconds) -> Floats:
    """Return what draws everybody to a product at a time: fame, season, fashion, novelty; nothing before its birth."""
    height, middle, width = traits.trend[rows].T
    fashion = height * np.exp(-0.5 * ((at[:, None] - middle) / width) ** 2)
    age = at[:, None] - traits.born[rows]
    pull = traits.appeal[rows] + traits.season[rows].T[months_of(at)] + fashion
    pull += NEW_BOOST * (age < NEW_DAYS * DAY)
    return np.where(age < 0, NOT_THERE, pull)


def _shelves(rng: np.random.Generator, shoppers: Shoppers, traits: Traits, taste: Rows, at: Seconds) -> Rows:
    """Draw the shelf of each visit: the taste's interests, bent by the season of what stands there."""
    n_shelves = shoppers.shelves.shape[1]
    season = np.zeros((n_shelves, 12))
    for shelf in range(n_shelves):
        if (own := traits.shelf == shelf).any():
            season[shelf] = np.exp(traits.season[own]).mean(axis=0)
    steps = np.cumsum(shoppers.shelves[taste] * season.T[months_of(at)], axis=1)
    return np.argmax(steps > (rng.random(len(taste)) * steps[:, -1])[:, None], axis=1)


def _look(rng: np.random.Generator, traits: Traits, weights: Floats, at: Seconds, shelf: Rows) -> Rows:
    """Draw up to MOST_VIEWS products a visit, better ones sooner, by adding Gumbel noise and taking the top."""
    seen = np.full((len(at), MOST_VIEWS), -1, dtype=np.int64)
    for number in np.unique(shelf):
        visits, rows = np.flatnonzero(shelf == number), np.flatnonzero(traits.shelf == number)
        worth = weights[visits] @ traits.features[rows].T + _pull(traits, rows, at[visits])
        worth += rng.gumbel(size=worth.shape)
        top = min(MOST_VIEWS, len(rows))
        best = np.argpartition(-worth, top - 1, axis=1)[:, :top]
        order = np.argsort(-np.take_along_axis(worth, best, axis=1), axis=1, kind="stable")
        best = np.take_along_axis(best, order, axis=1)
        there = np.take_along_axis(worth, best, axis=1) > NOT_THERE / 2
        seen[visits, :top] = np.where(there, rows[best], -1)
    return seen


def _wander(rng: np.random.Generator, traits: Traits, seen: Rows, at: Seconds) -> Rows:
    """From time to time replace what is seen next by a near relation, or a companion, of what was seen last."""
    roads = np.hstack([traits.neighbours, traits.beside])
    seen = seen.copy()
    for place in range(1, MOST_VIEWS):
        last = seen[:, place - 1]
        step = roads[last, rng.integers(roads.shape[1], size=len(last))]
        go = (rng.random(len(last)) < WANDER) & (last >= 0) & (seen[:, place] >= 0) & (step >= 0)
        go &= traits.born[step] <= at
        seen[:, place] = np.where(go, step, seen[:, place])
    return seen


def _forget_repeats(seen: Rows) -> Rows:
    """Blank every product already seen in the same visit."""
    seen = seen.copy()
    for place in range(1, seen.shape[1]):
        again = (seen[:, :place] == seen[:, [place]]).any(axis=1)
        seen[again, place] = -1
    return seen


def make_visits(n_visits: int, shoppers: Shoppers, traits: Traits, calendar: Calendar, random_seed: int) -> Visits:
    """Draw ``n_visits`` visits in order of time."""
    rng = stream(random_seed, "visits")
    user = rng.choice(shoppers.n_users, size=n_visits, p=shoppers.activity / shoppers.activity.sum())
    at = calendar.draw(rng, shoppers.joined[user])
    order = np.argsort(at, kind="stable")
    user, at = user[order], at[order]
    for_other = rng.random(n_visits) < np.where(months_of(at) == 11, GIFT_SHARE_IN_DECEMBER, GIFT_SHARE)
    taste = np.where(for_other, shoppers.partner[user], user)
    weights = taste_at(shoppers, taste, at, calendar)
    seen = _look(rng, traits, weights, at, _shelves(rng, shoppers, traits, taste, at))
    n_views = 1 + np.minimum(rng.geometric(1 / (1 + MORE_VIEWS), n_visits) - 1, MOST_VIEWS - 1)
    seen[np.arange(MOST_VIEWS) >= n_views[:, None]] = -1
    seen = _forget_repeats(_wander(rng, traits, seen, at))
    raw = np.einsum("ij,ikj->ik", weights, traits.features[seen])
    raw -= _typical(shoppers, traits)[taste][:, None]
    gauge = Gauge(float(raw[seen >= 0].mean()), float(raw[seen >= 0].std()))
    return Visits(user, taste, at, seen, (raw - gauge.mean) / gauge.spread, gauge)
