"""The pages of a member's account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.actors import Actor
from webapp.errors import NotFound
from webapp.picks import Recs
from webapp.services.browsing import reviews
from webapp.services.buying import orders
from webapp.services.picks import recommending
from webapp.store import alerts, choices, delivery, interactions, products, sessions, taste, users
from webapp.store import orders as order_store
from webapp.store.reviews import OwnRow
from webapp.store.rows import CardRow
from webapp.store.tx import read_unit
from webapp.viewbuilders import buying
from webapp.viewbuilders.cards import cards, picture
from webapp.viewbuilders.links import product_url
from webapp.viewbuilders.listing import pagination
from webapp.viewmodels.parts import EMPTY_FORM

LATEST_ORDERS = 3
RAIL = 8


def _meta(title: str) -> vm.PageMeta:
    return vm.PageMeta(title=title, is_indexed=False)


def overview(actor: Actor, recs: Recs, *, history_limit: int, now: datetime) -> vm.AccountPage:
    """Build the overview of a member."""
    user_id = actor.user_id or 0
    found, lines = orders.of_member(user_id, limit=LATEST_ORDERS)
    with read_unit() as tx:
        user = users.by_id(tx, user_id)
        n_orders, n_wishlist, n_ratings = users.figures(tx, user_id)
    if user is None:
        raise NotFound
    picks = recommending.preview(actor, recs, k=RAIL, history_limit=history_limit, now=now)
    rail = vm.Rail("for_you", _("Recommended for you"), tuple(picks), is_personal=True) if picks else None
    return vm.AccountPage(
        meta=_meta(_("Your account")),
        name=user.name,
        email=user.email,
        member_since=user.created_at,
        orders=tuple(buying.order_row(order, lines.get(order.order_id, [])) for order in found),
        n_orders=n_orders,
        n_wishlist=n_wishlist,
        n_ratings=n_ratings,
        rail=rail,
    )


def orders_page(user_id: int, *, page: int) -> vm.OrdersPage:
    """Build a page of the list of orders."""
    found = orders.page_of_member(user_id, page)
    rows = tuple(buying.order_row(order, found.lines.get(order.order_id, [])) for order in found.orders)
    pages = pagination(url_for("account.orders"), {}, found.page, orders.PAGE_SIZE, found.total)
    return vm.OrdersPage(meta=_meta(_("Orders")), orders=rows, pagination=pages)


def order_page(user_id: int, number: str) -> vm.OrderPage:
    """Build one order."""
    found = orders.own(user_id, number)
    with read_unit() as tx:
        stars = taste.stars_by(tx, Actor(user_id=user_id))
    shown = buying.order_view(found, stars=stars, payment_label=_payment_label(found.order))
    return vm.OrderPage(
        meta=_meta(_("Order %(number)s", number=number)),
        crumbs=(vm.Crumb(_("Orders"), url_for("account.orders")), vm.Crumb(number)),
        order=replace(shown, has_invoice=found.order.paid_at is not None),
    )


def _payment_label(order: order_store.OrderRow) -> str:
    return _("Test payment") if order.payment_code == "test" else order.payment_code


def invoice_page(user_id: int, number: str, *, seller: Sequence[str], tax_id: str) -> vm.InvoicePage:
    """Build the invoice of a paid order of the member's own; an unpaid one has none.

    Parameters
    ----------
    seller : sequence of str
        Name and address, line by line.
    """
    found = orders.own(user_id, number)
    if found.order.paid_at is None:
        raise NotFound
    with read_unit() as tx:
        permille = delivery.tax_permille(tx, found.order.address.get("country", ""))
    return vm.InvoicePage(
        meta=_meta(_("Invoice %(number)s", number=number)),
        crumbs=(
            vm.Crumb(_("Orders"), url_for("account.orders")),
            vm.Crumb(number, url_for("account.order", number=number)),
            vm.Crumb(_("Invoice")),
        ),
        order=buying.order_view(found, payment_label=_payment_label(found.order)),
        paid_at=found.order.paid_at,
        seller_lines=tuple(seller),
        seller_tax_id=tax_id,
        taxes=_taxes(found.order, permille),
    )


def _taxes(order: order_store.OrderRow, permille: int) -> tuple[vm.TaxLine, ...]:
    """Name the rate only if it still is the one the order was reckoned with."""
    if not order.tax_cents:
        return ()
    is_same = abs(order.total_cents * permille - order.tax_cents * (1000 + permille)) <= 1000 + permille
    net = order.total_cents - order.tax_cents
    return (vm.TaxLine(permille if is_same else 0, net, order.tax_cents),)


def reviews_page(user_id: int, *, page: int) -> vm.OwnReviewsPage:
    """Build a page of what a member rated and reviewed."""
    found = reviews.of_member(user_id, page)
    return vm.OwnReviewsPage(
        meta=_meta(_("Ratings and reviews")),
        reviews=tuple(_own_review(row, found.cards[row.product_id]) for row in found.rows),
        to_rate=tuple(_to_rate(found.cards[product_id]) for product_id in found.unrated),
        pagination=pagination(url_for("account.reviews"), {}, found.page, reviews.OWN_PAGE_SIZE, found.total),
    )


def _own_review(row: OwnRow, card: CardRow) -> vm.OwnReview:
    return vm.OwnReview(
        card.product_id,
        card.name,
        product_url(card.product_id, card.slug, _anchor="reviews") if card.is_visible else "",
        picture(card.picture),
        row.stars,
        row.at,
        row.title,
        row.text,
        row.reply,
        row.is_published,
    )


def _to_rate(card: CardRow) -> vm.ToRate:
    return vm.ToRate(card.product_id, card.name, product_url(card.product_id, card.slug), picture(card.picture))


def wishlist(actor: Actor, *, now: datetime) -> vm.WishlistPage:
    """Build what was saved for later."""
    with read_unit() as tx:
        ids = users.wishes(tx, actor)
        rows = products.cards(tx, ids, actor)
    saved = [rows[product_id] for product_id in ids if product_id in rows and rows[product_id].is_visible]
    return vm.WishlistPage(meta=_meta(_("Saved for later")), cards=cards(saved, now=now))


def alerts_page(user_id: int) -> vm.AlertsPage:
    """Build what a member is told of when it is back.

    It is what they asked for while they were signed in. What was asked for with nothing but the address of their
    account is not there: nobody proves an address to make an account.
    """
    with read_unit() as tx:
        waits = alerts.of_user(tx, user_id)
        rows = products.cards(tx, {row.product_id for row in waits})
    return vm.AlertsPage(meta=_meta(_("Alerts")), alerts=tuple(_alert(row, rows[row.product_id]) for row in waits))


def _alert(row: alerts.AlertRow, card: CardRow) -> vm.Alert:
    name = f"{row.name}, {row.variant_name}" if row.variant_name else row.name
    url = product_url(row.product_id, row.slug, variant=row.variant_id) if row.slug else ""
    return vm.Alert(row.alert_id, name, url, picture(card.picture), row.email, row.asked_at)


def country_codes() -> list[str]:
    """Return where something is delivered to."""
    with read_unit() as tx:
        return sorted({country for method in delivery.methods(tx) for country in method.countries})


def addresses(user_id: int, *, edit: str = "", form: vm.Form | None = None) -> vm.AddressesPage:
    """Build the address book; ``edit`` is the id of the address in the form."""
    with read_unit() as tx:
        rows = users.addresses(tx, user_id)
    views = tuple(buying.saved_address(row) for row in rows)
    editing = next((view for view in views if str(view.address_id) == edit), None)
    values = _address_values(editing) if editing else {}
    return vm.AddressesPage(
        meta=_meta(_("Addresses")),
        addresses=views,
        form=form or vm.Form(values),
        countries=buying.countries(country_codes(), values.get("country", "DE")),
        editing=editing,
    )


def _address_values(view: vm.AddressView) -> dict[str, str]:
    names = ("name", "line1", "line2", "postcode", "city", "country", "phone")
    return {name: getattr(view, name) for name in names} | {"is_default": "1" if view.is_default else ""}


def security(
    user_id: int,
    session_hash: str,
    *,
    form: vm.Form = EMPTY_FORM,
    email_form: vm.Form = EMPTY_FORM,
    now: datetime,
) -> vm.SecurityPage:
    """Build password, address and sessions."""
    with read_unit() as tx:
        rows = sessions.of_user(tx, user_id, now=now)
        user = users.by_id(tx, user_id)
    devices = tuple(
        vm.SessionRow(row.public_id, row.device, row.seen_at, row.created_at, row.id_hash == session_hash)
        for row in rows
    )
    return vm.SecurityPage(
        meta=_meta(_("Security")),
        form=form,
        email=user.email if user else "",
        email_form=email_form,
        sessions=devices,
    )


def privacy(user_id: int, actor: Actor, *, asks_first: bool, form: vm.Form = EMPTY_FORM) -> vm.PrivacyPage:
    """Build what is kept about a member; where the shop asks first also what they chose and when."""
    with read_unit() as tx:
        chosen = choices.of_user(tx, user_id) if asks_first else []
        n_orders, _n_wishes, n_ratings = users.figures(tx, user_id)
        n_events = interactions.n_of(tx, actor)
    return vm.PrivacyPage(
        meta=_meta(_("Privacy")),
        is_paused=not actor.is_personalised,
        choices=tuple(vm.ChoiceRow(choice.is_on, choice.at) for choice in chosen),
        n_events=n_events,
        n_ratings=n_ratings,
        n_orders=n_orders,
        form=form,
    )
