"""Whether the log looks like the log of yesterday: a broken export must not become a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recommender.data.idmap import IdMap
from recommender.data.interactions import Interactions
from recommender.gate.report import Check, warning
from recommender.types import EVENT_KINDS, Rows

SECONDS_PER_DAY = 86_400
MIN_ROWS_SHARE = 0.5
DAYS_BEFORE = 14
SIGMAS = 3.0
MAX_KIND_SHIFT = 0.25
MIN_KIND_EVENTS = 200
MAX_REPEATED = 0.05
MAX_UNKNOWN = 0.2
BOT_EVENTS_A_DAY = 500
MAX_BOT_SHARE = 0.1
MAX_AGE_HOURS = 26


@dataclass(frozen=True)
class LogFacts:
    """What the checks of the data look at.

    Attributes
    ----------
    log : Interactions
    now : int or None
        Time of the training, UTC seconds; without it nothing is said about ages.
    rows_before : int or None
        Rows that the training before this one learned from.
    described : IdMap or None
        Items of the catalogue.
    """

    log: Interactions
    now: int | None = None
    rows_before: int | None = None
    described: IdMap | None = None


def check_data(facts: LogFacts) -> list[Check]:
    """All checks of the log for which there is something to look at."""
    return [check for look in _LOOKS if (check := look(facts)) is not None]


def _rows(facts: LogFacts) -> Check | None:
    if not facts.rows_before:
        return None
    n, before = len(facts.log), facts.rows_before
    detail = f"{n} rows, {before} in the training before"
    return Check("rows", n >= MIN_ROWS_SHARE * before, detail)


def _rows_of_a_day(facts: LogFacts) -> Check | None:
    """The last whole day against the fortnight before it."""
    days = facts.log.timestamps // SECONDS_PER_DAY
    if not len(days) or days[-1] - days[0] < DAYS_BEFORE + 1:
        return None
    last = int(days[-1])
    counts = np.bincount(days[days >= last - DAYS_BEFORE - 1] - (last - DAYS_BEFORE - 1))
    before, newest = counts[:DAYS_BEFORE], int(counts[DAYS_BEFORE])
    mean, spread = float(before.mean()), max(float(before.std()), float(np.sqrt(before.mean())), 1.0)
    detail = f"{newest} rows on the last whole day, {mean:.0f} a day in the {DAYS_BEFORE} days before"
    return warning("rows of a day", abs(newest - mean) <= SIGMAS * spread, detail)


def _kinds(facts: LogFacts) -> Check | None:
    """The kinds of the last week against those of the four weeks before."""
    log = facts.log
    if not len(log):
        return None
    ages = (log.timestamps[-1] - log.timestamps) // (7 * SECONDS_PER_DAY)
    week, before = log.kinds[ages == 0], log.kinds[(ages >= 1) & (ages <= 4)]
    if min(len(week), len(before)) < MIN_KIND_EVENTS:
        return None
    shares = [np.bincount(part, minlength=len(EVENT_KINDS)) / len(part) for part in (week, before)]
    moved = np.abs(shares[0] - shares[1])
    code = int(moved.argmax())
    detail = (
        f"{EVENT_KINDS[code]}: {shares[0][code]:.1%} of the last week, {shares[1][code]:.1%} of the four weeks before"
    )
    return warning("kinds of events", float(moved.sum() / 2) <= MAX_KIND_SHIFT, detail)


def _repeated(facts: LogFacts) -> Check | None:
    log = facts.log
    if not len(log):
        return None
    keys = np.stack([log.user_rows, log.item_rows, log.kinds.astype(np.int64), log.timestamps])
    ordered = keys[:, np.lexsort(keys)]
    same = (ordered[:, 1:] == ordered[:, :-1]).all(axis=0)
    share = float(same.sum() / len(log))
    return warning("repeated rows", share <= MAX_REPEATED, f"{share:.1%} of the rows stand there twice")


def _future(facts: LogFacts) -> Check | None:
    if facts.now is None:
        return None
    n = int((facts.log.timestamps > facts.now).sum())
    return warning("times to come", n == 0, f"{n} rows lie in the future of the training")


def _unknown(facts: LogFacts) -> Check | None:
    if facts.described is None or not len(facts.log):
        return None
    known = facts.described.rows(list(facts.log.items)) >= 0
    share = 1.0 - float(known[facts.log.item_rows].mean())
    return warning(
        "unknown items", share <= MAX_UNKNOWN, f"{share:.1%} of the rows are about items without a description"
    )


def _machines(facts: LogFacts) -> Check | None:
    log = facts.log
    if not len(log):
        return None
    days = log.timestamps // SECONDS_PER_DAY
    _, day_of, counts = np.unique(_pairs(log.user_rows, days), return_inverse=True, return_counts=True)
    share = float((counts[day_of] > BOT_EVENTS_A_DAY).mean())
    detail = f"{share:.1%} of the rows come from somebody with more than {BOT_EVENTS_A_DAY} on one day"
    return warning("machines", share <= MAX_BOT_SHARE, detail)


def _pairs(users: Rows, days: Rows) -> Rows:
    first = int(days.min())
    return users * (int(days.max()) - first + 1) + (days - first)


def _age(facts: LogFacts) -> Check | None:
    if facts.now is None or not len(facts.log):
        return None
    hours = max(0.0, (facts.now - int(facts.log.timestamps[-1])) / 3600)
    return warning("newest event", hours <= MAX_AGE_HOURS, f"it is {hours:.0f} hours old")


_LOOKS: tuple[Callable[[LogFacts], Check | None], ...] = (
    _rows,
    _rows_of_a_day,
    _kinds,
    _repeated,
    _future,
    _unknown,
    _machines,
    _age,
)
