"""A recommender that learns at once and explains itself; it knows nothing of shops, databases or the web."""

from recommender.catalogue import ItemCatalogue
from recommender.errors import ArtifactError, DataError, RecommenderError
from recommender.exploration import Exploration
from recommender.hybrid import HybridRecommender, load
from recommender.interactions import Interactions
from recommender.preferences import Preferences
from recommender.types import Event, Reason, Recommendation
from recommender.weights import EventWeights

__all__ = [
    "ArtifactError",
    "DataError",
    "Event",
    "EventWeights",
    "Exploration",
    "HybridRecommender",
    "Interactions",
    "ItemCatalogue",
    "Preferences",
    "Reason",
    "Recommendation",
    "RecommenderError",
    "load",
]
