"""What a visitor is shown first: the home page, rails of other pages, recommendations for programs."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.errors import InvalidInput, RecsUnavailable
from webapp.picks import Ask, Chance, Pick, Picks, Recs
from webapp.services import chrome, profiles
from webapp.store import carts, interactions, products
from webapp.store.rows import CardRow, HistoryRow
from webapp.store.tx import read_unit, unit_of_work
from webapp.tuning import NOTHING, Never
from webapp.viewbuilders import structured
from webapp.viewbuilders.cards import STARTER, cards, nav, personal_card, pick_card, picture, starter_cards
from webapp.viewbuilders.links import absolute
from webapp.viewbuilders.rails import RAIL_LENGTH, SHORTEST, Shelf, impression_rows

log = logging.getLogger(__name__)
ASK_FOR = 120
POOL = 48
RECENT = 12
LOOKED_AT = frozenset({"view", "click", "cart"})
MAX_BASKET = 4
SPARE = 10  # asked for beyond what is shown: some will be sold out or hidden by now


@dataclass(frozen=True, slots=True)
class Recommended:
    """An answer for a program: cards with their scores, and where they come from."""

    cards: tuple[tuple[vm.Card, float], ...]
    request_id: str
    strategy: str
    model_version: str
    is_cold: bool
    took_ms: float


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


def home_page(
    actor: Actor, recs: Recs, *, history_limit: int, explore_places: int, shop_name: str, now: datetime
) -> vm.HomePage:
    """Put the home page together: what is personal first, then what everybody sees.

    ``explore_places`` of the first rail are left to chance, to learn about products that are new or were little shown.
    """
    profile = profiles.read(actor, limit=history_limit)
    history = profile.history
    shelf = Shelf(now, "home", never=profile.never)
    chance = Chance(explore_places, RAIL_LENGTH, shelf.request_id)
    picks = ask_recs(recs, profile.ask(ASK_FOR, now=now, chance=chance)) if profile.says_anything else Picks()
    seen = recently_seen(history)
    with read_unit() as tx:
        rows = products.cards(tx, needed_ids(picks) | set(seen), actor)
        popular = products.best_sellers(tx, limit=POOL, actor=actor)
        fresh = products.newest(tx, limit=POOL, actor=actor)
        tree = chrome.tree(tx)
    is_cold = not history
    starter = starter_cards(popular, tree, now=now) if is_cold else ()
    shelf.used.update(_kept_out_of_rails(starter, popular))
    _fill(shelf, picks, rows, history, seen, popular, fresh)
    _note_impressions(actor, shelf.rails, picks, now=now)
    return vm.HomePage(
        meta=vm.PageMeta(
            title=shop_name,
            description=_("A shop that learns what you like, and says why."),
            canonical=absolute(url_for("shop.home")),
            json_ld=(structured.organization(), structured.site()),
        ),
        rails=tuple(shelf.rails),
        categories=_with_pictures(nav(tree), popular),
        is_cold=is_cold,
        starter=starter,
    )


def _fill(
    shelf: Shelf,
    picks: Picks,
    rows: dict[int, CardRow],
    history: Sequence[HistoryRow],
    seen: Sequence[int],
    popular: Sequence[CardRow],
    fresh: Sequence[CardRow],
) -> None:
    if history:
        shelf.add_personal(picks, rows, history)
    else:
        shelf.add_declared(picks, rows)
    looked_at = [rows[product_id] for product_id in seen if product_id in rows]
    title = _("Continue where you left off")
    shelf.add_general("recent", title, looked_at, "recently_viewed", shortest=1, is_personal=True)
    shelf.add_general("popular", _("Popular now"), popular, "popular")
    shelf.add_general("new", _("New on the shelves"), fresh, "new")


def _note_impressions(actor: Actor, rails: Sequence[vm.Rail | None], picks: Picks, *, now: datetime) -> None:
    noted = impression_rows(actor, rails, picks, now=now)
    if noted:
        with unit_of_work() as tx:
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
    shelf = Shelf(now, "cart", used=set(product_ids), never=profiles.never_for(actor))
    found = [pick for pick in picks.items if pick.product_id in rows and shelf.free([rows[pick.product_id]])]
    shelf.add(
        "goes_with",
        title or _("Goes with your cart"),
        [pick_card(pick, rows, (), now=now) for pick in found[:MAX_BASKET]],
        shortest=1,
    )
    _note_impressions(actor, shelf.rails, picks, now=now)
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
    if context == "product" and product_id is not None:
        found = product_rails(actor, recs, product_id, now=now)
        return vm.RailsPartial(rails=tuple(rail for rail in (found.similar, found.goes_with) if rail))
    raise InvalidInput({"context": _("Choose home, product or cart.")})


@dataclass(frozen=True, slots=True)
class ProductRails:
    """What stands around a product; ``this`` is its own card, absent when there is no such product."""

    this: CardRow | None
    similar: vm.Rail | None
    goes_with: vm.Rail | None
    bundle: vm.Bundle | None


def product_rails(actor: Actor, recs: Recs, product_id: int, *, now: datetime) -> ProductRails:
    """Return alternatives, complements and the bundle of a product; nothing is in two of them.

    Without a model the alternatives are what sells best on the same shelf, and say so.
    """
    alternatives, together = similar_picks(recs, product_id), together_picks(recs, [product_id])
    with read_unit() as tx:
        rows = products.cards(tx, needed_ids(alternatives) | needed_ids(together) | {product_id}, actor)
        this = rows.get(product_id)
        shelf_mates = (
            products.best_sellers(tx, limit=POOL, actor=actor, category_ids=[this.category_id], exclude=[product_id])
            if this is not None and this.category_id is not None and len(alternatives.items) < SHORTEST
            else []
        )
    shelf = Shelf(now, "product", used={product_id}, never=profiles.never_for(actor))
    bundle = _bundle(shelf, this, together, rows, now=now)
    complements = _rail_of(shelf, "goes_with", _("Goes well with it"), together, rows)
    similar = _rail_of(shelf, "similar", _("Similar things"), alternatives, rows)
    if similar is None and this is not None:
        title = _("Popular in %(category)s", category=this.category)
        if shelf.add_general("similar", title, shelf_mates, "popular_in_category"):
            similar = shelf.rails[-1]
    _note_impressions(actor, [similar, complements], alternatives, now=now)
    return ProductRails(this, similar, complements, bundle)


def _rail_of(shelf: Shelf, key: str, title: str, picks: Picks, rows: dict[int, CardRow]) -> vm.Rail | None:
    found = [pick for pick in picks.items if pick.product_id in rows and shelf.free([rows[pick.product_id]])]
    built = [_unnamed(pick_card(pick, rows, (), now=shelf.now), shelf.used) for pick in found[:RAIL_LENGTH]]
    return shelf.rails[-1] if shelf.add(key, title, built) else None


def _unnamed(item: vm.Card, here: Collection[int]) -> vm.Card:
    """Leave out the name of the product whose page this is: "like this one" needs no link to this one."""
    reasons = tuple(
        replace(reason, product_id=None, product_name="", product_slug="") if reason.product_id in here else reason
        for reason in item.reasons
    )
    return replace(item, reasons=reasons)


def _bundle(
    shelf: Shelf, this: CardRow | None, together: Picks, rows: dict[int, CardRow], *, now: datetime
) -> vm.Bundle | None:
    """Put a product and the one or two things most often bought with it together."""
    if this is None or not this.is_sellable:
        return None
    partners = shelf.free(rows[pick.product_id] for pick in together.items if pick.product_id in rows)[:2]
    if not partners:
        return None
    shelf.used.update(row.product_id for row in partners)
    chosen = [this, *partners]
    return vm.Bundle(cards(chosen, now=now), sum(row.price_cents for row in chosen), this.currency)


def recommend(
    actor: Actor,
    recs: Recs,
    *,
    k: int,
    context: str,
    product_ids: Sequence[int],
    strategy: str | None,
    exclude: Collection[int],
    history_limit: int,
    now: datetime,
    is_shown: bool = True,
    wait_s: float | None = None,
) -> Recommended:
    """Recommend for a program: the model's order, only what can be sold, filled up with what sells best.

    Unless ``is_shown`` is false the answer is noted as shown to the actor. ``wait_s`` is the longest wait for the
    model, by default that of a page.

    Raises
    ------
    InvalidInput
        If the live model has no such strategy.
    """
    known = recs.strategies()
    if strategy is not None and strategy not in known:
        raise InvalidInput({"strategy": "choose " + (" or ".join(known) or "none: no model is live")})
    profile = profiles.read(actor, limit=history_limit)
    history = profile.history
    about = {"exclude": exclude, "context": context, "product_ids": product_ids, "strategy": strategy}
    picks = ask_recs(recs, profile.ask(k + SPARE, now=now, wait_s=wait_s, **about))
    with read_unit() as tx:
        rows = products.cards(tx, needed_ids(picks), actor)
        left_out = set(exclude) | set(product_ids)
        chosen = [pick for pick in picks.items if _may_show(pick, rows, left_out, profile.never)][:k]
        more: list[CardRow] = []
        if len(chosen) < k:
            taken = left_out | {pick.product_id for pick in chosen}
            popular = products.best_sellers(tx, limit=k + POOL, actor=actor, exclude=taken)
            more = [row for row in popular if not row.is_excluded and not profile.never.hides(row)][: k - len(chosen)]
    shelf = Shelf(now, context)
    build = personal_card if history else pick_card
    found = [(build(pick, rows, history, now=now), pick.score) for pick in chosen]
    found += [(replace(item, source="best_sellers"), 0.0) for item in cards(more, now=now, kind="popular")]
    ranked = tuple((replace(item, rank=rank), score) for rank, (item, score) in enumerate(found, 1))
    rail = vm.Rail(f"api_{context}", "", tuple(item for item, _score in ranked), request_id=shelf.request_id)
    if is_shown:
        _note_impressions(actor, [rail], picks, now=now)
    return Recommended(
        ranked, shelf.request_id, picks.strategy or "best_sellers", picks.model_version, not history, picks.took_ms
    )


def _may_show(pick: Pick, rows: dict[int, CardRow], left_out: set[int], never: Never = NOTHING) -> bool:
    row = rows.get(pick.product_id)
    if row is None or never.hides(row):
        return False
    return row.is_sellable and not row.is_excluded and pick.product_id not in left_out


def similar_for_api(recs: Recs, product_id: int, *, k: int, space: str, now: datetime) -> Recommended:
    """Return alternatives to a product for a program; empty when the model knows none."""
    try:
        picks = recs.similar(product_id, k=2 * k + 20, space=space)
    except RecsUnavailable:
        picks = Picks()
    with read_unit() as tx:
        rows = products.cards(tx, needed_ids(picks))
    chosen = [pick for pick in picks.items if _may_show(pick, rows, {product_id})][:k]
    found = tuple((pick_card(pick, rows, (), now=now), pick.score) for pick in chosen)
    request_id = Shelf(now, "product").request_id
    return Recommended(found, request_id, f"similar:{space}", picks.model_version, False, picks.took_ms)


def preview(actor: Actor, recs: Recs, *, k: int, history_limit: int, now: datetime) -> list[vm.Card]:
    """Return what a visitor would be recommended now, without noting it; nothing where it would be nothing personal."""
    profile = profiles.read(actor, limit=history_limit)
    return lists_of(actor, recs, [profile], k=k, now=now)[0] if profile.says_anything else []


def lists_of(
    actor: Actor, recs: Recs, wanted: Sequence[profiles.Profile], *, k: int, now: datetime
) -> list[list[vm.Card]]:
    """Return what each of some profiles of one visitor would be recommended now, without noting it."""
    answers = [ask_recs(recs, profile.ask(3 * k, now=now)) for profile in wanted]
    with read_unit() as tx:
        rows = products.cards(tx, set().union(*map(needed_ids, answers)), actor)
    return [_listed(picks, rows, profile, k, now=now) for picks, profile in zip(answers, wanted, strict=True)]


def _listed(
    picks: Picks, rows: dict[int, CardRow], profile: profiles.Profile, k: int, *, now: datetime
) -> list[vm.Card]:
    chosen = [pick for pick in picks.items if _may_show(pick, rows, set(), profile.never)][:k]
    build = personal_card if profile.history else pick_card
    return [build(pick, rows, profile.history, now=now) for pick in chosen]
