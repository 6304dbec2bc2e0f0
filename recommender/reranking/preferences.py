"""What somebody said about their own lists, and what follows from it for a finished order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from recommender.data.arguments import texts_of
from recommender.data.catalogue import distinct_texts, is_below, one_line, one_path
from recommender.data.state import UserState
from recommender.data.validation import is_number, shortened
from recommender.errors import DataError
from recommender.ranking.features import ItemColumns
from recommender.types import AnyArray, BoolMask, FloatVector, Rows

SLIDERS = ("familiar_new", "budget_premium", "variety")
LISTS = ("more", "less", "never", "never_brands")
# At its end a slider moves an item by up to this many widths of the list's scores, a wish about a category by so many.
SLIDER_STRENGTH, WISH_STRENGTH = 0.5, 0.5
# The share of likeness in the choice of the next item when variety stands at one of its ends.
WIDEST = 0.7


@dataclass(frozen=True, slots=True)
class Preferences:
    """A user's own settings. The default says nothing and changes no list.

    Parameters
    ----------
    familiar_new : float
        From -1, what many know and what is of the user's own categories and brands, to 1, the opposite.
    budget_premium : float
        From -1, the low prices within a category, to 1, the high ones.
    variety : float
        From -1, things like each other, to 1, things unlike each other; 0 is the model's own ``diversity``.
    more, less, never : set of str
        Category paths such as "Home > Lamps", in any collection; it is kept as a frozenset. A path holds for all below
        it; of "more" and "less" the longest path counts, and "never" counts before both.
    never_brands : set of str
        Names; upper and lower case are the same. As in a catalogue white space counts as single spaces, and the levels
        of a path may be divided by ">" alone; what is empty then says nothing.

    Raises
    ------
    DataError
        For a slider that is no number between -1 and 1, or a single text where a set of them belongs.
    """

    familiar_new: float = 0.0
    budget_premium: float = 0.0
    variety: float = 0.0
    more: frozenset[str] = field(default_factory=frozenset)
    less: frozenset[str] = field(default_factory=frozenset)
    never: frozenset[str] = field(default_factory=frozenset)
    never_brands: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        for name in SLIDERS:
            value = getattr(self, name)
            if not is_number(value) or not -1 <= value <= 1:
                raise DataError(f"preferences: {name} must be between -1 and 1, not {shortened(value)}")
        for name in LISTS:
            given = texts_of(getattr(self, name), f"preferences: {name}")
            written = map(one_line if name == "never_brands" else one_path, given)
            object.__setattr__(self, name, frozenset(filter(None, written)))

    @property
    def moves_scores(self) -> bool:
        """Whether anything but variety and the things never wanted is set."""
        return bool(self.familiar_new or self.budget_premium or self.more or self.less)

    @property
    def hides(self) -> bool:
        """Whether anything is never wanted."""
        return bool(self.never or self.never_brands)

    def hides_item(self, category: str, brand: str) -> bool:
        """Whether an item of this category path and brand is never wanted."""
        return _longest(self.never, category) >= 0 or brand.casefold() in _folded(self.never_brands)

    def diversity(self, own: float) -> float:
        """The diversity of a list, -1 to 1, for a model whose own diversity is given."""
        if self.variety >= 0:
            return own + self.variety * max(WIDEST - own, 0.0)
        return own + self.variety * (WIDEST + own)


NEUTRAL = Preferences()


class PreferenceRules:
    """Preferences applied to the items of one model.

    Parameters
    ----------
    columns : ItemColumns
    category_paths, brands : ndarray of shape (n_items,)
        Text; "" where unknown.
    """

    def __init__(self, columns: ItemColumns, category_paths: AnyArray, brands: AnyArray) -> None:
        self._columns = columns
        self._paths, self._path_of = distinct_texts(category_paths)
        self._brand_names = brands

    def below(self, category: str) -> BoolMask:
        """Mask of the items of a category and of those below it."""
        return self._of_paths([is_below(path, category) for path in self._paths.tolist()])

    def wanted(self, preferences: Preferences) -> BoolMask:
        """Mask that is False for the items of categories and brands that are never wanted."""
        never = self._of_paths([_longest(preferences.never, path) >= 0 for path in self._paths.tolist()])
        unwanted = _folded(preferences.never_brands)
        brands, brand_of = self._brands
        of_brand = np.array([brand in unwanted for brand in brands.tolist()], dtype=bool)[brand_of]
        wanted: BoolMask = ~(never | of_brand)
        return wanted

    @cached_property
    def _brands(self) -> tuple[AnyArray, Rows]:
        """The distinct brands in lower case, and which of them each item is of; found when first asked for."""
        return distinct_texts([brand.casefold() for brand in self._brand_names.tolist()])

    def sought(self, preferences: Preferences) -> BoolMask | None:
        """Mask of the items that more is wished of; None where there is no such wish."""
        return self._wishes(preferences) > 0 if preferences.more else None

    def scores(self, preferences: Preferences, state: UserState, rows: Rows, scores: FloatVector) -> FloatVector:
        """Scores moved by the sliders and by the wishes about categories, in widths of the list's scores.

        Parameters
        ----------
        preferences : Preferences
        state : UserState
            Whose categories and brands count as familiar.
        rows : ndarray of shape (n_rows,)
            The candidates; popularity is judged among them, a price within its category in the whole catalogue.
        scores : ndarray of shape (n_rows,)

        Returns
        -------
        ndarray of shape (n_rows,)
            The given scores themselves where nothing is set that moves them.
        """
        if not preferences.moves_scores or not len(rows):
            return scores
        moved = np.zeros(len(rows), dtype=np.float64)
        if preferences.familiar_new:
            moved += SLIDER_STRENGTH * preferences.familiar_new * self.novelty(state, rows)
        if preferences.budget_premium:
            moved += SLIDER_STRENGTH * preferences.budget_premium * self.price_places[rows]
        if preferences.more or preferences.less:
            moved += WISH_STRENGTH * self._wishes(preferences)[rows]
        spread = float(scores.max() - scores.min()) or 1.0
        return (scores + spread * moved).astype(np.float32)

    def novelty(self, state: UserState, rows: Rows) -> FloatVector:
        """From -1, well known and of the user's own categories and brands, to 1; half by each where there is a past."""
        known = _places(self._columns.log_counts[rows])
        own = self._own_share(state, rows)
        familiar = (known + own / own.max()) / 2 if own.max(initial=0.0) > 0 else known
        return 1.0 - 2.0 * familiar

    def _own_share(self, state: UserState, rows: Rows) -> FloatVector:
        """Share of the user's evidence that lies in the category, and in the brand, of each item: the mean of both."""
        columns, total = self._columns, float(state.weights.sum())
        if total <= 0:
            return np.zeros(len(rows))
        shares = []
        for codes in (columns.category, columns.brand):
            own, of = np.unique(codes[state.item_rows], return_inverse=True)
            share = np.bincount(of, weights=state.weights, minlength=len(own)) / total
            place = np.minimum(np.searchsorted(own, codes[rows]), len(own) - 1)
            shares.append(np.where((own[place] == codes[rows]) & (codes[rows] >= 0), share[place], 0.0))
        return np.asarray(sum(shares)) / 2

    @cached_property
    def price_places(self) -> FloatVector:
        """Place of each item's price within its category, from -1, the lowest, to 1; 0 where the price is unknown."""
        prices, category = self._columns.standard_price, self._columns.category
        places = np.zeros(len(prices))
        priced = np.flatnonzero(~np.isnan(prices))
        order = priced[np.argsort(category[priced], kind="stable")]
        starts = np.flatnonzero(np.r_[True, np.diff(category[order]) != 0]) if len(order) else order
        for rows in np.split(order, starts[1:]):
            places[rows] = 2.0 * _places(prices[rows]) - 1.0
        return places

    def _wishes(self, preferences: Preferences) -> FloatVector:
        """1 for items that more is wished of, -1 for those that less is, 0 for all others and what is never wanted."""
        signs = np.array([_wish(preferences, path) for path in self._paths.tolist()], dtype=np.float64)
        wishes: FloatVector = signs[self._path_of]
        return wishes

    def _of_paths(self, chosen: Iterable[bool]) -> BoolMask:
        mask: BoolMask = np.array(list(chosen), dtype=bool)[self._path_of]
        return mask


def _longest(categories: Iterable[str], path: str) -> int:
    """Length of the longest of the categories that holds the path, -1 when none does."""
    return max((len(category) for category in categories if is_below(path, category)), default=-1)


def _wish(preferences: Preferences, path: str) -> float:
    more, less = _longest(preferences.more, path), _longest(preferences.less, path)
    if _longest(preferences.never, path) >= 0 or more == less:
        return 0.0
    return 1.0 if more > less else -1.0


def _folded(names: Iterable[str]) -> set[str]:
    return {name.casefold() for name in names}


def _places(values: FloatVector) -> FloatVector:
    """Place of each value among all, 0 for the smallest to 1; equal values share it, one alone is in the middle."""
    n = len(values)
    if n < 2:
        return np.full(n, 0.5)
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return (below + up_to - 1) / (2.0 * (n - 1))
