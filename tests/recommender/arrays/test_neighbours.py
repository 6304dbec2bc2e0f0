"""Sparse tables of item neighbours against dense arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recommender.arrays import neighbours
from recommender.arrays.neighbours import NeighbourTable, Targets, spread, summed, summed_at
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


# Rows as narrow as the catalogue allows

NARROW_ITEMS = 2**16


def with_wide_rows(table: NeighbourTable) -> NeighbourTable:
    """The table as it was saved before rows were stored narrow."""
    return NeighbourTable(table.starts, table.rows.astype(np.int32), table.values)


@pytest.mark.parametrize(
    ("n_items", "kept_as"),
    [(NARROW_ITEMS - 1, np.uint16), (NARROW_ITEMS, np.uint16), (NARROW_ITEMS + 1, np.int32)],
)
def test_rows_take_two_bytes_as_long_as_the_last_item_fits(n_items, kept_as):
    last = n_items - 1
    matrix = sparse.csr_matrix(([3.0, 2.0, 1.0], ([0, last, last], [last, 0, last - 1])), shape=(n_items, n_items))
    whole = NeighbourTable.from_matrix(matrix, 5)
    blocks = NeighbourTable.from_blocks(n_items, 5, lambda part: matrix[part])
    for table in (whole, blocks):
        assert table.rows.dtype == kept_as
        assert [part.tolist() for part in table.row(0)] == [[last], [3.0]]
        assert [part.tolist() for part in table.row(last)] == [[0, last - 1], [2.0, 1.0]]
        owner, neighbours, values = (part.tolist() for part in table.gather(np.array([last, 0])))
        assert (owner, neighbours, values) == ([0, 0, 1], [0, last - 1, last], [2.0, 1.0, 3.0])
        scores = table.weighted_sum(np.array([0, last]), np.array([1.0, 10.0]))
        assert np.flatnonzero(scores).tolist() == [0, last - 1, last]
        assert scores[[0, last - 1, last]].tolist() == [20.0, 10.0, 3.0]


@quick
@given(matrix, st.integers(1, SIZE), st.lists(st.integers(0, SIZE - 1), max_size=4), st.sets(st.integers(0, SIZE - 1)))
def test_narrow_rows_answer_to_the_bit_as_wide_ones(dense, top_k, rows, looked_for):
    """Items at the far end of the largest catalogue whose rows fit: there a sum or a product would wrap."""
    shift = NARROW_ITEMS - SIZE
    entries = sparse.coo_matrix(dense)
    far = sparse.csr_matrix(
        (entries.data, (entries.row + shift, entries.col + shift)), shape=(NARROW_ITEMS, NARROW_ITEMS)
    )
    narrow = NeighbourTable.from_matrix(far, top_k)
    wide = with_wide_rows(narrow)
    assert narrow.rows.dtype == np.uint16
    asked = np.array(rows, dtype=np.int64) + shift
    targets = Targets(np.array(sorted(looked_for), dtype=np.int64) + shift, NARROW_ITEMS)
    weights = np.linspace(0.5, 2.0, len(rows), dtype=np.float32)
    for name, ask in QUESTIONS.items():
        for left, right in zip(ask(narrow, asked, weights, targets), ask(wide, asked, weights, targets), strict=True):
            assert same_bytes(left, right), name


def gathered(table: NeighbourTable, rows: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    owner, neighbours, values = table.gather(rows)
    return neighbours, values * weights[owner]


QUESTIONS = {
    "gather": lambda table, rows, weights, targets: table.gather(rows),
    "row": lambda table, rows, weights, targets: table.row(NARROW_ITEMS - 1),
    "weighted_sum": lambda table, rows, weights, targets: [table.weighted_sum(rows, weights)],
    "summed": lambda table, rows, weights, targets: [summed(*gathered(table, rows, weights), NARROW_ITEMS)],
    "summed_at": lambda table, rows, weights, targets: [summed_at(targets, *gathered(table, rows, weights))],
    "spread": lambda table, rows, weights, targets: [spread(targets, *table.gather(rows), weights)],
}


def test_what_leaves_a_table_can_be_counted_with():
    """A neighbour times the number of items is more than two bytes hold."""
    table = NeighbourTable.from_matrix(sparse.csr_matrix(np.array([[0, 2.0], [1.5, 0]])), 2)
    assert table.rows.dtype == np.uint16
    assert table.gather(np.array([0, 1]))[1].dtype == table.row(0)[0].dtype == np.int32
