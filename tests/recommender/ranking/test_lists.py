"""The lists that teach the ranker: whoever makes a list has never seen the choice that it is judged on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest

from recommender.arrays.scores import Scored
from recommender.base import Query
from recommender.ranking.groups import RankGroups
from recommender.ranking.lists import (
    LISTS_PER_USER,
    MAX_NEGATIVES,
    grades_of,
    next_steps,
    plan_for,
    training_lists,
    with_untold_time,
)
from recommender.ranking.moment import SESSION_SECONDS
from recommender.retrievers.popular import Popular
from recommender.sources import FittedSources, SourceSpec, fit_sources
from recommender.training_data import TrainingData
from tests.recommender.worlds import DAY, START, data_of, frame_of, kind_code, named, purchases, ring_walks, same_bytes

SPECS = {"itemseq": SourceSpec("itemseq")}


class Listener(Popular):
    """What is popular, and a memory of every question it was asked."""

    def __init__(self, half_life_days: float = 365.0) -> None:
        super().__init__(half_life_days)
        self.heard: list[Query] = []

    def scored(self, query: Query) -> Scored:
        self.heard.append(query)
        return super().scored(query)


@dataclass
class Spy:
    """Fits sources on each part it is given and remembers the parts and the listeners."""

    parts: list[TrainingData] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)

    def __call__(self, part: TrainingData) -> FittedSources:
        fitted = fit_sources(part, SPECS)
        listener = Listener().fit(part)
        self.parts.append(part)
        self.listeners.append(listener)
        return FittedSources({**fitted.retrievers, "popular": listener}, fitted.skipped)


@dataclass
class Lesson:
    """Lists with the spy that watched them being made."""

    spy: Spy
    groups: RankGroups
    names: tuple[str, ...]

    def lists(self) -> list[tuple[int, int, np.ndarray, np.ndarray]]:
        """Number of the part, user, item rows and grades of every list; items are told by how popular they are."""
        column = self.names.index("popular")
        found = []
        for start, size, user in zip(self.groups.starts, self.groups.sizes, self.groups.users, strict=True):
            rows = slice(start, start + size)
            part, items = self._items(self.groups.features[rows, column])
            found.append((part, int(user), items, self.groups.grades[rows]))
        return found

    def _items(self, scores: np.ndarray) -> tuple[int, np.ndarray]:
        for number, listener in enumerate(self.spy.listeners):
            place = {float(score): row for row, score in enumerate(listener.counts_) if score > 0}
            if all(float(score) in place for score in scores):
                return number, np.array([place[float(score)] for score in scores])
        raise AssertionError("no part has items that are so popular")


def teach(data: TrainingData, **options: object) -> Lesson:
    spy = Spy()
    groups, names = training_lists(data, spy, **options)  # type: ignore[arg-type]
    assert groups is not None
    return Lesson(spy, groups, names)


@pytest.fixture(scope="module")
def log(shop_events: pd.DataFrame) -> pd.DataFrame:
    """The small shop at irregular seconds, so that every item is differently popular in every part."""
    jitter = np.random.default_rng(8).integers(0, 50_000, len(shop_events))
    return shop_events.assign(timestamp=shop_events["timestamp"] + jitter)


@pytest.fixture(scope="module")
def data(log: pd.DataFrame) -> TrainingData:
    return data_of(log)


@pytest.fixture(scope="module")
def lesson(data: TrainingData) -> Lesson:
    return teach(data)


def users_of(part: TrainingData) -> set[int]:
    return set(part.events.user_rows.tolist())


def events_of(data: TrainingData, user: int) -> list[tuple[int, int]]:
    """Items and times of a user, the oldest first."""
    own = data.histories.of(user)
    return list(zip(own.item_rows.tolist(), own.timestamps.tolist(), strict=True))


# Nobody knows the answer beforehand


N_FOLDS = 4


def test_every_user_is_kept_out_once_and_all_the_others_are_there(lesson, data):
    everybody = users_of(data)
    kept_out = [everybody - users_of(part) for part in lesson.spy.parts[:N_FOLDS]]
    assert all(kept_out)
    assert sorted(user for users in kept_out for user in users) == sorted(everybody)
    for part, users in zip(lesson.spy.parts, kept_out, strict=False):
        assert len(part.events) == sum(len(data.histories.of(user)) for user in everybody - users)


def test_sources_asked_about_a_kept_out_user_never_saw_an_event_of_that_user(lesson, data):
    """Each question is a beginning of the history of somebody who is not in the part, asked before the next event."""
    for part, listener in zip(lesson.spy.parts[:N_FOLDS], lesson.spy.listeners, strict=False):
        kept_out = {user: events_of(data, user) for user in users_of(data) - users_of(part)}
        assert listener.heard
        for question in listener.heard:
            known = set(zip(question.state.item_rows.tolist(), question.state.timestamps.tolist(), strict=True))
            whose = [own for own in kept_out.values() if known <= set(own)]
            assert len(whose) == 1
            assert question.state.user_row == -1
            assert question.state.n_events == sum(time < question.now for _, time in whose[0])
            assert question.now in {time for _, time in whose[0]}


def test_sources_that_look_ahead_in_time_were_fitted_on_what_came_before(lesson, data):
    n, cuts = len(data.events), plan_for(len(data.events)).cuts
    assert len(lesson.spy.parts) == N_FOLDS + len(cuts)
    for share, part in zip(cuts, lesson.spy.parts[N_FOLDS:], strict=True):
        cut = int(n * share)
        assert same_bytes(part.events.timestamps, data.events.timestamps[:cut])
        assert same_bytes(part.events.item_rows, data.events.item_rows[:cut])


def test_a_question_about_time_to_come_tells_only_of_time_past(lesson, data):
    for part, listener in zip(lesson.spy.parts[N_FOLDS:], lesson.spy.listeners[N_FOLDS:], strict=True):
        assert listener.heard
        for question in listener.heard:
            user, state = question.state.user_row, question.state
            past = events_of(part, user)
            assert state.n_events == len(past) > 0
            assert max(state.timestamps) <= part.now < question.now
            assert set(zip(state.item_rows.tolist(), state.timestamps.tolist(), strict=True)) <= set(past)
            assert question.now in {time for _, time in events_of(data, user)}


def test_a_question_about_time_to_come_is_asked_when_the_first_of_it_happened(lesson, data):
    n, cuts = len(data.events), plan_for(len(data.events)).cuts
    for share, listener in zip(cuts, lesson.spy.listeners[N_FOLDS:], strict=True):
        later = data.events.select(np.arange(n) >= int(n * share))
        for question in listener.heard:
            assert question.now == later.timestamps[later.user_rows == question.state.user_row].min()


def test_every_question_tells_its_time(lesson):
    assert all(question.knows_time for listener in lesson.spy.listeners for question in listener.heard)


def test_facts_about_the_items_are_those_of_the_part(lesson, data):
    """A count taken from the whole log would give the choice away."""
    column = lesson.names.index("log_count")
    rows = np.repeat(np.arange(len(lesson.groups.sizes)), lesson.groups.sizes)
    for number, (part, _, items, _) in enumerate(lesson.lists()):
        counts = lesson.groups.features[rows == number, column]
        assert counts == pytest.approx(np.log1p(lesson.spy.parts[part].item_counts[items]))


# What stands in a list


def test_the_chosen_item_is_among_the_candidates_of_every_list(lesson):
    chosen = np.maximum.reduceat(lesson.groups.grades, lesson.groups.starts)
    assert (chosen > 0).all()
    assert (lesson.groups.sizes > 1).all()


def test_a_kept_out_user_chose_the_one_item_turned_to_next(lesson, data):
    """Neither what was seen before nor what was chosen later stands in the list as a wrong answer."""
    lists = [(user, items, grades) for part, user, items, grades in lesson.lists() if part < N_FOLDS]
    assert lists
    for user, items, grades in lists:
        own = [item for item, _ in events_of(data, user)]
        assert (grades > 0).sum() == 1
        chosen = int(items[grades > 0][0])
        moment = own.index(chosen)
        assert moment > 0
        assert set(own) & set(items.tolist()) == {chosen}


def test_in_time_to_come_everything_chosen_soon_is_right(lesson, data):
    n, cuts = len(data.events), plan_for(len(data.events)).cuts
    lists = [entry for entry in lesson.lists() if entry[0] >= N_FOLDS]
    assert lists
    for part, user, items, grades in lists:
        cut = int(n * cuts[part - N_FOLDS])
        soon = range(cut, min(n, int(n * (cuts[part - N_FOLDS] + 0.1)) + 1))
        own = [place for place in soon if data.events.user_rows[place] == user]
        wanted: dict[int, int] = {}
        for place in own:
            grade = int(grades_of(data.events.kinds[[place]], data.events.values[[place]])[0])
            item = int(data.events.item_rows[place])
            wanted[item] = max(wanted.get(item, 0), grade)
        before = {item for item, _ in events_of(lesson.spy.parts[part], user)}
        assert grades.tolist() == [wanted.get(item, 0) for item in items.tolist()]
        assert not before & set(items.tolist())


def test_new_visits_after_the_end_of_a_part_are_told_apart(lesson, data):
    parts = [part for part, *_ in lesson.lists()]
    cuts = lesson.groups.cuts.tolist()
    assert max(cuts) >= 0
    for part, user, cut in zip(parts, lesson.groups.users.tolist(), cuts, strict=True):
        if part < N_FOLDS:
            assert cut == -1
            continue
        before = events_of(lesson.spy.parts[part], user)
        back = events_of(data, user)[len(before)][1]
        assert cut == (part - N_FOLDS if back - before[-1][1] > SESSION_SECONDS else -1)


def test_a_list_holds_only_so_many_wrong_answers():
    """In a shop of a hundred items each source finds eighty; the choice is never what is left out."""
    lesson = teach(data_of(ring_walks(n_users=60, n_items=100)))
    wrong = np.add.reduceat((lesson.groups.grades == 0).astype(int), lesson.groups.starts)
    assert wrong.max() == MAX_NEGATIVES
    assert (np.maximum.reduceat(lesson.groups.grades, lesson.groups.starts) > 0).all()


@pytest.mark.parametrize(
    ("kind", "value", "grade"),
    [
        ("view", np.nan, 1),
        ("click", np.nan, 1),
        ("cart", np.nan, 2),
        ("wishlist", np.nan, 2),
        ("purchase", np.nan, 3),
        ("purchase", 2.0, 3),
        ("rating", 5.0, 3),
        ("rating", 3.0, 3),
        ("rating", 2.0, 1),
        ("dismiss", np.nan, 0),
    ],
)
def test_a_choice_says_as_much_as_was_done(kind, value, grade):
    assert grades_of(np.array([kind_code(kind)]), np.array([value])).tolist() == [grade]


# The steps of one user


def steps_of(*events: tuple) -> tuple[TrainingData, list]:
    """Questions about the user "u", whose events are (item, kind[, stars]), a day apart."""
    rows = [("u", item, kind, START + n * DAY, *value) for n, (item, kind, *value) in enumerate(events)]
    data = data_of(frame_of(*rows))
    return data, next_steps(data, 0)


def test_each_step_to_something_new_is_a_question():
    data, steps = steps_of(("a", "view"), ("b", "view"), ("a", "view"), ("c", "view"), ("d", "view"))
    assert [named(data, step.chosen) for step in steps] == [["c"], ["d"]]
    assert [named(data, np.sort(step.state.item_rows)) for step in steps] == [["a", "b"], ["a", "b", "c"]]
    assert [step.at for step in steps] == [START + 3 * DAY, START + 4 * DAY]
    assert [named(data, step.hidden) for step in steps] == [["d"], []]


def test_a_choice_is_graded_by_all_that_follows_with_it():
    _, steps = steps_of(("a", "view"), ("b", "view"), ("c", "view"), ("d", "view"), ("c", "purchase"))
    assert [step.grades.tolist() for step in steps] == [[3], [1]]


def test_a_step_to_something_disappointing_says_little():
    _, steps = steps_of(("a", "view"), ("b", "view"), ("c", "rating", 1.0))
    assert [step.grades.tolist() for step in steps] == [[1]]


@pytest.mark.parametrize(
    ("n_events", "n_users", "n_lists"),
    [(100_000, 235, 20), (100_000, 500, 9), (100_000, 5_000, 5), (100_000, 0, 20), (10_000, 20, 5), (1_000_000, 20, 5)],
)
def test_of_few_people_with_long_histories_more_lists_are_made(n_events, n_users, n_lists):
    assert plan_for(n_events).per_user(n_users) == n_lists


def test_only_the_last_few_steps_are_asked_for():
    data, steps = steps_of(*((f"i{n:02d}", "view") for n in range(12)))
    assert [named(data, step.chosen)[0] for step in steps] == [f"i{n:02d}" for n in range(12 - LISTS_PER_USER, 12)]


@pytest.mark.parametrize(
    ("items", "n_steps"), [(["a"], 0), (["a", "a", "a"], 0), (["a", "b"], 1), (["a", "b", "c"], 1)]
)
def test_a_first_step_follows_two_events_where_there_are_as_many(items, n_steps):
    assert len(steps_of(*((item, "view") for item in items))[1]) == n_steps


# Plans


@pytest.mark.parametrize(
    ("n_events", "effort", "n_fits", "max_lists"),
    [
        (10, "full", 4 + 5, 6_000),
        (50_000, "full", 4 + 5, 6_000),
        (50_001, "full", 2 + 3, 6_000),
        (400_000, "full", 2 + 3, 6_000),
        (400_001, "full", 1 + 1, 4_000),
        (10, "quick", 1 + 1, 1_200),
        (10**9, "quick", 1 + 1, 1_200),
    ],
)
def test_small_logs_are_used_many_times_and_large_ones_few(n_events, effort, n_fits, max_lists):
    plan = plan_for(n_events, effort)
    assert plan.folds_used + len(plan.cuts) == n_fits
    assert plan.max_lists == max_lists
    assert plan.folds_used <= plan.n_folds
    assert max(plan.cuts) + plan.cut_width <= 1


def test_a_quick_lesson_takes_two_fits_and_says_how_far_it_is(data):
    told: list[tuple[str, float]] = []
    lesson = teach(data, effort="quick", progress=lambda stage, done: told.append((stage, done)))
    assert told == [("ranker lists", 0.0), ("ranker lists", 0.5)]
    assert len(lesson.spy.parts) == 2
    assert {part for part, *_ in lesson.lists()} == {0, 1}


def test_the_same_seed_makes_the_same_lists_and_another_seed_others(data, lesson):
    again, other = (teach(data, random_state=seed).groups for seed in (0, 1))
    for name in ("features", "grades", "sizes", "users"):
        assert same_bytes(getattr(again, name), getattr(lesson.groups, name))
    assert not same_bytes(other.users, lesson.groups.users)


@pytest.mark.parametrize(
    "baskets",
    [{"u": ["a"], "v": ["b"]}, {"u": ["a", "a"]}, {f"u{n}": [f"only-{n}"] for n in range(9)}],
    ids=["one thing each", "the same again", "nothing in common"],
)
def test_where_nobody_ever_turns_to_something_else_there_is_nothing_to_learn(baskets):
    groups, names = training_lists(data_of(purchases(baskets)), Spy())
    assert groups is None
    assert isinstance(names, tuple)


# Time that is not told


@pytest.fixture
def told() -> RankGroups:
    features = np.arange(400 * 3, dtype=np.float32).reshape(400, 3)
    users, cuts, places = np.arange(200), np.full(200, -1), np.zeros(400, dtype=np.int64)
    return RankGroups(features, np.ones(400, dtype=np.int32), np.full(200, 2), users, cuts, places)


def test_half_of_the_lists_are_seen_without_the_time_of_the_request(told):
    before = told.features.copy()
    names = ("ease", "log_gap", "stars")
    half = with_untold_time(told, names, np.random.default_rng(0))
    gaps = half.features[:, 1].reshape(-1, 2)
    untold = np.isnan(gaps).all(axis=1)
    assert same_bytes(np.isnan(gaps).any(axis=1), untold), "a list is told its time or not, as a whole"
    assert 70 < untold.sum() < 130
    assert same_bytes(half.features[:, [0, 2]], before[:, [0, 2]])
    assert same_bytes(gaps[~untold].ravel(), before[:, 1].reshape(-1, 2)[~untold].ravel())
    assert same_bytes(told.features, before)
    assert same_bytes(replace(half, features=before).grades, told.grades)


def test_half_of_a_lesson_has_no_time(lesson):
    gaps = lesson.groups.features[lesson.groups.starts, lesson.names.index("log_gap")]
    assert 0.35 < np.isnan(gaps).mean() < 0.65
