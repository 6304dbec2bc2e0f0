"""The programs by name, and running one of them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, NamedTuple

from bench import machine
from bench.options import Options
from bench.tables import Report


class Program(NamedTuple):
    """A module whose ``run`` takes :class:`Options` and returns a :class:`Report`, and what it measures."""

    module: str
    what: str


PROGRAMS = {
    "engine": Program("bench.engine", "milliseconds per request for every strategy, and where the hybrid's time goes"),
    "vectors": Program("bench.vectors", "exact search against Annoy: build, size, milliseconds, recall"),
    "http": Program("bench.throughput", "requests per second of the API against an empty route of the same server"),
    "retrain": Program("bench.retrain", "seconds and peak memory of the nightly training, stage by stage"),
    "memory": Program("bench.footprint", "memory of web server and worker, and of one web process more"),
    "quality": Program("bench.quality", "every strategy on the real data sets, both splits, with intervals"),
    "pages": Program("bench.pages", "when a page is there and whether it jumps, in Chromium on a slow phone"),
    "stretches": Program("bench.stretches", "the blend on many short histories without a clock, cut from real ones"),
    "foldin": Program("bench.foldin", "what folding in lacks of fitting anew, on the real data sets"),
    "networks": Program("bench.networks", "seconds to train the two networks, on the processor and on an accelerator"),
    "stars": Program("bench.stars", "how far forecast stars are off, on the folds of Surprise's published table"),
}


def run_program(name: str, options: Options) -> tuple[Report, dict[str, Any]]:
    """Run one program.

    Returns
    -------
    report : Report
    record : dict
        The report as JSON with the machine, the load, the time and the options it was made with.

    Raises
    ------
    KeyError
        When there is no program of that name.
    """
    if name not in PROGRAMS:
        raise KeyError(name)
    module = import_module(PROGRAMS[name].module)
    began, clock = datetime.now(UTC), time.perf_counter()
    with machine.LoadMeter() as load:
        report: Report = module.run(options)
    record = {
        "program": name,
        "began": began.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 1),
        "quick": options.quick,
        "seed": options.seed,
        "machine": machine.facts(),
        "cores_used_by_others": machine.rounded(load.cores_by_others),
    } | report.to_json()
    return report, record
