"""Milliseconds per request inside the process, for every strategy, at one or more catalogue sizes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from bench import machine
from bench.options import Options
from bench.stages import STAGES, watched
from bench.synthetic import Scale, World, describe, make_world
from bench.tables import Budget, Cell, Report, Table
from bench.timing import Times, percentile, time_calls
from recommender import Event, HybridRecommender, Interactions, ItemCatalogue, load
from recommender.ranking.ranker import Ranker

SIZES = (30_000, 200_000, 1_000_000)
QUICK_SIZES = (2_000,)
EVENTS_PER_ITEM = {30_000: 10, 200_000: 5, 1_000_000: 2}
FULL_EFFORT_ITEMS = 50_000
REQUESTS, QUICK_REQUESTS, WARM_UP, ROUNDS = 200, 60, 20, 3
BUDGET_MS = ((30_000, 15.0), (200_000, 30.0), (1_000_000, 50.0))
FLOOR_DIMS = 64
SYNTHETIC = (
    "The shop is synthetic: Zipf demand, clustered tastes, 20 to 50 events a history; it proves speed, not quality."
)
FASTEST = f"Each request is made {ROUNDS} times, a round of all after the other, and its fastest counts."
COLUMNS = ("request", "p50 ms", "p95 ms", "p99 ms", "p95 CPU ms", "p95 / floor")
Model = HybridRecommender


@dataclass(frozen=True)
class Subject:
    """A fitted model of one size, loaded as a web worker loads it, with people to ask for."""

    model: Model
    users: list[str]
    histories: dict[str, list[Event]]


def run(options: Options) -> Report:
    """Measure every size; the order learned at the smallest size is used at all, so each pays for the same trees."""
    tables: list[Table] = []
    budgets: list[Budget] = []
    facts: dict[str, object] = {}
    ranker: Ranker | None = None
    for n_items in sorted(options.sizes or (QUICK_SIZES if options.quick else SIZES)):
        world = make_world(Scale.of_events(n_items, n_items * _events_per_item(n_items), options.seed))
        model = fitted(world, options, full=n_items <= FULL_EFFORT_ITEMS)
        ranker = ranker or model.model_.ranker
        if ranker is not None and model.model_.ranker is not None and ranker.names == model.model_.ranker.names:
            model.model_.ranker = ranker
        found = _measure(subject_of(model, world, options), n_items)
        tables += found.tables
        budgets += found.budgets
        facts[str(n_items)] = {"world": describe(world), **found.facts}
        del model, world
    return Report(tuple(tables), tuple(budgets), facts=facts)


def _events_per_item(n_items: int) -> int:
    return next((n for size, n in EVENTS_PER_ITEM.items() if n_items <= size), 2)


def fitted(world: World, options: Options, *, full: bool) -> Model:
    """A model saved and loaded again, so that its arrays are memory-mapped; an earlier one where it was kept."""
    name = f"engine-{len(world.items)}-{len(world.events)}-{options.seed}"
    folder = (options.keep or Path(tempfile.mkdtemp(prefix="kindred-bench-"))) / name
    if not folder.exists():
        model = Model(random_state=options.seed, effort="full" if full else "quick")
        model.fit(Interactions.from_frame(world.events), ItemCatalogue.from_frame(world.items))
        model.save(folder)
    return load(folder)


def subject_of(model: Model, world: World, options: Options) -> Subject:
    """Draw the users to ask for, with their histories as a shop would hand them over."""
    n = (QUICK_REQUESTS if options.quick else REQUESTS) + WARM_UP
    known = world.events["user_id"].unique()
    drawn = np.random.default_rng(options.seed).choice(len(known), n, replace=n > len(known))
    users = [str(known[place]) for place in drawn]
    return Subject(model, users, histories_of(world.events, set(users)))


def histories_of(events: pd.DataFrame, users: set[str]) -> dict[str, list[Event]]:
    """The events of some users, oldest first."""
    own = events[events["user_id"].isin(users)].sort_values("timestamp", kind="stable")
    histories: dict[str, list[Event]] = {user: [] for user in users}
    for user, item, kind, value, at in own[["user_id", "item_id", "kind", "value", "timestamp"]].itertuples(
        index=False
    ):
        histories[user].append(Event(item, kind, int(at), None if np.isnan(value) else float(value)))
    return histories


def _measure(subject: Subject, n_items: int) -> Report:
    with machine.LoadMeter() as load_meter:
        floor = floor_times(n_items)
        rows = [_row("floor: one exact matrix-vector product and top 10", floor, floor)]
        timed = {name: _timed(subject, ask) for name, ask in _requests(subject.model)}
        rows += [_row(name, times, floor) for name, times in timed.items()]
        stages, medians = _stage_table(subject, n_items)
    ranker = subject.model.model_.ranker
    trees = 0 if ranker is None else ranker.report.get("rounds", 0)
    notes = (SYNTHETIC, FASTEST, f"The order is learned by {trees} trees. {load_meter.sentence}")
    main = timed["hybrid, ranker and reasons, k=10"]
    return Report(
        (Table(f"Engine, one request, {n_items:,} items", COLUMNS, tuple(rows), notes), stages),
        (Budget(f"hybrid with reasons, p95, {n_items:,} items", main.p95, _budget(n_items), "ms"),),
        facts={
            "floor_p50_ms": floor.p50,
            "trees": trees,
            "stages_p50_ms": medians,
            "cores_used_by_others": machine.rounded(load_meter.cores_by_others),
        },
    )


def _budget(n_items: int) -> float:
    return next((limit for size, limit in BUDGET_MS if n_items <= size), BUDGET_MS[-1][1])


def _requests(model: Model) -> list[tuple[str, Callable[[str, list[Event]], object]]]:
    """Name and call for everything that is timed."""
    alone = [name for name in model.strategies if name != "hybrid"]
    return [
        ("hybrid, ranker and reasons, k=10", lambda user, _: model.recommend(user, 10)),
        ("hybrid, ranker, no reasons, k=10", lambda user, _: model.recommend(user, 10, with_reasons=False)),
        (
            "hybrid as the shop's API asks: history handed over, reasons, k=60",
            lambda user, history: model.recommend(
                user, 60, history=history, replace_history=True, now=history[-1].timestamp + 60
            ),
        ),
        *((strategy, partial(_alone, model, strategy)) for strategy in alone),
    ]


def _alone(model: Model, strategy: str, user: str, _: list[Event]) -> object:
    return model.recommend(user, 10, strategy=strategy)


def _timed(subject: Subject, ask: Callable[[str, list[Event]], object]) -> Times:
    calls = [partial(ask, user, subject.histories[user]) for user in subject.users]
    return time_calls(calls, warm_up=WARM_UP, rounds=ROUNDS)


def _row(name: str, times: Times, floor: Times) -> tuple[Cell, ...]:
    return name, times.p50, times.p95, times.p99, times.cpu_p95, times.p95 / floor.p95


def floor_times(n_items: int, n_calls: int = 200) -> Times:
    """What no exact search can undercut: one product with ``n_items`` vectors, and the ten largest of the result."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((n_items, FLOOR_DIMS), dtype=np.float32)
    queries = rng.standard_normal((n_calls + WARM_UP, FLOOR_DIMS), dtype=np.float32)

    def search(query: np.ndarray) -> object:
        scores = vectors @ query
        best = np.argpartition(scores, n_items - 10)[-10:]
        return best[np.argsort(-scores[best])]

    return time_calls([partial(search, query) for query in queries], warm_up=WARM_UP, rounds=ROUNDS)


def _stage_table(subject: Subject, n_items: int) -> tuple[Table, dict[str, float]]:
    with watched() as clock:
        for user in subject.users:
            subject.model.recommend(user, 10)
    kept = slice(WARM_UP, None)
    per_stage = {stage: clock.of(stage)[kept] for stage in STAGES}
    total = np.sum(list(per_stage.values()), axis=0)
    rows: Sequence[tuple[Cell, ...]] = [
        (name, percentile(ms, 50), percentile(ms, 95), float(ms.sum() / total.sum()))
        for name, ms in [*per_stage.items(), ("all", total)]
    ]
    table = Table(
        f"Stages of hybrid with reasons, k=10, {n_items:,} items",
        ("stage", "p50 ms", "p95 ms", "share"),
        tuple(rows),
        ("Own time of each stage; scoring again to prove reasons counts as reasons.",),
    )
    return table, {name: round(percentile(ms, 50), 3) for name, ms in per_stage.items()}
