"""Item neighbours: each formula against dense arithmetic, and the planted circles found again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from recommender.arrays.topn import most_interacted
from recommender.base import SourceUnavailableError
from recommender.data.state import Steps
from recommender.ranking.pipeline import all_but
from recommender.retrievers.ease import Ease
from recommender.retrievers.itemitem import ItemItemRetriever, power_recency
from recommender.retrievers.itemknn import ItemKNN
from recommender.retrievers.itemseq import ItemSeq
from recommender.retrievers.rp3beta import RP3Beta
from recommender.retrievers.streamed import PairCounter
from recommender.training_data import TrainingData
from tests.recommender.worlds import ON_A_SHELF, SHELVES, data_of, named, purchases, query, same_bytes, shelf_of, thing

ITEMS = ["a", "b", "c", "d", "e"]
logs = st.dictionaries(
    st.sampled_from(["u", "v", "w", "x"]), st.lists(st.sampled_from(ITEMS), min_size=1, unique=True), min_size=1
)
quick = settings(max_examples=50)
MODELS = [ItemKNN(), RP3Beta(), Ease(l2=5.0)]


def data_from(log: dict[str, list[str]]) -> tuple[TrainingData, np.ndarray]:
    """The training data and the same thing as a dense matrix of ones."""
    data = data_of(purchases(log), pd.DataFrame({"item_id": ITEMS}))
    dense = np.array([[float(item in items) for item in ITEMS] for _, items in sorted(log.items())])
    return data, dense


def strengths(source: ItemItemRetriever, data: TrainingData) -> np.ndarray:
    """The whole table, asked for one item at a time."""
    return np.array([source.score(query(data, [item])) for item in ITEMS])


@quick
@given(logs, st.sampled_from([0.0, 3.0, 30.0]))
def test_itemknn_is_the_shrunken_cosine_of_audiences(log, shrinkage):
    data, dense = data_from(log)
    sizes = np.maximum(dense.sum(axis=0), 1)
    expected = dense.T @ dense / (np.sqrt(np.outer(sizes, sizes)) + shrinkage)
    np.fill_diagonal(expected, 0)
    assert strengths(ItemKNN(shrinkage=shrinkage).fit(data), data) == pytest.approx(expected, abs=1e-6)


@quick
@given(logs, st.sampled_from([0.8, 1.0]), st.sampled_from([0.0, 0.4]))
def test_rp3beta_is_the_walk_from_item_to_user_to_item(log, alpha, beta):
    data, dense = data_from(log)
    sizes = np.maximum(dense.sum(axis=0), 1)
    to_user = (dense.T / sizes[:, None]) ** alpha
    to_item = (dense / dense.sum(axis=1, keepdims=True)) ** alpha
    expected = to_user @ to_item / sizes**beta
    np.fill_diagonal(expected, 0)
    assert strengths(RP3Beta(alpha=alpha, beta=beta).fit(data), data) == pytest.approx(expected, abs=1e-6)


@quick
@given(logs, st.sampled_from([1.0, 20.0]))
def test_ease_is_the_closed_form(log, l2):
    data, dense = data_from(log)
    touched = dense.sum(axis=0) > 0
    inverse = np.linalg.inv(dense[:, touched].T @ dense[:, touched] + l2 * np.eye(touched.sum()))
    own = -inverse / np.diag(inverse)
    np.fill_diagonal(own, 0)
    expected = np.zeros((len(ITEMS), len(ITEMS)))
    expected[np.ix_(touched, touched)] = own
    assert strengths(Ease(l2=l2).fit(data), data) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("source", MODELS, ids=lambda s: s.name)
def test_the_planted_circle_is_found_again(source, shop_data):
    source = source.fit(shop_data)
    for shelf in SHELVES:
        liked = [thing(shelf, number) for number in (2, 8, 15)]
        others = all_but(shop_data.n_items, shop_data.catalogue.items.rows(liked))
        found = named(shop_data, source.retrieve(query(shop_data, liked), 10, others).rows)
        assert len(found) == 10
        assert {shelf_of(item) for item in found} == {shelf}


@pytest.mark.parametrize("source", MODELS, ids=lambda s: s.name)
def test_an_item_is_no_neighbour_of_itself(source, shop_data):
    source = source.fit(shop_data)
    for row in range(shop_data.n_items):
        assert row not in source.table_.row(row)[0]


@pytest.mark.parametrize("source", MODELS, ids=lambda s: s.name)
def test_parts_of_a_score_add_up_to_it(source, shop_data):
    source = source.fit(shop_data)
    question = query(shop_data, [thing("garden", n) for n in (3, 9, 4)])
    rows, weights = source.history(question.state)
    parts = source.contributions(rows, weights, np.arange(shop_data.n_items))
    assert parts.sum(axis=0) == pytest.approx(source.score(question), abs=1e-6)


@pytest.mark.parametrize("source", [*MODELS, ItemSeq()], ids=lambda s: s.name)
def test_a_table_saved_with_wider_rows_says_the_same(source, shop_data):
    """Models saved before rows were stored narrow are opened as they are, and grow as others do."""
    narrow = clone(source).fit(shop_data)
    arrays = narrow.state_arrays()
    wide = clone(source).load_arrays(arrays | {"rows": arrays["rows"].astype(np.int32)})
    assert (arrays["rows"].dtype, wide.table_.rows.dtype) == (np.uint16, np.int32)
    question = query(shop_data, [thing("garden", n) for n in (3, 9, 4)])
    rows, weights = narrow.history(question.state)
    targets = np.arange(shop_data.n_items)
    for _ in range(2):
        for left, right in zip(narrow.strengths(rows), wide.strengths(rows), strict=True):
            assert same_bytes(left, right)
        assert same_bytes(narrow.score(question), wide.score(question))
        assert same_bytes(narrow.score_rows(question, targets[::3]), wide.score_rows(question, targets[::3]))
        assert same_bytes(narrow.contributions(rows, weights, targets), wide.contributions(rows, weights, targets))
        for grown in (narrow, wide):
            if isinstance(grown, PairCounter):
                grown.absorb(Steps(rows, weights), int(targets[-1]), 1.0, is_new=True)


def test_the_latest_items_of_a_history_count_more(shop_data):
    source = ItemKNN(recency=0.8).fit(shop_data)
    _, weights = source.history(query(shop_data, [thing("garden", n) for n in range(5)]).state)
    assert weights.tolist() == pytest.approx(power_recency(5, 0.8))
    assert weights[0] == 1
    assert np.all(np.diff(weights) < 0)


def test_ease_looks_as_far_back_as_it_is_told(shop_data):
    things = [thing("garden", n) for n in range(5)]
    short = Ease(history_length=2).fit(shop_data)
    assert short.score(query(shop_data, things)) == pytest.approx(short.score(query(shop_data, things[-2:])))
    assert len(Ease(history_length=4).fit(shop_data).history(query(shop_data, things).state)[0]) == 4


def test_a_deed_of_less_weight_moves_the_score_less(shop_data):
    source = ItemKNN().fit(shop_data)
    viewed, bought = (source.score(query(shop_data, [(thing("garden", 3), kind)])) for kind in ("view", "purchase"))
    assert viewed == pytest.approx(bought * 0.3, rel=1e-5)


def test_ease_models_only_the_most_interacted_items_and_says_how_many(shop_data):
    source = Ease(max_items=10).fit(shop_data)
    assert source.notes() == {"items_modelled": 10, "recency": 0.6}
    counts = np.asarray(shop_data.recent_matrix.getnnz(axis=0))
    kept = most_interacted(counts, 10)
    assert counts[kept].min() >= np.delete(counts, kept).max()
    assert not source.score(query(shop_data, [named(shop_data, [counts.argmin()])[0]])).any()


def test_ease_refuses_a_penalty_that_is_lost_in_rounding():
    """Of twins, which always go together, the regression has no single solution without a penalty."""
    rng = np.random.default_rng(0)
    log = {f"u{n}": [f"{x}{twin}" for x in rng.choice(9, 5, replace=False) for twin in "ab"] for n in range(200)}
    data = data_of(purchases(log))
    assert np.abs(Ease(l2=1.0).fit(data).table_.values).max() < 1.0
    with pytest.raises(SourceUnavailableError, match=r"l2 of 1e-08.*take a higher one"):
        Ease(l2=1e-8).fit(data)


def test_ease_mirrors_large_matrices_in_bands():
    """The inverse comes back as a lower triangle; bands of another size must not change it."""
    rng = np.random.default_rng(0)
    log = {f"u{n:04d}": [f"i{i:03d}" for i in rng.choice(600, 6, replace=False)] for n in range(900)}
    data = data_of(purchases(log))
    source = Ease(l2=10.0, top_k=600).fit(data)
    dense = np.asarray(data.recent_matrix.todense(), dtype=np.float64)
    inverse = np.linalg.inv(dense.T @ dense + 10.0 * np.eye(data.n_items))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    rows = [0, 300, data.n_items - 1]
    found = np.array([source.score(query(data, [data.catalogue.items[row]])) for row in rows])
    assert found == pytest.approx(expected[rows], abs=1e-4)


def test_all_items_of_the_shop_have_neighbours(shop_data):
    for source in MODELS:
        table = source.fit(shop_data).table_
        assert all(len(table.row(row)[0]) > 0 for row in range(2 * ON_A_SHELF))
