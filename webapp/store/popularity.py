"""How sought-after products are: counted beside the shop's business, written so that what sells meanwhile is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select, update

from webapp.store import operations
from webapp.store.interactions import of_who_may_be_known
from webapp.store.models import Interaction, Product
from webapp.store.tx import Tx

KIND_WEIGHTS = {"view": 1.0, "click": 1.0, "cart": 3.0, "wishlist": 3.0, "purchase": 5.0, "rating": 2.0}
AGE_WEIGHTS = ((30, 1.0), (90, 0.5), (365, 0.2))
OLD_WEIGHT = 0.05
CHUNK = 500
TURN = "popularity_turn"


class OvertakenError(Exception):
    """Another count has written figures since this one was made; it has to be made again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a product's figures were when they were counted, and what they should have been."""

    product_id: int
    popularity: float
    sold_count: int
    counted_popularity: float
    counted_sold: int

    @property
    def is_wrong(self) -> bool:
        """Whether they have to change."""
        return (self.popularity, self.sold_count) != (self.counted_popularity, self.counted_sold)


@dataclass(frozen=True, slots=True)
class Count:
    """The products whose figures have to change, by number, and how often figures had been written by then."""

    found: list[Standing]
    turn: int


def refresh(tx: Tx, *, now: datetime) -> None:
    """Count and write in one transaction, where nobody waits for it: in a test, or when a shop is filled."""
    _take_turn(tx, now=now)
    _move(tx, _count(tx, now=now))


def count(tx: Tx, *, now: datetime) -> Count:
    """Count anew how sought-after each product is: people by what they did with it, the recent ones more.

    Each person counts once per product and kind, however often they did it: nobody moves what others are shown by
    repeating themselves. Who has paused personal picks does not count, orders included, because nothing that they did
    is used; the sum of pieces sold orders no shelf and keeps theirs. A purchase that no order stands behind is one
    piece, whatever number it came with.

    It takes seconds in a shop of a million events: read it in a unit that locks nobody out and sees one state.
    """
    return Count(turn=_number(operations.setting(tx, TURN)), found=_count(tx, now=now))


def _count(tx: Tx, *, now: datetime) -> list[Standing]:
    scores = {row[0]: float(row[1]) for row in tx.rows(_scores(now))}
    pieces = case((Interaction.order_ref.is_not(None), func.coalesce(Interaction.value, 1.0)), else_=1.0)
    bought = (
        select(Interaction.product_id, func.sum(pieces))
        .where(Interaction.kind == "purchase")
        .group_by(Interaction.product_id)
    )
    sold = {row[0]: round(row[1]) for row in tx.rows(bought)}
    known = tx.rows(select(Product.id, Product.popularity, Product.sold_count).order_by(Product.id))
    found = (Standing(row[0], row[1], row[2], scores.get(row[0], 0.0), sold.get(row[0], 0)) for row in known)
    return [each for each in found if each.is_wrong]


def write(tx: Tx, found: Sequence[Standing], *, turn: int, now: datetime) -> None:
    """Move figures by what they were wrong: a piece sold since they were counted stays counted.

    Whatever another count moved since then would be moved twice, so each piece that is written takes a turn.

    Parameters
    ----------
    found : sequence of Standing
        A piece of what a count found.
    turn : int
        The turn of that count for its first piece, one more for each piece behind it.

    Raises
    ------
    OvertakenError
        If another count has written since; the transaction has to be rolled back.
    """
    if _take_turn(tx, now=now) != turn:
        raise OvertakenError
    _move(tx, found)


def _take_turn(tx: Tx, *, now: datetime) -> int:
    """Let nobody else write figures until the transaction ends; return how many pieces were written before."""
    turn = _number(operations.setting_to_change(tx, TURN, now=now))
    operations.put_setting(tx, TURN, {"n": turn + 1}, now=now)
    return turn


def _number(turn: Mapping[str, Any]) -> int:
    return int(turn.get("n", 0))


def _move(tx: Tx, found: Sequence[Standing]) -> None:
    moved = (
        update(Product)
        .where(Product.id == bindparam("of_product"))
        .values(
            popularity=Product.popularity - bindparam("popularity_was") + bindparam("popularity_is"),
            sold_count=Product.sold_count - bindparam("sold_was") + bindparam("sold_is"),
        )
    )
    rows = [
        {
            "of_product": each.product_id,
            "popularity_was": each.popularity,
            "popularity_is": each.counted_popularity,
            "sold_was": each.sold_count,
            "sold_is": each.counted_sold,
        }
        for each in found
    ]
    for start in range(0, len(rows), CHUNK):
        tx.execute(moved, rows[start : start + CHUNK])


def _scores(now: datetime) -> Select[Any]:
    kind = case(*[(Interaction.kind == name, weight) for name, weight in KIND_WEIGHTS.items()], else_=0.0)
    ages = [(Interaction.at >= now - timedelta(days=days), weight) for days, weight in AGE_WEIGHTS]
    weight = func.max(kind * case(*ages, else_=OLD_WEIGHT)).label("weight")
    each = (
        of_who_may_be_known(select(Interaction.product_id, weight), Interaction)
        .group_by(Interaction.product_id, Interaction.kind, Interaction.user_id, Interaction.guest_id)
        .subquery()
    )
    return select(each.c.product_id, func.sum(each.c.weight)).group_by(each.c.product_id)
