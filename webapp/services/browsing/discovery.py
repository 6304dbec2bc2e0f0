"""What a visitor is shown first: the home page, and the rails of other pages."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.errors import Busy, InvalidInput, RecsUnavailable
from webapp.picks import Ask, Chance, Picks, Recs
from webapp.services.browsing import chrome
from webapp.services.picks import merchandising, profiles
from webapp.store import carts, interactions, leftout, products, rules
from webapp.store.rows import CardRow, CategoryRow, HistoryRow, RuleBook
from webapp.store.tx import read_unit, unit_of_work
from webapp.turns import in_turn
from webapp.viewbuilders import structured
from webapp.viewbuilders.cards import STARTER, card, nav, pick_card, picture, starter_cards
from webapp.viewbuilders.links import absolute
from webapp.viewbuilders.rails import RAIL_LENGTH, SHORTEST, Shelf, impression_rows, made_by
from webapp.viewmodels.parts import biggest

log = logging.getLogger(__name__)
ASK_FOR = 120
POOL = 48
RECENT = 12
LOOKED_AT = frozenset({"view", "click", "cart"})
MAX_BASKET = 4
MAX_PARTNERS = 2
MOST_PICTURED = 60


def ask_recs(recs: Recs, ask: Ask) -> Picks:
    """Ask the recommender; trouble is an empty answer, and the page is filled by other means."""
    try:
        return recs.for_user(ask)
    except RecsUnavailable as trouble:
        log.info("recommendations_missing", extra={"reason": str(trouble)})
        return Picks()


def similar_picks(recs: Recs, product_id: int, *, k: int = ASK_FOR) -> Picks:
    """Ask for alternatives; trouble is an empty answer."""
    try:
        return recs.similar(product_id, k=k)
    except RecsUnavailable:
        return Picks()


def together_picks(recs: Recs, product_ids: Sequence[int], *, k: int = POOL) -> Picks:
    """Ask what is bought together with some products; trouble is an empty answer."""
    try:
        return recs.goes_with(product_ids, k=k)
    except RecsUnavailable:
        return Picks()


def needed_ids(picks: Picks) -> set[int]:
    """Return the products an answer shows or names."""
    named = {reason.product_id for pick in picks.items for reason in pick.reasons[:3] if reason.product_id is not None}
    return set(picks.product_ids) | named


def recently_seen(history: Sequence[HistoryRow], limit: int = RECENT) -> list[int]:
    """Return the products somebody looked at, the latest first."""
    seen = [event.product_id for event in reversed(history) if event.kind in LOOKED_AT]
    return list(dict.fromkeys(seen))[:limit]


@in_turn
def home_page(
    actor: Actor, recs: Recs, *, history_limit: int, explore_places: int, shop_name: str, now: datetime
) -> vm.HomePage:
    """Put the home page together: what is personal first, then what everybody sees.

    ``explore_places`` of the first rail are left to chance, to learn about products that are new or were little shown.
    """
    with read_unit() as tx:
        book = rules.current(tx, now=now)
        tree = chrome.tree(tx)
    home = _home(actor, recs, book, tree, history_limit=history_limit, explore_places=explore_places, now=now)
    note_impressions(actor, home.shelf.rails, now=now)
    departments = nav(tree)
    pictured = biggest(departments, MOST_PICTURED)
    slugs = {node.slug for node in pictured}
    return vm.HomePage(
        meta=vm.PageMeta(
            title=shop_name,
            description=_("A shop that learns what you like, and says why."),
            canonical=absolute(url_for("shop.home")),
            json_ld=(structured.organization(), structured.site()),
        ),
        rails=tuple(home.shelf.rails),
        categories=_with_pictures(pictured, home.popular),
        more_categories=tuple(node for node in departments if node.slug not in slugs),
        is_cold=home.is_cold,
        starter=home.starter,
    )


def _ask_for(
    profile: profiles.Profile, recs: Recs, book: RuleBook, *, now: datetime, chance: Chance | None = None
) -> Picks:
    """Ask what is picked for somebody; what a rule leaves out takes no place in the answer."""
    if not profile.says_anything:
        return Picks()
    exclude: set[int] = set()
    if book:
        with read_unit() as tx:
            exclude = leftout.ids(tx, book)
    return ask_recs(recs, profile.ask(ASK_FOR, now=now, chance=chance, exclude=exclude))


@dataclass(frozen=True, slots=True)
class _Home:
    """What the home page of one visitor holds."""

    shelf: Shelf
    popular: Sequence[CardRow]
    is_cold: bool
    starter: tuple[vm.Card, ...]


def _home(
    actor: Actor,
    recs: Recs,
    book: RuleBook,
    tree: Sequence[CategoryRow],
    *,
    history_limit: int,
    explore_places: int,
    now: datetime,
) -> _Home:
    profile = profiles.read(actor, limit=history_limit)
    history = profile.history
    shelf = Shelf(now, "home", never=profile.never)
    chance = Chance(explore_places, RAIL_LENGTH, shelf.request_id)
    picks = _ask_for(profile, recs, book, now=now, chance=chance)
    seen = recently_seen(history)
    with read_unit() as tx:
        rows = products.cards(tx, needed_ids(picks) | set(seen) | book.pinned_ids, actor)
        popular = products.best_sellers(tx, limit=POOL, actor=actor, book=book)
        fresh = products.newest(tx, limit=POOL, actor=actor, book=book)
    shelf.used.update(merchandising.left_out(book, [*rows.values(), *popular, *fresh], now=now))
    kept_for_rails = shelf.used | book.pinned_ids
    wanted = [row for row in popular if row.product_id not in kept_for_rails]
    starter = () if history else starter_cards(wanted, tree, now=now)
    shelf.used.update(_kept_out_of_rails(starter, popular))
    picks = merchandising.ruled(picks, _free(shelf, rows), book, now=now)
    _fill(shelf, picks, rows, history, seen, popular, fresh, book)
    return _Home(shelf, popular, not history, starter)


def _free(shelf: Shelf, rows: dict[int, CardRow]) -> dict[int, CardRow]:
    """Return the rows that this visitor may be shown: a rule must count no place for what is taken out after it."""
    return {row.product_id: row for row in shelf.free(rows.values(), len(rows))}


def _fill(
    shelf: Shelf,
    picks: Picks,
    rows: dict[int, CardRow],
    history: Sequence[HistoryRow],
    seen: Sequence[int],
    popular: Sequence[CardRow],
    fresh: Sequence[CardRow],
    book: RuleBook,
) -> None:
    is_ruled = _add_own(shelf, picks, rows, history)
    looked_at = [rows[product_id] for product_id in seen if product_id in rows]
    title = _("Continue where you left off")
    shelf.add_general("recent", title, looked_at, "recently_viewed", shortest=1, is_personal=True)
    _add_popular(shelf, popular, rows, book, is_ruled=is_ruled)
    shelf.add_general("new", _("New on the shelves"), fresh, "new")


def _add_own(shelf: Shelf, picks: Picks, rows: dict[int, CardRow], history: Sequence[HistoryRow]) -> bool:
    """Add the rails of what was picked for somebody; whether there are any."""
    if history:
        shelf.add_personal(picks, rows, history)
    else:
        shelf.add_declared(picks, rows)
    return bool(shelf.rails)


def _add_popular(
    shelf: Shelf, popular: Sequence[CardRow], rows: dict[int, CardRow], book: RuleBook, *, is_ruled: bool
) -> None:
    """Add what sells best, under the owner's rules unless a rail before it is."""
    liked = shelf.free(popular, POOL)
    pinned: dict[int, int] = {}
    if not is_ruled:
        liked, pinned = merchandising.ruled_rows(liked, shelf.free(rows.values(), POOL), book, now=shelf.now)
    shelf.add_general("popular", _("Popular now"), liked, "popular", pinned=pinned)


