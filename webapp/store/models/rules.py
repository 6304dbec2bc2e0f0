"""The table of what the owner wants of the recommended lists."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.base import NUMBERED_ONCE, Key, Model, Moment, Words, among, reference

RULE_ACTIONS = ("pin", "boost", "bury", "exclude")


class MerchandisingRule(Model):
    """One wish about some products for some time; every condition that is given has to hold."""

    __tablename__ = "merchandising_rules"
    __table_args__: Any = (
        among("action", RULE_ACTIONS, "action"),
        CheckConstraint("place BETWEEN 1 AND 10", name="place"),
        CheckConstraint("strength BETWEEN 1 AND 100", name="strength"),
        CheckConstraint(
            "product_id IS NOT NULL OR category_id IS NOT NULL OR brand_id IS NOT NULL OR price_from_cents IS NOT NULL"
            " OR price_to_cents IS NOT NULL OR stock_from IS NOT NULL OR stock_to IS NOT NULL",
            name="condition",
        ),
        NUMBERED_ONCE,
    )

    id: Mapped[Key]
    action: Mapped[str] = mapped_column(String(10))
    note: Mapped[Words] = mapped_column(default="")
    product_id: Mapped[int | None] = reference("products.id")
    category_id: Mapped[int | None] = reference("categories.id")
    brand_id: Mapped[int | None] = reference("brands.id")
    price_from_cents: Mapped[int | None]
    price_to_cents: Mapped[int | None]
    stock_from: Mapped[int | None]
    stock_to: Mapped[int | None]
    place: Mapped[int] = mapped_column(default=1)
    strength: Mapped[int] = mapped_column(default=50)
    starts_at: Mapped[Moment | None]
    ends_at: Mapped[Moment | None]
    changed_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    changed_at: Mapped[Moment]
