"""Vouchers: entered in the cart, made and ended by the owner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.actors import Actor
from webapp.buying import VoucherUser, voucher_problem
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.money import asked_price, parse_price
from webapp.numbers import whole
from webapp.services.office.fields import member_at, parse_day
from webapp.store import carts, operations, users, vouchers
from webapp.store.models.buying import VOUCHER_KINDS
from webapp.store.rows import VoucherRow
from webapp.store.tx import Tx, read_unit, unit_of_work

CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{2,39}")
MOST_USES = 1_000_000


def clean_code(raw: str) -> str:
    """Return a code as it is stored: capitals, no spaces; empty when it cannot be one."""
    typed = "".join(raw.split())
    code = typed.upper()
    return code if typed.isascii() and CODE.fullmatch(code) else ""


def enter(actor: Actor, raw: str, *, now: datetime) -> str:
    """Put a voucher into the visitor's cart and return a sentence.

    Raises
    ------
    InvalidInput
        If there is no such code, or it cannot be used; the sentence says why.
    """
    with unit_of_work() as tx:
        cart = carts.load(tx, actor)
        if not cart.lines:
            raise Conflict(_("Your cart is empty."))
        code = clean_code(raw)
        voucher = vouchers.by_code(tx, code) if code else None
        if voucher is None:
            raise InvalidInput({"code": _("We do not know this code.")})
        user = user_of(tx, voucher, actor, cart.checkout.get("email", ""))
        currency = cart.lines[0].currency
        problem = voucher_problem(voucher, cart.subtotal_cents, user, currency=currency, now=now)
        if problem:
            raise InvalidInput({"code": problem})
        vouchers.put_in_cart(tx, cart.cart_id, voucher.voucher_id)
        carts.touch(tx, cart.cart_id, now=now)
    return _("The voucher %(code)s is in your cart.", code=code)


def leave(actor: Actor, *, now: datetime) -> str:
    """Take the voucher out of the visitor's cart."""
    with unit_of_work() as tx:
        cart = carts.load(tx, actor)
        if cart.cart_id:
            vouchers.put_in_cart(tx, cart.cart_id, None)
            carts.touch(tx, cart.cart_id, now=now)
    return _("The voucher is out of your cart.")


def n_used_by(tx: Tx, voucher: VoucherRow, actor: Actor, email: str) -> int:
    """Count how often somebody used a voucher, where that matters."""
    if voucher.per_user is None or not actor.is_known:
        return 0
    return vouchers.n_used(tx, voucher.voucher_id, actor, email)


def user_of(tx: Tx, voucher: VoucherRow | None, actor: Actor, email: str) -> VoucherUser:
    """Say who wants to use a voucher and how often they have."""
    return VoucherUser(actor.user_id, n_used_by(tx, voucher, actor, email) if voucher is not None else 0)


def every() -> list[VoucherRow]:
    """Return all vouchers, newest first."""
    with read_unit() as tx:
        return vouchers.every(tx)


def some_with_names(query: str, *, limit: int, offset: int) -> tuple[list[VoucherRow], int, dict[int, str]]:
    """Return a page of vouchers, newest first, how many there are, and the names of the members some are for."""
    with read_unit() as tx:
        rows, total = vouchers.some(tx, query, limit=limit, offset=offset)
        ids = {row.user_id for row in rows if row.user_id is not None}
        return rows, total, users.names(tx, ids) if ids else {}


