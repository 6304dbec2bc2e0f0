"""What somebody sets for their own lists: each knob moves the list the way it says, and never is never."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.arrays.vectorindex import normalise
from recommender.errors import DataError
from recommender.hybrid import HybridRecommender, load
from recommender.reranking.preferences import NEUTRAL, Preferences
from recommender.reranking.reranker import maximal_marginal_relevance
from recommender.types import Recommendation
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import event, ids, shelf_of, thing

GUEST = [event(thing("kitchen", 3), "click", days=-2), event(thing("garden", 5), "purchase", days=-1)]
K = 8


def listed(model: HybridRecommender, k: int = K, *, history: list = GUEST, **preferences: object) -> list[str]:
    return ids(model.recommend("guest", k, history=history, preferences=Preferences(**preferences)))  # type: ignore[arg-type]


def row_of(frame: pd.DataFrame, item: str) -> pd.Series:
    return frame.set_index("item_id").loc[item]


def places_of_prices(frame: pd.DataFrame) -> pd.Series:
    """Rank of each price within its category, 0 to 1, worked out another way."""
    ranks = frame.groupby("category")["price"].rank(pct=True)
    return pd.Series(ranks.to_numpy(), index=frame["item_id"])


def likeness_within(model: HybridRecommender, items: list[str]) -> float:
    vectors = model.item_vectors(items)
    assert vectors is not None
    cosines = vectors @ vectors.T
    return float(cosines[~np.eye(len(items), dtype=bool)].mean())


# Nothing said, nothing changed


@pytest.mark.parametrize("said", [{}, {"never": {"Attic"}}, {"more": {"Attic"}}, {"never_brands": {"nobody"}}])
@pytest.mark.parametrize("strategy", ["hybrid", "itemseq", "recently_viewed"])
def test_neutral_settings_change_nothing_to_the_last_bit(shop_model, said, strategy):
    """Nor do wishes about what the model does not have."""
    preferences = Preferences(**{name: frozenset(value) for name, value in said.items()})
    before = shop_model.recommend("u00", 20, history=GUEST, strategy=strategy)
    after = shop_model.recommend("u00", 20, history=GUEST, strategy=strategy, preferences=preferences)
    assert after == before


@pytest.mark.parametrize("said", [{"familiar_new": -1.0, "budget_premium": 1.0}, {"variety": 1.0}, {"variety": -1.0}])
def test_what_was_looked_at_comes_back_in_its_order_whatever_is_set(shop_model, said):
    looks = [thing(shelf, number) for number in (1, 2, 3) for shelf in ("kitchen", "garden")]
    history = [event(item, "view", days=day) for day, item in enumerate(looks)]
    asked = {"history": history, "strategy": "recently_viewed", "preferences": Preferences(**said)}
    assert ids(shop_model.recommend("guest", len(looks), **asked)) == looks[::-1]


def test_the_default_is_neutral():
    assert Preferences() == NEUTRAL
    assert not NEUTRAL.moves_scores
    assert not NEUTRAL.hides
    assert {field.name for field in fields(Preferences)} == {
        *("familiar_new", "budget_premium", "variety"),
        *("more", "less", "never", "never_brands"),
    }


@pytest.mark.parametrize("name", ["familiar_new", "budget_premium", "variety"])
@pytest.mark.parametrize("value", [-1.01, 2.0, float("nan"), float("inf")])
def test_a_slider_beyond_its_ends_is_refused_in_words(name, value):
    with pytest.raises(DataError, match=f"preferences: {name} must be between -1 and 1"):
        Preferences(**{name: value})


# Sliders


def test_budget_and_premium_move_to_low_and_high_prices_of_each_category(shop_model, shop_items):
    place = places_of_prices(shop_items)
    mean = {value: place[listed(shop_model, budget_premium=value)].mean() for value in (-1.0, -0.4, 0.0, 0.4, 1.0)}
    assert list(mean.values()) == sorted(mean.values())
    assert mean[-1.0] < mean[0.0] - 0.1
    assert mean[1.0] > mean[0.0] + 0.1


def test_a_price_counts_within_its_category_and_not_against_others(shop_model):
    """Everything of the garden costs a hundred more; a small purse does not drive anybody out of the garden."""
    history = [event(thing("garden", number), "purchase", days=-number) for number in (2, 5, 13)]
    assert {shelf_of(item) for item in listed(shop_model, budget_premium=-1.0, history=history)} >= {"garden"}


def test_familiar_and_new_move_to_the_well_known_and_the_little_known(shop_model):
    """For somebody without a past nothing else is familiar."""
    columns, row = shop_model.model_.pipeline.columns, shop_model.item_ids.row

    def known(value: float) -> float:
        found = listed(shop_model, familiar_new=value, history=[])
        return float(np.mean([columns.log_counts[row(item)] for item in found]))

    assert known(-1.0) >= known(0.0) > known(1.0)


def test_familiar_keeps_to_the_own_categories_and_new_leaves_them(shop_model, shop_items):
    mine = {row_of(shop_items, e.item_id)["category"] for e in GUEST}

    def own(value: float) -> int:
        return sum(row_of(shop_items, item)["category"] in mine for item in listed(shop_model, familiar_new=value))

    assert own(-1.0) >= own(0.0) >= own(1.0)
    assert own(-1.0) > own(1.0)


def test_variety_spreads_the_list_and_draws_it_together(shop_model):
    likeness = {value: likeness_within(shop_model, listed(shop_model, variety=value)) for value in (-1.0, 0.0, 1.0)}
    assert likeness[-1.0] > likeness[0.0] > likeness[1.0]


def test_variety_begins_where_the_model_stands():
    for own in (0.0, 0.3, 0.9):
        assert Preferences().diversity(own) == own
        ends = [Preferences(variety=value).diversity(own) for value in (-1.0, -0.5, 0.5, 1.0)]
        assert ends == sorted(ends)
        assert min(ends) >= -1
        assert max(ends) <= 1


def test_below_zero_what_is_like_the_first_comes_next():
    vectors = normalise(np.array([[1, 0], [0, 1], [1, 0.01]], dtype=np.float32))
    scores = np.array([3.0, 2.9, 2.5], np.float32)
    assert maximal_marginal_relevance(np.arange(3), scores, vectors, 3, -0.5).tolist() == [0, 2, 1]


@settings(max_examples=60)
@given(low=st.floats(-1, 1), high=st.floats(-1, 1), name=st.sampled_from(["budget_premium", "familiar_new"]))
def test_further_along_a_slider_never_means_less_of_it(shop_model, low, high, name):
    """The best of ``score + x * place`` have, the larger x, the larger a mean place: no setting works backwards."""
    low, high = sorted((low, high))
    answerer = shop_model._answerer
    state = answerer.state_of(shop_model.model_.histories.of(0))
    rows = np.arange(len(shop_model.item_ids))
    scores = np.random.default_rng(0).normal(size=len(rows)).astype(np.float32)
    rules = answerer._rules
    place = rules.price_places if name == "budget_premium" else rules.novelty(state, rows)

    def mean_place(value: float) -> float:
        moved = rules.scores(Preferences(**{name: value}), state, rows, scores)
        return float(place[np.lexsort((rows, -moved))[:K]].mean())

    assert mean_place(low) <= mean_place(high) + 1e-5


# Categories and brands


@pytest.mark.parametrize("category", ["Garden", "Garden > Seeds", "Kitchen > Cups"])
def test_more_and_less_of_a_category(shop_model, shop_items, category):
    def share(**said: object) -> int:
        found = listed(shop_model, **said)
        return sum(str(row_of(shop_items, item)["category"]).startswith(category) for item in found)

    wish = frozenset({category})
    assert share(more=wish) > share(less=wish)
    assert share(more=wish) >= share() >= share(less=wish)


def test_more_of_what_was_never_looked_at_brings_it_in(shop_model):
    """Nobody crosses from one shelf to the other in this shop, so nothing of it would be a candidate otherwise."""
    history = [event(thing("kitchen", number), "purchase", days=-number) for number in (2, 5, 13)]
    assert "garden" not in {shelf_of(item) for item in listed(shop_model, history=history)}
    wished = listed(shop_model, history=history, more=frozenset({"Garden"}))
    assert [shelf_of(item) for item in wished].count("garden") >= 2


def test_of_two_wishes_the_closer_one_counts(shop_model, shop_items):
    """Less of the garden, but more of its seeds."""
    found = listed(shop_model, less=frozenset({"Garden"}), more=frozenset({"Garden > Seeds"}))
    kinds = [row_of(shop_items, item)["category"] for item in found]
    assert "Garden > Seeds" in kinds
    assert "Garden > Tools" not in kinds[:3]


@settings(max_examples=60)
@given(data=st.data())
def test_never_is_never(shop_model, shop_items, data):
    """Whoever asks for whatever, also where the list is filled up, also for what more is wished of."""
    categories = ["Kitchen", "Kitchen > Cups", "Garden", "Garden > Seeds"]
    brands = sorted(set(shop_items["brand"]))
    never = data.draw(st.frozensets(st.sampled_from(categories), max_size=3))
    never_brands = data.draw(st.frozensets(st.sampled_from([brand.upper() for brand in brands]), max_size=4))
    found: list[Recommendation] = shop_model.recommend(
        data.draw(st.sampled_from(["u00", "stranger"])),
        data.draw(st.sampled_from([1, 10, 60])),
        history=data.draw(st.sampled_from([[], GUEST])),
        strategy=data.draw(st.sampled_from([None, "itemseq", "popular", "recently_viewed"])),
        preferences=Preferences(
            familiar_new=data.draw(st.sampled_from([-1.0, 0.0, 1.0])),
            variety=data.draw(st.sampled_from([-1.0, 0.0, 1.0])),
            more=data.draw(st.frozensets(st.sampled_from(categories), max_size=2)),
            never=never,
            never_brands=never_brands,
        ),
    )
    for pick in found:
        row = row_of(shop_items, pick.item_id)
        assert not any(row["category"] == c or str(row["category"]).startswith(f"{c} > ") for c in never)
        assert str(row["brand"]).upper() not in never_brands


def test_a_product_newer_than_the_model_is_kept_out_as_well(shop_events, shop_items):
    model = quick_model(shop_events, shop_items)
    like = row_of(shop_items, thing("garden", 5)).to_dict()
    model.add_items(pd.DataFrame([like | {"item_id": "fresh", "category": "Garden > Tools", "brand": "New House"}]))
    assert "fresh" in listed(model, 20)
    for said in ({"never": frozenset({"Garden"})}, {"never_brands": frozenset({"new house"})}):
        assert "fresh" not in listed(model, 20, **said)


@pytest.mark.parametrize("space", ["\n", "\r\n", "\t", "\u2028", "  "], ids=repr)
def test_names_with_odd_spaces_are_found_as_they_were_given_before_and_after_saving(
    shop_events, shop_items, space, tmp_path
):
    """A model once stored a line break as a space, and a brand never wanted came back when it was opened."""
    category, brand = shop_items["category"][0], shop_items["brand"][0]
    odd = shop_items.replace({"category": {category: f"At{space}home"}, "brand": {brand: f"An{space}Na"}})
    inside = set(odd["item_id"][odd["category"] == f"At{space}home"])
    branded = set(odd["item_id"][odd["brand"] == f"An{space}Na"])
    fitted = quick_model(shop_events, odd, strategy="popular")
    fitted.save(tmp_path / "model")
    for model in (fitted, load(tmp_path / "model")):
        for asked in (f"At{space}home", "At home"):
            assert set(ids(model.recommend("guest", 100, category=asked))) <= inside
            assert model.recommend("guest", 100, category=asked)
            assert not inside & set(listed(model, 100, history=[], never={asked}))
        for unwanted in (f"an{space}na", "An Na"):
            assert not branded & set(listed(model, 100, history=[], never_brands={unwanted}))


@pytest.mark.parametrize("divider", [">", " >", "  >  ", " > > "])
def test_a_path_is_found_however_its_levels_are_divided(shop_events, shop_items, divider):
    odd = shop_items.assign(category=[f"Shop{divider}{shelf}" for shelf in shop_items["category"]])
    model = quick_model(shop_events, odd, strategy="popular")
    for asked in (f"Shop{divider}Kitchen", "Shop > Kitchen"):
        shelf = [shelf_of(item) for item in ids(model.recommend("guest", 100, category=asked))]
        assert set(shelf) == {"kitchen"}
        assert "kitchen" not in map(shelf_of, listed(model, 100, history=[], never={asked}))
    assert len(model.recommend("guest", 100, category="Shop")) == len(model.recommend("guest", 100))
    fresh = pd.DataFrame({"item_id": ["fresh"], "title": odd["title"][:1], "category": [f"Shop{divider}Kitchen"]})
    assert model.add_items(fresh) == 1


@pytest.mark.parametrize("name", ["more", "less", "never", "never_brands"])
def test_an_empty_name_says_nothing(name):
    """ "" stands where a category or a brand is not known, and what is unknown is like nothing."""
    assert Preferences(**{name: {"", " \n"}}) == NEUTRAL


def test_a_saved_model_keeps_to_the_settings_as_the_fitted_one_does(shop_model, saved_model):
    said = Preferences(0.5, -0.5, 0.5, frozenset({"Garden"}), frozenset(), frozenset({"Kitchen > Cups"}))
    said = Preferences(**{**{f.name: getattr(said, f.name) for f in fields(said)}, "never_brands": {"garden maker 1"}})
    assert load(saved_model).recommend("u00", 12, preferences=said) == shop_model.recommend("u00", 12, preferences=said)


# What every list promises holds here, too


@settings(max_examples=40)
@given(
    sliders=st.tuples(*[st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0])] * 3),
    more=st.frozensets(st.sampled_from(["Kitchen", "Garden > Seeds"])),
    k=st.sampled_from([1, 10, 60]),
)
def test_a_tuned_list_keeps_every_promise(shop_model, sliders, more, k):
    found = shop_model.recommend("u00", k, history=GUEST, preferences=Preferences(*sliders, more=more))
    items, scores = ids(found), [pick.score for pick in found]
    assert [pick.rank for pick in found] == list(range(1, len(found) + 1))
    assert len(set(items)) == len(items) <= k
    assert scores == sorted(scores, reverse=True)
    assert np.isfinite(scores).all()
    assert not {e.item_id for e in GUEST} & set(items)
    plain = shop_model.recommend("u00", k, history=GUEST)
    assert len(found) == len(plain)


def test_a_shop_without_prices_brands_or_categories_is_tuned_by_what_it_has(shop_events):
    model = quick_model(shop_events, None, strategy="itemknn")
    before = ids(model.recommend("u00", K))
    everything = Preferences(0.0, 1.0, 1.0, frozenset({"Garden"}), never_brands=frozenset({"x"}))
    assert ids(model.recommend("u00", K, preferences=everything)) == before
    assert ids(model.recommend("u00", K, preferences=Preferences(familiar_new=1.0))) != before
