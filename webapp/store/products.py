"""Reading products: cards, whole products, best sellers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, literal, select

from webapp.actors import NOBODY, Actor
from webapp.store.leftout import NO_RULES, is_left_out
from webapp.store.models import Brand, Category, Exclusion, Picture, Product, StarRating, Variant, WishlistItem
from webapp.store.prices import has_stock, highest_now, price_now
from webapp.store.rows import CardRow, CategoryRow, PictureRow, ProductRow, RuleBook, VariantRow
from webapp.store.scope import owned, owner_of
from webapp.store.tx import Tx

# Of the table, not of its class: two threads that ask an alias of a class for its first column at once may get that of
# the class itself, and a statement that was made so fails as long as the process lives.
_first_picture = Picture.__table__.alias()
_other_picture = Picture.__table__.alias()


def is_sellable() -> ColumnElement[bool]:
    """Match products a shopper may see and buy now."""
    return and_(Product.is_visible, has_stock())


def _card_columns(owner: str, is_personal: bool) -> tuple[Any, ...]:
    variants = Variant.product_id == Product.id
    available = (
        select(func.coalesce(func.sum(Variant.stock - Variant.reserved), 0)).where(variants, Variant.is_active)
    ).scalar_subquery()
    first_variant = (
        select(Variant.id)
        .where(variants, Variant.is_active, Variant.stock > Variant.reserved)
        .order_by(Variant.position, Variant.id)
        .limit(1)
        .scalar_subquery()
    )
    n_pictures = select(func.count()).where(Picture.product_id == Product.id).scalar_subquery()
    wished: Any = literal(False)
    stars: Any = literal(0)
    excluded: Any = literal(False)
    if owner:
        wished = exists().where(WishlistItem.product_id == Product.id, owned(WishlistItem, owner))
        stars = func.coalesce(
            select(StarRating.stars)
            .where(StarRating.product_id == Product.id, owned(StarRating, owner))
            .scalar_subquery(),
            0,
        )
        if is_personal:
            excluded = exists().where(Exclusion.product_id == Product.id, owned(Exclusion, owner))
    return (
        Product.id,
        Product.slug,
        Product.name,
        price_now(),
        Product.old_price_cents,
        Product.currency,
        Product.is_visible,
        Product.rating_count,
        Product.rating_sum,
        Product.created_at,
        Product.category_id,
        Brand.name,
        Category.name,
        Category.slug,
        _first_picture.c.stem,
        _first_picture.c.alt,
        _first_picture.c.width,
        _first_picture.c.height,
        available,
        first_variant,
        n_pictures,
        wished,
        stars,
        excluded,
        Product.price_cents,
        highest_now(),
    )


@cache
def _card_base(owner: str, is_personal: bool) -> Select[Any]:
    """Select cards for members, guests or nobody. Made once: building it costs more than running it.

    Hearts and stars are shown to whom they belong; what somebody turned down is read only for personal picks.
    """
    first = (
        select(_other_picture.c.id)
        .where(_other_picture.c.product_id == Product.id)
        .order_by(_other_picture.c.position, _other_picture.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(*_card_columns(owner, is_personal))
        .select_from(Product)
        .outerjoin(Brand, Brand.id == Product.brand_id)
        .outerjoin(Category, Category.id == Product.category_id)
        .outerjoin(_first_picture, _first_picture.c.id == first)
    )


@cache
def _cards_by_id(owner: str, is_personal: bool) -> Select[Any]:
    return _card_base(owner, is_personal).where(Product.id.in_(bindparam("ids", expanding=True)))


def card_select(actor: Actor = NOBODY) -> Select[Any]:
    """Select card columns of products; add conditions, order and limit, then read with :func:`card_rows`."""
    return _card_base(owner_of(actor)[0], actor.is_personalised)


def card_rows(tx: Tx, statement: Select[Any], actor: Actor = NOBODY) -> list[CardRow]:
    """Run a statement of :func:`card_select` for the same actor."""
    return [_card_row(row) for row in tx.rows(statement, owner_of(actor)[1])]


def _card_row(row: Any) -> CardRow:
    picture = PictureRow(row[14], row[15], row[16], row[17]) if row[14] else None
    words = (row[11] or "", row[12] or "", row[13] or "")
    price, old_price, lowest, highest = row[3], row[4], row[24], row[25]
    prices = (price, old_price if price == lowest else None)  # the earlier price is that of the cheapest variant
    marks = (bool(row[21]), row[22], bool(row[23]), highest is not None and highest > price)
    return CardRow(*(*row[:3], *prices, *row[5:11], *words, picture, *row[18:21], *marks))


def cards(tx: Tx, product_ids: Collection[int], actor: Actor = NOBODY) -> dict[int, CardRow]:
    """Return the cards of the given products by id, hidden and sold-out ones too; missing ids are absent."""
    if not product_ids:
        return {}
    owner, parameters = owner_of(actor)
    rows = tx.rows(_cards_by_id(owner, actor.is_personalised), parameters | {"ids": sorted(product_ids)})
    return {row[0]: _card_row(row) for row in rows}


def best_sellers(
    tx: Tx,
    *,
    limit: int,
    actor: Actor = NOBODY,
    category_ids: Collection[int] = (),
    exclude: Collection[int] = (),
    book: RuleBook = NO_RULES,
) -> list[CardRow]:
    """Return sellable products by popularity, overall or in some categories, without what a rule leaves out."""
    statement = card_select(actor).where(is_sellable()).order_by(Product.popularity.desc(), Product.id).limit(limit)
    if book:
        statement = statement.where(~is_left_out(book))
    if category_ids:
        statement = statement.where(Product.category_id.in_(sorted(category_ids)))
    if exclude:
        statement = statement.where(Product.id.not_in(sorted(exclude)))
    return card_rows(tx, statement, actor)


def newest(
    tx: Tx, *, limit: int, actor: Actor = NOBODY, exclude: Collection[int] = (), book: RuleBook = NO_RULES
) -> list[CardRow]:
    """Return sellable products, the latest arrivals first, without what a rule leaves out."""
    statement = card_select(actor).where(is_sellable()).order_by(Product.created_at.desc(), Product.id).limit(limit)
    if book:
        statement = statement.where(~is_left_out(book))
    if exclude:
        statement = statement.where(Product.id.not_in(sorted(exclude)))
    return card_rows(tx, statement, actor)


def one(tx: Tx, product_id: int) -> ProductRow | None:
    """Return a product with its variants and pictures: two statements, the first with a row per picture."""
    rows = list(
        tx.rows(
            select(
                Product.id,
                Product.slug,
                Product.name,
                Product.description,
                Product.price_cents,
                Product.old_price_cents,
                Product.currency,
                Product.attributes,
                Product.is_visible,
                Product.rating_count,
                Product.rating_sum,
                Product.version,
                Product.created_at,
                Product.updated_at,
                Product.category_id,
                func.coalesce(Brand.name, ""),
                func.coalesce(Brand.slug, ""),
                Picture.stem,
                Picture.alt,
                Picture.width,
                Picture.height,
            )
            .outerjoin(Brand, Brand.id == Product.brand_id)
            .outerjoin(Picture, Picture.product_id == Product.id)
            .where(Product.id == product_id)
            .order_by(Picture.position, Picture.id)
        )
    )
    if not rows:
        return None
    pictures = tuple(PictureRow(*row[17:]) for row in rows if row[17] is not None)
    return ProductRow(*(*rows[0][:17], tuple(variants_of(tx, [product_id])), pictures))


def variants_of(tx: Tx, product_ids: Iterable[int]) -> list[VariantRow]:
    """Return the variants of some products in their order."""
    rows = tx.rows(
        select(
            Variant.id,
            Variant.product_id,
            Variant.sku,
            Variant.name,
            Variant.options,
            Variant.price_cents,
            Variant.stock,
            Variant.reserved,
            Variant.is_active,
            Variant.picture_stem,
        )
        .where(Variant.product_id.in_(list(product_ids)))
        .order_by(Variant.product_id, Variant.position, Variant.id)
    )
    return [VariantRow(*row) for row in rows]


def picture_spec(tx: Tx, stem: str) -> dict[str, Any] | None:
    """Return what to draw for a picture's stem; None when no product has such a picture."""
    return tx.scalar(select(Picture.spec).where(Picture.stem == stem).limit(1))


