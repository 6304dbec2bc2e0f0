"""The rules and plain values of buying that need no database: sums, what changed, what a payment provider is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from webapp.formatting import money
from webapp.store.delivery import DeliveryRow
from webapp.store.orders import OrderEventRow, OrderLineRow, OrderRow, PaymentRow
from webapp.store.rows import CartRow, LineRow, VoucherRow


@dataclass(frozen=True, slots=True)
class Sums:
    """What an order costs. Prices contain their tax; ``tax_cents`` says how much of the total that is."""

    subtotal_cents: int
    delivery_cents: int | None
    tax_cents: int
    total_cents: int
    currency: str
    discount_cents: int = 0
    voucher_code: str = ""
    voucher_problem: str = ""
    is_delivery_free: bool = False


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout as far as it has come."""

    cart: CartRow
    email: str = ""
    address: dict[str, str] = field(default_factory=dict)
    method: DeliveryRow | None = None
    methods: tuple[DeliveryRow, ...] = ()
    payment: str = ""
    key: str = ""
    is_gift: bool = False
    sums: Sums = field(default_factory=lambda: Sums(0, None, 0, 0, "EUR"))

    @property
    def step(self) -> str:
        """The first step that is not done."""
        if not self.email:
            return "contact"
        if not self.address or self.method is None:
            return "delivery"
        return "review" if self.payment else "payment"

    @property
    def countries(self) -> list[str]:
        """Where something is delivered to."""
        return sorted({country for method in self.methods for country in method.countries})


def delivery_cents(method: DeliveryRow, subtotal_cents: int, *, is_free: bool = False) -> int:
    """Return what a delivery costs for a cart of this worth; nothing where a voucher makes it free."""
    is_worth_it = method.free_from_cents is not None and subtotal_cents >= method.free_from_cents
    return 0 if is_free or is_worth_it else method.price_cents


@dataclass(frozen=True, slots=True)
class VoucherUser:
    """Who wants to use a voucher, and how often they have already."""

    user_id: int | None = None
    n_used: int = 0


def voucher_problem(
    voucher: VoucherRow, subtotal_cents: int, user: VoucherUser, *, currency: str, now: datetime
) -> str:
    """Say why a voucher does not count for goods of this worth and this person; empty when it does."""
    if voucher.user_id is not None and user.user_id is None:
        return _("The voucher %(code)s is for one member. Sign in to use it.", code=voucher.code)
    if voucher.user_id is not None and voucher.user_id != user.user_id:
        return _("The voucher %(code)s is for another member.", code=voucher.code)
    if not voucher.is_active or (voucher.ends_at is not None and voucher.ends_at <= now):
        return _("The voucher %(code)s has expired.", code=voucher.code)
    if voucher.starts_at is not None and voucher.starts_at > now:
        return _("The voucher %(code)s is not valid yet.", code=voucher.code)
    if voucher.max_uses is not None and voucher.uses >= voucher.max_uses:
        return _("The voucher %(code)s is used up.", code=voucher.code)
    if voucher.per_user is not None and user.n_used >= voucher.per_user:
        return _("You have used the voucher %(code)s already.", code=voucher.code)
    if subtotal_cents < voucher.min_cents:
        least = money(voucher.min_cents, currency, str(get_locale() or "en"))
        return _("The voucher %(code)s counts from goods worth %(amount)s on.", code=voucher.code, amount=least)
    return ""


def discount_cents(voucher: VoucherRow, subtotal_cents: int) -> int:
    """Return what a voucher takes off the goods; percents are rounded half up."""
    if voucher.kind == "percent":
        return (subtotal_cents * voucher.value + 50) // 100
    return min(voucher.value, subtotal_cents) if voucher.kind == "amount" else 0


def contained_tax_cents(total_cents: int, permille: int) -> int:
    """Return the tax contained in an amount at a rate in thousandths of the net; rounded half up, once per order."""
    return (2 * total_cents * permille + 1000 + permille) // (2 * (1000 + permille))


