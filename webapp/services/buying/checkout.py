"""Checkout: what is chosen step by step, and placing the order exactly once."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from webapp.actors import Actor
from webapp.buying import Checkout, PaymentProvider, Sums, changes_of, sums_of
from webapp.errors import Conflict, InvalidInput, NotFound, OutOfStock
from webapp.services.buying import payments
from webapp.services.buying.vouchers import n_used_by, user_of
from webapp.services.people.accounts import clean_address, clean_email
from webapp.store import carts, delivery, operations, orders, stock, users, vouchers
from webapp.store.delivery import DeliveryRow
from webapp.store.orders import OrderRow
from webapp.store.rows import CartRow, LineRow, VoucherRow
from webapp.store.tx import Tx, read_unit, run_unit, unit_of_work

log = logging.getLogger(__name__)
NUMBER_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
MAX_NOTE = 500
REVIEWED = ("key", "seen")  # what the review leaves in a checkout


def load(actor: Actor, *, currency: str, now: datetime) -> Checkout:
    """Return the visitor's checkout with today's prices.

    Raises
    ------
    Conflict
        If the cart is empty.
    """
    with read_unit() as tx:
        found = _load(tx, actor, currency, now=now)
    if not found.cart.lines:
        raise Conflict(_("Your cart is empty."))
    return found


def _load(tx: Tx, actor: Actor, currency: str, *, now: datetime) -> Checkout:
    cart = carts.load(tx, actor) if actor.is_known else CartRow()
    chosen = cart.checkout
    methods = tuple(delivery.methods(tx))
    address = dict(chosen.get("address") or {})
    method = next((row for row in methods if row.code == chosen.get("method")), None)
    if method is not None and address.get("country") not in method.countries:
        method = None
    permille = delivery.tax_permille(tx, address["country"]) if address else 0
    user = user_of(tx, cart.voucher, actor, chosen.get("email", ""))
    return Checkout(
        cart,
        chosen.get("email", ""),
        address,
        method,
        methods,
        chosen.get("payment", ""),
        chosen.get("key", ""),
        chosen.get("is_gift", False),
        sums_of(cart, method, permille, currency, now=now, user=user),
    )


def _change(actor: Actor, **chosen: Any) -> None:
    """Keep choices; one that is new ends the review that another window may still show."""
    with unit_of_work() as tx:
        carts.lock(tx, actor)
        cart = carts.load(tx, actor)
        if not cart.lines:
            raise Conflict(_("Your cart is empty."))
        is_new = any(cart.checkout.get(name) != value for name, value in chosen.items())
        kept = {name: value for name, value in cart.checkout.items() if not (is_new and name in REVIEWED)}
        carts.set_checkout(tx, cart.cart_id, kept | chosen)


def set_contact(actor: Actor, email: str) -> None:
    """Keep where the confirmation goes."""
    _change(actor, email=clean_email(email))


def set_delivery(actor: Actor, fields: Mapping[str, str], *, user_id: int | None) -> None:
    """Keep where it goes and how.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used.
    """
    with read_unit() as tx:
        methods = delivery.methods(tx)
        saved = users.addresses(tx, user_id) if user_id is not None else []
    values = dict(fields)
    if chosen_id := fields.get("address_id", ""):
        row = next((row for row in saved if str(row.address_id) == chosen_id), None)
        if row is None:
            raise InvalidInput({"address_id": _("Choose one of your addresses.")})
        names = ("name", "line1", "line2", "postcode", "city", "country", "phone")
        values |= {name: getattr(row, name) for name in names}
    countries = {country for method in methods for country in method.countries}
    errors: dict[str, str] = {}
    address: dict[str, str] = {}
    try:
        address = clean_address(values, countries=countries)
    except InvalidInput as refused:
        errors |= refused.errors
    method = next((row for row in methods if row.code == fields.get("method")), None)
    if method is None or (address and address["country"] not in method.countries):
        errors["method"] = _("Choose how it should come to you.")
    if errors or method is None:
        raise InvalidInput(errors)
    _change(actor, address=address, method=method.code)


def set_payment(actor: Actor, code: str, available: Mapping[str, PaymentProvider]) -> None:
    """Keep how it will be paid."""
    if code not in available:
        raise InvalidInput({"method": _("Choose how you would like to pay.")})
    _change(actor, payment=code)


def review(actor: Actor, *, currency: str, now: datetime) -> tuple[Checkout, list[str]]:
    """Return the checkout for the last look, with what changed since it was last seen.

    The key made here stays the same until the cart or a choice changes: two tabs, a double click or "back" place one
    order. Nothing is written while an earlier step is still to be done.

    Raises
    ------
    Conflict
        If the cart is empty.
    """
    with unit_of_work() as tx:
        carts.lock(tx, actor)
        found = _load(tx, actor, currency, now=now)
        if not found.cart.lines:
            raise Conflict(_("Your cart is empty."))
        if found.step != "review":
            return found, []
        seen = {"version": found.cart.version, "total": found.sums.total_cents}
        key = found.key if found.cart.checkout.get("seen") == seen and found.key else secrets.token_urlsafe(24)
        carts.see_prices(tx, found.cart.cart_id)
        carts.set_checkout(tx, found.cart.cart_id, found.cart.checkout | {"key": key, "seen": seen})
        return replace(found, key=key), changes_of(found)


@dataclass(frozen=True, slots=True)
class Placing:
    """What a shopper sends with "pay now"; amounts are only compared, never used."""

    key: str
    shown_cents: int
    is_gift: bool = False
    note: str = ""

    @property
    def fingerprint(self) -> str:
        """Hash that tells another body under the same key."""
        body = json.dumps([self.shown_cents, self.is_gift, self.note])
        return hashlib.sha256(body.encode()).hexdigest()


def place(actor: Actor, placing: Placing, *, currency: str, hold_for: timedelta, now: datetime) -> OrderRow:
    """Place the order of the visitor's cart, once.

    Order, lines, held stock, first payment, mail and the empty cart are one transaction. The same key again returns the
    same order.

    Raises
    ------
    InvalidInput
        If the key was used with another body.
    Conflict
        If the checkout is not complete, or the cart is not what was shown at the review.
    OutOfStock
        If something is gone; nothing is held then.
    """
    if not placing.key or len(placing.key) > 80:
        raise Conflict(_("Please look at your order once more."))
    try:
        return run_unit(lambda tx: _place(tx, actor, placing, currency=currency, hold_for=hold_for, now=now))
    except Conflict:
        _keep_gift(actor, placing.is_gift)
        raise


def _keep_gift(actor: Actor, is_gift: bool) -> None:
    """Keep whether the order is a gift, for a review that is looked at once more."""
    with unit_of_work() as tx:
        carts.lock(tx, actor)
        cart = carts.load(tx, actor)
        if cart.lines:
            carts.set_checkout(tx, cart.cart_id, cart.checkout | {"is_gift": is_gift})


def _place(tx: Tx, actor: Actor, placing: Placing, *, currency: str, hold_for: timedelta, now: datetime) -> OrderRow:
    carts.lock(tx, actor)
    earlier = orders.by_place_key(tx, placing.key)
    if earlier is not None:
        return _replayed(earlier, actor, placing)
    found = _load(tx, actor, currency, now=now)
    _check_unchanged(found, placing)
    wanted: dict[int, int] = {}
    for line in found.cart.lines:
        wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
    if short := stock.reserve_all(tx, wanted):
        names = {line.variant_id: line.name for line in found.cart.lines}
        sentence = _too_few(names[min(short)], short[min(short)])
        raise OutOfStock(sentence, available={str(variant): left for variant, left in short.items()})
    order_id = orders.add(tx, _order_values(found, actor, placing, now=now), _line_values(found.cart))
    order = orders.by_id(tx, order_id) if order_id is not None else None
    if order is None:
        raise Conflict
    stock.hold(tx, order.order_id, wanted, until=now + hold_for)
    orders.add_event(tx, order.order_id, "placed", now=now)
    if found.sums.voucher_code and found.cart.voucher is not None:
        _take_voucher(tx, found.cart.voucher, actor, order, now=now)
    operations.add_message(tx, "mail.order_placed", {"order_id": order.order_id, "email": order.email}, now=now)
    carts.empty(tx, found.cart.cart_id, now=now)
    log.info("order_placed", extra={"order_id": order.order_id})
    if order.total_cents == 0:
        payments.settle_free(tx, order, now=now)
        return orders.by_id(tx, order.order_id) or order
    payments.begin(tx, order, found.payment, now=now)
    return order


def _too_few(name: str, n_left: int) -> str:
    if n_left <= 0:
        return _("%(name)s is sold out just now.", name=name)
    return _("%(name)s: only %(n)s left.", name=name, n=n_left)


def _take_voucher(tx: Tx, voucher: VoucherRow, actor: Actor, order: OrderRow, *, now: datetime) -> None:
    """Use the voucher of an order just added; somebody else may have been faster."""
    is_free = vouchers.take(tx, voucher.voucher_id, now=now)
    if not is_free or (voucher.per_user is not None and n_used_by(tx, voucher, actor, order.email) > voucher.per_user):
        raise Conflict(_("The voucher %(code)s has just been used up.", code=voucher.code))


def _replayed(order: OrderRow, actor: Actor, placing: Placing) -> OrderRow:
    is_theirs = order.user_id == actor.user_id if actor.user_id is not None else order.guest_id == actor.guest_id
    if not is_theirs:
        raise NotFound
    if order.body_hash != placing.fingerprint:
        raise InvalidInput({"idempotency_key": _("This order was placed already, with other choices.")})
    return order


def _check_unchanged(found: Checkout, placing: Placing) -> None:
    if not found.cart.lines or found.step != "review":
        raise Conflict(_("Your checkout is not complete."))
    seen = found.cart.checkout.get("seen") or {}
    is_shown = placing.key == found.key and placing.shown_cents == found.sums.total_cents == seen.get("total")
    if not is_shown or seen.get("version") != found.cart.version or any(_price_moved(row) for row in found.cart.lines):
        raise Conflict(_("Something in your cart changed. Please look at your order once more."))


def _price_moved(line: LineRow) -> bool:
    return line.price_cents != line.price_seen_cents or not line.is_visible


def _order_values(found: Checkout, actor: Actor, placing: Placing, *, now: datetime) -> dict[str, Any]:
    sums, method = found.sums, found.method
    return {
        "number": new_number(now),
        "user_id": actor.user_id,
        "guest_id": None if actor.user_id is not None else actor.guest_id,
        "email": found.email,
        "address": found.address,
        "state": "placed",
        "subtotal_cents": sums.subtotal_cents,
        "delivery_cents": sums.delivery_cents or 0,
        "discount_cents": sums.discount_cents,
        "tax_cents": sums.tax_cents,
        "total_cents": sums.total_cents,
        "currency": sums.currency,
        "delivery_label": method.name if method else "",
        "payment_code": found.payment,
        "voucher_id": found.cart.voucher.voucher_id if found.cart.voucher and sums.voucher_code else None,
        "voucher_code": sums.voucher_code,
        "is_gift": placing.is_gift,
        "note": placing.note[:MAX_NOTE],
        "place_key": placing.key,
        "body_hash": placing.fingerprint,
        "language": str(get_locale() or ""),
        "version": 1,
        "placed_at": now,
    }


def new_number(now: datetime) -> str:
    """Make an order number that tells nobody how many orders there are."""
    return f"{now.year}-" + "".join(secrets.choice(NUMBER_LETTERS) for _letter in range(8))


def _line_values(cart: CartRow) -> list[dict[str, Any]]:
    return [
        {
            "product_id": line.product_id,
            "variant_id": line.variant_id,
            "sku": line.sku,
            "name": line.name,
            "variant_name": line.variant_name,
            "quantity": line.quantity,
            "unit_cents": line.price_cents,
            "line_cents": line.price_cents * line.quantity,
        }
        for line in cart.lines
    ]


def sweep(*, now: datetime) -> int:
    """Give back the stock of orders that were not paid in time, and return how many there were."""
    with read_unit() as tx:
        late = stock.overdue(tx, now=now)
    return sum(run_unit(partial(_expire, order_id=order_id, now=now)) for order_id in late)


def _expire(tx: Tx, *, order_id: int, now: datetime) -> bool:
    if not stock.release_held(tx, order_id):
        return False
    if orders.move(tx, order_id, from_states=("placed",), to_state="cancelled"):
        vouchers.give_back(tx, order_id)
    orders.add_event(tx, order_id, "expired", now=now)
    return True


def cart_sums(actor: Actor, cart: CartRow, *, currency: str, now: datetime) -> tuple[Sums, list[DeliveryRow]]:
    """Return the sums of a cart before any address is known, with the ways of delivery for an estimate."""
    with read_unit() as tx:
        methods = delivery.methods(tx)
        user = user_of(tx, cart.voucher, actor, "")
    method = methods[0] if methods and cart.lines else None
    return sums_of(cart, method, 0, currency, now=now, user=user), methods
