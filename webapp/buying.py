"""The rules and plain values of buying that need no database: sums, what changed, what a payment provider is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from flask_babel import gettext as _

from webapp.store.orders import DeliveryRow, OrderEventRow, OrderLineRow, OrderRow, PaymentRow
from webapp.store.rows import CartRow, LineRow


@dataclass(frozen=True, slots=True)
class Sums:
    """What an order costs. Prices contain their tax; ``tax_cents`` says how much of the total that is."""

    subtotal_cents: int
    delivery_cents: int | None
    tax_cents: int
    total_cents: int
    currency: str


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


def delivery_cents(method: DeliveryRow, subtotal_cents: int) -> int:
    """Return what a delivery costs for a cart of this worth."""
    is_free = method.free_from_cents is not None and subtotal_cents >= method.free_from_cents
    return 0 if is_free else method.price_cents


def sums_of(cart: CartRow, method: DeliveryRow | None, permille: int, currency: str) -> Sums:
    """Add up a cart: catalogue price times quantity, delivery, and the tax contained (rounded half up)."""
    subtotal = cart.subtotal_cents
    delivery = delivery_cents(method, subtotal) if method is not None else None
    total = subtotal + (delivery or 0)
    tax = (2 * total * permille + 1000 + permille) // (2 * (1000 + permille))
    lines_currency = cart.lines[0].currency if cart.lines else currency
    return Sums(subtotal, delivery, tax, total, lines_currency)


def changes_of(cart: CartRow) -> list[str]:
    """Say what is different from what the shopper last saw."""
    return [sentence for line in cart.lines if (sentence := problem_of(line))]


def problem_of(line: LineRow) -> str:
    """Say what is wrong with a line: fewer left, gone, or another price; empty when nothing is."""
    if not line.is_visible or line.available <= 0:
        return _("%(name)s is sold out.", name=line.name)
    if line.quantity > line.available:
        return _("Only %(n)s of %(name)s are left.", n=line.available, name=line.name)
    if line.price_cents > line.price_seen_cents:
        return _("The price of %(name)s has gone up.", name=line.name)
    if line.price_cents < line.price_seen_cents:
        return _("The price of %(name)s has come down.", name=line.name)
    return ""


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