def categories(tx: Tx) -> list[CategoryRow]:
    """Return every category with how many visible products lie directly in it."""
    # Each count is a look into an index. Grouped in one go, every page read all products: 100 ms for 50,000.
    n_products = select(func.count()).where(Product.category_id == Category.id, Product.is_visible).scalar_subquery()
    rows = tx.rows(
        select(
            Category.id,
            Category.parent_id,
            Category.slug,
            Category.name,
            Category.description,
            Category.position,
            n_products,
            Category.path,
        ).order_by(Category.position, Category.name)
    )
    return [CategoryRow(*row) for row in rows]


def product_of_variant(tx: Tx, variant_id: int) -> int | None:
    """Return the product a variant belongs to."""
    return tx.scalar(select(Variant.product_id).where(Variant.id == variant_id))


def by_sku(tx: Tx, sku: str) -> tuple[int, str] | None:
    """Return id and slug of the visible product with this article number."""
    row = tx.row(
        select(Product.id, Product.slug)
        .join(Variant, Variant.product_id == Product.id)
        .where(Variant.sku == sku, Product.is_visible)
    )
    return (row[0], row[1]) if row else None


def known_ids(tx: Tx, product_ids: Collection[int]) -> set[int]:
    """Return which of the ids are visible products."""
    if not product_ids:
        return set()
    statement = select(Product.id).where(Product.id.in_(sorted(product_ids)), Product.is_visible)
    return set(tx.scalars(statement))


def lock(tx: Tx, product_ids: Collection[int] | None) -> None:
    """Wait until nobody else changes these products, or any; in one order, so that two never wait for each other.

    SQLite has one writer anyway.
    """
    if tx.is_sqlite or (product_ids is not None and not product_ids):
        return
    wanted = select(Product.id).order_by(Product.id).with_for_update(key_share=True)  # events of them may be added
    tx.execute(wanted if product_ids is None else wanted.where(Product.id.in_(sorted(product_ids))))


def descendants(rows: Sequence[CategoryRow], root: int) -> set[int]:
    """Return a category and everything below it."""
    found, waiting = {root}, [root]
    while waiting:
        parent = waiting.pop()
        below = [row.category_id for row in rows if row.parent_id == parent and row.category_id not in found]
        found.update(below)
        waiting.extend(below)
    return found


def count(tx: Tx) -> int:
    """Count all products."""
    return int(tx.scalar(select(func.count()).select_from(Product)) or 0)