def create(fields: Mapping[str, str], *, currency: str, zone: ZoneInfo, user_id: int | None, now: datetime) -> str:
    """Make a voucher and return its code.

    Parameters
    ----------
    fields : mapping
        ``code``, ``kind``, ``value`` (percent, or money in major units), ``min`` (money), ``starts`` and ``ends``
        (days, the last one included), ``max_uses``, ``per_user``, ``member`` (an e-mail address, for one alone); all
        but the first two may be empty.

    Raises
    ------
    InvalidInput
        Naming every field that cannot be used.
    """
    errors: dict[str, str] = {}
    values = _read(fields, currency, zone, errors)
    if values["ends_at"] and values["ends_at"] <= now and "ends" not in errors:
        errors["ends"] = _("This day is over already.")
    with unit_of_work() as tx:
        values["user_id"] = _member(tx, fields.get("member", "").strip(), errors)
        if errors:
            raise InvalidInput(errors)
        if vouchers.add(tx, values) is None:
            raise InvalidInput({"code": _("There is a voucher with this code already.")})
        _audit(tx, values["code"], "voucher.create", {"kind": values["kind"], "value": values["value"]}, user_id, now)
    return str(values["code"])


def is_for_later(fields: Mapping[str, str], *, zone: ZoneInfo, now: datetime) -> bool:
    """Whether a voucher or a rule that was made of these fields does not count yet."""
    starts = parse_day(fields.get("starts", "").strip(), zone, time.min)
    return starts is not None and starts > now


def _member(tx: Tx, email: str, errors: dict[str, str]) -> int | None:
    if not email:
        return None
    try:
        return member_at(tx, email, name="member").user_id
    except InvalidInput as refused:
        errors.update(refused.errors)
        return None


def _read(fields: Mapping[str, str], currency: str, zone: ZoneInfo, errors: dict[str, str]) -> dict[str, Any]:
    def take(name: str, read: Any) -> Any:
        try:
            return read(fields.get(name, "").strip())
        except InvalidInput as refused:
            errors[name] = next(iter(refused.errors.values()))
            return None

    code, kind = clean_code(fields.get("code", "")), fields.get("kind", "")
    if not code:
        errors["code"] = _("Three to forty letters, digits, dashes.")
    if kind not in VOUCHER_KINDS:
        errors["kind"] = _("Choose what the voucher does.")
    starts = take("starts", lambda raw: parse_day(raw, zone, time.min))
    ends = take("ends", lambda raw: parse_day(raw, zone, time.max))
    if starts and ends and ends <= starts:
        errors["ends"] = _("The end lies before the beginning.")
    return {
        "code": code,
        "kind": kind,
        "value": take("value", lambda raw: _value(raw, kind, currency)) or 0,
        "min_cents": take("min", lambda raw: parse_price(raw, currency, name="min") if raw else 0) or 0,
        "starts_at": starts,
        "ends_at": ends,
        "max_uses": take("max_uses", _count),
        "per_user": take("per_user", _count),
        "uses": 0,
        "is_active": True,
    }


def _value(raw: str, kind: str, currency: str) -> int:
    if kind == "amount":
        cents = parse_price(raw, currency, name="value")
        if cents == 0:
            raise InvalidInput({"value": asked_price(currency)})
        return cents
    if kind == "percent":
        percent = _count(raw)
        if percent is None or percent > 100:
            raise InvalidInput({"value": _("Write a whole number from 1 to 100.")})
        return percent
    return 0


def _count(raw: str) -> int | None:
    if not raw:
        return None
    number = whole(raw, MOST_USES)
    if not number:
        raise InvalidInput({"number": _("Write a whole number.")})
    return number


def switch(code: str, *, on: bool, user_id: int | None, now: datetime) -> None:
    """Let a voucher count, or not any more. Orders that have used it keep their price.

    Raises
    ------
    NotFound
        If there is none with this code.
    """
    with unit_of_work() as tx:
        voucher = vouchers.by_code(tx, clean_code(code))
        if voucher is None:
            raise NotFound(_("There is no voucher with this code."))
        vouchers.switch(tx, voucher.voucher_id, on=on)
        _audit(tx, voucher.code, "voucher.switch", {"is_active": on}, user_id, now)


def _audit(tx: Tx, code: str, action: str, after: Mapping[str, Any], user_id: int | None, now: datetime) -> None:
    operations.audit(
        tx, user_id=user_id, action=action, subject="voucher", subject_id=code, before={}, after=after, now=now
    )
