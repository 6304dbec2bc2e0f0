"""Vouchers: entered in the cart, used in the moment of the order, given back when it is not paid."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import (
    PASSWORD,
    make_guest,
    make_product,
    make_user,
    make_voucher,
    put_in_cart,
    ready_to_pay,
)
from tests.webapp.reliability.deeds import HOLD, bank_says, place, state_of, stock_adds_up
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.services.buying import carts, checkout, orders, vouchers
from webapp.services.people import privacy
from webapp.store import carts as cart_store
from webapp.store import orders as order_store
from webapp.store import vouchers as store
from webapp.store.orders import OrderRow
from webapp.store.rows import VoucherRow
from webapp.store.tx import read_unit, unit_of_work

pytestmark = pytest.mark.both_databases
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def page(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def shopper(quantity: int = 2) -> Actor:
    """Make a guest with lamps at 20.00 in the cart."""
    with unit_of_work() as tx:
        guest = make_guest(tx)
        put_in_cart(tx, guest, make_product(tx, price_cents=2000), quantity)
    return guest


def member(email: str, quantity: int = 2) -> Actor:
    with unit_of_work() as tx:
        actor = Actor(user_id=make_user(tx, email))
        put_in_cart(tx, actor, make_product(tx, price_cents=2000), quantity)
    return actor


def voucher(code: str = "SPRING") -> VoucherRow:
    with read_unit() as tx:
        found = store.by_code(tx, code)
    assert found is not None
    return found


def make(code: str = "SPRING", **over: object) -> None:
    with unit_of_work() as tx:
        make_voucher(tx, code, **over)


def order_with(actor: Actor, code: str = "SPRING") -> OrderRow:
    vouchers.enter(actor, code, now=utc_now())
    placing = ready_to_pay(actor)
    return place(actor, placing.key, placing.shown_cents, now=utc_now())


def why_not(actor: Actor, code: str) -> str:
    with pytest.raises(InvalidInput) as refused:
        vouchers.enter(actor, code, now=NOW)
    assert list(refused.value.errors) == ["code"]
    return refused.value.errors["code"]


@pytest.mark.parametrize("typed", ["SPRING", "spring", "  Spring ", "spr ing"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    make()
    guest = shopper()
    vouchers.enter(guest, typed, now=NOW)
    cart = carts.load(guest)
    assert cart.voucher is not None
    assert checkout.cart_sums(guest, cart, currency="EUR", now=NOW)[0].discount_cents == 400


@pytest.mark.parametrize("typed", ["", "SUMMER", "a", "'; DROP TABLE vouchers", "x" * 300, "ſpring"])
def test_an_unknown_code_is_said_to_be_unknown(typed: str) -> None:
    make()
    assert "do not know" in why_not(shopper(), typed)


@pytest.mark.parametrize(
    ("over", "word"),
    [
        ({"is_active": False}, "expired"),
        ({"ends_at": NOW - timedelta(days=1)}, "expired"),
        ({"starts_at": NOW + timedelta(days=1)}, "not valid yet"),
        ({"max_uses": 1, "uses": 1}, "used up"),
        ({"min_cents": 4001}, "€40.01"),
    ],
)
def test_why_a_voucher_cannot_be_used(over: dict[str, object], word: str) -> None:
    make(**over)
    guest = shopper()
    assert word in why_not(guest, "SPRING")
    assert carts.load(guest).voucher is None


def test_a_voucher_of_one_member_is_for_nobody_else() -> None:
    ana, ben, guest = member("ana@example.com"), member("ben@example.com"), shopper()
    make(user_id=ana.user_id)
    assert "Sign in" in why_not(guest, "SPRING")
    assert "another member" in why_not(ben, "SPRING")
    assert order_with(ana).discount_cents == 400


def test_an_empty_cart_takes_no_voucher() -> None:
    make()
    with unit_of_work() as tx:
        guest = make_guest(tx)
    with pytest.raises(Conflict):
        vouchers.enter(guest, "SPRING", now=NOW)


def test_a_second_voucher_takes_the_place_of_the_first_and_can_be_taken_out() -> None:
    make()
    make("FIVE", kind="amount", value=500)
    guest = shopper()
    vouchers.enter(guest, "SPRING", now=NOW)
    vouchers.enter(guest, "FIVE", now=NOW)
    assert checkout.cart_sums(guest, carts.load(guest), currency="EUR", now=NOW)[0].discount_cents == 500
    vouchers.leave(guest, now=NOW)
    vouchers.leave(guest, now=NOW)
    assert carts.load(guest).voucher is None


def test_an_order_keeps_its_voucher_and_the_cart_lets_go_of_it() -> None:
    make(max_uses=5)
    guest = shopper()
    order = order_with(guest)
    assert (order.subtotal_cents, order.discount_cents, order.delivery_cents) == (4000, 400, 490)
    assert (order.total_cents, order.tax_cents, order.voucher_code) == (4090, 653, "SPRING")
    assert voucher().uses == 1
    with read_unit() as tx:
        assert cart_store.load(tx, guest).voucher is None


def test_nothing_to_pay_is_paid_at_once() -> None:
    make(kind="percent", value=100)
    order = order_with(shopper(quantity=3))
    assert (order.total_cents, order.tax_cents, order.state) == (0, 0, "paid")


def test_a_voucher_entered_after_the_review_has_the_new_total_shown_first() -> None:
    make()
    guest = shopper()
    placing = ready_to_pay(guest)
    vouchers.enter(guest, "SPRING", now=NOW)
    with pytest.raises(Conflict):
        place(guest, placing.key, placing.shown_cents, now=utc_now())
    again = ready_to_pay(guest)
    assert again.shown_cents == placing.shown_cents - 400
    assert place(guest, again.key, again.shown_cents, now=utc_now()).total_cents == again.shown_cents


def test_a_voucher_that_ended_meanwhile_is_said_and_not_counted() -> None:
    make()
    guest = shopper()
    vouchers.enter(guest, "SPRING", now=NOW)
    placing = ready_to_pay(guest)
    vouchers.switch("SPRING", on=False, user_id=None, now=NOW)
    with pytest.raises(Conflict):
        place(guest, placing.key, placing.shown_cents, now=utc_now())
    found, changes = checkout.review(guest, currency="EUR", now=utc_now())
    assert "expired" in changes[0]
    order = place(guest, found.key, found.sums.total_cents, now=utc_now())
    assert (order.discount_cents, order.voucher_code, voucher().uses) == (0, "", 0)


def test_once_for_each_shopper_knows_a_guest_by_the_address() -> None:
    make(per_user=1)
    order_with(shopper())
    same_person = shopper()
    vouchers.enter(same_person, "SPRING", now=utc_now())
    checkout.set_contact(same_person, "Ana@Example.com")
    found = checkout.load(same_person, currency="EUR", now=utc_now())
    assert "already" in found.sums.voucher_problem
    assert "already" in why_not(same_person, "SPRING")
    ben = member("ben@example.com")
    vouchers.enter(ben, "SPRING", now=utc_now())


def test_a_guests_voucher_comes_along_when_signing_in() -> None:
    make()
    guest, ana = shopper(), member("ana@example.com", quantity=1)
    vouchers.enter(guest, "SPRING", now=NOW)
    with unit_of_work() as tx:
        carts.merge(tx, guest.guest_id or 0, ana.user_id or 0, now=NOW)
    assert carts.load(ana).voucher == voucher()


def test_a_cancelled_order_gives_its_use_back_once() -> None:
    make(max_uses=1)
    ana = member("ana@example.com")
    order = order_with(ana)
    assert voucher().uses == 1
    orders.cancel_own(ana.user_id or 0, order.number, now=utc_now())
    with pytest.raises(Conflict):
        orders.cancel_own(ana.user_id or 0, order.number, now=utc_now())
    assert voucher().uses == 0


def test_an_order_the_owner_cancels_gives_its_use_back() -> None:
    make(max_uses=1, per_user=1)
    with unit_of_work() as tx:
        owner = make_user(tx, "owner@example.com", role="owner")
    guest = shopper()
    order = order_with(guest)
    orders.advance(order.number, to_state="cancelled", note="", version=1, user_id=owner, now=utc_now())
    assert voucher().uses == 0
    with unit_of_work() as tx:
        put_in_cart(tx, guest, make_product(tx, price_cents=2000))
    assert order_with(guest).voucher_code == "SPRING"


def test_an_order_not_paid_in_time_gives_its_use_back_once() -> None:
    make(max_uses=1)
    order_with(shopper())
    later = utc_now() + 2 * HOLD
    assert [checkout.sweep(now=later), checkout.sweep(now=later)] == [1, 0]
    assert voucher().uses == 0


def test_a_deleted_account_gives_back_what_its_unpaid_order_used() -> None:
    ana = member("ana@example.com")
    make(max_uses=1)
    order_with(ana)
    privacy.delete_account(ana.user_id or 0, PASSWORD, keep_reviews=False, now=utc_now())
    assert voucher().uses == 0


def test_the_voucher_of_a_member_goes_with_the_account_and_the_order_keeps_its_code() -> None:
    ana = member("ana@example.com")
    make(user_id=ana.user_id)
    order = order_with(ana)
    privacy.delete_account(ana.user_id or 0, PASSWORD, keep_reviews=False, now=utc_now())
    with read_unit() as tx:
        assert store.by_code(tx, "SPRING") is None
        kept = order_store.by_id(tx, order.order_id)
    assert kept is not None
    assert (kept.voucher_code, kept.discount_cents) == ("SPRING", 400)


def test_a_refunded_order_keeps_its_use() -> None:
    make(max_uses=1)
    with unit_of_work() as tx:
        owner = make_user(tx, "owner@example.com", role="owner")
    order = order_with(shopper())
    bank_says(order, now=utc_now())
    orders.advance(order.number, to_state="refunded", note="", version=2, user_id=owner, now=utc_now())
    assert (state_of(order), voucher().uses) == ("refunded", 1)


def test_late_money_counts_the_voucher_again() -> None:
    make(max_uses=1)
    order = order_with(shopper())
    checkout.sweep(now=utc_now() + 2 * HOLD)
    bank_says(order, now=utc_now() + 3 * HOLD)
    assert (state_of(order), voucher().uses) == ("paid", 1)


def test_late_money_for_a_voucher_somebody_else_has_used_goes_back() -> None:
    make(max_uses=1)
    order = order_with(shopper())
    checkout.sweep(now=utc_now() + 2 * HOLD)
    order_with(member("ben@example.com"))
    bank_says(order, now=utc_now() + 3 * HOLD)
    assert (state_of(order), voucher().uses) == ("cancelled", 1)
    with read_unit() as tx:
        assert [row.state for row in order_store.payments(tx, order.order_id)] == ["refunded"]
    assert stock_adds_up()


def create(**fields: str) -> VoucherRow:
    given = {"code": "spring", "kind": "percent", "value": "10"} | fields
    return voucher(vouchers.create(given, currency="EUR", zone=BERLIN, user_id=None, now=NOW))


def test_the_owner_makes_a_voucher() -> None:
    with unit_of_work() as tx:
        ana = make_user(tx, "ana@example.com")
    days = {"starts": "2026-12-01", "ends": "2026-12-24"}
    made = create(kind="amount", value="7,50", min="30", max_uses="100", per_user="1", member="Ana@example.com", **days)
    assert (made.code, made.kind, made.value, made.min_cents) == ("SPRING", "amount", 750, 3000)
    assert (made.max_uses, made.per_user, made.user_id) == (100, 1, ana)
    assert made.starts_at is not None
    assert made.ends_at is not None
    assert made.starts_at.astimezone(BERLIN).isoformat() == "2026-12-01T00:00:00+01:00"
    assert made.ends_at.astimezone(BERLIN).date().isoformat() == "2026-12-24"


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": ""},
        {"code": "ab"},
        {"code": "späti"},
        {"kind": "gift"},
        {"value": ""},
        {"value": "0"},
        {"value": "101"},
        {"value": "9.5"},
        {"kind": "amount", "value": "0"},
        {"kind": "amount", "value": "-5"},
        {"kind": "amount", "value": "1e99"},
        {"min": "much"},
        {"starts": "tomorrow"},
        {"ends": "2026-13-01"},
        {"starts": "2026-12-02", "ends": "2026-12-01"},
        {"max_uses": "0"},
        {"per_user": "٣"},
        {"member": "nobody@example.com"},
        {"member": "nobody\0"},
    ],
)
def test_a_wrong_field_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        create(**wrong)
    assert list(refused.value.errors) == [list(wrong)[-1]]
    assert vouchers.every() == []


def test_a_code_is_there_once() -> None:
    create()
    with pytest.raises(InvalidInput) as refused:
        create(code="SPRING")
    assert list(refused.value.errors) == ["code"]


def test_a_voucher_that_is_not_there_cannot_be_switched() -> None:
    with pytest.raises(NotFound):
        vouchers.switch("SUMMER", on=False, user_id=None, now=NOW)
