"""What a live model is told of between two trainings, read from the tables by row id and time."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask

from webapp.clock import utc_now
from webapp.store import catalogue, interactions, newest
from webapp.store.rows import EventRow, ItemRow, ReadTo
from webapp.store.tx import read_unit

BATCH = 5000
SHOWS_OF = timedelta(days=30)


class DatabaseFeed:
    """New events and products of the application's own database."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def events_after(self, read: ReadTo) -> tuple[list[EventRow], ReadTo]:
        """Return up to 5,000 new events, with those that came late, and how far they were read now."""
        with self.app.app_context(), read_unit() as tx:
            return newest.events_after(tx, read, limit=BATCH)

    def items_since(self, since: datetime, known: Container[str]) -> tuple[list[ItemRow], datetime]:
        """Return products added or changed since a moment, without those of known ids."""
        with self.app.app_context(), read_unit() as tx:
            changed, latest = catalogue.changed_since(tx, since)
            ids = [product_id for product_id in changed if str(product_id) not in known]
            items = catalogue.item_rows(tx, media=self._media, product_ids=ids) if ids else []
        return items, latest or since

    def shows(self) -> dict[str, tuple[int, int]]:
        """Return how often each product was recommended in the last 30 days and how often somebody came from there."""
        with self.app.app_context(), read_unit() as tx:
            return interactions.shows(tx, since=utc_now() - SHOWS_OF)

    @property
    def _media(self) -> Path:
        return Path(self.app.instance_path) / "media"
