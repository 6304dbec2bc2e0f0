"""Ways of delivery, and the tax contained in the prices of a country."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import aliased

from webapp.store.interactions import insert_or_ignore
from webapp.store.models import DeliveryMethod, TaxRate
from webapp.store.tx import Tx


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A way of delivery."""

    code: str
    name: str
    price_cents: int
    free_from_cents: int | None
    countries: list[str]
    days_min: int
    days_max: int


_COLUMNS = (
    DeliveryMethod.code,
    DeliveryMethod.name,
    DeliveryMethod.price_cents,
    DeliveryMethod.free_from_cents,
    DeliveryMethod.countries,
    DeliveryMethod.days_min,
    DeliveryMethod.days_max,
)


def methods(tx: Tx) -> list[DeliveryRow]:
    """Return the ways of delivery on offer."""
    rows = tx.rows(select(*_COLUMNS).where(DeliveryMethod.is_active).order_by(DeliveryMethod.position))
    return [DeliveryRow(*row) for row in rows]


def every_method(tx: Tx) -> list[tuple[DeliveryRow, bool]]:
    """Return every way of delivery and whether it is on offer."""
    columns = (*_COLUMNS, DeliveryMethod.is_active)
    rows = tx.rows(select(*columns).order_by(DeliveryMethod.position))
    return [(DeliveryRow(*row[:-1]), bool(row[-1])) for row in rows]


def change_method(tx: Tx, code: str, **values: Any) -> None:
    """Change a way of delivery."""
    tx.change(update(DeliveryMethod).where(DeliveryMethod.code == code).values(**values))


def add_method(tx: Tx, **values: Any) -> bool:
    """Add a way of delivery behind all others; False when there is one with its code already."""
    last = select(func.coalesce(func.max(DeliveryMethod.position), -1) + 1).scalar_subquery()
    statement = insert_or_ignore(tx, DeliveryMethod).values(**values, position=last)
    return tx.row(statement.returning(DeliveryMethod.id)) is not None


def switch_method(tx: Tx, code: str, *, on: bool) -> bool:
    """Offer a way of delivery or not any more; False, and no change, for one that is unknown or the last on offer."""
    statement = update(DeliveryMethod).where(DeliveryMethod.code == code).values(is_active=on)
    if not on:
        other = aliased(DeliveryMethod)
        statement = statement.where(exists().where(other.is_active, other.code != code))
    return bool(tx.change(statement))


def tax_rates(tx: Tx) -> dict[str, int]:
    """Return the tax contained in prices by country, in thousandths."""
    return {row[0]: row[1] for row in tx.rows(select(TaxRate.country, TaxRate.permille).order_by(TaxRate.country))}


def set_tax_rate(tx: Tx, country: str, permille: int) -> None:
    """Set the tax contained in the prices of a country."""
    tx.execute(insert_or_ignore(tx, TaxRate).values(country=country, permille=permille))
    tx.change(update(TaxRate).where(TaxRate.country == country).values(permille=permille))


def tax_permille(tx: Tx, country: str) -> int:
    """Return the tax contained in prices in a country, in thousandths; 0 where none is set."""
    return int(tx.scalar(select(TaxRate.permille).where(TaxRate.country == country)) or 0)
