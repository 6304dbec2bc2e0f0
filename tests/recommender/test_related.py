"""What is like an item, where much of it is variants of one thing."""

from __future__ import annotations

import pandas as pd
import pytest

from recommender import HybridRecommender
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import START, event, frame_of, ids

VARIANTS, OTHERS, LAMPS = 60, 20, 100


@pytest.fixture(scope="module")
def many_variants() -> HybridRecommender:
    """A table, another one in sixty sizes that is nearest to it, twenty a little further away, and lamps."""
    sizes = [
        {"item_id": f"size-{n}", "title": f"oak table plain {n}", "category": "Home", "family": "sized"}
        for n in range(VARIANTS)
    ]
    others = [
        {"item_id": f"other-{n}", "title": f"oak table carved leaf{n}", "category": "Home"} for n in range(OTHERS)
    ]
    lamps = [{"item_id": f"lamp-{n}", "title": f"brass lamp {n}", "category": "Light"} for n in range(LAMPS)]
    table = {"item_id": "table", "title": "oak table plain", "category": "Home"}
    items = pd.DataFrame([table, *sizes, *others, *lamps])
    events = frame_of(*(("ana", item, "view", START + n) for n, item in enumerate(items["item_id"])))
    return quick_model(events, items.fillna(""), strategy="content")


@pytest.mark.parametrize("space", ["text", "combined"])
def test_however_many_variants_are_near_the_list_is_full(space: str, many_variants: HybridRecommender) -> None:
    found = ids(many_variants.similar("table", 10, space=space))
    assert len(found) == 10
    assert sum(item.startswith("size-") for item in found) <= 1


def test_however_many_variants_are_near_a_source_alone_fills_its_list(many_variants: HybridRecommender) -> None:
    found = many_variants.recommend("new", 10, history=[event("table")])
    assert {item.source for item in found} == {"content"}
    assert sum(item.item_id.startswith("size-") for item in found) <= 1
