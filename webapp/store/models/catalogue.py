"""Tables of what is sold: categories, brands, products, variants and pictures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.base import Json, Key, LongText, Model, Moment, Words, reference


class Category(Model):
    """A node of the category tree."""

    __tablename__ = "categories"

    id: Mapped[Key]
    parent_id: Mapped[int | None] = reference("categories.id", on_delete="RESTRICT")
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[Words]
    path: Mapped[str] = mapped_column(String(600), unique=True)
    description: Mapped[LongText]
    position: Mapped[int] = mapped_column(default=0)


class Brand(Model):
    """A maker; ``price_level`` runs from 1 (plain) to 5 (dear)."""

    __tablename__ = "brands"
    __table_args__ = (CheckConstraint("price_level BETWEEN 1 AND 5", name="price_level"),)

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[Words]
    tagline: Mapped[Words] = mapped_column(default="")
    price_level: Mapped[int] = mapped_column(default=3)


class Product(Model):
    """A page of the catalogue.

    ``price_cents`` is the lowest among the variants, sold out or not (lists ask :mod:`webapp.store.prices`);
    ``rating_*``, ``sold_count`` and ``popularity`` are sums kept beside the rows they come from, so that lists sort in
    the database.
    """

    __tablename__ = "products"
    __table_args__: Any = (
        CheckConstraint("price_cents >= 0", name="price"),
        CheckConstraint("rating_count >= 0 AND rating_sum BETWEEN rating_count AND 5 * rating_count", name="rating"),
        Index(None, "category_id", "is_visible", "popularity"),
        Index(None, "is_visible", "popularity"),
        Index(None, "is_visible", "created_at"),
    )

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(String(160))
    name: Mapped[str] = mapped_column(String(300))
    description: Mapped[LongText]
    brand_id: Mapped[int | None] = reference("brands.id", on_delete="SET NULL")
    category_id: Mapped[int | None] = reference("categories.id", on_delete="SET NULL", index=False)
    external_ref: Mapped[str | None] = mapped_column(String(200), unique=True)
    family: Mapped[str] = mapped_column(String(120), default="", index=True)
    price_cents: Mapped[int]
    old_price_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(String(3))
    attributes: Mapped[Json]
    is_visible: Mapped[bool] = mapped_column(default=True)
    rating_count: Mapped[int] = mapped_column(default=0)
    rating_sum: Mapped[int] = mapped_column(default=0)
    sold_count: Mapped[int] = mapped_column(default=0)
    popularity: Mapped[float] = mapped_column(default=0.0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment] = mapped_column(index=True)


class ProductAttribute(Model):
    """One filterable property of a product; a product may have several values of one name."""

    __tablename__ = "product_attributes"
    __table_args__: Any = (Index(None, "name", "value", "product_id"),)

    product_id: Mapped[int] = reference("products.id", index=False, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(120), primary_key=True)


class Variant(Model):
    """The thing that lies in a cart. What can be sold is ``stock - reserved``.

    Variants of one look share a picture, named by ``picture_stem``; empty means the product's first.
    """

    __tablename__ = "variants"
    __table_args__: Any = (
        CheckConstraint("stock >= 0", name="stock"),
        CheckConstraint("reserved BETWEEN 0 AND stock", name="reserved"),
        CheckConstraint("price_cents >= 0", name="price"),
        Index(
            "ix_variants_sellable",
            "product_id",
            sqlite_where=text("is_active AND stock > reserved"),
            postgresql_where=text("is_active AND stock > reserved"),
        ),
    )

    id: Mapped[Key]
    product_id: Mapped[int] = reference("products.id")
    sku: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[Words] = mapped_column(default="")
    options: Mapped[Json]
    picture_stem: Mapped[str] = mapped_column(String(64), default="")
    price_cents: Mapped[int]
    stock: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class Picture(Model):
    """A picture of a product, drawn from ``spec`` or kept from an imported file.

    Files are named ``<stem>-<width>.webp``; equal specs share a stem and so a file.
    """

    __tablename__ = "pictures"
    __table_args__ = (UniqueConstraint("product_id", "stem"),)

    id: Mapped[Key]
    product_id: Mapped[int] = reference("products.id")
    position: Mapped[int] = mapped_column(default=0)
    stem: Mapped[str] = mapped_column(String(64), index=True)
    spec: Mapped[Json]
    width: Mapped[int] = mapped_column(default=960)
    height: Mapped[int] = mapped_column(default=1200)
    alt: Mapped[str] = mapped_column(String(300), default="")
