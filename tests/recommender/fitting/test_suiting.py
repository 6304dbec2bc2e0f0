"""Sources take what suits the log: iALS is held back as it needs, and order is weighed where it says something."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender import HybridRecommender, Interactions
from recommender.fitting import suiting
from recommender.fitting.fit import specs_for
from recommender.fitting.suiting import IALS_SETTINGS, ORDERLESS_SETTINGS, suited
from recommender.sources import SourceSpec
from recommender.training_data import TrainingData
from tests.recommender.worlds import START, data_of, ring_walks

GROUPS, ON_A_GROUP, PEOPLE = 300, 6, 600


@pytest.fixture(scope="module")
def niches() -> pd.DataFrame:
    """People who each buy most of two small groups of things among very many, in an order of their own."""
    draw = np.random.default_rng(0)
    rows = []
    for user in range(PEOPLE):
        things = [f"g{g:02d}-{n}" for g in draw.choice(GROUPS, 2, replace=False) for n in range(ON_A_GROUP)]
        rows += [
            (f"u{user:03d}", thing, "purchase", 1_000 + n) for n, thing in enumerate(draw.permutation(things)[:10])
        ]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "kind", "timestamp"])


def settings_for(data: TrainingData) -> dict[str, object]:
    return dict(suited({"ials": SourceSpec("ials")}, data, 0)["ials"].params)


def test_a_log_of_many_niches_gets_more_factors_held_back_less(niches):
    assert settings_for(data_of(niches)) == IALS_SETTINGS[2]


def test_defaults_stay_where_nothing_is_surely_better(shop_data):
    assert settings_for(shop_data) == {}


def test_too_few_people_decide_nothing(niches):
    few = niches[niches["user_id"] < "u090"]
    assert settings_for(data_of(few)).keys() <= {"reg"}  # what a few events need does not go by who was asked


def test_of_a_large_log_some_of_the_people_decide(niches, monkeypatch):
    monkeypatch.setattr(suiting, "MOST_EVENTS", len(niches) // 2)
    looked_at = []
    quality = suiting._quality
    monkeypatch.setattr(suiting, "_quality", lambda source, held: looked_at.append(len(held)) or quality(source, held))
    assert settings_for(data_of(niches)) == IALS_SETTINGS[2]
    assert set(looked_at) == {PEOPLE // 2}


def test_what_was_dismissed_is_not_what_should_have_been_found(niches):
    """Everybody ends with something they turn down unseen; what they chose before it is held back."""
    end = niches.groupby("user_id", as_index=False).agg(timestamp=("timestamp", "max"))
    shunned = end.assign(item_id="junk", kind="dismiss", timestamp=end["timestamp"] + 1)
    data = data_of(pd.concat([niches, shunned]))
    junk = data.catalogue.items.row("junk")
    part, held = suiting._held_back(data, np.random.default_rng(0))
    assert len(held) == PEOPLE
    assert junk not in {one.chosen for one in held}
    assert junk not in part.events.item_rows
    assert settings_for(data) == IALS_SETTINGS[2]


def test_settings_that_were_given_stay_as_they_are(niches):
    given = {
        "ials": SourceSpec("ials", {"reg": 60.0}),
        "ease": SourceSpec("ease", {"recency": 0.6, "history_length": 9}),
    }
    assert suited(given, data_of(niches), 0) == given


def test_a_parameter_that_was_given_does_not_bring_the_others_back_to_order(niches):
    changed = suited({"ease": SourceSpec("ease", {"top_k": 50, "recency": 0.3})}, data_of(niches), 0)
    assert changed["ease"].params == {"top_k": 50, "recency": 0.3, "history_length": 400}


def test_a_very_large_catalogue_keeps_the_defaults(niches, monkeypatch):
    monkeypatch.setattr(suiting, "MOST_ITEMS", 10)
    assert settings_for(data_of(niches)) == {}


def test_where_order_says_nothing_nothing_is_weighed_by_it(niches):
    blend, _ = specs_for("hybrid", {})
    changed = suited(blend, data_of(niches), 0)
    assert {name for name in blend if changed[name] != blend[name]} == {"ials", "itemseq", "ease"}
    assert {name: changed[name].params for name in ORDERLESS_SETTINGS} == ORDERLESS_SETTINGS


def test_where_order_says_something_it_is_weighed_as_ever(niches):
    in_order = niches.sort_values(["user_id", "item_id"]).assign(timestamp=START + niches["timestamp"].to_numpy())
    blend, _ = specs_for("hybrid", {})
    changed = suited(blend, data_of(in_order), 0)
    assert {name for name in blend if changed[name] != blend[name]} == {"ials"}


@pytest.mark.parametrize("name", sorted(ORDERLESS_SETTINGS))
def test_a_source_alone_is_fitted_with_what_suits(niches, name):
    model = HybridRecommender(name, random_state=0).fit(Interactions.from_frame(niches))
    params = model.model_.pipeline.sources.retrievers[name].get_params()
    assert params.items() >= ORDERLESS_SETTINGS[name].items()
    assert model.info["notes"][name].items() & ORDERLESS_SETTINGS[name].items()


def test_only_the_sources_of_the_model_are_looked_at(niches):
    assert suited({"itemknn": SourceSpec("itemknn")}, data_of(niches), 0) == {"itemknn": SourceSpec("itemknn")}


def test_what_was_chosen_is_the_same_every_time_and_does_not_change_the_data(niches):
    data = data_of(niches)
    before = data.events.item_rows.copy()
    assert settings_for(data) == settings_for(data)
    assert data.events.item_rows.tolist() == before.tolist()


def test_a_model_is_fitted_with_what_suits_and_says_so(niches):
    model = HybridRecommender("ials", random_state=0).fit(Interactions.from_frame(niches))
    assert model.model_.pipeline.sources.retrievers["ials"].n_factors == IALS_SETTINGS[2]["n_factors"]
    assert model.info["notes"]["ials"] == {"alpha": 20.0} | IALS_SETTINGS[2]


def test_a_log_without_choices_is_fitted_as_ever():
    assert settings_for(data_of(ring_walks(3))).keys() <= {"reg"}


@pytest.fixture(scope="module")
def two_clubs() -> pd.DataFrame:
    """Six people of two clubs, each of whom bought four of the five things of the own club."""
    draw = np.random.default_rng(1)
    rows = [
        (f"u{user}", f"{'ab'[user % 2]}{thing}", "purchase", START + int(draw.integers(90)) * 86_400)
        for user in range(6)
        for thing in draw.choice(5, 4, replace=False)
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "kind", "timestamp"])


@pytest.mark.parametrize("strategy", ["ials", "hybrid"])
def test_of_a_few_events_something_is_learned_still(two_clubs, strategy):
    """Held back as ever, the factors of so small a log fall to nothing, and a club is offered the other's things."""
    model = HybridRecommender(strategy, random_state=0).fit(Interactions.from_frame(two_clubs))
    things = set(two_clubs["item_id"])
    for user, bought in two_clubs.groupby("user_id")["item_id"]:
        left = {thing for thing in things - set(bought) if thing[0] == bought.iloc[0][0]}
        assert {found.item_id for found in model.recommend(user, k=len(left))} == left, user


def test_a_log_that_factors_come_out_of_is_held_back_as_ever(two_clubs, niches):
    assert settings_for(data_of(two_clubs))["reg"] < 60.0
    many = pd.concat([two_clubs.assign(user_id=two_clubs["user_id"] + f"-{copy}") for copy in range(9)])
    assert settings_for(data_of(many)) == {}
