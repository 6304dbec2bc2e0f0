"""Lists: a category, a search, and the suggestions while typing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.errors import NotFound
from webapp.formatting import major_units
from webapp.numbers import whole
from webapp.picks import Recs
from webapp.services.browsing import chrome, finding, personal_order
from webapp.services.browsing.finding import NOTHING_ASKED, Understood
from webapp.services.picks import profiles
from webapp.store import listings, products, search, searches
from webapp.store.catalogue import slugify
from webapp.store.listings import FOR_YOU, SORTS, FacetCounts, ListingQuery
from webapp.store.rows import CardRow, CategoryRow
from webapp.store.searches import SearchRow
from webapp.store.tx import Tx, read_unit
from webapp.viewbuilders import listing as build
from webapp.viewbuilders import structured
from webapp.viewbuilders.cards import cards, crumbs, from_home, nav
from webapp.viewbuilders.links import absolute, product_url
from webapp.viewbuilders.listing import Asked
from webapp.viewbuilders.suggestions import build_suggestions

PAGE_SIZE = 24
MAX_QUERY = 200
SUGGESTIONS = 6
WAYS_ON = 6
OWN_SEARCHES, SEARCHES_LOOKED_AT = 3, 50


@dataclass(frozen=True, slots=True)
class Visit:
    """Who searches, and which order of the results they want: personal, plain, or nothing said."""

    actor: Actor
    order: str = ""


def parse(path: str, arguments: MultiDict[str, str]) -> Asked:
    """Read a list's address; what cannot be used is left out rather than refused."""
    attributes: dict[str, tuple[str, ...]] = {}
    for name in arguments:
        if name.startswith(build.ATTRIBUTE_PREFIX):
            values = tuple(dict.fromkeys(value[:120] for value in arguments.getlist(name) if value))[:20]
            attributes |= {name.removeprefix(build.ATTRIBUTE_PREFIX): values} if values else {}
    stars, page = arguments.get("rating", ""), arguments.get("page", "")
    return Asked(
        path,
        " ".join(arguments.get("q", "").split())[:MAX_QUERY],
        _several(arguments, "category"),
        _several(arguments, "brand"),
        int(stars) if stars in {"2", "3", "4"} else None,
        attributes,
        _amount(arguments.get("price_from", "")),
        _amount(arguments.get("price_to", "")),
        arguments.get("in_stock") == "1",
        arguments.get("sort", "") if arguments.get("sort") in SORTS else "",
        min(whole(page) or 1, build.MAX_PAGE),
        arguments.get("order", "") if arguments.get("order") in personal_order.ORDERS else "",
    )


def _several(arguments: MultiDict[str, str], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value[:120] for value in arguments.getlist(name) if value))[:20]


def _amount(raw: str) -> str:
    text = raw.strip()
    return text.lstrip("0") or "0" if text.isascii() and text.isdigit() and len(text) <= 7 else ""


def category_page(
    slug: str, asked: Asked, actor: Actor, recs: Recs, *, history_limit: int, currency: str, now: datetime
) -> vm.ListingPage:
    """Put the page of a category together, in the visitor's own order where that is asked for and there is one.

    Raises
    ------
    NotFound
        If there is no such category.
    """
    is_known = bool(profiles.read(actor, limit=1).history)
    if not is_known:
        asked = _in_no_own_order(asked)
    with read_unit() as tx:
        tree = chrome.tree(tx)
        this = next((row for row in tree if row.slug == slug), None)
        if this is None:
            raise NotFound
        inside = products.descendants(tree, this.category_id)
        query = _query(tx, asked, tree, currency, category_ids=tuple(sorted(inside)))
    is_personal = False
    if query.sort == FOR_YOU:
        query, is_personal = _in_own_order(query, actor, recs, history_limit=history_limit, now=now)
        if not is_personal:
            asked, query = _in_no_own_order(asked), replace(query, sort="popular")
    with read_unit() as tx:
        counts, rows = _count_and_read(tx, query, actor)
        names = _attribute_names(counts, query)
    below = tuple(row for row in tree if row.category_id in inside and row.category_id != this.category_id)
    node = _node(nav(tree), this.slug)
    trail = crumbs(tree, this.category_id)
    url = url_for("shop.category", slug=slug, page=asked.page if asked.page > 1 else None)
    return vm.ListingPage(
        meta=vm.PageMeta(
            title=this.name,
            description=this.description,
            canonical=absolute(url),
            is_indexed=not asked.is_filtered,
            json_ld=(structured.crumbs(trail, url),),
        ),
        crumbs=trail,
        heading=this.name,
        intro=this.description,
        children=node.children if node else (),
        own_order=_own_order(asked, counts) if is_personal and rows else None,
        sorts=_sorts(query, is_known=is_known),
        **_common(asked, query, counts, rows, below, names, currency, now=now),
    )


