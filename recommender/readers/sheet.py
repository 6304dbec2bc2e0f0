"""One chunk of a file on its way into library columns: what cannot be used is taken out and written down."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from recommender.data.arguments import moment_of
from recommender.data.roworder import StepCounter, stand_in
from recommender.data.validation import LABEL_TOO_LONG, MAX_ID_BYTES, MAX_LABEL_LENGTH, is_too_long
from recommender.readers import parsing
from recommender.readers.files import reject_frame
from recommender.readers.parsing import Floats
from recommender.types import BoolMask

_SHOWN = 200
_NO_IDS = (list, tuple, set, dict, bool, bytes, np.bool_, np.ndarray)
_CLOCK_SKEW_SECONDS = 86_400
# Files without times get one second per row from here on, so that their order, where it says anything, survives.
UNTIMED_START = 946_684_800
UNTIMED = "timestamp: not in the file"


class Sheet:
    """Raw columns, the rows still standing, and why the others fell.

    Parameters
    ----------
    raw : DataFrame
        Columns as read, indexed by row number in the file.
    now : int, optional
        UTC seconds against which "in the future" is judged; the clock by default.
    counter : StepCounter, optional
        Shared by all chunks of a file, of which one user's rows may begin in one and end in the next.
    """

    def __init__(self, raw: pd.DataFrame, *, now: int | None = None, counter: StepCounter | None = None) -> None:
        self.raw = raw
        self._counter = StepCounter() if counter is None else counter
        self.repairs: Counter[str] = Counter()
        told = moment_of(now)
        self._latest = (time.time() if told is None else told) + _CLOCK_SKEW_SECONDS
        self._standing = np.ones(len(raw), dtype=bool)
        self._rejects: list[pd.DataFrame] = []

    def has(self, column: str) -> bool:
        """Whether the file has the column."""
        return column in self.raw.columns

    def text(self, column: str | None) -> pd.Series:
        """A column as it is in the file, as text; all "" when the file does not have it."""
        if column is None or column not in self.raw.columns:
            return self.same("")
        return parsing.as_text(self.raw[column])

    def plain(self, column: str | None) -> pd.Series:
        """A column as readable text, without HTML."""
        return parsing.plain_text(self.text(column))

    def joined(self, column: str, separator: str) -> pd.Series:
        """A column as readable text, the entries of its lists with a separator between."""
        if not self.has(column) or isinstance(self.raw[column].dtype, pd.StringDtype):
            return self.plain(column)
        return parsing.joined(self.raw[column], separator)

    def lists(self, column: str) -> list[list[str]]:
        """A column of lists; empty lists when the file does not have it."""
        return parsing.lists(self.raw[column]) if self.has(column) else [[] for _ in range(len(self.raw))]

    def same(self, value: str) -> pd.Series:
        """A column that says the same in every row."""
        return pd.Series(value, index=self.raw.index, dtype=str)

    def reject(self, bad: Any, column: str, reason: str, values: pd.Series | None = None) -> None:
        """Take rows out and note why; a row that already fell keeps its first reason."""
        fallen = np.asarray(bad, dtype=bool) & self._standing
        if not fallen.any():
            return
        shown = (self.text(column) if values is None else values)[fallen].str.slice(0, _SHOWN)
        self._rejects.append(
            pd.DataFrame({"row": self.raw.index[fallen], "reason": reason, "column": column, "value": shown.to_numpy()})
        )
        self._standing &= ~fallen

    def ids(self, column: str, reason: str) -> pd.Series:
        """Ids exactly as in the file; rows without one, or with one that no model can hold, are rejected."""
        text = self.text(column)
        self.reject(self._is_no_id(column), column, "an id that is neither text nor a number")
        self.reject(text.str.strip() == "", column, reason)
        self.reject_unusable_ids(column, text)
        return text

    def reject_unusable_ids(self, column: str, ids: pd.Series) -> None:
        """Reject rows whose id is there but cannot stand in a model."""
        self.reject(ids.str.contains("\0", regex=False), column, "an id with a NUL character")
        self.reject(is_too_long(ids), column, f"an id longer than {MAX_ID_BYTES} bytes")

    def reject_endless(self, label: str, made: pd.DataFrame) -> None:
        """Reject rows whose label, where the finished columns have it, is too long for a catalogue."""
        if label in made.columns:
            texts = made[label].astype(str)
            self.reject(texts.str.len() > MAX_LABEL_LENGTH, label, LABEL_TOO_LONG, texts)

    def stars(self, column: str) -> Floats:
        """Star ratings; rows outside 1 to 5 are rejected."""
        stars = parsing.numbers(self.text(column))
        self.reject(~((stars >= 1) & (stars <= 5)), column, "the rating is not between 1 and 5")
        return stars

    def seconds(self, column: str, values: Floats | None = None) -> Floats:
        """UTC seconds; rows without a usable time are rejected."""
        found = parsing.seconds(self.text(column)) if values is None else values
        self.reject(~(found >= 0), column, "the time cannot be read")
        self.reject(found > self._latest, column, "the time lies in the future")
        return found

    def stand_in_times(self, users: pd.Series, items: pd.Series, kinds: pd.Series) -> Floats:
        """UTC seconds of a file without times, counted as a repair.

        The order of the rows stands in for them, or that within each user where one stands after the other. Where it
        comes from sorting by item they are drawn.
        """
        in_order = "row order taken as time (one second per row from 2000-01-01)", np.asarray(self.raw.index)
        repair, seconds = stand_in(users, items, kinds, self._counter) or in_order
        self.repairs[f"{UNTIMED}, {repair}"] += len(self.raw)
        return UNTIMED_START + seconds.astype(np.float64)

    def prices(self, column: str | None) -> Floats:
        """Prices in major units; a text that is no amount is left empty and counted as a repair."""
        text = self.text(column)
        found = parsing.prices(text)
        self._repair((text != "").to_numpy() & np.isnan(found), f"{column}: not an amount, price left empty")
        return found

    def standing(self) -> BoolMask:
        """Mask of the rows not rejected so far."""
        return self._standing.copy()

    def rejects(self) -> pd.DataFrame:
        """The rejected rows in file order."""
        if not self._rejects:
            return reject_frame()
        return pd.concat(self._rejects).sort_values("row", kind="stable").reset_index(drop=True)

    def _is_no_id(self, column: str) -> BoolMask:
        """Mask of the rows where something stands that would only look like an id once it is text."""
        dtype = self.raw[column].dtype if self.has(column) else pd.StringDtype()
        if isinstance(dtype, pd.StringDtype) or dtype.kind not in "Ob":
            return np.zeros(len(self.raw), dtype=bool)
        return np.array([isinstance(value, _NO_IDS) for value in self.raw[column]], dtype=bool)

    def _repair(self, mended: BoolMask, what: str) -> None:
        n = int((mended & self._standing).sum())
        if n:
            self.repairs[what] += n
