"""What a list promises to whoever asks for one, whatever is known of them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from recommender.data.arguments import CONTEXTS
from recommender.data.interactions import Interactions
from recommender.data.weights import EventWeights
from recommender.errors import DataError
from recommender.hybrid import HybridRecommender
from recommender.types import EVENT_KINDS, Event
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import (
    BULB,
    DAY,
    FAMILY,
    LAMP,
    ON_A_SHELF,
    REFILL,
    SHELVES,
    START,
    event,
    family_of,
    frame_of,
    ids,
    purchases,
    shelf_of,
    thing,
    two_shelves,
)

ALL_ITEMS = [thing(shelf, number) for shelf in SHELVES for number in range(ON_A_SHELF)]
OWN = ("buy_again", "recently_viewed")
USERS = ["u00", "u01", "u07", "stranger", "", "\ud800"]


@pytest.fixture(scope="module")
def varied_model(shop_events, shop_items) -> HybridRecommender:
    """One source alone, with diversity, and two of a family allowed."""
    return quick_model(shop_events, shop_items, strategy="itemknn", diversity=0.5, max_per_family=2)


@pytest.fixture(params=["hybrid", "varied"])
def any_model(request, shop_model, varied_model) -> HybridRecommender:
    return shop_model if request.param == "hybrid" else varied_model


def room(items: set[str], max_per_family: int) -> int:
    """How many of the items one list may hold."""
    families = [family_of(item) for item in items]
    return sum(min(families.count(family), max_per_family) for family in set(families))


past_event = st.builds(
    lambda item, kind, day: event(item, kind, days=day, value=4.0 if kind == "rating" else None),
    st.sampled_from([*ALL_ITEMS, "added this morning"]),
    st.sampled_from(EVENT_KINDS),
    st.integers(-30, 0),
)
requests = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from(USERS),
        "k": st.sampled_from([1, 3, 10, 60]),
        "history": st.none() | st.lists(past_event, max_size=8),
        "replace_history": st.booleans(),
        "exclude": st.sets(st.sampled_from([*ALL_ITEMS, "gone"]), max_size=30),
        "context": st.sampled_from(["home", "product", "cart", "search"]),
        "item_ids": st.lists(st.sampled_from([*ALL_ITEMS, "gone"]), max_size=2),
        "category": st.sampled_from([None, None, "Kitchen", "Garden > Seeds", "Attic"]),
        "now": st.sampled_from([None, 0, 2_000_000_000]),
    }
)


@settings(max_examples=120)
@given(request=requests, data=st.data())
def test_every_list_keeps_its_promises(request, data, shop_model, varied_model):
    """Nothing twice, seen, excluded, dismissed or on the page; ranks from 1, falling scores, full length."""
    model = data.draw(st.sampled_from([shop_model, varied_model]))
    strategy = data.draw(st.sampled_from([None, *model.strategies]))
    found = model.recommend(**request, strategy=strategy)
    items, k = ids(found), request["k"]
    past = [e for e in request["history"] or () if e.item_id in model.item_ids]
    trained = [] if request["replace_history"] else trained_items(model, request["user_id"])
    seen = {e.item_id for e in past} | set(trained)
    hidden = request["exclude"] | set(request["item_ids"])
    allowed = {item for item in set(ALL_ITEMS) - hidden if in_category(model, item, request["category"])}

    assert [r.rank for r in found] == list(range(1, len(found) + 1))
    assert len(set(items)) == len(items) <= k
    assert all(above.score >= below.score for above, below in pairwise(found))
    assert all(np.isfinite(r.score) for r in found)
    assert set(items) <= allowed
    assert not set(items) & last_dismissed(past)
    assert max((items.count(i) for i in items), default=1) == 1
    assert room(set(items), model.max_per_family) == len(items)
    if strategy not in OWN:
        assert not set(items) & seen
        assert len(items) == min(k, room(allowed - seen, model.max_per_family))
    else:
        assert len(items) >= min(k, room(allowed - seen, model.max_per_family))


def trained_items(model: HybridRecommender, user_id: str) -> list[str]:
    log = model.model_.histories.of(model.known_users.row(user_id))
    return model.item_ids.take(log.item_rows)


def last_dismissed(past: list[Event]) -> set[str]:
    """Items whose last event of the history is a dismissal, with nothing else in the same second."""
    latest: dict[str, tuple[int, set[str]]] = {}
    for e in sorted(past, key=lambda e: e.timestamp):
        time, kinds = latest.get(e.item_id, (-1, set()))
        latest[e.item_id] = (e.timestamp, {e.kind} | (kinds if time == e.timestamp else set()))
    return {item for item, (_, kinds) in latest.items() if kinds == {"dismiss"}}


def in_category(model: HybridRecommender, item: str, category: str | None) -> bool:
    path = str(model.model_.category_paths[model.item_ids.row(item)])
    return category is None or path == category or path.startswith(category + " > ")


# Who asks


def test_somebody_unknown_gets_what_is_popular_and_is_told_so(shop_model):
    found = shop_model.recommend("stranger", 5)
    assert {r.source for r in found} <= {"trending", "popular"}
    assert {r.reasons[0].kind for r in found} <= {"trending", "popular"}


def test_somebody_with_only_dismissals_is_a_newcomer_too(shop_model):
    dismissed = [event(item, "dismiss") for item in ids(shop_model.recommend("stranger", 2))]
    found = shop_model.recommend("stranger", 5, history=dismissed)
    assert {r.source for r in found} <= {"trending", "popular"}
    assert not set(ids(found)) & {e.item_id for e in dismissed}


def test_a_training_user_gets_things_from_the_own_shelf(shop_model):
    for user, shelf in (("u00", "kitchen"), ("u01", "garden"), ("u10", "kitchen"), ("u11", "garden")):
        found = ids(shop_model.recommend(user, 5))
        assert [shelf_of(item) for item in found].count(shelf) >= 4


@pytest.mark.parametrize("shelf", SHELVES)
def test_one_click_of_a_new_guest_personalises_the_list(shelf, shop_model):
    before = ids(shop_model.recommend("guest", 8))
    after = shop_model.recommend("guest", 8, history=[event(thing(shelf, 3), "click")])
    assert ids(after) != before
    assert [shelf_of(item) for item in ids(after)].count(shelf) >= 6
    assert any(reason.kind == "because_clicked" for r in after for reason in r.reasons)


@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_an_event_of_any_kind_changes_the_next_list(kind, any_model):
    before = ids(any_model.recommend("u00", 8))
    told = event(before[0], kind, value=5.0 if kind == "rating" else None)
    after = ids(any_model.recommend("u00", 8, history=[told]))
    assert before[0] not in after
    assert after != before


def test_a_low_rating_pushes_what_is_alike_down(shop_model):
    """One star says "not like this": the nearest relative in the list must not climb."""
    before = {r.item_id: r.rank for r in shop_model.recommend("u00", 20)}
    target = next(iter(before))
    alike = next(r.item_id for r in shop_model.similar(target, 30) if r.item_id in before)
    liked, disliked = (
        {r.item_id: r.rank for r in shop_model.recommend("u00", 40, history=[event(target, "rating", value=stars)])}
        for stars in (5.0, 1.0)
    )
    assert disliked[alike] >= liked[alike]


def test_a_history_is_added_to_what_is_known_or_stands_in_its_place(shop_model):
    told = [event(thing("garden", 3), "view")]
    added, instead = (shop_model.recommend("u00", 8, history=told, replace_history=flag) for flag in (False, True))
    stranger = shop_model.recommend("stranger", 8, history=told)
    assert ids(instead) == ids(stranger)
    assert ids(added) != ids(instead)
    assert ids(shop_model.recommend("u00", 8, history=[], replace_history=True)) == ids(shop_model.recommend("x", 8))


def test_a_history_may_tell_again_what_the_model_already_knows(shop_model):
    log = shop_model.model_.histories.of(shop_model.known_users.row("u00"))
    again = [
        Event(shop_model.item_ids[int(row)], EVENT_KINDS[kind], int(time), None if np.isnan(value) else float(value))
        for row, kind, value, time in zip(log.item_rows, log.kinds, log.values, log.timestamps, strict=True)
    ]
    assert shop_model.recommend("u00", 8, history=again) == shop_model.recommend("u00", 8)


def test_what_somebody_touched_before_the_model_knew_it_is_not_offered_as_new(shop_model):
    found = shop_model.recommend("u00", 8, history=[event("added this morning", "purchase")])
    assert len(found) == 8


@pytest.mark.parametrize(
    ("told", "words"),
    [(Event("kitchen-01", "buy", 5), "'buy'"), (Event("kitchen-01", "rating", 5, 9.0), "between 1 and 5")],
)
def test_a_history_that_makes_no_sense_is_refused_in_words(told, words, shop_model):
    with pytest.raises(DataError, match=words):
        shop_model.recommend("u00", history=[told])


# What is asked


@pytest.mark.parametrize("k", [0, -1, True, 2.5, "3", None])
def test_a_length_must_be_a_whole_number_from_one(k, shop_model):
    for call in (shop_model.recommend, shop_model.similar):
        with pytest.raises(DataError, match="k must be a whole number"):
            call("u00", k)
    with pytest.raises(DataError, match="k must be a whole number"):
        shop_model.goes_with(["u00"], k)


def test_a_number_of_numpy_is_a_number(shop_model):
    assert len(shop_model.recommend("u00", np.int64(3))) == 3


@pytest.mark.parametrize("category", ["Kitchen", "Kitchen > Pans", "Garden > Seeds"])
def test_a_category_holds_itself_and_what_is_below_it(category, shop_model):
    found = ids(shop_model.recommend("u00", 6, category=category))
    assert found
    assert all(in_category(shop_model, item, category) for item in found)


@pytest.mark.parametrize("category", ["Kitch", "Pans", "kitchen", "Attic"])
def test_a_category_that_is_none_holds_nothing(category, shop_model):
    assert shop_model.recommend("u00", 6, category=category) == []


def test_every_strategy_can_be_asked_for_by_name(shop_model):
    assert shop_model.strategies[0] == "hybrid"
    assert {"itemseq", "ease", "ials", "content", "svd", "trending", *OWN} <= set(shop_model.strategies)
    for strategy in set(shop_model.strategies) - {"hybrid"}:
        for r in shop_model.recommend("u00", 3, strategy=strategy):
            assert r.source in {strategy, "trending", "popular"}


def test_a_strategy_in_the_blend_answers_as_it_does_alone(shop_model, shop_events, shop_items):
    alone = quick_model(shop_events, shop_items, strategy="itemseq")
    assert ids(shop_model.recommend("u00", 8, strategy="itemseq")) == ids(alone.recommend("u00", 8))


@pytest.mark.parametrize("strategy", ["two_tower", "", "Hybrid"])
def test_a_strategy_that_the_model_does_not_hold_is_refused(strategy, varied_model):
    if strategy:
        with pytest.raises(DataError, match=f"no strategy '{strategy}'; it has itemknn, trending, popular"):
            varied_model.recommend("u00", strategy=strategy)
    else:
        assert varied_model.recommend("u00", strategy=strategy)


@pytest.mark.parametrize("context", CONTEXTS)
def test_the_page_steers_the_list_and_is_not_in_it(context, shop_model):
    """Somebody unknown on a product's page, or with it in the cart, gets things that fit the product."""
    page = thing("garden", 5)
    found = ids(shop_model.recommend("stranger", 6, context=context, item_ids=[page]))
    assert page not in found
    assert [shelf_of(item) for item in found].count("garden") >= 5


