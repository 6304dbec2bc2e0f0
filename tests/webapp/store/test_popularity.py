"""How sought-after a product is: people by what they did with it, the recent ones more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier, Thread, local

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from tests.factories import make_event, make_guest, make_product, make_user, put_in_cart, ready_to_pay
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.extensions import db
from webapp.services.buying import checkout
from webapp.services.upkeep import housekeeping, pieces
from webapp.store import popularity, stock, users
from webapp.store.models import Product
from webapp.store.tx import Tx, read_unit, unit_of_work


@pytest.mark.both_databases
def test_people_are_counted_and_each_for_the_most_recent_time(app: Flask) -> None:
    """Nobody is who has paused: only the pieces they bought are in the shop's sum of what was sold."""
    now = utc_now()
    with unit_of_work() as tx:
        lamp, member = make_product(tx), Actor(user_id=make_user(tx))
        for days in (400, 100, 1, 1):
            make_event(tx, member, lamp, at=now - timedelta(days=days))
        make_event(tx, member, lamp, "cart", at=now - timedelta(days=60))
        make_event(tx, member, lamp, "purchase", value=3.0, order_ref="2026-A", at=now)
        for _guest in range(2):
            make_event(tx, make_guest(tx), lamp, at=now)
        for paused in (make_guest(tx), Actor(user_id=make_user(tx))):
            for kind in ("view", "cart", "purchase"):
                make_event(tx, paused, lamp, kind, at=now)
            users.set_personalised(tx, paused, on=False)
        unseen = make_product(tx, popularity=7.0, sold_count=9)
        popularity.refresh(tx, now=now)
        found = {row[0]: row[1:] for row in tx.rows(select(Product.id, Product.popularity, Product.sold_count))}
    assert found[lamp] == (3 * 1.0 + 3.0 * 0.5 + 5.0, 3 + 2)
    assert found[unseen] == (0.0, 0)


@pytest.mark.both_databases
@pytest.mark.parametrize(("is_paused", "gained"), [(False, 2.0), (True, 0.0)])
def test_what_is_sold_moves_shelves_unless_the_buyer_has_paused(app: Flask, is_paused: bool, gained: float) -> None:
    with unit_of_work() as tx:
        lamp, member = make_product(tx), Actor(user_id=make_user(tx), is_personalised=not is_paused)
        put_in_cart(tx, member, lamp, 2)
        users.set_personalised(tx, member, on=not is_paused)
    with app.test_request_context():
        order = checkout.place(
            member, ready_to_pay(member), currency="EUR", hold_for=timedelta(minutes=5), now=utc_now()
        )
    with unit_of_work() as tx:
        assert stock.sell_held(tx, order.order_id)
        row = tx.row(select(Product.popularity, Product.sold_count).where(Product.id == lamp))
    assert tuple(row) == (gained, 2)


@pytest.mark.both_databases
def test_who_buys_while_it_is_counted_waits_for_nothing_and_is_counted(app: Flask) -> None:
    """Counting the events and the stock of a big shop takes seconds, every hour."""
    now = utc_now()
    with unit_of_work() as tx:
        lamp, vase = make_product(tx, popularity=7.0, sold_count=9), make_product(tx, popularity=1.0)
        for product in (lamp, vase):
            make_event(tx, Actor(user_id=make_user(tx)), product, "purchase", value=2.0, order_ref="2026-A", at=now)
    sold = update(Product).where(Product.id == lamp)
    sold = sold.values(popularity=Product.popularity + 3, sold_count=Product.sold_count + 3)
    n_bought = 0

    def buy() -> None:
        with app.app_context(), db.engine.begin() as other:
            other.exec_driver_sql("PRAGMA busy_timeout=50" if is_sqlite else "SET LOCAL lock_timeout='50ms'")
            other.execute(sold)

    def while_counting(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal n_bought
        if statement.startswith("SELECT") and "sum(" in statement:
            with ThreadPoolExecutor() as thread:
                thread.submit(buy).result()
            n_bought += 1

    is_sqlite = db.engine.dialect.name == "sqlite"
    event.listen(db.engine, "after_cursor_execute", while_counting)
    try:
        housekeeping.tidy(now=now)
    finally:
        event.remove(db.engine, "after_cursor_execute", while_counting)
    with read_unit() as tx:
        found = {row[0]: row[1:] for row in tx.rows(select(Product.id, Product.popularity, Product.sold_count))}
    assert n_bought == 3
    assert found[lamp] == (5.0 + 3 * n_bought, 2 + 3 * n_bought)
    assert found[vase] == (5.0, 2)


def counting_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch, n: int) -> Callable[[], None]:
    """Return what counts in so many threads, each of which has counted once before any of them writes."""
    monkeypatch.setattr(housekeeping, "REST_SECONDS", 0.01)
    together, count, counted = Barrier(n), popularity.count, local()

    def count_and_wait(tx: Tx, *, now: datetime) -> object:
        found = count(tx, now=now)
        if not hasattr(counted, "once"):
            counted.once = True
            together.wait(60)
        return found

    def work(_number: int) -> None:
        with app.app_context():
            housekeeping.count_popularity(now=utc_now())

    monkeypatch.setattr(popularity, "count", count_and_wait)

    def run() -> None:
        with ThreadPoolExecutor(n) as threads:
            list(threads.map(work, range(n)))

    return run