def sums_of(
    cart: CartRow,
    method: DeliveryRow | None,
    permille: int,
    currency: str,
    *,
    now: datetime,
    user: VoucherUser = VoucherUser(),
) -> Sums:
    """Add up a cart: catalogue price times quantity, voucher, delivery, and the tax contained in all of it.

    Whether delivery is free is decided by the goods before the voucher.
    """
    subtotal, voucher = cart.subtotal_cents, cart.voucher
    currency = cart.lines[0].currency if cart.lines else currency
    problem, counts = "", None
    if voucher is not None and cart.lines:
        problem = voucher_problem(voucher, subtotal, user, currency=currency, now=now)
        counts = None if problem else voucher
    is_free = counts is not None and counts.kind == "free_delivery"
    delivery = delivery_cents(method, subtotal, is_free=is_free) if method is not None else None
    discount = discount_cents(counts, subtotal) if counts is not None else 0
    total = subtotal - discount + (delivery or 0)
    tax = contained_tax_cents(total, permille)
    code = counts.code if counts is not None else ""
    return Sums(subtotal, delivery, tax, total, currency, discount, code, problem, is_free)


def changes_of(checkout: Checkout) -> list[str]:
    """Say what is different from what the shopper last saw."""
    said = [sentence for line in checkout.cart.lines if (sentence := problem_of(line))]
    return [*said, checkout.sums.voucher_problem] if checkout.sums.voucher_problem else said


def problem_of(line: LineRow) -> str:
    """Say what is wrong with a line: fewer left, gone, or another price; empty when nothing is."""
    if not line.is_visible or line.available <= 0:
        return _("%(name)s is sold out.", name=line.name)
    if line.quantity > line.available:
        return ngettext(
            "Only one of %(name)s is left.", "Only %(num)s of %(name)s are left.", line.available, name=line.name
        )
    if line.price_cents > line.price_seen_cents:
        return _("The price of %(name)s has gone up: it was %(before)s, it is %(today)s now.", **_prices(line))
    if line.price_cents < line.price_seen_cents:
        return _("The price of %(name)s has come down: it was %(before)s, it is %(today)s now.", **_prices(line))
    return ""


def _prices(line: LineRow) -> dict[str, str]:
    locale = str(get_locale() or "en")
    before, today = (money(cents, line.currency, locale) for cents in (line.price_seen_cents, line.price_cents))
    return {"name": line.name, "before": before, "today": today}


def is_short(line: LineRow) -> bool:
    """Whether fewer of a line can be sold than are wanted."""
    return not line.is_visible or line.quantity > line.available


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """An order with its lines and history."""

    order: OrderRow
    lines: list[OrderLineRow]
    events: list[OrderEventRow]


class ProviderSilent(Exception):  # noqa: N818  says what happened
    """A provider did not answer: nobody knows what it did. It is asked again later."""


class PaymentRefused(Exception):  # noqa: N818  says what happened
    """A provider will not do what it was asked; trying the same again does not help."""


class BadSignature(Exception):  # noqa: N818  says what happened
    """A message that nobody we know has signed, or an old one sent again."""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """What a provider says about a payment.

    ``kind`` is succeeded, declined, cancelled, pending or unknown; ``order_number`` is empty when it names no order.
    """

    event_id: str
    reference: str
    kind: str
    amount_cents: int
    currency: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    order_number: str = ""


@dataclass(frozen=True, slots=True)
class PaymentLinks:
    """What a provider is told about an order: where it sends the shopper back to, and what to write on its page."""

    token: str
    order_number: str
    email: str
    title: str
    done_url: str
    back_url: str


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that a provider has begun: where to send the shopper, and its own number of it."""

    url: str
    external_id: str = ""


class PaymentProvider(Protocol):
    """Somebody who takes money for the shop. A call may raise :class:`ProviderSilent` or :class:`PaymentRefused`."""

    code: str
    is_test: bool

    def label(self) -> str:
        """Name the way to pay, for a shopper."""

    def start(self, payment: PaymentRow, links: PaymentLinks) -> Begun:
        """Begin an attempt; the same attempt again charges nothing twice."""

    def ask(self, payment: PaymentRow) -> ProviderEvent | None:
        """Ask how a payment stands; None while there is no answer."""

    def refund(self, payment: PaymentRow) -> None:
        """Give back what a payment took, once however often it is asked."""

    def read(self, body: bytes, headers: Mapping[str, str], *, now: datetime) -> ProviderEvent | None:
        """Check and read a message of the provider; None for one that is about something else.

        Raises
        ------
        BadSignature
            If it did not come from the provider just now.
        """
