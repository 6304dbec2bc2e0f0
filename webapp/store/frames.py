"""Tables for the recommender. pandas is read where a table is made: a process that makes none is spared its memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from webapp.store.rows import ItemRow

if TYPE_CHECKING:
    import pandas as pd


def frame_of(records: Iterable[Any], columns: Sequence[str]) -> pd.DataFrame:
    """Return rows as a table with these columns, without rows too."""
    import pandas as pd

    return pd.DataFrame.from_records(list(records), columns=list(columns))


def items_frame(rows: Sequence[ItemRow]) -> pd.DataFrame:
    """Return products as the catalogue of a recommender."""
    return frame_of(rows, ItemRow._fields).astype({"price": "float64"})