@pytest.mark.parametrize("hours", [None, -1, 1])
def test_what_was_told_lies_before_the_page_that_is_shown(hours, shop_model):
    """The time of the request need not be told, and clocks need not agree."""
    history, page = [event(thing("kitchen", n), "view", days=n) for n in (1, 2, 3)], thing("garden", 5)
    clicked = ids(
        shop_model.recommend("guest", 6, history=[*history, event(page, "click", days=4)], strategy="itemseq")
    )
    now = None if hours is None else history[-1].timestamp + hours * 3600
    asked = {"history": history, "strategy": "itemseq", "context": "product", "item_ids": [page]}
    assert ids(shop_model.recommend("guest", 6, **asked, now=now)) == clicked


def test_somebody_who_does_not_tell_the_time_asks_after_what_they_did(shop_model):
    refill = thing("kitchen", REFILL)
    history = [event(refill, days=1), event(thing("kitchen", 3), "view", days=31)]
    assert shop_model.recommend("guest", 1, history=history, strategy="buy_again")[0].item_id == refill


def test_what_is_due_comes_back_and_is_called_so(shop_model):
    now = shop_model.info["data_until"]
    refill = thing("kitchen", REFILL)
    history = [Event(refill, "purchase", now - 30 * DAY, 1.0), Event(thing("kitchen", 3), "purchase", now - DAY, 1.0)]
    first = shop_model.recommend("guest", 3, history=history, strategy="buy_again", now=now)[0]
    assert (first.item_id, first.source, first.reasons[0].kind) == (refill, "buy_again", "buy_again")


