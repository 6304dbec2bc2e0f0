"""One fitted model, asked for one of its sources alone: what the gate compares it with, without another fit."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.errors import DataError
from recommender.gate import BASELINES
from recommender.hybrid import HybridRecommender, load
from recommender.types import Event
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import ids

USERS = ("u00", "u01", "u07", "somebody new")


def lists(model: HybridRecommender) -> list[list[str]]:
    return [ids(model.recommend(user, 8)) for user in USERS]


@pytest.mark.parametrize("source", BASELINES)
def test_a_source_answers_as_if_it_had_been_fitted_alone(source, shop_model, shop_events, shop_items):
    asked = shop_model.asking(source)
    assert asked.strategy == asked.info["strategy"] == source
    assert lists(asked) == lists(quick_model(shop_events, shop_items, strategy=source))
    assert shop_model.strategy == "hybrid"


def test_the_stars_of_the_base_blend_are_those_of_its_svd(shop_model, shop_events, shop_items):
    alone = quick_model(shop_events, shop_items, strategy="svd")
    for user, item in (("u00", "kitchen-04"), ("u01", "garden-09")):
        assert shop_model.asking("svd_content").predict_rating(user, item) == pytest.approx(
            alone.predict_rating(user, item)
        )


@pytest.mark.parametrize("is_described", [True, False], ids=["with a catalogue", "without"])
def test_the_base_blend_fitted_alone_forecasts_stars_too(is_described, shop_events, shop_items, tmp_path):
    items = shop_items if is_described else None
    svd, blend = (quick_model(shop_events, items, strategy=strategy) for strategy in ("svd", "svd_content"))
    blend.save(tmp_path / "blend")
    told = [Event("kitchen-04", "rating", svd.info["data_until"], 1.0)]
    for user, item in (("u00", "kitchen-04"), ("u01", "garden-09"), ("somebody new", "garden-09"), ("u00", "unknown")):
        for history in (None, told):
            expected = pytest.approx(svd.predict_rating(user, item, history=history))
            assert blend.predict_rating(user, item, history=history) == expected
            assert load(tmp_path / "blend").predict_rating(user, item, history=history) == expected


def test_a_strategy_without_stars_says_which_have_them(shop_events):
    popular = quick_model(shop_events, None, strategy="popular")
    with pytest.raises(DataError, match="'popular' holds no forecast, as hybrid, svd and svd_content do"):
        popular.predict_rating("u00", "kitchen-04")


def test_what_the_model_does_not_hold_cannot_be_asked(shop_events):
    without_stars = quick_model(shop_events[shop_events["kind"] != "rating"], None, strategy="itemseq")
    for source in ("svd_content", "itemknn", "nonsense"):
        with pytest.raises(DataError, match=f"strategy '{source}' cannot be asked"):
            without_stars.asking(source)


@pytest.mark.parametrize("source", BASELINES)
def test_a_model_that_is_asked_for_one_source_can_be_kept(source, shop_model, tmp_path):
    asked = shop_model.asking(source)
    asked.save(tmp_path / "asked")
    opened = load(tmp_path / "asked")
    assert opened.strategy == source
    assert [opened.recommend(user, 8) for user in USERS] == [asked.recommend(user, 8) for user in USERS]


def test_the_base_blend_is_kept_with_the_settings_of_its_halves(shop_events, shop_items, tmp_path):
    settings = {"svd": {"fold_in_reg": 2.0}, "content": {"recency": 3.0, "history_length": 2}}
    asked = quick_model(shop_events, shop_items, source_params=settings).asking("svd_content")
    asked.save(tmp_path / "asked")
    opened = load(tmp_path / "asked")
    assert [opened.recommend(user, 8) for user in USERS] == [asked.recommend(user, 8) for user in USERS]


def test_without_descriptions_the_base_blend_is_its_stars_alone(shop_events):
    bare = quick_model(shop_events, None)
    assert lists(bare.asking("svd_content")) == lists(quick_model(shop_events, None, strategy="svd_content"))


def test_vectors_of_items_known_and_unknown(shop_model):
    found = shop_model.item_vectors(["kitchen-01", "nothing", "kitchen-00"])
    rows = shop_model.item_ids.rows(["kitchen-01", "kitchen-00"])
    assert np.array_equal(found[[0, 2]], shop_model.model_.spaces.vectors["combined"][rows])
    assert not found[1].any()
    assert shop_model.item_vectors(["kitchen-01"], space="smell") is None
