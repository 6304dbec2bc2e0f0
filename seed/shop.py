"""The whole demo shop, made in one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from seed.catalogue.brands import HOUSES
from seed.catalogue.drafts import draw_up
from seed.catalogue.products import make_products
from seed.catalogue.shelves import categories
from seed.model import DemoShop
from seed.shoppers.calendar import make_calendar
from seed.shoppers.deeds import all_deeds
from seed.shoppers.people import make_users
from seed.shoppers.records import event_frame, make_orders, make_reviews, sold_by_sku, with_order_numbers
from seed.shoppers.stars import with_ratings
from seed.shoppers.tastes import make_shoppers
from seed.shoppers.traits import make_traits
from seed.shoppers.visits import make_visits

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    n_products: int
    n_users: int
    n_visits: int


SIZES = {
    "small": Size(60, 40, 500),
    "demo": Size(2_200, 1_500, 21_000),
    "large": Size(12_000, 10_000, 180_000),
}


def _no_progress(stage: str, done: float) -> None:
    """Say nothing."""


def generate(size: str = "demo", random_seed: int = 7, *, now: datetime, progress: Progress | None = None) -> DemoShop:
    """Generate the demo shop.

    Equal arguments give equal shops, on any machine and in any process.

    Parameters
    ----------
    size : {"small", "demo", "large"}
        About 1,500 events, 120,000 or a million.
    random_seed : int
        Any non-negative number; another one makes another catalogue and other shoppers.
    now : datetime
        The moment at which the eighteen months end; must carry a time zone.
    progress : callable, optional
        Called as ``progress(stage, share)`` with the share of all work done, 0 to 1.

    Raises
    ------
    ValueError
        If the size is unknown, the seed negative, or ``now`` has no time zone.
    """
    if size not in SIZES:
        raise ValueError(f"size must be one of {', '.join(SIZES)}, not {size!r}")
    if random_seed < 0:
        raise ValueError(f"random_seed must not be negative, got {random_seed}")
    tell, amount = progress or _no_progress, SIZES[size]
    calendar = make_calendar(now)
    tell("catalogue", 0.0)
    drafts = draw_up(amount.n_products, random_seed)
    tell("shoppers", 0.25)
    traits = make_traits(drafts, calendar, random_seed)
    shoppers = make_shoppers(amount.n_users, calendar, random_seed)
    visits = make_visits(amount.n_visits, shoppers, traits, calendar, random_seed)
    tell("events", 0.45)
    done = all_deeds(visits, shoppers, traits, calendar, random_seed)
    done = with_order_numbers(with_ratings(done, shoppers, traits, visits.gauge, calendar, random_seed))
    orders = make_orders(done, drafts, random_seed)
    tell("words", 0.65)
    products = make_products(drafts, traits.born.tolist(), sold_by_sku(orders), random_seed)
    reviews = make_reviews(done, drafts, random_seed)
    tell("done", 1.0)
    return DemoShop(
        categories=categories(),
        brands=[house.row() for house in HOUSES if any(draft.house is house for draft in drafts)],
        products=products,
        users=make_users(shoppers.joined, random_seed),
        events=event_frame(done, drafts, shoppers.n_users),
        reviews=reviews,
        orders=orders,
    )
