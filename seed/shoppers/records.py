"""Deeds written down: the event frame, the orders with their skus, the reviews."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seed.catalogue.drafts import Draft
from seed.catalogue.products import SIZE_CURVE, price_of, sku_rows, subject_of
from seed.model import EVENT_COLUMNS, EVENT_KINDS, OrderLine, SeedOrder, SeedReview
from seed.shoppers.deeds import PURCHASE, RATING, Deeds
from seed.shoppers.people import user_key
from seed.streams import stream
from seed.words.reviews import write_review

REVIEW_SHARE = 0.45


def _keys(form: str, n: int) -> NDArray[np.object_]:
    return np.array([form.format(number + 1) for number in range(n)], dtype=object)


def with_order_numbers(done: Deeds) -> Deeds:
    """Number the orders 0, 1, 2, ... in order of time."""
    rows = np.flatnonzero(done.kind == PURCHASE)
    _, first, inverse = np.unique(done.order[rows], return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(len(first))
    order = done.order.copy()
    order[rows] = place[inverse]
    return Deeds(done.user, done.product, done.kind, done.value, done.at, order)


def event_frame(done: Deeds, drafts: Sequence[Draft], n_users: int) -> pd.DataFrame:
    """Return the events with keys instead of rows, in the columns of the contract."""
    products = np.array([draft.key for draft in drafts], dtype=object)
    users = np.array([user_key(row) for row in range(n_users)], dtype=object)
    orders = np.append(_keys("o{:06d}", int(done.order.max(initial=-1)) + 1), "")
    columns = (
        users[done.user],
        products[done.product],
        np.array(EVENT_KINDS, dtype=object)[done.kind],
        done.value,
        done.at,
        orders[done.order],
    )
    return pd.DataFrame(dict(zip(EVENT_COLUMNS, columns, strict=True)))


def _sku_draw(draft: Draft, draw: float) -> tuple[str, int]:
    """Choose a variant, middle sizes and the first colour most, and return its sku and price."""
    rows = sku_rows(draft)
    weights = np.cumsum([SIZE_CURVE.get(size, 1.0) / (1 + 0.6 * row) for _, row, size, _ in rows])
    sku, _, _, factor = rows[int(np.searchsorted(weights, draw * weights[-1], side="right"))]
    return sku, price_of(draft, factor)


def make_orders(done: Deeds, drafts: Sequence[Draft], random_seed: int) -> list[SeedOrder]:
    """Return one order for each order number, with a line for each of its purchase events.

    A shopper who buys a thing again takes the same sku. Lines carry today's prices.
    """
    rng = stream(random_seed, "skus")
    bought = done.where(done.kind == PURCHASE)
    lines: dict[int, list[OrderLine]] = {}
    heads: dict[int, tuple[int, int]] = {}
    chosen: dict[tuple[int, int], tuple[str, int]] = {}
    draws = rng.random(len(bought)).tolist()
    parts = (bought.order, bought.user, bought.at, bought.product, bought.value)
    rows = zip(*(part.tolist() for part in parts), draws, strict=True)
    for order, user, at, product, quantity, draw in rows:
        if (user, product) not in chosen:
            chosen[user, product] = _sku_draw(drafts[product], draw)
        sku, cents = chosen[user, product]
        lines.setdefault(order, []).append(OrderLine(drafts[product].key, sku, int(quantity), cents))
        heads[order] = (user, at)
    return [
        SeedOrder(f"o{order + 1:06d}", user_key(user), datetime.fromtimestamp(at, UTC), tuple(lines[order]))
        for order, (user, at) in sorted(heads.items())
    ]


def sold_by_sku(orders: Sequence[SeedOrder]) -> Counter[str]:
    """Count the pieces sold of each sku."""
    sold: Counter[str] = Counter()
    for order in orders:
        for line in order.lines:
            sold[line.sku] += line.quantity
    return sold


def make_reviews(done: Deeds, drafts: Sequence[Draft], random_seed: int) -> list[SeedReview]:
    """Write words to a share of the ratings; very good and very bad ones are written about more."""
    rng = stream(random_seed, "reviews")
    rated = done.where(done.kind == RATING)
    keen = np.where(np.isin(rated.value, (1, 2, 5)), 1.25, 0.85)
    rated = rated.where(rng.random(len(rated)) < REVIEW_SHARE * keen)
    draws = rng.random((len(rated), 8))
    reviews = []
    parts = (rated.user, rated.product, rated.value, rated.at)
    for row, (user, product, stars, at) in enumerate(zip(*(part.tolist() for part in parts), strict=True)):
        title, text = write_review(subject_of(drafts[product]), int(stars), draws[row])
        moment = datetime.fromtimestamp(at, UTC)
        reviews.append(SeedReview(user_key(user), drafts[product].key, int(stars), title, text, moment))
    return reviews
