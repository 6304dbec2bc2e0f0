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
class DeliveryTerms:
    """What can be said of delivery before a way is chosen.

    ``days`` are the fewest and most of the first way, the one a cart is reckoned with. The cheapest way costs
    ``cheapest_cents``; the least worth of goods from which some way is free is ``free_from_cents``, if there is one.
    """

    days: tuple[int, int]
    cheapest_cents: int
    free_from_cents: int | None

    def cost_of(self, goods_cents: int) -> int:
        """Return what the cheapest way costs for goods of a worth."""
        is_free = self.free_from_cents is not None and goods_cents >= self.free_from_cents
        return 0 if is_free else self.cheapest_cents


@dataclass(frozen=True, slots=True)
class FrameRow:
    """What every page may show; ``delivery`` is there when something can be delivered."""

    n_cart: int
    n_wishlist: int
    is_demo: bool
    delivery: DeliveryTerms | None


def numbers(tx: Tx, actor: Actor) -> FrameRow:
    """Return pieces in the cart, saved products, whether the shop is the generated demo, and the terms of delivery."""
    demo = select(func.count()).where(ShopSetting.name == DEMO_SETTING).scalar_subquery()
    delivery = (
        _of_first_delivery(DeliveryMethod.days_min),
        _of_first_delivery(DeliveryMethod.days_max),
        _least_of_delivery(DeliveryMethod.price_cents),
        _least_of_delivery(DeliveryMethod.free_from_cents),
    )
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
    row = tx.row(select(pieces, wishes, demo, *delivery, literal(1)))
    terms = DeliveryTerms((int(row[3]), int(row[4])), int(row[5]), row[6]) if row[3] is not None else None
    return FrameRow(int(row[0]), int(row[1]), bool(row[2]), terms)


def _least_of_delivery(column: Any) -> Any:
    return select(func.min(column)).where(DeliveryMethod.is_active).scalar_subquery()


def _of_first_delivery(column: Any) -> Any:
    ways = select(column).where(DeliveryMethod.is_active)
    return ways.order_by(DeliveryMethod.position).limit(1).scalar_subquery()
