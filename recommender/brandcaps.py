"""Room for other brands: how often one may stand among places that follow each other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from heapq import heappop, heappush

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
        brands = [self.of(row) for row in rows.tolist()]
        waiting: dict[str, deque[int]] = {}
        for at, brand in enumerate(brands):
            waiting.setdefault(brand, deque()).append(at)
        firsts = [own.popleft() for own in waiting.values()]  # of each brand, in rising order and so a heap
        placed: list[int] = []
        for _ in range(min(n, len(brands))):
            full = self.without_room([brands[at] for at in placed[-WINDOW + 1 :]])
            put_back: list[int] = []  # few at a time: so many brands as stand in a window
            while firsts and brands[firsts[0]] in full:
                put_back.append(heappop(firsts))
            next_one = heappop(firsts) if firsts else put_back.pop(0)
            placed.append(next_one)
            if own := waiting[brands[next_one]]:
                put_back.append(own.popleft())
            for at in put_back:
                heappush(firsts, at)
        return np.array(placed, dtype=np.int64)

    def without_room(self, brands: Sequence[str], n: int = 1) -> frozenset[str]:
        """The brands of which ``n`` more, anywhere among places of the given brands, might be too many."""
        if not self:
            return frozenset()
        starts = range(max(1, len(brands) - WINDOW + 2))
        counts = (Counter(filter(None, brands[start : start + WINDOW - 1])) for start in starts)
        return frozenset(name for count in counts for name, times in count.items() if times + n > self.limit)
