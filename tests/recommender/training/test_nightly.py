"""The nightly step: judged on the end of the log, refitted on all of it, and repeatable from its parameters."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from recommender.data.weights import DEFAULT_STAR_WEIGHTS, EventWeights
from recommender.errors import DataError
from recommender.gate import Check
from recommender.hybrid import HybridRecommender
from recommender.modelcard import model_card
from recommender.training import LIVE, Search, TrainResult, recommender_from, train
from recommender.tuning import Budget
from tests.recommender.worlds import DAY, START, data_of, ids, purchases, ring_walks

USERS = ("u000", "u013", "u059", "somebody new")


@pytest.fixture(scope="module")
def walks() -> pd.DataFrame:
    """Sixty people who go round a ring of items at the same time, a step a day."""
    frame = ring_walks(60)
    day = frame.groupby("user_id").cumcount()
    return frame.assign(timestamp=START + day * DAY + frame["user_id"].str[1:].astype(int))


@pytest.fixture(scope="module")
def items() -> pd.DataFrame:
    """The ring, and one thing that nobody has touched yet."""
    return pd.DataFrame(
        {"item_id": [*(f"ring-{n:02d}" for n in range(15)), "unsold"], "title": [f"thing {n}" for n in range(16)]}
    )


@pytest.fixture(scope="module")
def trained(walks: pd.DataFrame, items: pd.DataFrame) -> TrainResult:
    return train(walks, items, strategy="itemseq", random_state=7)


def stages_of(walks: pd.DataFrame, **options: object) -> tuple[TrainResult, list[str]]:
    told: list[str] = []
    found = train(walks, progress=lambda stage, _: told.append(stage), **options)  # type: ignore[arg-type]
    return found, list(dict.fromkeys(told))


def check(found: TrainResult, name: str) -> Check:
    return next(check for check in found.gate.checks if check.name == name)


def lists(model: HybridRecommender) -> list[list[str]]:
    return [ids(model.recommend(user, 5)) for user in USERS]


def test_a_model_that_found_the_planted_order_passes(trained):
    assert trained.gate.passed
    assert {"enough users", "finite", "against popular", "against trending"} <= {c.name for c in trained.gate.checks}
    assert trained.metrics["itemseq"]["ndcg@10"] > trained.metrics["popular"]["ndcg@10"]
    assert trained.metrics.keys() == {"itemseq", "popular", "trending", "itemknn"}, "there are no stars for the fifth"


def test_a_model_that_looks_at_popularity_alone_does_not(walks):
    found = train(walks, strategy="popular")
    assert not found.gate.passed
    assert not check(found, "against itemseq").passed
    assert found.model.info["strategy"] == "popular", "the verdict is the caller's to obey"


def test_the_model_itself_is_fitted_on_every_row(trained, walks, items):
    assert trained.model.info["n_events"] == trained.n_events == len(walks)
    assert (trained.n_users, trained.n_items) == (60, 16)
    everything = HybridRecommender(strategy="itemseq", random_state=7).fit(
        data_of(walks).events, data_of(walks, items).catalogue
    )
    assert lists(trained.model) == lists(everything)


def test_a_search_before_it_goes_by_the_part_that_the_gate_does_not_judge(walks, tmp_path):
    """Who walks forwards is badly foretold by looking back over a long memory: that is found, and the model has it."""
    poor = {"source_params": {"itemseq": {"history_decay": 0.99, "backward": 1.0, "gap_decay": 0.99}}}
    search = Search(Budget(trials=12), tmp_path / "trials.jsonl")
    found = train(walks, strategy="itemseq", settings=poor, search=search)
    assert found.tuned is not None
    assert found.tuned.found["itemseq"].is_taken
    better = found.tuned.parameters.source_params["itemseq"]
    assert found.params["source_params"]["itemseq"] == better != poor["source_params"]["itemseq"]
    assert check(found, "search for parameters").level == "note"
    assert re.search(r"taken: itemseq ndcg 0\.\d+ -> 0\.\d+", check(found, "search for parameters").detail)
    assert (tmp_path / "trials.jsonl").read_text("utf-8").count("\n") == sum(
        one.n_trials for one in found.tuned.found.values()
    )
    again = recommender_from(json.loads(json.dumps(found.params)))
    assert again.source_params["itemseq"] == better


def test_rows_that_were_counted_in_the_order_of_their_items_are_parted_as_the_fit_sees_them(walks, monkeypatch):
    """Their times are drawn; held against the drawn cut, the counts would all be from before it."""
    searched: list[pd.DataFrame] = []

    def look(part: pd.DataFrame, *_: object, **__: object) -> None:
        searched.append(part)
        raise DataError("nothing is searched here")

    monkeypatch.setattr("recommender.training.nightly.tune", look)
    rows = walks.sort_values(["item_id", "user_id"]).assign(kind="rating", value=4.0)
    counted = rows.assign(timestamp=range(len(rows)))
    found = train(counted, strategy="svd", search=Search(Budget(trials=1)))
    assert len(searched[0]) < 0.95 * len(counted)
    assert check(found, "stars").passed, "there are stars from after the cut"


def test_a_log_too_short_to_search_in_is_trained_as_it_is(walks):
    few = walks[walks["user_id"] < "u006"]
    found = train(few, strategy="itemseq", search=Search(Budget(trials=2)))
    assert found.tuned is None
    assert found.params == {"strategy": "itemseq", "random_state": 0}
    assert check(found, "search for parameters").level == "note"
    assert check(found, "search for parameters").detail.startswith("no search: a search needs 20 users to judge by")


def test_its_parameters_make_the_same_model_again(trained, walks, items):
    """Also after they were kept as JSON beside the run."""
    kept = json.loads(json.dumps(trained.params))
    assert kept == {"strategy": "itemseq", "random_state": 7}
    data = data_of(walks, items)
    assert lists(recommender_from(kept).fit(data.events, data.catalogue)) == lists(trained.model)


def test_settings_are_part_of_the_parameters(walks):
    weights = EventWeights(kinds={"purchase": 1.0, "view": 0.1}).to_dict()
    settings = {"weights": weights, "source_params": {"itemseq": {"window": 2}}, "max_per_family": 3}
    found = train(walks, strategy="itemseq", settings=settings, with_evaluation=False)
    again = recommender_from(json.loads(json.dumps(found.params)))
    assert again.get_params() == found.model.get_params()
    assert again.weights == EventWeights(kinds={"purchase": 1.0, "view": 0.1}, stars=DEFAULT_STAR_WEIGHTS)
    assert again.source_params == {"itemseq": {"window": 2}}


def test_a_candidate_is_judged_with_its_own_settings(walks, trained):
    """Here it looks backwards only, where the planted order goes forwards."""
    settings = {"source_params": {"itemseq": {"window": 1, "backward": 1_000.0}}}
    found = train(walks, strategy="itemseq", random_state=7, settings=settings)
    assert found.metrics["itemseq"]["ndcg@10"] < trained.metrics["itemseq"]["ndcg@10"]
    assert found.metrics["popular"]["ndcg@10"] == trained.metrics["popular"]["ndcg@10"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"strategy": "itemseq", "colour": "red"}, "these parameters make no recommender: .*colour"),
        ({"weights": {"kinds": {"stare": 1.0}, "stars": [1] * 5}}, "'stare' is not one of"),
        ({"weights": {"kinds": {}, "stars": [1]}}, "five numbers 'stars'"),
        ({"weights": {"kinds": {}}}, "five numbers 'stars'"),
    ],
)
def test_parameters_that_make_no_recommender_are_refused_in_words(params, told):
    with pytest.raises(DataError, match=told):
        recommender_from(params)


# What is live


def test_live_parameters_are_refitted_on_the_same_split_and_compared(walks):
    found, stages = stages_of(walks, strategy="itemseq", live_params={"strategy": "popular", "random_state": 0})
    assert f"evaluate {LIVE}" in stages
    assert found.metrics[LIVE]["ndcg@10"] == found.metrics["popular"]["ndcg@10"]
    assert check(found, "against live").passed
    assert {"against live", "coverage"} <= {c.name for c in found.gate.checks}


def test_a_model_worse_than_the_live_one_is_refused(walks):
    found = train(walks, strategy="trending", live_params={"strategy": "itemseq"})
    assert not check(found, "against live").passed
    assert not found.gate.passed


def test_the_same_parameters_as_live_are_not_fitted_twice_and_pass(walks, trained):
    found, stages = stages_of(walks, strategy="itemseq", random_state=7, live_params=trained.params)
    assert f"evaluate {LIVE}" not in stages
    assert check(found, "against live").passed
    assert found.metrics[LIVE] == found.metrics["itemseq"]


@pytest.mark.parametrize(
    ("live", "told"),
    [({"strategy": "svd"}, "no star rating"), ({"strategy": "itemseq", "beams": 3}, "make no recommender: .*beams")],
    ids=["the ratings are gone", "of another version of this code"],
)
def test_live_parameters_that_no_longer_make_a_model_stop_no_training(live, told, walks):
    """Nothing can be compared, and the report says why."""
    found = train(walks, strategy="itemseq", live_params=live)
    assert found.gate.passed
    assert re.search(f"^the live parameters could not be judged: .*{told}", check(found, "against live").detail)
    assert LIVE not in found.metrics


# Without much to go by


def test_a_first_start_waits_for_no_evaluation(walks):
    found, stages = stages_of(walks, strategy="itemseq", with_evaluation=False)
    assert not [stage for stage in stages if stage.startswith("evaluate")]
    assert found.metrics == {}
    assert found.gate.passed
    assert [c.name for c in found.gate.checks] == ["first model"]


@pytest.mark.parametrize("frame", [purchases({"u": ["a", "b"]}, step=0), purchases({"u": ["a"], "v": ["b"]})])
def test_a_log_too_short_to_be_split_fails_the_gate_and_is_learned_all_the_same(frame):
    found = train(frame, strategy="popular")
    assert not check(found, "time split").passed
    assert not found.gate.passed
    assert found.metrics == {}
    assert found.n_events == len(frame)
    assert len(found.model.recommend("somebody new")) == 2


def test_a_strategy_that_the_data_cannot_feed_cannot_be_trained(walks):
    with pytest.raises(DataError, match="strategy 'svd' cannot be fitted"):
        train(walks, strategy="svd")


def test_a_strategy_that_is_none_is_said_before_anything_is_fitted(walks):
    told: list[str] = []
    with pytest.raises(DataError, match="no strategy 'hybird'"):
        train(walks, strategy="hybird", progress=lambda stage, _: told.append(stage))
    assert told == []


def test_nothing_to_learn_from_is_said_in_words():
    with pytest.raises(DataError):
        train(purchases({}), strategy="popular")


# The report


def test_time_memory_and_progress_are_told(walks):
    found, stages = stages_of(walks, strategy="itemseq")
    assert found.seconds > 0
    assert found.peak_mb > 10
    evaluated = [stage.removeprefix("evaluate ") for stage in stages if stage.startswith("evaluate ")]
    judged = [stage for stage in evaluated if ": " not in stage]
    assert judged == ["itemseq", "popular", "trending", "itemknn", "svd_content"]
    assert stages.index("evaluate svd_content") < stages.index("fit on all data")


def test_the_fit_of_the_model_that_is_judged_tells_what_it_is_at(walks):
    """It takes longer than all that follows it: six minutes of a large shop's training stood at one word."""
    _found, stages = stages_of(walks, strategy="itemseq")
    within = stages.index("evaluate itemseq: itemseq")
    assert stages.index("evaluate itemseq") < within < stages.index("evaluate popular")


