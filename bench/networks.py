"""Seconds that the two networks take to train, on the processor and on an accelerator where JAX finds one.

Started as ``python -m bench.networks NETWORK DATA SEED`` it fits one network twice and prints its record as JSON; DATA
is the name of a data set or a number of synthetic events.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.options import Options
from bench.synthetic import Scale, make_world
from bench.tables import Cell, Report, Table
from recommender import HybridRecommender
from recommender.deep import require_packages
from recommender.errors import DataError
from recommender.evaluation import Task, judge_model, make_split, make_task
from recommender.readers import datasets
from recommender.sources import DEEP_SOURCES

ROOT = Path(__file__).resolve().parent.parent
DATA, QUICK_DATA = ("musical-instruments",), ("gift-cards",)
EVENTS, QUICK_EVENTS = (50_000,), (5_000,)
N_ITEMS, QUICK_ITEMS = 30_000, 500
SYNTHETIC_EPOCHS = {"epochs": 3, "patience": 3}
QUICK_EPOCHS = {"epochs": 2}
MAX_USERS = 2_000
TIMEOUT_SECONDS = 1_800
COLUMNS = (
    "network",
    "device",
    "first fit, s",
    "second fit, s",
    "same lists twice",
    "epoch kept",
    "recall@50",
    "NDCG@10",
)


def run(options: Options) -> Report:
    """Fit either network on every body of data, each in a process of its own per device."""
    try:
        require_packages(DEEP_SOURCES[0])
    except DataError as missing:
        return Report(skipped=str(missing))
    named = options.data or (QUICK_DATA if options.quick else DATA)
    sizes = options.sizes or (QUICK_EVENTS if options.quick else EVENTS)
    absent = [why for name in named if (why := datasets.why_missing(name))]
    bodies = [*(name for name in named if not datasets.why_missing(name)), *map(str, sizes)]
    tables = tuple(_table(body, options) for body in bodies)
    return Report(tables, facts={"absent": absent})


def _table(body: str, options: Options) -> Table:
    found = [(network, record) for network in DEEP_SOURCES for record in _on_each_device(network, body, options)]
    rows = tuple(_row(network, record) for network, record in found)
    versions = " and ".join(sorted({f"JAX {record['jax']}" for _, record in found}))
    if body.isdigit():
        title = f"Training the networks: {int(body):,} synthetic events"
        note = "Few epochs; no quality claim rests on this data."
    else:
        title = f"Training the networks: {body}, last-one"
        note = "Recall@50 is that of the steps kept back from the fit, NDCG@10 that of the test, all items ranked."
    return Table(title, COLUMNS, rows, (f"{note} {versions}; the first fit compiles, the second one need not.",))


def _on_each_device(network: str, body: str, options: Options) -> Iterator[dict[str, Any]]:
    """A record of the device that JAX takes by itself and, where that is an accelerator, one of the processor."""
    found = _in_child(network, body, options, {})
    yield found
    if not found["is_processor"]:
        yield _in_child(network, body, options, {"JAX_PLATFORMS": "cpu"})


def _in_child(network: str, body: str, options: Options, environment: dict[str, str]) -> dict[str, Any]:
    quick = ["--quick"] if options.quick else []
    done = subprocess.run(
        [sys.executable, "-m", "bench.networks", network, body, str(options.seed), *quick],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=True,
    )
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    first, second = record["seconds"]
    print(f"{network}, {body}: {record['device']}, {first} s, then {second} s", file=sys.stderr, flush=True)
    return record


def _row(network: str, record: dict[str, Any]) -> tuple[Cell, ...]:
    first, second = record["seconds"]
    same = "yes" if record["same lists"] else "NO"
    notes = record["notes"]
    return network, record["device"], first, second, same, notes["epoch"], notes.get("recall@50"), record["ndcg"]


def _main(network: str, body: str, seed: int, is_quick: bool) -> None:
    """Fit twice; what the first fit compiled the second one finds."""
    task = _task(body, seed, is_quick)
    shortened = QUICK_EPOCHS if is_quick else SYNTHETIC_EPOCHS if body.isdigit() else {}
    params = {network: shortened} if shortened else None
    models = [HybridRecommender(strategy=network, random_state=seed, source_params=params) for _ in range(2)]
    first, second = (judge_model(model, task, cold_alone=False) for model in models)
    record = {
        **_device(),
        "seconds": [round(result.fit_seconds, 1) for result in (first, second)],
        "same lists": np.array_equal(first.ranked, second.ranked),
        "notes": first.info["notes"][network],
        "ndcg": None if body.isdigit() else first.metrics["ndcg@10"].mean,
    }
    print(json.dumps(record))


def _task(body: str, seed: int, is_quick: bool) -> Task:
    if not body.isdigit():
        events = datasets.load_interactions(body).frame
    else:
        events = make_world(Scale.of_events(QUICK_ITEMS if is_quick else N_ITEMS, int(body), seed)).events
    return make_task(make_split(events, "last-one"), None, max_users=MAX_USERS, seed=seed)


def _device() -> dict[str, Any]:
    """What JAX computed on: the model of an accelerator, or the number of cores."""
    import jax  # an extra; the parent process does without

    device = jax.devices()[0]
    is_processor = device.platform == "cpu"
    name = f"processor, {os.cpu_count()} cores" if is_processor else str(device.device_kind)
    return {"device": name, "is_processor": is_processor, "jax": jax.__version__}


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], int(sys.argv[3]), "--quick" in sys.argv[4:])
