"""Write the generated demo shop into the database: all of it in one transaction, or nothing.

The generator is read where it is used: a shop that is open does without it and what it loads.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webapp import passwords
from webapp.errors import Conflict
from webapp.services.upkeep import media, schedule
from webapp.store import catalogue, frame, interactions, operations, popularity, products, search, taste, users
from webapp.store.models import (
    Brand,
    Category,
    Interaction,
    Order,
    OrderLine,
    Picture,
    Product,
    Review,
    StarRating,
    Variant,
)
from webapp.store.tx import Tx, read_unit, unit_of_work

if TYPE_CHECKING:
    from seed.model import DemoShop, SeedOrder, SeedProduct

log = logging.getLogger(__name__)
Progress = Callable[[str, float], None]
ACCOUNTS_FILE = "demo-accounts.json"
OWNER_EMAIL = "owner@example.com"
N_DEMO_SHOPPERS = 2
PLAIN_DETAIL = "plain"
# Enough for the pages that people open first; the worker draws the others while the shop is already open.
DRAWN_AT_ONCE = 300


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was written."""

    n_products: int
    n_users: int
    n_events: int
    n_pictures: int


@dataclass(frozen=True, slots=True)
class Ids:
    """Database ids by the keys of the generated shop."""

    categories: dict[str, int]
    brands: dict[str, int]
    products: dict[str, int]
    variants: dict[str, int]
    users: dict[str, int]


def is_empty() -> bool:
    """Whether the shop has no product yet."""
    with read_unit() as tx:
        return products.count(tx) == 0


def seed_shop(instance: Path, *, size: str, random_seed: int, now: datetime, progress: Progress) -> Seeded:
    """Generate the demo shop, write it, make its accounts and draw what the first pages show.

    The worker draws the other pictures; one that is asked for before that, or in another width, is drawn then.

    Raises
    ------
    Conflict
        If the shop already holds other products.
    """
    from seed.shop import generate

    with read_unit() as tx:
        earlier = operations.setting(tx, frame.DEMO_SETTING)
        has_products = products.count(tx) > 0
    if has_products and not earlier:
        raise Conflict("The database already holds a catalogue; the demo goes into an empty one.")
    if not has_products:
        shop = generate(size=size, random_seed=random_seed, now=now, progress=progress)
        write(instance, shop, size=size, random_seed=random_seed, now=now, progress=progress)
    with read_unit() as tx:
        drawn = catalogue.first_pictures(tx)
        n_products, n_users, n_events = products.count(tx), users.count(tx), interactions.count(tx)
    media.draw_all(instance / "media", drawn[:DRAWN_AT_ONCE], progress=progress)
    if len(drawn) > DRAWN_AT_ONCE:
        with unit_of_work() as tx:
            operations.add_job(tx, schedule.PICTURES, due_at=now)
    return Seeded(n_products, n_users, n_events, len(drawn))


def write(instance: Path, shop: DemoShop, *, size: str, random_seed: int, now: datetime, progress: Progress) -> None:
    """Write a generated shop in one transaction."""
    from seed.pictures import COLOURS, swatch

    accounts = demo_accounts(shop)
    hashes = {account["email"]: passwords.hash_password(account["password"]) for account in accounts}
    with unit_of_work() as tx:
        progress("catalogue into the database", 0.0)
        ids = _write_catalogue(tx, shop, now=now)
        progress("shoppers into the database", 0.3)
        ids.users.update(_write_users(tx, shop, hashes))
        progress("orders into the database", 0.4)
        numbers = _write_orders(tx, shop.orders, ids)
        progress("events into the database", 0.5)
        _write_events(tx, shop, ids, numbers)
        progress("reviews into the database", 0.8)
        _write_reviews(tx, shop, ids)
        popularity.refresh(tx, now=now)
        progress("search index", 0.9)
        search.reindex(tx)
        owner = next(account for account in accounts if account["role"] == "owner")
        users.add(
            tx,
            email=owner["email"],
            name=owner["name"],
            role="owner",
            password_hash=hashes[owner["email"]],
            is_demo=True,
            created_at=now,
        )
        colours = {name: swatch(name) for name in COLOURS}
        facts = {"size": size, "random_seed": random_seed, "colours": colours, "fingerprint": shop.fingerprint()}
        operations.put_setting(tx, frame.DEMO_SETTING, facts, now=now)
        user_ids = {person.email: str(ids.users[person.key]) for person in shop.users}
        keep_accounts(instance, [account | {"user_id": user_ids.get(account["email"], "")} for account in accounts])
    progress("database written", 1.0)