def test_the_own_history_comes_back_latest_first(shop_model):
    history = [event(thing("kitchen", n), "view", days=n) for n in (1, 2, 3)]
    found = shop_model.recommend("guest", 5, history=history, strategy="recently_viewed", replace_history=True)
    assert ids(found)[:3] == [thing("kitchen", n) for n in (3, 2, 1)]
    assert {r.source for r in found[3:]} == {"trending"}


def test_a_short_own_history_is_filled_up_with_what_the_person_has_not_seen(shop_model):
    """What one looked at may come back as that, but not as a thing others like."""
    popular = ids(shop_model.recommend("stranger", 3))
    history = [event(item, "view", days=n) for n, item in enumerate(popular)]
    found = shop_model.recommend("guest", 5, history=history, strategy="buy_again", replace_history=True)
    assert [r.source for r in found] == ["trending"] * 5
    assert not set(popular) & set(ids(found))


def test_a_list_without_reasons_is_the_same_list(shop_model):
    with_reasons, without = (shop_model.recommend("u00", 8, with_reasons=flag) for flag in (True, False))
    assert [(r.item_id, r.score) for r in with_reasons] == [(r.item_id, r.score) for r in without]
    assert all(r.reasons for r in with_reasons)
    assert not any(r.reasons for r in without)


