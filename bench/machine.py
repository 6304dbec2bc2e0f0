"""The machine a measurement was made on, and how busy others kept it meanwhile."""

from __future__ import annotations

import math
import os
import platform
import resource
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PACKAGES = ("numpy", "scipy", "pandas", "implicit", "lightgbm", "annoy", "flask", "gunicorn")


def facts() -> dict[str, Any]:
    """Processor, memory, versions and the number of BLAS threads, ready for JSON."""
    return {
        "processor": _first_value("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gb": round(_memory_kb("MemTotal") / 1e6, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "not pinned"),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _first_value(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "")


def _memory_kb(key: str) -> int:
    value = _first_value("/proc/meminfo", key).split()
    return int(value[0]) if value else 0


class LoadMeter:
    """How many cores other processes kept busy while a block ran.

    The busy time of the whole machine less that of this process and of its finished children; children still running
    at the end count as others, so stop them inside the block.

    Attributes
    ----------
    cores_by_others : float
        Mean number of cores; NaN where the system does not tell.
    """

    def __enter__(self) -> Self:
        self.cores_by_others = float("nan")
        self._before = _cpu_seconds()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        after = _cpu_seconds()
        if self._before is None or after is None:
            return
        busy, total, own = (b - a for a, b in zip(self._before, after, strict=True))
        if total > 0:
            cores = os.cpu_count() or 1
            self.cores_by_others = max(0.0, (busy - own) / total * cores)

    @property
    def sentence(self) -> str:
        """One sentence for the foot of a table."""
        return f"Other processes kept {self.cores_by_others:.2f} of {os.cpu_count()} cores busy meanwhile."


def rounded(value: float) -> float | None:
    """Two decimals, None for NaN: JSON knows none."""
    return None if math.isnan(value) else round(value, 2)


def _cpu_seconds() -> tuple[float, float, float] | None:
    """Busy and total seconds of all cores since boot, and those of this process with its finished children."""
    try:
        first = Path("/proc/stat").read_text("ascii").splitlines()[0]
    except OSError:
        return None
    ticks = [int(value) for value in first.split()[1:9]]
    per_second = os.sysconf("SC_CLK_TCK")
    idle = ticks[3] + ticks[4]
    own = sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    return (sum(ticks) - idle) / per_second, sum(ticks) / per_second, own
