"""The numbers in the frame of every page, in one statement."""

from __future__ import annotations

from sqlalchemy import func, literal, select

from webapp.actors import Actor
from webapp.store.models import Cart, CartLine, ShopSetting, WishlistItem
from webapp.store.scope import owned_by
from webapp.store.tx import Tx

DEMO_SETTING = "demo"


def counts(tx: Tx, actor: Actor) -> tuple[int, int, bool]:
    """Return pieces in the cart, saved products, and whether the shop is the generated demo."""
    demo = select(func.count()).where(ShopSetting.name == DEMO_SETTING).scalar_subquery()
    if not actor.is_known:
        return 0, 0, bool(tx.scalar(select(demo)))
    pieces = (
        select(func.coalesce(func.sum(CartLine.quantity), 0))
        .join(Cart, Cart.id == CartLine.cart_id)
        .where(owned_by(Cart, actor), CartLine.is_saved.is_(False))
        .scalar_subquery()
    )
    wishes = select(func.count()).where(owned_by(WishlistItem, actor)).scalar_subquery()
    row = tx.row(select(pieces, wishes, demo, literal(1)))
    return int(row[0]), int(row[1]), bool(row[2])