# Nobody in the way of anybody


@pytest.mark.parametrize("now", [None, START + 100 * DAY])
def test_a_batch_is_the_single_answers_one_after_the_other(any_model, now):
    users = ["u00", "stranger", "u13", "u00"]
    batch = any_model.recommend_batch(users, 5, now=now)
    single = [(u, r.item_id, r.rank, r.score) for u in users for r in any_model.recommend(u, 5, now=now)]
    assert list(batch.columns) == ["user_id", "item_id", "rank", "score"]
    assert list(batch.itertuples(index=False, name=None)) == single
    assert len(any_model.recommend_batch([], 5)) == 0


def test_people_who_ask_at_the_same_time_do_not_mix(shop_model):
    users = [f"u{n:02d}" for n in range(30)]
    alone = [shop_model.recommend(user, 6) for user in users]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda user: shop_model.recommend(user, 6), users * 3))
    assert together == alone * 3


def test_asking_twice_gives_the_same_list_to_the_last_bit(any_model):
    assert any_model.recommend("u05", 10) == any_model.recommend("u05", 10)


# Families


@pytest.mark.parametrize("category", [None, "Kitchen > Pans"])
def test_of_a_variant_family_one_is_shown(category, shop_model):
    """Also where the list is so long that it has to be filled up."""
    twins = {thing("kitchen", number) for number in FAMILY}
    found = ids(shop_model.recommend("stranger", 40, category=category))
    assert len(twins & set(found)) == 1


def test_as_many_of_a_family_are_shown_as_the_model_was_told(varied_model):
    twins = {thing("kitchen", number) for number in FAMILY}
    assert twins <= set(ids(varied_model.recommend("stranger", 40)))


def test_a_list_is_full_although_variants_of_one_thing_are_what_sells():
    """The first ten of the best sellers are one shirt in ten sizes: it stands in the list once."""
    sizes, others = [f"shirt-{n}" for n in range(10)], ["jacket", "scarf", "shoes"]
    items = pd.DataFrame({"item_id": [*sizes, *others], "family": ["shirt"] * len(sizes) + [""] * len(others)})
    baskets = {f"u{n}": [*sizes, *(others if n == 0 else [])] for n in range(6)}
    found = ids(quick_model(purchases(baskets), items, strategy="itemknn").recommend("stranger", 4))
    assert len(set(sizes) & set(found)) == 1
    assert set(others) < set(found)


def test_a_list_ends_where_no_more_of_a_family_may_stand_in_it(shop_model, varied_model):
    """A model saved with a cap of 0 answers at once, without the families."""
    capped = HybridRecommender(strategy="itemknn", max_per_family=0)
    found = ids(capped._serve(varied_model.model_).recommend("stranger", 40))
    assert len(found) == len(set(found)) == len(ALL_ITEMS) - len(SHELVES) * len(FAMILY)
    assert not {thing(shelf, number) for shelf in SHELVES for number in FAMILY} & set(found)


