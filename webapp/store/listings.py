"""Lists of products: filters, exact counts per filter, order and pages, all in the database.

Values inside one filter are alternatives, filters among each other all hold. The counts of a filter's values leave that
filter itself out, so that each count says what ticking the value would give. Two statements at any catalogue size: one
for all counts, one for the cards of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    true,
    union_all,
)

from webapp.actors import Actor
from webapp.store import search
from webapp.store.models import Brand, Product, ProductAttribute
from webapp.store.prices import has_stock, price_now
from webapp.store.products import card_rows, card_select
from webapp.store.rows import CardRow
from webapp.store.tx import Tx

FOR_YOU = "for-you"
SORTS = ("relevance", FOR_YOU, "popular", "price", "price-desc", "rating", "newest")
RATING_STEPS = (4, 3, 2)
PRIOR_STARS, PRIOR_COUNT = 3.5, 5


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """What is asked of a list; empty collections ask nothing.

    A search is for ``words`` and for the products ``near`` it in meaning, the nearest first. By relevance ``first``
    stand before the others, in the given order, as far as they can be had; so they do on a shelf in a visitor's order.
    """

    category_ids: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    near: tuple[int, ...] = ()
    chosen_categories: tuple[int, ...] = ()
    brands: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    price_from: int | None = None
    price_to: int | None = None
    min_rating: int | None = None
    in_stock: bool = False
    sort: str = "popular"
    page: int = 1
    page_size: int = 24
    first: tuple[int, ...] = ()

    @property
    def is_search(self) -> bool:
        """Whether this is a search rather than a shelf."""
        return bool(self.words or self.near)


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """Exact counts: value -> number of products, with the filter's own choice left out."""

    total: int = 0
    categories: dict[int, int] = field(default_factory=dict)
    brands: dict[str, tuple[str, int]] = field(default_factory=dict)
    ratings: dict[int, int] = field(default_factory=dict)
    attributes: dict[str, dict[str, int]] = field(default_factory=dict)
    lowest_cents: int = 0
    highest_cents: int = 0
    without: dict[str, int] = field(default_factory=dict)  # how many there are when a filter in force is dropped


def bayesian_stars() -> ColumnElement[Any]:
    """Average stars drawn towards the middle while there are few votes."""
    return (Product.rating_sum + PRIOR_STARS * PRIOR_COUNT) / (Product.rating_count + PRIOR_COUNT)


def _conditions(query: ListingQuery) -> dict[str, ColumnElement[bool]]:
    """Return one condition per filter in force, by the filter's name."""
    found: dict[str, ColumnElement[bool]] = {}
    if query.chosen_categories:
        found["category"] = Product.category_id.in_(query.chosen_categories)
    if query.brands:
        found["brand"] = Product.brand_id.in_(select(Brand.id).where(Brand.slug.in_(query.brands)))
    if query.price_from is not None or query.price_to is not None:
        found["price"] = price_now().between(query.price_from or 0, query.price_to or 2**31 - 1)
    if query.min_rating is not None:
        found["rating"] = and_(Product.rating_count > 0, Product.rating_sum >= query.min_rating * Product.rating_count)
    if query.in_stock:
        found["stock"] = has_stock()
    for name, values in query.attributes.items():
        found[f"f.{name}"] = exists().where(
            ProductAttribute.product_id == Product.id,
            ProductAttribute.name == name,
            ProductAttribute.value.in_(values),
        )
    return found


def _fixed(tx: Tx, query: ListingQuery) -> list[Any]:
    """Return the conditions no filter lifts; what a search finds is looked up once, not product by product."""
    fixed: list[Any] = [Product.is_visible]
    if query.category_ids:
        fixed.append(Product.category_id.in_(query.category_ids))
    if query.is_search:
        fixed.append(Product.id.in_(search.ids_found(tx, query.words, query.near)))
    return fixed


def count_facets(tx: Tx, query: ListingQuery) -> FacetCounts:
    """Count everything a list's filters show, in one statement."""
    conditions = _conditions(query)
    fixed = _fixed(tx, query)
    flags = {
        name: case((condition, 1), else_=0).label(f"ok{at}") for at, (name, condition) in enumerate(conditions.items())
    }
    base = (
        select(
            Product.id,
            Product.category_id,
            Product.brand_id,
            price_now().label("price_cents"),
            Product.rating_count,
            Product.rating_sum,
            *flags.values(),
        )
        .where(*fixed)
        .cte("base")
    )
    columns = {name: base.c[flag.name] for name, flag in flags.items()}
    statement = union_all(*_count_selects(base, columns, query.brands))
    return _read_counts(tx.rows(statement))


def _all_but(columns: Mapping[str, Any], name: str = "") -> ColumnElement[bool]:
    rest = [column == 1 for other, column in columns.items() if other != name]
    return and_(true(), *rest)


def _tally(group: str, key: Any, label: Any, n: Any, base: CTE, where: ColumnElement[bool]) -> Select[Any]:
    return (
        select(literal(group), cast(key, String).label("key"), label.label("label"), n.label("n"))
        .select_from(base)
        .where(where)
    )


