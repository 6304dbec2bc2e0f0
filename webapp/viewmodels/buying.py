"""View models of cart, checkout and orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from webapp.viewmodels.parts import EMPTY_FORM, Form, Option, Page, Pagination, Picture, Price, Rail

StepState = Literal["done", "current", "ahead"]


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line of the cart; ``problem`` tells what changed of stock or price; no ``slug`` while it is hidden."""

    line_id: int
    product_id: int
    slug: str
    name: str
    unit_price: Price
    quantity: int
    max_quantity: int = 10
    variant_name: str = ""
    picture: Picture | None = None
    problem: str = ""
    variant_id: int | None = None

    @property
    def line_cents(self) -> int:
        """Unit price times quantity."""
        return self.unit_price.cents * self.quantity


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """A line of the small summary beside the checkout."""

    name: str
    quantity: int
    cents: int
    variant_name: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """The sums; ``shipping_cents`` is ``None`` until the delivery step knows it, prices hold their tax already."""

    subtotal_cents: int
    total_cents: int
    currency: str = "EUR"
    shipping_cents: int | None = None
    discount_cents: int = 0
    tax_cents: int = 0
    n_items: int = 0
    voucher_code: str = ""
    lines: tuple[SummaryLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CartPage(Page):
    """The cart with its cross-sell rail; an empty cart shows what was looked at instead.

    ``has_changes`` asks the shopper to agree to what changed; ``removed`` names what can be put back.
    """

    lines: tuple[CartLine, ...] = ()
    summary: OrderSummary
    goes_with: Rail | None = None
    recent: Rail | None = None
    free_shipping_left_cents: int | None = None
    has_changes: bool = False
    removed: str = ""
    voucher_code: str = ""
    voucher_problem: str = ""
    form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True)
class CheckoutStep:
    """One step of the checkout: its place in the line and, when done, what was chosen."""

    key: str
    label: str
    url: str
    state: StepState = "ahead"
    summary: str = ""


@dataclass(frozen=True, slots=True)
class AddressView:
    """A postal address as it is printed."""

    name: str
    line1: str
    postcode: str
    city: str
    country: str
    line2: str = ""
    phone: str = ""
    country_name: str = ""
    address_id: int | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryMethod:
    """A way of delivery with its price."""

    key: str
    label: str
    cents: int
    currency: str = "EUR"
    detail: str = ""
    is_selected: bool = False


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A way to pay; ``is_test`` marks the one that moves no money."""

    key: str
    label: str
    detail: str = ""
    is_selected: bool = False
    is_test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutPage(Page):
    """What every step shares: the steps, the sums and the form's state."""

    steps: tuple[CheckoutStep, ...]
    summary: OrderSummary
    form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage(CheckoutPage):
    """Step one: an e-mail address, guest first."""

    is_signed_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage(CheckoutPage):
    """Step two: where to and how."""

    methods: tuple[DeliveryMethod, ...] = ()
    countries: tuple[Option, ...] = ()
    saved: tuple[AddressView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPage(CheckoutPage):
    """Step three: how to pay."""

    methods: tuple[PaymentMethod, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage(CheckoutPage):
    """Step four: everything once more; ``changes`` are sentences about what differs from before.

    Without ``can_pay`` something is no longer there and the shopper has to agree to that first.
    """

    email: str
    address: AddressView
    delivery: DeliveryMethod
    payment: PaymentMethod
    idempotency_key: str
    is_gift: bool = False
    changes: tuple[str, ...] = ()
    can_pay: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTestPage(Page):
    """The labelled stand-in of a payment provider."""

    token: str
    order_number: str
    total_cents: int
    currency: str = "EUR"
    outcomes: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPage(Page):
    """A placed order that is still to be paid, with the ways to pay."""

    order_number: str
    total_cents: int
    currency: str = "EUR"
    methods: tuple[PaymentMethod, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order as it was bought."""

    name: str
    quantity: int
    unit_cents: int
    currency: str = "EUR"
    variant_name: str = ""
    sku: str = ""
    product_id: int | None = None
    slug: str = ""
    picture: Picture | None = None
    your_stars: int = 0

    @property
    def line_cents(self) -> int:
        """Unit price times quantity."""
        return self.unit_cents * self.quantity


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened to an order; ``who`` is shown to staff only."""

    at: datetime
    label: str
    detail: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list; ``status`` is placed, paid, packed, shipped, delivered, cancelled or refunded."""

    number: str
    placed_at: datetime
    status: str
    status_label: str
    total_cents: int
    currency: str = "EUR"
    n_items: int = 0
    pictures: tuple[Picture, ...] = ()
    customer: str = ""


@dataclass(frozen=True, slots=True)
class OrderView:
    """One whole order, the same for the shopper, the confirmation, the invoice and the owner."""

    number: str
    placed_at: datetime
    status: str
    status_label: str
    lines: tuple[OrderLine, ...]
    summary: OrderSummary
    email: str = ""
    address: AddressView | None = None
    delivery_label: str = ""
    payment_label: str = ""
    timeline: tuple[TimelineEntry, ...] = ()
    is_test: bool = False
    can_cancel: bool = False
    can_pay: bool = False
    pay_url: str = ""
    has_invoice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DonePage(Page):
    """The confirmation of an order; ``is_waiting`` while nobody knows yet whether it is paid."""

    order: OrderView
    is_waiting: bool = False
    can_register: bool = False
    goes_with: Rail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage(Page):
    """One order, for the member whose it is or for whoever has its link."""

    order: OrderView


@dataclass(frozen=True, slots=True)
class TaxLine:
    """The tax of one rate that an order contains; ``permille`` is 0 when the rate is no longer known."""

    permille: int
    net_cents: int
    tax_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage(Page):
    """The invoice of a paid order."""

    order: OrderView
    paid_at: datetime | None = None
    seller_lines: tuple[str, ...] = ()
    seller_tax_id: str = ""
    taxes: tuple[TaxLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersPage(Page):
    """Orders of the signed-in shopper, newest first, page by page."""

    orders: tuple[OrderRow, ...] = ()
    pagination: Pagination | None = None
