"""R4: stock is held when the payment begins, for fifteen minutes, and every piece is always sold, held or free."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_product, make_user, variant_of
from tests.webapp.reliability.crowd import Buyer, gather, shelf
from tests.webapp.reliability.deeds import HOLD, bank_says, kinds_of, place, state_of, stock_adds_up
from webapp.services.buying import checkout
from webapp.services.upkeep import housekeeping, outbox
from webapp.store import catalogue, orders, stock
from webapp.store.orders import OrderRow
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.both_databases
ON_HAND = 10


@pytest.fixture(autouse=True)
def _request(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


@pytest.fixture
def lamp(app: Flask) -> int:
    with unit_of_work() as tx:
        return make_product(tx, stock=ON_HAND, price_cents=2000)


@pytest.fixture
def buyers(app: Flask, lamp: int) -> list[Buyer]:
    with unit_of_work() as tx:
        return gather(tx, [[(variant_of(tx, lamp), 2)]] * 3)


def placed(buyer: Buyer, *, after: timedelta = timedelta()) -> OrderRow:
    return place(buyer.actor, buyer.key, buyer.total_cents, now=NOW + after)


def sold_of(*found: OrderRow) -> int:
    """Count the pieces in those of the orders that are paid."""
    with read_unit() as tx:
        lines = orders.lines(tx, [order.order_id for order in found if state_of_in(tx, order) == "paid"])
    return sum(line.quantity for rows in lines.values() for line in rows)


def state_of_in(tx: object, order: OrderRow) -> str:
    row = orders.by_id(tx, order.order_id)  # type: ignore[arg-type]
    assert row is not None
    return row.state


def test_r04_held_until_the_last_minute_then_free_for_others(buyers: list[Buyer], lamp: int) -> None:
    order = placed(buyers[0])
    assert shelf(lamp) == (ON_HAND, 2)
    assert checkout.sweep(now=NOW + HOLD - timedelta(seconds=1)) == 0
    assert checkout.sweep(now=NOW + HOLD) == 1
    assert (shelf(lamp), state_of(order)) == ((ON_HAND, 0), "cancelled")


def test_r04_a_sweeper_that_was_dead_for_a_day_catches_up(buyers: list[Buyer], lamp: int) -> None:
    found = [placed(buyer, after=timedelta(hours=hour)) for hour, buyer in enumerate(buyers)]
    bank_says(found[0], now=NOW + timedelta(minutes=5))
    assert shelf(lamp) == (ON_HAND - 2, 4)
    assert checkout.sweep(now=NOW + timedelta(days=1)) == 2
    assert [state_of(order) for order in found] == ["paid", "cancelled", "cancelled"]
    on_shelf, held = shelf(lamp)
    assert sold_of(*found) + held + (on_shelf - held) == ON_HAND
    assert stock_adds_up()


def test_r04_a_sweep_that_dies_in_the_middle_is_finished_by_the_next(
    buyers: list[Buyer], lamp: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [placed(buyer) for buyer in buyers]
    real, calls = stock.release_held, []

    def dies_at_the_second(tx: object, order_id: int) -> bool:
        calls.append(order_id)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(tx, order_id)  # type: ignore[arg-type]

    monkeypatch.setattr(stock, "release_held", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        checkout.sweep(now=NOW + HOLD)
    assert stock_adds_up()
    assert checkout.sweep(now=NOW + HOLD) == 2
    assert {state_of(order) for order in found} == {"cancelled"}
    assert shelf(lamp) == (ON_HAND, 0)


def test_r04_late_money_is_taken_when_the_pieces_are_still_there(buyers: list[Buyer], lamp: int) -> None:
    order = placed(buyers[0])
    checkout.sweep(now=NOW + HOLD)
    bank_says(order, now=NOW + timedelta(hours=1))
    assert (state_of(order), shelf(lamp)) == ("paid", (ON_HAND - 2, 0))
    assert stock_adds_up()


def test_r04_late_money_for_what_is_gone_goes_back(buyers: list[Buyer], lamp: int) -> None:
    order = placed(buyers[0])
    checkout.sweep(now=NOW + HOLD)
    with unit_of_work() as tx:
        catalogue.set_stock(tx, variant_of(tx, lamp), 1)
    bank_says(order, now=NOW + timedelta(hours=1))
    assert (state_of(order), shelf(lamp)) == ("cancelled", (1, 0))
    assert kinds_of(order)[-1] == "refunded_late"
    with read_unit() as tx:
        assert [row.state for row in orders.payments(tx, order.order_id)] == ["refunded"]


def test_r04_the_night_finds_stock_that_does_not_add_up_and_says_so_once(app: Flask, lamp: int) -> None:
    with unit_of_work() as tx:
        make_user(tx, "owner@example.com", role="owner")
        stock.reserve(tx, variant_of(tx, lamp), 3)
        wrong = variant_of(tx, lamp)
    for hour in range(3):
        assert housekeeping.check_stock(now=NOW + timedelta(hours=hour)) == [wrong]
    told: list[str] = []
    outbox.drain(lambda mail, _name: told.append(mail["Subject"]), now=NOW + timedelta(hours=4))
    assert told == ["Reserved stock does not add up"]


def test_r04_stock_is_not_held_for_the_day_of_a_clock_that_was_ahead(lamp: int, buyers: list[Buyer]) -> None:
    ahead, now = placed(buyers[0], after=timedelta(days=365)), placed(buyers[1])
    assert checkout.sweep(now=NOW + timedelta(minutes=1)) == 1
    assert (state_of(ahead), state_of(now)) == ("cancelled", "placed")
    assert stock_adds_up()
