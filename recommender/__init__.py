"""A recommender that learns at once and explains itself; it knows nothing of shops, databases or the web."""

from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.data.weights import EventWeights
from recommender.errors import ArtifactError, DataError, RecommenderError
from recommender.hybrid import HybridRecommender, load
from recommender.reranking.exploration import Exploration
from recommender.reranking.preferences import Preferences
from recommender.types import Event, Reason, Recommendation

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