def demo_accounts(shop: DemoShop) -> list[dict[str, str]]:
    """Choose two shoppers with long and different histories, add the owner, and make up passwords."""
    counts = shop.events["user_key"].value_counts()
    shelf_of = {product.key: product.category_key for product in shop.products}
    people = {user.key: user for user in shop.users}
    chosen: list[str] = []
    favourites: set[str] = set()
    for key in counts.index:
        mine = shop.events.loc[shop.events["user_key"] == key, "product_key"].map(shelf_of)
        favourite = str(mine.value_counts().index[0])
        if favourite not in favourites:
            favourites.add(favourite)
            chosen.append(str(key))
        if len(chosen) == N_DEMO_SHOPPERS:
            break
    accounts = [{"role": "owner", "name": "Shop owner", "email": OWNER_EMAIL}]
    accounts += [{"role": "shopper", "name": people[key].name, "email": people[key].email} for key in chosen]
    return [account | {"password": _password()} for account in accounts]


def _password() -> str:
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _letter in range(4)) for _group in range(3))


def keep_accounts(instance: Path, accounts: Sequence[dict[str, str]]) -> None:
    """Write the accounts down for whoever runs the demo, readable by them alone."""
    path = instance / ACCOUNTS_FILE
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(list(accounts), out, indent=2)


