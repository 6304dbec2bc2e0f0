"""The best rows, always in the same order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.arrays.topn import best_among, top_rows

score = st.sampled_from([-np.inf, np.nan, -1.0, 0.0, 0.5, 1.0, 2.0])


def slow_best(scores, usable, n: int) -> list[int]:
    rows = [row for row in range(len(scores)) if usable[row]]
    return sorted(rows, key=lambda row: (-scores[row], row))[: max(n, 0)]


@settings(max_examples=200)
@given(st.lists(score, max_size=12), st.integers(-1, 15))
def test_the_best_come_first_ties_by_row_and_what_has_no_score_never(scores, n):
    usable = [value > -np.inf for value in scores]
    assert top_rows(np.array(scores, dtype=np.float32), n).tolist() == slow_best(scores, usable, n)


@pytest.mark.parametrize("levels", [2, 40, 10**9])
@pytest.mark.parametrize("n", [1, 10, 500, 30_000])
@pytest.mark.parametrize("share", [1.0, 0.3, 0.001])
def test_a_large_catalogue_gives_the_same_as_sorting_all_of_it(levels, n, share):
    """A sample tells where the best begin; ties, and masks that leave next to nothing, must not lose any."""
    rng = np.random.default_rng(levels % 97 + n)
    scores = rng.integers(0, levels, 20_000).astype(np.float32)
    usable = rng.random(20_000) < share
    scores[rng.integers(0, 20_000, 50)] = np.nan
    usable &= ~np.isnan(scores)
    assert best_among(scores, usable, n).tolist() == slow_best(scores, usable, n)


def test_the_best_may_all_hide_between_the_sampled_rows():
    scores = np.zeros(20_000, dtype=np.float32)
    scores[33:40] = [3, 1, 4, 1, 5, 9, 2]
    assert top_rows(scores, 3).tolist() == [38, 37, 35]
    assert top_rows(scores, 9).tolist() == [38, 37, 35, 33, 39, 34, 36, 0, 1]


def test_nearly_equal_scores_are_told_apart():
    """Rounded scores never decide the order."""
    scores = np.array([0.1 + 1e-7, 0.1 + 2e-7, 0.1], dtype=np.float64)
    assert top_rows(scores, 3).tolist() == [1, 0, 2]
