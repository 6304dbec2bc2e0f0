"""Nearest vectors: the exact scan, and Annoy held against it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.arrays import vectorindex
from recommender.arrays.vectorindex import AnnoyIndex, ExactIndex, is_large, normalise
from recommender.errors import ArtifactError
from tests.recommender.worlds import same_bytes


@pytest.fixture(scope="module")
def clustered() -> np.ndarray:
    """2,000 unit vectors in 40 clusters, and three items without a vector."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(40, 32))
    vectors = normalise(centres[rng.integers(0, 40, 2_000)] + 0.4 * rng.normal(size=(2_000, 32)))
    vectors[[5, 50, 500]] = 0
    return vectors


@pytest.fixture(scope="module")
def forest(clustered) -> AnnoyIndex:
    return AnnoyIndex.build(clustered, seed=1)


@given(st.lists(st.lists(st.floats(-9, 9), min_size=3, max_size=3), min_size=1, max_size=6))
@settings(max_examples=40)
def test_rows_are_scaled_to_length_one_and_nothing_stays_nothing(rows):
    vectors = np.array(rows, dtype=np.float32)
    lengths = np.linalg.norm(normalise(vectors), axis=1)
    given_lengths = np.linalg.norm(vectors, axis=1)
    assert lengths[given_lengths > 1e-6] == pytest.approx(1, abs=1e-5)
    assert not lengths[given_lengths == 0].any()


def test_the_exact_scan_finds_the_nearest_and_breaks_ties_by_row():
    vectors = normalise(np.array([[1, 0], [0, 1], [1, 1], [0, 0], [1, 1]], dtype=np.float32))
    found = ExactIndex(vectors).search(np.array([2.0, 1.9]), 5)
    assert found.rows.tolist() == [2, 4, 0, 1]
    assert found.similarities[0] == pytest.approx(1, abs=1e-3)
    assert np.isnan(ExactIndex(vectors).similarities(np.array([1.0, 0.0]))[3])


def test_the_score_of_annoy_is_the_cosine(clustered, forest):
    """From the angular distance d of unit vectors the cosine is 1 - d * d / 2, not 1 - d."""
    exact = ExactIndex(clustered)
    for row in range(0, 2_000, 97):
        found = forest.search(clustered[row], 20)
        truth = exact.similarities(clustered[row])[found.rows]
        assert np.abs(found.similarities - truth).max() < 1e-5


def test_annoy_finds_nearly_all_true_neighbours(clustered, forest):
    exact = ExactIndex(clustered)
    rows = [row for row in range(0, 2_000, 41) if row != 500]
    shares = [
        len(np.intersect1d(forest.search(clustered[row], 10).rows, exact.search(clustered[row], 10).rows)) / 10
        for row in rows
    ]
    assert np.mean(shares) >= 0.98


@pytest.mark.parametrize("kind", ["exact", "annoy"])
def test_a_search_keeps_to_the_mask_and_to_the_order(kind, clustered, forest):
    index = forest if kind == "annoy" else ExactIndex(clustered)
    allowed = np.arange(2_000) % 2 == 0
    found = index.search(clustered[8], 10, allowed)
    assert len(found.rows) == 10
    assert allowed[found.rows].all()
    order = np.lexsort((found.rows, -found.similarities))
    assert order.tolist() == list(range(10))


@pytest.mark.parametrize("kind", ["exact", "annoy"])
def test_an_item_without_a_vector_is_never_found(kind, clustered, forest):
    index = forest if kind == "annoy" else ExactIndex(clustered)
    assert not {5, 50, 500} & set(index.search(clustered[0], 5_000).rows.tolist())


def test_the_same_seed_builds_the_same_file(clustered, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        AnnoyIndex.build(clustered, seed=seed).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_a_saved_forest_answers_as_before(clustered, forest, tmp_path):
    forest.save(tmp_path / "forest")
    loaded = AnnoyIndex.load(tmp_path / "forest", 32, forest.rows)
    before, after = forest.search(clustered[3], 10), loaded.search(clustered[3], 10)
    assert before.rows.tolist() == after.rows.tolist()
    assert same_bytes(before.similarities, after.similarities)


def test_a_file_that_does_not_fit_is_refused(clustered, forest, tmp_path):
    forest.save(tmp_path / "forest")
    with pytest.raises(ArtifactError, match="1997 items, not 12"):
        AnnoyIndex.load(tmp_path / "forest", 32, np.arange(12))
    with pytest.raises(ArtifactError, match="cannot be read"):
        AnnoyIndex.load(tmp_path / "nothing", 32, forest.rows)
    (tmp_path / "broken").write_bytes(b"12345")
    with pytest.raises(ArtifactError, match="cannot be read"):
        AnnoyIndex.load(tmp_path / "broken", 32, forest.rows)


def test_large_catalogues_get_annoy_unless_told_otherwise():
    limit = vectorindex.EXACT_LIMIT
    assert [is_large(limit - 1), is_large(limit)] == [False, True]
    assert [is_large(50, "annoy"), is_large(limit, "exact")] == [True, False]


def test_no_vectors_at_all_find_nothing():
    nothing = np.zeros((4, 3), dtype=np.float32)
    for index in (ExactIndex(nothing), AnnoyIndex.build(nothing)):
        assert len(index.search(np.ones(3), 2).rows) == 0