@in_turn
def search_rail(actor: Actor, recs: Recs, *, history_limit: int, now: datetime) -> vm.Rail | None:
    """Return what to go on with where a search found nothing: what was picked for the visitor, else what sells best."""
    profile = profiles.read(actor, limit=history_limit)
    with read_unit() as tx:
        book = rules.current(tx, now=now)
    picks = _ask_for(profile, recs, book, now=now)
    with read_unit() as tx:
        rows = products.cards(tx, needed_ids(picks) | book.pinned_ids, actor)
        popular = products.best_sellers(tx, limit=POOL, actor=actor, book=book)
    left_out = merchandising.left_out(book, [*rows.values(), *popular], now=now)
    shelf = Shelf(now, "search", used=left_out, never=profile.never)
    picks = merchandising.ruled(picks, _free(shelf, rows), book, now=now)
    if not _add_own(shelf, picks, rows, profile.history):
        _add_popular(shelf, popular, rows, book, is_ruled=False)
    first = shelf.rails[:1]
    note_impressions(actor, first, now=now)
    return first[0] if first else None


def first_rail(actor: Actor, recs: Recs, book: RuleBook, *, history_limit: int, now: datetime) -> vm.Rail | None:
    """Return the first rail of somebody's home page under some rules, without noting it and without chance."""
    with read_unit() as tx:
        tree = chrome.tree(tx)
    home = _home(actor, recs, book, tree, history_limit=history_limit, explore_places=0, now=now)
    return next((rail for rail in home.shelf.rails if rail.key in ("for_you", "popular")), None)


