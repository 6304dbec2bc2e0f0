"""Placing an order: once, whole, never more than there is - however many press at the same time."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import ADDRESS, make_guest, make_product, make_user, put_in_cart, ready_to_pay, variant_of
from webapp.actors import Actor
from webapp.buying import ProviderEvent
from webapp.errors import Conflict, InvalidInput, NotFound, OutOfStock
from webapp.providers import get_providers
from webapp.services.buying import checkout, payments
from webapp.services.people import accounts
from webapp.store import carts, catalogue, interactions, orders, products, users
from webapp.store.tx import read_unit, unit_of_work

HOLD = timedelta(minutes=15)


def place(actor: Actor, placing: checkout.Placing) -> orders.OrderRow:
    return checkout.place(actor, placing, currency="EUR", hold_for=HOLD, now=NOW)


def left(product_id: int) -> tuple[int, int]:
    """Return what lies on the shelf and what is reserved."""
    with read_unit() as tx:
        row = products.variants_of(tx, [product_id])[0]
    return row.stock, row.reserved


def pay(order: orders.OrderRow, kind: str = "succeeded", **over: object) -> str:
    with read_unit() as tx:
        attempt = orders.payments(tx, order.order_id)[-1]
    values = {
        "event_id": f"{attempt.reference}:{kind}",
        "reference": attempt.reference,
        "kind": kind,
        "amount_cents": attempt.amount_cents,
        "currency": attempt.currency,
    }
    return payments.apply_event("test", ProviderEvent(**(values | over)), now=NOW)


@pytest.fixture
def request_context(app: Flask):
    with app.test_request_context():
        yield


@pytest.fixture
def shopper(app: Flask, request_context: None) -> tuple[Actor, int]:
    """A guest with two lamps of a stock of ten in the cart."""
    with unit_of_work() as tx:
        guest, lamp = make_guest(tx), make_product(tx, stock=10, price_cents=2000)
        put_in_cart(tx, guest, lamp, 2)
    return guest, lamp


def test_an_order_reserves_then_sells(shopper: tuple[Actor, int]) -> None:
    actor, lamp = shopper
    order = place(actor, ready_to_pay(actor))
    assert (order.state, order.total_cents) == ("placed", 2 * 2000 + 490)
    assert left(lamp) == (10, 2)
    assert pay(order) == "applied"
    assert left(lamp) == (8, 0)
    with read_unit() as tx:
        paid = orders.by_id(tx, order.order_id)
        assert paid is not None
        assert paid.state == "paid"
        assert carts.load(tx, actor).lines == ()


def test_r5_the_same_key_gives_the_same_order(shopper: tuple[Actor, int]) -> None:
    actor, lamp = shopper
    placing = ready_to_pay(actor)
    assert {place(actor, placing).order_id for _press in range(5)} == {place(actor, placing).order_id}
    assert left(lamp) == (10, 2)


def test_r5_two_tabs_at_the_review_share_the_key_until_the_cart_changes(shopper: tuple[Actor, int]) -> None:
    actor, _lamp = shopper
    first, second = ready_to_pay(actor), ready_to_pay(actor)
    assert first.key == second.key
    with unit_of_work() as tx:
        cart = put_in_cart(tx, actor, make_product(tx))
        carts.touch(tx, cart, now=NOW)
    assert checkout.review(actor, currency="EUR", now=NOW)[0].key != first.key


def test_r6_the_same_key_with_another_body_is_refused(shopper: tuple[Actor, int]) -> None:
    actor, _lamp = shopper
    placing = ready_to_pay(actor)
    place(actor, placing)
    with pytest.raises(InvalidInput) as refused:
        place(actor, checkout.Placing(placing.key, placing.shown_cents, is_gift=True))
    assert list(refused.value.errors) == ["idempotency_key"]


def test_r6_a_declined_payment_can_be_tried_again(shopper: tuple[Actor, int]) -> None:
    actor, lamp = shopper
    order = place(actor, ready_to_pay(actor))
    pay(order, "declined")
    attempt = payments.open_payment(order.order_id, "test", now=NOW)
    assert attempt is not None
    assert attempt.attempt == 2
    pay(order)
    assert left(lamp) == (8, 0)


def test_somebody_elses_key_is_not_theirs_to_replay(shopper: tuple[Actor, int]) -> None:
    actor, _lamp = shopper
    placing = ready_to_pay(actor)
    place(actor, placing)
    with unit_of_work() as tx:
        other = make_guest(tx)
    with pytest.raises(NotFound):
        place(other, placing)


def test_s15_a_cart_that_changed_after_the_review_stops_the_order(shopper: tuple[Actor, int]) -> None:
    actor, lamp = shopper
    placing = ready_to_pay(actor)
    with unit_of_work() as tx:
        catalogue.set_variant(tx, variant_of(tx, lamp), price_cents=2500)
    with pytest.raises(Conflict):
        place(actor, placing)
    assert left(lamp) == (10, 0)
    found, changes = checkout.review(actor, currency="EUR", now=NOW)
    assert len(changes) == 1
    assert place(actor, checkout.Placing(found.key, found.sums.total_cents)).total_cents == 2 * 2500 + 0


@pytest.mark.parametrize("what", ["contact", "delivery"])
def test_s15_what_another_tab_chose_after_the_review_stops_the_order(shopper: tuple[Actor, int], what: str) -> None:
    """The sum is the same, but the goods or the letter would go elsewhere than the page said."""
    actor, _lamp = shopper
    placing = ready_to_pay(actor)
    if what == "contact":
        checkout.set_contact(actor, "ben@example.com")
    else:
        checkout.set_delivery(actor, ADDRESS | {"line1": "Birkenweg 2", "method": "standard"}, user_id=None)
    with pytest.raises(Conflict):
        place(actor, placing)
    again, _changes = checkout.review(actor, currency="EUR", now=NOW)
    with pytest.raises(Conflict):
        place(actor, placing)
    assert place(actor, checkout.Placing(again.key, placing.shown_cents)).state == "placed"


def test_what_is_gone_when_it_is_paid_is_called_sold_out(shopper: tuple[Actor, int]) -> None:
    actor, lamp = shopper
    placing = ready_to_pay(actor)
    with unit_of_work() as tx:
        catalogue.set_stock(tx, variant_of(tx, lamp), 0)
    with pytest.raises(OutOfStock, match="is sold out just now"):
        place(actor, placing)


def test_s15_steps_cannot_be_skipped(shopper: tuple[Actor, int]) -> None:
    actor, _lamp = shopper
    checkout.set_contact(actor, "ana@example.com")
    assert checkout.review(actor, currency="EUR", now=NOW)[0].step == "delivery"
    with pytest.raises(Conflict):
        place(actor, checkout.Placing("made-up-key", 4490))


@pytest.mark.parametrize("shown", [0, 1, 4489, 10**9, -1])
def test_s13_the_amount_sent_is_only_compared(shopper: tuple[Actor, int], shown: int) -> None:
    actor, _lamp = shopper
    with pytest.raises(Conflict):
        place(actor, checkout.Placing(ready_to_pay(actor).key, shown))


def test_delivery_is_free_above_its_threshold_and_tax_is_contained(shopper: tuple[Actor, int]) -> None:
    actor, _lamp = shopper
    with unit_of_work() as tx:
        put_in_cart(tx, actor, make_product(tx, price_cents=3000))
    placing = ready_to_pay(actor)
    order = place(actor, placing)
    assert (order.subtotal_cents, order.delivery_cents, order.total_cents) == (7000, 0, 7000)
    assert order.tax_cents == 1118  # 70.00 / 1.19 = 58.8235..., so 11.18 of it is tax


def test_r7_an_event_counts_once_in_any_order(shopper: tuple[Actor, int]) -> None:
    actor, lamp = shopper
    order = place(actor, ready_to_pay(actor))
    assert [pay(order), pay(order), pay(order, event_id="late")] == ["applied", "repeated", "applied"]
    assert left(lamp) == (8, 0)
    with read_unit() as tx:
        assert [row.kind for row in orders.events(tx, order.order_id)].count("paid") == 1


@pytest.mark.parametrize("over", [{"amount_cents": 1}, {"currency": "USD"}])
def test_s25_the_wrong_amount_pays_nothing(shopper: tuple[Actor, int], over: dict[str, object]) -> None:
    actor, lamp = shopper
    order = place(actor, ready_to_pay(actor))
    assert pay(order, **over) == "mismatch"
    assert left(lamp) == (10, 2)


def test_r4_unpaid_stock_comes_back_and_a_late_payment_is_still_served(shopper: tuple[Actor, int]) -> None:
    actor, lamp = shopper
    order = place(actor, ready_to_pay(actor))
    assert checkout.sweep(now=NOW + timedelta(minutes=14)) == 0
    assert checkout.sweep(now=NOW + timedelta(minutes=16)) == 1
    assert checkout.sweep(now=NOW + timedelta(minutes=17)) == 0
    assert left(lamp) == (10, 0)
    pay(order)
    assert left(lamp) == (8, 0)


def test_r4_a_late_payment_for_what_is_gone_is_paid_back(shopper: tuple[Actor, int]) -> None:
    actor, lamp = shopper
    order = place(actor, ready_to_pay(actor))
    checkout.sweep(now=NOW + timedelta(minutes=16))
    with unit_of_work() as tx:
        catalogue.set_stock(tx, variant_of(tx, lamp), 1)
    pay(order)
    assert left(lamp) == (1, 0)
    with read_unit() as tx:
        late = orders.by_id(tx, order.order_id)
        assert late is not None
        assert late.state == "cancelled"
        assert [row.state for row in orders.payments(tx, order.order_id)] == ["refunded"]


def test_r8_a_provider_that_never_answered_is_asked(shopper: tuple[Actor, int]) -> None:
    actor, lamp = shopper
    order = place(actor, ready_to_pay(actor))
    pay(order, "unknown")
    available = get_providers()
    assert payments.reconcile(available, now=NOW) == 0
    assert payments.reconcile(available, now=NOW + timedelta(minutes=2)) == 1
    assert payments.reconcile(available, now=NOW + timedelta(minutes=4)) == 0
    assert left(lamp) == (8, 0)


@pytest.mark.parametrize(("is_gift", "kinds"), [(False, ["purchase"]), (True, [])])
def test_a_gift_says_nothing_about_taste(shopper: tuple[Actor, int], is_gift: bool, kinds: list[str]) -> None:
    actor, _lamp = shopper
    placing = ready_to_pay(actor)
    pay(place(actor, checkout.Placing(placing.key, placing.shown_cents, is_gift)))
    with read_unit() as tx:
        assert [row.kind for row in interactions.recent(tx, actor, limit=9)] == kinds


def run_together(app: Flask, jobs: list[Callable[[], object]]) -> Counter[str]:
    """Run jobs in twelve threads and count how they end."""

    def one(job: Callable[[], object]) -> str:
        with app.app_context(), app.test_request_context():
            try:
                job()
            except Exception as error:
                return type(error).__name__
            return "ok"

    with ThreadPoolExecutor(12) as pool:
        return Counter(pool.map(one, jobs))


@pytest.mark.slow
def test_r7_the_browser_and_the_provider_at_once_pay_once(app: Flask, shopper: tuple[Actor, int]) -> None:
    actor, lamp = shopper
    order = place(actor, ready_to_pay(actor))
    ended = run_together(app, [lambda n=n: pay(order, event_id=f"event-{n % 3}") for n in range(12)])
    assert ended == {"ok": 12}
    assert left(lamp) == (8, 0)


def test_members_use_a_saved_address_and_nobody_elses(app: Flask, request_context: None) -> None:
    with unit_of_work() as tx:
        ana, ben = make_user(tx), make_user(tx)
        put_in_cart(tx, Actor(user_id=ana), make_product(tx))
        put_in_cart(tx, Actor(user_id=ben), make_product(tx))
    accounts.save_address(ana, ADDRESS, address_id=None, countries={"DE"}, now=NOW)
    with read_unit() as tx:
        saved = users.addresses(tx, ana)[0].address_id
    chosen = {"address_id": str(saved), "method": "standard"}
    checkout.set_delivery(Actor(user_id=ana), chosen, user_id=ana)
    assert checkout.load(Actor(user_id=ana), currency="EUR", now=NOW).address["city"] == "Berlin"
    with pytest.raises(InvalidInput) as refused:
        checkout.set_delivery(Actor(user_id=ben), chosen, user_id=ben)
    assert list(refused.value.errors) == ["address_id"]
