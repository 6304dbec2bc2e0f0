"""New products come in while other threads answer: every request sees the state before or after, never half of one."""

from __future__ import annotations

import copy
import sys
from dataclasses import FrozenInstanceError
from types import FrameType

import numpy as np
import pandas as pd
import pytest

from tests.recommender.serving.test_live_products import GARDENER, product


def test_a_request_under_way_goes_on_with_the_products_it_began_with(own_model):
    own_model.add_items(pd.concat([product("fresh"), product("other")]))
    under_way = own_model._live.fresh
    before = copy.deepcopy(under_way)
    own_model.add_items(pd.concat([product("fresh", "kitchen"), product("third")]))
    assert own_model._live.fresh is not under_way
    assert (under_way.ids, under_way.categories, under_way.brands) == (before.ids, before.categories, before.brands)
    for space, vectors in before.vectors.items():
        assert np.array_equal(under_way.vectors[space], vectors)
    with pytest.raises(FrozenInstanceError):
        under_way.ids = ()


@pytest.mark.parametrize(
    "ask",
    [
        lambda m: m.recommend("guest", 20, history=GARDENER),
        lambda m: m.similar("fresh", 5),
        lambda m: m.search_text("red tools", 5),
    ],
    ids=["recommend", "similar", "search"],
)
def test_a_request_looks_once_at_what_is_new(ask, own_model, monkeypatch):
    """Looking twice could mix two states."""
    own_model.add_items(product("fresh"))
    looks, fresh = [], own_model._live.fresh
    live = type("Counted", (type(own_model._live),), {"fresh": property(lambda _: looks.append(1) or fresh)})
    monkeypatch.delattr(own_model._live, "fresh")
    monkeypatch.setattr(own_model._live, "__class__", live)
    ask(own_model)
    assert len(looks) == 1


def test_products_may_come_in_at_every_step_of_a_request(own_model):
    """After every line of the code that takes products in, somebody asks."""
    asked = 0

    def ask(frame: FrameType, event: str, _: object) -> object:
        nonlocal asked
        if not frame.f_code.co_filename.endswith("recommender/serving/live.py"):
            return None
        sys.settrace(None)
        assert len(own_model.recommend("guest", 20, history=GARDENER)) == 20
        own_model.similar("fresh-1", 5)
        asked += 1
        sys.settrace(ask)
        return ask

    own_model.add_items(product("fresh-1"))
    tracing = sys.gettrace()
    try:
        sys.settrace(ask)
        own_model.add_items(pd.concat([product("fresh-1"), product("fresh-2", "kitchen"), product("fresh-3")]))
    finally:
        sys.settrace(tracing)
    assert asked > 5
