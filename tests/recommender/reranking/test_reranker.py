"""The last step on a finished order: variety, caps, and nothing twice."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.arrays.vectorindex import normalise
from recommender.reranking.reranker import collapse, maximal_marginal_relevance, push_down

quick = settings(max_examples=80)


@quick
@given(st.lists(st.integers(-1, 3), max_size=12), st.integers(1, 3))
def test_no_group_stands_more_often_than_its_limit(groups, limit):
    own = np.array(groups, dtype=np.int64)
    rows = np.arange(len(groups))
    kept = collapse(rows, own, limit).tolist()
    seen: Counter[int] = Counter()
    expected = []
    for position, group in enumerate(groups):
        seen[group] += 1
        if group < 0 or seen[group] <= limit:
            expected.append(position)
    assert kept == expected


def test_of_a_variant_family_the_best_placed_stays():
    families = np.array([7, 7, -1, 7])
    assert collapse(np.array([3, 2, 0, 1]), families, 1).tolist() == [0, 1]


def slow_mmr(scores, vectors, n, diversity):
    """The definition, one pick after the other."""
    spread = (scores.max() - scores.min()) or 1.0
    relevance = (scores - scores.min()) / spread
    picked: list[int] = []
    while len(picked) < min(n, len(scores)):
        best, best_value = -1, -np.inf
        for place in range(len(scores)):
            if place in picked:
                continue
            likeness = max((float(vectors[place] @ vectors[other]) for other in picked), default=0.0)
            value = (1 - diversity) * relevance[place] - diversity * max(likeness, 0.0)
            if value > best_value + 1e-6:
                best, best_value = place, value
        picked.append(best)
    return picked


@quick
@given(st.integers(1, 8), st.integers(1, 10), st.sampled_from([0.1, 0.5, 0.9]), st.integers(0, 99))
def test_variety_is_maximal_marginal_relevance(n_pool, n, diversity, seed):
    rng = np.random.default_rng(seed)
    vectors = normalise(rng.normal(size=(n_pool, 3)))
    scores = -np.sort(-rng.normal(size=n_pool)).astype(np.float32)
    found = maximal_marginal_relevance(np.arange(n_pool), scores, vectors, n, diversity)
    assert found.tolist() == slow_mmr(scores, vectors, n, diversity)


def test_without_diversity_the_order_stays():
    found = maximal_marginal_relevance(np.array([4, 2, 0]), np.array([3.0, 2.0, 1.0]), np.zeros((5, 2)), 2, 0.0)
    assert found.tolist() == [0, 1]


def test_a_near_copy_of_the_first_waits_behind_something_else():
    vectors = normalise(np.array([[1, 0], [1, 0.01], [0, 1]], dtype=np.float32))
    found = maximal_marginal_relevance(np.arange(3), np.array([3.0, 2.9, 2.5], np.float32), vectors, 3, 0.5)
    assert found.tolist() == [0, 2, 1]


@pytest.mark.parametrize("n_pool", [0, 1])
def test_there_is_no_variety_in_nothing(n_pool):
    found = maximal_marginal_relevance(np.arange(n_pool), np.zeros(n_pool), np.zeros((1, 2)), 3, 0.5)
    assert found.tolist() == list(range(n_pool))


VECTORS = normalise(np.array([[1, 0], [1, 0.1], [1, 2], [0, 1]], dtype=np.float32))


def test_items_much_like_a_disliked_one_are_pushed_down():
    scores = np.array([1.0, 0.6, 0.2], dtype=np.float32)
    after = push_down(scores, np.array([1, 2, 3]), VECTORS, np.array([0]), np.array([0.5]))
    assert after[0] < scores[0] - 0.3
    assert after[1:].tolist() == scores[1:].tolist()


def test_sharing_a_little_with_a_disliked_item_is_no_fault():
    """A cosine up to one half, such as that of two things of one department, changes nothing."""
    scores = np.ones(2, dtype=np.float32)
    assert VECTORS[2] @ VECTORS[0] == pytest.approx(0.447, abs=0.01)
    assert push_down(scores, np.array([2, 3]), VECTORS, np.array([0]), np.array([0.5])).tolist() == [1, 1]


def test_likeness_counts_by_how_far_each_disliked_item_pushes():
    scores = np.array([1.0, 0.0], dtype=np.float32)
    rows, disliked = np.array([1, 3]), np.array([0, 3])
    near_first, near_second = push_down(scores, rows, VECTORS, disliked, np.array([0.1, 0.4]))
    assert 1.0 - near_first == pytest.approx(0.1, abs=0.01)
    assert near_second == pytest.approx(-0.4, abs=0.01)


@pytest.mark.parametrize(
    ("rows", "disliked", "strength"), [([1, 2], [], []), ([1, 2], [0], [0.0]), ([1, 2], [0], [-0.5]), ([], [0], [0.5])]
)
def test_where_nothing_is_disliked_nothing_moves(rows, disliked, strength):
    scores = np.linspace(1, 0, len(rows)).astype(np.float32)
    rows, disliked = np.array(rows, dtype=np.int64), np.array(disliked, dtype=np.int64)
    assert push_down(scores, rows, VECTORS, disliked, np.array(strength)).tolist() == scores.tolist()
