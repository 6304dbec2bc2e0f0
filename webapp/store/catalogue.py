"""Writing the catalogue: in bulk from an import or the demo, one product at a time by the owner."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, bindparam, delete, exists, func, insert, or_, select, update

from webapp.store import stamps
from webapp.store.frames import items_frame
from webapp.store.models import Brand, Category, Impression, Interaction, Picture, Product, ProductAttribute, Variant
from webapp.store.rows import ItemRow
from webapp.store.search import fold
from webapp.store.tx import Tx

if TYPE_CHECKING:
    import pandas as pd

COLOUR_NAMES = ("Colour", "Color", "colour", "color")
MOST_COLOURS = 16  # of 120 characters at most; the recommender refuses a cell of more than 2,000
CHUNK = 500


def slugify(raw: str, *, longest: int = 80) -> str:
    """Write a name as part of an address: small letters, digits and hyphens, never empty."""
    return re.sub(r"[^a-z0-9]+", "-", fold(raw)).strip("-")[:longest].strip("-") or "x"


def add_rows(tx: Tx, table: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows with numbered keys and return the keys in the same order."""
    if not rows:
        return []
    statement = insert(table).returning(table.id, sort_by_parameter_order=True)
    return list(tx.scalars(statement, [dict(row) for row in rows]))


def put_category_path(tx: Tx, path: str, known: dict[str, int]) -> int | None:
    """Return the category of a path such as ``Home > Lamps``, making what is missing; ``known`` learns it."""
    names = [name.strip()[:200] for name in path.split(">") if name.strip()]
    parent, walked = None, ""
    for name in names:
        walked = f"{walked} > {name}" if walked else name
        if walked not in known:
            known[walked] = _put_category(tx, walked, name, parent)
        parent = known[walked]
    return parent


def _put_category(tx: Tx, path: str, name: str, parent: int | None) -> int:
    found = tx.scalar(select(Category.id).where(Category.path == path[:600]))
    if found is not None:
        return found
    slug = _free_slug(tx, Category, slugify(name))
    values = {"name": name, "slug": slug, "path": path[:600], "parent_id": parent, "description": "", "position": 0}
    return add_rows(tx, Category, [values])[0]


def put_brand(tx: Tx, name: str, known: dict[str, int]) -> int | None:
    """Return the brand of this name, making it if it is new."""
    name = name.strip()[:200]
    if not name:
        return None
    if name not in known:
        found = tx.scalar(select(Brand.id).where(Brand.name == name))
        if found is None:
            slug = _free_slug(tx, Brand, slugify(name))
            found = add_rows(tx, Brand, [{"name": name, "slug": slug, "tagline": "", "price_level": 3}])[0]
        known[name] = found
    return known[name]


def _free_slug(tx: Tx, table: Any, slug: str) -> str:
    taken = set(tx.scalars(select(table.slug).where(or_(table.slug == slug, table.slug.like(f"{slug}-%")))))
    number = 2
    chosen = slug
    while chosen in taken:
        chosen, number = f"{slug}-{number}", number + 1
    return chosen


def by_refs(tx: Tx, refs: Collection[str]) -> dict[str, int]:
    """Return product ids by external name."""
    found: dict[str, int] = {}
    wanted = sorted(refs)
    for start in range(0, len(wanted), CHUNK):
        rows = tx.rows(
            select(Product.external_ref, Product.id).where(Product.external_ref.in_(wanted[start : start + CHUNK]))
        )
        found.update({row[0]: row[1] for row in rows})
    return found


def taken_skus(tx: Tx, skus: Sequence[str]) -> set[str]:
    """Return those article numbers that a variant has already."""
    chunks = (skus[start : start + CHUNK] for start in range(0, len(skus), CHUNK))
    return {sku for chunk in chunks for sku in tx.scalars(select(Variant.sku).where(Variant.sku.in_(chunk)))}


