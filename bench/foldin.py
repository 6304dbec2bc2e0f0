"""What a model loses that is kept up to date by folding in, against one that is fitted anew on the same events."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bench.engine import histories_of
from bench.options import Options
from bench.tables import Budget, Report, Table
from recommender import Event, HybridRecommender, Interactions, ItemCatalogue, Recommendation
from recommender.evaluation import ModelResult, Task, judge_fitted, make_split, make_task
from recommender.metrics import paired_bootstrap
from recommender.readers import datasets

DATA = ("musical-instruments", "movielens-100k", "online-retail")
QUICK_DATA = ("gift-cards",)
MODELS = ("itemseq", "itemknn", "rp3beta", "ease", "ials", "hybrid")
QUICK_MODELS = ("itemseq", "hybrid")
LATEST = 0.1  # share of the training events, the latest, that the model was not fitted on
WANTED_GAP = 0.03
METRIC = "ndcg@10"
COLUMNS = ("model", "left as it was", "histories folded in", "counts streamed too", "fitted anew", "gap", "low", "high")


@dataclass(frozen=True)
class FoldedIn:
    """A model as a shop asks it: the latest events of the user come along, the counts of the items do not."""

    model: HybridRecommender
    latest: dict[str, list[Event]]

    @property
    def strategy(self) -> str:
        """The strategy of the model."""
        return self.model.strategy

    @property
    def info(self) -> dict[str, Any]:
        """Facts about the fit."""
        return self.model.info

    def recommend(
        self, user_id: str, k: int = 10, *, now: int, with_reasons: bool, exclude: Collection[str] = ()
    ) -> list[Recommendation]:
        """See :meth:`HybridRecommender.recommend`."""
        history = self.latest.get(user_id, [])
        return self.model.recommend(user_id, k, history=history, exclude=exclude, now=now, with_reasons=with_reasons)

    def predict_rating(self, user_id: str, item_id: str) -> float:
        """See :meth:`HybridRecommender.predict_rating`."""
        return self.model.predict_rating(user_id, item_id, history=self.latest.get(user_id, []))


def run(options: Options) -> Report:
    """Hold out each user's last item, fit with and without the latest tenth of what is left, and judge both."""
    names = options.data or (QUICK_DATA if options.quick else DATA)
    absent = [why for name in names if (why := datasets.why_missing(name))]
    tables: list[Table] = []
    budgets: list[Budget] = []
    for name in (name for name in names if not datasets.why_missing(name)):
        table, gaps = _measured(name, QUICK_MODELS if options.quick else MODELS, options.seed)
        tables.append(table)
        budgets.append(Budget(f"fold-in gap of hybrid, {name}", gaps["hybrid"], WANTED_GAP, "of NDCG@10"))
        print(f"{name}: judged", file=sys.stderr, flush=True)
    return Report(tuple(tables), tuple(budgets), skipped="" if tables else "; ".join(absent))


def _measured(name: str, models: Sequence[str], seed: int) -> tuple[Table, dict[str, float]]:
    """The table of a data set, and the gap of every model."""
    frame = datasets.load_interactions(name).frame
    split = make_split(frame, "last-one")
    cut = np.quantile(split.train["timestamp"], 1 - LATEST)
    early, late = split.train[split.train["timestamp"] <= cut], split.train[split.train["timestamp"] > cut]
    known = datasets.load_judged_catalogue(name, train=early)
    catalogue = known.frame if known is not None else None
    task = make_task(split, catalogue, max_users=2_000, seed=seed)
    found = {model: _row(task, _Events(early, late, catalogue), model, seed) for model in models}
    rows = tuple((model, *cells) for model, cells in found.items())
    notes = (
        f"{len(late):,} of {len(split.train):,} training events came after the fit; {len(task.users):,} users are "
        "asked for their last item. The gap is what folding in lacks of the NDCG@10 of the model fitted anew, with "
        "95 % intervals over the same users; both know all items of the catalogue.",
    )
    table = Table(f"Folding in against fitting anew: {name}, last-one", COLUMNS, rows, notes)
    return table, {model: cells[COLUMNS.index("gap") - 1] for model, cells in found.items()}


@dataclass(frozen=True)
class _Events:
    """Training events from before and after the fit of the older model, with the catalogue of both."""

    early: pd.DataFrame
    late: pd.DataFrame
    catalogue: pd.DataFrame | None

    def fitted(self, name: str, events: pd.DataFrame, seed: int) -> HybridRecommender:
        items = ItemCatalogue.from_frame(self.catalogue) if self.catalogue is not None else None
        return HybridRecommender(name, random_state=seed).fit(Interactions.from_frame(events), items)


def _row(task: Task, events: _Events, name: str, seed: int) -> tuple[float, ...]:
    old, late = events.fitted(name, events.early, seed), events.late
    left = judge_fitted(old, task, name="left")
    folded = judge_fitted(FoldedIn(old, histories_of(late, set(late["user_id"]))), task, name="folded")
    old.absorb(late)
    streamed = judge_fitted(old, task, name="streamed")
    anew = judge_fitted(events.fitted(name, pd.concat([events.early, late]), seed), task, name="anew")
    found = paired_bootstrap(anew.per_user[METRIC], streamed.per_user[METRIC])
    whole = _mean(anew)
    gaps = (found.difference / whole, found.low / whole, found.high / whole)
    return (*(_mean(result) for result in (left, folded, streamed, anew)), *gaps)


def _mean(result: ModelResult) -> float:
    return float(result.metrics[METRIC].mean)
