"""Start a shop from a known public data set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from webapp import recs
from webapp.services.upkeep.import_rows import Options, Report
from webapp.services.upkeep.imports import import_catalogue, import_interactions


def import_set(
    name: str, *, folder: Path, currency: str, now: datetime, progress: Callable[[str, float], None]
) -> list[Report]:
    """Import a data set's products, then its events.

    Raises
    ------
    recs.UnreadableFileError
        If there is no such set or its files are not there.
    """
    found = recs.data_set(name)
    reports = []
    if found.catalogue is not None:
        path, mapping = found.catalogue
        options = Options(mapping, currency=currency, pictures=found.pictures)
        reports.append(import_catalogue(path, options, folder=folder, now=now, progress=progress))
    if found.interactions is not None:
        path, mapping = found.interactions
        options = Options(mapping, currency=currency)
        reports.append(import_interactions(path, options, folder=folder, now=now, progress=progress))
    return reports
