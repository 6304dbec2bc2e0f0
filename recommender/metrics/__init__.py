"""Measures of lists, star forecasts and logged policies, with the intervals that say how sure they are."""

from recommender.metrics.intervals import Interval, PairedDifference, bootstrap_interval, paired_bootstrap
from recommender.metrics.lists import coverage, exposure, gini, intra_list_distance, novelty, rank_biased_overlap
from recommender.metrics.offpolicy import PolicyValue, doubly_robust, effective_sample_size, snips
from recommender.metrics.ranking import (
    RANKING_METRICS,
    Judged,
    average_precision,
    f1,
    hit_rate,
    judge,
    ndcg,
    precision,
    ranking_metrics,
    recall,
    reciprocal_rank,
)
from recommender.metrics.stars import absolute_errors, calibration_error, mae, rmse, squared_errors
from recommender.metrics.values import Values, mean

__all__ = [
    "RANKING_METRICS",
    "Interval",
    "Judged",
    "PairedDifference",
    "PolicyValue",
    "Values",
    "absolute_errors",
    "average_precision",
    "bootstrap_interval",
    "calibration_error",
    "coverage",
    "doubly_robust",
    "effective_sample_size",
    "exposure",
    "f1",
    "gini",
    "hit_rate",
    "intra_list_distance",
    "judge",
    "mae",
    "mean",
    "ndcg",
    "novelty",
    "paired_bootstrap",
    "precision",
    "rank_biased_overlap",
    "ranking_metrics",
    "recall",
    "reciprocal_rank",
    "rmse",
    "snips",
    "squared_errors",
]
