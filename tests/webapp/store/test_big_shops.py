"""What is asked on every page costs the same in a shop of fifty thousand products."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import event

from webapp.extensions import db
from webapp.store import orders, products
from webapp.store.tx import Tx, read_unit


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
