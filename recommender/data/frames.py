"""What of pandas somebody hands in, told without reading it: it takes 60 MB, and who never did hands in none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    import pandas as pd


def is_frame(given: object) -> TypeGuard[pd.DataFrame]:
    """Whether something is a DataFrame."""
    frame = _of_pandas("DataFrame")
    return isinstance(frame, type) and isinstance(given, frame)


def is_gap(given: object) -> bool:
    """Whether something is one of the marks with which pandas says that a value is missing."""
    return given is not None and any(given is _of_pandas(name) for name in ("NA", "NaT"))


def _of_pandas(name: str) -> object:
    """What stands under a name in pandas; None while another thread has not read it so far."""
    return getattr(sys.modules.get("pandas"), name, None)
