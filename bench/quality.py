"""Every strategy on the real data sets: all items ranked, both splits, intervals, and the blend against the best."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from bench import outside
from bench.options import Options
from bench.tables import Budget, Cell, Report, Table
from recommender.errors import DataError
from recommender.evaluation import (
    Evaluation,
    ModelResult,
    SplitName,
    Task,
    evaluate,
    judge_fitted,
    make_split,
    make_task,
)
from recommender.evaluation.splits import Unit
from recommender.readers import datasets
from recommender.sources import DEEP_SOURCES, SOURCES

DATA = (
    "musical-instruments",
    "movielens-100k",
    "online-retail",
    "gift-cards",
    "amazon-2023",
    "datafiniti",
    "retailrocket",
)
QUICK_DATA = ("gift-cards",)
# One order, or one day, is a unit too where people come to several things at once.
BASKET_DATA = ("musical-instruments", "online-retail", "gift-cards")
# Published tables of this one divide each user's ratings at random.
RANDOM_DATA = ("movielens-100k",)
# A person's own history is what the protocol leaves out; networks take minutes for each table.
NEVER_ALONE = ("buy_again", "recently_viewed", *DEEP_SOURCES)
QUICK_MODELS = ("popular", "trending", "itemseq", "hybrid")
WANTED_GAIN = 1.1
FEWEST_USERS = 50  # of whom a promise can be judged; below, the table stands without a verdict
COLUMNS = (
    "model",
    "NDCG@10",
    "low",
    "high",
    "Recall@10",
    "MAP@10",
    "MRR@10",
    "RMSE",
    "coverage@10",
    "NDCG cold items",
    "NDCG cold alone",
    "NDCG new users",
    "fit s",
    "p95 ms",
)


class Trial(NamedTuple):
    """A data set, how it is divided and in what units."""

    data: str
    split: SplitName
    unit: Unit

    @property
    def title(self) -> str:
        """The trial in words."""
        return f"{self.data}, {self.split}" + (", baskets" if self.unit == "basket" else "")


def run(options: Options) -> Report:
    """Judge every model on every trial; data that are not on this machine, or hold nothing to judge, are named."""
    tables: list[Table] = []
    budgets: list[Budget] = []
    facts: dict[str, Any] = {}
    absent = [why for name in _names(options) if (why := datasets.why_missing(name))]
    not_judged: dict[str, str] = {}
    for trial in _trials(options):
        try:
            judged = _judged(trial, options)
        except DataError as why:
            not_judged[trial.title] = str(why)
            continue
        print(f"{trial.title}: judged", file=sys.stderr, flush=True)
        tables.append(_table(trial, judged))
        budgets += _promises(trial, judged)
        facts[trial.title] = _facts(judged)
    left_out = [*absent, *(f"{title}: {why}" for title, why in not_judged.items())]
    skipped = "" if tables else "; ".join(left_out)
    return Report(tuple(tables), tuple(budgets), skipped, facts | {"absent": left_out})


def _names(options: Options) -> Sequence[str]:
    return options.data or (QUICK_DATA if options.quick else DATA)


def _trials(options: Options) -> Iterator[Trial]:
    for name in _names(options):
        if datasets.why_missing(name):
            continue
        for split in ("last-one", "time"):
            yield Trial(name, split, "event")  # type: ignore[arg-type]  # a tuple of literals is read as text
            if name in BASKET_DATA and not options.quick:
                yield Trial(name, split, "basket")  # type: ignore[arg-type]
        if name in RANDOM_DATA and not options.quick:
            yield Trial(name, "random", "event")


def _judged(trial: Trial, options: Options) -> Evaluation:
    events = datasets.load_interactions(trial.data).frame
    split = make_split(events, trial.split, trial.unit, seed=options.seed)
    catalogue = datasets.load_judged_catalogue(trial.data, train=split.train)
    models = QUICK_MODELS if options.quick else (*(name for name in SOURCES if name not in NEVER_ALONE), "hybrid")
    judged = evaluate(
        events,
        None if catalogue is None else catalogue.frame,
        models=models,
        split=trial.split,
        unit=trial.unit,
        random_state=options.seed,
        untold=True,
    )
    task = make_task(split, None)
    for name in outside.DEFAULTS:
        judged.results[name] = _outside(name, task, trial, options)
    return judged


def _outside(name: str, task: Task, trial: Trial, options: Options) -> ModelResult:
    chosen = outside.DEFAULTS[name]
    if options.tune:
        chosen = outside.tuned(name, task.split.train, trial.split, trial.unit, options.seed)
    began = time.perf_counter()
    model = outside.OutsideModel(name, chosen, options.seed).fit(task.events)
    return judge_fitted(model, task, name=name, fit_seconds=time.perf_counter() - began)


def _table(trial: Trial, judged: Evaluation) -> Table:
    ranked = sorted(judged.results.values(), key=lambda r: -r.metrics["ndcg@10"].mean)
    notes = [
        f"{judged.n_train:,} training and {judged.n_test:,} test events, {len(judged.users):,} users judged, all "
        f"{judged.n_items:,} items ranked.",
        *_against(judged),
        *(f"{name}: not judged, {reason}" for name, reason in judged.failed.items()),
    ]
    return Table(trial.title, COLUMNS, tuple(_row(result) for result in ranked), tuple(notes))


def _row(result: ModelResult) -> tuple[Cell, ...]:
    ndcg = result.metrics["ndcg@10"]
    others = [result.metrics[f"{name}@10"].mean for name in ("recall", "map", "mrr")]
    rmse = result.metrics["rmse"].mean if "rmse" in result.metrics else None
    segments = [result.segments[name].mean for name in ("items:cold", "items:cold-alone", "users:new")]
    return (
        result.name,
        ndcg.mean,
        ndcg.low,
        ndcg.high,
        *others,
        rmse,
        result.lists["coverage@10"],
        *segments,
        result.fit_seconds,
        result.p95_ms,
    )


def best_single(judged: Evaluation) -> str:
    """The best model that is not the blend."""
    return max(
        (name for name in judged.results if not name.startswith("hybrid")),
        key=lambda name: judged.results[name].metrics["ndcg@10"].mean,
    )


def _against(judged: Evaluation) -> list[str]:
    """The blend against the best single model, over the same users."""
    if "hybrid" not in judged.results:
        return []
    rival = best_single(judged)
    ours, theirs = (judged.results[name].metrics["ndcg@10"].mean for name in ("hybrid", rival))
    gap = judged.compare("hybrid", rival)
    return [
        f"hybrid against {rival}: {ours / theirs - 1:+.1%} (difference {gap.difference:+.4f}, 95 % interval "
        f"{gap.low:+.4f} to {gap.high:+.4f})."
    ]


def _promises(trial: Trial, judged: Evaluation) -> list[Budget]:
    if "hybrid" not in judged.results or len(judged.users) < FEWEST_USERS:
        return []
    ours, rival = judged.results["hybrid"].metrics["ndcg@10"].mean, best_single(judged)
    theirs = judged.results[rival].metrics["ndcg@10"].mean
    trend = max(judged.results[name].metrics["ndcg@10"].mean for name in ("popular", "trending"))
    return [
        Budget(f"{trial.title}: hybrid / {rival}", ours / theirs, WANTED_GAIN, "NDCG@10 ratio", at_least=True),
        Budget(f"{trial.title}: hybrid / recent popularity", ours / trend, 1.0, "NDCG@10 ratio", at_least=True),
    ]


def _facts(judged: Evaluation) -> dict[str, Any]:
    """What the README's table is made from."""
    facts: dict[str, Any] = {name: _summary(result) for name, result in judged.results.items()}
    try:
        gap = judged.compare("hybrid", best_single(judged))
    except DataError:
        return facts
    against = {"best single": best_single(judged), "difference": [gap.difference, gap.low, gap.high]}
    return facts | against | {"users": len(judged.users)}


def _summary(result: ModelResult) -> dict[str, Any]:
    shown = {key: result.metrics[key] for key in ("ndcg@10", "recall@10", "rmse", "mae") if key in result.metrics}
    return {
        **{key: [round(v.mean, 5), round(v.low, 5), round(v.high, 5)] for key, v in shown.items()},
        "parameters": result.info.get("parameters", {}),
    }
