"""What is asked on every page costs the same in a shop of fifty thousand products."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.conftest import NOW
from tests.factories import make_product
from webapp.actors import Actor
from webapp.extensions import db
from webapp.store import catalogue, leftout, listings, orders, products, rules, search
from webapp.store.listings import ListingQuery
from webapp.store.tx import Tx, read_unit, unit_of_work

RULE = {"action": "exclude", "place": 1, "strength": 50, "changed_at": NOW}


def asked_by(ask: Callable[[Tx], object]) -> list[tuple[str, Any]]:
    """The statements of what is asked, with their parameters."""
    told: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        told.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with read_unit() as tx:
            ask(tx)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return told


def plan_of(ask: Callable[[Tx], object], of: str = "SELECT") -> str:
    """How SQLite means to answer what is asked, in the first statement that begins so."""
    told = asked_by(ask)
    statement, parameters = next(each for each in told if each[0].startswith(of))
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "\n".join(row[3] for row in rows)


def test_categories_are_counted_from_an_index(app: Flask) -> None:
    """Every page with a navigation asks for them; counted in one go it read all products, 100 ms for 50,000."""
    plan = plan_of(products.categories)
    assert "SEARCH products USING COVERING INDEX" in plan
    assert "category_id=? AND is_visible=?" in plan


def test_a_part_of_the_queue_of_orders_is_read_without_the_rest(app: Flask) -> None:
    """The owner's first page counted all orders beside the five it shows, half a second for 150,000."""
    plan = plan_of(lambda tx: orders.queue(tx, state="paid", limit=5))
    assert plan == "SEARCH orders USING INDEX ix_orders_state_orders_placed_at (state=?)"


def test_what_rules_leave_out_is_read_without_the_rest(app: Flask) -> None:
    """Every page with picks asks for it; hundreds of rules were tried on all of 50,000 products, for 200 ms."""
    with unit_of_work() as tx:
        shelf, brand = catalogue.put_category_path(tx, "Lamps", {}), catalogue.put_brand(tx, "Fjord", {})
        for condition in [{"product_id": make_product(tx)}, {"product_id": make_product(tx), "stock_to": 3}] * 2:
            rules.add(tx, RULE | condition)
        for condition in ({"category_id": shelf}, {"brand_id": brand}):
            rules.add(tx, RULE | condition)
    with read_unit() as tx:
        book = rules.current(tx, now=NOW)
    plan = plan_of(lambda tx: leftout.ids(tx, book))
    assert "SCAN products" not in plan
    assert "is_visible" not in plan.replace("category_id_products_is_visible", "")
    assert "SEARCH products USING INTEGER PRIMARY KEY (rowid=?)" in plan


@pytest.mark.parametrize("sort", ["popular", "newest", "price", "rating"])
def test_a_late_page_of_a_list_is_found_before_its_cards_are_made(app: Flask, sort: str) -> None:
    """Page 2,000 took half a second: the cards of the 1,999 pages before it were made with it."""
    with unit_of_work() as tx:
        made = [make_product(tx, price_cents=1000 + n, popularity=100.0 - n) for n in range(5)]
    query = ListingQuery(sort=sort, page=2, page_size=3)
    plan = plan_of(lambda tx: listings.page_of(tx, query, Actor()))
    assert plan.startswith("SEARCH products USING INTEGER PRIMARY KEY (rowid=?)")
    with read_unit() as tx:
        pages = [listings.page_of(tx, replace(query, page=page), Actor()) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [3, 2, 0]
    assert {card.product_id for page in pages for card in page} == set(made)


@pytest.mark.both_databases
@pytest.mark.parametrize("sort", ["name", "stock", "price", "updated"])
def test_the_owner_reads_the_rows_of_one_page_alone(app: Flask, sort: str) -> None:
    """The last of 1,000 pages took 0.9 s, and one behind it said that there is no product."""
    with unit_of_work() as tx:
        made = [make_product(tx, name=f"Lamp {n}", price_cents=1000 + n, stock=n + 1) for n in range(5)]
    asked: dict[str, Any] = {"query": "lamp", "category_id": None, "state": "", "sort": sort, "limit": 3}
    with read_unit() as tx:
        pages = [catalogue.owner_rows(tx, offset=offset, **asked) for offset in (0, 3, 6)]
    assert [(len(rows), total) for rows, total in pages] == [(3, 5), (2, 5), (0, 5)]
    found = [row[0] for rows, _total in pages for row in rows]
    assert found == made if sort != "updated" else sorted(found) == made
    if db.engine.dialect.name == "sqlite":
        plan = plan_of(lambda tx: catalogue.owner_rows(tx, offset=3, **asked), of="SELECT products.id, products.slug")
        assert plan.startswith("SEARCH products USING INTEGER PRIMARY KEY (rowid=?)")


@pytest.mark.both_databases
def test_what_a_search_finds_is_counted_without_scoring_it(app: Flask) -> None:
    """Two of the three statements of a search put all hits in an order that nobody reads: 0.3 s where most match."""
    with unit_of_work() as tx:
        lamp, other, near = (make_product(tx, name=name) for name in ("Oslo lamp", "Oslo chair", "Lantern"))
        make_product(tx, name="Kettle")
    query = ListingQuery(words=("oslo",), near=(near, lamp))

    def ask(tx: Tx) -> None:
        assert search.has_hits(tx, ["oslo"])
        assert listings.count_facets(tx, query).total == listings.total_of(tx, query) == len({lamp, other, near})

    told = " ".join(statement for statement, _parameters in asked_by(ask))
    assert not [score for score in ("bm25", "ts_rank", "rank()") if score in told]
