"""The ten points of the gate: which checks belong to each, and a plain word about each that could not be judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recommender.gate.report import Check, GateReport, note

_NOTHING_LIVE = "there are no figures of live parameters to compare with"
_REFUSED = "the model is refused already, so it was not saved and opened again"
_NO_FIGURES = "the candidate has no figures on held-out events"


@dataclass(frozen=True)
class Point:
    """A point of the gate.

    Attributes
    ----------
    checks : tuple of str
        Names of its checks; one that ends in a blank stands for all names that begin so.
    unjudged : str
        Why it was not judged when none of them was made.
    """

    checks: tuple[str, ...]
    unjudged: str


POINTS: dict[str, Point] = {
    "data": Point(
        (
            "rows",
            "rows of a day",
            "kinds of events",
            "repeated rows",
            "times to come",
            "unknown items",
            "machines",
            "newest event",
        ),
        "the log is empty",
    ),
    "integrity": Point(("numbers", "ids", "every item", "repeatable", "lists", "saved model", "size"), _REFUSED),
    "ranking": Point(
        ("time split", "evaluated", "enough users", "finite", "recall", "mrr", "map", "segment ", "against live"),
        _NO_FIGURES,
    ),
    "baselines": Point(
        ("against popular", "against trending", "against itemknn", "against itemseq", "against svd_content"),
        _NO_FIGURES,
    ),
    "stars": Point(
        ("stars", "stars on average", "calibration"), "candidate and live parameters do not both forecast stars"
    ),
    "beyond accuracy": Point(
        ("nothing again", "coverage", "gini", "novelty", "distance", "price", "brands"), _NO_FIGURES
    ),
    "logged picks": Point(("logged picks",), "no place is on record that chance filled since the split"),
    "change": Point(("change", "change ", "persona "), _NOTHING_LIVE),
    "speed": Point(("speed", "load time"), _NOTHING_LIVE),
    "policy": Point(("policy",), _REFUSED),
}


def point_of(name: str) -> str:
    """The point that a check, or a note named like a point, belongs to.

    Raises
    ------
    KeyError
        For a name that no point knows.
    """
    for point, what in POINTS.items():
        if name == point or any(name == own or (own.endswith(" ") and name.startswith(own)) for own in what.checks):
            return point
    raise KeyError(name)


def unjudged_points(report: GateReport) -> Iterator[Check]:
    """A note for each point of which the report holds no check."""
    judged = {point_of(check.name) for check in report.checks}
    for point, what in POINTS.items():
        if point not in judged:
            yield note(point, f"not judged: {what.unjudged}")