def snapshot(tx: Tx, product_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return the values an import compares with, by product."""
    rows = tx.rows(
        select(
            Product.id,
            Product.name,
            Product.description,
            Product.category_id,
            Product.brand_id,
            Product.price_cents,
            Product.old_price_cents,
            Product.attributes,
            func.min(Variant.stock),
        )
        .outerjoin(Variant, Variant.product_id == Product.id)
        .where(Product.id.in_(sorted(product_ids)))
        .group_by(Product.id)
    )
    names = (
        "name",
        "description",
        "category_id",
        "brand_id",
        "price_cents",
        "old_price_cents",
        "attributes",
        "stock",
    )
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def stamp(tx: Tx, now: datetime) -> datetime:
    """Return the moment of a change to products, later than every change committed before."""
    return stamps.stamp(tx, Product.updated_at, now)


def change_product(tx: Tx, product_id: int, *, version: int | None = None, **values: Any) -> bool:
    """Change a product's own columns; False when somebody changed it since ``version``."""
    if "updated_at" in values:
        values["updated_at"] = stamp(tx, values["updated_at"])
    statement = update(Product).where(Product.id == product_id)
    if version is not None:
        statement = statement.where(Product.version == version)
    return bool(tx.change(statement.values(version=Product.version + 1, **values)))


def change_many(tx: Tx, changes: Mapping[int, Mapping[str, Any]], *, at: datetime) -> None:
    """Change columns of many products, each its own, at a moment from :func:`stamp`; a price is its variants', too.

    Variants come before products, and those in ascending order, as for everybody who goes through many of them, so that
    nobody waits for another in a circle.
    """
    theirs = select(Product.id).where(Product.id.in_(sorted(changes))).order_by(Product.id)
    tx.rows(theirs.with_for_update(key_share=True))
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for product_id in sorted(changes):
        row = {f"new_{name}": value for name, value in changes[product_id].items()} | {"changed": product_id}
        by_columns.setdefault(tuple(sorted(changes[product_id])), []).append(row)
    if prices := [row for rows in by_columns.values() for row in rows if "new_price_cents" in row]:
        price = update(Variant).where(Variant.product_id == bindparam("changed"))
        tx.execute(price.values(price_cents=bindparam("new_price_cents")), _only(prices, "changed", "new_price_cents"))
    for names, rows in by_columns.items():
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        statement = update(Product).where(Product.id == bindparam("changed"))
        tx.execute(statement.values(version=Product.version + 1, updated_at=at, **values), rows)


def _only(rows: Sequence[Mapping[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows]


def lock_variants(tx: Tx, product_ids: Collection[int]) -> None:
    """Let nobody sell the variants of products meanwhile; selling takes them before the products, too."""
    theirs = select(Variant.id).where(Variant.product_id.in_(sorted(product_ids))).order_by(Variant.id)
    tx.rows(theirs.with_for_update(key_share=True))


def set_stock(tx: Tx, variant_id: int, stock: int) -> bool:
    """Set what lies on the shelf; False when more than that is reserved."""
    changed = tx.change(update(Variant).where(Variant.id == variant_id, Variant.reserved <= stock).values(stock=stock))
    return bool(changed)


def set_variant(tx: Tx, variant_id: int, **values: Any) -> None:
    """Change a variant's price, name or activity."""
    tx.change(update(Variant).where(Variant.id == variant_id).values(**values))


def refresh_price(tx: Tx, product_id: int) -> None:
    """Set a product's price to the lowest among its variants."""
    lowest = (
        select(func.min(Variant.price_cents))
        .where(Variant.product_id == product_id, Variant.is_active)
        .scalar_subquery()
    )
    tx.change(
        update(Product).where(Product.id == product_id).values(price_cents=func.coalesce(lowest, Product.price_cents))
    )


def set_attributes(tx: Tx, rows: Sequence[tuple[int, str, str]]) -> None:
    """Replace all filterable attributes of the products named in ``rows`` (product, name, value).

    What a product had and is not told again is gone, so one call tells everything about it; a product of which there is
    no row keeps its own.
    """
    ids = sorted({row[0] for row in rows})
    for start in range(0, len(ids), CHUNK):
        tx.change(delete(ProductAttribute).where(ProductAttribute.product_id.in_(ids[start : start + CHUNK])))
    unique = sorted({(product, name[:60], value[:120]) for product, name, value in rows if name and value})
    if unique:
        tx.execute(
            insert(ProductAttribute), [{"product_id": p, "name": name, "value": value} for p, name, value in unique]
        )


def set_pictures(tx: Tx, product_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace a product's pictures."""
    tx.change(delete(Picture).where(Picture.product_id == product_id))
    add_rows(tx, Picture, [{"product_id": product_id, **row} for row in rows])


def set_alt(tx: Tx, product_id: int, alt: str) -> None:
    """Change the text of a product's first picture."""
    first = (
        select(Picture.id)
        .where(Picture.product_id == product_id)
        .order_by(Picture.position, Picture.id)
        .limit(1)
        .scalar_subquery()
    )
    tx.change(update(Picture).where(Picture.id == first).values(alt=alt))


def newer_than_their_events(tx: Tx) -> list[tuple[int, datetime]]:
    """Return products that seem younger than their first event, with its time."""
    firsts = select(Interaction.product_id, func.min(Interaction.at).label("at"))
    first = firsts.group_by(Interaction.product_id).subquery()
    found = select(Product.id, first.c.at).join(first, first.c.product_id == Product.id)
    return [(row[0], row[1]) for row in tx.rows(found.where(Product.created_at > first.c.at).order_by(Product.id))]


def backdate(tx: Tx, firsts: Sequence[tuple[int, datetime]]) -> None:
    """Let no product be newer than its first event: a catalogue imported with its past is not all news."""
    write = update(Product).where(Product.id == bindparam("of_product")).values(created_at=bindparam("first"))
    tx.execute(write, [{"of_product": product_id, "first": at} for product_id, at in firsts])


def item_frame(tx: Tx, *, media: Path | None = None) -> pd.DataFrame:
    """Return every product as :func:`item_rows` does, in a table with the columns of a row."""
    return items_frame(item_rows(tx, media=media))


def item_rows(tx: Tx, *, media: Path | None = None, product_ids: Collection[int] | None = None) -> list[ItemRow]:
    """Return products in the library's words.

    Parameters
    ----------
    media : Path, optional
        Folder of picture files; a product's narrow picture is named when it is there.
    product_ids : collection of int, optional
        Only these; without it every product, hidden ones too (a hidden product keeps its history).
    """
    wanted: list[ColumnElement[bool]] = []
    if product_ids is not None:
        wanted.append(Product.id.in_(sorted(product_ids)))
    colours: dict[int, list[str]] = {}
    for product_id, value in tx.rows(
        select(ProductAttribute.product_id, ProductAttribute.value)
        .join(Product, Product.id == ProductAttribute.product_id)
        .where(ProductAttribute.name.in_(COLOUR_NAMES), *wanted)
        .order_by(ProductAttribute.product_id, ProductAttribute.value)
    ):
        colours.setdefault(product_id, []).append(value)
    rows = tx.rows(
        select(
            Product.id,
            Product.name,
            Product.description,
            Product.attributes,
            Category.path,
            Brand.name,
            Product.price_cents,
            Product.family,
            _first_stem(),
        )
        .outerjoin(Category, Category.id == Product.category_id)
        .outerjoin(Brand, Brand.id == Product.brand_id)
        .where(*wanted)
        .order_by(Product.id)
    )
    return [_item_row(row, colours.get(row[0], []), media) for row in rows]


def _first_stem() -> Any:
    return (
        select(Picture.stem)
        .where(Picture.product_id == Product.id)
        .order_by(Picture.position, Picture.id)
        .limit(1)
        .scalar_subquery()
    )


def _item_row(row: Any, colours: list[str], media: Path | None) -> ItemRow:
    product_id, name, description, attributes, path, brand, cents, family, stem = row
    words = " ".join(str(value) for value in (attributes or {}).values())
    picture = media / f"{stem}-320.webp" if media is not None and stem else None
    image = str(picture) if picture is not None and picture.exists() else ""
    text = f"{description} {words}".strip()
    shown = "|".join(colours[:MOST_COLOURS])
    return ItemRow(str(product_id), name, text, path or "", brand or "", cents / 100, image, shown, family)


def owner_rows(
    tx: Tx, *, query: str, category_id: int | None, state: str, sort: str, limit: int, offset: int
) -> tuple[list[Any], int]:
    """Return a page of the owner's product table and how many rows there are in all.

    Which products they are is asked first: a database makes the rows of all pages before this one as well.
    """
    variants = Variant.product_id == Product.id
    stock = select(func.coalesce(func.sum(Variant.stock), 0)).where(variants).scalar_subquery()
    n_variants = select(func.count()).where(variants).scalar_subquery()
    sku = select(func.min(Variant.sku)).where(variants).scalar_subquery()
    orders: dict[str, Any] = {
        "name": Product.name,
        "stock": stock,
        "price": Product.price_cents,
        "updated": Product.updated_at.desc(),
    }
    where: list[ColumnElement[bool]] = []
    if query:
        like = "%" + query.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        by_sku = exists().where(variants, func.lower(Variant.sku).like(like, escape="\\"))
        where.append(or_(func.lower(Product.name).like(like, escape="\\"), by_sku))
    if category_id is not None:
        where.append(Product.category_id == category_id)
    if state in {"visible", "hidden"}:
        where.append(Product.is_visible.is_(state == "visible"))
    if state in {"out", "low"}:
        where.append(stock <= (0 if state == "out" else 5))
    total = int(tx.scalar(select(func.count()).select_from(Product).where(*where)) or 0)
    order = (orders.get(sort, orders["updated"]), Product.id)
    ids = tx.scalars(select(Product.id).where(*where).order_by(*order).limit(limit).offset(offset))
    rows = tx.rows(
        select(
            Product.id,
            Product.slug,
            Product.name,
            Product.price_cents,
            Product.old_price_cents,
            Product.currency,
            stock,
            Product.is_visible,
            n_variants,
            sku,
            func.coalesce(Brand.name, ""),
            func.coalesce(Category.name, ""),
            _first_stem(),
            Product.updated_at,
        )
        .outerjoin(Brand, Brand.id == Product.brand_id)
        .outerjoin(Category, Category.id == Product.category_id)
        .where(Product.id.in_(ids))
    )
    found = {row[0]: row for row in rows}
    return [found[product_id] for product_id in ids], total


def brands(tx: Tx) -> list[tuple[int, str, str]]:
    """Return id, slug and name of every brand."""
    return [(row[0], row[1], row[2]) for row in tx.rows(select(Brand.id, Brand.slug, Brand.name).order_by(Brand.name))]


def only_currency(tx: Tx) -> str | None:
    """Return the currency the catalogue is priced in."""
    return tx.scalar(select(Product.currency).limit(1))


def first_pictures(tx: Tx) -> list[tuple[str, dict[str, Any]]]:
    """Return the drawn pictures that cards show, each once, those of the most popular products first."""
    rows = tx.rows(
        select(Picture.stem, Picture.spec)
        .join(Product, Product.id == Picture.product_id)
        .where(Picture.position == 0)
        .order_by(Product.popularity.desc(), Product.id)
    )
    drawn: dict[str, dict[str, Any]] = {}
    for stem, spec in rows:
        if spec:
            drawn.setdefault(stem, spec)
    return list(drawn.items())


def add_plain(tx: Tx, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows whose keys nobody needs."""
    if rows:
        tx.execute(insert(table), list(rows))


def variant_names(tx: Tx) -> dict[int, tuple[str, str]]:
    """Return product and variant names by variant."""
    rows = tx.rows(select(Variant.id, Product.name, Variant.name).join(Product, Product.id == Variant.product_id))
    return {row[0]: (row[1], row[2]) for row in rows}


def last_change(tx: Tx) -> datetime | None:
    """Return the moment of the last change of a product, None where there is no product."""
    moment: datetime | None = tx.scalar(select(func.max(Product.updated_at)))
    return moment


def changed_since(tx: Tx, since: datetime) -> tuple[list[int], datetime | None]:
    """Return products whose row changed after a moment, and the moment of the last change."""
    rows = tx.rows(
        select(Product.id, Product.updated_at).where(Product.updated_at > since).order_by(Product.updated_at)
    )
    return [row[0] for row in rows], rows[-1][1] if rows else None


def count_sold_out(tx: Tx) -> int:
    """Count visible products of which nothing can be sold."""
    free = exists().where(Variant.product_id == Product.id, Variant.is_active, Variant.stock > Variant.reserved)
    return int(tx.scalar(select(func.count()).select_from(Product).where(Product.is_visible, ~free)) or 0)


def figures_of(tx: Tx, product_id: int, *, since: datetime) -> tuple[int, int]:
    """Count how often a product was shown as a pick and bought since a moment."""
    shown = select(func.count()).where(Impression.product_id == product_id, Impression.at >= since).scalar_subquery()
    bought = (
        select(func.count())
        .where(Interaction.product_id == product_id, Interaction.kind == "purchase", Interaction.at >= since)
        .scalar_subquery()
    )
    row = tx.row(select(shown, bought))
    return int(row[0]), int(row[1])