def test_what_was_mended_and_what_was_left_out_is_noted(walks):
    with_numbers = walks.assign(user_id=walks["user_id"].str[1:].astype(int))
    found = train(with_numbers, strategy="hybrid", settings={"effort": "quick"}, with_evaluation=False)
    assert found.notes["data"] == {"user_id: whole numbers written as text": len(walks)}
    assert {"svd", "content", "bought_together"} <= found.notes["skipped"].keys()
    assert json.loads(json.dumps(found.notes)) == found.notes


def test_what_was_mended_of_the_catalogue_is_noted_too(walks):
    names = sorted(walks["item_id"].unique())
    prices = [0.0, 0.0, *range(2, len(names) + 1)]
    items = pd.DataFrame({"item_id": [names[0], *names], "title": "a thing", "price": prices})
    found = train(walks, items, strategy="itemseq", with_evaluation=False)
    mended = {"catalogue, item_id: earlier rows of a repeated id": 1, "catalogue, price: zero taken as not known": 2}
    assert found.notes["data"] == mended
    assert found.model.data_report.repairs == mended
    assert found.model.data_report.n_rows == len(walks)
    assert "- catalogue, item_id: earlier rows of a repeated id: 1" in model_card(found.model.model_)


def test_the_peak_is_that_of_the_whole_training(walks, monkeypatch):
    """What a rehearsed model took is measured anew for each, and counts."""
    monkeypatch.setattr("recommender.evaluation.judging.peak_mb", lambda: 900.0)
    monkeypatch.setattr("recommender.training.nightly.peak_mb", lambda: 60.0)
    assert train(walks, strategy="itemseq").peak_mb == 900.0
