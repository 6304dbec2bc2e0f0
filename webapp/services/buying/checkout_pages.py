"""The pages of the checkout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.buying import Checkout, PaymentProvider, is_short
from webapp.store import users
from webapp.store.orders import OrderRow
from webapp.store.tx import read_unit
from webapp.viewbuilders import buying


def _meta(title: str) -> vm.PageMeta:
    return vm.PageMeta(title=title, is_indexed=False)


def contact(found: Checkout, form: vm.Form, *, is_signed_in: bool) -> vm.ContactPage:
    """Build step one."""
    return vm.ContactPage(
        meta=_meta(_("Contact")),
        steps=buying.steps(found, "contact", ""),
        summary=buying.summary(found.cart, found.sums),
        form=form,
        is_signed_in=is_signed_in,
    )


def delivery(found: Checkout, form: vm.Form | None, *, user_id: int | None) -> vm.DeliveryPage:
    """Build step two; a member's addresses are offered."""
    saved: list[users.AddressRow] = []
    if user_id is not None:
        with read_unit() as tx:
            saved = users.addresses(tx, user_id)
    chosen = found.method.code if found.method else (found.methods[0].code if found.methods else "")
    form = form or vm.Form(dict(found.address))
    return vm.DeliveryPage(
        meta=_meta(_("Delivery")),
        steps=buying.steps(found, "delivery", ""),
        summary=buying.summary(found.cart, found.sums),
        form=form,
        methods=tuple(
            buying.delivery_method(row, found.sums, chosen=form.value("method", chosen)) for row in found.methods
        ),
        countries=buying.countries(found.countries, form.value("country", "DE")),
        saved=tuple(buying.saved_address(row) for row in saved),
    )


def payment(found: Checkout, form: vm.Form, available: Mapping[str, PaymentProvider]) -> vm.PaymentPage:
    """Build step three."""
    return vm.PaymentPage(
        meta=_meta(_("Payment")),
        steps=buying.steps(found, "payment", ""),
        summary=buying.summary(found.cart, found.sums),
        form=form,
        methods=buying.payment_methods(available, found.payment),
    )


def review(found: Checkout, changes: Sequence[str], available: Mapping[str, PaymentProvider]) -> vm.ReviewPage:
    """Build step four: everything once more."""
    methods = buying.payment_methods(available, found.payment)
    chosen = next((method for method in methods if method.key == found.payment), methods[0])
    assert found.method is not None  # noqa: S101 - the step before asks for it
    return vm.ReviewPage(
        meta=_meta(_("Review")),
        steps=buying.steps(found, "review", chosen.label),
        summary=buying.summary(found.cart, found.sums),
        email=found.email,
        address=buying.address_view(found.address),
        delivery=buying.delivery_method(found.method, found.sums, chosen=found.method.code),
        payment=chosen,
        idempotency_key=found.key,
        is_gift=found.is_gift,
        changes=tuple(changes),
        can_pay=not any(is_short(line) for line in found.cart.lines),
    )


def pay(order: OrderRow, available: Mapping[str, PaymentProvider], *, message: str = "") -> vm.PayPage:
    """Build the page on which an order that is not paid yet is paid."""
    return vm.PayPage(
        meta=_meta(_("Pay your order")),
        order_number=order.number,
        total_cents=order.total_cents,
        currency=order.currency,
        methods=buying.payment_methods(available, order.payment_code),
        message=message,
    )


def test_payment(token: str, order: OrderRow) -> vm.PaymentTestPage:
    """Build the page that stands in for a bank."""
    outcomes = (
        vm.Option("success", _("It goes through")),
        vm.Option("decline", _("It is declined")),
        vm.Option("confirm", _("It asks for a confirmation")),
        vm.Option("silent", _("It never answers"), detail=_("The shop asks again by itself within minutes.")),
        vm.Option("twice", _("It goes through, and says so twice"), detail=_("Only one of the two counts.")),
    )
    return vm.PaymentTestPage(
        meta=_meta(_("Test payment")),
        token=token,
        order_number=order.number,
        total_cents=order.total_cents,
        currency=order.currency,
        outcomes=outcomes,
    )


def payment_label(code: str, available: Mapping[str, PaymentProvider]) -> str:
    """Name the way an order was paid."""
    return available[code].label() if code in available else code
