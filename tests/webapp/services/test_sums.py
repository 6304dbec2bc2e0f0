"""What a cart costs: exact in whole minor units, whatever lies in it, whatever voucher and delivery it has."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from webapp.buying import Sums, VoucherUser, contained_tax_cents, delivery_cents, discount_cents, sums_of
from webapp.store.delivery import DeliveryRow
from webapp.store.rows import CartRow, LineRow, VoucherRow

CENTS = st.integers(0, 10**9)


def line(price_cents: int, quantity: int) -> LineRow:
    return LineRow(1, 1, 1, "lamp", "Lamp", "", quantity, price_cents, price_cents, None, "EUR", 99, True, "L", None)


def row(**over: object) -> VoucherRow:
    """Return a voucher for ten percent that everybody can use."""
    plain = {"min_cents": 0, "starts_at": None, "ends_at": None, "max_uses": None, "per_user": None}
    values = {"voucher_id": 1, "code": "SPRING", "kind": "percent", "value": 10, "uses": 0, "is_active": True}
    return VoucherRow(**(values | plain | over))


def method(price_cents: int = 490, free_from_cents: int | None = 5000) -> DeliveryRow:
    return DeliveryRow("standard", "Standard", price_cents, free_from_cents, ["DE"], 2, 4)


def sums(*lines: LineRow, code: VoucherRow | None = None, permille: int = 190, **over: object) -> Sums:
    how = over.pop("method", method())
    return sums_of(CartRow(1, 1, {}, lines, code), how, permille, "EUR", **({"now": NOW} | over))


kinds = st.one_of(
    st.none(),
    st.builds(lambda n: row(value=n), st.integers(0, 100)),
    st.builds(lambda n: row(kind="amount", value=n), CENTS),
    st.just(row(kind="free_delivery", value=0)),
    st.builds(lambda n: row(min_cents=n), CENTS),
)
methods = st.one_of(st.none(), st.builds(method, CENTS, st.one_of(st.none(), CENTS)))


@given(st.lists(st.builds(line, CENTS, st.integers(1, 99)), max_size=20), kinds, methods, st.integers(0, 500))
def test_lines_voucher_and_delivery_add_up_to_the_total(
    lines: list[LineRow], code: VoucherRow | None, how: DeliveryRow | None, permille: int
) -> None:
    found = sums(*lines, code=code, method=how, permille=permille)
    goods = sum(each.price_cents * each.quantity for each in lines)
    assert found.subtotal_cents == goods
    assert found.total_cents == goods - found.discount_cents + (found.delivery_cents or 0)
    assert 0 <= found.discount_cents <= goods
    assert found.total_cents >= 0
    assert 0 <= found.tax_cents <= found.total_cents
    assert (found.delivery_cents is None) == (how is None)
    if not lines:
        assert (found.discount_cents, found.voucher_code, found.voucher_problem) == (0, "", "")


@given(CENTS, st.integers(0, 500))
def test_the_tax_is_the_nearest_cent_to_what_the_price_contains(total_cents: int, permille: int) -> None:
    exact = Fraction(total_cents * permille, 1000 + permille)
    assert abs(contained_tax_cents(total_cents, permille) - exact) <= Fraction(1, 2)
    net = total_cents - contained_tax_cents(total_cents, permille)
    assert abs(net * (1000 + permille) - total_cents * 1000) <= (1000 + permille) / 2


@given(CENTS, st.integers(0, 100))
def test_percent_is_the_nearest_cent(goods_cents: int, percent: int) -> None:
    assert abs(discount_cents(row(value=percent), goods_cents) - Fraction(goods_cents * percent, 100)) <= Fraction(1, 2)


@pytest.mark.parametrize(("cents", "percent", "off"), [(5, 10, 1), (4, 10, 0), (15, 10, 2), (999, 15, 150), (1, 50, 1)])
def test_half_a_cent_off_is_a_whole_one(cents: int, percent: int, off: int) -> None:
    assert discount_cents(row(value=percent), cents) == off


@pytest.mark.parametrize(
    ("total", "permille", "tax"),
    [(11900, 190, 1900), (4490, 190, 717), (100, 0, 0), (0, 190, 0), (3, 200, 1), (1070, 70, 70)],
)
def test_contained_tax_by_hand(total: int, permille: int, tax: int) -> None:
    """4490 * 190 / 1190 = 716.89; 3 * 200 / 1200 = 0.5."""
    assert contained_tax_cents(total, permille) == tax


def test_a_voucher_is_taken_off_the_goods_and_never_off_the_delivery() -> None:
    found = sums(line(2000, 2), code=row(kind="amount", value=10_000))
    assert (found.discount_cents, found.delivery_cents, found.total_cents) == (4000, 490, 490)


def test_whether_delivery_is_free_is_decided_by_the_goods_before_the_voucher() -> None:
    assert sums(line(5000, 1), code=row(value=50)).delivery_cents == 0
    assert sums(line(4999, 1), code=row(value=50)).delivery_cents == 490


def test_free_delivery_is_free_whatever_way_is_chosen() -> None:
    found = sums(line(2000, 1), code=row(kind="free_delivery", value=0), method=method(1290, None))
    assert (found.delivery_cents, found.total_cents, found.voucher_code) == (0, 2000, "SPRING")
    assert found.is_delivery_free
    assert delivery_cents(method(), 2000) == 490


@pytest.mark.parametrize(
    ("over", "user", "word"),
    [
        ({"is_active": False}, VoucherUser(), "expired"),
        ({"ends_at": NOW}, VoucherUser(), "expired"),
        ({"starts_at": NOW + timedelta(seconds=1)}, VoucherUser(), "not valid yet"),
        ({"max_uses": 3, "uses": 3}, VoucherUser(), "used up"),
        ({"per_user": 2}, VoucherUser(n_used=2), "already"),
        ({"min_cents": 2001}, VoucherUser(), "€20.01"),
        ({"user_id": 7}, VoucherUser(), "Sign in"),
        ({"user_id": 7}, VoucherUser(user_id=8), "another member"),
    ],
)
def test_a_voucher_that_does_not_count_says_why_and_takes_nothing_off(
    over: dict[str, object], user: VoucherUser, word: str
) -> None:
    found = sums(line(2000, 1), code=row(**over), user=user)
    assert word in found.voucher_problem
    assert (found.discount_cents, found.voucher_code, found.total_cents) == (0, "", 2490)


@pytest.mark.parametrize(
    ("over", "user"),
    [
        ({"ends_at": NOW + timedelta(seconds=1), "starts_at": NOW}, VoucherUser()),
        ({"max_uses": 3, "uses": 2}, VoucherUser()),
        ({"per_user": 2}, VoucherUser(n_used=1)),
        ({"min_cents": 2000}, VoucherUser()),
        ({"user_id": 7}, VoucherUser(user_id=7)),
    ],
)
def test_right_up_to_its_bounds_a_voucher_counts(over: dict[str, object], user: VoucherUser) -> None:
    found = sums(line(2000, 1), code=row(**over), user=user)
    assert (found.voucher_problem, found.discount_cents) == ("", 200)
