"""The card that goes with every model: what it says is what the model is, and it is there when the model is opened."""

from __future__ import annotations

import pytest

from recommender.artifacts import CARD
from recommender.hybrid import HybridRecommender, load
from recommender.interactions import Interactions
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
    assert "No order was learned" in card


def test_a_learned_order_names_what_decides(shop_model):
    importance = shop_model.model_.info["ranker"]["importance"]
    card = model_card(shop_model.model_)
    first = next(iter(importance))
    assert f"| `{first}` | {importance[first]:.1%} |" in card


def test_no_cell_breaks_a_table(trained):
    tables = [line for line in model_card(trained.model.model_).splitlines() if line.startswith("|")]
    widths = [line.count("|") for line in tables]
    assert all(a == b for a, b, line in zip(widths, widths[1:], tables[1:], strict=False) if "---" in line)
    assert min(widths) >= 3
