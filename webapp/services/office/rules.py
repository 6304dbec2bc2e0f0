"""The owner's page about rules for recommended lists: made, tried on a shopper, changed, ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.actors import NOBODY, Actor
from webapp.errors import InvalidInput, NotFound
from webapp.formatting import money, typed_amount
from webapp.money import parse_price
from webapp.numbers import whole
from webapp.picks import Recs
from webapp.services.browsing import discovery
from webapp.services.office.fields import member_at, parse_day
from webapp.store import catalogue, operations, products, rules, users
from webapp.store.models.rules import RULE_ACTIONS
from webapp.store.rows import RuleRow
from webapp.store.tx import Tx, read_unit, unit_of_work
from webapp.viewbuilders.listing import page_shown, pagination

FIELDS = (
    "action", "product", "category", "brand", "price_from", "price_to", "stock_from", "stock_to",
    "place", "strength", "starts", "ends", "note", "customer",
)  # fmt: skip
MOST_PLACES, MOST_STOCK = 10, 1_000_000
SUBJECT = "rule"
PAGE_SIZE = 50
N_CHANGES = 20
DRAFT_ID = 0  # of a rule that has no number yet; it will be the last one


def page(
    form: vm.Form | None = None,
    *,
    rule_id: int | None = None,
    preview: vm.RulePreview | None = None,
    number: int = 1,
    currency: str,
    locale: str,
    zone: ZoneInfo,
    now: datetime,
) -> vm.AdminRulesPage:
    """Build a page of the table of rules and the form for a new one, or for the one that is changed.

    Raises
    ------
    NotFound
        If there is no rule with this id.
    """
    with read_unit() as tx:
        total = rules.count(tx)
        number = page_shown(number, PAGE_SIZE, total)
        rows = rules.every(tx, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
        chosen = rules.by_id(tx, rule_id) if rule_id is not None else None
        tree, brands = products.categories(tx), catalogue.brands(tx)
        changes = operations.audited(tx, subject=SUBJECT, limit=N_CHANGES)
    if rule_id is not None and chosen is None:
        raise NotFound(_("There is no such rule."))
    shown = form or (_form_of(chosen, tree, brands, currency, locale, zone) if chosen else vm.Form())
    labels = _actions()
    return vm.AdminRulesPage(
        meta=vm.PageMeta(title=_("Rules for recommendations"), is_indexed=False),
        url=url_for("admin.rules", page=number if number > 1 else None),
        rows=tuple(_line(row, currency, locale, zone, now=now) for row in rows),
        actions=tuple(vm.Option(value, labels[value]) for value in RULE_ACTIONS),
        categories=(vm.Option("", _("any")), *(vm.Option(row.slug, row.name) for row in tree)),
        brands=(vm.Option("", _("any")), *(vm.Option(slug, name) for _id, slug, name in brands)),
        form=shown,
        rule_id=rule_id,
        preview=preview,
        changes=tuple(
            vm.RuleChange(row.at, row.name or _("somebody who is gone"), _change_words(row.action), row.subject_id)
            for row in changes
        ),
        currency=currency,
        pagination=pagination(url_for("admin.rules"), {}, number, PAGE_SIZE, total),
    )


def _actions() -> dict[str, str]:
    return {
        "pin": _("Put at a place"),
        "boost": _("Move up"),
        "bury": _("Put last"),
        "exclude": _("Leave out"),
    }


def _change_words(action: str) -> str:
    words = {
        "rule.create": _("made"),
        "rule.change": _("changed"),
        "rule.expire": _("ended"),
        "rule.delete": _("deleted"),
    }
    return words.get(action, action)


def _line(row: RuleRow, currency: str, locale: str, zone: ZoneInfo, *, now: datetime) -> vm.RuleLine:
    what = _actions()[row.action]
    if row.action == "pin":
        what = _("Put at place %(place)s", place=row.place)
    if row.action == "boost":
        what = _("Move up by %(percent)s %% of the list", percent=row.strength)
    about = [words for words in (row.product, row.category, row.brand) if words]
    about += _bounds_in_words(row, currency, locale)
    days = [format_date(at.astimezone(zone)) if at else "" for at in (row.starts_at, row.ends_at)]
    is_over = row.ends_at is not None and row.ends_at <= now
    state = _("over") if is_over else _("not yet") if row.starts_at and row.starts_at > now else _("on")
    period = " – ".join(days) if any(days) else _("always")
    return vm.RuleLine(row.rule_id, what, ", ".join(about), row.note, period, state, not is_over)


def _bounds_in_words(row: RuleRow, currency: str, locale: str) -> list[str]:
    words = []
    if row.price_from_cents is not None:
        words.append(_("from %(amount)s", amount=money(row.price_from_cents, currency, locale)))
    if row.price_to_cents is not None:
        words.append(_("up to %(amount)s", amount=money(row.price_to_cents, currency, locale)))
    if row.stock_from is not None:
        words.append(ngettext("at least one piece in stock", "at least %(num)s pieces in stock", row.stock_from))
    if row.stock_to is not None:
        words.append(ngettext("at most one piece in stock", "at most %(num)s pieces in stock", row.stock_to))
    return words


def _form_of(row: RuleRow, tree: Any, brands: Any, currency: str, locale: str, zone: ZoneInfo) -> vm.Form:
    """Fill the form with a rule."""

    def text(value: object) -> str:
        return "" if value is None else str(value)

    def cents(value: int | None) -> str:
        return "" if value is None else typed_amount(value, currency, locale)

    return vm.Form(
        {
            "action": row.action,
            "product": text(row.product_id),
            "category": next((node.slug for node in tree if node.category_id == row.category_id), ""),
            "brand": next((slug for brand_id, slug, _name in brands if brand_id == row.brand_id), ""),
            "price_from": cents(row.price_from_cents),
            "price_to": cents(row.price_to_cents),
            "stock_from": text(row.stock_from),
            "stock_to": text(row.stock_to),
            "place": text(row.place),
            "strength": text(row.strength),
            "starts": _day(row.starts_at, zone),
            "ends": _day(row.ends_at, zone),
            "note": row.note,
        }
    )


def save(
    fields: Mapping[str, str], *, rule_id: int | None, currency: str, zone: ZoneInfo, user_id: int, now: datetime
) -> int:
    """Make a rule, or change one, and return its id.

    Parameters
    ----------
    fields : mapping
        ``FIELDS``; ``product`` is a number or an article number, ``category`` and ``brand`` are slugs, prices are in
        major units, ``strength`` is in percent, ``starts`` and ``ends`` are days, the last one included: a day that is
        not changed keeps its moment, so a rule that was ended stays ended. All but ``action`` may be empty, as long as
        one of them says what the rule is about.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used; nothing is changed then.
    NotFound
        If there is no rule with this id.
    """
    with unit_of_work() as tx:
        before = _existing(tx, rule_id) if rule_id is not None else None
        values = _read(tx, fields, currency, zone, before) | {"changed_by": user_id, "changed_at": now}
        if rule_id is None:
            rule_id = rules.add(tx, values)
        else:
            rules.change(tx, rule_id, values)
        _audit(tx, rule_id, "rule.change" if before else "rule.create", before, user_id, now)
    return rule_id


def expire(rule_id: int, *, user_id: int, now: datetime) -> None:
    """End a rule now.

    Raises
    ------
    NotFound
        If there is no rule with this id.
    """
    with unit_of_work() as tx:
        before = _existing(tx, rule_id)
        rules.change(tx, rule_id, {"ends_at": now, "changed_by": user_id, "changed_at": now})
        _audit(tx, rule_id, "rule.expire", before, user_id, now)


def remove(rule_id: int, *, user_id: int, now: datetime) -> None:
    """Delete a rule; the notes of who changed it stay.

    Raises
    ------
    NotFound
        If there is no rule with this id.
    """
    with unit_of_work() as tx:
        before = _existing(tx, rule_id)
        rules.remove(tx, rule_id)
        _audit(tx, rule_id, "rule.delete", before, user_id, now)


def _existing(tx: Tx, rule_id: int) -> RuleRow:
    found = rules.by_id(tx, rule_id)
    if found is None:
        raise NotFound(_("There is no such rule."))
    return found


def _audit(tx: Tx, rule_id: int, action: str, before: RuleRow | None, user_id: int, now: datetime) -> None:
    after = rules.by_id(tx, rule_id)
    operations.audit(
        tx,
        user_id=user_id,
        action=action,
        subject=SUBJECT,
        subject_id=str(rule_id),
        before=_plain(before),
        after=_plain(after),
        now=now,
    )


def _plain(row: RuleRow | None) -> dict[str, Any]:
    values = asdict(row) if row is not None else {}
    return {name: str(value) if isinstance(value, datetime) else value for name, value in values.items()}


def preview(
    fields: Mapping[str, str],
    recs: Recs,
    *,
    rule_id: int | None,
    history_limit: int,
    currency: str,
    zone: ZoneInfo,
    now: datetime,
) -> vm.RulePreview:
    """Show the first rail of a shopper's home page as it is now, and as it would be with the rule in force.

    ``customer`` is a member's e-mail address; without one the page of a newcomer is shown. Nothing is kept.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used.
    """
    with read_unit() as tx:
        values = _read(tx, fields, currency, zone, rules.by_id(tx, rule_id) if rule_id is not None else None)
        actor, who = _customer(tx, fields.get("customer", "").strip())
        present = rules.current(tx, now=now)
        draft = rules.draft(tx, DRAFT_ID if rule_id is None else rule_id, values, now=now)
        others = [row for row in present.rules if row.rule_id != rule_id]
        tried = replace(draft, starts_at=None, ends_at=None)
        changed = rules.book(tx, sorted([*others, tried], key=lambda row: row.rule_id or math.inf))
    before, after = (
        discovery.first_rail(actor, recs, book, history_limit=history_limit, now=now) for book in (present, changed)
    )
    return vm.RulePreview(who, before, after)


def _customer(tx: Tx, email: str) -> tuple[Actor, str]:
    if not email:
        return NOBODY, _("somebody new")
    found = member_at(tx, email, name="customer")
    member = Actor(user_id=found.user_id)
    return users.with_settings(tx, member) or member, found.name


def _read(tx: Tx, fields: Mapping[str, str], currency: str, zone: ZoneInfo, before: RuleRow | None) -> dict[str, Any]:
    days = (before.starts_at, before.ends_at) if before else (None, None)
    errors: dict[str, str] = {}

    def take(name: str, read: Any) -> Any:
        raw = fields.get(name, "").strip()
        try:
            return read(raw) if raw else None
        except InvalidInput as refused:
            errors[name] = next(iter(refused.errors.values()))
            return None

    action = fields.get("action", "")
    if action not in RULE_ACTIONS:
        errors["action"] = _("Choose what the rule does.")
    values = {
        "action": action,
        "note": fields.get("note", "").strip()[:200],
        "product_id": take("product", lambda raw: _product(tx, raw, action)),
        "category_id": take("category", lambda raw: _category(tx, raw)),
        "brand_id": take("brand", lambda raw: _brand(tx, raw)),
        "price_from_cents": take("price_from", lambda raw: parse_price(raw, currency, name="price_from")),
        "price_to_cents": take("price_to", lambda raw: parse_price(raw, currency, name="price_to")),
        "stock_from": take("stock_from", lambda raw: _whole(raw, 0, MOST_STOCK)),
        "stock_to": take("stock_to", lambda raw: _whole(raw, 0, MOST_STOCK)),
        "place": take("place", lambda raw: _whole(raw, 1, MOST_PLACES)) or 1,
        "strength": take("strength", lambda raw: _whole(raw, 1, 100)) or 50,
        "starts_at": take("starts", lambda raw: _moment(raw, zone, time.min, days[0])),
        "ends_at": take("ends", lambda raw: _moment(raw, zone, time.max, days[1])),
    }
    _check_together(values, errors, days)
    if errors:
        raise InvalidInput(errors)
    return values


def _moment(raw: str, zone: ZoneInfo, at: time, before: datetime | None) -> datetime | None:
    """Read a day as a moment of it; the day that stood in the form is the moment it stood for."""
    return before if before is not None and raw == _day(before, zone) else parse_day(raw, zone, at)


def _day(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat() if at else ""


def _check_together(
    values: Mapping[str, Any], errors: dict[str, str], days: tuple[datetime | None, datetime | None]
) -> None:
    about = ("product_id", "category_id", "brand_id", "price_from_cents", "price_to_cents", "stock_from", "stock_to")
    if not errors and all(values[name] is None for name in about):
        errors["product"] = _("Say which products the rule is about.")
    for low, high, name in (("price_from_cents", "price_to_cents", "price_to"), ("stock_from", "stock_to", "stock_to")):
        if values[low] is not None and values[high] is not None and values[high] < values[low]:
            errors[name] = _("The highest value lies below the lowest.")
    starts, ends = values["starts_at"], values["ends_at"]
    if starts and ends and ends <= starts and (starts, ends) != days:  # one may be ended before it began
        errors["ends"] = _("The end lies before the beginning.")


def _product(tx: Tx, raw: str, action: str) -> int:
    found = rules.product_named(tx, raw)
    if found is None:
        raise InvalidInput({"product": _("No product has this number or article number.")})
    product_id, is_visible = found
    if not is_visible and action in ("pin", "boost"):
        raise InvalidInput({"product": _("This product is hidden; show it first.")})
    return product_id


def _category(tx: Tx, slug: str) -> int:
    found = next((row.category_id for row in products.categories(tx) if row.slug == slug), None)
    if found is None:
        raise InvalidInput({"category": _("There is no such shelf.")})
    return found


def _brand(tx: Tx, slug: str) -> int:
    found = next((brand_id for brand_id, known, _name in catalogue.brands(tx) if known == slug), None)
    if found is None:
        raise InvalidInput({"brand": _("There is no such brand.")})
    return found


def _whole(raw: str, low: int, high: int) -> int:
    number = whole(raw, high)
    if number is None or number < low:
        raise InvalidInput({"number": _("Write a whole number from %(low)s to %(high)s.", low=low, high=high)})
    return number
