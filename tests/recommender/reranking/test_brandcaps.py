"""Among ten places in a row one brand stands so many times, as long as there is another to show."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import load
from recommender.errors import DataError
from recommender.reranking.brandcaps import WINDOW, BrandCaps
from recommender.reranking.exploration import Exploration
from recommender.reranking.preferences import Preferences
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import event, ids, thing

brand_lists = st.lists(st.sampled_from(["", "Acme", "ACME", "Bolt", "Cord"]), max_size=40)


def runs(brands: list[str]) -> list[Counter[str]]:
    """How often each brand stands among every ten places in a row."""
    named = [brand.casefold() for brand in brands]
    return [Counter(filter(None, named[at : at + WINDOW])) for at in range(max(1, len(named) - WINDOW + 1))]


@settings(max_examples=200)
@given(brand_lists, st.integers(1, 4), st.integers(0, 45))
def test_a_brand_stands_more_often_only_where_nothing_else_is_left(brands, limit, n):
    caps = BrandCaps(np.array(brands, dtype=object), limit)
    placed = caps.spread(np.arange(len(brands)), n).tolist()
    assert len(set(placed)) == len(placed) == min(n, len(brands))
    names = [brand.casefold() for brand in brands]
    for place, row in enumerate(placed):
        before = [names[at] for at in placed[max(0, place - WINDOW + 1) : place]]
        waiting = [at for at in range(len(brands)) if at not in placed[:place]]
        has_room = [at for at in waiting if not names[at] or before.count(names[at]) < limit]
        assert row == (has_room or waiting)[0]


@given(brand_lists)
def test_without_a_cap_every_place_stays(brands):
    caps = BrandCaps(np.array(brands, dtype=object), 0)
    assert not caps
    assert caps.spread(np.arange(len(brands)), len(brands)).tolist() == list(range(len(brands)))


def test_a_cap_may_be_a_number_of_numpy(shop_model):
    served = shop_model.for_serving(max_per_brand=np.int64(2))
    assert served.recommend("u01", 10) == shop_model.for_serving(max_per_brand=2).recommend("u01", 10)


@pytest.fixture(scope="module")
def capped_model(shop_events, shop_items):
    return quick_model(shop_events, shop_items, max_per_brand=2)


def brands_of(model, found) -> list[str]:
    rows = model.item_ids.rows(ids(found))
    return [str(name) for name in model.model_.brands[rows]]


def test_a_list_holds_no_more_of_a_brand_and_loses_nothing(shop_model, capped_model):
    plain, capped = (model.recommend("u01", 10) for model in (shop_model, capped_model))
    assert max(run.most_common(1)[0][1] for run in runs(brands_of(shop_model, plain))) > 2
    assert all(run.most_common(1)[0][1] <= 2 for run in runs(brands_of(capped_model, capped)))
    assert capped[0].item_id == plain[0].item_id
    assert [r.rank for r in capped] == list(range(1, 11))
    assert all(above.score >= below.score for above, below in pairwise(capped))


@pytest.mark.parametrize("strategy", ["popular", "ials"])
@pytest.mark.parametrize("preferences", [Preferences(), Preferences(variety=0.5)])
def test_every_strategy_that_finds_something_new_keeps_the_cap(strategy, preferences, capped_model):
    found = capped_model.recommend("u01", 10, strategy=strategy, preferences=preferences)
    assert all(run.most_common(1)[0][1] <= 2 for run in runs(brands_of(capped_model, found)))


def test_what_somebody_looked_at_stays_as_it_happened(shop_model, capped_model):
    own = [model.recommend("u01", 10, strategy="recently_viewed") for model in (shop_model, capped_model)]
    assert ids(own[0]) == ids(own[1])


def test_where_there_is_one_brand_alone_its_best_come_first(shop_events, shop_items):
    model = quick_model(shop_events, shop_items.assign(brand="Acme"), strategy="itemknn", max_per_brand=2)
    without = quick_model(shop_events, shop_items.assign(brand="Acme"), strategy="itemknn")
    assert ids(model.recommend("u01", 10)) == ids(without.recommend("u01", 10))


def test_what_chance_brings_keeps_the_cap(shop_model):
    model = shop_model.for_serving(max_per_brand=3)
    brought = set()
    for seed in range(40):
        explore = Exploration(places=1, within=10, seed=str(seed), max_age_days=1e6)
        found = model.recommend("u01", 10, explore=explore)
        assert all(run.most_common(1)[0][1] <= 3 for run in runs(brands_of(model, found)))
        brought |= {pick.item_id for pick in found if pick.source == "explore"}
    assert len(brought) > 1


def test_what_is_newer_than_the_model_keeps_the_cap(own_model):
    model = own_model.for_serving(max_per_brand=2)
    alike = {"title": "red tools for the garden", "description": "made for the garden", "category": "Garden > Tools"}
    model.add_items([alike | {"item_id": f"fresh-{n}", "brand": "garden maker 0"} for n in range(3)])
    model.add_items([alike | {"item_id": "other", "brand": "Somebody else"}])
    found = model.recommend("guest", 10, history=[event(thing("garden", n), "purchase", days=n) for n in (0, 3, 6)])
    assert [pick.item_id for pick in found if pick.source == "new"] == ["other"]


def test_the_cap_is_saved_and_can_be_another_without_a_new_fit(capped_model, shop_model, tmp_path):
    capped_model.save(tmp_path / "v1")
    again = load(tmp_path / "v1")
    assert again.max_per_brand == 2
    assert again.recommend("u01", 10) == capped_model.recommend("u01", 10)
    free = again.for_serving(max_per_brand=0)
    assert free.recommend("u01", 10) == shop_model.recommend("u01", 10)
    with pytest.raises(DataError, match="max_per_brand must be a whole number of at least 0, not -1"):
        again.for_serving(max_per_brand=-1)
