"""The card that goes with every model: what it says is what the model is, and it is there when the model is opened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recommender.artifacts import CARD
from recommender.data.interactions import Interactions
from recommender.hybrid import HybridRecommender, load
from recommender.modelcard import model_card
from recommender.training import TrainResult, train
from tests.recommender.worlds import DAY, START, purchases, ring_walks


@pytest.fixture(scope="module")
def trained() -> TrainResult:
    """Sixty people go round a ring at the same time, so that the last days can be judged."""
    frame = ring_walks(60)
    day = frame.groupby("user_id").cumcount()
    return train(frame.assign(timestamp=START + day * DAY), strategy="itemseq")


def test_a_saved_model_carries_its_card(trained, tmp_path):
    trained.model.save(tmp_path / "one")
    written = (tmp_path / "one" / CARD).read_text("utf-8")
    assert written == model_card(trained.model.model_)
    load(tmp_path / "one").save(tmp_path / "two")
    assert (tmp_path / "two" / CARD).read_text("utf-8") == written


def test_the_card_tells_the_data_and_every_verdict(trained):
    card = model_card(trained.model.model_)
    assert f"{trained.n_events:,} events of {trained.n_users:,} people about {trained.n_items:,} products" in card
    for name, values in trained.metrics.items():
        assert f"| {name} | {values['ndcg@10']:.4f} |" in card
    for check in trained.gate.checks:
        assert f"| {check.name} | " in card
    assert ("The gate let it through." in card) == trained.gate.passed


def test_a_model_that_nobody_judged_says_so():
    events = Interactions.from_frame(purchases({"ana": ["cup"], "ben": ["cup", "pot"]}))
    model = HybridRecommender(strategy="popular").fit(events)
    card = model_card(model.model_)
    assert "It was not: it learned from the whole log" in card
    assert "The gate" not in card
    assert "No order was learned: it is that of the scores of `popular`." in card


def test_a_log_without_times_has_no_last_day():
    """Numbers of rows, read as seconds, would be a morning of 1970."""
    events = purchases({"ana": ["cup"], "ben": ["cup", "pot"]}).drop(columns="timestamp")
    card = model_card(HybridRecommender(strategy="popular").fit(Interactions.from_frame(events)).model_)
    assert "3 events of 2 people about 2 products, whose times are not known." in card
    assert "1970" not in card


def test_a_weight_that_nobody_set_is_not_called_set():
    """In a log of views alone a view is the unit, and all others go up with it."""
    views = purchases({"ana": ["cup"], "ben": ["cup", "pot"]}).assign(kind="view")
    card = model_card(HybridRecommender(strategy="popular").fit(Interactions.from_frame(views)).model_)
    assert "| `view` | 1 | not learned |" in card


def test_a_learned_order_names_what_decides(shop_model):
    importance = shop_model.model_.info["ranker"]["importance"]
    card = model_card(shop_model.model_)
    first = next(iter(importance))
    assert f"| `{first}` | {importance[first]:.1%} |" in card
    assert "| feature | share of the weights |" in card, "without trees there is no gain to share"


def test_trees_of_new_visits_are_told_where_they_are_others(shop_model):
    model = shop_model.model_
    told = "On visits after the end of the log 50 trees correct it"
    for report, is_told in (({"rounds": 150, "live_rounds": 50}, True), ({"rounds": 50, "live_rounds": 50}, False)):
        ranker = replace(model.ranker, report=report)
        assert (told in model_card(replace(model, ranker=ranker))) == is_told


def test_what_is_left_out_is_named_once():
    bought = Interactions.from_frame(purchases({"ana": ["cup"], "ben": ["cup", "pot"]}))
    card = model_card(HybridRecommender(effort="quick").fit(bought).model_)
    assert "- `svd`: there is no star rating to learn from" in card


def test_no_cell_breaks_a_table(trained):
    tables = [line for line in model_card(trained.model.model_).splitlines() if line.startswith("|")]
    widths = [line.count("|") for line in tables]
    assert all(a == b for a, b, line in zip(widths, widths[1:], tables[1:], strict=False) if "---" in line)
    assert min(widths) >= 3
