"""Exact search against Annoy: where an index begins to pay, and what it costs in recall."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import machine
from bench.options import Options
from bench.synthetic import clustered_vectors
from bench.tables import Cell, Report, Table
from bench.timing import Times, time_calls
from recommender.arrays.vectorindex import ANNOY_SEARCH_K, ANNOY_TREES, EXACT_LIMIT, AnnoyIndex, ExactIndex

SIZES, QUICK_SIZES = (30_000, 300_000), (3_000,)
DIMS = (64, 128)
TREES = (10, ANNOY_TREES)
SEARCH_K = (1_000, ANNOY_SEARCH_K, 20_000)
QUERIES, QUICK_QUERIES, WARM_UP = 300, 40, 10
DEPTHS = (10, 100)
GOOD_RECALL = 0.95
BREAK_EVEN_SIZES = (10_000, 30_000, 100_000, 200_000, 300_000)
COLUMNS = ("search", "build s", "file MB", "p50 ms", "p95 ms", "recall@10", "recall@100", "times faster")
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """A way to search, and what it showed.

    Attributes
    ----------
    recalls : tuple of float
        Share of the true neighbours found, for each of ``DEPTHS``.
    """

    name: str
    build_seconds: float
    file_mb: float
    times: Times
    recalls: tuple[float, ...]


def run(options: Options) -> Report:
    """Compare at every size and length, then look for the size at which Annoy overtakes."""
    sizes = options.sizes or (QUICK_SIZES if options.quick else SIZES)
    tables, facts = [], {}
    for n in sizes:
        for n_dims in DIMS:
            table, found = _compare(n, n_dims, options)
            tables.append(table)
            facts[f"{n}x{n_dims}"] = {f.name: [f.times.p50, *f.recalls] for f in found}
    smaller = tuple(n for n in BREAK_EVEN_SIZES if n <= max(sizes)) or sizes
    tables.append(_break_even(smaller, options))
    return Report(tuple(tables), facts=facts)


def _compare(n: int, n_dims: int, options: Options) -> tuple[Table, list[Found]]:
    vectors = clustered_vectors(n, n_dims, seed=options.seed)
    queries = _queries(vectors, options)
    with machine.LoadMeter() as load:
        exact, truth = _exact(vectors, queries)
        found = [exact]
        for trees in TREES:
            found += _forest(vectors, queries, truth, trees, SEARCH_K, options.seed)
    rows = tuple(_row(f, exact) for f in found)
    notes = (
        f"Clustered unit vectors, one query at a time, {max(DEPTHS)} neighbours asked for, one BLAS thread. "
        f"{load.sentence}",
    )
    return Table(f"{n:,} vectors of {n_dims} numbers", COLUMNS, rows, notes), found


def _queries(vectors: Vectors, options: Options) -> Vectors:
    """Mixtures of three neighbouring items, as a shopper's taste is a mean of what was looked at."""
    rng = np.random.default_rng(options.seed + 1)
    n = (QUICK_QUERIES if options.quick else QUERIES) + WARM_UP
    start = rng.integers(0, len(vectors), n)
    near = np.stack([vectors[(start + step) % len(vectors)] for step in (0, 1, 2)])
    taste = near[0] + 0.2 * near[1] + 0.1 * near[2]
    return (taste / np.linalg.norm(taste, axis=1, keepdims=True)).astype(np.float32)


def _exact(vectors: Vectors, queries: Vectors) -> tuple[Found, list[NDArray[np.int64]]]:
    began = time.perf_counter()
    index = ExactIndex(vectors)
    seconds = time.perf_counter() - began
    times = time_calls([partial(index.search, query, max(DEPTHS)) for query in queries], warm_up=WARM_UP)
    truth = [index.search(query, max(DEPTHS)).rows for query in queries[WARM_UP:]]
    return Found("exact scan", seconds, vectors.nbytes / 1e6, times, tuple(1.0 for _ in DEPTHS)), truth


