"""The networks as a part of the library: an extra to train, nothing to serve, and guests of the blend."""

from __future__ import annotations

import importlib.util
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from recommender.data.interactions import Interactions
from recommender.deep import REQUIREMENTS, require_packages
from recommender.errors import DataError
from recommender.gate.ranking import MIN_JUDGED_USERS
from recommender.hybrid import HybridRecommender, load
from recommender.metrics import PairedDifference
from recommender.parameters import Parameters
from recommender.sources import DEEP_SOURCES
from recommender.training.extrasources import Comparison
from tests.recommender.conftest import quick_model
from tests.recommender.networks import SMALL, need_deep
from tests.recommender.worlds import event, ids, purchases, ring_walks, thing, two_shelves

ROOT = Path(__file__).resolve().parents[3]
SERVE = """
import sys
from recommender import Event, load
model = load(sys.argv[1])
found = model.recommend("u00", 5, history=[Event("kitchen-03", "view", model.info["data_until"] + 5)])
assert not {"keras", "keras_rs", "jax", "jaxlib"} & set(sys.modules)
print(*(r.item_id for r in found))
"""


@pytest.mark.parametrize("strategy", DEEP_SOURCES)
@pytest.mark.parametrize("missing", ["keras", "keras_rs", "jax"])
def test_without_the_packages_the_error_names_the_file_to_install(strategy, missing, monkeypatch):
    there = importlib.util.find_spec
    found = lambda name, *rest: None if name == missing else there("json")  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", found)
    log = Interactions.from_frame(purchases({"u": ["a", "b"], "v": ["b", "c"]}))
    with pytest.raises(DataError, match=f"'{strategy}' is trained with {missing}.*pip install -r {REQUIREMENTS}"):
        HybridRecommender(strategy=strategy).fit(log)
    assert (ROOT / REQUIREMENTS).is_file()


def test_with_the_packages_nothing_is_said():
    need_deep()
    require_packages("sasrec")


@pytest.mark.parametrize("strategy", DEEP_SOURCES)
def test_a_saved_model_is_served_without_them(strategy, shop_events, shop_items, tmp_path):
    need_deep()
    params = {strategy: SMALL[strategy] | {"epochs": 2}}
    model = quick_model(shop_events, shop_items, strategy=strategy, source_params=params)
    model.save(tmp_path / "v1")
    history = [event(thing("kitchen", 3), "view")._replace(timestamp=model.info["data_until"] + 5)]
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", SERVE, tmp_path / "v1"], cwd=ROOT, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == ids(model.recommend("u00", 5, history=history))


def test_every_epoch_is_told(shop_events, caplog):
    need_deep()
    caplog.set_level(logging.INFO, logger="recommender")
    quick_model(ring_walks(), None, strategy="sasrec", source_params={"sasrec": SMALL["sasrec"] | {"epochs": 2}})
    told = [record.getMessage() for record in caplog.records if "epoch" in record.getMessage()]
    assert [line.split(":")[1].strip() for line in told] == ["epoch 1 of 2", "epoch 2 of 2"]
    assert all("recall@50" in line for line in told)


@pytest.mark.parametrize("people", [6, 100], ids=["nobody judges", "judged"])
def test_a_training_that_comes_apart_makes_no_model(people):
    """It was saved with arrays of NaN, and every list was what is trending."""
    need_deep()
    params = {"sasrec": SMALL["sasrec"] | {"learning_rate": 1e6}}
    with pytest.raises(DataError, match=r"sasrec: the loss .* is no number any more; a learning_rate below 1e\+06"):
        quick_model(ring_walks(people), None, strategy="sasrec", source_params=params)


def test_a_log_of_pairs_is_enough_and_warns_of_nothing():
    need_deep()
    pairs = ring_walks(8).groupby("user_id").head(2)
    model = quick_model(pairs, None, strategy="sasrec", source_params={"sasrec": SMALL["sasrec"]})
    first, second = pairs["item_id"].head(2)
    found = model.recommend("nobody", 5, history=[event(first, "view")])
    assert ids(found)[0] == second
    assert {one.source for one in found} == {"sasrec"}


def test_a_network_can_join_the_blend(shop_events, shop_items, tmp_path):
    need_deep()
    params = {"two_tower": SMALL["two_tower"] | {"epochs": 2}}
    model = quick_model(shop_events, shop_items, extra_sources=["two_tower"], extra_check=False, source_params=params)
    assert "two_tower" in model.info["sources"]
    assert "two_tower_rank" in model.model_.ranker.names
    model.save(tmp_path / "v1")
    again = load(tmp_path / "v1")
    assert again.get_params()["extra_sources"] == ("two_tower",)
    assert again.recommend("u00", 8) == model.recommend("u00", 8)


def test_it_joins_only_if_the_blend_is_surely_better_with_it(shop_items):
    need_deep()
    params = {"two_tower": SMALL["two_tower"] | {"epochs": 1}}
    model = quick_model(two_shelves(200), shop_items, extra_sources=["two_tower"], source_params=params)
    found = model.info["extra_sources"]
    assert found["sources"] == ["two_tower"]
    assert found["users"] >= MIN_JUDGED_USERS
    assert found["low"] <= found["difference"] <= found["high"]
    assert found["joined"] is (found["low"] > 0) is ("two_tower" in model.info["sources"])


@pytest.mark.parametrize(("low", "high", "joined"), [(0.001, 0.02, True), (-0.001, 0.02, False), (0.0, 0.0, False)])
def test_sure_is_an_interval_wholly_above_zero(low, high, joined):
    difference = PairedDifference((low + high) / 2, low, high, 0.9, 100)
    assert Comparison(("sasrec",), difference, "").is_better is joined


def test_a_handful_of_people_shows_nothing(shop_events, shop_items):
    model = quick_model(shop_events, shop_items, extra_sources=["two_tower"])
    assert "two_tower" not in model.info["sources"]
    assert model.info["extra_sources"]["reason"] == "not compared: 11 people could be judged, 20 are needed"


def test_a_log_too_short_to_compare_on_leaves_the_network_out():
    log = Interactions.from_frame(purchases({"u": ["a", "b"]}, step=0))
    model = HybridRecommender(effort="quick", extra_sources=("sasrec",)).fit(log)
    assert "sasrec" not in model.info["sources"]
    assert model.info["extra_sources"]["reason"].startswith("not compared: ")


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"extra_sources": ["svd"]}, "'svd' cannot join the blend; what can is two_tower, sasrec"),
        ({"extra_sources": ["sasrec"], "strategy": "ease"}, "can join the strategy 'hybrid' alone, not 'ease'"),
    ],
)
def test_what_cannot_join_is_refused_in_words(params, told):
    with pytest.raises(DataError, match=told):
        HybridRecommender(**params).fit(Interactions.from_frame(purchases({"u": ["a", "b"]})))


def test_parameters_of_a_network_are_checked_and_reach_the_blend_it_joins():
    found = Parameters({"sasrec": {"log_q": False, "epochs": 3}})
    assert found.settings_for("hybrid") == {}
    assert found.settings_for("hybrid+sasrec") == {"source_params": {"sasrec": {"log_q": False, "epochs": 3}}}
    with pytest.raises(DataError, match="log_q must be true or false, not 1"):
        Parameters({"sasrec": {"log_q": 1}})