def _own_order(asked: Asked, counts: FacetCounts) -> vm.OwnOrder:
    return vm.OwnOrder(min(personal_order.TOP, counts.total), counts.total, asked.url(sort=""))


def _in_no_own_order(asked: Asked) -> Asked:
    """Return a list without the visitor's own order: so its links and its form stay true."""
    return replace(asked, sort="") if asked.sort == FOR_YOU else asked


def _node(tree: Sequence[vm.NavCategory], slug: str) -> vm.NavCategory | None:
    for node in tree:
        found = node if node.slug == slug else _node(node.children, slug)
        if found:
            return found
    return None


def search_page(
    asked: Asked, visit: Visit, recs: Recs, *, history_limit: int, currency: str, now: datetime
) -> vm.ListingPage:
    """Put the results of a search together: what holds its words, then what is near it in meaning."""
    asked = _in_no_own_order(asked)  # that of a search is the visitor's own unless switched off
    actor, meant = visit.actor, finding.understand(asked.query, recs)
    with read_unit() as tx:
        tree = chrome.tree(tx)
        query = _query(tx, asked, tree, currency, meant=meant)
    # A mended search is a guess, and costs the statements that a personal order would need.
    query, is_personal = (
        (query, False) if meant.mended else _personal(query, visit, recs, history_limit=history_limit, now=now)
    )
    with read_unit() as tx:
        is_asked = query.is_search or asked.is_filtered
        counts, rows = _count_and_read(tx, query, actor) if is_asked else (FacetCounts(), [])
        names = _attribute_names(counts, query)
    hint = meant.mended if counts.total else ""
    heading = _("Search") if not asked.query else build.found_sentence(counts.total, hint or asked.query)
    if not asked.query and asked.brands:
        heading = " · ".join(counts.brands[slug][0] for slug in asked.brands if slug in counts.brands) or heading
    return vm.ListingPage(
        meta=vm.PageMeta(title=heading, is_indexed=False),
        crumbs=from_home(vm.Crumb(_("Search"))),
        heading=heading,
        query=asked.query,
        is_search=True,
        is_near_only=meant.is_near_only and bool(counts.total),
        did_you_mean=vm.Suggestion(hint, url_for("shop.search", q=hint), counts.total) if hint else None,
        order=_order_choice(asked, query, visit, is_personal) if rows else None,
        sorts=_sorts(query),
        hidden=tuple((name, value) for name, value in (("q", asked.query), ("order", asked.order)) if value),
        **_common(asked, query, counts, rows, tree, names, currency, now=now),
    )


def _personal(
    query: ListingQuery, visit: Visit, recs: Recs, *, history_limit: int, now: datetime
) -> tuple[ListingQuery, bool]:
    """Put a search in the visitor's own order, unless they want it plain or sorted."""
    if visit.order == personal_order.PLAIN or not personal_order.is_offered(visit.actor, query.sort):
        return query, False
    return _in_own_order(query, visit.actor, recs, history_limit=history_limit, now=now)


def _in_own_order(
    query: ListingQuery, actor: Actor, recs: Recs, *, history_limit: int, now: datetime
) -> tuple[ListingQuery, bool]:
    """Put the first results in the visitor's own order, where there is one; later pages are the same in any order."""
    history = profiles.read(actor, limit=history_limit).history
    if not history:
        return query, False
    if (query.page - 1) * query.page_size >= personal_order.TOP:
        return query, recs.state().state == "ok"
    with read_unit() as tx:
        hits = listings.first_hits(tx, query, limit=personal_order.TOP)
    first = personal_order.first_for(actor, hits, history, recs, now=now) if hits else ()
    return replace(query, first=first), bool(first)


def _order_choice(asked: Asked, query: ListingQuery, visit: Visit, is_personal: bool) -> vm.OrderChoice | None:
    """Say in which order a search is and offer the other; nothing where there is no choice."""
    is_plain = visit.order == personal_order.PLAIN and personal_order.is_offered(visit.actor, query.sort)
    return vm.OrderChoice(is_personal, asked.url(order="")) if is_personal or is_plain else None


def exact_sku(query: str) -> str | None:
    """Return the address of the product with exactly this article number."""
    if not query or len(query) > 120:
        return None
    with read_unit() as tx:
        found = products.by_sku(tx, query)
    return product_url(*found) if found else None


def _count_and_read(tx: Tx, query: ListingQuery, actor: Actor) -> tuple[FacetCounts, list[CardRow]]:
    counts = listings.count_facets(tx, query)
    return counts, listings.page_of(tx, query, actor) if counts.total else []