def note_impressions(actor: Actor, rails: Sequence[vm.Rail | None], *, now: datetime) -> None:
    """Note what was shown, where, and what made it, so that it can be told what came of it.

    Where it cannot be written, which the log says, the list is shown all the same.
    """
    noted = impression_rows(actor, rails, now=now)
    if noted:
        with suppress(Busy), unit_of_work() as tx:
            interactions.add_impressions(tx, noted)


def _kept_out_of_rails(starter: Sequence[vm.Card], popular: Sequence[CardRow]) -> set[int]:
    """Nothing stands twice on a page, but a small shop shows what it has."""
    return {item.product_id for item in starter} if len(popular) >= RAIL_LENGTH + STARTER else set()


def _with_pictures(tree: tuple[vm.NavCategory, ...], rows: Sequence[CardRow]) -> tuple[vm.NavCategory, ...]:
    """Give each department the picture of its most popular product at hand."""
    by_slug: dict[str, CardRow] = {}
    for row in reversed(rows):
        by_slug[row.category_slug] = row
    found = []
    for node in tree:
        slugs = [node.slug, *(child.slug for child in node.children)]
        shown = next((by_slug[slug] for slug in slugs if slug in by_slug), None)
        found.append(replace(node, picture=picture(shown.picture) if shown else None))
    return tuple(found)


@in_turn
def cart_rail(
    actor: Actor, recs: Recs, product_ids: Sequence[int], *, title: str = "", now: datetime
) -> vm.Rail | None:
    """Return what goes with all that lies in a cart or was bought: none to four things, never padded."""
    if not product_ids:
        return None
    picks = together_picks(recs, product_ids)
    if not picks.items:
        return None
    with read_unit() as tx:
        rows = products.cards(tx, needed_ids(picks), actor)
        book = rules.current(tx, now=now)
    left_out = merchandising.left_out(book, list(rows.values()), now=now)
    shelf = Shelf(now, "cart", used=set(product_ids) | left_out, never=profiles.never_for(actor))
    found = [pick for pick in picks.items if pick.product_id in rows and shelf.free([rows[pick.product_id]])]
    shelf.add(
        "goes_with",
        title or _("Goes with your cart"),
        [pick_card(pick, rows, (), now=now) for pick in found[:MAX_BASKET]],
        shortest=1,
        **made_by(picks),
    )
    note_impressions(actor, shelf.rails, now=now)
    return shelf.rails[0] if shelf.rails else None


def recent_rail(actor: Actor, *, history_limit: int, now: datetime) -> vm.Rail | None:
    """Return what a visitor looked at last."""
    seen = recently_seen(profiles.read(actor, limit=history_limit).history)
    if not seen:
        return None
    with read_unit() as tx:
        rows = products.cards(tx, seen, actor)
    shelf = Shelf(now, "cart")
    shelf.add_general(
        "recent",
        _("You looked at these"),
        [rows[seen_id] for seen_id in seen if seen_id in rows],
        "recently_viewed",
        shortest=1,
        is_personal=True,
    )
    return shelf.rails[0] if shelf.rails else None


def rails_for(
    context: str,
    actor: Actor,
    recs: Recs,
    *,
    product_id: int | None,
    history_limit: int,
    explore_places: int,
    shop_name: str,
    now: datetime,
) -> vm.RailsPartial:
    """Return the rails of a page alone, for a page that refreshes them after feedback.

    Raises
    ------
    InvalidInput
        If there is no such context, or it needs a product and none is named.
    """
    if context == "home":
        page = home_page(
            actor, recs, history_limit=history_limit, explore_places=explore_places, shop_name=shop_name, now=now
        )
        return vm.RailsPartial(rails=page.rails)
    if context == "cart":
        with read_unit() as tx:
            lines = carts.load(tx, actor).lines if actor.is_known else ()
        rail = cart_rail(actor, recs, [line.product_id for line in lines], now=now)
        return vm.RailsPartial(rails=(rail,) if rail else ())
    if context == "search":
        found_nothing = search_rail(actor, recs, history_limit=history_limit, now=now)
        return vm.RailsPartial(rails=(found_nothing,) if found_nothing else ())
    if context == "product" and product_id is not None:
        found = product_rails(actor, recs, product_id, now=now, shows_bundle=False)
        return vm.RailsPartial(rails=tuple(rail for rail in (found.similar, found.goes_with) if rail))
    raise InvalidInput({"context": _("Choose home, product, cart or search.")})


