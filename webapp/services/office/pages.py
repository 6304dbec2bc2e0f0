"""The owner's pages: products, orders, the recommender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import viewmodels as vm
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.formatting import typed_amount
from webapp.money import parse_price
from webapp.numbers import whole
from webapp.store import catalogue, operations, orders, products, search, users
from webapp.store.orders import OrderRow
from webapp.store.rows import PictureRow, ProductRow
from webapp.store.tx import Tx, read_unit, unit_of_work
from webapp.viewbuilders import buying
from webapp.viewbuilders.cards import picture
from webapp.viewbuilders.labels import attribute_label
from webapp.viewbuilders.listing import page_shown, pagination

PAGE_SIZE = 50
MAX_STOCK = 1_000_000
QUICK_FIELDS = ("price", "stock", "is_visible", "was-price", "was-stock", "was-is_visible")
WEEK = timedelta(days=7)


def _meta(title: str) -> vm.PageMeta:
    return vm.PageMeta(title=title, is_indexed=False)


def parse_stock(raw: str, *, name: str) -> int:
    """Read a number of pieces."""
    text = raw.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 7) or int(text) > MAX_STOCK:
        raise InvalidInput({name: _("Write a whole number.")})
    return int(text)


def products_page(*, query: str, category: str, state: str, sort: str, page: int) -> vm.AdminProductsPage:
    """Build the table of products."""
    with read_unit() as tx:
        tree = products.categories(tx)
        category_id = next((row.category_id for row in tree if row.slug == category), None)
        chosen: dict[str, Any] = {"query": query, "category_id": category_id, "state": state, "sort": sort}
        rows, total = catalogue.owner_rows(tx, **chosen, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
        if total and not rows:
            page = page_shown(page, PAGE_SIZE, total)
            rows, total = catalogue.owner_rows(tx, **chosen, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    parameters = {"q": query, "category": category, "state": state, "sort": sort}
    states = (
        ("", _("all")),
        ("visible", _("shown")),
        ("hidden", _("hidden")),
        ("out", _("sold out")),
        ("low", _("few left")),
    )
    sorts = (("updated", _("last changed")), ("name", _("name")), ("price", _("price")), ("stock", _("stock")))
    return vm.AdminProductsPage(
        meta=_meta(_("Products")),
        rows=tuple(_product_row(row) for row in rows),
        query=query,
        categories=(
            vm.Option("", _("all"), not category),
            *(vm.Option(row.slug, row.name, row.slug == category) for row in tree),
        ),
        states=tuple(vm.Option(value, label, value == state) for value, label in states),
        sorts=tuple(vm.Option(value, label, value == sort) for value, label in sorts),
        pagination=pagination(url_for("admin.products"), parameters, page, PAGE_SIZE, total),
    )


def _product_row(row: Any) -> vm.ProductRow:
    shown = picture(PictureRow(row[12], row[2], 960, 1200)) if row[12] else None
    return vm.ProductRow(
        row[0],
        row[1],
        row[2],
        vm.Price(row[3], row[5], row[4]),
        row[6],
        bool(row[7]),
        row[8],
        row[9] or "",
        row[10],
        row[11],
        shown,
        row[13],
    )


def product_page(product_id: int, form: vm.Form | None = None, *, locale: str, now: datetime) -> vm.AdminProductPage:
    """Build the product editor."""
    with read_unit() as tx:
        product = products.one(tx, product_id)
        if product is None:
            raise NotFound
        tree = products.categories(tx)
        brands = catalogue.brands(tx)
        shown, ordered = catalogue.figures_of(tx, product_id, since=now - WEEK)
    category = next((row.slug for row in tree if row.category_id == product.category_id), "")
    values = {
        "name": product.name,
        "brand": product.brand_slug,
        "category": category,
        "description": product.description,
        "price": typed_amount(product.price_cents, product.currency, locale),
        "old_price": typed_amount(product.old_price_cents, product.currency, locale) if product.old_price_cents else "",
        "is_visible": "1" if product.is_visible else "",
        "alt": product.pictures[0].alt if product.pictures else "",
    }
    found = form or vm.Form(values)
    return vm.AdminProductPage(
        meta=_meta(product.name),
        product_id=product.product_id,
        slug=product.slug,
        name=product.name,
        form=found,
        currency=product.currency,
        picture=picture(product.pictures[0]) if product.pictures else None,
        categories=tuple(vm.Option(row.slug, row.name, row.slug == found.value("category")) for row in tree),
        brands=(
            vm.Option("", "–"),
            *(vm.Option(slug, name, slug == found.value("brand")) for _id, slug, name in brands),
        ),
        variants=tuple(_variant_row(product, index) for index in range(len(product.variants))),
        facts=tuple((attribute_label(name), str(value)) for name, value in product.attributes.items()),
        n_impressions=shown,
        n_orders=ordered,
        version=form.value("version", str(product.version)) if form and form.errors else str(product.version),
    )


def _variant_row(product: ProductRow, index: int) -> vm.VariantRow:
    row = product.variants[index]
    shown = next((found for found in product.pictures if found.stem == row.picture_stem), None)
    return vm.VariantRow(
        row.variant_id,
        row.sku,
        row.name or product.name,
        vm.Price(row.price_cents, product.currency),
        row.stock,
        picture(shown) if shown else None,
    )


def save_quick(product_id: int, fields: Mapping[str, str], *, user_id: int, now: datetime) -> str:
    """Change price, stock and visibility from the table, and return a sentence.

    What says what the page showed (``was-price`` and so on) is left alone: it may have been sold or changed since.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used.
    """
    with unit_of_work() as tx:
        product = _product(tx, product_id)
        errors: dict[str, str] = {}
        changes = _price_and_stock(product, fields, errors)
        if errors:
            raise InvalidInput({field: f"{product.name}: {said}" for field, said in errors.items()})
        is_visible = product.is_visible if _is_as_shown(fields, "is_visible") else fields.get("is_visible", "1") == "1"
        catalogue.change_product(tx, product_id, is_visible=is_visible, updated_at=now)
        _apply(tx, product, changes)
        _audit(tx, product, {"is_visible": is_visible} | {str(k): list(v) for k, v in changes.items()}, user_id, now)
    return _("%(name)s is saved.", name=product.name)


def _product(tx: Tx, product_id: int) -> ProductRow:
    """Return a product that is about to be changed."""
    catalogue.lock_variants(tx, [product_id])
    product = products.one(tx, product_id)
    if product is None:
        raise NotFound
    return product


def _is_as_shown(fields: Mapping[str, str], name: str) -> bool:
    """Whether a field still says what the page showed when it was opened."""
    return name in fields and fields[name].strip() == fields.get(f"was-{name}")


def _price_and_stock(
    product: ProductRow, fields: Mapping[str, str], errors: dict[str, str]
) -> dict[int, tuple[int, int]]:
    """Read one price for all variants, and the stock where there is only one; return (price, stock) by variant.

    The price in the table is the lowest: unless another one is written there, each variant keeps its own.
    """
    changes = {row.variant_id: (row.price_cents, row.stock) for row in product.variants}
    try:
        cents = parse_price(fields["price"], product.currency, name="price")
        if cents != product.price_cents and not _is_as_shown(fields, "price"):
            changes = {row.variant_id: (cents, row.stock) for row in product.variants}
    except InvalidInput as refused:
        errors |= refused.errors
    if len(product.variants) == 1:
        only = product.variants[0]
        changes[only.variant_id] = (changes[only.variant_id][0], _read_stock(fields, "stock", only.stock, errors))
    return changes


def _read_stock(fields: Mapping[str, str], name: str, now_there: int, errors: dict[str, str]) -> int:
    """Read the pieces that were counted; what is there now if nobody wrote another number than the page showed."""
    if not fields.get(name, "").strip() or _is_as_shown(fields, name):
        return now_there
    try:
        return parse_stock(fields[name], name=name)
    except InvalidInput as refused:
        errors |= refused.errors
        return now_there


def _apply(tx: Tx, product: ProductRow, changes: Mapping[int, tuple[int, int]]) -> None:
    for row in product.variants:
        cents, stock = changes[row.variant_id]
        if cents != row.price_cents:
            catalogue.set_variant(tx, row.variant_id, price_cents=cents)
        if stock != row.stock and not catalogue.set_stock(tx, row.variant_id, stock):
            reserved = ngettext(
                "One piece is reserved for orders; stock cannot be lower.",
                "%(num)s pieces are reserved for orders; stock cannot be lower.",
                row.reserved,
            )
            raise InvalidInput({f"stock-{row.variant_id}": reserved})
    catalogue.refresh_price(tx, product.product_id)


def _audit(tx: Tx, product: ProductRow, after: Mapping[str, Any], user_id: int, now: datetime) -> None:
    before = {
        "price_cents": product.price_cents,
        "is_visible": product.is_visible,
        "stock": [row.stock for row in product.variants],
    }
    operations.audit(
        tx,
        user_id=user_id,
        action="product.change",
        subject="product",
        subject_id=str(product.product_id),
        before=before,
        after=dict(after),
        now=now,
    )


def save_product(product_id: int, fields: Mapping[str, str], *, user_id: int, now: datetime) -> None:
    """Change a product from its editor.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used.
    Conflict
        If somebody else changed it meanwhile.
    """
    with unit_of_work() as tx:
        product = _product(tx, product_id)
        tree = {row.slug: row.category_id for row in products.categories(tx)}
        brands = {slug: brand_id for brand_id, slug, _name in catalogue.brands(tx)}
        errors: dict[str, str] = {}
        values = _read_values(product, fields, tree, brands, errors)
        changes = _read_variants(product, fields, errors)
        version = fields.get("version", "")
        if errors:
            raise InvalidInput(errors)
        known = whole(version)
        if known is None or not catalogue.change_product(tx, product_id, version=known, updated_at=now, **values):
            raise Conflict(
                _("Somebody else changed this product meanwhile. Save again to keep what is here, or open it anew.")
            )
        _apply(tx, product, changes)
        catalogue.set_alt(tx, product_id, fields.get("alt", "").strip()[:300])
        search.reindex(tx, [product_id])
        _audit(tx, product, {name: str(value) for name, value in values.items()}, user_id, now)


def _read_values(
    product: ProductRow,
    fields: Mapping[str, str],
    tree: Mapping[str, int],
    brands: Mapping[str, int],
    errors: dict[str, str],
) -> dict[str, Any]:
    name = " ".join(fields.get("name", "").split())
    if not 1 <= len(name) <= 200:
        errors["name"] = _("A name of up to 200 characters is needed.")
    category, brand = fields.get("category", ""), fields.get("brand", "")
    if category not in tree:
        errors["category"] = _("Choose a shelf.")
    if brand and brand not in brands:
        errors["brand"] = _("Choose a maker.")
    old_cents: int | None = None
    if fields.get("old_price", "").strip():
        try:
            old_cents = parse_price(fields["old_price"], product.currency, name="old_price")
        except InvalidInput as refused:
            errors |= refused.errors
    return {
        "name": name,
        "slug": catalogue.slugify(name) if name != product.name else product.slug,
        "description": fields.get("description", "").strip()[:8000],
        "category_id": tree.get(category),
        "brand_id": brands.get(brand),
        "old_price_cents": old_cents,
        "is_visible": fields.get("is_visible") == "1",
    }


def _read_variants(
    product: ProductRow, fields: Mapping[str, str], errors: dict[str, str]
) -> dict[int, tuple[int, int]]:
    """Read price and stock of each variant; a changed common price goes to those whose own field was left alone."""
    common: int | None = None
    try:
        common = parse_price(fields.get("price", ""), product.currency, name="price")
    except InvalidInput as refused:
        errors |= refused.errors
    changes: dict[int, tuple[int, int]] = {}
    for row in product.variants:
        cents, stock = row.price_cents, _read_stock(fields, f"stock-{row.variant_id}", row.stock, errors)
        try:
            own = fields.get(f"price-{row.variant_id}", "")
            cents = parse_price(own, product.currency, name=f"price-{row.variant_id}") if own.strip() else cents
        except InvalidInput as refused:
            errors |= refused.errors
        if common is not None and common != product.price_cents and cents == row.price_cents:
            cents = common
        changes[row.variant_id] = (cents, stock)
    return changes


def order_rows(tx: Tx, rows: Sequence[OrderRow]) -> tuple[vm.OrderRow, ...]:
    """Build the lines of a list of orders with who placed each."""
    lines = orders.lines(tx, [row.order_id for row in rows]) if rows else {}
    names = users.names(tx, {row.user_id for row in rows if row.user_id is not None})
    return tuple(buying.order_row(row, lines.get(row.order_id, []), names=names) for row in rows)


def orders_page(*, query: str, state: str, page: int) -> vm.AdminOrdersPage:
    """Build the queue of orders."""
    with read_unit() as tx:
        total = orders.count_queue(tx, state=state, query=query)
        page = page_shown(page, PAGE_SIZE, total)
        rows = orders.queue(tx, state=state, query=query, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
        shown = order_rows(tx, rows)
        counts = orders.counts_by_state(tx)
    states = [vm.Option("", _("all"), not state, str(sum(counts.values())))]
    states += [
        vm.Option(value, str(label), value == state, str(counts.get(value, 0)))
        for value, label in buying.STATE_LABELS.items()
    ]
    return vm.AdminOrdersPage(
        meta=_meta(_("Orders")),
        orders=shown,
        query=query,
        states=tuple(states),
        pagination=pagination(url_for("admin.orders"), {"q": query, "state": state}, page, PAGE_SIZE, total),
    )
