"""Memory of the shop's processes with a model of 30,000 items: web and worker together, and one web process more."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.loadgen import Job, drive
from bench.options import Options
from bench.shop import DEMO, Server, Shop, group_of, prepared, serving, working
from bench.tables import Budget, Cell, Report, Table

EVENTS = 300_000
SETTLE_SECONDS, QUICK_SETTLE_SECONDS = 10.0, 3.0
WARM_SECONDS = 3.0
WEB_AND_WORKER_MB, EXTRA_WORKER_MB = 400.0, 150.0
FIELDS = ("Pss", "Rss", "Private_Dirty")
COLUMNS = ("process", "PSS MB", "RSS MB", "private MB")


@dataclass(frozen=True)
class Memory:
    """Megabytes of a process: its fair share of shared pages, all its pages, and what is its own alone."""

    pss: float
    rss: float
    private: float

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.pss + other.pss, self.rss + other.rss, self.private + other.private)


NOTHING = Memory(0.0, 0.0, 0.0)


def run(options: Options) -> Report:
    """Start the shop with one and with two web processes, ask them a little, and read what they hold."""
    n_items = options.sizes[0] if options.sizes else (DEMO if options.quick else 30_000)
    size = "small" if options.quick else "demo"
    shop = prepared(n_items, options, events=min(EVENTS, n_items * 10), size=size)
    if not Path("/proc/self/smaps_rollup").is_file():
        return Report(skipped="this system does not tell how much memory a process holds (/proc/*/smaps_rollup)")
    with working(shop) as worker, serving(shop, workers=1) as server:
        _ask(server, shop, options)
        one = {"worker": memory_of(group_of(worker)), **_web(server)}
    with serving(shop, workers=2) as server:
        _ask(server, shop, options)
        two = _web(server)
    together = sum(one.values(), NOTHING)
    extra = sum(two.values(), NOTHING).pss - sum((m for name, m in one.items() if name != "worker"), NOTHING).pss
    rows: list[tuple[Cell, ...]] = [_row(name, memory) for name, memory in one.items()]
    rows += [_row("web and worker together", together), ("one web process more", extra, None, None)]
    table = Table(
        f"Memory, {shop.title}, after a few requests",
        COLUMNS,
        tuple(rows),
        ("PSS counts a page that processes share in equal parts, so the sum over processes is what they really hold.",),
    )
    return Report(
        (table,),
        (
            Budget(f"web and worker, PSS, {shop.title}", together.pss, WEB_AND_WORKER_MB, "MB"),
            Budget(f"one web process more, PSS, {shop.title}", extra, EXTRA_WORKER_MB, "MB"),
        ),
    )


def _ask(server: Server, shop: Shop, options: Options) -> None:
    """A few requests, so that models are loaded, then quiet."""
    paths = [f"/api/recommendations?user_id={user}&k=10" for user in shop.users[:300]]
    drive(Job(server.port, paths, WARM_SECONDS, 8))
    time.sleep(QUICK_SETTLE_SECONDS if options.quick else SETTLE_SECONDS)


def _web(server: Server) -> dict[str, Memory]:
    master, *children = group_of(server.pid)
    found = {"gunicorn master": memory_of([master])}
    return found | {f"web process {number}": memory_of([pid]) for number, pid in enumerate(children, start=1)}


def memory_of(pids: Sequence[int]) -> Memory:
    """What some processes hold together."""
    return sum((parse_rollup(Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")) for pid in pids), NOTHING)


def parse_rollup(text: str) -> Memory:
    """Megabytes out of a ``smaps_rollup`` file."""
    lines = (line.split() for line in text.splitlines())
    kilobytes = {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) == 3 and words[2] == "kB"}
    return Memory(*(kilobytes.get(name, 0) / 1024 for name in FIELDS))


def _row(name: str, memory: Memory) -> tuple[Cell, ...]:
    return name, memory.pss, memory.rss, memory.private
