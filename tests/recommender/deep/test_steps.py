"""What the networks learn from, worked by hand: steps, windows, and the users who judge."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.base import SourceUnavailableError
from recommender.deep.steps import MIN_JUDGES, Steps, hold_back, place_of, windows
from tests.recommender.worlds import data_of, purchases

NAMES = ["a", "b", "c", "d"]


def steps_of(walks: dict[str, str]) -> Steps:
    """Users' walks over items named by letters."""
    data = data_of(purchases({user: list(walk) for user, walk in walks.items()}))
    return Steps.of(data.sequences, data.n_items)


def letters(rows: np.ndarray) -> str:
    return "".join("-" if row < 0 else NAMES[row] for row in rows)


@pytest.fixture
def steps() -> Steps:
    return steps_of({"u": "abcd", "v": "b", "w": "ca"})


def test_each_step_knows_where_its_user_begins(steps):
    assert letters(steps.item_rows) == "abcdbca"
    assert steps.starts.tolist() == [0, 0, 0, 0, 4, 5, 5]
    assert steps.targets.tolist() == [1, 2, 3, 6]
    assert steps.lasts.tolist() == [3, 4, 6]
    assert steps.counts().tolist() == [2, 2, 2, 1]


def test_what_comes_before_a_step_is_told_latest_first(steps):
    rows, weights = steps.before(np.array([3, 1, 6]), 2)
    assert [letters(row[weight > 0]) for row, weight in zip(rows, weights, strict=True)] == ["cb", "a", "c"]
    assert weights.tolist() == [[1, 1], [1, 0], [1, 0]]


def test_without_their_last_steps_users_keep_the_others(steps):
    left = steps.without(np.array([3, 6]))
    assert letters(left.item_rows) == "abcbc"
    assert left.starts.tolist() == [0, 0, 0, 3, 4]


def test_windows_foretell_each_step_but_the_first_exactly_once(steps):
    earlier, chosen, weights = windows(steps, 2)
    told = [
        (letters(before), letters(then[weight > 0]))
        for before, then, weight in zip(earlier, chosen, weights, strict=True)
    ]
    assert sorted(told) == [("-a", "b"), ("-c", "a"), ("bc", "cd")]


def test_judges_choose_what_is_held_back_and_learn_from_the_rest():
    walks = {f"u{n:03d}": "abcd" if n % 2 else "bcda" for n in range(4 * MIN_JUDGES)}
    steps = steps_of(walks)
    kept, judges = hold_back(steps, 2, np.random.default_rng(0))
    assert len(judges) == MIN_JUDGES
    assert len(kept) == len(steps) - MIN_JUDGES
    assert {letters(rows) + letters([row]) for rows, row in zip(judges.histories, judges.chosen, strict=True)} == {
        "cbd",
        "dca",
    }


def test_too_few_users_judge_nothing(steps):
    kept, judges = hold_back(steps, 2, np.random.default_rng(0))
    assert len(judges) == 0
    assert kept is steps


def test_where_nobody_came_to_a_second_item_there_is_nothing_to_learn():
    with pytest.raises(SourceUnavailableError, match="no step to learn from"):
        hold_back(steps_of({"u": "a", "v": "b"}), 2, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("scores", "place"),
    [
        ([0.9, 0.5, 0.4, 0.1], 0),  # item 0 is in the history
        ([0.9, 0.5, 0.7, 0.8], 2),
        ([0.0, 0.5, 0.5, 0.5], 1),  # two ties, half of them against it
        ([0.0, 0.5, np.nan, 0.7], 1),
        ([0.0, np.nan, np.nan, np.nan], 2),
    ],
)
def test_the_place_of_the_chosen_item_counts_what_is_ahead_of_it(scores, place):
    assert place_of(np.array(scores), np.array([0]), 1) == place
