"""What is like an item or goes with it, where much of it is variants of one thing."""

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


CASES, FILMS = 12, 3


@pytest.fixture(scope="module")
def phone_shop() -> HybridRecommender:
    """A phone bought with a case of any of twelve colours, most often, or with one of three films; no categories."""
    cases = [{"item_id": f"case-{n:02}", "title": f"case {n}", "family": "case"} for n in range(CASES)]
    films = [{"item_id": f"film-{n}", "title": f"film {n}"} for n in range(FILMS)]
    others = [{"item_id": name, "title": name} for name in ("phone", "pan", "lid")]
    orders = [("phone", case["item_id"]) for case in cases for _ in range(6)]
    orders += [("phone", film["item_id"]) for film in films for _ in range(4)]
    orders += [("pan", "lid")] * 100
    rows = [(f"u{n}", item, "purchase", START + n, None, f"o{n}") for n, order in enumerate(orders) for item in order]
    items = pd.DataFrame([*others, *cases, *films]).fillna("")
    return quick_model(frame_of(*rows), items, strategy="bought_together")


def test_however_many_variants_go_with_an_item_the_others_are_told(phone_shop: HybridRecommender) -> None:
    found = ids(phone_shop.goes_with(["phone"], 4))
    assert len(found) == 4
    assert found[0].startswith("case-")
    assert set(found[1:]) == {f"film-{n}" for n in range(FILMS)}


def test_another_colour_of_what_is_in_the_cart_does_not_go_with_it(phone_shop: HybridRecommender) -> None:
    """The phone alone would ask for a case; with one beside it the wish is met."""
    assert not any(item.startswith("case-") for item in ids(phone_shop.goes_with(["phone", "case-03"], 4)))
