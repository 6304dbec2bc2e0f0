"""What is asked on every page costs the same in a shop of fifty thousand products."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import event

from tests.conftest import NOW
from tests.factories import make_product
from webapp.extensions import db
from webapp.store import catalogue, leftout, orders, products, rules
from webapp.store.tx import Tx, read_unit, unit_of_work

RULE = {"action": "exclude", "place": 1, "strength": 50, "changed_at": NOW}


def plan_of(ask: Callable[[Tx], object]) -> str:
    """How SQLite means to answer what is asked."""
    told: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        told.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with read_unit() as tx:
            ask(tx)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    statement, parameters = next(each for each in told if each[0].startswith("SELECT"))
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
