"""How good models are: on held-out parts of a log, and on places of which chance decided what they showed."""

from recommender.evaluation.judging import (
    BOOTSTRAP_ROUNDS,
    HEAVY_USER_EVENTS,
    NEW_USER_EVENTS,
    STAR_MODELS,
    Judged,
    ModelResult,
    Task,
    judge_fitted,
    judge_model,
    peak_mb,
    reset_peak,
)
from recommender.evaluation.models import (
    UNTOLD,
    Evaluation,
    SplitName,
    evaluate,
    make_split,
    make_task,
    named_recommender,
    ratings_of,
)

__all__ = [
    "BOOTSTRAP_ROUNDS",
    "HEAVY_USER_EVENTS",
    "NEW_USER_EVENTS",
    "STAR_MODELS",
    "UNTOLD",
    "Evaluation",
    "Judged",
    "ModelResult",
    "SplitName",
    "Task",
    "evaluate",
    "judge_fitted",
    "judge_model",
    "make_split",
    "make_task",
    "named_recommender",
    "peak_mb",
    "ratings_of",
    "reset_peak",
]