@pytest.mark.both_databases
@pytest.mark.parametrize("at_once", [1000, 2], ids=["one piece", "many pieces"])
def test_counted_at_once_each_product_is_moved_once(app: Flask, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """At the end of an import and in the hourly tidying: both moved figures by what they had been wrong before."""
    now = utc_now()
    with unit_of_work() as tx:
        bought = [make_product(tx, popularity=7.0, sold_count=9) for _product in range(9)]
        for product in bought:
            make_event(tx, Actor(user_id=make_user(tx)), product, "purchase", value=2.0, order_ref="2026-A", at=now)
    monkeypatch.setattr(pieces, "WRITTEN_AT_ONCE", at_once)
    counting_at_once(app, monkeypatch, 3)()
    with read_unit() as tx:
        found = [tuple(row) for row in tx.rows(select(Product.popularity, Product.sold_count))]
    assert found == [(5.0, 2)] * len(bought)


@pytest.mark.both_databases
def test_who_counted_between_two_pieces_of_another_does_not_move_the_second_twice(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other count goes on first, then this one counts anew, then writes all."""
    monkeypatch.setattr(housekeeping, "REST_SECONDS", 0.01)
    now = utc_now()
    with unit_of_work() as tx:
        for _product in range(2):
            product = make_product(tx, popularity=7.0, sold_count=9)
            make_event(tx, Actor(user_id=make_user(tx)), product, "purchase", value=2.0, order_ref="2026-A", at=now)
    with read_unit() as tx:
        first = popularity.count(tx, now=now)
    with unit_of_work() as tx:
        popularity.write(tx, first.found[:1], turn=first.turn, now=now)
    with read_unit() as tx:
        between = popularity.count(tx, now=now)
    assert len(between.found) == 1
    with unit_of_work() as tx:
        popularity.write(tx, first.found[1:], turn=first.turn + 1, now=now)
    with pytest.raises(popularity.OvertakenError), unit_of_work() as tx:
        popularity.write(tx, between.found, turn=between.turn, now=now)
    housekeeping.count_popularity(now=now)
    with read_unit() as tx:
        assert [tuple(row) for row in tx.rows(select(Product.popularity, Product.sold_count))] == [(5.0, 2)] * 2


@pytest.mark.both_databases
def test_what_is_sold_while_several_count_is_counted_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    n_sold, run = 20, counting_at_once(app, monkeypatch, 2)
    with unit_of_work() as tx:
        lamp, member = make_product(tx, sold_count=9), Actor(user_id=make_user(tx))
    counting = Thread(target=run)
    counting.start()
    for sale in range(n_sold):
        with unit_of_work() as tx:
            make_event(tx, member, lamp, "purchase", value=1.0, order_ref=f"2026-{sale}", at=utc_now())
            tx.change(update(Product).where(Product.id == lamp).values(sold_count=Product.sold_count + 1))
    counting.join()
    with read_unit() as tx:
        assert tx.scalar(select(Product.sold_count).where(Product.id == lamp)) == n_sold