def _count_selects(base: CTE, columns: Mapping[str, Any], chosen_brands: Sequence[str]) -> list[Any]:
    nothing, n = literal(""), func.count()
    everything = _all_but(columns)
    selects: list[Any] = [
        _tally("total", nothing, nothing, n, base, everything),
        _tally("lowest", nothing, nothing, func.min(base.c.price_cents), base, _all_but(columns, "price")),
        _tally("highest", nothing, nothing, func.max(base.c.price_cents), base, _all_but(columns, "price")),
        _tally("category", base.c.category_id, nothing, n, base, _all_but(columns, "category")).group_by(
            base.c.category_id
        ),
        (
            select(literal("brand"), Brand.slug, Brand.name, n)
            .select_from(base)
            .join(Brand, Brand.id == base.c.brand_id)
            .where(_all_but(columns, "brand"))
            .group_by(Brand.slug, Brand.name)
        ),
    ]
    if chosen_brands:  # a chosen brand has a name also where nothing of it is found
        selects.append(select(literal("name"), Brand.slug, Brand.name, literal(0)).where(Brand.slug.in_(chosen_brands)))
    for stars in RATING_STEPS:
        enough = and_(base.c.rating_count > 0, base.c.rating_sum >= stars * base.c.rating_count)
        selects.append(_tally("rating", literal(stars), nothing, n, base, and_(_all_but(columns, "rating"), enough)))
    selects += [_tally("without", literal(name), nothing, n, base, _all_but(columns, name)) for name in columns]
    selects.append(_attribute_select(base, columns))
    return selects


def _attribute_select(base: CTE, columns: Mapping[str, Any]) -> Any:
    """Count the values of all attributes at once; a chosen attribute's own condition does not hold for itself."""
    chosen = [name for name in columns if name.startswith("f.")]
    whens = [
        (ProductAttribute.name == name.removeprefix("f."), case((_all_but(columns, name), 1), else_=0))
        for name in chosen
    ]
    everything = case((_all_but(columns), 1), else_=0)
    fits = case(*whens, else_=everything) if whens else everything
    return (
        select(literal("attribute"), ProductAttribute.name, ProductAttribute.value, func.count())
        .select_from(base)
        .join(ProductAttribute, ProductAttribute.product_id == base.c.id)
        .where(fits == 1)
        .group_by(ProductAttribute.name, ProductAttribute.value)
    )


def _read_counts(rows: Any) -> FacetCounts:
    single = {"total": 0, "lowest": 0, "highest": 0}
    categories: dict[int, int] = {}
    brands: dict[str, tuple[str, int]] = {}
    names: dict[str, str] = {}
    ratings: dict[int, int] = {}
    attributes: dict[str, dict[str, int]] = {}
    without: dict[str, int] = {}
    for group, key, label, n in rows:
        if group in single:
            single[group] = int(n or 0)
        elif group == "category" and key is not None:
            categories[int(key)] = n
        elif group == "brand":
            brands[key] = (label, n)
        elif group == "name":
            names[key] = label
        elif group == "rating":
            ratings[int(key)] = n
        elif group == "attribute":
            attributes.setdefault(key, {})[label] = n
        elif group == "without":
            without[key] = n
    bounds = single["lowest"], single["highest"]
    brands = {key: (label, 0) for key, label in names.items()} | brands
    return FacetCounts(single["total"], categories, brands, ratings, attributes, *bounds, without)


def _scored(tx: Tx, query: ListingQuery) -> tuple[list[Any], Any, Any]:
    """Return the fixed conditions together with the score of a search and whether a product holds its words."""
    if not query.is_search:
        return _fixed(tx, query), literal(0.0), literal(0)
    found = search.found(tx, query.words, query.near).subquery("found")
    rest = _fixed(tx, replace(query, words=(), near=()))
    return [*rest, found.c.product_id == Product.id], found.c.score, found.c.held


def page_of(tx: Tx, query: ListingQuery, actor: Actor) -> list[CardRow]:
    """Return the cards of one page in the order asked for; ties break by id, so pages never overlap.

    Which products they are is asked inside: a database else makes the cards of all pages before this one as well.
    """
    fixed, score, _held = _scored(tx, query)
    orders: dict[str, Sequence[Any]] = {
        "relevance": _by_relevance(score, query.first),
        FOR_YOU: _by_relevance(score, query.first),
        "popular": (Product.popularity.desc(),),
        "price": (price_now().asc(),),
        "price-desc": (price_now().desc(),),
        "rating": (bayesian_stars().desc(),),
        "newest": (Product.created_at.desc(),),
    }
    order = (*orders.get(query.sort, orders["popular"]), Product.id)
    shown = (
        select(Product.id)
        .where(*fixed, *_conditions(query).values())
        .order_by(*order)
        .limit(query.page_size)
        .offset((query.page - 1) * query.page_size)
        .correlate(None)
    )
    scored = fixed[-1:] if query.is_search else []
    return card_rows(tx, card_select(actor).where(*scored, Product.id.in_(shown)).order_by(*order), actor)


def first_hits(tx: Tx, query: ListingQuery, *, limit: int) -> list[tuple[int, bool]]:
    """Return the first products of a search or a shelf, and of each whether it holds the words or is only near them."""
    fixed, score, held = _scored(tx, query)
    statement = (
        select(Product.id, held)
        .where(*fixed, *_conditions(query).values())
        .order_by(*_by_relevance(score), Product.id)
        .limit(limit)
    )
    return [(product_id, bool(holds)) for product_id, holds in tx.rows(statement)]


def _by_relevance(score: Any, first: Sequence[int] = ()) -> tuple[Any, ...]:
    """Order a search: what can be had, then the chosen first ones, then the rest by their scores."""
    places = {product_id: place for place, product_id in enumerate(first)}
    chosen = [case(places, value=Product.id, else_=len(places))] if places else []
    return (case((has_stock(), 0), else_=1), *chosen, score.desc(), Product.popularity.desc())


def attribute_names(tx: Tx) -> list[str]:
    """Return the names of all filterable attributes."""
    return list(tx.scalars(select(ProductAttribute.name).distinct()))


def total_of(tx: Tx, query: ListingQuery) -> int:
    """Count the products of a list."""
    fixed = _fixed(tx, query)
    counted = select(func.count()).select_from(Product).where(*fixed, *_conditions(query).values())
    return int(tx.scalar(counted) or 0)