def test_what_nobody_ever_touched_fills_a_list_without_a_false_reason(shop_items):
    model = quick_model(purchases({"a": ["kitchen-01", "kitchen-02"], "b": ["kitchen-01"]}), shop_items)
    found = model.recommend("stranger", 6)
    assert len(found) == 6
    assert {r.source for r in found[2:]} == {"catalogue"}
    assert all(r.reasons == () for r in found[2:])


# Similar, goes with, stars


@pytest.mark.parametrize("space", ["text", "image", "attributes", "behaviour", "combined"])
def test_similar_items_never_hold_the_item_itself(space, shop_model):
    """It is dropped by its id, not by its place: a twin may be nearer than the item itself."""
    for item in (thing("kitchen", 2), thing("garden", 11), thing("kitchen", FAMILY[0])):
        found = shop_model.similar(item, 8, space=space)
        assert 0 < len(found) <= 8
        assert item not in ids(found)
        assert all(family_of(i) != family_of(item) for i in ids(found))
        assert [r.rank for r in found] == list(range(1, len(found) + 1))
        assert all(above.score >= below.score for above, below in pairwise(found))
        assert {r.reasons[0].item_id for r in found} == {item}


def test_similar_items_are_of_the_same_kind(shop_model):
    found = shop_model.similar(thing("garden", 14), 3)
    assert all(in_category(shop_model, item, "Garden > Seeds") for item in ids(found))


def test_what_is_excluded_is_not_similar(shop_model):
    before = ids(shop_model.similar(thing("garden", 14), 3))
    after = ids(shop_model.similar(thing("garden", 14), 3, exclude=[before[0], "gone"]))
    assert after[:2] == before[1:]


def test_an_item_that_nobody_knows_is_similar_to_nothing(shop_model):
    assert shop_model.similar("gone") == []
    with pytest.raises(DataError, match="no space 'smell'"):
        shop_model.similar(thing("garden", 1), space="smell")


def test_without_a_catalogue_behaviour_tells_what_is_similar(shop_events):
    model = quick_model(shop_events, None, strategy="itemknn")
    combined, behaviour = (model.similar(thing("garden", 5), 5, space=s) for s in ("combined", "behaviour"))
    assert ids(combined) == ids(behaviour)
    assert {shelf_of(item) for item in ids(combined)} == {"garden"}
    assert model.similar(thing("garden", 5), space="text") == []


def test_the_lamp_goes_with_its_bulb(shop_model):
    found = shop_model.goes_with([thing("kitchen", LAMP), "gone"], 3)
    assert found[0].item_id == thing("kitchen", BULB)
    assert found[0].reasons[0].kind == "goes_with"
    assert found[0].reasons[0].item_id == thing("kitchen", LAMP)
    assert thing("kitchen", BULB) not in ids(shop_model.goes_with([thing("kitchen", LAMP)], exclude=[found[0].item_id]))


def test_what_replaces_a_thing_does_not_go_with_it(shop_model):
    for number in range(ON_A_SHELF):
        item = thing("garden", number)
        path = str(shop_model.model_.category_paths[shop_model.item_ids.row(item)])
        assert all(not in_category(shop_model, other, path) for other in ids(shop_model.goes_with([item])))


def test_where_orders_tell_nothing_nothing_goes_together(shop_model, varied_model):
    assert shop_model.goes_with([]) == []
    assert shop_model.goes_with(["gone"]) == []
    assert varied_model.goes_with([thing("kitchen", LAMP)]) == []


def test_stars_are_forecast_for_anybody_between_one_and_five(shop_model):
    for user in ("u00", "stranger"):
        stars = [shop_model.predict_rating(user, item) for item in [*ALL_ITEMS, "gone"]]
        assert min(stars) >= 1
        assert max(stars) <= 5
    even, odd = (np.mean([shop_model.predict_rating("stranger", i) for i in ALL_ITEMS[n::2]]) for n in (0, 1))
    assert even > odd + 1


def test_a_rating_given_just_now_moves_the_forecast(shop_model):
    item = thing("kitchen", 3)
    harsh, kind = (
        shop_model.predict_rating(
            "guest", item, history=[event(thing("kitchen", n), "rating", value=v) for n in (5, 6)]
        )
        for v in (1.0, 5.0)
    )
    assert kind > harsh
    assert shop_model.predict_rating("guest", "gone", history=[event(item, "view")]) == pytest.approx(
        shop_model.predict_rating("stranger", "gone")
    )


