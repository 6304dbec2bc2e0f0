"""The page about one's recommendations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.picks import Recs
from webapp.services import discovery, taste
from webapp.store import products
from webapp.store.rows import CardRow, HistoryRow
from webapp.store.tx import read_unit
from webapp.viewbuilders.cards import card, picture, starter_cards

GROUPS = (
    ("rating", _l("Rated"), ("rating",)),
    ("purchase", _l("Bought"), ("purchase",)),
    ("cart", _l("Put into the cart"), ("cart",)),
    ("wishlist", _l("Saved"), ("wishlist",)),
    ("view", _l("Looked at"), ("view", "click")),
)
KIND_WEIGHT = {"purchase": 1.0, "rating": 0.8, "cart": 0.6, "wishlist": 0.6, "click": 0.25, "view": 0.2}
HALF_LIFE = timedelta(days=60)
SHOWN = 20
PICKS = 10


def show(actor: Actor, recs: Recs, *, history_limit: int, now: datetime) -> vm.TastePage:
    """Put the page together: nothing is hidden from whom it is about, even while personalisation is paused."""
    known = taste.known(actor)
    ids = {row.product_id for _id, row in known.signals} | set(known.excluded)
    with read_unit() as tx:
        rows = products.cards(tx, ids, actor)
        popular = products.best_sellers(tx, limit=discovery.POOL, actor=actor) if not known.signals else []
    picks = discovery.preview(actor, recs, k=PICKS, history_limit=history_limit, now=now)
    groups = tuple(_group(kind, str(label), kinds, known, rows, now=now) for kind, label, kinds in GROUPS)
    excluded = {reason: _cards(known.excluded, rows, reason, now=now) for reason in ("dismiss", "own")}
    return vm.TastePage(
        meta=vm.PageMeta(title=_("Your recommendations"), is_indexed=False),
        crumbs=(vm.Crumb(_("Home"), url_for("shop.home")), vm.Crumb(_("Your recommendations"))),
        groups=tuple(group for group in groups if group.n_total),
        now=tuple(picks),
        starter=starter_cards(popular, now=now),
        dismissed=excluded["dismiss"],
        owned=excluded["own"],
        is_paused=not actor.is_personalised,
        is_guest=actor.user_id is None,
        n_signals=sum(known.counts.values()),
    )


def _group(
    kind: str, label: str, kinds: tuple[str, ...], known: taste.Known, rows: Mapping[int, CardRow], *, now: datetime
) -> vm.SignalGroup:
    mine = [(signal_id, row) for signal_id, row in known.signals if row.kind in kinds and row.product_id in rows]
    total = sum(known.counts.get(one, 0) for one in kinds)
    signals = tuple(_signal(signal_id, row, rows[row.product_id], now=now) for signal_id, row in mine[:SHOWN])
    return vm.SignalGroup(kind, label, signals, total)


def _signal(signal_id: int, row: HistoryRow, product: CardRow, *, now: datetime) -> vm.Signal:
    stars = int(row.value or 0) if row.kind == "rating" else 0
    return vm.Signal(
        signal_id,
        row.kind,
        row.at,
        row.product_id,
        product.slug,
        product.name,
        picture(product.picture),
        stars,
        weight_of(row, now=now),
    )


def weight_of(row: HistoryRow, *, now: datetime) -> float:
    """Return how much an event counts beside a purchase of today: by its kind, halving every two months."""
    age = max(timedelta(0), now - row.at)
    return KIND_WEIGHT.get(row.kind, 0.2) * math.exp2(-age / HALF_LIFE)


def _cards(
    excluded: Mapping[int, tuple[str, datetime]], rows: Mapping[int, CardRow], reason: str, *, now: datetime
) -> tuple[vm.Card, ...]:
    ids = [product_id for product_id, (why, _at) in excluded.items() if why == reason and product_id in rows]
    return tuple(card(rows[product_id], now=now) for product_id in ids)
