"""The best rows, always in the same order."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.topn import top_rows

score = st.sampled_from([-np.inf, np.nan, -1.0, 0.0, 0.5, 1.0, 2.0])


@settings(max_examples=200, deadline=None)
@given(st.lists(score, max_size=12), st.integers(-1, 15))
def test_the_best_come_first_ties_by_row_and_what_has_no_score_never(scores, n):
    usable = [row for row, value in enumerate(scores) if value > -np.inf]
    expected = sorted(usable, key=lambda row: (-scores[row], row))[: max(n, 0)]
    assert top_rows(np.array(scores, dtype=np.float32), n).tolist() == expected


def test_nearly_equal_scores_are_told_apart():
    """Rounded scores never decide the order."""
    scores = np.array([0.1 + 1e-7, 0.1 + 2e-7, 0.1], dtype=np.float64)
    assert top_rows(scores, 3).tolist() == [1, 0, 2]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.sampled_from(["all differ", "many ties", "few usable"]))
def test_a_large_vector_gives_what_sorting_all_of_it_would(seed, n, shape):
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal(12_000).astype(np.float32)
    if shape == "many ties":
        scores = np.round(scores)
    if shape == "few usable":
        scores[rng.random(len(scores)) < 0.98] = -np.inf
    scores[rng.integers(0, len(scores), 50)] = np.nan
    usable = np.flatnonzero(scores > -np.inf)
    expected = usable[np.lexsort((usable, -scores[usable]))][:n]
    assert top_rows(scores, n).tolist() == expected.tolist()
