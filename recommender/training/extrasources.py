"""Whether the blend is better with an extra source in it: both are fitted on the past and judged on what followed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.evaluation import make_split, make_task
from recommender.evaluation.judging import BOOTSTRAP_ROUNDS, Task, judge_model
from recommender.gate.ranking import MIN_JUDGED_USERS
from recommender.metrics import PairedDifference, paired_bootstrap
from recommender.training.rehearsal import MAX_JUDGED_USERS
from recommender.types import Progress, no_progress

if TYPE_CHECKING:
    from recommender.hybrid import HybridRecommender

log = logging.getLogger(__name__)

K = 10


@dataclass(frozen=True)
class Comparison:
    """NDCG@10 with some sources less that without, over the same users; None where nothing could be compared."""

    sources: tuple[str, ...]
    difference: PairedDifference | None
    reason: str

    @property
    def is_better(self) -> bool:
        """Whether the whole interval of the difference lies above zero."""
        return self.difference is not None and self.difference.low > 0

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        facts = {"sources": list(self.sources), "joined": self.is_better, "reason": self.reason}
        found = self.difference
        if found is None:
            return facts
        return facts | {"difference": found.difference, "low": found.low, "high": found.high, "users": found.n}


def compare(
    recommender: HybridRecommender,
    events: Interactions,
    items: ItemCatalogue | None,
    *,
    progress: Progress = no_progress,
) -> Comparison:
    """Fit the blend without and with its extra sources on the earlier part of the log and judge both on the rest.

    Parameters
    ----------
    recommender : HybridRecommender
        Its parameters are used; it is not fitted.
    events : Interactions
    items : ItemCatalogue, optional
    progress : callable

    Raises
    ------
    DataError
        When a package is missing that an extra source is trained with.
    """
    sources = tuple(recommender.extra_sources)
    try:
        task = _task(events, items)
    except DataError as error:
        return Comparison(sources, None, f"not compared: {error}")
    if len(task.users) < MIN_JUDGED_USERS:
        few = f"{len(task.users)} people could be judged, {MIN_JUDGED_USERS} are needed"
        return Comparison(sources, None, f"not compared: {few}")
    values = []
    for number, joining in enumerate(((), sources)):
        progress(f"blend with {' and '.join(joining)}" if joining else "blend without extra sources", number / 2)
        judged = judge_model(_like(recommender, joining), task, k=K, cold_alone=False)
        values.append(judged.per_user[f"ndcg@{K}"])
    without, with_them = values
    difference = paired_bootstrap(with_them, without, BOOTSTRAP_ROUNDS)
    found = Comparison(sources, difference, _reason(difference))
    log.info("%s: %s", ", ".join(sources), found.reason)
    return found


def _like(recommender: HybridRecommender, joining: tuple[str, ...]) -> HybridRecommender:
    """A recommender of the same parameters that holds just these extra sources."""
    params = recommender.get_params() | {"extra_sources": joining, "extra_check": False}
    left_out = set(recommender.extra_sources) - set(joining)
    own = {name: given for name, given in (recommender.source_params or {}).items() if name not in left_out}
    return type(recommender)(**(params | {"source_params": own}))


def _task(events: Interactions, items: ItemCatalogue | None) -> Task:
    split = make_split(events.to_frame(), "time", first_only=False)
    return replace(make_task(split, None, max_users=MAX_JUDGED_USERS), catalogue=items)


def _reason(found: PairedDifference) -> str:
    verdict = "joins the blend" if found.low > 0 else "does not join the blend"
    return (
        f"NDCG@{K} changes by {found.difference:+.4f} ({found.low:+.4f} to {found.high:+.4f}) "
        f"over {found.n} people, so it {verdict}"
    )
