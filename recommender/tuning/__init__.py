"""A bounded search for the parameters of the sources and the weights of the events."""

from recommender.tuning.judges import training_part
from recommender.tuning.search import DEFAULT_TRIALS, SURE, Budget, Found, TuneResult, found_table, in_words, tune
from recommender.tuning.spaces import STUDIES

__all__ = [
    "DEFAULT_TRIALS",
    "STUDIES",
    "SURE",
    "Budget",
    "Found",
    "TuneResult",
    "found_table",
    "in_words",
    "training_part",
    "tune",
]
