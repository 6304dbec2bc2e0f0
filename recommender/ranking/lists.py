"""Lists for the ranker, made without leakage: sources never saw the choice that they are judged on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from recommender.base import Query
from recommender.data.impressions import Impressions, ShownList
from recommender.data.state import EventLog, UserState, build_state
from recommender.ranking.features import GAP_COLUMN
from recommender.ranking.groups import RankGroups
from recommender.ranking.moment import SESSION_SECONDS
from recommender.ranking.pipeline import Pipeline, all_but
from recommender.sources import FittedSources
from recommender.training_data import TrainingData
from recommender.types import KIND_CODE, AnyArray, FloatMatrix, Progress, Rows, no_progress

LISTS_PER_USER = 5
# Of few people with long histories more lists are taken, so that the trees have enough of them. Not of every moment a
# list can be made: some choices no source had found.
MOST_LISTS_PER_USER = 20
SPARE_LISTS = 1.5
MAX_NEGATIVES = 60
# Whoever looks so far down looks through everything: further places are as one.
LAST_PLACE = 30
_GRADES = {"view": 1, "click": 1, "cart": 2, "wishlist": 2, "purchase": 3, "rating": 3, "dismiss": 0}
_GRADE_BY_CODE = np.array([_GRADES[kind] for kind in KIND_CODE], dtype=np.int64)

FitSources = Callable[[TrainingData], FittedSources]


@dataclass(frozen=True)
class ListPlan:
    """How many fits and lists a body of data deserves.

    Attributes
    ----------
    n_folds : int
        Parts of the users; each in turn is kept out of the fit and predicted.
    folds_used : int
    cuts : tuple of float
        Shares of the log at which the sources are fitted on the past to predict what follows.
    cut_width : float
        Share of the log that follows a cut.
    max_lists : int
        Most lists of either kind.
    most_per_user : int
        Most lists of one user's steps; ``LISTS_PER_USER`` where there are users enough.
    """

    n_folds: int
    folds_used: int
    cuts: tuple[float, ...]
    cut_width: float
    max_lists: int
    most_per_user: int = LISTS_PER_USER

    def per_user(self, n_users: int) -> int:
        """How many lists to make of each of ``n_users`` in one of the folds."""
        needed = math.ceil(SPARE_LISTS * self.max_lists / self.folds_used / max(n_users, 1))
        return min(max(needed, LISTS_PER_USER), self.most_per_user)


def plan_for(n_events: int, effort: str = "full") -> ListPlan:
    """Small logs are used many times over; large ones, and a quick fit, make do with fewer passes."""
    if effort == "quick":
        return ListPlan(n_folds=5, folds_used=1, cuts=(0.9,), cut_width=0.1, max_lists=1_200)
    if n_events <= 400_000 and n_events > 50_000:
        cuts = (0.7, 0.8, 0.9)
        return ListPlan(4, 2, cuts, cut_width=0.1, max_lists=6_000, most_per_user=MOST_LISTS_PER_USER)
    if n_events <= 50_000:
        return ListPlan(n_folds=4, folds_used=4, cuts=(0.5, 0.6, 0.7, 0.8, 0.9), cut_width=0.1, max_lists=6_000)
    return ListPlan(n_folds=10, folds_used=1, cuts=(0.9,), cut_width=0.1, max_lists=4_000)


def training_lists(
    data: TrainingData,
    fit: FitSources,
    *,
    shown: Impressions | None = None,
    effort: str = "full",
    random_state: int = 0,
    progress: Progress = no_progress,
) -> tuple[RankGroups | None, tuple[str, ...]]:
    """Lists of all kinds and the names of their features.

    *Kept-out users*: sources are fitted without some users, who are then folded in with the beginning of their
    histories; the label is what each did next. *Kept-out time*: sources are fitted on the log up to a moment; the
    labels are what known users did after it. The first teaches the step from one item to the next, the second what
    is wanted now. *Shown lists*, where impressions are given: what was shown after such a moment and which of it was
    clicked, with what the user had done by then.

    Returns
    -------
    groups : RankGroups or None
        None when no list holds a chosen item.
    names : tuple of str
    """
    plan = plan_for(len(data.events), effort)
    rng = np.random.default_rng(random_state)
    lists: list[_MadeList] = []
    names: tuple[str, ...] = ()
    parts = [*_fold_parts(data, plan, rng), *_cut_parts(data, plan, shown, rng)]
    for number, part in enumerate(parts):
        progress("ranker lists", number / len(parts))
        if not len(part.data.events):
            continue
        pipeline = Pipeline.of(part.data, fit(part.data))
        names = pipeline.builder.names
        for make in part.makers:
            lists += _first(make(pipeline), part.limit)
    return (with_untold_time(_stack(lists), names, rng) if lists else None), names


@dataclass(frozen=True)
class Question:
    """A user at some time, what was chosen next, and what must not be offered as a wrong answer.

    ``cut`` is the number of the end of the log after which the user came back, -1 for any other time.
    """

    user_row: int
    at: int
    state: UserState
    chosen: Rows
    grades: AnyArray
    hidden: Rows
    cut: int = -1

    @property
    def is_new_visit(self) -> bool:
        """Whether the user had been away for longer than a session lasts."""
        return bool(len(self.state.timestamps)) and self.at - self.state.last_at > SESSION_SECONDS


class _MadeList(NamedTuple):
    features: FloatMatrix
    grades: AnyArray
    user_row: int
    cut: int
    places: Rows


_Maker = Callable[[Pipeline], Iterator[_MadeList | None]]


class _Part(NamedTuple):
    """What sources are fitted on, the makers of lists that go with it, and the most lists of each."""

    data: TrainingData
    makers: Sequence[_Maker]
    limit: int


def _fold_parts(data: TrainingData, plan: ListPlan, rng: np.random.Generator) -> list[_Part]:
    fold = rng.integers(0, plan.n_folds, data.n_users)
    limit = plan.max_lists // plan.folds_used

    def maker(number: int) -> _Maker:
        users = rng.permutation(np.flatnonzero(fold == number))
        n_steps = plan.per_user(len(users))
        return lambda pipeline: (
            _made(pipeline, q, rng) for user in users for q in next_steps(data, int(user), n_steps)
        )

    parts = [data.with_events(data.events.select(fold[data.events.user_rows] != f)) for f in range(plan.folds_used)]
    return [_Part(part, [maker(f)], limit) for f, part in enumerate(parts)]


def _cut_parts(data: TrainingData, plan: ListPlan, shown: Impressions | None, rng: np.random.Generator) -> list[_Part]:
    n = len(data.events)
    limit = plan.max_lists // len(plan.cuts)

    def maker(number: int, cut: int, end: int, part: TrainingData) -> _Maker:
        return lambda pipeline: (
            _made(pipeline, replace(q, cut=number), rng) for q in _after(data, part, cut, end, rng)
        )

    def shown_maker(cut: int, end: int, shown: Impressions) -> _Maker:
        times = data.events.timestamps
        until = float(times[end]) if end < n else np.inf
        return lambda pipeline: _shown_lists(data, pipeline, shown.between(float(times[cut - 1]), until), rng)

    parts = []
    for number, share in enumerate(plan.cuts):
        cut, end = int(n * share), min(n, int(n * (share + plan.cut_width)) + 1)
        part = data.with_events(data.events.select(np.arange(n) < cut))
        makers = [maker(number, cut, end, part)]
        if shown is not None and cut:
            makers.append(shown_maker(cut, end, shown))
        parts.append(_Part(part, makers, limit))
    return parts


def next_steps(data: TrainingData, user_row: int, n_steps: int = LISTS_PER_USER) -> list[Question]:
    """The last ``n_steps`` moments at which a user turned to an item not touched before."""
    log = data.histories.of(user_row)
    _, first = np.unique(log.item_rows, return_index=True)
    moments = np.sort(first)
    moments = moments[moments >= (2 if len(log) > 2 else 1)][-n_steps:]
    return [_question_at(data, user_row, log, int(moment)) for moment in moments]


def _question_at(data: TrainingData, user_row: int, log: EventLog, moment: int) -> Question:
    later_rows, later_kinds, later_stars = log.item_rows[moment:], log.kinds[moment:], log.values[moment:]
    chosen = later_rows[:1]
    own = later_rows == chosen[0]
    grade = grades_of(later_kinds[own], later_stars[own]).max()
    state = build_state(log.take(np.arange(moment)), data.weights)
    return Question(
        user_row, int(log.timestamps[moment]), state, chosen, np.array([grade]), np.setdiff1d(later_rows, chosen)
    )


def _after(data: TrainingData, part: TrainingData, cut: int, end: int, rng: np.random.Generator) -> Iterator[Question]:
    events = data.events
    users, items = events.user_rows[cut:end], events.item_rows[cut:end]
    times = events.timestamps[cut:end]
    grades = grades_of(events.kinds[cut:end], events.values[cut:end])
    known = np.diff(part.histories.starts) > 0
    for user in rng.permutation(np.unique(users[known[users]])):
        own = users == user
        rows, inverse = np.unique(items[own], return_inverse=True)
        best = np.zeros(len(rows), dtype=np.int64)
        np.maximum.at(best, inverse, grades[own])
        yield Question(
            int(user), int(times[own].min()), part.state_of(int(user)), rows, best, np.empty(0, dtype=np.int64)
        )


def grades_of(kinds: AnyArray, values: AnyArray) -> AnyArray:
    """How much a choice says: 3 for a purchase or a fair rating, 2 for cart and wishlist, 1 for a look."""
    grades = _GRADE_BY_CODE[kinds]
    disappointed = (kinds == KIND_CODE["rating"]) & (values < 3)
    return np.where(disappointed, 1, grades)


def _first(made: Iterator[_MadeList | None], limit: int) -> list[_MadeList]:
    """The first lists that hold a choice, at most ``limit``."""
    return list(itertools.islice((one for one in made if one is not None), limit))


def _made(pipeline: Pipeline, question: Question, rng: np.random.Generator) -> _MadeList | None:
    made = _list_of(pipeline, question, rng)
    if made is None:
        return None
    cut = question.cut if question.is_new_visit else -1
    return _MadeList(*made, question.user_row, cut, np.zeros(len(made[1]), dtype=np.int64))


def _shown_lists(
    data: TrainingData, pipeline: Pipeline, shown: Sequence[ShownList], rng: np.random.Generator
) -> Iterator[_MadeList | None]:
    for number in rng.permutation(len(shown)):
        yield _shown_list(data, pipeline, shown[number])


def _shown_list(data: TrainingData, pipeline: Pipeline, shown: ShownList) -> _MadeList | None:
    """A list as it was shown, but for what nothing speaks for; None where no choice is left in it."""
    log = data.histories.of(shown.user_row)
    log = log.take(np.flatnonzero(log.timestamps < shown.at))
    if not len(log):
        return None
    query = Query(build_state(log, data.weights), shown.at, np.empty(0, dtype=np.int64), knows_time=True)
    place = np.zeros(pipeline.n_items, dtype=np.int64)
    place[shown.item_rows] = np.minimum(shown.places, LAST_PLACE)
    was_clicked = np.zeros(pipeline.n_items, dtype=bool)
    was_clicked[shown.item_rows[shown.clicked]] = True
    found = pipeline.candidates(query, all_but(pipeline.n_items, query.state.seen), place > 0)
    picked = np.flatnonzero(place[found.rows])
    rows = found.rows[picked]
    grades = was_clicked[rows].astype(np.int64)
    if not 0 < grades.sum() < len(grades):
        return None
    return _MadeList(pipeline.features(query, found, picked), grades, shown.user_row, -1, place[rows])


def _list_of(pipeline: Pipeline, question: Question, rng: np.random.Generator) -> tuple[AnyArray, AnyArray] | None:
    query = Query(question.state, question.at, np.empty(0, dtype=np.int64), knows_time=True)
    n_items = len(pipeline.columns.log_counts)
    allowed = all_but(n_items, np.concatenate([question.state.seen, question.hidden]))
    found = pipeline.candidates(query, allowed)
    by_row = np.zeros(n_items, dtype=np.int64)
    by_row[question.chosen] = question.grades
    grades = by_row[found.rows]
    if not grades.any():
        return None
    picked = _sampled(grades, rng)
    return pipeline.features(query, found, picked), grades[picked]


def _sampled(grades: AnyArray, rng: np.random.Generator) -> Rows:
    """All chosen items and at most ``MAX_NEGATIVES`` of the others."""
    wrong = np.flatnonzero(grades == 0)
    if len(wrong) > MAX_NEGATIVES:
        wrong = rng.choice(wrong, MAX_NEGATIVES, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(grades > 0), wrong]))


def with_untold_time(groups: RankGroups, names: Sequence[str], rng: np.random.Generator) -> RankGroups:
    """Half of the lists, drawn at random, as they look to a caller who does not tell the time of the request."""
    untold = np.repeat(rng.random(len(groups.sizes)) < 0.5, groups.sizes)
    features = groups.features.copy()
    features[untold, list(names).index(GAP_COLUMN)] = np.nan
    return replace(groups, features=features)


def _stack(lists: list[_MadeList]) -> RankGroups:
    return RankGroups(
        features=np.concatenate([made.features for made in lists]),
        grades=np.concatenate([made.grades for made in lists]).astype(np.int32),
        sizes=np.array([len(made.grades) for made in lists], dtype=np.int64),
        users=np.array([made.user_row for made in lists], dtype=np.int64),
        cuts=np.array([made.cut for made in lists], dtype=np.int64),
        places=np.concatenate([made.places for made in lists]),
    )
