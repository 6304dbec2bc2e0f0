"""However much the owner leaves out, lists are full as long as the shop has something else to sell."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import ShopClient, make_event, make_product, make_user
from webapp.actors import Actor
from webapp.picks import Ask, NullRecs, Pick, Picks
from webapp.services.picks import merchandising
from webapp.store import leftout, products, rules
from webapp.store.models import Product
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.both_databases
CHEAP, DEAR = 1000, 90_000


class Obedient(NullRecs):
    """A recommender that picks what it is asked not to leave out, in the order of the numbers."""

    def __init__(self, product_ids: list[int]) -> None:
        self.product_ids = product_ids

    def for_user(self, ask: Ask) -> Picks:
        found = [one for one in self.product_ids if one not in ask.exclude][: ask.k]
        return Picks(tuple(Pick(one, rank, 1 / rank, (), "test") for rank, one in enumerate(found, 1)), "v1", "hybrid")


@pytest.fixture
def dear(app: Flask) -> set[int]:
    """The fifteen least popular of 135 products: dear ones."""
    with unit_of_work() as tx:
        made = [make_product(tx, price_cents=CHEAP, popularity=500.0 - n, category="Cheap > Bits") for n in range(120)]
        rest = [make_product(tx, price_cents=DEAR, popularity=50.0 - n, category="Dear > Bits") for n in range(15)]
    app.extensions["recs"] = Obedient([*made, *rest])
    return set(rest)


def leave_out(**over: object) -> None:
    names = ("product_id", "category_id", "brand_id", "price_from_cents", "price_to_cents", "stock_from", "stock_to")
    values = dict.fromkeys((*names, "starts_at", "ends_at", "changed_by")) | {"action": "exclude", "note": ""}
    with unit_of_work() as tx:
        rules.add(tx, values | {"place": 1, "strength": 50, "changed_at": NOW} | over)


def test_a_list_is_full_while_there_is_something_to_sell(client: ShopClient, dear: set[int]) -> None:
    leave_out(price_from_cents=0, price_to_cents=50_000)
    found = client.get("/api/recommendations?k=10").get_json()["items"]
    assert len(found) == 10
    assert {item["product_id"] for item in found} <= dear


def test_the_home_page_of_somebody_new_is_full_too(client: ShopClient, dear: set[int]) -> None:
    leave_out(price_from_cents=0, price_to_cents=50_000)
    page = client.get("/").get_data(as_text=True)
    assert 'class="starter-item"' in page
    assert 'data-rail="popular"' in page


def test_what_is_left_out_takes_no_place_among_the_picks(app: Flask, dear: set[int]) -> None:
    with unit_of_work() as tx:
        actor = Actor(user_id=make_user(tx, "ana@example.com"))
        make_event(tx, actor, min(dear), at=NOW)
    leave_out(price_from_cents=0, price_to_cents=50_000)
    client: ShopClient = app.test_client()
    client.sign_in("ana@example.com")
    found = client.get("/api/recommendations?k=10").get_json()["items"]
    assert {item["source"] for item in found} == {"test"}


@pytest.mark.parametrize(
    "what",
    [
        {"price_from_cents": 5000},
        {"price_to_cents": CHEAP},
        {"stock_to": 10},
        {"stock_from": 11},
        {"price_from_cents": 0, "stock_from": 3},
    ],
)
def test_the_database_leaves_out_what_the_library_leaves_out(app: Flask, dear: set[int], what: dict) -> None:
    with unit_of_work() as tx:
        make_product(tx, stock=40, price_cents=CHEAP)
    leave_out(**what)
    compare()


def test_the_database_knows_categories_brands_and_products_as_the_library_does(app: Flask, dear: set[int]) -> None:
    with unit_of_work() as tx:
        make_product(tx, category="Dear > Bits > Small", brand="Brass")
        make_product(tx, category="Dear > Bitsy")
        row = tx.row(Product.__table__.select().where(Product.id == min(dear)))
    leave_out(category_id=row.category_id)
    leave_out(brand_id=row.brand_id, price_to_cents=CHEAP)
    leave_out(product_id=max(dear) + 2)
    compare()


def compare() -> None:
    with read_unit() as tx:
        book = rules.current(tx, now=NOW)
        cards = list(products.cards(tx, products.known_ids(tx, range(1, 1000))).values())
        assert leftout.ids(tx, book) == merchandising.left_out(book, cards, now=NOW)
