"""Room for other brands: how often one may stand among places that follow each other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.types import AnyArray, Rows

WINDOW = 10  # about what is seen at once: a rail, or the first screens of a page


class BrandCaps:
    """At most so many of one brand among any ``WINDOW`` places in a row, for as long as there is anything else.

    Parameters
    ----------
    brands : ndarray of shape (n_items,)
        Name of each item's brand, in any case; items without one are not counted.
    limit : int
        0 for no cap.
    """

    def __init__(self, brands: AnyArray, limit: int) -> None:
        self._brands, self.limit = brands, limit

    def __bool__(self) -> bool:
        return bool(self.limit > 0)  # a number of NumPy compares to a truth of NumPy, which Python does not take here

    def of(self, row: int) -> str:
        """The brand of an item as it is compared, "" where it has none."""
        return str(self._brands[row]).casefold()

    def spread(self, rows: Rows, n: int) -> Rows:
        """Positions of ``n`` of the rows, in their order but for those that wait until their brand may stand again.

        Parameters
        ----------
        rows : ndarray of shape (n_rows,)
            Item rows, best first.
        n : int
        """
        if not self:
            return np.arange(min(n, len(rows)))
        ahead = _Ahead([], {}, iter(rows.tolist()), self)
        placed: list[int] = []
        for _ in range(min(n, len(rows))):
            recent = [ahead.brands[at] for at in placed[-WINDOW + 1 :]]
            placed.append(ahead.take(recent))
        return np.array(placed, dtype=np.int64)

    def without_room(self, brands: Sequence[str], n: int = 1) -> frozenset[str]:
        """The brands of which ``n`` more, anywhere among places of the given brands, might be too many."""
        if not self:
            return frozenset()
        starts = range(max(1, len(brands) - WINDOW + 2))
        counts = (Counter(filter(None, brands[start : start + WINDOW - 1])) for start in starts)
        return frozenset(name for count in counts for name, times in count.items() if times + n > self.limit)


@dataclass
class _Ahead:
    """What is not placed yet; of a long list only as much is read as is needed.

    Attributes
    ----------
    brands : list of str
        Of the positions read so far.
    waiting : dict of str to deque of int
        Positions passed over, in order, by brand.
    unread : iterator of int
        Item rows of the positions behind those.
    """

    brands: list[str]
    waiting: dict[str, deque[int]]
    unread: Iterator[int]
    caps: BrandCaps

    def take(self, recent: Sequence[str]) -> int:
        """The first position whose brand has room beside the recent ones, or else the first of all."""
        held = [own[0] for brand, own in self.waiting.items() if recent.count(brand) < self.caps.limit]
        if held:  # all that is unread stands behind
            return self._taken(min(held))
        for row in self.unread:
            brand, position = self.caps.of(row), len(self.brands)
            self.brands.append(brand)
            if not brand or recent.count(brand) < self.caps.limit:
                return position
            self.waiting.setdefault(brand, deque()).append(position)
        return self._taken(min(own[0] for own in self.waiting.values()))

    def _taken(self, position: int) -> int:
        own = self.waiting[self.brands[position]]
        own.popleft()
        if not own:
            del self.waiting[self.brands[position]]
        return position
