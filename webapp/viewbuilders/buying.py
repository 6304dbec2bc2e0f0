"""Cart, checkout and orders as the templates want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from babel import Locale
from flask import url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp import viewmodels as vm
from webapp.buying import Checkout, PaymentProvider, Sums, WholeOrder, delivery_cents, problem_of
from webapp.formatting import alphabetically
from webapp.store.delivery import DeliveryRow
from webapp.store.orders import OrderLineRow, OrderRow
from webapp.store.rows import CartRow, LineRow
from webapp.store.users import AddressRow
from webapp.viewbuilders.cards import from_home, picture
from webapp.viewbuilders.links import order_token

STATE_LABELS = {
    "placed": _l("Waiting for payment"),
    "paid": _l("Paid"),
    "packed": _l("Packed"),
    "shipped": _l("On its way"),
    "delivered": _l("Delivered"),
    "cancelled": _l("Cancelled"),
    "refunded": _l("Refunded"),
}
MOVE_LABELS = {
    "packed": _l("Mark as packed"),
    "shipped": _l("Mark as sent"),
    "delivered": _l("Mark as delivered"),
    "cancelled": _l("Cancel the order"),
    "refunded": _l("Refund the money"),
}
EVENT_LABELS = STATE_LABELS | {
    "placed": _l("Ordered"),
    "expired": _l("Not paid in time; cancelled"),
    "note": _l("Note"),
    "payment_declined": _l("Payment declined"),
    "payment_pending": _l("Payment asks for a confirmation"),
    "payment_unknown": _l("Payment provider has not answered yet"),
    "payment_cancelled": _l("Payment left unfinished"),
    "refunded_late": _l("Paid after the time ran out; refunded"),
}
STEP_LABELS = {
    "contact": _l("Contact"),
    "delivery": _l("Delivery"),
    "payment": _l("Payment"),
    "review": _l("Review"),
}
METHOD_NAMES = {"Standard delivery": _l("Standard delivery"), "Express delivery": _l("Express delivery")}
MAX_LINE = 99


def country_name(code: str) -> str:
    """Return a country's name in the visitor's language."""
    return str(Locale.parse(str(get_locale() or "en")).territories.get(code, code))


def method_label(name: str) -> str:
    """Return the name of a way of delivery; those a new shop begins with are translated."""
    return str(METHOD_NAMES.get(name, name))


def cart_line(line: LineRow) -> vm.CartLine:
    """Build a line of the cart with what is wrong with it."""
    return vm.CartLine(
        line.line_id,
        line.product_id,
        line.slug if line.is_visible else "",
        line.name,
        vm.Price(line.price_cents, line.currency),
        line.quantity,
        max(line.quantity, min(MAX_LINE, line.available)),
        line.variant_name,
        picture(line.picture),
        problem_of(line),
        line.variant_id,
    )


def summary(cart: CartRow, sums: Sums) -> vm.OrderSummary:
    """Build the sums beside cart and checkout."""
    lines = tuple(
        vm.SummaryLine(
            line.name, line.quantity, line.quantity * line.price_cents, line.variant_name, picture(line.picture)
        )
        for line in cart.lines
    )
    return vm.OrderSummary(
        sums.subtotal_cents,
        sums.total_cents,
        sums.currency,
        sums.delivery_cents,
        sums.discount_cents,
        sums.tax_cents,
        cart.n_items,
        sums.voucher_code,
        lines,
    )


def cart_page(
    cart: CartRow,
    sums: Sums,
    methods: Sequence[DeliveryRow],
    *,
    goes_with: vm.Rail | None,
    recent: vm.Rail | None,
    removed: str = "",
    form: vm.Form | None = None,
) -> vm.CartPage:
    """Build the cart."""
    free_from = [row.free_from_cents for row in methods if row.free_from_cents is not None]
    counts = free_from and cart.lines and not sums.is_delivery_free
    left = max(0, min(free_from) - sums.subtotal_cents) if counts else None
    return vm.CartPage(
        meta=vm.PageMeta(title=_("Cart"), is_indexed=False),
        crumbs=from_home(vm.Crumb(_("Cart"))),
        lines=tuple(cart_line(line) for line in cart.lines),
        summary=summary(cart, sums),
        goes_with=goes_with,
        recent=recent,
        free_shipping_left_cents=left,
        has_changes=any(problem_of(line) for line in cart.lines),
        removed=removed,
        voucher_code=cart.voucher.code if cart.voucher else "",
        voucher_problem=sums.voucher_problem,
        form=form or vm.Form(),
    )


def steps(checkout: Checkout, current: str, payment_label: str) -> tuple[vm.CheckoutStep, ...]:
    """Build the line of steps; a step is open when all before it are done."""
    address = checkout.address
    said = {
        "contact": checkout.email,
        "delivery": ", ".join(part for part in (address.get("city", ""), _method_name(checkout)) if part),
        "payment": payment_label,
        "review": "",
    }
    names = list(STEP_LABELS)
    at = names.index(current)
    return tuple(
        vm.CheckoutStep(
            key,
            str(STEP_LABELS[key]),
            url_for(f"checkout.{key}"),
            "current" if key == current else ("done" if names.index(key) < at else "ahead"),
            said[key] if names.index(key) < at else "",
        )
        for key in names
    )


def _method_name(checkout: Checkout) -> str:
    return method_label(checkout.method.name) if checkout.method else ""


def address_view(values: Mapping[str, str]) -> vm.AddressView:
    """Build an address from what was kept at checkout or in an order."""
    country = values.get("country", "")
    return vm.AddressView(
        values.get("name", ""),
        values.get("line1", ""),
        values.get("postcode", ""),
        values.get("city", ""),
        country,
        values.get("line2", ""),
        values.get("phone", ""),
        country_name(country),
    )


def saved_address(row: AddressRow) -> vm.AddressView:
    """Build an address of the address book."""
    return vm.AddressView(
        row.name,
        row.line1,
        row.postcode,
        row.city,
        row.country,
        row.line2,
        row.phone,
        country_name(row.country),
        row.address_id,
        row.is_default,
    )


def delivery_method(row: DeliveryRow, sums: Sums, *, chosen: str) -> vm.DeliveryMethod:
    """Build a way of delivery with what it costs for this cart."""
    if row.days_min == row.days_max:
        detail = ngettext("in one working day", "in %(num)s working days", row.days_max)
    else:
        detail = _("in %(low)s to %(high)s working days", low=row.days_min, high=row.days_max)
    cents = delivery_cents(row, sums.subtotal_cents, is_free=sums.is_delivery_free)
    return vm.DeliveryMethod(row.code, method_label(row.name), cents, sums.currency, detail, row.code == chosen)


def payment_methods(available: Mapping[str, PaymentProvider], chosen: str) -> tuple[vm.PaymentMethod, ...]:
    """Build the ways to pay."""
    only = len(available) == 1
    return tuple(
        vm.PaymentMethod(
            code,
            provider.label(),
            _("No money is moved.") if provider.is_test else "",
            only or code == chosen,
            provider.is_test,
        )
        for code, provider in available.items()
    )


def countries(codes: Sequence[str], chosen: str) -> tuple[vm.Option, ...]:
    """Build the choice of countries by name."""
    options = [vm.Option(code, country_name(code), code == chosen) for code in codes]
    return tuple(sorted(options, key=lambda option: alphabetically(option.label)))


def order_line(row: OrderLineRow, currency: str, stars: Mapping[int, int]) -> vm.OrderLine:
    """Build a line as it was bought."""
    return vm.OrderLine(
        row.name,
        row.quantity,
        row.unit_cents,
        currency,
        row.variant_name,
        row.sku,
        row.product_id,
        row.slug,
        picture(row.picture),
        stars.get(row.product_id or 0, 0),
    )


def order_view(
    found: WholeOrder, *, stars: Mapping[int, int] | None = None, payment_label: str = "", with_staff: bool = False
) -> vm.OrderView:
    """Build a whole order."""
    order = found.order
    timeline = tuple(
        vm.TimelineEntry(
            row.at,
            str(EVENT_LABELS.get(row.kind, row.kind)),
            _detail(row.kind, row.detail, with_staff),
            row.who if with_staff else "",
        )
        for row in found.events
        if with_staff or row.kind != "note"
    )
    can_pay = order.state == "placed"
    return vm.OrderView(
        number=order.number,
        placed_at=order.placed_at,
        status=order.state,
        status_label=str(STATE_LABELS[order.state]),
        lines=tuple(order_line(row, order.currency, stars or {}) for row in found.lines),
        summary=_order_sums(order, found.lines),
        email=order.email,
        address=address_view(order.address) if order.address else None,
        delivery_label=method_label(order.delivery_label),
        payment_label=payment_label,
        timeline=timeline,
        is_test=order.payment_code == "test",
        can_cancel=can_pay,
        can_pay=can_pay,
        pay_url=url_for("checkout.pay", token=order_token(order.order_id)) if can_pay else "",
    )


def _detail(kind: str, detail: str, with_staff: bool) -> str:
    return detail if with_staff or kind != "note" else ""


def _order_sums(order: OrderRow, lines: Sequence[OrderLineRow]) -> vm.OrderSummary:
    return vm.OrderSummary(
        order.subtotal_cents,
        order.total_cents,
        order.currency,
        order.delivery_cents,
        order.discount_cents,
        order.tax_cents,
        sum(line.quantity for line in lines),
        order.voucher_code,
    )


def order_row(order: OrderRow, lines: Sequence[OrderLineRow], *, names: Mapping[int, str] | None = None) -> vm.OrderRow:
    """Build a line of a list of orders; with the members' names it says who placed it."""
    pictures = tuple(found for line in lines[:4] if (found := picture(line.picture)) is not None)
    customer = "" if names is None else _who(order, names)
    return vm.OrderRow(
        order.number,
        order.placed_at,
        order.state,
        str(STATE_LABELS[order.state]),
        order.total_cents,
        order.currency,
        sum(line.quantity for line in lines),
        pictures,
        customer,
    )


def _who(order: OrderRow, names: Mapping[int, str]) -> str:
    return str(order.address.get("name", "")) or names.get(order.user_id or 0, "") or order.email
