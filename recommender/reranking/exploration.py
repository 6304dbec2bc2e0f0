"""A few places of a list left to chance, so that what nobody has seen yet gets seen, and how likely it was is known."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf
from sys import float_info
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import betainc

from recommender.data.arguments import id_of, require_kept
from recommender.data.limits import COUNT, NOT_NEGATIVE, Limits, plain, require_within
from recommender.data.validation import clean_ids, fail_where, is_number, require_columns, shortened, to_numbers
from recommender.errors import DataError
from recommender.types import FloatVector, Reason, Recommendation, Rows

if TYPE_CHECKING:
    import pandas as pd

SHOWS_COLUMNS = ("item_id", "n_shown", "n_clicked")
SOURCE = "explore"
SHORTEST = 8
MOST_PART = 4
MEASURES = {
    "places": Limits(0, is_whole=True),
    "within": Limits(0, is_whole=True),
    "max_shown": COUNT,
    "pool": COUNT,
}
# Before anything is known an item counts as if it had been shown so often and clicked at the shop's own rate; a shop
# that has shown nothing yet begins at one click in so many.
PRIOR_SHOWS = 20.0
# One draw in ten is even, so that no chance gets so small that the weight of its click (1 / chance) judges alone.
EVEN_SHARE = 0.1
_GRID = np.linspace(0.0, 1.0, 257) ** 2  # close where click rates are: near zero


@dataclass(frozen=True)
class Exploration:
    """How much of a list is left to chance.

    Parameters
    ----------
    places : int
        Places filled by a draw, all in the lower half and never more than a quarter of the list; 0: none.
    within : int, optional
        Length of the part that is seen at once, by default the whole list. Below ``SHORTEST`` nothing is drawn.
    seed : str
        The same seed, user and model give the same list: the id of the request, for instance.
    max_shown : int
        An item shown so often is known well enough.
    max_age_days : float
        An item whose first event is older is not new; one without events, and one newer than the model, always is.
    pool : int
        Most items that compete for one place.
    """

    places: int = 1
    within: int | None = None
    seed: str = ""
    max_shown: int = 200
    max_age_days: float = 30.0
    pool: int = 8

    def __post_init__(self) -> None:
        for name, limits in MEASURES.items():
            if name != "within" or self.within is not None:
                require_within(limits, getattr(self, name), f"exploration: {name}")
        if not is_number(self.max_age_days) or self.max_age_days != inf:  # whatever its age an item is new then
            require_within(NOT_NEGATIVE, self.max_age_days, "exploration: max_age_days")
        for name in (*MEASURES, "max_age_days"):  # days of 8 bits would not hold their own seconds
            object.__setattr__(self, name, plain(getattr(self, name)))

    def drawn_places(self, length: int) -> list[int]:
        """Places, counted from 0, that a list of this length leaves to chance: spread over its lower half."""
        seen = length if self.within is None else min(length, self.within)
        n = min(self.places, seen // MOST_PART) if seen >= SHORTEST else 0
        half = seen - seen // 2
        return [half + (2 * number + 1) * (seen - half) // (2 * n) for number in range(n)]


@dataclass(frozen=True)
class Shows:
    """How often each item was shown and clicked."""

    counts: dict[str, tuple[float, float]] = field(default_factory=dict)
    rate: float = 1.0 / PRIOR_SHOWS

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Self:
        """Read columns ``item_id``, ``n_shown`` and ``n_clicked``, one row an item.

        Raises
        ------
        DataError
            Naming column and first rows: a missing column or id, a negative number, more clicks than shows, an item
            twice.
        """
        require_columns(frame, SHOWS_COLUMNS)
        frame = frame.reset_index(drop=True)
        ids = clean_ids(frame["item_id"], "item_id", {})
        shown, clicked = to_numbers(frame["n_shown"]), to_numbers(frame["n_clicked"])
        fail_where(~((shown >= 0) & np.isfinite(shown)), "n_shown", frame["n_shown"], "no number from 0 on")
        fail_where(~((clicked >= 0) & (clicked <= shown)), "n_clicked", frame["n_clicked"], "not between 0 and n_shown")
        fail_where(ids.duplicated(), "item_id", frame["item_id"], "an item that stands there twice")
        return cls._counted(ids.tolist(), shown, clicked)

    @classmethod
    def of(cls, counts: Mapping[str, tuple[float, float]]) -> Self:
        """Read how often each item was shown and clicked.

        Raises
        ------
        DataError
            Naming the item: an id that is none, or another one's, or a pair that no frame could hold.
        """
        ids = [id_of(item_id, "the id of an item shown") for item_id in counts]
        for item_id, pair in zip(ids, counts.values(), strict=True):
            _require_counts(item_id, pair)
        if len(set(ids)) < len(ids):
            raise DataError("an item shown stands in the counts twice, as a number and as text")
        shown, clicked = np.array(list(counts.values()), dtype=np.float64).reshape(-1, 2).T
        return cls._counted(ids, shown, clicked)

    @classmethod
    def _counted(cls, ids: Sequence[str], shown: FloatVector, clicked: FloatVector) -> Self:
        rate = (clicked.sum() + 1.0) / (shown.sum() + PRIOR_SHOWS)
        return cls(dict(zip(ids, zip(shown.tolist(), clicked.tolist(), strict=True), strict=True)), float(rate))

    def shown(self, item_id: str) -> float:
        """How often an item was shown."""
        return self.counts.get(item_id, (0.0, 0.0))[0]

    def chances(self, item_ids: Sequence[str]) -> FloatVector:
        """Probability with which each item is drawn; see :func:`chances`."""
        counts = np.array([self.counts.get(item_id, (0.0, 0.0)) for item_id in item_ids]).reshape(-1, 2)
        return chances(counts[:, 0], counts[:, 1], self.rate)


def _require_counts(item_id: str, pair: object) -> None:
    """Raise DataError for an id that a log could not hold, and for what is not how often its item was shown."""
    require_kept(item_id, "the id of an item shown")
    if (
        not isinstance(pair, Sequence)
        or isinstance(pair, (bytes, bytearray))
        or len(pair) != 2
        or not all(map(is_number, pair))
    ):
        raise DataError(f"item {item_id!r}: {shortened(pair)} is no pair of n_shown and n_clicked")
    if not 0 <= pair[1] <= pair[0] <= float_info.max:
        raise DataError(f"item {item_id!r}: n_clicked must lie between 0 and n_shown, not {shortened(pair)}")


def chances(shown: FloatVector, clicked: FloatVector, rate: float) -> FloatVector:
    """Probability of each item to have the highest click rate, a tenth of it shared evenly.

    Thompson sampling draws a click rate from each item's posterior and shows the item with the highest. Who draws an
    item with the probability of that does the same, and can say exactly how likely what is shown was.

    Parameters
    ----------
    shown, clicked : ndarray of shape (n_items,)
    rate : float
        Click rate of an item that nothing is known of, between 0 and 1.

    Returns
    -------
    ndarray of shape (n_items,)
        Above 0, sum 1.

    References
    ----------
    Thompson (1933); Chapelle, Li (2011), An Empirical Evaluation of Thompson Sampling. The posterior is
    ``Beta(PRIOR_SHOWS * rate + clicked, PRIOR_SHOWS * (1 - rate) + shown - clicked)``; the probability of being the
    best is ``sum over x of dF_i(x) * product of F_j(x)`` over the others, on a grid.
    """
    n = len(shown)
    if n <= 1:
        return np.ones(n)
    a, b = PRIOR_SHOWS * rate + clicked, PRIOR_SHOWS * (1.0 - rate) + shown - clicked
    kinds, back = np.unique(np.stack([a, b]), axis=1, return_inverse=True)
    below = betainc(kinds[0][:, None], kinds[1][:, None], _GRID[None, :])[back.ravel()]
    middle = np.maximum((below[:, 1:] + below[:, :-1]) / 2.0, 1e-300)
    logs = np.log(middle)
    best = (np.diff(below, axis=1) * np.exp(logs.sum(axis=0) - logs)).sum(axis=1)
    probability: FloatVector = (1.0 - EVEN_SHARE) * best / best.sum() + EVEN_SHARE / n
    return probability


@dataclass(frozen=True)
class Draw:
    """One place, counted from 0, and the items that compete for it; the propensity of each is its chance."""

    place: int
    options: tuple[Recommendation, ...]

    def pick(self, seed: str) -> Recommendation:
        """The item that this seed draws."""
        limits = np.cumsum([option.propensity for option in self.options])
        number = _generator(f"{seed}/{self.place}").random() * limits[-1]
        return self.options[int(np.searchsorted(limits, number, side="right"))]


@dataclass(frozen=True)
class Prepared:
    """An answer with its draws still open: all that takes time is done, and each request draws anew.

    ``answer`` are the items in the order of the model, ``salt`` is what makes the draws of two users differ, and
    ``room`` how many more items were asked for than there are.

    What a draw takes from further down the list leaves a gap there. One of the last items of the list fills it, one
    for each draw, which no draw may take: so nothing else moves, every place but those of the options stays certain,
    and theirs are as likely as they say.
    """

    answer: tuple[Recommendation, ...]
    draws: tuple[Draw, ...] = ()
    salt: str = ""
    room: int = 0

    def drawn(self, seed: str) -> list[Recommendation]:
        """The list of a request: as long as ``answer``, or longer by what was drawn where there is room."""
        if not self.draws:
            return list(self.answer)
        picks = [draw.pick(f"{self.salt}/{seed}") for draw in self.draws]
        instead = {pick.item_id: spare for pick, spare in zip(picks, self._spare, strict=True)}
        found = [_or_instead(r, self._chances.get(r.item_id, 0.0), instead) for r in self._usual]
        for draw, pick in sorted(zip(self.draws, picks, strict=True), key=lambda pair: pair[0].place):
            found.insert(draw.place, replace(pick, score=found[draw.place - 1].score))
        found += self._at_the_end({number for number, pick in enumerate(picks) if pick.item_id not in self._inside})
        return [replace(r, rank=rank) for rank, r in enumerate(found, start=1)]

    @cached_property
    def _usual(self) -> tuple[Recommendation, ...]:
        return self.answer[: len(self.answer) - len(self.draws)]

    @cached_property
    def _spare(self) -> tuple[Recommendation, ...]:
        return self.answer[len(self._usual) :]

    @cached_property
    def _chances(self) -> dict[str, float]:
        """Chance of each option to be drawn."""
        return {option.item_id: option.propensity for draw in self.draws for option in draw.options}

    @cached_property
    def _inside(self) -> frozenset[str]:
        """Options that stand in the list where they are not drawn."""
        return frozenset(r.item_id for r in self._usual if r.item_id in self._chances)

    def _at_the_end(self, unused: Collection[int]) -> list[Recommendation]:
        """The spare items that filled no gap, as far as there is room, each with the chance to stand where it does."""
        found: list[Recommendation] = []
        before = np.array([1.0])  # chance that so many of the spare items up to here filled no gap
        for number, draw in enumerate(self.draws):
            stays = sum(option.propensity for option in draw.options if option.item_id not in self._inside)
            stays = min(stays / sum(option.propensity for option in draw.options), 1.0)
            if number in unused and len(found) < self.room:
                found.append(replace(self._spare[number], propensity=float(before[len(found)] * stays)))
            before = np.convolve(before, [1.0 - stays, stays])
        return found


def _or_instead(usual: Recommendation, chance: float, instead: Mapping[str, Recommendation]) -> Recommendation:
    """What stands at the place of an item that is drawn to another place with this chance."""
    if not chance:
        return usual
    if usual.item_id in instead:
        return replace(instead[usual.item_id], score=usual.score, propensity=chance)
    return replace(usual, propensity=1.0 - chance)


def options(item_ids: Sequence[str], shows: Shows) -> tuple[Recommendation, ...]:
    """Items that compete for one place, each with its chance."""
    why = (Reason("explore"),)
    found = zip(item_ids, shows.chances(item_ids).tolist(), strict=True)
    return tuple(Recommendation(item_id, 0, 0.0, why, SOURCE, chance) for item_id, chance in found)


def deal(item_ids: Sequence[str], places: Sequence[int], pool: int) -> list[tuple[int, list[str]]]:
    """Items dealt out to places, the best first, so that no item competes for two places."""
    hands = [(place, list(item_ids[number :: len(places)][:pool])) for number, place in enumerate(places)]
    return [(place, hand) for place, hand in hands if hand]


def little_shown(rows: Rows, item_ids: Sequence[str], shows: Shows, limit: int) -> Rows:
    """The rows whose item was shown less often than ``limit``; ``item_ids`` are the ids of the rows."""
    return rows[np.array([shows.shown(item_id) < limit for item_id in item_ids], dtype=bool)]


def _generator(seed: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode("utf-8", "replace")).digest()[:16]))
