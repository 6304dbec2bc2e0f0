"""What was looked at, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["must", "warning", "note"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its name, the verdict, and the numbers in words.

    A check of the level "warning" that does not pass is told and refuses nothing; a "note" tells without a verdict.
    """

    name: str
    passed: bool
    detail: str
    level: Level = "must"

    @property
    def refuses(self) -> bool:
        """Whether the model may not be published because of this."""
        return self.level == "must" and not self.passed


@dataclass(frozen=True)
class GateReport:
    """Verdict of the gate; it passes when every check that must does."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether the model may be published."""
        return not any(check.refuses for check in self.checks)

    def joined(self, checks: Iterable[Check]) -> GateReport:
        """The report with further checks."""
        return GateReport((*self.checks, *checks))

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


def warning(name: str, passed: bool, detail: str) -> Check:
    """A check that refuses nothing."""
    return Check(name, passed, detail, "warning")


def note(name: str, detail: str) -> Check:
    """Something that is told without a verdict."""
    return Check(name, True, detail, "note")