def read_accounts(instance: Path) -> list[dict[str, str]]:
    """Read the demo accounts; empty when there are none."""
    try:
        return list(json.loads((instance / ACCOUNTS_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []


def _write_catalogue(tx: Tx, shop: DemoShop, *, now: datetime) -> Ids:
    categories: dict[str, int] = {}
    paths: dict[str, str] = {}
    for row in sorted(shop.categories, key=lambda row: row.parent_key is not None):
        paths[row.key] = f"{paths[row.parent_key]} > {row.name}" if row.parent_key else row.name
        values = {
            "parent_id": categories.get(row.parent_key or ""),
            "slug": row.key,
            "name": row.name,
            "path": paths[row.key],
            "description": row.description,
            "position": row.position,
        }
        categories[row.key] = catalogue.add_rows(tx, Category, [values])[0]
    brand_rows = [
        {"slug": row.key, "name": row.name, "tagline": row.tagline, "price_level": row.price_level}
        for row in shop.brands
    ]
    brands = dict(zip([row.key for row in shop.brands], catalogue.add_rows(tx, Brand, brand_rows), strict=True))
    rows = [_product_row(row, categories, brands, now=now) for row in shop.products]
    keys = [row.key for row in shop.products]
    found = dict(zip(keys, catalogue.add_rows(tx, Product, rows), strict=True))
    variants = _write_variants(tx, shop.products, found)
    return Ids(categories, brands, found, variants, {})


def readable(attributes: dict[str, str]) -> dict[str, str]:
    """Write the generator's properties as they are shown: capital letter, commas between several values."""
    return {
        name.capitalize(): value.replace("|", ", ")
        for name, value in attributes.items()
        if value and value != PLAIN_DETAIL
    }


def _product_row(
    row: SeedProduct, categories: dict[str, int], brands: dict[str, int], *, now: datetime
) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "name": row.name,
        "description": row.description,
        "brand_id": brands[row.brand_key],
        "category_id": categories[row.category_key],
        "external_ref": row.key,
        "family": row.family_key,
        "price_cents": row.price_cents,
        "old_price_cents": row.old_price_cents,
        "currency": row.currency,
        "attributes": readable(row.attributes),
        "is_visible": True,
        "rating_count": 0,
        "rating_sum": 0,
        "sold_count": 0,
        "popularity": 0.0,
        "version": 1,
        "created_at": row.created_at,
        "updated_at": min(row.created_at, now),
    }


def _write_variants(tx: Tx, shop_products: Sequence[SeedProduct], ids: dict[str, int]) -> dict[str, int]:
    rows: list[dict[str, Any]] = []
    attributes: list[tuple[int, str, str]] = []
    for product in shop_products:
        product_id = ids[product.key]
        for position, variant in enumerate(product.variants):
            rows.append(
                {
                    "product_id": product_id,
                    "sku": variant.sku,
                    "name": variant.name,
                    "options": variant.options,
                    "picture_stem": media.stem_of(variant.picture.to_dict()),
                    "price_cents": variant.price_cents,
                    "stock": variant.stock,
                    "reserved": 0,
                    "position": position,
                    "is_active": True,
                }
            )
            attributes += [(product_id, name, value) for name, value in variant.options.items()]
        for name, value in product.attributes.items():
            if name != "colour":
                attributes += [(product_id, name.capitalize(), one) for one in value.split("|")]
    skus = [row["sku"] for row in rows]
    variants = dict(zip(skus, catalogue.add_rows(tx, Variant, rows), strict=True))
    catalogue.set_attributes(tx, attributes)
    catalogue.add_rows(tx, Picture, [row for product in shop_products for row in _pictures(product, ids)])
    return variants


def _pictures(product: SeedProduct, ids: dict[str, int]) -> list[dict[str, Any]]:
    """Return one picture per look of a product; variants of one look share it."""
    rows: dict[str, dict[str, Any]] = {}
    for variant in product.variants:
        spec = variant.picture.to_dict()
        stem = media.stem_of(spec)
        colour = spec["colour"]
        rows.setdefault(
            stem,
            {
                "product_id": ids[product.key],
                "position": len(rows),
                "stem": stem,
                "spec": spec,
                "width": media.WIDTHS[-1],
                "height": media.height_of(media.WIDTHS[-1]),
                "alt": f"{product.name}, {colour}",
            },
        )
    return list(rows.values())


def _write_users(tx: Tx, shop: DemoShop, hashes: dict[str, str]) -> dict[str, int]:
    rows = [
        {
            "email": row.email.lower(),
            "name": row.name,
            "external_ref": row.key,
            "password_hash": hashes.get(row.email),
            "is_demo": True,
            "created_at": row.created_at,
        }
        for row in shop.users
    ]
    return dict(zip([row.key for row in shop.users], users.add_many(tx, rows), strict=True))


def order_number(key: str, at: datetime) -> str:
    """Make the number of a generated order: the same for the same shop, telling nothing."""
    digest = int(hashlib.sha256(key.encode()).hexdigest(), 16)
    letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    return f"{at.year}-D" + "".join(letters[(digest >> (5 * place)) % len(letters)] for place in range(7))


def _write_orders(tx: Tx, orders: Sequence[SeedOrder], ids: Ids) -> dict[str, str]:
    """Write the orders and return their numbers by key."""
    numbers = {order.key: order_number(order.key, order.at) for order in orders}
    rows = [_order_row(order, numbers[order.key], ids) for order in orders]
    order_ids = catalogue.add_rows(tx, Order, rows)
    names = catalogue.variant_names(tx)
    lines = [
        {
            "order_id": order_id,
            "product_id": ids.products[line.product_key],
            "variant_id": ids.variants[line.sku],
            "sku": line.sku,
            "name": names[ids.variants[line.sku]][0],
            "variant_name": names[ids.variants[line.sku]][1],
            "quantity": line.quantity,
            "unit_cents": line.price_cents,
            "line_cents": line.price_cents * line.quantity,
        }
        for order_id, order in zip(order_ids, orders, strict=True)
        for line in order.lines
    ]
    catalogue.add_plain(tx, OrderLine, lines)
    return numbers


def _order_row(order: SeedOrder, number: str, ids: Ids) -> dict[str, Any]:
    subtotal = sum(line.quantity * line.price_cents for line in order.lines)
    return {
        "number": number,
        "user_id": ids.users[order.user_key],
        "email": "",
        "address": {},
        "state": "delivered",
        "subtotal_cents": subtotal,
        "delivery_cents": 0,
        "discount_cents": 0,
        "tax_cents": 0,
        "total_cents": subtotal,
        "currency": "EUR",
        "delivery_label": "",
        "payment_code": "test",
        "voucher_code": "",
        "is_gift": False,
        "note": "",
        "body_hash": "",
        "external_ref": order.key,
        "version": 1,
        "placed_at": order.at,
        "paid_at": order.at,
    }


def _write_events(tx: Tx, shop: DemoShop, ids: Ids, numbers: dict[str, str]) -> None:
    rows = [
        {
            "user_id": ids.users[user],
            "guest_id": None,
            "product_id": ids.products[product],
            "kind": kind,
            "value": None if math.isnan(value) else float(value),
            "at": datetime.fromtimestamp(at, UTC),
            "event_uid": None,
            "order_ref": numbers.get(order) if order else None,
            "request_id": None,
            "context": "",
        }
        for user, product, kind, value, at, order in shop.events.itertuples(index=False)
    ]
    catalogue.add_plain(tx, Interaction, rows)
    latest = {(row["user_id"], row["product_id"]): row for row in rows if row["kind"] == "rating"}
    votes = [
        {"user_id": user, "guest_id": None, "product_id": product, "stars": int(row["value"]), "at": row["at"]}
        for (user, product), row in latest.items()
    ]
    catalogue.add_plain(tx, StarRating, votes)
    taste.recount_stars(tx)


def _write_reviews(tx: Tx, shop: DemoShop, ids: Ids) -> None:
    bought = {(order.user_key, line.product_key) for order in shop.orders for line in order.lines}
    latest = {(row.user_key, row.product_key): row for row in sorted(shop.reviews, key=lambda row: row.at)}
    rows = [
        {
            "user_id": ids.users[user],
            "product_id": ids.products[product],
            "title": row.title[:200],
            "text": row.text,
            "reply": "",
            "state": "published",
            "is_verified": (user, product) in bought,
            "at": row.at,
        }
        for (user, product), row in latest.items()
    ]
    catalogue.add_plain(tx, Review, rows)
