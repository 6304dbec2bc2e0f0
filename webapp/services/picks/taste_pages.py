"""The page about one's recommendations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.picks import Recs
from webapp.services.browsing import chrome, discovery
from webapp.services.browsing.listings import begins
from webapp.services.picks import profiles, recommending, taste
from webapp.store import products, search
from webapp.store.rows import CardRow, CategoryRow, HistoryRow
from webapp.store.searches import SearchRow
from webapp.store.tx import read_unit
from webapp.tuning import Tuning
from webapp.viewbuilders.cards import STARTER, card, from_home, picture, starter_cards
from webapp.viewbuilders.taste import compare, sliders
from webapp.viewmodels.parts import EMPTY_FORM

GROUPS = (
    ("rating", _l("Rated"), ("rating",)),
    ("purchase", _l("Bought"), ("purchase",)),
    ("cart", _l("Put into the cart"), ("cart",)),
    ("wishlist", _l("Saved"), ("wishlist",)),
    ("view", _l("Looked at"), ("view", "click")),
)
PICKS, COMPARED = 10, 8
MOST_SHELVES, MOST_FOUND = 60, 40  # a shop with more has a search among them
NOTHING_LISTED = recommending.Listed()
STILL_NEW = 20  # so many signals and somebody need not be asked to rate a few things first


def show(
    actor: Actor,
    recs: Recs,
    *,
    history_limit: int,
    now: datetime,
    proposed: Tuning | None = None,
    form: vm.Form = EMPTY_FORM,
    shelf: str = "",
) -> vm.TastePage:
    """Put the page together: nothing is hidden from whom it is about, even while personalisation is paused.

    ``proposed`` are settings to try: the page compares what they would bring with what there is. ``shelf`` is the name
    of a shelf to be found where there are too many to list.
    """
    known = taste.known(actor)
    is_new = known.counts.get("rating", 0) < STARTER and known.n_signals < STILL_NEW
    profile = profiles.read(actor, limit=history_limit, searched=known.searches)
    listed, preview, rows = _lists(actor, recs, profile, proposed, known, now=now)
    with read_unit() as tx:
        popular = products.best_sellers(tx, limit=discovery.POOL, actor=actor) if is_new else []
        tree, brands = chrome.tree(tx), chrome.brands(tx)
    starter = starter_cards(popular, tree, now=now)
    # Two lists beside each other are a comparison: what is chosen there says nothing of either.
    request_id = "" if preview else recommending.note_shown(actor, listed, "taste", now=now)
    return vm.TastePage(
        meta=vm.PageMeta(title=_("Your recommendations"), is_indexed=False),
        crumbs=from_home(vm.Crumb(_("Your recommendations"))),
        groups=_groups(known, rows, recs, actor, profile),
        now=listed.cards,
        request_id=request_id,
        preview=preview,
        tuning=tune_form(
            known.tuning if proposed is None else proposed, known.tuning, tree, brands, rows.values(), shelf
        ),
        starter=starter,
        n_started=sum(bool(item.your_stars) for item in starter),
        dismissed=_cards(known, rows, "dismiss", now=now),
        owned=_cards(known, rows, "own", now=now),
        gifts=_cards(known, rows, "gift", now=now),
        is_paused=not actor.is_personalised,
        is_guest=actor.user_id is None,
        n_signals=known.n_signals,
        n_visit=known.in_this_visit(now),
        uses_purchases=known.tuning.uses_purchases,
        uses_searches=known.tuning.uses_searches,
        form=form,
    )


def _lists(
    actor: Actor, recs: Recs, profile: profiles.Profile, proposed: Tuning | None, known: taste.Known, *, now: datetime
) -> tuple[recommending.Listed, vm.TastePreview | None, dict[int, CardRow]]:
    """Return the picks of now, with settings to try also how they would change, and the cards of what is known."""
    is_compared = proposed is not None and actor.is_personalised
    wanted = [profile] if is_compared or profile.says_anything else []
    if proposed is not None and is_compared:
        wanted.append(profiles.trying(profile, proposed))
    ids = {row.product_id for _id, row in known.signals} | set(known.excluded)
    lists, rows = recommending.lists_of(actor, recs, wanted, k=PICKS, now=now, also=ids)
    shown = lists[0] if profile.says_anything else NOTHING_LISTED
    preview = compare(lists[0].cards[:COMPARED], lists[1].cards[:COMPARED]) if is_compared else None
    return shown, preview, rows


def _groups(
    known: taste.Known, rows: Mapping[int, CardRow], recs: Recs, actor: Actor, profile: profiles.Profile
) -> tuple[vm.SignalGroup, ...]:
    events = [row for _id, row in known.signals]
    weights = dict(zip((signal_id for signal_id, _row in known.signals), recs.weights(events), strict=False))
    gifts = {product_id for product_id, (why, _at) in known.excluded.items() if why == "gift"}

    def is_used(row: HistoryRow) -> bool:
        is_wanted = row.kind != "purchase" or known.tuning.uses_purchases
        return actor.is_personalised and is_wanted and row.product_id not in gifts

    groups = []
    for kind, label, kinds in GROUPS:
        signals = tuple(
            _signal(signal_id, row, rows[row.product_id], weights.get(signal_id), is_used=is_used(row))
            for signal_id, row in known.signals
            if row.kind in kinds and row.product_id in rows
        )
        total = sum(known.counts.get(one, 0) for one in kinds)
        groups.append(vm.SignalGroup(kind, str(label), signals[: taste.SHOWN_OF_A_KIND], total))
    groups.append(_searches(known, recs, {row.search_id for row in profile.history if row.kind == "search"}))
    return tuple(group for group in groups if group.n_total)


def _searches(known: taste.Known, recs: Recs, used: Set[int | None]) -> vm.SignalGroup:
    told = [HistoryRow(0, "search", None, row.at) for row in known.searches]
    weights = recs.weights(told) or (None,) * len(told)
    signals = tuple(map(_search, known.searches, weights, (row.search_id in used for row in known.searches)))
    return vm.SignalGroup("search", _("Searched for"), signals[: taste.SHOWN_OF_A_KIND], known.n_searches)


def _search(row: SearchRow, weight: float | None, is_used: bool) -> vm.Signal:
    return vm.Signal(row.search_id, "search", row.at, name=row.words, weight=weight, is_used=is_used)


def _signal(signal_id: int, row: HistoryRow, product: CardRow, weight: float | None, *, is_used: bool) -> vm.Signal:
    return vm.Signal(
        signal_id,
        row.kind,
        row.at,
        row.product_id,
        product.slug if product.is_visible else "",
        product.name,
        picture(product.picture),
        int(row.value or 0) if row.kind == "rating" else 0,
        weight,
        is_used,
    )


def tune_form(
    shown: Tuning,
    kept: Tuning,
    tree: Sequence[CategoryRow],
    brands: Sequence[tuple[int, str, str]],
    known: Iterable[CardRow],
    shelf: str,
) -> vm.TuneForm:
    """Build the form with some settings in it; it says whether they differ from those kept.

    Of many categories it lists those that are set, as their settings would be lost otherwise, and beside them those
    called like ``shelf``; where there is none, those of the products that are ``known`` and the upper levels.
    """
    is_part = len(tree) > MOST_SHELVES
    words = search.parse_words(shelf) if is_part else []
    fits = [row for row in tree if begins(row.name, words)] if words else []
    found = frozenset(row.category_id for row in sorted(fits, key=lambda row: len(row.name))[:MOST_FOUND])
    if is_part:
        wished = {category_id for category_id, _wish in (*shown.categories, *kept.categories)}
        tree = _with_parents(tree, wished | (found or _unasked(tree, known)))
    return vm.TuneForm(
        sliders(shown),
        _shelves(tree, dict(shown.categories), found),
        tuple(vm.Option(slug, name, key in shown.never_brands) for key, slug, name in brands),
        shown.arranging != kept.arranging,
        vm.ShelfSearch(shelf, len(fits), len(found)) if is_part else None,
    )


def _unasked(tree: Sequence[CategoryRow], known: Iterable[CardRow]) -> set[int]:
    """Return the categories of known products and the upper levels, as far down as they are few."""
    told = dict.fromkeys(row.category_id for row in known if row.category_id is not None)
    levels: dict[int, list[int]] = {}
    for row in tree:
        levels.setdefault(row.path.count(">"), []).append(row.category_id)
    upper: list[int] = []
    for _depth, level in sorted(levels.items()):
        if upper and len(upper) + len(level) > MOST_SHELVES:
            break
        upper += level
    return {*list(told)[:MOST_SHELVES], *upper[:MOST_SHELVES]}


def _with_parents(tree: Sequence[CategoryRow], wanted: Set[int]) -> list[CategoryRow]:
    """Return some categories with all above them, in the order of the tree."""
    parents = {row.category_id: row.parent_id for row in tree}
    kept: set[int | None] = set()
    for category_id in wanted:
        above: int | None = category_id
        while above in parents and above not in kept:
            kept.add(above)
            above = parents[above]
    return [row for row in tree if row.category_id in kept]


def _shelves(tree: Sequence[CategoryRow], wishes: Mapping[int, str], found: Set[int]) -> tuple[vm.TuneCategory, ...]:
    below: dict[int | None, list[CategoryRow]] = {}
    for row in tree:
        below.setdefault(row.parent_id, []).append(row)

    def build(row: CategoryRow) -> vm.TuneCategory:
        children = tuple(build(child) for child in below.get(row.category_id, ()))
        wish = wishes.get(row.category_id, taste.SAME)
        return vm.TuneCategory(row.slug, row.name, wish, children, row.category_id in found)  # type: ignore[arg-type]  # Tuning holds nothing else

    return tuple(build(row) for row in below.get(None, ()))


def _cards(known: taste.Known, rows: Mapping[int, CardRow], reason: str, *, now: datetime) -> tuple[vm.Card, ...]:
    ids = [product_id for product_id, (why, _at) in known.excluded.items() if why == reason and product_id in rows]
    return tuple(_linked(card(rows[product_id], now=now), rows[product_id]) for product_id in ids)


def _linked(shown: vm.Card, row: CardRow) -> vm.Card:
    """Take the way to its page from a card whose product is hidden."""
    return shown if row.is_visible else replace(shown, slug="")
