"""What may be handed in with a request, and what is said of everything else."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.hybrid import HybridRecommender
from recommender.reranking.exploration import Exploration
from recommender.reranking.preferences import Preferences
from recommender.types import EVENT_KINDS, Event
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import DAY, LAMP, START, event, frame_of, ids, thing

NOW = 1_720_000_000
ITEM = thing("kitchen", 3)
NUMBERS = [(1, 10, "view", 1), (1, 20, "rating", 2, 5.0), (2, 10, "rating", 3, 2.0), (2, 30, "view", 4)]


@pytest.fixture(scope="module")
def numbered() -> HybridRecommender:
    """A model of a shop whose ids are whole numbers."""
    return HybridRecommender(effort="quick").fit(Interactions.from_frame(frame_of(*NUMBERS)))


# Whole numbers are ids


@pytest.mark.parametrize("number", [1, np.int64(1), np.uint8(1), 1.0, np.float64(1.0)], ids=repr)
def test_who_was_trained_as_a_number_can_be_asked_for_as_one(number, numbered):
    assert numbered.recommend(number, 3) == numbered.recommend("1", 3)
    assert numbered.predict_rating(number, 10) == numbered.predict_rating("1", "10")
    assert numbered.order(number, [10, 30]) == numbered.order("1", ["10", "30"])
    explore = Exploration(seed="x")
    assert numbered.prepare(number, 3, explore=explore) == numbered.prepare("1", 3, explore=explore)


def test_a_batch_takes_the_ids_as_they_stand_in_the_frame(numbered):
    batch = numbered.recommend_batch(frame_of(*NUMBERS)["user_id"].unique(), 2)
    assert batch["user_id"].unique().tolist() == ["1", "2"]
    assert batch.equals(numbered.recommend_batch(["1", "2"], 2))


def test_items_are_asked_for_as_numbers_too(numbered, shop_model):
    assert numbered.similar(10, space="behaviour") == numbered.similar("10", space="behaviour")
    assert numbered.goes_with([10]) == numbered.goes_with(["10"])
    assert "30" not in ids(numbered.recommend("1", 3, exclude={30, "20"}))
    assert numbered.recommend("3", 3, context="product", item_ids=[10]) == numbered.recommend(
        "3", 3, context="product", item_ids=["10"]
    )
    told = [[Event(item, "view", NOW)] for item in (10, "10")]  # type: ignore[arg-type]
    assert numbered.recommend("3", 3, history=told[0]) == numbered.recommend("3", 3, history=told[1])
    assert not shop_model.item_vectors([1, np.int64(2)]).any()


@pytest.mark.parametrize("wrong", [10**512, -(10**512), 10**5000], ids=["513 digits", "below 0", "5,001 digits"])
def test_an_id_is_no_longer_than_one_of_a_frame(wrong, shop_model):
    """Python does not even write a number of more than 4,300 digits."""
    calls = {
        "user_id": lambda: shop_model.recommend(wrong),
        "item_id": lambda: shop_model.similar(wrong),
        "each id of exclude": lambda: shop_model.recommend("u00", exclude=[wrong]),
        "history: the item_id of an event": lambda: shop_model.recommend("u00", history=[Event(wrong, "view", NOW)]),
    }
    for name, call in calls.items():
        with pytest.raises(DataError, match=f"^{name} must be text or a whole number of at most 512 digits"):
            call()
    assert shop_model.recommend(10**511, 3) == shop_model.recommend("stranger", 3)


@pytest.mark.parametrize(
    "wrong", [None, b"u00", float("nan"), float("inf"), 1.5, True, pd.NA, ["u00"], ("u", 1)], ids=repr
)
def test_what_is_no_id_is_refused_by_name(wrong, shop_model):
    calls = {
        "user_id": lambda: shop_model.recommend(wrong),
        "each id of user_ids": lambda: shop_model.recommend_batch([wrong]),
        "item_id": lambda: shop_model.similar(wrong),
        "each id of item_ids": lambda: shop_model.order("u00", [ITEM, wrong]),
        "each id of exclude": lambda: shop_model.recommend("u00", exclude=[wrong]),
        "history: the item_id of an event": lambda: shop_model.recommend("u00", history=[Event(wrong, "view", NOW)]),
    }
    for name, call in calls.items():
        with pytest.raises(DataError, match=f"^{name} must be text or a whole number, not "):
            call()
    for pair in ((wrong, ITEM), ("u00", wrong)):
        with pytest.raises(DataError, match="_id must be text or a whole number, not "):
            shop_model.predict_rating(*pair)


# One text is no collection of texts


@pytest.mark.parametrize(
    "wrong",
    [ITEM, ITEM.encode(), None, 7, pd.DataFrame({"item_id": [ITEM]}), np.array(ITEM)],
    ids=lambda w: type(w).__name__,
)
def test_a_collection_of_ids_is_nothing_else(wrong, shop_model):
    calls = {
        "exclude": lambda: shop_model.recommend("u00", exclude=wrong),
        "item_ids": lambda: shop_model.recommend("u00", item_ids=wrong),
        "user_ids": lambda: shop_model.recommend_batch(wrong),
    }
    more = {
        "exclude": [
            lambda: shop_model.similar(ITEM, exclude=wrong),
            lambda: shop_model.goes_with([ITEM], exclude=wrong),
        ],
        "item_ids": [
            lambda: shop_model.order("u00", wrong),
            lambda: shop_model.goes_with(wrong),
            lambda: shop_model.item_vectors(wrong),
        ],
    }
    for name, call in calls.items():
        for one in (call, *more.get(name, [])):
            with pytest.raises(DataError, match=f"{name} must be a collection of ids"):
                one()


def test_a_single_text_is_told_how_to_become_a_collection(shop_model):
    with pytest.raises(DataError, match=r"not the text 'kitchen-03'; give \['kitchen-03'\] for one"):
        shop_model.recommend("u00", exclude=ITEM)


@pytest.mark.parametrize("name", ["more", "less", "never", "never_brands"])
def test_preferences_name_sets_of_texts(name):
    with pytest.raises(
        DataError, match=f"preferences: {name} must be a set of texts, not the text 'Home'; give {{'Home'}}"
    ):
        Preferences(**{name: "Home"})
    for wrong in ([None], [7], None, 7):
        with pytest.raises(DataError, match=f"preferences: {name} must be a set of texts"):
            Preferences(**{name: wrong})
    made = Preferences(**{name: (text for text in ["Home"])})
    assert made == Preferences(**{name: {"Home"}})
    assert hash(made) == hash(Preferences(**{name: ["Home"]}))


@pytest.mark.parametrize(
    "wrong", [["content"], {"content"}, np.array(["content", "ease"]), 10**5000, pd.NA, 7], ids=type
)
def test_a_name_is_text(wrong, shop_model):
    with pytest.raises(DataError, match="context must be one of home, product, cart, search, not "):
        shop_model.recommend("u00", context=wrong)
    with pytest.raises(DataError, match=r"there is no space .*; known are text, "):
        shop_model.similar(ITEM, space=wrong)
    for name, call in {
        "strategy": lambda: shop_model.recommend("u00", strategy=wrong),
        "space": lambda: shop_model.item_vectors([ITEM], wrong),
        "source": lambda: shop_model.asking(wrong),
    }.items():
        with pytest.raises(DataError, match=f"{name} must be text, not the "):
            call()


def test_a_batch_holds_no_id_that_no_frame_can_hold(shop_model):
    with pytest.raises(DataError, match=r"each id of user_ids .* holds half a surrogate pair"):
        shop_model.recommend_batch(["u00", "\ud800"])


def test_a_place_left_to_chance_may_be_measured_in_numbers_of_8_bits(shop_model):
    small = Exploration(places=np.int8(2), pool=np.int8(100), max_age_days=np.int8(30), seed="x")
    assert shop_model.recommend("u00", 20, explore=small) == shop_model.recommend(
        "u00", 20, explore=Exploration(places=2, pool=100, max_age_days=30, seed="x")
    )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"context": "bogus"}, "context must be one of home, product, cart, search, not 'bogus'"),
        ({"category": 5}, "category must be a path"),
        ({"category": " > "}, "category must be a path such as 'Home > Lamps' or None, not ' > '"),
        ({"preferences": None}, r"preferences must be Preferences\(...\), not None"),
        ({"now": "today"}, "now must be a number of UTC seconds"),
        ({"now": float("nan")}, "now must be a number of UTC seconds"),
        ({"now": NOW * 1000}, "now must be a number of UTC seconds"),
        ({"now": 10**5000}, "now must be a number of UTC seconds"),
        ({"k": np.timedelta64(5, "s")}, "k must be a whole number of at least 1"),
        ({"k": -(10**5000)}, "k must be a whole number of at least 1"),
        ({"explore": 5}, r"explore must be Exploration\(...\) or None, not 5"),
        ({"explore": 0}, r"explore must be Exploration\(...\) or None, not 0"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_words(asked, told, shop_model):
    with pytest.raises(DataError, match=told):
        shop_model.recommend("u00", **asked)


# Histories


@pytest.mark.parametrize("when", [None, "2024-06-01", "17", pd.Timestamp("2024-06-01"), True, pd.NA, [NOW]], ids=repr)
def test_a_time_that_is_no_number_is_refused(when, shop_model):
    with pytest.raises(DataError, match=r"history: the timestamp must be a number of UTC seconds, not .*datetime"):
        shop_model.recommend("u00", history=[Event(ITEM, "view", when)])


@pytest.mark.parametrize("when", [-1, -0.5, float("nan"), float("-inf")])
def test_a_time_before_1970_is_refused(when, shop_model):
    with pytest.raises(DataError, match="history: the timestamp must be a number of UTC seconds since 1970, not"):
        shop_model.recommend("u00", history=[Event(ITEM, "view", when)])


@pytest.mark.parametrize("when", [NOW * 1000, 10**30, 10**400, float("inf")])
def test_a_time_in_the_future_is_refused(when, shop_model):
    with pytest.raises(DataError, match=r"history: the timestamp .* lies in the future \(milliseconds instead of"):
        shop_model.recommend("u00", history=[Event(ITEM, "view", when)])


def test_the_future_begins_after_the_clock_and_after_the_request(shop_model):
    later = int(time.time()) + 10 * 86_400
    assert shop_model.recommend("u00", 3, history=[Event(ITEM, "view", later)], now=later)
    with pytest.raises(DataError, match="lies in the future"):
        shop_model.recommend("u00", 3, history=[Event(ITEM, "view", later)])


@pytest.mark.parametrize("kind", ["buy", "VIEW", "", None, ["view"], 3], ids=repr)
def test_a_kind_that_is_none_is_refused(kind, shop_model):
    for ask in (lambda told: shop_model.recommend("u00", history=told), shop_model.event_weights):
        with pytest.raises(DataError, match=r"history: the kind .* is not one of view, click"):
            ask([Event(ITEM, kind, NOW)])


@pytest.mark.parametrize("stars", [None, 0, 0.5, 6, float("nan"), float("inf"), pd.NA])
def test_a_rating_needs_one_to_five_stars(stars, shop_model):
    with pytest.raises(DataError, match="history: the value of a rating must be between 1 and 5 stars, not "):
        shop_model.recommend("u00", history=[Event(ITEM, "rating", NOW, stars)])


@pytest.mark.parametrize("quantity", [-3, 0, 1e-50, float("inf"), 1e300, 10**400], ids=lambda q: f"{q!r:.8}")
def test_a_quantity_is_positive(quantity, shop_model):
    with pytest.raises(DataError, match="history: the value of a purchase, its quantity, must be positive, not "):
        shop_model.recommend("u00", history=[Event(ITEM, "purchase", NOW, quantity)])


@pytest.mark.parametrize("value", ["4", "", [4], True], ids=repr)
@pytest.mark.parametrize("kind", ["rating", "purchase", "view"])
def test_a_value_that_is_no_number_is_refused(kind, value, shop_model):
    with pytest.raises(DataError, match=f"history: the value of a {kind} must be a number or None, not "):
        shop_model.recommend("u00", history=[Event(ITEM, kind, NOW, value)])


@pytest.mark.parametrize("item_id", ["", "a\0"])
def test_an_event_has_an_item(item_id, shop_model):
    with pytest.raises(DataError, match=r"history: the item_id .* is empty or has a NUL character"):
        shop_model.recommend("u00", history=[Event(item_id, "view", NOW)])


@pytest.mark.parametrize(
    "wrong",
    [
        [(ITEM, "view")],
        [{"item_id": ITEM, "kind": "view"}],
        [ITEM],
        [None],
        ITEM,
        7,
        Event(ITEM, "view", NOW),
        {"item_id": ITEM},
        frame_of(("u00", ITEM, "view", NOW)).drop(columns="kind"),
    ],
    ids=lambda w: f"{type(w).__name__} of {type(w[0]).__name__}" if isinstance(w, list) else type(w).__name__,
)
def test_a_history_is_a_list_of_events(wrong, shop_model):
    for ask in (
        lambda: shop_model.recommend("u00", history=wrong),
        lambda: shop_model.order("u00", [ITEM], history=wrong),
        lambda: shop_model.predict_rating("u00", ITEM, history=wrong),
        lambda: shop_model.event_weights(wrong),
    ):
        with pytest.raises(DataError, match=r"history must .* give a list of Event\(item_id, kind, timestamp, value\)"):
            ask()


def test_numbers_of_numpy_and_values_that_say_nothing_are_taken(shop_model):
    plain = [Event(ITEM, "rating", NOW, 4.0), event(thing("kitchen", LAMP)), Event(thing("kitchen", 5), "view", NOW)]
    same = [
        Event(ITEM, "rating", np.float64(NOW + 0.7), np.int64(4)),  # type: ignore[arg-type]
        plain[1]._replace(timestamp=np.int64(plain[1].timestamp), value=float("nan")),
        Event(thing("kitchen", 5), "view", NOW, pd.NA),
    ]
    assert shop_model.recommend("guest", 8, history=same) == shop_model.recommend("guest", 8, history=plain)


def test_tuples_mappings_and_a_frame_are_read_as_events(shop_model):
    told = [Event(ITEM, "rating", NOW, 4.0), Event(thing("kitchen", 5), "view", NOW + 60)]
    frame = frame_of(*(("guest", e.item_id, e.kind, e.timestamp, e.value) for e in told))
    expected = shop_model.recommend("guest", 8, history=told)
    short = {"item_id": told[1].item_id, "kind": "view", "timestamp": NOW + 60}
    for same in ([tuple(told[0]), tuple(told[1])[:3]], [told[0]._asdict(), short], frame):
        assert shop_model.recommend("guest", 8, history=same) == expected


def test_a_history_frame_has_each_column_once(shop_model):
    frame = frame_of(("guest", ITEM, "view", NOW))
    with pytest.raises(DataError, match="history: column 'kind' stands in the frame twice"):
        shop_model.recommend("u00", history=pd.concat([frame, frame["kind"]], axis=1))


def test_numbers_of_half_precision_are_taken(shop_model):
    """They cannot even be compared with the limits of a time and a quantity without overflowing."""
    halves = [Event(ITEM, "purchase", np.float16(2048), np.float16(2))]  # type: ignore[arg-type]
    plain = [Event(ITEM, "purchase", 2048, 2.0)]
    for half in (1, 2048):
        asked = [
            shop_model.recommend(np.float16(1), 3, history=h, now=n)
            for h, n in ((halves, np.float16(half)), (plain, half))
        ]
        assert asked[0] == asked[1]


def test_a_history_may_be_read_only_once(shop_model):
    told = [event(ITEM, "click"), event("added this morning", "view")]
    assert shop_model.recommend("guest", 8, history=iter(told)) == shop_model.recommend("guest", 8, history=told)
    assert shop_model.order("guest", [ITEM], history=iter(told)) == shop_model.order("guest", [ITEM], history=told)
    assert shop_model.predict_rating("guest", ITEM, history=iter(told)) == shop_model.predict_rating(
        "guest", ITEM, history=told
    )
    assert shop_model.event_weights(iter(told)).tolist() == shop_model.event_weights(told).tolist()


def test_a_history_that_tells_nothing_new_forecasts_what_none_forecasts(shop_model):
    for user in ("u00", "u01", "stranger"):
        log = shop_model.model_.histories.of(shop_model.known_users.row(user))
        again = [
            Event(shop_model.item_ids[int(row)], EVENT_KINDS[kind], int(at), None if np.isnan(value) else float(value))
            for row, kind, at, value in zip(log.item_rows, log.kinds, log.timestamps, log.values, strict=True)
        ]
        for item in (ITEM, thing("garden", 9), "gone"):
            alone = shop_model.predict_rating(user, item)
            assert shop_model.predict_rating(user, item, history=[]) == alone
            assert shop_model.predict_rating(user, item, history=again) == alone


@pytest.mark.parametrize("item", [ITEM, thing("garden", 9), "gone"])
def test_what_holds_no_stars_changes_no_forecast(item, shop_model):
    """Views, purchases and dismissals of other things say nothing of stars, whoever and whatever is asked for."""
    told = [Event(thing("garden", n), kind, NOW) for n, kind in enumerate(("view", "purchase", "dismiss"))]
    for user in ("u00", "u01", "stranger"):
        assert shop_model.predict_rating(user, item, history=told) == shop_model.predict_rating(user, item)


def test_who_just_rated_everything_low_would_rate_an_unknown_item_low_as_well(shop_model):
    """How somebody rates on average is known of new ratings as of those of the training."""
    forecasts = [
        shop_model.predict_rating(
            "stranger", "gone", history=[Event(thing("kitchen", n), "rating", NOW, stars) for n in range(6)]
        )
        for stars in (1.0, 5.0)
    ]
    assert forecasts[0] < shop_model.predict_rating("stranger", "gone") < forecasts[1]


def test_ratings_that_were_absorbed_count_without_a_history_as_with_an_empty_one(shop_events, shop_items):
    model = quick_model(shop_events, shop_items, strategy="svd")
    before = model.predict_rating("guest", ITEM)
    model.absorb(frame_of(*(("guest", thing("kitchen", n), "rating", NOW, 1.0) for n in (5, 6, 8, 10))))
    assert model.predict_rating("guest", ITEM) == model.predict_rating("guest", ITEM, history=[]) < before


def test_an_unrelated_event_of_a_history_does_not_bring_back_a_verdict_that_was_taken_back(shop_events, shop_items):
    """Somebody gave one star and five within a second; a verdict on something else lets the five stand."""
    others = [thing("kitchen", n) for n in (5, 6, 8, 10)]
    verdicts = [("fickle", item, "rating", START + 330 * DAY, 4.0) for item in others]
    verdicts += [("fickle", ITEM, "rating", START + 340 * DAY, stars) for stars in (1.0, 5.0)]
    settled = [row for row in verdicts if row[-1] > 1]
    other = [Event(thing("garden", 2), "rating", NOW, 3.0)]
    forecasts = []
    for rows in (verdicts, settled):
        model = quick_model(pd.concat([shop_events, frame_of(*rows)]), shop_items, strategy="svd")
        forecasts.append(model.predict_rating("fickle", ITEM, history=other))
    assert forecasts[0] == pytest.approx(forecasts[1], abs=1e-3)


def test_a_new_verdict_in_the_second_of_the_old_one_counts(shop_model):
    log = shop_model.model_.histories.of(shop_model.known_users.row("u00"))
    rated = np.flatnonzero(log.kinds == EVENT_KINDS.index("rating"))[-1]
    item, at = shop_model.item_ids[int(log.item_rows[rated])], int(log.timestamps[rated])
    forecasts = [shop_model.predict_rating("u00", item, history=[Event(item, "rating", at, n)]) for n in (1.0, 5.0)]
    assert forecasts[0] < forecasts[1]
