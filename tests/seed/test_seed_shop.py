"""The generated shop: the same every time, of the promised size, and whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seed.model import EVENT_COLUMNS, EVENT_KINDS
from seed.shop import generate

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FINGERPRINT = (
    "from datetime import datetime, UTC; from seed.shop import generate;"
    "print(generate('small', 7, now=datetime(2026, 3, 1, 12, tzinfo=UTC)).fingerprint())"
)


def test_the_same_number_makes_the_same_shop(small_shop):
    again = generate("small", random_seed=7, now=NOW)
    assert again.fingerprint() == small_shop.fingerprint()
    assert again.events.equals(small_shop.events)


def test_another_number_makes_another_shop(small_shop):
    assert generate("small", random_seed=8, now=NOW).fingerprint() != small_shop.fingerprint()


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_another_process_makes_the_same_shop(small_shop, hash_seed):
    """Nothing depends on the order of a set or on hash()."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    told = subprocess.run(
        [sys.executable, "-c", FINGERPRINT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == small_shop.fingerprint()


def test_the_moment_moves_the_shop_but_not_its_catalogue(small_shop):
    later = generate("small", random_seed=7, now=NOW + timedelta(days=100))
    assert [product.name for product in later.products] == [product.name for product in small_shop.products]
    assert later.events["at"].max() > small_shop.events["at"].max()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"size": "huge", "now": NOW}, "size must be one of small, demo, large"),
        ({"random_seed": -1, "now": NOW}, "must not be negative"),
        ({"size": "small", "now": datetime(2026, 3, 1)}, "time zone"),  # noqa: DTZ001  # the naive one is the case
    ],
)
def test_wrong_arguments_are_named(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        generate(**arguments)


def test_progress_is_told_in_order():
    told: list[tuple[str, float]] = []
    generate("small", now=NOW, progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("done", 1.0)


def test_small_shop_is_small(small_shop):
    assert len(small_shop.products) == 60
    assert len(small_shop.users) == 40
    assert 1_000 <= len(small_shop.events) <= 2_500


@pytest.mark.slow
def test_demo_shop_keeps_its_promises(demo_shop):
    leaves = {product.category_key for product in demo_shop.products}
    assert len(demo_shop.products) >= 2_000
    assert len(leaves) >= 10
    assert len(demo_shop.brands) >= 40
    assert len(demo_shop.users) >= 1_000
    assert len(demo_shop.events) >= 100_000
    assert set(demo_shop.events["kind"]) == set(EVENT_KINDS)
    months = (demo_shop.events["at"].max() - demo_shop.events["at"].min()) / 86_400 / 30.44
    assert 17 <= months <= 18.1


@pytest.mark.slow
def test_some_products_are_on_sale_sold_out_or_nearly(demo_shop):
    products = demo_shop.products
    sale = sum(product.old_price_cents is not None for product in products) / len(products)
    stock = [sum(variant.stock for variant in product.variants) for product in products]
    assert 0.08 < sale < 0.22
    assert 0.02 < sum(left == 0 for left in stock) / len(stock) < 0.12
    assert any(0 < variant.stock <= 3 for product in products for variant in product.variants)


@pytest.fixture(params=["small_shop", pytest.param("demo_shop", marks=pytest.mark.slow)])
def shop(request):
    return request.getfixturevalue(request.param)


def test_keys_slugs_skus_and_addresses_are_unique(shop):
    for values in (
        [category.key for category in shop.categories],
        [brand.key for brand in shop.brands],
        [product.key for product in shop.products],
        [product.slug for product in shop.products],
        [variant.sku for product in shop.products for variant in product.variants],
        [user.key for user in shop.users],
        [user.email for user in shop.users],
        [order.key for order in shop.orders],
    ):
        assert len(values) == len(set(values))


def test_products_stand_on_a_shelf_of_a_known_department_and_have_a_known_brand(shop):
    categories = {category.key: category for category in shop.categories}
    brands = {brand.key for brand in shop.brands}
    for product in shop.products:
        shelf = categories[product.category_key]
        assert shelf.parent_key is not None
        assert categories[shelf.parent_key].parent_key is None
        assert product.brand_key in brands


def test_prices_are_positive_and_the_old_one_lies_above(shop):
    for product in shop.products:
        assert product.currency == "EUR"
        assert product.price_cents == min(variant.price_cents for variant in product.variants) > 0
        assert product.old_price_cents is None or product.old_price_cents > product.price_cents
        assert all(variant.stock >= 0 for variant in product.variants)


def test_variants_of_a_product_differ_in_their_options(shop):
    for product in shop.products:
        options = [tuple(sorted(variant.options.items())) for variant in product.variants]
        assert len(options) == len(set(options)) >= 1
        assert len({tuple(variant.options) for variant in product.variants}) == 1


def test_addresses_belong_to_nobody(shop):
    assert all(re.fullmatch(r"[a-z.]+\d*@example\.com", user.email) for user in shop.users)


def test_events_are_in_order_and_point_at_what_exists(shop):
    events = shop.events
    assert tuple(events.columns) == EVENT_COLUMNS
    assert events["at"].is_monotonic_increasing
    assert events["at"].max() <= NOW.timestamp()
    assert set(events["user_key"]) <= {user.key for user in shop.users}
    assert set(events["product_key"]) <= {product.key for product in shop.products}


def test_nothing_happens_before_the_product_or_the_shopper_is_there(shop):
    born = {product.key: product.created_at.timestamp() for product in shop.products}
    joined = {user.key: user.created_at.timestamp() for user in shop.users}
    events = shop.events
    assert (events["at"] >= events["product_key"].map(born) - 300).all()
    assert (events["at"] >= events["user_key"].map(joined) - 300).all()


def test_values_belong_to_their_kind(shop):
    events = shop.events
    ratings = events[events["kind"] == "rating"]
    purchases = events[events["kind"] == "purchase"]
    rest = events[~events["kind"].isin(["rating", "purchase"])]
    assert set(ratings["value"]) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert (purchases["value"] >= 1).all()
    assert rest["value"].isna().all()
    assert not ratings.duplicated(["user_key", "product_key"]).any()


def test_orders_and_purchase_events_are_the_same_thing_told_twice(shop):
    skus = {variant.sku: product.key for product in shop.products for variant in product.variants}
    told = Counter()
    for order in shop.orders:
        assert order.lines
        for line in order.lines:
            assert skus[line.sku] == line.product_key
            told[order.key, order.user_key, line.product_key, int(order.at.timestamp()), line.quantity] += 1
    bought = shop.events[shop.events["kind"] == "purchase"]
    rows = zip(
        bought["order_key"], bought["user_key"], bought["product_key"], bought["at"], bought["value"], strict=True
    )
    assert told == Counter((order, user, product, at, int(value)) for order, user, product, at, value in rows)
    assert (shop.events.loc[shop.events["kind"] != "purchase", "order_key"] == "").all()


def test_order_lines_carry_the_price_of_their_variant(shop):
    prices = {variant.sku: variant.price_cents for product in shop.products for variant in product.variants}
    assert all(line.price_cents == prices[line.sku] for order in shop.orders for line in order.lines)


def test_every_purchase_was_looked_at_and_put_in_the_cart_before(shop):
    events = shop.events
    first = events[events["kind"].isin(["view", "cart"])].groupby(["kind", "user_key", "product_key"])["at"].min()
    for row in events[events["kind"] == "purchase"].itertuples():
        assert first["view", row.user_key, row.product_key] <= row.at
        assert first["cart", row.user_key, row.product_key] <= row.at


def test_reviews_are_words_to_a_rating(shop):
    ratings = shop.events[shop.events["kind"] == "rating"]
    known = set(zip(ratings["user_key"], ratings["product_key"], ratings["value"], ratings["at"], strict=True))
    assert shop.reviews
    for review in shop.reviews:
        assert (review.user_key, review.product_key, float(review.stars), int(review.at.timestamp())) in known
        assert review.title
        assert review.text


@settings(max_examples=8)
@given(
    random_seed=st.integers(0, 2**32),
    now=st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_any_number_and_any_moment_make_a_whole_shop(random_seed, now):
    shop = generate("small", random_seed=random_seed, now=now)
    assert len({product.slug for product in shop.products}) == 60
    assert len(shop.events) > 500
    assert shop.events["at"].max() <= now.timestamp()
    bought = shop.events[shop.events["kind"] == "purchase"]
    assert len(bought) == sum(len(order.lines) for order in shop.orders)
