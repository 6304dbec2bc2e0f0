"""Every trial of a search as a line of JSON, so that a search that was stopped goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Trial:
    """One set of parameters that was tried.

    Attributes
    ----------
    study : str
        Source whose parameters these are, or "weights".
    number : int
        0 is what was there before the search.
    params : dict
    score : float or None
        What the search raises; None when the parameters made no model.
    seconds : float
    base : str
        Checksum of what the score depends on besides: data, split, seed, weights, what is not searched.
    error : str
        Why there is no score.
    """

    study: str
    number: int
    params: dict[str, Any]
    score: float | None
    seconds: float
    base: str
    error: str = ""


@dataclass
class TrialLog:
    """Trials kept in a file, or in memory alone when there is no path."""

    path: Path | None = None
    trials: list[Trial] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path | None) -> TrialLog:
        """Read what is there; a line that was being written when the search was stopped is dropped."""
        log = cls(path)
        if path is None or not path.exists():
            return log
        lines = path.read_text("utf-8").splitlines()
        log.trials = [trial for line in lines if (trial := _parsed(line)) is not None]
        draft = path.with_name(f".{path.name}.draft")  # whoever is stopped here keeps what the file held
        draft.write_text("".join(_line(trial) for trial in log.trials), "utf-8")
        draft.replace(path)
        return log

    def of(self, study: str, base: str) -> list[Trial]:
        """Trials of a study on the same ground."""
        return [trial for trial in self.trials if (trial.study, trial.base) == (study, base)]

    def add(self, trial: Trial) -> None:
        """Keep a trial."""
        self.trials.append(trial)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(_line(trial))


def _line(trial: Trial) -> str:
    return json.dumps(asdict(trial), sort_keys=True) + "\n"


def _parsed(line: str) -> Trial | None:
    try:
        return Trial(**json.loads(line))
    except (ValueError, TypeError):
        return None