@dataclass(frozen=True, slots=True)
class ProductRails:
    """What stands around a product; ``this`` is its own card, absent when there is no such product."""

    this: CardRow | None
    similar: vm.Rail | None
    goes_with: vm.Rail | None
    bundle: vm.Bundle | None


@in_turn
def product_rails(
    actor: Actor, recs: Recs, product_id: int, *, now: datetime, shows_bundle: bool = True
) -> ProductRails:
    """Return alternatives, complements and the bundle of a product; nothing is in two of them.

    Without a model the alternatives are what sells best on the same shelf, and say so. ``shows_bundle`` is False where
    the rails alone are shown anew: the bundle keeps its products from them, and is not noted once more.
    """
    alternatives, together = similar_picks(recs, product_id), together_picks(recs, [product_id])
    with read_unit() as tx:
        rows = products.cards(tx, needed_ids(alternatives) | needed_ids(together) | {product_id}, actor)
        book = rules.current(tx, now=now)
        this = rows.get(product_id)
        shelf_mates = (
            products.best_sellers(tx, limit=POOL, actor=actor, category_ids=[this.category_id], exclude=[product_id])
            if this is not None and this.category_id is not None and len(alternatives.items) < SHORTEST
            else []
        )
    left_out = merchandising.left_out(book, [*rows.values(), *shelf_mates], now=now)
    shelf = Shelf(now, "product", used=left_out | {product_id}, never=profiles.never_for(actor))
    bundle = _bundle(shelf, this, together, rows)
    complements = _rail_of(shelf, "goes_with", _("Goes well with it"), together, rows)
    similar = _rail_of(shelf, "similar", _("Similar things"), alternatives, rows)
    if similar is None and this is not None:
        title = _("Popular in %(category)s", category=this.category)
        if shelf.add_general("similar", title, shelf_mates, "popular_in_category"):
            similar = shelf.rails[-1]
    shown = [similar, complements, bundle.partners if bundle and shows_bundle else None]
    note_impressions(actor, shown, now=now)
    return ProductRails(this, similar, complements, bundle)


def _rail_of(shelf: Shelf, key: str, title: str, picks: Picks, rows: dict[int, CardRow]) -> vm.Rail | None:
    found = [pick for pick in picks.items if pick.product_id in rows and shelf.free([rows[pick.product_id]])]
    built = [_unnamed(pick_card(pick, rows, (), now=shelf.now), shelf.used) for pick in found[:RAIL_LENGTH]]
    return shelf.rails[-1] if shelf.add(key, title, built, **made_by(picks)) else None


def _unnamed(item: vm.Card, here: Collection[int]) -> vm.Card:
    """Leave out the name of the product whose page this is: "like this one" needs no link to this one."""
    reasons = tuple(
        replace(reason, product_id=None, product_name="", product_slug="") if reason.product_id in here else reason
        for reason in item.reasons
    )
    return replace(item, reasons=reasons)


def _bundle(shelf: Shelf, this: CardRow | None, together: Picks, rows: dict[int, CardRow]) -> vm.Bundle | None:
    """Put a product and the one or two things most often bought with it together."""
    if this is None or not this.is_sellable:
        return None
    found = [pick for pick in together.items if pick.product_id in rows and shelf.free([rows[pick.product_id]])]
    partners = [
        card(rows[pick.product_id], now=shelf.now, rank=place, source=pick.source)
        for place, pick in enumerate(found[:MAX_PARTNERS], 1)
    ]
    if not shelf.add("bundle", _("Often bought together"), partners, shortest=1, **made_by(together)):
        return None
    chosen = [this, *(rows[partner.product_id] for partner in partners)]
    return vm.Bundle(card(this, now=shelf.now), shelf.rails[-1], sum(row.price_cents for row in chosen), this.currency)
