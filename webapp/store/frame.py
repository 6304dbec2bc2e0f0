"""The numbers in the frame of every page, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal, select

from webapp.actors import Actor
from webapp.store.models import Cart, CartLine, DeliveryMethod, ShopSetting, WishlistItem
from webapp.store.scope import owned_by
from webapp.store.tx import Tx

DEMO_SETTING = "demo"


@dataclass(frozen=True, slots=True)
class FrameRow:
    """What every page may show: ``days`` are the fewest and most of the first way of delivery, if there is one."""

    n_cart: int
    n_wishlist: int
    is_demo: bool
    days: tuple[int, int] | None


def numbers(tx: Tx, actor: Actor) -> FrameRow:
    """Return pieces in the cart, saved products, whether the shop is the generated demo, and the days of delivery."""
    demo = select(func.count()).where(ShopSetting.name == DEMO_SETTING).scalar_subquery()
    low, high = _of_first_delivery(DeliveryMethod.days_min), _of_first_delivery(DeliveryMethod.days_max)
    pieces: Any = literal(0)
    wishes: Any = literal(0)
    if actor.is_known:
        pieces = (
            select(func.coalesce(func.sum(CartLine.quantity), 0))
            .join(Cart, Cart.id == CartLine.cart_id)
            .where(owned_by(Cart, actor), CartLine.is_saved.is_(False))
            .scalar_subquery()
        )
        wishes = select(func.count()).where(owned_by(WishlistItem, actor)).scalar_subquery()
    row = tx.row(select(pieces, wishes, demo, low, high, literal(1)))
    days = (int(row[3]), int(row[4])) if row[3] is not None else None
    return FrameRow(int(row[0]), int(row[1]), bool(row[2]), days)


def _of_first_delivery(column: Any) -> Any:
    ways = select(column).where(DeliveryMethod.is_active)
    return ways.order_by(DeliveryMethod.position).limit(1).scalar_subquery()
