"""Seconds and peak memory of the nightly training, stage by stage, each run in a process of its own.

Started as ``python -m bench.retrain N_EVENTS N_ITEMS SEED`` it trains once and prints its record as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import machine
from bench.options import Options
from bench.synthetic import Scale, describe, make_world
from bench.tables import Budget, Cell, Report, Table

ROOT = Path(__file__).resolve().parent.parent
EVENTS, QUICK_EVENTS = (100_000, 1_000_000), (5_000,)
N_ITEMS, QUICK_ITEMS = 30_000, 500
BUDGET_EVENTS, BUDGET_SECONDS, BUDGET_MB = 1_000_000, 600.0, 4_096.0
TIMEOUT_SECONDS = 3_600
COLUMNS = ("events", "users", "items", "seconds", "of which evaluation", "CPU s", "peak MB", "gate")


def run(options: Options) -> Report:
    """Train once per size in a child process."""
    sizes = options.sizes or (QUICK_EVENTS if options.quick else EVENTS)
    n_items = QUICK_ITEMS if options.quick else N_ITEMS
    rows: list[tuple[Cell, ...]] = []
    tables: list[Table] = []
    budgets: list[Budget] = []
    loads = []
    for n_events in sizes:
        with machine.LoadMeter() as load:
            record = in_child(n_events, n_items, options.seed)
        loads.append(f"{n_events:,} events: {load.sentence}")
        rows.append(_row(record))
        tables.append(_stages(n_events, record["stages"]))
        if n_events <= BUDGET_EVENTS:
            budgets += _budgets(n_events, record)
    notes = (
        "The whole nightly step: evaluation on a time split beside the baselines, gate, refit on all rows. Synthetic "
        "data; one BLAS thread, as the shop's worker runs it.",
        *loads,
    )
    return Report((Table("Training", COLUMNS, tuple(rows), notes), *tables), tuple(budgets))


def in_child(n_events: int, n_items: int, seed: int) -> dict[str, Any]:
    """Train in a process of its own, whose peak memory is nobody else's."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.retrain", str(n_events), str(n_items), str(seed)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=True,
    )
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return record


class StageTimes:
    """A progress callback that notes how long each stage lasted.

    Attributes
    ----------
    seconds : dict of str to float
        Per stage in the order of first mention; a stage that comes back adds up.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage = "reading the frames"
        self._since = time.perf_counter()

    def __call__(self, stage: str, done: float) -> None:
        """Take note that ``stage`` is at the share ``done``."""
        now = time.perf_counter()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now

    def finish(self) -> dict[str, float]:
        """Close the last stage; seconds per stage."""
        self(self._stage, 1.0)
        return {stage: round(seconds, 2) for stage, seconds in self.seconds.items()}


def train_once(n_events: int, n_items: int, seed: int) -> dict[str, Any]:
    """Train on a synthetic shop in this process, and tell what it took."""
    from recommender.evaluation import reset_peak
    from recommender.training import train

    world = make_world(Scale.of_events(n_items, n_events, seed))
    reset_peak()
    before = time.process_time()
    stages = StageTimes()
    result = train(world.events, world.items, random_state=seed, progress=stages)
    return {
        "seconds": round(result.seconds, 2),
        "cpu_seconds": round(time.process_time() - before, 2),
        "peak_mb": round(result.peak_mb, 1),
        "gate": {check.name: [bool(check.passed), check.detail] for check in result.gate.checks},
        "passed": bool(result.gate.passed),
        "stages": stages.finish(),
        "world": describe(world),
    }


def _row(record: dict[str, Any]) -> tuple[Cell, ...]:
    world = record["world"]
    judged = sum(seconds for stage, seconds in record["stages"].items() if stage.startswith("evaluate"))
    return (
        world["events"],
        world["users"],
        world["items"],
        record["seconds"],
        judged,
        record["cpu_seconds"],
        record["peak_mb"],
        "passed" if record["passed"] else "refused",
    )


def _stages(n_events: int, stages: dict[str, float]) -> Table:
    total = sum(stages.values()) or float("nan")
    rows = tuple((stage, seconds, seconds / total) for stage, seconds in stages.items())
    return Table(f"Stages of the training, {n_events:,} events", ("stage", "seconds", "share"), rows)


def _budgets(n_events: int, record: dict[str, Any]) -> list[Budget]:
    return [
        Budget(f"training, {n_events:,} events", record["seconds"], BUDGET_SECONDS, "s"),
        Budget(f"training, peak memory, {n_events:,} events", record["peak_mb"], BUDGET_MB, "MB"),
    ]


if __name__ == "__main__":
    print(json.dumps(train_once(*(int(argument) for argument in sys.argv[1:4]))))
