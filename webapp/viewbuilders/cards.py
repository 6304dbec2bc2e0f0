"""Pictures, prices, cards, reasons and rails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flask import current_app, url_for

from webapp import viewmodels as vm
from webapp.picks import PINNED, Pick, PickReason
from webapp.store.rows import CardRow, CategoryRow, HistoryRow, PictureRow
from webapp.viewbuilders.links import WIDTHS, picture_url

NEW_FOR = timedelta(days=30)
# Which events make a reason true. A click is a look as well, and the other way round.
PROOF: dict[str, tuple[str, ...]] = {
    "because_viewed": ("view", "click"),
    "because_clicked": ("click", "view"),
    "because_cart": ("cart",),
    "because_wishlist": ("wishlist",),
    "because_bought": ("purchase",),
    "because_rated": ("rating",),
    "recently_viewed": ("view", "click"),
    "buy_again": ("purchase",),
}
FROM_HISTORY, FROM_SEARCH = "because_history", "because_searched"
STARTER = 5
GENERAL = frozenset({"popular", "trending", "new", "rated_well", "similar", "goes_with", "popular_in_category"})


def picture(row: PictureRow | None) -> vm.Picture | None:
    """Build a picture in all its widths."""
    if row is None:
        return None
    sources = tuple((width, picture_url(row.stem, width)) for width in WIDTHS if width <= row.width)
    return vm.Picture(
        picture_url(row.stem, min(640, row.width)),
        row.alt,
        min(640, row.width),
        round(row.height * min(640, row.width) / row.width),
        sources,
    )


def price(row: CardRow) -> vm.Price:
    """Build a product's price."""
    return vm.Price(row.price_cents, row.currency, row.old_price_cents, row.has_dearer)


def rating(total: int, count: int) -> vm.Rating | None:
    """Build an average of stars; None while nobody voted."""
    return vm.Rating(total / count, count) if count else None


def card(row: CardRow, *, now: datetime, reasons: Sequence[vm.Reason] = (), rank: int = 0, source: str = "") -> vm.Card:
    """Build a card."""
    return vm.Card(
        product_id=row.product_id,
        slug=row.slug,
        name=row.name,
        price=price(row),
        picture=picture(row.picture),
        brand=row.brand,
        rating=rating(row.rating_sum, row.rating_count),
        reasons=tuple(reasons),
        in_stock=row.available > 0,
        is_wished=row.is_wished,
        your_stars=row.your_stars,
        is_new=now - row.created_at < NEW_FOR,
        n_colours=max(1, row.n_colours),
        variant_id=row.variant_id,
        rank=rank,
        source=source,
    )


def cards(rows: Iterable[CardRow], *, now: datetime, kind: str = "", source: str = "") -> tuple[vm.Card, ...]:
    """Build cards that all stand there for the same general reason."""
    return tuple(
        card(row, now=now, reasons=(general_reason(kind, row),) if kind else (), rank=rank, source=source or kind)
        for rank, row in enumerate(rows, 1)
    )


def general_reason(kind: str, row: CardRow) -> vm.Reason:
    """Build a reason that has nothing to do with the visitor."""
    return vm.Reason(kind, category=row.category if kind == "popular_in_category" else "")


def pick_card(pick: Pick, rows: Mapping[int, CardRow], history: Sequence[HistoryRow], *, now: datetime) -> vm.Card:
    """Build the card of a recommended product with every reason that holds."""
    row = rows[pick.product_id]
    if pick.is_drawn:
        return _drawn_card(pick, row, now=now)
    if pick.is_pinned:
        return replace(card(row, now=now, rank=pick.rank, source=pick.source), is_sponsored=True)
    reasons = [found for reason in pick.reasons if (found := true_reason(reason, row, rows, history)) is not None]
    return card(row, now=now, reasons=_each_search_once(reasons), rank=pick.rank, source=pick.source)


def _each_search_once(reasons: Sequence[vm.Reason]) -> list[vm.Reason]:
    """Join what several products of one search say: the visitor searched once."""
    joined: list[vm.Reason] = []
    at: dict[int | None, int] = {}
    for reason in reasons:
        if reason.kind == FROM_SEARCH and reason.search_id in at:
            place = at[reason.search_id]
            joined[place] = replace(joined[place], share=min(1.0, joined[place].share + reason.share))
            continue
        if reason.kind == FROM_SEARCH:
            at[reason.search_id] = len(joined)
        joined.append(reason)
    return sorted(joined, key=lambda reason: -reason.share) if len(joined) < len(reasons) else joined


def _drawn_card(pick: Pick, row: CardRow, *, now: datetime) -> vm.Card:
    """Build the card of a product whose place was left to chance; it says so."""
    built = card(row, now=now, rank=pick.rank, source=pick.source)
    reason = vm.Reason("explore_new" if built.is_new else "explore")
    return replace(built, reasons=(reason,), propensity=pick.propensity)


