"""Ordering a given list for a user: what a search found, in the order of the model."""

import pytest

from recommender.errors import DataError
from recommender.hybrid import HybridRecommender
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import SHELVES, event, ids, shelf_of, thing

MIXED = [thing(shelf, number) for number in range(9, 13) for shelf in SHELVES]


def test_the_shelf_of_the_history_comes_first(shop_model: HybridRecommender) -> None:
    """The same eight items, whichever way round they are given; nothing is added and nothing collapsed."""
    for shelf in SHELVES:
        history = [event(thing(shelf, number)) for number in (5, 6, 7)]
        found = shop_model.order("stranger", MIXED, history=history)
        assert sorted(ids(found)) == sorted(MIXED)
        assert [shelf_of(item) for item in ids(found)[:4]] == [shelf] * 4
        assert ids(shop_model.order("stranger", MIXED[::-1], history=history)) == ids(found)
        assert [item.rank for item in found] == list(range(1, len(MIXED) + 1))


def test_items_the_model_does_not_know_are_left_out(shop_model: HybridRecommender) -> None:
    assert ids(shop_model.order("u00", ["made-today", MIXED[0], MIXED[0]])) == [MIXED[0]]
    assert shop_model.order("u00", ["made-today"]) == []
    assert shop_model.order("u00", []) == []


def test_somebody_unknown_gets_what_is_popular_first(shop_model: HybridRecommender) -> None:
    assert sorted(ids(shop_model.order("stranger", MIXED))) == sorted(MIXED)


def test_one_source_can_order_alone(shop_events, shop_items) -> None:
    model = quick_model(shop_events, shop_items, strategy="content")
    history = [event(thing(SHELVES[1], 5))]
    found = ids(model.order("stranger", MIXED, history=history))
    assert [shelf_of(item) for item in found[:4]] == [SHELVES[1]] * 4
    with pytest.raises(DataError, match="has no strategy 'als'"):
        model.order("stranger", MIXED, strategy="als")