# The estimator


@pytest.mark.parametrize(
    "use",
    [
        lambda m: m.recommend("u"),
        lambda m: m.recommend_batch(["u"]),
        lambda m: m.similar("i"),
        lambda m: m.goes_with(["i"]),
        lambda m: m.predict_rating("u", "i"),
        lambda m: m.absorb(frame_of(("u", "i", "view", 1))),
        lambda m: m.add_items(frame_of(("u", "i", "view", 1))),
        lambda m: m.save("nowhere"),
        lambda m: m.known_users,
        lambda m: m.item_ids,
        lambda m: m.strategies,
        lambda m: m.info,
        lambda m: m.data_report,
    ],
)
def test_unfitted_use_says_so(use):
    with pytest.raises(NotFittedError, match="HybridRecommender is not fitted"):
        use(HybridRecommender())


def test_parameters_are_stored_untouched_and_cloned():
    weights, source_params = EventWeights(kinds={"purchase": 1.0}), {"ease": {"l2": 5.0}}
    model = HybridRecommender(weights=weights, source_params=source_params, diversity=0.2)
    assert model.weights is weights
    assert model.source_params is source_params
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        _ = clone(quick_model(purchases({"a": ["b", "c"]}), None, strategy="popular")).info


def test_fit_gives_back_itself_and_forgets_what_it_learned_before(shop_items):
    small, other = purchases({"a": ["x", "y"], "b": ["y"]}), two_shelves(8)
    model = HybridRecommender(strategy="itemseq")
    assert model.fit(Interactions.from_frame(other)) is model
    model.fit(Interactions.from_frame(small))
    assert list(model.item_ids) == ["x", "y"]
    assert model.recommend("a") == HybridRecommender(strategy="itemseq").fit(Interactions.from_frame(small)).recommend(
        "a"
    )
    assert model.similar(thing("garden", 1)) == []


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"strategy": "best"}, "no strategy 'best'; known are hybrid, popular"),
        ({"effort": "none"}, "effort must be one of full, quick"),
        ({"source_params": {"two_tower": {}}}, "'two_tower' is no source of strategy 'hybrid'"),
        ({"source_params": {"ease": {"l3": 1}}}, "no parameter 'l3'"),
        ({"strategy": "content"}, "'content' cannot be fitted.*catalogue"),
    ],
)
def test_parameters_that_cannot_be_are_refused_in_words(params, told):
    with pytest.raises(DataError, match=told):
        HybridRecommender(**params).fit(Interactions.from_frame(purchases({"a": ["x", "y"]})))


def test_parameters_of_a_source_reach_it(shop_events):
    model = quick_model(shop_events, None, strategy="ease", source_params={"ease": {"max_items": 7}})
    assert model.info["notes"]["ease"] == {"items_modelled": 7, "recency": 0.6}


def test_weights_of_event_kinds_decide_what_counts(shop_events):
    only_views = EventWeights(kinds={"view": 1.0})
    model = quick_model(shop_events, None, strategy="popular", weights=only_views)
    views = shop_events[shop_events["kind"] == "view"]
    never_viewed = set(shop_events["item_id"]) - set(views["item_id"])
    assert never_viewed
    assert set(ids(model.recommend("stranger", 40))[-len(never_viewed) :]) == never_viewed


def test_facts_about_a_model_fit_into_json(shop_model, shop_events):
    facts = json.loads(json.dumps(shop_model.info))
    assert facts["strategy"] == "hybrid"
    assert facts["n_events"] == len(shop_events)
    assert facts["n_items"] == len(shop_model.item_ids) == len(ALL_ITEMS)
    assert facts["n_users"] == len(shop_model.known_users) == 60
    assert sum(facts["ranker"]["importance"].values()) == pytest.approx(1)
    assert shop_model.data_report.n_kept == len(shop_events)


def test_progress_is_told_while_fitting(shop_events):
    told: list[tuple[str, float]] = []
    HybridRecommender(effort="quick").fit(Interactions.from_frame(shop_events), progress=lambda *t: told.append(t))
    assert {"itemseq", "ease", "ranker lists", "ranker"} <= {stage for stage, _ in told}
    assert all(0 <= done <= 1 for _, done in told)
