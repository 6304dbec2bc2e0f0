"""What a model must show before it may be published."""

from recommender.gate.change import LEAST_OVERLAP, MOST_OVERLAP, personas
from recommender.gate.data import LogFacts, check_data
from recommender.gate.integrity import MAX_LOAD_SECONDS, MAX_MODEL_MB, check_integrity, check_policy
from recommender.gate.logged import MIN_VALUE_SHARE, check_logged
from recommender.gate.points import POINTS, point_of, unjudged_points
from recommender.gate.ranking import (
    BASELINES,
    BRANDS_TOLERANCE,
    CALIBRATION_TOLERANCE,
    DISTANCE_TOLERANCE,
    GINI_TOLERANCE,
    LIVE_TOLERANCE,
    MIN_COVERAGE_SHARE,
    MIN_JUDGED_USERS,
    MIN_SEGMENT_USERS,
    MUCH_SLOWER,
    NO_WAIT_MS,
    NOVELTY_TOLERANCE,
    PRICE_TOLERANCE,
    RMSE_TOLERANCE,
    SEGMENT_TOLERANCE,
    SLOWER,
    judge,
    metrics_json,
)
from recommender.gate.report import Check, GateReport, Level, note, warning

__all__ = [
    "BASELINES",
    "BRANDS_TOLERANCE",
    "CALIBRATION_TOLERANCE",
    "DISTANCE_TOLERANCE",
    "GINI_TOLERANCE",
    "LEAST_OVERLAP",
    "LIVE_TOLERANCE",
    "MAX_LOAD_SECONDS",
    "MAX_MODEL_MB",
    "MIN_COVERAGE_SHARE",
    "MIN_JUDGED_USERS",
    "MIN_SEGMENT_USERS",
    "MIN_VALUE_SHARE",
    "MOST_OVERLAP",
    "MUCH_SLOWER",
    "NOVELTY_TOLERANCE",
    "NO_WAIT_MS",
    "POINTS",
    "PRICE_TOLERANCE",
    "RMSE_TOLERANCE",
    "SEGMENT_TOLERANCE",
    "SLOWER",
    "Check",
    "GateReport",
    "Level",
    "LogFacts",
    "check_data",
    "check_integrity",
    "check_logged",
    "check_policy",
    "judge",
    "metrics_json",
    "note",
    "personas",
    "point_of",
    "unjudged_points",
    "warning",
]
