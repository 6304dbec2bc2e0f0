"""Products newer than a model: they are found by what they are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from recommender.artifacts import read_folder, write_folder
from recommender.hybrid import load
from recommender.reranking.exploration import Exploration
from recommender.reranking.preferences import Preferences
from recommender.serving.live import FreshItems
from recommender.types import Recommendation
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import event, frame_of, ids, purchases, shelf_of, thing


def product(item_id: str, shelf: str = "garden", **fields: object) -> pd.DataFrame:
    """Something new that is like the tools of one shelf."""
    known = {
        "item_id": item_id,
        "title": f"red tools for the {shelf}",
        "description": f"made for the {shelf}, model aaa",
        "category": f"{shelf.title()} > Tools",
        "brand": f"{shelf} maker 0",
        "price": 108.0,
        "colours": "red",
    }
    return pd.DataFrame([known | fields])


GARDENER = [event(thing("garden", n), "purchase", days=n) for n in (0, 3, 6)]


def test_a_new_product_is_recommended_to_who_likes_its_kind(own_model):
    assert own_model.add_items(product("fresh")) == 1
    found = own_model.recommend("guest", 10, history=GARDENER)
    assert len(found) == 10
    assert [r.rank for r in found] == list(range(1, 11))
    fresh = next(r for r in found if r.item_id == "fresh")
    assert (fresh.source, fresh.reasons[0].kind) == ("new", "new")
    assert all(above.score >= below.score for above, below in pairwise(found))


def test_one_place_in_ten_is_for_new_products(own_model):
    own_model.add_items(pd.concat([product(f"fresh-{n}") for n in range(6)]))
    found = own_model.recommend("guest", 20, history=GARDENER)
    assert [r.rank for r in found if r.source == "new"] == [5, 15]


def test_variants_of_a_new_product_share_its_place(own_model):
    variants = [product(f"fresh-{n}", family="fresh") for n in range(3)]
    own_model.add_items(pd.concat([*variants, product("other", description="for the garden, model bbb")]))
    found = own_model.recommend("guest", 30, history=GARDENER)
    assert sorted(r.item_id.split("-")[0] for r in found if r.source == "new") == ["fresh", "other"]
    alike = ids(own_model.similar(thing("garden", 0), 30))
    assert len([item for item in alike if item.startswith("fresh")]) == 1
    assert not [item for item in ids(own_model.similar("fresh-0", 30)) if item.startswith("fresh")]


def of_the_pair(found: list[Recommendation]) -> list[str]:
    return [item for item in ids(found) if item in ("fresh", thing("garden", 18), thing("garden", 19))]


def test_a_new_variant_shares_the_place_of_a_family_that_the_model_knows(own_model):
    """It stood beside its siblings: the model knew its families by number alone."""
    asked = {"k": 40, "history": GARDENER}
    siblings = of_the_pair(own_model.recommend("guest", **asked))
    assert len(siblings) == 1, "one of the two stands in the list"
    own_model.add_items(pd.concat([product("fresh", family="garden  pair"), product("other", family="another pair")]))
    found = own_model.recommend("guest", **asked)
    assert of_the_pair(found) == siblings
    assert "other" in ids(found)
    without = own_model.recommend("guest", exclude=[thing("garden", 18), thing("garden", 19)], **asked)
    assert of_the_pair(without) == ["fresh"]


def test_a_new_variant_is_no_alternative_to_its_siblings(own_model):
    own_model.add_items(product("fresh", family="garden pair"))
    assert of_the_pair(own_model.similar("fresh", 40)) == []
    assert of_the_pair(own_model.similar(thing("garden", 18), 40)) == []
    assert len(of_the_pair(own_model.similar(thing("garden", 0), 40))) == 1


def test_a_new_variant_joins_the_only_thing_of_its_family(shop_events, shop_items):
    """A family may have one item at the training."""
    items = shop_items.assign(family=shop_items["item_id"].where(shop_items["item_id"] == thing("garden", 0), ""))
    model = quick_model(shop_events, items)
    model.add_items(product("fresh", family=thing("garden", 0)))
    assert "fresh" not in ids(model.similar(thing("garden", 0), 40))
    assert "fresh" not in ids(model.similar(thing("garden", 4), 40)), "its sibling is more alike"
    assert "fresh" in ids(model.similar(thing("garden", 4), 40, exclude=[thing("garden", 0)]))


def test_chance_puts_no_new_variant_beside_its_sibling(own_model):
    own_model.add_items(product("fresh", family="garden pair"))
    explore = Exploration(places=5, max_age_days=0)
    asked = {"k": 30, "history": GARDENER}
    lists = [own_model.recommend("guest", explore=replace(explore, seed=str(n)), **asked) for n in range(10)]
    assert {len(of_the_pair(found)) for found in lists} == {1}
    hidden = [thing("garden", 18), thing("garden", 19)]
    assert "fresh" in ids(own_model.recommend("guest", exclude=hidden, explore=explore, **asked))


def test_a_saved_model_knows_its_families_by_name(own_model, tmp_path):
    own_model.save(tmp_path / "v1")
    model = load(tmp_path / "v1")
    model.add_items(product("fresh", family="garden pair"))
    assert of_the_pair(model.similar(thing("garden", 18), 40)) == []


def test_a_model_that_was_saved_without_names_of_families_goes_on_as_it_was(own_model, tmp_path):
    own_model.save(tmp_path / "v1")
    data, arrays, texts = read_folder(tmp_path / "v1")
    kept = {name: array for name, array in arrays.items() if not name.startswith("items/family_")}
    assert len(kept) == len(arrays) - 2
    write_folder(tmp_path / "v0", data=data, arrays=kept, texts=texts)
    model = load(tmp_path / "v0")
    assert model.recommend("u01", 10) == own_model.recommend("u01", 10)
    model.add_items(product("fresh", family="garden pair"))
    assert of_the_pair(model.similar(thing("garden", 18), 40)) == ["fresh"]


def test_a_product_told_by_its_fields_is_the_same_as_one_in_a_table(own_model):
    (known,) = product("fresh").to_dict("records")
    assert own_model.add_items([known, known | {"item_id": "other", "price": None}]) == 2
    assert "fresh" in ids(own_model.recommend("guest", 10, history=GARDENER))
    told = own_model._live.fresh.vector_of("fresh", "combined")
    assert own_model.add_items(product("fresh")) == 1
    np.testing.assert_array_equal(own_model._live.fresh.vector_of("fresh", "combined"), told)


@pytest.mark.parametrize(
    "ask",
    [
        {"history": [event(thing("kitchen", n), "purchase") for n in (12, 13, 16)]},
        {"history": []},
        {"history": GARDENER, "strategy": "itemseq"},
        {"history": GARDENER, "exclude": ["fresh"]},
        {"history": GARDENER, "context": "product", "item_ids": ["fresh"]},
        {"history": GARDENER, "category": "Garden > Seeds"},
        {"history": [*GARDENER, event("fresh", "purchase", days=9)]},
    ],
    ids=["another taste", "no taste", "another strategy", "excluded", "on its page", "another category", "bought"],
)
def test_a_new_product_is_not_shown_where_it_does_not_belong(ask, own_model):
    own_model.add_items(product("fresh"))
    assert "fresh" not in ids(own_model.recommend("guest", 20, **ask))


def test_a_new_product_bought_since_is_not_offered_as_new(own_model):
    own_model.add_items(product("fresh"))
    own_model.absorb(frame_of(*(("guest", e.item_id, e.kind, e.timestamp) for e in GARDENER)))
    assert "fresh" in ids(own_model.recommend("guest", 10))
    own_model.absorb(frame_of(("guest", *event("fresh", "purchase", days=20)[:3])))
    assert "fresh" not in ids(own_model.recommend("guest", 10))
    assert "fresh" in ids(own_model.recommend("somebody else", 10, history=GARDENER))
    assert "fresh" in ids(own_model.recommend("guest", 10, history=GARDENER, replace_history=True))


def test_a_category_may_hold_a_new_product(own_model):
    own_model.add_items(product("fresh"))
    assert "fresh" in ids(own_model.recommend("guest", 5, history=GARDENER, category="Garden"))


def test_a_new_product_is_similar_to_its_like_in_both_directions(own_model):
    own_model.add_items(product("fresh"))
    alike = own_model.similar("fresh", 5)
    assert "fresh" not in ids(alike)
    assert {shelf_of(item) for item in ids(alike)} == {"garden"}
    assert "fresh" in ids(own_model.similar(alike[0].item_id, 5))
    assert "fresh" not in ids(own_model.similar(alike[0].item_id, 5, exclude=["fresh"]))


def test_new_products_are_similar_to_each_other(own_model):
    own_model.add_items(pd.concat([product("fresh"), product("fresher")]))
    assert ids(own_model.similar("fresh", 3))[0] == "fresher"


def test_a_product_told_again_takes_the_place_of_what_was_known(own_model):
    assert own_model.add_items(pd.concat([product("fresh"), product("other")])) == 2
    assert own_model.add_items(product("fresh", "kitchen")) == 1
    assert own_model._live.fresh.ids == ("other", "fresh")
    assert {shelf_of(item) for item in ids(own_model.similar("fresh", 3))} == {"kitchen"}
    assert "fresh" not in ids(own_model.recommend("guest", 20, history=GARDENER))


def test_products_that_the_model_knows_already_are_not_new(own_model, shop_items):
    assert own_model.add_items(shop_items) == 0
    assert own_model.add_items(pd.concat([shop_items, product("fresh")])) == 1


def test_a_product_of_which_nothing_is_known_is_never_near_anything(own_model):
    own_model.add_items(pd.DataFrame({"item_id": ["riddle"]}))
    assert "riddle" not in ids(own_model.recommend("guest", 20, history=GARDENER))
    assert own_model.similar("riddle") == []


def test_without_a_catalogue_nothing_new_can_be_placed():
    model = quick_model(purchases({"u": ["a", "b"], "v": ["a"]}), None, strategy="popular")
    assert model.add_items(product("fresh")) == 0
    assert ids(model.recommend("v", 5)) == ["b"]


def test_the_nearest_fresh_products_come_best_first_and_only_if_alike():
    assert FreshItems().nearest(np.array([1.0, 0.0]), "combined", 3) == []
    vectors = {"combined": np.array([[0.0, 1.0], [0.8, 0.6], [-1.0, 0.0], [1.0, 0.0]], dtype=np.float32)}
    fresh = FreshItems(ids=("far", "near", "opposite", "nearest"), vectors=vectors)
    found = fresh.nearest(np.array([2.0, 0.0], dtype=np.float32), "combined", 3)
    assert [item for item, _ in found] == ["nearest", "near"]
    assert [cosine for _, cosine in found] == pytest.approx([1.0, 0.8])
    assert fresh.nearest(np.array([2.0, 0.0], dtype=np.float32), "image", 3) == []


def calls_in(ask: Callable[[], object]) -> int:
    """How many functions are called, those written in C too, until the answer is there."""
    ask()  # what is made once and kept
    n_calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal n_calls
        n_calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        ask()
    finally:
        sys.setprofile(before)
    return n_calls


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.recommend("guest", 10, history=GARDENER),
        lambda model: model.recommend("guest", 10, history=GARDENER, category="Garden"),
        lambda model: model.recommend(
            "guest", 10, history=GARDENER, preferences=Preferences(never={"Kitchen"}, never_brands={"nobody"})
        ),
        lambda model: model.recommend("guest", 20, history=GARDENER, explore=Exploration(places=2, seed="s")),
        lambda model: model.similar(thing("garden", 0), 10),
        lambda model: model.search_text("red tools", 10),
    ],
    ids=["recommend", "of a category", "with wishes", "left to chance", "similar", "search"],
)
def test_a_request_takes_no_steps_for_each_new_product(ask, own_model):
    """Thirty thousand products of an import made every list wait a tenth of a second until the next training."""
    known = product("fresh").to_dict("records")[0]
    own_model.add_items([known | {"item_id": f"few-{n}"} for n in range(50)])
    few = calls_in(lambda: ask(own_model))
    own_model.add_items([known | {"item_id": f"many-{n}", "family": f"pair {n // 2}"} for n in range(1_500)])
    assert calls_in(lambda: ask(own_model)) < few + 500


def test_variants_leave_room_for_others_however_many_there_are(own_model):
    known = product("fresh").to_dict("records")[0]
    own_model.add_items([known | {"item_id": f"fresh-{n}", "family": "all one"} for n in range(200)])
    own_model.add_items(product("other", description="for the garden, model bbb"))
    found = own_model.recommend("guest", 20, history=GARDENER)
    assert sorted(r.item_id.split("-")[0] for r in found if r.source == "new") == ["fresh", "other"]
    assert {"fresh-0", "other"} <= set(ids(own_model.similar(thing("garden", 0), 40)))


def test_a_brand_that_is_never_wanted_has_no_new_products_either(own_model):
    own_model.add_items(product("fresh", brand="Nobody"))
    asked = {"k": 10, "history": GARDENER}
    assert "fresh" in ids(own_model.recommend("guest", **asked))
    assert "fresh" not in ids(own_model.recommend("guest", preferences=Preferences(never_brands={"nobody"}), **asked))
    assert "fresh" not in ids(own_model.recommend("guest", preferences=Preferences(never={"Garden > Tools"}), **asked))
