"""What the owner wants of a list, after the model has made it: pinned, buried, left out, moved up; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from recommender.data.catalogue import is_below, one_path
from recommender.errors import DataError
from recommender.types import AnyArray, BoolMask, FloatVector, Rows

ACTIONS = ("pin", "boost", "bury", "exclude")


@dataclass(frozen=True)
class Goods:
    """Items of a list as columns of equal length, best first.

    Attributes
    ----------
    item_ids, categories, brands : ndarray of str, shape (n_items,)
        Categories are paths such as ``Home > Lamps``, as :func:`recommender.data.catalogue.one_path` gives them.
    prices, stocks : ndarray of shape (n_items,)
        NaN where unknown: no bound of a rule holds there.
    """

    item_ids: AnyArray
    categories: AnyArray
    brands: AnyArray
    prices: FloatVector
    stocks: FloatVector

    @classmethod
    def of(cls, rows: Sequence[tuple[str, str, str, float, float]]) -> Self:
        """Columns from rows of id, category, brand, price and stock."""
        ids, categories, brands, prices, stocks = zip(*rows, strict=True) if rows else ((), (), (), (), ())
        paths = [one_path(category) for category in categories]
        words = [np.array(column, dtype=object) for column in (ids, paths, brands)]
        return cls(*words, *(np.array(column, dtype=np.float64) for column in (prices, stocks)))

    def __len__(self) -> int:
        return len(self.item_ids)


@dataclass(frozen=True)
class Rule:
    """One wish about some items for some time; every condition that is given has to hold.

    Parameters
    ----------
    rule_id : str
    action : {"pin", "boost", "bury", "exclude"}
        Put at a place; move up; put behind everything else; leave out.
    item_id, category, brand : str
        Empty: any. A category holds what is below it.
    price_from, price_to, stock_from, stock_to : float, optional
        Bounds, both included.
    place : int
        Of a pin, from 1. The best item that fits is put there; of two pins for one place the later rule comes next.
    strength : float
        Of a boost, above 0 and at most 1: the share of the list that an item is moved up.
    starts, ends : int, optional
        UTC seconds from which the rule counts, and from which it does not any more.
    """

    rule_id: str
    action: str
    item_id: str = ""
    category: str = ""
    brand: str = ""
    price_from: float | None = None
    price_to: float | None = None
    stock_from: float | None = None
    stock_to: float | None = None
    place: int = 1
    strength: float = 0.5
    starts: int | None = None
    ends: int | None = None

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise DataError(f"rule {self.rule_id!r}: {self.action!r} is not one of {', '.join(ACTIONS)}")
        if not self._has_condition():
            raise DataError(f"rule {self.rule_id!r}: it has no condition and would hold for every item")
        if self.place < 1:
            raise DataError(f"rule {self.rule_id!r}: place must be at least 1, not {self.place!r}")
        if not 0 < self.strength <= 1:
            raise DataError(f"rule {self.rule_id!r}: strength must be above 0 and at most 1, not {self.strength!r}")

    def _has_condition(self) -> bool:
        bounds = (self.price_from, self.price_to, self.stock_from, self.stock_to)
        return bool(self.item_id or one_path(self.category) or self.brand) or any(bound is not None for bound in bounds)

    def counts_at(self, now: int) -> bool:
        """Whether the rule counts at a time, UTC seconds."""
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)

    def fits(self, goods: Goods) -> BoolMask:
        """Mask of the items that the rule is about."""
        found = np.ones(len(goods), dtype=bool)
        if self.item_id:
            found &= goods.item_ids == self.item_id
        if category := one_path(self.category):
            found &= np.array([is_below(path, category) for path in goods.categories], dtype=bool)
        if self.brand:
            found &= goods.brands == self.brand
        for column, low, high in (
            (goods.prices, self.price_from, self.price_to),
            (goods.stocks, self.stock_from, self.stock_to),
        ):
            if low is not None:
                found &= column >= low
            if high is not None:
                found &= column <= high
        return found


@dataclass(frozen=True)
class Arranged:
    """A list after the rules: positions among the goods, and for each the rule that pinned it, "" for none."""

    positions: Rows
    pinned_by: tuple[str, ...]


def excluded(rules: Sequence[Rule], goods: Goods, *, now: int) -> BoolMask:
    """Mask of the items that a rule leaves out now."""
    masks = [rule.fits(goods) for rule in rules if rule.action == "exclude" and rule.counts_at(now)]
    return np.any(masks, axis=0) if masks else np.zeros(len(goods), dtype=bool)


def arrange(rules: Sequence[Rule], goods: Goods, n_listed: int, *, now: int) -> Arranged:
    """Apply rules to a finished list.

    Leaving out goes before pinning, pinning before burying, burying before moving up. Boosts add up. The order of the
    model stays where no rule says otherwise.

    Parameters
    ----------
    rules : sequence of Rule
    goods : Goods
        The list of the model, best first, and behind it what is only there to be pinned.
    n_listed : int
        Length of the list of the model.
    now : int
        UTC seconds.
    """
    live = [rule for rule in rules if rule.counts_at(now)]
    free = ~excluded(live, goods, now=now)
    pins = _pins([rule for rule in live if rule.action == "pin"], goods, free)
    taken = np.array([position for position, _ in pins], dtype=np.int64)
    free[taken] = False
    listed = np.flatnonzero(free[:n_listed])
    along = _order(live, goods, n_listed)[listed]
    found = [(int(position), "") for position in listed[along.argsort(kind="stable")]]
    for position, rule in pins:
        found.insert(rule.place - 1, (position, rule.rule_id))
    return Arranged(np.array([p for p, _ in found], dtype=np.int64), tuple(rule_id for _, rule_id in found))


def _pins(rules: Sequence[Rule], goods: Goods, free: BoolMask) -> list[tuple[int, Rule]]:
    """The item of each pin, in the order of their places; a pin that nothing fits pins nothing."""
    found: list[tuple[int, Rule]] = []
    open_ = free.copy()
    last = 0
    for rule in sorted(rules, key=lambda rule: rule.place):
        fitting = np.flatnonzero(rule.fits(goods) & open_)
        if len(fitting):
            open_[fitting[0]] = False
            last = max(rule.place, last + 1)
            found.append((int(fitting[0]), replace(rule, place=last)))
    return found


def _order(rules: Sequence[Rule], goods: Goods, n_listed: int) -> FloatVector:
    """A number per item that rises along the list: its place as a share of the list, less what boosts take off."""
    along = np.arange(len(goods), dtype=np.float64) / max(n_listed, 1)
    for rule in rules:
        if rule.action == "boost":
            along[rule.fits(goods)] -= rule.strength
    buried = [rule.fits(goods) for rule in rules if rule.action == "bury"]
    return along + (np.any(buried, axis=0) * 1e6 if buried else 0.0)