def _forest(
    vectors: Vectors,
    queries: Vectors,
    truth: Sequence[NDArray[np.int64]],
    trees: int,
    search_ks: Sequence[int],
    seed: int,
) -> list[Found]:
    """One forest, searched with every effort."""
    began = time.perf_counter()
    index = AnnoyIndex.build(vectors, seed=seed, trees=trees)
    seconds = time.perf_counter() - began
    with tempfile.TemporaryDirectory(prefix="kindred-bench-") as folder:
        path = Path(folder) / "forest.ann"
        index.save(path)
        megabytes = path.stat().st_size / 1e6
        mapped = AnnoyIndex.load(path, vectors.shape[1], index.rows)
        return [_searched(mapped, queries, truth, trees, effort, seconds, megabytes) for effort in search_ks]


def _searched(
    index: AnnoyIndex,
    queries: Vectors,
    truth: Sequence[NDArray[np.int64]],
    trees: int,
    effort: int,
    seconds: float,
    megabytes: float,
) -> Found:
    def search(query: Vectors) -> NDArray[np.int64]:
        return index.search(query, max(DEPTHS), search_k=effort).rows

    times = time_calls([partial(search, query) for query in queries], warm_up=WARM_UP)
    recalls = recall(search, queries[WARM_UP:], truth)
    return Found(f"Annoy, {trees} trees, search_k {effort:,}", seconds, megabytes, times, recalls)


def recall(
    search: Callable[[Vectors], NDArray[np.int64]], queries: Vectors, truth: Sequence[NDArray[np.int64]]
) -> tuple[float, ...]:
    """Mean share of the true neighbours among as many found, for each of ``DEPTHS``."""
    found = [search(query) for query in queries]
    return tuple(
        float(
            np.mean(
                [len(np.intersect1d(f[:depth], t[:depth])) / len(t[:depth]) for f, t in zip(found, truth, strict=True)]
            )
        )
        for depth in DEPTHS
    )


def _row(found: Found, exact: Found) -> tuple[Cell, ...]:
    faster = exact.times.p50 / found.times.p50
    return (
        found.name,
        found.build_seconds,
        found.file_mb,
        found.times.p50,
        found.times.p95,
        *found.recalls,
        faster,
    )


def _break_even(sizes: Sequence[int], options: Options) -> Table:
    """Exact against Annoy as the engine sets it, over growing catalogues."""
    rows: list[tuple[Cell, ...]] = []
    overtaken: int | None = None
    for n in sizes:
        vectors = clustered_vectors(n, DIMS[0], seed=options.seed)
        queries = _queries(vectors, options)
        exact, truth = _exact(vectors, queries)
        annoy = _forest(vectors, queries, truth, ANNOY_TREES, (ANNOY_SEARCH_K,), options.seed)[0]
        rows.append((n, exact.times.p50, annoy.times.p50, annoy.recalls[0], annoy.recalls[1], annoy.build_seconds))
        if overtaken is None and annoy.times.p50 < exact.times.p50 and annoy.recalls[0] >= GOOD_RECALL:
            overtaken = n
    return Table(
        f"Break-even, {DIMS[0]} numbers, {ANNOY_TREES} trees, search_k {ANNOY_SEARCH_K:,}",
        ("vectors", "exact p50 ms", "Annoy p50 ms", "recall@10", "recall@100", "build s"),
        tuple(rows),
        (_verdict(overtaken, max(sizes)),),
    )


def _verdict(overtaken: int | None, largest: int) -> str:
    engine = f"The engine scans exactly up to {EXACT_LIMIT:,} items."
    if overtaken is None:
        return f"Up to {largest:,} vectors Annoy is not faster at a recall@10 of {GOOD_RECALL} or more. {engine}"
    return f"Annoy is faster from {overtaken:,} vectors on, at a recall@10 of {GOOD_RECALL} or more. {engine}"
