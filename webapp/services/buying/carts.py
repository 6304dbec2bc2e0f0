"""The cart: add, change, remove, and join a guest's with a member's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.actors import Actor
from webapp.errors import InvalidInput, NotFound, OutOfStock
from webapp.services.picks import feedback
from webapp.store import carts, products, taste, vouchers
from webapp.store.models.buying import MAX_QUANTITY
from webapp.store.rows import CartRow, LineRow, VariantRow, usual_variant
from webapp.store.tx import Tx, read_unit, unit_of_work


@dataclass(frozen=True, slots=True)
class Added:
    """What a change of the cart led to."""

    message: str
    n_cart: int


def parse_quantity(raw: str, *, lowest: int = 1) -> int:
    """Read a number of pieces: plain digits, nothing else.

    Raises
    ------
    InvalidInput
        Naming ``quantity``.
    """
    text = raw.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 4) or not lowest <= int(text) <= MAX_QUANTITY:
        sentence = _("Choose a whole number from %(low)s to %(high)s.", low=lowest, high=MAX_QUANTITY)
        raise InvalidInput({"quantity": sentence})
    return int(text)


def load(actor: Actor) -> CartRow:
    """Return the visitor's cart."""
    if not actor.is_known:
        return CartRow()
    with read_unit() as tx:
        return carts.load(tx, actor)


def add_variant(actor: Actor, variant_id: int, quantity: int, *, request_id: str, now: datetime) -> Added:
    """Put pieces of a variant into the cart, as many as can be sold.

    Raises
    ------
    NotFound
        If there is no such thing for sale.
    OutOfStock
        If not one more can be sold.
    """
    with unit_of_work() as tx:
        product_id = products.product_of_variant(tx, variant_id)
        if product_id is None:
            raise NotFound
        message = _add(tx, actor, product_id, {variant_id: quantity}, request_id=request_id, now=now)
        return Added(message, carts.n_items(tx, actor))


def add_products(actor: Actor, product_ids: Sequence[int], *, request_id: str, now: datetime) -> Added:
    """Put one piece of each product into the cart: all of them or, if one cannot be had, none."""
    if not product_ids:
        raise InvalidInput({"product_id": _("Choose something first.")})
    with unit_of_work() as tx:
        message = ""
        for product_id in dict.fromkeys(product_ids):
            message = _add(tx, actor, product_id, {}, request_id=request_id, now=now)
        if len(set(product_ids)) > 1:
            message = _("%(n)s things are in your cart.", n=len(set(product_ids)))
        return Added(message, carts.n_items(tx, actor))


def _add(tx: Tx, actor: Actor, product_id: int, wanted: dict[int, int], *, request_id: str, now: datetime) -> str:
    product = products.one(tx, product_id)
    if product is None or not product.is_visible:
        raise NotFound
    variant = _choose(product.variants, next(iter(wanted), None))
    cart_id = carts.ensure(tx, actor, now=now)
    before = carts.quantity_of(tx, cart_id, variant.variant_id)
    quantity = min(before + next(iter(wanted.values()), 1), variant.available, MAX_QUANTITY)
    if quantity <= before:
        raise OutOfStock(_none_left(product.name, before, variant.available), available=variant.available)
    carts.add_line(tx, cart_id, variant.variant_id, quantity, price_cents=variant.price_cents, now=now)
    carts.touch(tx, cart_id, now=now)
    feedback.note(tx, actor, product_id=product_id, kind="cart", request_id=request_id, now=now)
    if quantity == before + next(iter(wanted.values()), 1):
        return _("%(name)s is in your cart.", name=product.name)
    if variant.available > MAX_QUANTITY:
        return _most(product.name)
    return ngettext(
        "%(name)s: the last one is in your cart.",
        "%(name)s: all %(num)s that are left are in your cart.",
        quantity,
        name=product.name,
    )


def _none_left(name: str, in_cart: int, available: int) -> str:
    if available > MAX_QUANTITY:
        return _most(name)
    left = min(in_cart, available)  # pieces that were taken meanwhile are none of those left
    if left:
        return ngettext(
            "%(name)s: you have the last one in your cart already.",
            "%(name)s: you have all %(num)s that are left in your cart already.",
            left,
            name=name,
        )
    return _("%(name)s is sold out just now.", name=name)


def _most(name: str) -> str:
    return _("%(name)s: %(n)s are in your cart, the most of one thing in an order.", name=name, n=MAX_QUANTITY)


def _choose(variants: Sequence[VariantRow], variant_id: int | None) -> VariantRow:
    """Return the variant asked for, or the usual one."""
    usable = [variant for variant in variants if variant.is_active]
    if variant_id is not None:
        usable = [variant for variant in usable if variant.variant_id == variant_id]
    if not usable:
        raise NotFound
    return usual_variant(usable)


def set_quantity(actor: Actor, line_id: int, quantity: int, *, now: datetime) -> Added:
    """Change a line; none removes it, more than there are is cut and said.

    Raises
    ------
    NotFound
        If the line is not in this visitor's cart.
    """
    with unit_of_work() as tx:
        carts.lock(tx, actor)
        found = carts.find_line(tx, actor, line_id)
        if found is None:
            raise NotFound
        cart_id, variant_id, _before = found
        message = _put_quantity(tx, cart_id, line_id, variant_id, quantity, now=now)
        carts.touch(tx, cart_id, now=now)
        return Added(message, carts.n_items(tx, actor))


