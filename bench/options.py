"""What a run was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """Options shared by all programs.

    Attributes
    ----------
    quick : bool
        Small sizes and few repetitions: seconds instead of minutes, to see that a program works.
    sizes : tuple of int
        Catalogue sizes, vectors or events, as the program takes them; its own defaults when empty.
    data : tuple of str
        Names of real data sets; all of them when empty.
    seed : int
    tune : bool
        Also tune the outside baselines on a validation split.
    keep : Path or None
        Folder in which fitted models are kept for the next run.
    """

    quick: bool = False
    sizes: tuple[int, ...] = ()
    data: tuple[str, ...] = ()
    seed: int = 0
    tune: bool = False
    keep: Path | None = None