def pinned_card(item: vm.Card, rule_id: int) -> vm.Card:
    """Say of a card that the shop put it there: nothing else speaks for it."""
    return replace(item, is_sponsored=True, reasons=(), source=f"{PINNED}{rule_id}")


def personal_card(pick: Pick, rows: Mapping[int, CardRow], history: Sequence[HistoryRow], *, now: datetime) -> vm.Card:
    """Build the card of a product picked for one visitor; without a named signal it rests on all they did here."""
    built = pick_card(pick, rows, history, now=now)
    if built.is_sponsored:
        return built
    reasons = tuple(
        vm.Reason(FROM_HISTORY, reason.share) if reason.kind == "similar" and not reason.product_id else reason
        for reason in built.reasons
    )
    return replace(built, reasons=reasons or (vm.Reason(FROM_HISTORY, 1.0),))


def true_reason(
    reason: PickReason, row: CardRow, rows: Mapping[int, CardRow], history: Sequence[HistoryRow]
) -> vm.Reason | None:
    """Put a reason of the recommender into the shop's words, or drop it when it cannot be shown to be true.

    A personal reason must name a product this visitor really touched in that way; one that names a hidden or unknown
    product is dropped.
    """
    proof = PROOF.get(reason.kind)
    if proof is None:
        return _general(reason, row, rows)
    signal_id = reason.product_id if reason.product_id is not None else row.product_id
    about = [event for event in history if event.product_id == signal_id]
    found = [event for event in about if event.kind in proof]
    searched = next((event for event in reversed(about) if event.kind == "search"), None)
    if not found and searched is not None and "view" in proof:
        return vm.Reason(FROM_SEARCH, reason.share, words=searched.words, search_id=searched.search_id)
    named = rows.get(signal_id)
    if not found or named is None or not named.is_visible:
        return None
    stars = int(found[-1].value or 0) if reason.kind == "because_rated" else 0
    return vm.Reason(reason.kind, reason.share, named.product_id, named.name, named.slug, stars)


def _general(reason: PickReason, row: CardRow, rows: Mapping[int, CardRow]) -> vm.Reason | None:
    if reason.kind not in GENERAL:
        return None
    named = rows.get(reason.product_id) if reason.product_id is not None else None
    if reason.product_id is not None and (named is None or not named.is_visible):
        return None
    category = row.category if reason.kind == "popular_in_category" else ""
    if named is None:
        return vm.Reason(reason.kind, reason.share, category=category)
    return vm.Reason(reason.kind, reason.share, named.product_id, named.name, named.slug, category=category)


def nav(rows: Sequence[CategoryRow], *, current: int | None = None) -> tuple[vm.NavCategory, ...]:
    """Build the category tree; a category counts what is below it too, empty ones are left out."""
    below: dict[int | None, list[CategoryRow]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)

    def build(row: CategoryRow) -> vm.NavCategory:
        children = tuple(child for child in map(build, below.get(row.category_id, ())) if child.n_products)
        total = row.n_products + sum(child.n_products for child in children)
        is_current = row.category_id == current or any(child.is_current for child in children)
        return vm.NavCategory(row.slug, row.name, total, None, children, is_current)

    return tuple(found for found in map(build, below.get(None, ())) if found.n_products)


def from_home(*steps: vm.Crumb) -> tuple[vm.Crumb, ...]:
    """Build the way from the first page, which goes by the shop's name: a department may be called Home."""
    return (vm.Crumb(current_app.config["SHOP_NAME"], url_for("shop.home")), *steps)


def crumbs(rows: Sequence[CategoryRow], category_id: int | None, last: str = "") -> tuple[vm.Crumb, ...]:
    """Build the way down to a category; with ``last`` the page below it ends the line."""
    known = {row.category_id: row for row in rows}
    walked: list[CategoryRow] = []
    while category_id is not None and category_id in known and len(walked) < len(known):
        walked.append(known[category_id])
        category_id = known[category_id].parent_id
    steps = from_home(*(vm.Crumb(row.name, url_for("shop.category", slug=row.slug)) for row in reversed(walked)))
    if last:
        return (*steps, vm.Crumb(last))
    return (*steps[:-1], vm.Crumb(steps[-1].label))


def starter_cards(popular: Sequence[CardRow], tree: Sequence[CategoryRow], *, now: datetime) -> tuple[vm.Card, ...]:
    """Choose well-known products to rate, as different as there are: of many departments, then kinds, then brands."""
    offered = [row for row in popular if row.is_sellable]
    above = {row.category_id: row.parent_id for row in tree}

    def department(row: CardRow) -> int | None:
        top = row.category_id
        while top is not None and above.get(top) is not None:
            top = above[top]
        return top

    chosen: list[CardRow] = []
    for kind in (department, lambda row: row.category_id, lambda row: row.brand, lambda row: row.product_id):
        for row in offered:
            if len(chosen) < STARTER and kind(row) not in {kind(other) for other in chosen}:
                chosen.append(row)
    return tuple(card(row, now=now) for row in sorted(chosen, key=offered.index))
