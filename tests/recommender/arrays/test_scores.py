"""Scores in the form that is cheapest to search: each form answers as the plain vector would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.arrays.scores import DenseScores, KnownOrder, SparseScores
from recommender.ranking import neighbourhood
from recommender.ranking.neighbourhood import Neighbourhoods
from recommender.retrievers import ials
from recommender.retrievers.ials import Ials
from recommender.types import Event
from tests.recommender.worlds import named, query, thing

N_ITEMS = 9
entries = st.lists(st.tuples(st.integers(0, N_ITEMS - 1), st.sampled_from([-1.0, 0.25, 0.5, 2.0])), max_size=20)
masks = st.lists(st.booleans(), min_size=N_ITEMS, max_size=N_ITEMS).map(np.array)
quick = settings(max_examples=100)


@quick
@given(entries, masks, st.integers(0, N_ITEMS + 2), st.lists(st.integers(0, N_ITEMS - 1)))
def test_sparse_scores_are_the_dense_ones(pairs, allowed, n, looked_up):
    rows = np.array([row for row, _ in pairs], dtype=np.int32)
    values = np.array([value for _, value in pairs], dtype=np.float32)
    dense = DenseScores(np.bincount(rows, weights=values, minlength=N_ITEMS).astype(np.float32), positive_only=True)
    sparse = SparseScores(rows, values)
    assert sparse.best(n, allowed).tolist() == dense.best(n, allowed).tolist()
    assert sparse.best(n).tolist() == dense.best(n).tolist()
    places = np.array(looked_up, dtype=np.int64)
    assert sparse.at(places).tolist() == dense.at(places).tolist()


@pytest.mark.parametrize("head", [1, 3, 100])
@quick
@given(
    st.lists(st.sampled_from([0.0, 1.0, 1.0, 2.0, 5.0]), min_size=N_ITEMS, max_size=N_ITEMS), masks, st.integers(0, 5)
)
def test_a_known_order_finds_what_sorting_anew_finds(head, values, allowed, n):
    scores = np.array(values, dtype=np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.arrays.scores._HEAD", head)
        known = KnownOrder(scores)
        assert known.best(n, allowed).tolist() == DenseScores(scores, positive_only=True).best(n, allowed).tolist()
    assert known.at(np.arange(N_ITEMS)).tolist() == values


def test_new_counts_change_what_is_popular(shop_model, shop_data):
    popular = shop_model.model_.pipeline.sources.retrievers["popular"]
    last = int(popular.score(query(shop_data)).argmin())
    assert popular.retrieve(query(shop_data), 1).rows.tolist() != [last]
    before = popular.state_arrays()["counts"].copy()
    popular.absorb(np.array([last]), np.array([1e4], dtype=np.float32), np.array([shop_data.now]))
    try:
        assert popular.retrieve(query(shop_data), 1).rows.tolist() == [last]
    finally:
        popular.load_arrays(popular.state_arrays() | {"counts": before})


@pytest.mark.parametrize("length", [2, 3, 100], ids="{} items count".format)
@pytest.mark.parametrize("sparse_from", [1, 10**9], ids=["sparse", "dense"])
def test_tables_read_once_score_as_the_sources_do(sparse_from, length, shop_model, shop_data, monkeypatch):
    """For the whole history, its latest item, and without each item; one source may look further back than others."""
    monkeypatch.setattr(neighbourhood, "SPARSE_FROM", sparse_from)
    monkeypatch.setattr(shop_model.model_.pipeline.sources.retrievers["ease"], "history_length", length)
    told = [Event(thing("garden", n), "rating", n, float(n % 5 + 1)) for n in (3, 9, 4, 7)]
    state = query(shop_data, told).state
    sources = shop_model.model_.pipeline.sources.retrievers
    near = Neighbourhoods(sources, state)
    assert {"itemseq", "itemknn", "rp3beta", "ease"} <= set(near.names)
    rows = np.arange(shop_data.n_items)
    whole = query(shop_data, told)
    for part in (state, state.head(1), *(state.without(int(row)) for row in state.item_rows)):
        question = type(whole)(part, whole.now, whole.context_rows)
        for name in near.names:
            answer, own = near.scored(name, question), sources[name].score(question)
            assert answer.at(rows) == pytest.approx(own, abs=1e-6)
            assert (own[answer.best(5)] == np.sort(own)[::-1][:5]).all() or own.max() <= 0


def test_of_many_items_only_the_most_touched_are_searched_and_all_are_scored(shop_data, monkeypatch):
    everywhere = Ials().fit(shop_data)
    monkeypatch.setattr(ials, "_MOST_SEARCHED", 12)
    part = Ials().fit(shop_data)
    question = query(shop_data, [thing("garden", n) for n in (1, 2)])
    assert part.notes()["items_searched"] == 12
    assert "items_searched" not in everywhere.notes()
    found = part.retrieve(question, 20)
    touched = np.argsort(-shop_data.item_counts, kind="stable")[:12]
    assert sorted(found.rows.tolist()) == sorted(touched.tolist())
    assert part.score(question) == pytest.approx(everywhere.score(question), abs=1e-5)
    assert found.scores == pytest.approx(part.score(question)[found.rows], abs=1e-6)
    again = Ials().load_arrays(part.state_arrays())
    assert named(shop_data, again.retrieve(question, 20).rows) == named(shop_data, found.rows)


def test_what_nobody_touched_is_not_searched_in_a_large_catalogue(shop_data, monkeypatch):
    """However few are touched: the product with a million untouched factors would be as long."""
    monkeypatch.setattr(ials, "_MOST_SEARCHED", shop_data.n_items - 1)
    quiet = shop_data.with_events(shop_data.events.select(shop_data.events.item_rows < 10))
    source = Ials().fit(quiet)
    assert source.notes()["items_searched"] == 10
    assert source.retrieve(query(quiet, [named(quiet, [3])[0]]), 30).rows.max() < 10
