"""Tables of buying: carts, checkout, orders, reserved stock, payments, vouchers and delivery."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.base import (
    NUMBERED_ONCE,
    Json,
    JsonList,
    Key,
    LongText,
    Model,
    Moment,
    Words,
    among,
    one_actor,
    reference,
)

ORDER_STATES = ("placed", "paid", "packed", "shipped", "delivered", "cancelled", "refunded")
PAYMENT_STATES = ("created", "pending", "unknown", "succeeded", "declined", "cancelled", "refunded")
RESERVATION_STATES = ("held", "sold", "released")
VOUCHER_KINDS = ("percent", "amount", "free_delivery")
MAX_QUANTITY = 99


class Cart(Model):
    """What somebody means to buy. ``version`` changes with every change of a line."""

    __tablename__ = "carts"
    __table_args__ = (one_actor(),)

    id: Mapped[Key]
    user_id: Mapped[int | None] = reference("users.id", unique=True, index=False)
    guest_id: Mapped[int | None] = reference("guests.id", unique=True, index=False)
    voucher_id: Mapped[int | None] = reference("vouchers.id", on_delete="SET NULL")
    version: Mapped[int] = mapped_column(default=1)
    checkout: Mapped[Json]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class CartLine(Model):
    """A variant and how many; ``price_seen_cents`` is the price the shopper last saw."""

    __tablename__ = "cart_lines"
    __table_args__ = (
        UniqueConstraint("cart_id", "variant_id"),
        CheckConstraint(f"quantity BETWEEN 1 AND {MAX_QUANTITY}", name="quantity"),
    )

    id: Mapped[Key]
    cart_id: Mapped[int] = reference("carts.id", index=False)
    variant_id: Mapped[int] = reference("variants.id")
    quantity: Mapped[int]
    price_seen_cents: Mapped[int]
    is_saved: Mapped[bool] = mapped_column(default=False)
    at: Mapped[Moment]


class DeliveryMethod(Model):
    """A way of delivery; free from ``free_from_cents`` on, if that is set."""

    __tablename__ = "delivery_methods"
    __table_args__ = (CheckConstraint("price_cents >= 0", name="price"),)

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[Words]
    price_cents: Mapped[int]
    free_from_cents: Mapped[int | None]
    countries: Mapped[JsonList]
    days_min: Mapped[int] = mapped_column(default=2)
    days_max: Mapped[int] = mapped_column(default=4)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class TaxRate(Model):
    """Tax contained in the prices of one country, in thousandths."""

    __tablename__ = "tax_rates"
    __table_args__ = (CheckConstraint("permille BETWEEN 0 AND 500", name="permille"),)

    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    permille: Mapped[int]


class Voucher(Model):
    """A code that lowers the price, for all or one member; ``uses`` is counted in one guarded statement."""

    __tablename__ = "vouchers"
    __table_args__ = (
        among("kind", VOUCHER_KINDS, "kind"),
        CheckConstraint("uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)", name="uses"),
        CheckConstraint("value >= 0 AND (kind <> 'percent' OR value <= 100)", name="value"),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[int] = mapped_column(default=0)
    min_cents: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[Moment | None]
    ends_at: Mapped[Moment | None]
    max_uses: Mapped[int | None]
    per_user: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    user_id: Mapped[int | None] = reference("users.id")


class Order(Model):
    """A placed order. Sums are checked by the database; ``place_key`` makes placing it twice impossible."""

    __tablename__ = "orders"
    __table_args__: Any = (
        among("state", ORDER_STATES, "state"),
        CheckConstraint("total_cents = subtotal_cents + delivery_cents - discount_cents", name="total"),
        CheckConstraint(
            "subtotal_cents >= 0 AND delivery_cents >= 0 AND discount_cents >= 0 AND total_cents >= 0", name="sums"
        ),
        CheckConstraint("state NOT IN ('paid','packed','shipped','delivered') OR paid_at IS NOT NULL", name="paid"),
        Index(None, "state", "placed_at"),
        Index(None, "user_id", "placed_at"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(20), unique=True)
    user_id: Mapped[int | None] = reference("users.id", on_delete="SET NULL", index=False)
    guest_id: Mapped[int | None] = reference("guests.id", on_delete="SET NULL")
    email: Mapped[str] = mapped_column(String(254), default="")
    address: Mapped[Json]
    state: Mapped[str] = mapped_column(String(20), default="placed")
    subtotal_cents: Mapped[int]
    delivery_cents: Mapped[int] = mapped_column(default=0)
    discount_cents: Mapped[int] = mapped_column(default=0)
    tax_cents: Mapped[int] = mapped_column(default=0)
    total_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    delivery_label: Mapped[Words] = mapped_column(default="")
    payment_code: Mapped[str] = mapped_column(String(20), default="")
    voucher_id: Mapped[int | None] = reference("vouchers.id", on_delete="SET NULL")
    voucher_code: Mapped[str] = mapped_column(String(40), default="")
    is_gift: Mapped[bool] = mapped_column(default=False)
    note: Mapped[LongText]
    place_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    body_hash: Mapped[str] = mapped_column(String(64), default="")
    external_ref: Mapped[str | None] = mapped_column(String(120), unique=True)
    language: Mapped[str] = mapped_column(String(10), default="", server_default="")
    version: Mapped[int] = mapped_column(default=1)
    placed_at: Mapped[Moment]
    paid_at: Mapped[Moment | None]


class OrderLine(Model):
    """A line as it was bought: name and price stay what they were."""

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity"),
        CheckConstraint("line_cents = unit_cents * quantity AND unit_cents >= 0", name="line"),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = reference("orders.id")
    product_id: Mapped[int | None] = reference("products.id", on_delete="SET NULL")
    variant_id: Mapped[int | None] = reference("variants.id", on_delete="SET NULL")
    sku: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(300))
    variant_name: Mapped[Words] = mapped_column(default="")
    quantity: Mapped[int]
    unit_cents: Mapped[int]
    line_cents: Mapped[int]


class OrderEvent(Model):
    """Something that happened to an order."""

    __tablename__ = "order_events"

    id: Mapped[Key]
    order_id: Mapped[int] = reference("orders.id")
    kind: Mapped[str] = mapped_column(String(20))
    detail: Mapped[LongText]
    user_id: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    at: Mapped[Moment]


class Reservation(Model):
    """Stock held for an order until it is paid or time runs out."""

    __tablename__ = "reservations"
    __table_args__: Any = (
        among("state", RESERVATION_STATES, "state"),
        CheckConstraint("quantity >= 1", name="quantity"),
        UniqueConstraint("order_id", "variant_id"),
        Index(None, "state", "expires_at"),
        NUMBERED_ONCE,
    )

    id: Mapped[Key]
    order_id: Mapped[int] = reference("orders.id", index=False)
    variant_id: Mapped[int] = reference("variants.id")
    quantity: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="held")
    expires_at: Mapped[Moment]


class Payment(Model):
    """One attempt to pay an order. At most one of an order's attempts succeeds: the database sees to it."""

    __tablename__ = "payments"
    __table_args__: Any = (
        among("state", PAYMENT_STATES, "state"),
        UniqueConstraint("order_id", "attempt"),
        CheckConstraint("amount_cents >= 0", name="amount"),
        Index(
            "uq_payments_one_success",
            "order_id",
            unique=True,
            sqlite_where=text("state = 'succeeded'"),
            postgresql_where=text("state = 'succeeded'"),
        ),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = reference("orders.id", index=False)
    provider: Mapped[str] = mapped_column(String(20))
    attempt: Mapped[int] = mapped_column(default=1)
    reference: Mapped[str] = mapped_column(String(80), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="created")
    amount_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    external_id: Mapped[str] = mapped_column(String(120), default="", server_default="")
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    asked_at: Mapped[Moment | None]


class PaymentEvent(Model):
    """A message of a payment provider; its id is unique, so a repeat has no effect."""

    __tablename__ = "payment_events"
    __table_args__ = (UniqueConstraint("provider", "event_id"),)

    id: Mapped[Key]
    provider: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(120))
    payment_id: Mapped[int | None] = reference("payments.id")
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[Json]
    at: Mapped[Moment]
