"""Items near a text or a picture that is no item: a search by meaning or by likeness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.arrays.onethread import one_thread
from recommender.base import best_of
from recommender.errors import DataError
from recommender.features.pictures import Picture
from recommender.model import FittedModel
from recommender.serving.live import LiveUpdates
from recommender.types import FloatVector, Recommendation


class ItemSearch:
    """Searches the spaces of a fitted model; holds no state of any request.

    Parameters
    ----------
    model : FittedModel
    live : LiveUpdates
        Its products newer than the model are found, too.
    """

    def __init__(self, model: FittedModel, live: LiveUpdates) -> None:
        self.model, self.live = model, live

    @one_thread
    def by_text(self, text: str, k: int) -> list[Recommendation]:
        """See :meth:`HybridRecommender.search_text`."""
        encoder = self.model.spaces.encoders.text
        if encoder is None or not encoder.is_ready:
            return []
        found, known = self._nearest(encoder.encode([text])[0], "text", k), encoder.known_share(text)
        return [replace(item, score=item.score * known) for item in found]

    @one_thread
    def by_picture(self, picture: Picture, k: int) -> list[Recommendation]:
        """See :meth:`HybridRecommender.search_image`."""
        encoder = self.model.spaces.encoders.image
        if encoder is None or not encoder.is_ready:
            return []
        descriptors, readable = encoder.describe([picture])
        if not readable[0]:
            raise DataError("this is no picture that can be read: give a JPEG, PNG, WebP or GIF file")
        return self._nearest(encoder.encode(descriptors)[0], "image", k)

    def _nearest(self, vector: FloatVector, space: str, k: int) -> list[Recommendation]:
        """Items by their cosine to a vector, best first; none for a vector of zeros."""
        if not np.any(vector):
            return []
        found = best_of(self.model.spaces.index(space).similarities(vector), k, None, positive_only=True)
        pairs = [(self.model.items[int(row)], float(s)) for row, s in zip(found.rows, found.scores, strict=True)]
        pairs += self.live.fresh.nearest(vector, space, k)
        pairs.sort(key=lambda pair: -pair[1])
        return [Recommendation(item_id, rank, s, (), space) for rank, (item_id, s) in enumerate(pairs[:k], start=1)]
