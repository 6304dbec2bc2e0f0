"""What a live model is told of between two trainings, read from the tables by row id and time."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from webapp.clock import utc_now
from webapp.store import catalogue, interactions
from webapp.store.frames import frame_of
from webapp.store.tx import read_unit

if TYPE_CHECKING:
    import pandas as pd

BATCH = 5000
SHOWS_OF = timedelta(days=30)


class DatabaseFeed:
    """New events and products of the application's own database."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def events_after(self, last_id: int) -> tuple[pd.DataFrame, int]:
        """Return up to 5,000 new events and the id of the last."""
        with self.app.app_context(), read_unit() as tx:
            return interactions.events_after(tx, last_id, limit=BATCH)

    def items_since(self, since: datetime, known: Container[str]) -> tuple[pd.DataFrame, datetime]:
        """Return products added or changed since a moment, without those of known ids."""
        with self.app.app_context(), read_unit() as tx:
            changed, latest = catalogue.changed_since(tx, since)
            ids = [product_id for product_id in changed if str(product_id) not in known]
            frame = catalogue.item_frame(tx, media=self._media, product_ids=ids) if ids else _no_items()
        return frame, latest or since

    def shows(self) -> pd.DataFrame:
        """Return how often each product was recommended in the last 30 days and how often somebody came from there."""
        with self.app.app_context(), read_unit() as tx:
            return interactions.shows(tx, since=utc_now() - SHOWS_OF)

    @property
    def _media(self) -> Path:
        return Path(self.app.instance_path) / "media"


def _no_items() -> pd.DataFrame:
    return frame_of((), catalogue.ITEM_COLUMNS)
