"""Sparse tables of item neighbours against dense arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recommender import neighbours
from recommender.neighbours import NeighbourTable
from tests.recommender.worlds import same_bytes

SIZE = 6
matrix = st.lists(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, -2.0, 0.5, 1.0, 3.0]), min_size=SIZE, max_size=SIZE),
    min_size=SIZE,
    max_size=SIZE,
).map(lambda rows: np.array(rows, dtype=np.float32))
quick = settings(max_examples=60)


def strongest(dense: np.ndarray, top_k: int) -> np.ndarray:
    """The slow way: per row the entries of largest magnitude, ties to the lower column."""
    kept = np.zeros_like(dense)
    for row, values in enumerate(dense):
        for column in sorted(range(len(values)), key=lambda c: (-abs(values[c]), c))[:top_k]:
            kept[row, column] = values[column]
    return kept


@quick
@given(matrix, st.integers(1, SIZE), st.lists(st.integers(0, SIZE - 1), max_size=4))
def test_a_weighted_sum_is_that_of_the_dense_table_cut_to_its_strongest(dense, top_k, rows):
    table = NeighbourTable.from_matrix(sparse.csr_matrix(dense), top_k)
    weights = np.linspace(0.5, 2.0, len(rows), dtype=np.float32)
    expected = weights @ strongest(dense, top_k)[rows] if rows else np.zeros(SIZE)
    assert table.weighted_sum(np.array(rows, dtype=np.int64), weights) == pytest.approx(expected, abs=1e-5)


@quick
@given(matrix, st.integers(1, SIZE))
def test_building_in_blocks_gives_the_same_table(dense, top_k):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "BLOCK_ROWS", 4)
        blocks = NeighbourTable.from_blocks(SIZE, top_k, lambda part: sparse.csr_matrix(dense[part]))
    whole = NeighbourTable.from_matrix(sparse.csr_matrix(dense), top_k)
    for name, array in whole.to_arrays().items():
        assert same_bytes(array, blocks.to_arrays()[name])


def test_the_row_of_an_item_lists_its_neighbours():
    table = NeighbourTable.from_matrix(sparse.csr_matrix(np.array([[0, 2, 1], [0, 0, 0], [5, 0, 0]])), 2)
    assert [part.tolist() for part in table.row(0)] == [[1, 2], [2.0, 1.0]]
    assert [part.tolist() for part in table.row(1)] == [[], []]
    assert table.n_items == 3


def test_a_table_without_entries_sums_to_zero():
    table = NeighbourTable.from_blocks(0, 5, lambda part: sparse.csr_matrix((0, 0)))
    assert table.n_items == 0
    table = NeighbourTable.from_matrix(sparse.csr_matrix((3, 3)), 5)
    assert table.weighted_sum(np.array([0, 2]), np.ones(2)).tolist() == [0, 0, 0]


def test_a_table_survives_as_arrays():
    table = NeighbourTable.from_matrix(sparse.csr_matrix(np.array([[0, 2.0], [1.5, 0]])), 2)
    again = NeighbourTable.from_arrays(table.to_arrays())
    assert same_bytes(
        again.weighted_sum(np.array([0, 1]), np.ones(2)), table.weighted_sum(np.array([0, 1]), np.ones(2))
    )