def _query(
    tx: Tx,
    asked: Asked,
    tree: Sequence[CategoryRow],
    currency: str,
    *,
    category_ids: tuple[int, ...] = (),
    meant: Understood = NOTHING_ASKED,
) -> ListingQuery:
    unit = round(1 / major_units(1, currency))
    chosen: set[int] = set()
    for row in tree:
        if row.slug in asked.categories:
            chosen |= products.descendants(tree, row.category_id)
    names = listings.attribute_names(tx) if asked.attributes else []
    by_slug = {slugify(name): name for name in names}
    return ListingQuery(
        category_ids,
        meant.words,
        meant.near,
        tuple(sorted(chosen)),
        asked.brands,
        {by_slug.get(slug, slug): values for slug, values in asked.attributes.items()},
        int(asked.price_from) * unit if asked.price_from else None,
        int(asked.price_to) * unit if asked.price_to else None,
        asked.rating,
        asked.in_stock,
        asked.sort or ("relevance" if meant.words else "popular"),
        asked.page,
        PAGE_SIZE,
    )


def _attribute_names(counts: FacetCounts, query: ListingQuery) -> dict[str, str]:
    return {slugify(name): name for name in (*query.attributes, *counts.attributes)}


def _common(
    asked: Asked,
    query: ListingQuery,
    counts: FacetCounts,
    rows: Sequence[CardRow],
    tree: Sequence[CategoryRow],
    names: Mapping[str, str],
    currency: str,
    *,
    now: datetime,
) -> dict[str, Any]:
    shown = build.facets(asked, counts, tree, names)
    return {
        "total": counts.total,
        "cards": cards(rows, now=now),
        "facets": shown,
        "price_range": build.price_range(asked, counts, currency),
        "in_stock_only": asked.in_stock,
        "chips": build.chips(asked, shown, currency),
        "clear_url": Asked(asked.path, asked.query).url(),
        "pagination": build.pages_of(asked, PAGE_SIZE, counts.total),
        "action_url": asked.path,
        "ways_on": () if rows else _ways_on(build.drops(asked, shown, counts, currency)),
    }


def _sorts(query: ListingQuery, *, is_known: bool = False) -> tuple[vm.Option, ...]:
    labels = {
        "relevance": _("Best match"),
        FOR_YOU: _("For you"),
        "popular": _("Most popular"),
        "price": _("Price, low first"),
        "price-desc": _("Price, high first"),
        "rating": _("Best rated"),
        "newest": _("Newest"),
    }
    left_out = {key for key, is_there in (("relevance", query.is_search), (FOR_YOU, is_known)) if not is_there}
    return tuple(vm.Option(key, labels[key], key == query.sort) for key in SORTS if key not in left_out)


def _ways_on(drops: Sequence[vm.Suggestion]) -> tuple[vm.Suggestion, ...]:
    """Offer ways on from an empty list: drop one filter, or look at a shelf."""
    if drops:
        return tuple(drops[:WAYS_ON])
    with read_unit() as tx:
        tree = nav(chrome.tree(tx))
    return tuple(
        vm.Suggestion(node.name, url_for("shop.category", slug=node.slug), node.n_products) for node in tree[:WAYS_ON]
    )


def suggest(raw: str, actor: Actor) -> dict[str, Any]:
    """Return suggestions for an unfinished query: the visitor's own past searches, products and shelves.

    For a query that is still empty they are the newest searches alone.
    """
    words = search.parse_words(raw[:MAX_QUERY])
    own = _own_searches(actor, words)
    if not words:
        return build_suggestions((), (), own)
    with read_unit() as tx:
        ids = search.suggest(tx, words, limit=SUGGESTIONS)
        if not ids:
            mended = search.mend(tx, words)
            ids = search.suggest(tx, mended, limit=SUGGESTIONS) if mended else []
        rows = products.cards(tx, ids)
        tree = chrome.tree(tx)
    shelves = [row for row in tree if row.n_products and begins(row.name, words)][:3]
    return build_suggestions([rows[product_id] for product_id in ids if product_id in rows], shelves, own)


def _own_searches(actor: Actor, words: Sequence[str]) -> list[SearchRow]:
    """Return past searches that begin like this one; none where searches are not to be used."""
    if not actor.is_known or not actor.is_personalised or not actor.tuning.uses_searches:
        return []
    with read_unit() as tx:
        newest = searches.recent(tx, actor, limit=SEARCHES_LOOKED_AT)
    return [row for row in newest if begins(row.words, words)][:OWN_SEARCHES]


def begins(name: str, words: Sequence[str]) -> bool:
    """Whether a name holds every word, or a longer one that begins so."""
    own = search.parse_all(name)
    return all(any(part.startswith(word) for part in own) for word in words)
