"""Milliseconds of calls, and the percentiles that matter."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Milliseconds = NDArray[np.float64]


@dataclass(frozen=True)
class Times:
    """What calls took, in the order in which they were made.

    Attributes
    ----------
    ms : ndarray of shape (n_calls,)
        Milliseconds by the clock.
    cpu_ms : ndarray of shape (n_calls,)
        Milliseconds of processor time of the calling thread: what is left on a machine that others keep busy.
    """

    ms: Milliseconds
    cpu_ms: Milliseconds

    @property
    def p50(self) -> float:
        """Half of the calls were faster."""
        return percentile(self.ms, 50)

    @property
    def p95(self) -> float:
        """19 of 20 calls were faster."""
        return percentile(self.ms, 95)

    @property
    def p99(self) -> float:
        """99 of 100 calls were faster."""
        return percentile(self.ms, 99)

    @property
    def cpu_p95(self) -> float:
        """19 of 20 calls used less processor time."""
        return percentile(self.cpu_ms, 95)


def percentile(values: Milliseconds, share: float) -> float:
    """The value that ``share`` percent of the values do not exceed; NaN without values."""
    return float(np.percentile(values, share)) if len(values) else float("nan")


def time_calls(calls: Sequence[Callable[[], object]], *, warm_up: int = 0, rounds: int = 1) -> Times:
    """Make every call, one after the other; the first ``warm_up`` of them are not counted.

    With more ``rounds`` all of them are made again, and of each call the fastest counts: what the neighbours of a
    shared machine take for a while is no property of the calls.
    """
    found = [_time_once(calls) for _ in range(rounds)]
    clock, processor = (np.min(np.array(column), axis=0)[warm_up:] for column in zip(*found, strict=True))
    return Times(clock, processor)


def _time_once(calls: Sequence[Callable[[], object]]) -> tuple[list[float], list[float]]:
    """Milliseconds of every call by the clock and of processor time.

    Garbage of earlier work is collected first; what the calls themselves leave behind is theirs, as in a server.
    """
    clock: list[float] = []
    processor: list[float] = []
    gc.collect()
    for call in calls:
        began, began_cpu = time.perf_counter(), time.thread_time()
        call()
        clock.append((time.perf_counter() - began) * 1000)
        processor.append((time.thread_time() - began_cpu) * 1000)
    return clock, processor
