"""The owner's pages about vouchers, delivery and tax."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from decimal import Decimal, DecimalException
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from flask import url_for
from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from webapp import viewmodels as vm
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.formatting import alphabetically, money, typed_amount, typed_number
from webapp.money import parse_price
from webapp.services.buying import vouchers
from webapp.store import delivery, operations
from webapp.store.catalogue import slugify
from webapp.store.delivery import DeliveryRow
from webapp.store.rows import VoucherRow
from webapp.store.tx import Tx, read_unit, unit_of_work
from webapp.viewbuilders.buying import country_name
from webapp.viewbuilders.listing import page_shown, pagination

PAGE_SIZE = 50
MOST_DAYS = 90
COUNTRIES = Locale("en").territories
MOST_PERMILLE = 500
NEW = "new"
LONGEST_CODE = 36  # room for a number behind it


def _meta(title: str) -> vm.PageMeta:
    return vm.PageMeta(title=title, is_indexed=False)


def vouchers_page(
    form: vm.Form | None = None,
    *,
    query: str = "",
    page: int = 1,
    currency: str,
    locale: str,
    zone: ZoneInfo,
    now: datetime,
) -> vm.AdminVouchersPage:
    """Build a page of the table of vouchers and the form for a new one."""
    kinds = (("percent", _("Percent off")), ("amount", _("Amount off")), ("free_delivery", _("Free delivery")))
    found, total, names = vouchers.some_with_names(query, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    if total and not found:
        page = page_shown(page, PAGE_SIZE, total)
        found, total, names = vouchers.some_with_names(query, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    return vm.AdminVouchersPage(
        meta=_meta(_("Vouchers")),
        rows=tuple(
            _voucher_row(row, names.get(row.user_id or 0, ""), currency, locale, zone, now=now) for row in found
        ),
        kinds=tuple(vm.Option(value, label) for value, label in kinds),
        currency=currency,
        query=query,
        url=url_for("admin.vouchers", q=query or None, page=page if page > 1 else None),
        pagination=pagination(url_for("admin.vouchers"), {"q": query}, page, PAGE_SIZE, total),
        form=form or vm.Form(),
    )


def _voucher_row(
    row: VoucherRow, member: str, currency: str, locale: str, zone: ZoneInfo, *, now: datetime
) -> vm.VoucherRow:
    effects = {
        "percent": _("%(n)s %% off the goods", n=row.value),
        "amount": _("%(amount)s off the goods", amount=money(row.value, currency, locale)),
        "free_delivery": _("free delivery"),
    }
    conditions = []
    if row.min_cents:
        conditions.append(_("from %(amount)s", amount=money(row.min_cents, currency, locale)))
    if row.per_user is not None:
        conditions.append(ngettext("once for each shopper", "%(num)s times for each shopper", row.per_user))
    if row.user_id is not None:
        conditions.append(_("only for %(name)s", name=member))
    days = [format_date(at.astimezone(zone)) if at else "" for at in (row.starts_at, row.ends_at)]
    uses = str(row.uses) if row.max_uses is None else _("%(n)s of %(most)s", n=row.uses, most=row.max_uses)
    period = " – ".join(days) if any(days) else _("always")
    said = ", ".join(conditions)
    return vm.VoucherRow(row.code, effects[row.kind], said, period, uses, _state(row, now), row.is_active)


def _state(row: VoucherRow, now: datetime) -> str:
    if not row.is_active:
        return _("off")
    if row.ends_at is not None and row.ends_at <= now:
        return _("expired")
    if row.max_uses is not None and row.uses >= row.max_uses:
        return _("used up")
    return _("not yet") if row.starts_at is not None and row.starts_at > now else _("on")


def delivery_page(
    form: vm.Form | None = None, new: vm.Form | None = None, *, currency: str, locale: str
) -> vm.AdminDeliveryPage:
    """Build the tables of delivery and tax, and the form for another way of delivery."""
    with read_unit() as tx:
        methods = delivery.every_method(tx)
        rates = _rates(methods, delivery.tax_rates(tx))
    taxes = (
        vm.TaxRow(code, country_name(code), typed_number(Decimal(permille) / 10, locale))
        for code, permille in rates.items()
    )
    return vm.AdminDeliveryPage(
        meta=_meta(_("Delivery and tax")),
        methods=tuple(_method_row(row, currency, locale) for row, is_active in methods if is_active),
        retired=tuple(_method_row(row, currency, locale) for row, is_active in methods if not is_active),
        taxes=tuple(sorted(taxes, key=lambda row: alphabetically(row.name))),
        currency=currency,
        form=form or vm.Form(),
        new_form=new or vm.Form(),
    )


def _method_row(row: DeliveryRow, currency: str, locale: str) -> vm.DeliveryRow:
    return vm.DeliveryRow(
        row.code,
        row.name,
        typed_amount(row.price_cents, currency, locale),
        typed_amount(row.free_from_cents, currency, locale) if row.free_from_cents is not None else "",
        str(row.days_min),
        str(row.days_max),
        " ".join(row.countries),
    )


def save_delivery(fields: Mapping[str, str], *, currency: str, user_id: int, now: datetime) -> None:
    """Change the ways of delivery that are offered, and tax.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used; nothing is changed then.
    """
    errors: dict[str, str] = {}
    with unit_of_work() as tx:
        methods = {row.code: _read_method(row.code, fields, currency, errors) for row in delivery.methods(tx)}
        before = delivery.tax_rates(tx)
        served = {country for values in methods.values() for country in values["countries"]}
        asked = {country for country in served | set(before) if f"tax-{country}" in fields}
        rates = {country: _read_permille(country, fields, errors) for country in sorted(asked)}
        if errors:
            raise InvalidInput(errors)
        for code, values in methods.items():
            delivery.change_method(tx, code, **values)
        for country, permille in rates.items():
            delivery.set_tax_rate(tx, country, permille)
        operations.audit(
            tx,
            user_id=user_id,
            action="delivery.change",
            subject="delivery",
            subject_id="",
            before={"tax": before},
            after={"tax": rates, "methods": methods},
            now=now,
        )


def add_delivery(fields: Mapping[str, str], *, currency: str, user_id: int, now: datetime) -> str:
    """Offer another way of delivery and return its name.

    Parameters
    ----------
    fields : mapping
        As for a way that is there, under the code ``NEW``.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used.
    """
    errors: dict[str, str] = {}
    values = _read_method(NEW, fields, currency, errors)
    if errors:
        raise InvalidInput(errors)
    with unit_of_work() as tx:
        known = {row.code for row, _is_active in delivery.every_method(tx)}
        code = _free_code(values["name"], known)
        if not delivery.add_method(tx, code=code, is_active=True, **values):
            raise Conflict  # somebody else added one with this name just now
        _audit(tx, "delivery.add", code, values, user_id, now)
    return str(values["name"])


def _free_code(name: str, known: Set[str]) -> str:
    """Make a code out of a name that no way of delivery has."""
    stem = slugify(name, longest=LONGEST_CODE)
    codes = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return next(code for code in codes if code not in known and code != NEW)


def switch_delivery(code: str, *, on: bool, user_id: int, now: datetime) -> None:
    """Offer a way of delivery, or not any more. It stays known, and orders placed with it keep its name.

    Raises
    ------
    NotFound
        If there is none with this code.
    Conflict
        If it is the last one that is offered.
    """
    with unit_of_work() as tx:
        if code not in {row.code for row, _is_active in delivery.every_method(tx)}:
            raise NotFound
        if not delivery.switch_method(tx, code, on=on):
            raise Conflict(_("One way of delivery at least has to be offered."))
        _audit(tx, "delivery.switch", code, {"is_active": on}, user_id, now)


def _audit(tx: Tx, action: str, code: str, after: Mapping[str, Any], user_id: int, now: datetime) -> None:
    operations.audit(
        tx, user_id=user_id, action=action, subject="delivery", subject_id=code, before={}, after=after, now=now
    )


def _rates(methods: list[tuple[DeliveryRow, bool]], rates: dict[str, int]) -> dict[str, int]:
    """Add the countries something is delivered to that have no rate yet."""
    return dict.fromkeys((country for row, _is_active in methods for country in row.countries), 0) | rates


def _read_method(code: str, fields: Mapping[str, str], currency: str, errors: dict[str, str]) -> dict[str, Any]:
    def given(name: str) -> str:
        return fields.get(f"{name}-{code}", "").strip()

    def cents(name: str) -> int:
        try:
            return parse_price(given(name), currency, name=name)
        except InvalidInput as refused:
            errors[f"{name}-{code}"] = refused.errors[name]
            return 0

    days = [_whole(f"{name}-{code}", given(name), MOST_DAYS, errors) for name in ("min", "max")]
    if days[0] > days[1]:
        errors[f"max-{code}"] = _("The most days are fewer than the fewest.")
    if not given("name") or not given("name").isprintable():
        errors[f"name-{code}"] = _("A name is needed.")
    countries = given("countries").upper().replace(",", " ").split()
    if not countries or any(len(one) != 2 or one not in COUNTRIES for one in countries):
        errors[f"countries-{code}"] = _("Write countries by two letters, such as DE AT CH.")
    return {
        "name": given("name")[:200],
        "price_cents": cents("price"),
        "free_from_cents": cents("free") if given("free") else None,
        "days_min": days[0],
        "days_max": days[1],
        "countries": sorted(set(countries)),
    }


def _whole(name: str, raw: str, most: int, errors: dict[str, str]) -> int:
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 4) or int(raw) > most:
        errors[name] = _("Write a whole number.")
        return 0
    return int(raw)


def _read_permille(country: str, fields: Mapping[str, str], errors: dict[str, str]) -> int:
    try:
        permille = Decimal(fields.get(f"tax-{country}", "").strip().replace(",", ".")) * 10
    except DecimalException:
        permille = Decimal("NaN")
    if not permille.is_finite() or permille != permille.to_integral_value() or not 0 <= permille <= MOST_PERMILLE:
        errors[f"tax-{country}"] = _("Write percent from 0 to 50, such as 19 or 5.5.")
        return 0
    return int(permille)
