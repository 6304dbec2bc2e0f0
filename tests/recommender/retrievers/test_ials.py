"""Implicit ALS: the closed form of a user's vector, and the circles it finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.base import SourceUnavailableError
from recommender.data.weights import EventWeights
from recommender.errors import DataError
from recommender.ranking.pipeline import all_but
from recommender.retrievers.foldin import fold_in_ratings, fold_in_user
from recommender.retrievers.ials import Ials
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import SHELVES, data_of, frame_of, named, query, ring_walks, shelf_of, thing

FACTORS = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], dtype=np.float32)


def fold(rows: list[int], confidence: list[float], **more) -> np.ndarray:
    options = {"gram": FACTORS.T @ FACTORS, "reg": 0.5} | more
    return fold_in_user(FACTORS, np.array(rows, dtype=np.int64), np.array(confidence), **options)


def test_folding_in_solves_the_normal_equations():
    """One item of confidence 3: (Y'Y + 2 y y' + reg I) x = 3 y, worked by hand."""
    left = np.array([[2.0, 1.0], [1.0, 5.0]]) + 2 * np.array([[1.0, 0.0], [0.0, 0.0]]) + 0.5 * np.eye(2)
    assert fold([0], [3.0]) == pytest.approx(np.linalg.solve(left, [3.0, 0.0]))


def test_a_dislike_pulls_the_user_away():
    liked, disliked = fold([0, 1], [3.0, 3.0]), fold([0, 1], [3.0, 3.0], preference=np.array([1.0, 0.0]))
    assert FACTORS[1] @ disliked < FACTORS[1] @ liked


def test_items_newer_than_the_model_are_skipped():
    assert fold([-1, 0], [9.0, 3.0]).tolist() == fold([0], [3.0]).tolist()
    assert fold([-1], [9.0]).tolist() == [0, 0]
    assert fold([], []).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("rows", "confidence", "told"), [([0, 1], [1.0], "must agree"), ([0], [0.5], "at least 1; the lowest is 0.5")]
)
def test_arrays_that_do_not_fit_are_refused(rows, confidence, told):
    with pytest.raises(DataError, match=told):
        fold(rows, confidence)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 2), unique=True, min_size=1), st.floats(0.01, 2.0), st.floats(0.0, 20.0))
def test_ratings_are_folded_in_by_ridge_regression(rows, reg, bias_reg):
    """The pair (bias, factors) is what the two formulas of the docstring give."""
    stars, item_bias, mean = np.array([5.0, 3.0, 1.0])[rows], np.array([0.2, -0.1, 0.0]), 3.5
    bias, factors = fold_in_ratings(FACTORS, item_bias, mean, np.array(rows), stars, reg=reg, bias_reg=bias_reg)
    residual = stars - mean - item_bias[rows]
    assert bias == pytest.approx(residual.sum() / (len(rows) + bias_reg))
    q = FACTORS[rows].astype(np.float64)
    expected = np.linalg.inv(q.T @ q + reg * (len(rows) + 10) * np.eye(2)) @ q.T @ (residual - bias)
    assert factors == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_without_ratings_there_is_no_bias_and_no_taste():
    bias, factors = fold_in_ratings(FACTORS, np.zeros(3), 3.0, np.array([], dtype=int), np.array([]), reg=0.1)
    assert bias == 0
    assert factors.tolist() == [0, 0]


def test_a_training_user_is_folded_in_to_what_implicit_itself_computes():
    """The row handed to fold-in is the row of training, so both must end on the same half-step."""
    from implicit.cpu.als import AlternatingLeastSquares

    data = data_of(ring_walks())
    source = Ials(n_factors=8, iterations=5, recency=0.0).fit(data)
    library = AlternatingLeastSquares(factors=8, regularization=source.reg, random_state=0)
    library.item_factors = source.item_factors_
    confidence = data.matrix.copy()
    confidence.data = source.alpha * confidence.data + 1.0
    for user in range(0, data.n_users, 7):
        expected = library.recalculate_user(user, confidence[user])
        assert source.user_factors(data.state_of(user)) == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_the_planted_circle_is_found_again(shop_data):
    source = Ials().fit(shop_data)
    for shelf in SHELVES:
        liked = [thing(shelf, number) for number in (2, 8, 15)]
        others = all_but(shop_data.n_items, shop_data.catalogue.items.rows(liked))
        found = named(shop_data, source.retrieve(query(shop_data, liked), 10, others).rows)
        assert {shelf_of(item) for item in found} == {shelf}


def test_what_weighs_nothing_is_neither_liked_nor_disliked(shop_data):
    silent = replace(shop_data, weights=EventWeights({"purchase": 1.0}))
    source, bought = Ials(random_state=0).fit(silent), (thing("kitchen", 3), "purchase")
    looked = source.score(query(silent, [bought, (thing("kitchen", 5), "view")]))
    assert looked == pytest.approx(source.score(query(silent, [bought])), abs=1e-6)


def test_a_dismissed_item_falls(shop_data):
    source = Ials().fit(shop_data)
    target = shop_data.catalogue.items.row(thing("kitchen", 5))
    history = [thing("kitchen", 2), thing("kitchen", 8)]
    before = source.score(query(shop_data, history))[target]
    after = source.score(query(shop_data, [*history, (thing("kitchen", 5), "dismiss")]))[target]
    assert after < before


@pytest.mark.parametrize("n_items", [1, 2, 3])
def test_fewer_items_than_factors_are_no_trouble(n_items):
    data = data_of(frame_of(*((f"u{n}", f"i{n % n_items}", "view", n) for n in range(6))))
    scores = Ials(n_factors=64).fit(data).score(query(data, ["i0"]))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("params", [{"reg": 0, "alpha": 1e30}, {"reg": 1e30}, {"alpha": 0}], ids=str)
def test_numbers_that_cannot_be_solved_for_are_no_model(params, shop_events, shop_data):
    """The fit says so; a blend goes on without it, and whoever wanted it alone is told."""
    with pytest.raises(SourceUnavailableError, match=r"ials: .* alpha and reg"):
        Ials(**params).fit(shop_data)
    model = quick_model(shop_events, None, source_params={"ials": params})
    assert "alpha and reg" in model.info["skipped"]["ials"]
    assert len(model.recommend("u00", 5)) == 5
    with pytest.raises(DataError, match=r"'ials' cannot be fitted on this data: ials: .* alpha and reg"):
        quick_model(shop_events, None, strategy="ials", source_params={"ials": params})
