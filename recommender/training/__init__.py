"""The nightly step without a shop: a rehearsal on the earlier part of the log, the gate, and a fit on everything."""

from recommender.training.nightly import Search, TrainResult, train
from recommender.training.rehearsal import LIVE, Around, recommender_from

__all__ = ["LIVE", "Around", "Search", "TrainResult", "recommender_from", "train"]
