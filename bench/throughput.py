"""Requests per second of the recommendation API, against an empty JSON route of the same server in the same minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from bench import machine
from bench.loadgen import Job, Result, drive
from bench.options import Options
from bench.shop import DEMO, Server, Shop, prepared, serving
from bench.tables import Budget, Cell, Report, Table
from bench.timing import percentile

EVENTS = 300_000
ROUNDS, QUICK_ROUNDS = 3, 1
SECONDS, QUICK_SECONDS = 5.0, 1.0
CONNECTIONS = 8
PATHS = 3_000
WARM_UP = 200  # the last paths, which no round comes to: what was just asked is answered from memory
EMPTY = "/healthz"
EMPTY_NAME = "empty JSON route"
UNCACHED_SHARE, UNCHANGED_SHARE = 0.10, 0.50
COLUMNS = ("route", "requests/s", "of the empty route", "p50 ms", "p95 ms", "answers", "not 200")


@dataclass(frozen=True)
class Load:
    """A kind of request: its name and the paths that are asked for."""

    name: str
    paths: list[str]


def run(options: Options) -> Report:
    """Measure the demo shop and a synthetic one of 30,000 items; ``--sizes`` names others, 0 the demo."""
    sizes = options.sizes or ((DEMO,) if options.quick else (DEMO, 30_000))
    tables: list[Table] = []
    budgets: list[Budget] = []
    for n_items in sizes:
        shop = prepared(n_items, options, events=_events(n_items), size="small" if options.quick else "demo")
        # The server ends inside the meter: then its time counts as ours.
        with machine.LoadMeter() as load, serving(shop) as server:
            results = measure(server, loads(shop), options)
        tables.append(_table(shop, results, load.sentence))
        budgets += _budgets(shop, results)
    return Report(tuple(tables), tuple(budgets))


def _events(n_items: int) -> int:
    return min(EVENTS, n_items * 10)


def loads(shop: Shop) -> list[Load]:
    """The empty route, somebody else with every request, and one shopper again and again."""
    rng = np.random.default_rng(0)
    users = rng.permutation(shop.users)[:PATHS].tolist()
    # No answer can be taken from a cache: nobody is asked for twice with the same exclusion.
    others = [
        f"/api/recommendations?user_id={user}&k=10&exclude={1 + number % 997}"
        for number, user in enumerate(islice(cycle(users), PATHS))
    ]
    return [
        Load(EMPTY_NAME, [EMPTY]),
        Load("recommendations, another shopper each time", others),
        Load("recommendations, one shopper again and again", [f"/api/recommendations?user_id={users[0]}&k=10"]),
    ]


def measure(server: Server, kinds: Sequence[Load], options: Options) -> dict[str, Result]:
    """All kinds in turn, several rounds, so that a busy moment of the machine meets each of them."""
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    seconds = QUICK_SECONDS if options.quick else SECONDS
    found: dict[str, list[Result]] = {kind.name: [] for kind in kinds}
    for kind in kinds:
        drive(Job(server.port, kind.paths[-WARM_UP:], seconds / 2, CONNECTIONS))
    for number in range(rounds):
        for kind in kinds:
            own = kind.paths[number * len(kind.paths) // rounds :] or kind.paths
            found[kind.name].append(drive(Job(server.port, own, seconds, CONNECTIONS)))
    return {name: joined(results) for name, results in found.items()}


def joined(results: Sequence[Result]) -> Result:
    """Several rounds as one."""
    statuses: dict[str, int] = {}
    for result in results:
        for status, n in result.statuses.items():
            statuses[status] = statuses.get(status, 0) + n
    return Result([ms for r in results for ms in r.ms], statuses, sum(r.seconds for r in results))


def _table(shop: Shop, results: dict[str, Result], load: str) -> Table:
    floor = results[EMPTY_NAME].per_second
    rows = tuple(_row(name, result, floor) for name, result in results.items())
    notes = (f"gunicorn, one worker process, {CONNECTIONS} keep-alive connections from a second process. {load}",)
    return Table(f"HTTP, {shop.title}", COLUMNS, rows, notes)


def _row(name: str, result: Result, floor: float) -> tuple[Cell, ...]:
    ms = np.array(result.ms, dtype=np.float64)
    bad = sum(n for status, n in result.statuses.items() if status != "200")
    share = result.per_second / floor if floor else float("nan")
    return name, result.per_second, share, percentile(ms, 50), percentile(ms, 95), len(ms), bad


def _budgets(shop: Shop, results: dict[str, Result]) -> list[Budget]:
    floor, uncached, unchanged = (result.per_second for result in results.values())
    return [
        Budget(
            f"{what}, {shop.title}", rate / floor if floor else float("nan"), least, "of the empty route", at_least=True
        )
        for what, rate, least in (
            ("nothing cached", uncached, UNCACHED_SHARE),
            ("unchanged user and model", unchanged, UNCHANGED_SHARE),
        )
    ]
