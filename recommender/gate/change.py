"""How much shoppers will notice: neither a shop turned upside down nor a night for nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.evaluation.judging import ModelResult, Task
from recommender.gate.report import Check, note, warning
from recommender.metrics import rank_biased_overlap
from recommender.types import FloatVector, Rows

LEAST_OVERLAP, MOST_OVERLAP = 0.3, 0.98
PERSONA_GROUPS = ("users:new", "users:light", "users:heavy")
PERSONA_ITEMS = 5


def check_change(result: ModelResult, live: ModelResult, min_users: int) -> list[Check]:
    """Rank-biased overlap of the lists with those of the live parameters, overall and per group of people.

    Parameters
    ----------
    result, live : ModelResult
        Of the same people in the same order; without ``ranked`` nothing is compared.
    min_users : int
        Groups smaller than this are passed over.

    References
    ----------
    Webber, Moffat, Zobel (2010), A Similarity Measure for Indefinite Rankings.
    """
    if result.ranked is None or live.ranked is None:
        return []
    if live.ranked is result.ranked:
        return [note("change", "not judged: the parameters are those that are live")]
    overlap = rank_biased_overlap(_without_gaps(result.ranked), _without_gaps(live.ranked))
    groups = {"change": np.ones(len(overlap), dtype=bool)} | {
        f"change {name}": ~np.isnan(values) for name, values in result.segment_values.items() if name in PERSONA_GROUPS
    }
    large = {name: mask for name, mask in groups.items() if name == "change" or mask.sum() >= min_users}
    return [_overlap(name, overlap[mask]) for name, mask in large.items()]


def _without_gaps(ranked: Rows) -> Rows:
    """The lists closed up where a place holds what nobody touched in training: such things have no row, but -1."""
    return np.take_along_axis(ranked, np.argsort(ranked < 0, axis=1, kind="stable"), axis=1)


def _overlap(name: str, overlap: FloatVector) -> Check:
    mean = float(overlap.mean())
    detail = f"rank-biased overlap {mean:.2f} with the lists of the live parameters, {len(overlap)} people"
    return warning(name, LEAST_OVERLAP <= mean <= MOST_OVERLAP, detail)


def personas(result: ModelResult, live: ModelResult, task: Task) -> list[Check]:
    """One person of each group, the same ones while the same people are judged: what enters and what leaves a list."""
    if result.ranked is None or live.ranked is None or live.ranked is result.ranked:
        return []
    titles, told = _titles(task), []
    for group in PERSONA_GROUPS:
        members = np.flatnonzero(~np.isnan(result.segment_values.get(group, np.zeros(0))))
        if len(members):
            detail = _difference(result.ranked[members[0]], live.ranked[members[0]], titles)
            told.append(note(f"persona {group}", detail))
    return told


def _difference(own: Rows, theirs: Rows, titles: Sequence[str]) -> str:
    now, before = ([int(row) for row in rows[:PERSONA_ITEMS] if row >= 0] for rows in (own, theirs))
    parts = {
        "stays": [titles[row] for row in now if row in before],
        "comes": [titles[row] for row in now if row not in before],
        "goes": [titles[row] for row in before if row not in now],
    }
    return "; ".join(f"{word}: {', '.join(named)}" for word, named in parts.items() if named) or "an empty list"


def _titles(task: Task) -> list[str]:
    """What people call the items: the title where there is one."""
    if task.catalogue is None:
        return task.item_ids
    rows = task.catalogue.items.rows(task.item_ids)
    named = task.catalogue.fields["title"]
    return [(str(named[row]) if row >= 0 else "") or item for item, row in zip(task.item_ids, rows, strict=True)]
