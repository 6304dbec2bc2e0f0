"""The one door to ``recommender/``: the shop's words on this side, the library's on that one.

The library is imported where it is used, because reading it takes a second that `flask db` need not wait for.
"""

from __future__ import annotations

from flask import current_app

from config import Config
from webapp.picks import Recs
from webapp.recs.files import DataFiles, FilePart, UnreadableFileError, data_set, read_parts
from webapp.recs.library import (
    SearchOrder,
    Surroundings,
    Trained,
    TrainingError,
    can_open,
    current_version,
    evaluate,
    held,
    keep_parameters,
    model_card,
    prepare,
    prune,
    publish,
    read_note,
    remove,
    save,
    tell_tracker,
    train,
    usable_versions,
    versions,
)
from webapp.recs.merchandising import arrange, excluded
from webapp.recs.reading import Feed, note_of
from webapp.recs.serving import LocalRecs

__all__ = [
    "DataFiles",
    "Feed",
    "FilePart",
    "LocalRecs",
    "SearchOrder",
    "Surroundings",
    "Trained",
    "TrainingError",
    "UnreadableFileError",
    "arrange",
    "can_open",
    "current_version",
    "data_set",
    "evaluate",
    "excluded",
    "get_recs",
    "held",
    "keep_parameters",
    "model_card",
    "note_of",
    "prepare",
    "prune",
    "publish",
    "read_note",
    "read_parts",
    "recs_from_config",
    "remove",
    "save",
    "tell_tracker",
    "train",
    "usable_versions",
    "versions",
]


def recs_from_config(config: Config, feed: Feed | None = None) -> Recs:
    """Return the recommender of this process."""
    return LocalRecs(
        config.instance / "models",
        feed=feed,
        budget_ms=config["RECS_BUDGET_MS"],
        max_per_brand=config["MAX_PER_BRAND"],
    )


def get_recs() -> Recs:
    """Return the present application's recommender."""
    return current_app.extensions["recs"]
