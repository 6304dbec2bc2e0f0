"""The transaction of a use case: whole or not at all, and in its turn."""

import threading
import time

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from tests.factories import make_product, make_user, variant_of
from webapp.errors import Busy
from webapp.store import products, stock
from webapp.store.models import User, Variant
from webapp.store.tx import Tx, read_unit, run_unit, unit_of_work

pytestmark = pytest.mark.both_databases


def test_an_error_leaves_nothing_behind(app: Flask) -> None:
    def fail_half_way() -> None:
        with unit_of_work() as tx:
            make_product(tx)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with read_unit() as tx:
        assert products.count(tx) == 0


def test_units_do_not_nest(app: Flask) -> None:
    with unit_of_work(), pytest.raises(RuntimeError, match="do not nest"), read_unit():
        pass


def test_a_second_writer_waits_for_the_first(app: Flask) -> None:
    """The lock is held for a while; the other writer gets its turn and no error."""
    inside, done = threading.Event(), []

    def hold() -> None:
        with app.app_context(), unit_of_work() as tx:
            make_user(tx)
            inside.set()
            time.sleep(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait()
    with unit_of_work() as tx:
        done.append(make_user(tx))
    holder.join()
    assert done


def test_work_is_run_again_when_the_database_is_busy(app: Flask) -> None:
    tries = []

    def work(_tx: Tx) -> str:
        tries.append(1)
        if len(tries) < 3:
            raise Busy
        return "done"

    assert run_unit(work) == "done"
    assert len(tries) == 3


def test_busy_is_told_when_patience_ends(app: Flask) -> None:
    def work(_tx: Tx) -> None:
        raise Busy

    with pytest.raises(Busy):
        run_unit(work, attempts=2)


@pytest.mark.parametrize("values", [{"stock": -1}, {"reserved": 11}, {"reserved": -1}, {"price_cents": -5}])
def test_the_database_itself_refuses_impossible_stock(tx: Tx, values: dict[str, int]) -> None:
    variant = variant_of(tx, make_product(tx, stock=10))
    with pytest.raises(IntegrityError):
        tx.change(update(Variant).where(Variant.id == variant).values(**values))


def test_reserving_is_all_or_nothing_and_says_what_is_short(tx: Tx) -> None:
    plenty, scarce = variant_of(tx, make_product(tx, stock=10)), variant_of(tx, make_product(tx, stock=1))
    assert stock.reserve_all(tx, {plenty: 2, scarce: 2}) == {scarce: 1}
    assert stock.reserve_all(tx, {scarce: 1}) == {}
    assert stock.free(tx, [scarce]) == {scarce: 0}


def test_who_has_read_row_by_row_may_write_afterwards(app: Flask) -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
        assert [row.email for row in tx.stream(select(User.email), size=1)] == ["ana@example.com"]
        assert tx.change(update(User).values(name="Ana")) == 1
