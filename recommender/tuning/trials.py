"""Every trial of a search as a line of JSON, so that a search that was stopped goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from recommender.data.validation import is_number
from recommender.errors import DataError


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
        """Read what is there; a line that was being written when the search was stopped is dropped.

        Other lines that are no trials are left where they are, and count for nothing.

        Raises
        ------
        DataError
            When the file cannot be read.
        """
        log = cls(path)
        if path is None or not path.exists():
            return log
        try:
            text = path.read_text("utf-8")
        except OSError as error:
            raise DataError(f"{path}: the file of trials cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: the file of trials is not JSON lines") from error
        *lines, unfinished = text.split("\n")
        log.trials = [trial for line in lines if (trial := _parsed(line)) is not None]
        if unfinished:
            draft = path.with_name(f".{path.name}.draft")  # whoever is stopped here keeps what the file held
            draft.write_text("".join(f"{line}\n" for line in lines), "utf-8")
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
        trial = Trial(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    is_judged = trial.score is None or (is_number(trial.score) and isfinite(trial.score))
    is_numbered = isinstance(trial.number, int) and not isinstance(trial.number, bool)
    return trial if is_judged and is_numbered and isinstance(trial.params, dict) else None
