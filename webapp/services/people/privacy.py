"""What a member may ask of their data: all of it in a file, or that it goes."""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from webapp.actors import Actor
from webapp.errors import InvalidInput
from webapp.services.people import accounts
from webapp.store import carts, operations, orders, personal, stock, users, vouchers
from webapp.store.tx import Tx, read_unit, unit_of_work

log = logging.getLogger(__name__)
ERASED = "erased"  # the setting that tells which models may hold somebody who is gone
ON_THE_WAY = frozenset({"paid", "packed"})


def export(user_id: int, password: str, *, now: datetime) -> dict[str, Any]:
    """Return everything the shop holds about a member, ready for JSON.

    Raises
    ------
    InvalidInput
        Naming ``export_password``.
    """
    accounts.confirm_password(user_id, password, field="export_password", now=now)
    with read_unit() as tx:
        found = personal.everything(tx, user_id)
    log.info("data_exported", extra={"user_id": user_id})
    rows = {name: [{key: _plain(value) for key, value in row.items()} for row in part] for name, part in found.items()}
    return {"made_at": now.isoformat(timespec="seconds"), "about": user_id, "data": rows}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def delete_account(user_id: int, password: str, *, keep_reviews: bool, now: datetime) -> None:
    """Erase a member for good. Recommendations for their id are those of a stranger from the next request on.

    Orders stay in the books without the person; reviews stay without the name if the member wishes. A member without a
    name remains in the table, so that the erased id is never given to anybody else.

    Raises
    ------
    InvalidInput
        Naming ``password``, also when an order is still to be sent or nobody would be left to run the shop.
    """
    user = accounts.confirm_password(user_id, password, field="password", now=now)
    with unit_of_work() as tx:
        _wait_for_what_goes_on(tx, user_id)
        accounts.keep_confirmed(tx, user, field="password")
        if user.role == "owner" and users.count_role(tx, "owner") == 1:
            raise InvalidInput({"password": _("You are the only owner. Give the shop another one first.")})
        _settle_orders(tx, user_id, now=now)
        heir = users.add(tx, email=None, password_hash=None, is_active=False, created_at=now)
        assert heir is not None  # noqa: S101 - nothing about such a row is unique
        personal.erase(tx, user_id, user.email, heir=heir, keep_reviews=keep_reviews)
        last_run = operations.last_run_id(tx)
        operations.put_setting(tx, ERASED, {"at": now.isoformat(), "last_run": last_run}, now=now)
    log.info("account_deleted", extra={"user_id": user_id})


def _wait_for_what_goes_on(tx: Tx, user_id: int) -> None:
    """Hold a member's cart and orders before the member, as whoever changes or pays them does."""
    carts.lock(tx, Actor(user_id=user_id))
    personal.order_states(tx, user_id)
    users.lock(tx, user_id)


def _settle_orders(tx: Tx, user_id: int, *, now: datetime) -> None:
    """Cancel what is unpaid; what is paid and still in the house has to reach its address first."""
    states = personal.order_states(tx, user_id)
    if ON_THE_WAY & set(states.values()):
        raise InvalidInput(
            {"password": _("An order of yours is still to be sent. The account can be deleted when it is on its way.")}
        )
    for order_id in [order_id for order_id, state in states.items() if state == "placed"]:
        orders.move(tx, order_id, from_states=("placed",), to_state="cancelled")
        stock.release_held(tx, order_id)
        vouchers.give_back(tx, order_id)
        orders.add_event(tx, order_id, "cancelled", now=now)
