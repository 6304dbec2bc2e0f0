"""The catalogue as the library sees it: one row per item, every field but the id optional."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from recommender.data.arguments import id_of, is_collection, require_kept
from recommender.data.frames import is_frame, is_gap
from recommender.data.idmap import IdMap
from recommender.data.validation import (
    HALF_A_PAIR,
    LABEL_TOO_LONG,
    MAX_LABEL_LENGTH,
    DataReport,
    clean_ids,
    fail_where,
    is_number,
    is_unicode,
    plain_number,
    require_columns,
    shortened,
    to_float32,
    to_numbers,
    with_gaps,
)
from recommender.errors import DataError
from recommender.types import AnyArray, FloatVector, Rows

if TYPE_CHECKING:
    import pandas as pd

TEXT_FIELDS = ("title", "description", "category", "brand", "image", "colours", "family")
# By these items are put together: one that is written in two ways would be two.
LABELS = ("category", "brand", "colours", "family")
# Python writes out no longer ones by itself.
MOST_DIGITS = 4_000
NOT_A_NUMBER = "not a number"
HOW_TO_JOIN = {
    "category": "; join its levels, as in 'A > B'",
    "colours": "; join its colours, as in 'black|white'",
}
_HOLDERS = (list, tuple, set, frozenset, dict, np.ndarray)


@dataclass(frozen=True)
class ItemCatalogue:
    """Items with their describing fields; "" and NaN mean "not known" and never match another unknown.

    Attributes
    ----------
    items : IdMap
    fields : dict of str to ndarray of shape (n_items,)
        ``title``, ``description``, ``category`` ("A > B"), ``brand``, ``image`` (path), ``colours``
        ("black|white") and ``family`` (id of the variant family), all text.
    prices : ndarray of shape (n_items,)
        Major units of one currency, NaN when not known.
    report : DataReport
    """

    items: IdMap
    fields: dict[str, AnyArray]
    prices: FloatVector
    report: DataReport = field(default_factory=lambda: DataReport(0, 0))

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> ItemCatalogue:
        """Check a catalogue frame.

        Parameters
        ----------
        frame : DataFrame
            Column ``item_id``; optional ``title``, ``description``, ``category``, ``brand``, ``price``, ``image``,
            ``colours`` and ``family``. Other columns are ignored. Of a repeated id the last row counts; the rows
            given up are counted in ``report``, and so are prices of zero, which mean "not known", categories that
            become paths ("A > B" for "A>B"), and white space that becomes single spaces in the other labels.

        Raises
        ------
        DataError
            On a missing ``item_id`` column or id, a price that is no number or negative, a text that cannot be written
            as UTF-8, or a category, brand, colours or family that is a list or has more than ``MAX_LABEL_LENGTH``
            characters.
        """
        require_columns(frame, ("item_id",))
        repairs: dict[str, int] = {}
        frame = frame.reset_index(drop=True)
        frame = frame.assign(item_id=clean_ids(frame["item_id"], "item_id", repairs))
        prices = _given_prices(frame, repairs)
        repeated = frame["item_id"].duplicated(keep="last")
        if repeated.any():
            repairs["item_id: earlier rows of a repeated id"] = int(repeated.sum())
        keep = ~repeated.to_numpy()
        fields = {name: _given_text(frame, name, repairs)[keep] for name in TEXT_FIELDS}
        ids = IdMap(frame["item_id"][keep].tolist())
        return cls(ids, fields, prices[keep], DataReport(len(frame), int(keep.sum()), repairs))

    @classmethod
    def of(cls, items: pd.DataFrame | Iterable[Mapping[str, object]]) -> ItemCatalogue:
        """Check a catalogue frame, or items told one by one, and keep the same of both.

        For the news of a model that serves: pandas is not read for items that are told.

        Parameters
        ----------
        items : DataFrame or iterable of mapping
            Mappings have an ``item_id``, and whatever is known of the other fields that :meth:`from_frame` takes: text,
            and a number for the price; None and "" are not known.

        Raises
        ------
        DataError
            As :meth:`from_frame`, and for what is no such collection.
        """
        if is_frame(items):
            return cls.from_frame(items)
        told = _told_items(items)
        repairs: dict[str, int] = {}
        prices = _told_prices([item.get("price") for _, item in told], repairs)
        keep: Rows = np.array(sorted({item_id: row for row, (item_id, _) in enumerate(told)}.values()), dtype=np.int64)
        if len(keep) < len(told):
            repairs["item_id: earlier rows of a repeated id"] = len(told) - len(keep)
        fields = {name: _told_text([item.get(name) for _, item in told], name, repairs)[keep] for name in TEXT_FIELDS}
        ids = IdMap([told[row][0] for row in keep.tolist()])
        return cls(ids, fields, prices[keep], DataReport(len(told), len(keep), repairs))

    @classmethod
    def bare(cls, item_ids: list[str]) -> ItemCatalogue:
        """A catalogue that knows nothing but the ids."""
        import pandas as pd

        return cls.from_frame(pd.DataFrame({"item_id": pd.Series(item_ids, dtype=str)}))

    def __len__(self) -> int:
        return len(self.items)

    def select(self, rows: Rows) -> ItemCatalogue:
        """The items of some rows, in their order."""
        fields = {name: values[rows] for name, values in self.fields.items()}
        return ItemCatalogue(IdMap(self.items.take(rows)), fields, self.prices[rows], self.report)

    def aligned(self, items: IdMap) -> ItemCatalogue:
        """The same knowledge in the row order of another id map; items not described here stay unknown."""
        rows = self.items.rows(list(items))
        known = rows >= 0
        fields = {n: np.where(known, v[rows], "") if len(self) else _blank(len(items)) for n, v in self.fields.items()}
        prices = np.where(known, self.prices[rows], np.nan) if len(self) else np.full(len(items), np.nan)
        return ItemCatalogue(items, fields, prices.astype(np.float32), self.report)

    def texts(self) -> list[str]:
        """One text per item: title, brand, category and description joined."""
        columns = [self.fields[name] for name in ("title", "brand", "category", "description")]
        return [" ".join(part for part in parts if part) for parts in zip(*columns, strict=True)]


def _told_items(items: object) -> list[tuple[str, Mapping[str, object]]]:
    """The ids and the fields of items told one by one."""
    if isinstance(items, (str, bytes, Mapping)) or not is_collection(items):
        raise DataError(f"items must be a list of mappings with an item_id each, not {shortened(items)}")
    told = list(items)
    for item in told:
        if not isinstance(item, Mapping) or item.get("item_id") is None:
            raise DataError(f"items must hold mappings with an item_id, not {shortened(item)}")
    ids = [id_of(item["item_id"], "items: the item_id") for item in told]
    for item_id in ids:
        require_kept(item_id, "items: the item_id")
    return list(zip(ids, told, strict=True))


def _told_prices(given: Sequence[object], repairs: dict[str, int]) -> FloatVector:
    told = [np.nan if isinstance(value, str) else plain_number(value) for value in given]
    prices = np.array(told, dtype=np.float64)
    known = np.array([not (_is_unknown(v) or (isinstance(v, str) and not v)) for v in given], dtype=bool)
    fail_where(known & np.isnan(prices), "price", given, NOT_A_NUMBER)
    return _clean_prices(prices, given, repairs)


def _given_prices(frame: pd.DataFrame, repairs: dict[str, int]) -> FloatVector:
    if "price" not in frame.columns:
        return np.full(len(frame), np.nan, dtype=np.float32)
    given = with_gaps(frame["price"])
    prices = to_numbers(given)
    fail_where(given.notna() & np.isnan(prices), "price", frame["price"], NOT_A_NUMBER)
    return _clean_prices(prices, frame["price"], repairs)


def _clean_prices(prices: FloatVector, given: pd.Series | Sequence[object], repairs: dict[str, int]) -> FloatVector:
    kept = to_float32(prices)
    unusable = (prices < 0) | np.isinf(kept)
    fail_where(unusable, "price", given, "a price must be finite in 32 bits and not negative")
    free = kept == 0
    if free.any():
        repairs["price: zero taken as not known"] = int(free.sum())
    return np.where(free, np.float32(np.nan), kept)


def _given_text(frame: pd.DataFrame, name: str, repairs: dict[str, int]) -> AnyArray:
    if name not in frame.columns:
        return _blank(len(frame))
    import pandas as pd

    # Objects first: a category, a nullable number and a date each have a gap of their own, and none takes "".
    given = frame[name].astype(object).to_numpy()
    return _clean_text(given, pd.isna(given), name, repairs)


def _told_text(given: Sequence[object], name: str, repairs: dict[str, int]) -> AnyArray:
    return _clean_text(given, [_is_unknown(value) for value in given], name, repairs)


def _is_unknown(given: object) -> bool:
    """What pandas takes for a gap as well."""
    if isinstance(given, Decimal):
        return given.is_nan()
    if isinstance(given, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(given))
    return given is None or is_gap(given) or (is_number(given) and given != given)


def _clean_text(
    given: Sequence[object] | AnyArray, gaps: Sequence[bool] | AnyArray, name: str, repairs: dict[str, int]
) -> AnyArray:
    endless = [isinstance(value, int) and abs(value) >= 10**MOST_DIGITS for value in given]
    fail_where(endless, name, given, f"a number has more than {MOST_DIGITS:,} digits; give it as text")
    encoded = [isinstance(value, (bytes, bytearray)) for value in given]
    fail_where(encoded, name, given, "bytes instead of text")
    if name in LABELS:  # written out with its brackets, a list would be a label of its own
        listed = [isinstance(value, _HOLDERS) for value in given]
        fail_where(listed, name, given, f"a list instead of text{HOW_TO_JOIN.get(name, '')}")
    text = ["" if is_gap else str(value).strip() for value, is_gap in zip(given, gaps, strict=True)]
    fail_where([not is_unicode(value) for value in text], name, text, HALF_A_PAIR)
    if name == "category":
        text = _mended(text, one_path, "category: written as A > B", repairs)
    elif name in LABELS:
        text = _mended(text, one_line, f"{name}: white space made single spaces", repairs)
    if name in LABELS:
        fail_where([len(value) > MAX_LABEL_LENGTH for value in text], name, text, LABEL_TOO_LONG)
    return np.array(text, dtype=object)


def _mended(text: list[str], mend: Callable[[str], str], repair: str, repairs: dict[str, int]) -> list[str]:
    """The texts mended, each distinct one once, and how many that changed counted."""
    mended = {one: mend(one) for one in set(text)}
    n_changed = sum(mended[one] != one for one in text)
    if n_changed:
        repairs[repair] = n_changed
    return [mended[one] for one in text]


def one_line(text: str) -> str:
    """A label as catalogues keep it: each run of white space, line breaks too, is one space, and none at the ends."""
    return " ".join(text.split())


def one_path(text: str) -> str:
    """A category path as catalogues keep it: "A > B", whatever white space and empty levels stand between its names."""
    return " > ".join(filter(None, (one_line(level) for level in text.split(">"))))


def distinct_texts(values: Sequence[str] | AnyArray) -> tuple[AnyArray, Rows]:
    """The distinct texts, sorted, and which of them each entry is.

    ``np.unique`` would need an array in which every text is as wide as the longest.
    """
    texts = np.asarray(values, dtype=object).tolist()
    known = sorted(set(texts))
    place = {text: code for code, text in enumerate(known)}
    return np.array(known, dtype=object), np.array([place[text] for text in texts], dtype=np.int64)


def text_codes(values: Sequence[str] | AnyArray) -> Rows:
    """A number per distinct text; -1 for "", which is never the same as another ""."""
    known, codes = distinct_texts(values)
    is_blank = np.array([text == "" for text in known], dtype=bool)
    return np.where(is_blank[codes], -1, codes)


def _blank(n: int) -> AnyArray:
    return np.full(n, "", dtype=object)


def union_of_items(event_items: IdMap, catalogue: ItemCatalogue | None) -> IdMap:
    """Ids of all items with an event or a catalogue row, sorted, so rows do not depend on the order of the input."""
    ids = set(event_items)
    if catalogue is not None:
        ids.update(catalogue.items)
    if not ids:
        raise DataError("there is neither an event nor a catalogue row to learn from")
    return IdMap(sorted(ids))


def is_below(path: str, category: str) -> bool:
    """Whether a path is the category itself or lies below it; both written as :func:`one_path` gives them."""
    return path == category or path.startswith(f"{category} > ")