def _put_quantity(tx: Tx, cart_id: int, line_id: int, variant_id: int, quantity: int, *, now: datetime) -> str:
    product_id = products.product_of_variant(tx, variant_id)
    variant = next((row for row in products.variants_of(tx, [product_id or 0]) if row.variant_id == variant_id), None)
    left = min(variant.available, MAX_QUANTITY) if variant else 0
    if quantity == 0 or variant is None or left == 0:
        carts.remove_line(tx, line_id)
        return _("Removed from your cart.") if quantity == 0 else _("This is sold out and was removed.")
    carts.add_line(tx, cart_id, variant_id, min(quantity, left), price_cents=variant.price_cents, now=now)
    if quantity > left:
        return ngettext("Only one is left; quantity changed.", "Only %(num)s are left; quantity changed.", left)
    return _("Quantity %(n)s.", n=quantity)


@dataclass(frozen=True, slots=True)
class Removed:
    """A line that was taken out, with what is needed to put it back."""

    variant_id: int
    quantity: int
    name: str
    n_cart: int


def remove(actor: Actor, line_id: int, *, now: datetime) -> Removed:
    """Take a line out of the visitor's cart.

    Raises
    ------
    NotFound
        If the line is not in this visitor's cart.
    """
    with unit_of_work() as tx:
        line = _own_line(tx, actor, line_id)
        carts.remove_line(tx, line_id)
        carts.touch(tx, carts.ensure(tx, actor, now=now), now=now)
        return Removed(line.variant_id, line.quantity, line.name, carts.n_items(tx, actor))


def _own_line(tx: Tx, actor: Actor, line_id: int) -> LineRow:
    carts.lock(tx, actor)
    line = next((row for row in carts.load(tx, actor).lines if row.line_id == line_id), None)
    if line is None:
        raise NotFound
    return line


def save_for_later(actor: Actor, line_id: int, *, now: datetime) -> Added:
    """Move a line from the visitor's cart to what is saved for later.

    Raises
    ------
    NotFound
        If the line is not in this visitor's cart.
    """
    with unit_of_work() as tx:
        line = _own_line(tx, actor, line_id)
        _save(tx, actor, line, now=now)
        carts.touch(tx, carts.ensure(tx, actor, now=now), now=now)
        return Added(_("%(name)s is saved.", name=line.name), carts.n_items(tx, actor))


def _save(tx: Tx, actor: Actor, line: LineRow, *, now: datetime) -> None:
    carts.remove_line(tx, line.line_id)
    if taste.wish(tx, actor, line.product_id, now=now):
        feedback.note(tx, actor, product_id=line.product_id, kind="wishlist", now=now)


def accept_changes(actor: Actor, *, now: datetime) -> str:
    """Agree to today's prices and to what is still there; what is sold out is saved for later. Return a sentence."""
    with unit_of_work() as tx:
        carts.lock(tx, actor)
        cart = carts.load(tx, actor)
        for line in cart.lines:
            if not line.is_visible or line.available <= 0:
                _save(tx, actor, line, now=now)
            elif line.quantity > line.available:
                carts.add_line(tx, cart.cart_id, line.variant_id, line.available, price_cents=line.price_cents, now=now)
        if cart.lines:
            carts.see_prices(tx, cart.cart_id)
            carts.touch(tx, cart.cart_id, now=now)
    return _("Your cart is up to date. What is sold out is saved for later.")


def merge(tx: Tx, guest_id: int, user_id: int, *, now: datetime) -> str:
    """Add a guest's lines to a member's, cut at what can be sold; return a sentence if something was cut."""
    carts.lock(tx, Actor(guest_id=guest_id))
    lines = carts.lines_of_guest(tx, guest_id)
    if not lines:
        return ""
    actor = Actor(user_id=user_id)
    cart_id = carts.ensure(tx, actor, now=now)
    was_cut = False
    for variant_id, quantity, seen_cents in lines:
        product_id = products.product_of_variant(tx, variant_id)
        free = {row.variant_id: row.available for row in products.variants_of(tx, [product_id or 0])}
        wanted = carts.quantity_of(tx, cart_id, variant_id) + quantity
        possible = min(wanted, free.get(variant_id, 0), MAX_QUANTITY)
        was_cut = was_cut or possible < wanted
        if possible > 0:
            carts.add_line(tx, cart_id, variant_id, possible, price_cents=seen_cents, now=now)
    vouchers.bring_along(tx, guest_id, cart_id)
    carts.remove_of_guest(tx, guest_id)
    carts.touch(tx, cart_id, now=now)
    return _("Your two carts are one now; some things are fewer, because no more are left.") if was_cut else ""


def wish(actor: Actor, product_id: int, *, is_wished: bool, now: datetime) -> tuple[str, int]:
    """Save a product for later or take it off the list; return a sentence and how many are saved."""
    with unit_of_work() as tx:
        card = products.cards(tx, [product_id]).get(product_id)
        if card is None or not card.is_visible:
            raise NotFound
        if is_wished:
            if taste.wish(tx, actor, product_id, now=now):
                feedback.note(tx, actor, product_id=product_id, kind="wishlist", now=now)
            message = _("%(name)s is saved.", name=card.name)
        else:
            taste.unwish(tx, actor, product_id)
            message = _("%(name)s is no longer saved.", name=card.name)
        return message, taste.n_wishes(tx, actor)
