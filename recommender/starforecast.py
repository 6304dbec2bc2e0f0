"""The stars that a fitted model thinks somebody would give a thing."""

from __future__ import annotations

import numpy as np

from recommender.errors import DataError
from recommender.model import FittedModel
from recommender.onethread import one_thread
from recommender.retrievers.svd import Svd
from recommender.state import UserState


@one_thread
def forecast_stars(model: FittedModel, user_row: int, item_row: int, state: UserState | None) -> float:
    """See :meth:`HybridRecommender.predict_rating`; ``state`` is None when nothing is known beyond the training."""
    svd = model.sources.get("svd")
    if not isinstance(svd, Svd):
        reason = (model.pipeline.sources.skipped | model.extras.skipped).get("svd")
        raise DataError(f"this model forecasts no stars: {reason or 'there was no rating to learn from'}")
    if state is None:
        return _forecast_trained(model, svd, user_row, item_row)
    if item_row < 0:
        return svd.forecast_unknown(state)
    items = np.array([item_row])
    alone = svd.forecast(state)[items]
    rated = ~np.isnan(state.stars)
    if model.stars is None:
        return float(alone[0])
    return float(model.stars.predict_for(state.item_rows[rated], state.stars[rated], items, alone)[0])


def _forecast_trained(model: FittedModel, svd: Svd, user_row: int, item_row: int) -> float:
    """Stars by what the training learned of the user."""
    if item_row < 0:
        return svd.predict(user_row, -1)
    users, items = np.array([user_row]), np.array([item_row])
    alone = svd.predict_pairs(users, items)
    return float((alone if model.stars is None else model.stars.predict(users, items, alone))[0])
