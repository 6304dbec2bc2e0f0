"""How much an event says: by kind, by stars, by age."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.data.eventworth import learn_weights
from recommender.data.interactions import Interactions
from recommender.data.weights import EventWeights, decay
from recommender.errors import DataError
from recommender.hybrid import HybridRecommender, load
from recommender.modelcard import model_card
from recommender.types import EVENT_KINDS, KIND_CODE
from tests.recommender.worlds import START, frame_of


def weight(kind: str, value: float = np.nan, weights: EventWeights | None = None) -> float:
    kinds = np.array([KIND_CODE[kind]], dtype=np.int8)
    return float((weights or EventWeights()).of(kinds, np.array([value], dtype=np.float32))[0])


def test_weights_are_told_by_kind():
    with pytest.raises(DataError, match="kinds must be a mapping of kinds to weights, not 'view'"):
        EventWeights("view")


def test_a_stronger_deed_says_more():
    order = ["dismiss", "view", "click", "wishlist", "cart", "purchase"]
    values = [weight(kind) for kind in order]
    assert values == sorted(values)
    assert len(set(values)) == len(values)
    assert weight("dismiss") == 0
    assert weight("purchase") == 1


def test_more_stars_never_say_less():
    values = [weight("rating", stars) for stars in (1, 1.5, 2, 3, 4, 5)]
    assert values == sorted(values)
    assert values[0] > 0
    assert values[-1] == 1


def test_half_stars_lie_between_whole_ones():
    told = EventWeights(stars=(0.0, 0.2, 0.4, 0.6, 1.0))
    assert weight("rating", 4.5, told) == pytest.approx(0.8)


def test_a_kind_left_out_counts_for_nothing():
    assert weight("view", weights=EventWeights(kinds={"purchase": 2.0})) == 0
    assert weight("purchase", weights=EventWeights(kinds={"purchase": 2.0})) == 2


def codes(*kinds: str) -> np.ndarray:
    return np.array([KIND_CODE[kind] for kind in kinds], dtype=np.int8)


def test_in_a_log_of_views_and_clicks_alone_a_click_is_the_unit():
    told = EventWeights().for_log(codes("view", "click", "view"))
    assert weight("click", weights=told) == 1
    assert weight("view", weights=told) == pytest.approx(weight("view") / weight("click"))
    assert weight("purchase", weights=told) == pytest.approx(1 / weight("click"))


@pytest.mark.parametrize("kinds", [("view", "purchase"), ("rating",), ("dismiss",), ()])
def test_proportions_and_sizes_stay_where_something_strong_or_nothing_is_logged(kinds):
    assert EventWeights().for_log(codes(*kinds)) == EventWeights()


def test_a_log_of_views_alone_is_learned_from_like_one_of_purchases():
    """The same shoppers and things at the same times: the lists are the same, whatever the one kind is called."""
    rows = [(f"u{u}", f"i{(u * s + s) % 7}", "view", START + 100 * u + s) for u in range(12) for s in range(1, 5)]
    frame = frame_of(*rows)
    lists = [
        HybridRecommender("ials", random_state=0).fit(Interactions.from_frame(frame.assign(kind=kind))).recommend("u1")
        for kind in ("view", "purchase")
    ]
    assert [pick.item_id for pick in lists[0]] == [pick.item_id for pick in lists[1]]
    assert [pick.score for pick in lists[0]] == [pick.score for pick in lists[1]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": {"buy": 1.0}},
        {"kinds": {"view": -0.1}},
        {"kinds": {"view": np.nan}},
        {"stars": (0.0, 0.0, np.inf, 1.0, 1.0)},
        {"stars": (-1.0, 0.0, 0.5, 1.0, 1.0)},
    ],
)
def test_weights_that_cannot_be_are_refused(wrong):
    with pytest.raises(DataError, match="event weights"):
        EventWeights(**wrong)


def test_weights_survive_as_json():
    told = EventWeights(kinds={"view": 0.5, "purchase": 2.0}, stars=(0.1, 0.2, 0.3, 0.4, 0.5))
    assert EventWeights.from_dict(told.to_dict()) == told
    assert set(EventWeights().to_dict()["kinds"]) == set(EVENT_KINDS)


@pytest.mark.parametrize(
    "wrong", [{"kinds": [], "stars": [1, 1, 1, 1, 1]}, {"kinds": {}, "stars": [1]}, {"kinds": {}, "stars": 3}]
)
def test_json_of_another_shape_is_refused(wrong):
    with pytest.raises(DataError, match="'kinds'"):
        EventWeights.from_dict(wrong)


def test_evidence_halves_with_every_half_life_and_never_grows():
    ages = np.array([0, 7, 14, -5]) * 86_400
    assert decay(ages, 7.0).tolist() == [1.0, 0.5, 0.25, 1.0]


# Learned from what was bought later


def log_of(n: int, kind: str, bought: int, before: int = 0) -> Interactions:
    """So many people who each did something with a thing of their own, and of whom some bought it later, or before."""
    rows = [(f"u{i}", f"i{i}", kind, START + 10) for i in range(n)]
    rows += [(f"u{i}", f"i{i}", "purchase", START + 20) for i in range(bought)]
    rows += [(f"u{n - 1 - i}", f"i{n - 1 - i}", "purchase", START) for i in range(before)]
    return Interactions.from_frame(frame_of(*rows))


def test_what_a_kind_is_worth_by_hand():
    """200 of 400 viewed things were bought: p = 1/2, p0 = 200 / 160,000 = 1/800.

    The view is worth log(400) / log(800) = 0.8963; 200 purchases against a start value of 0.3 that counts as 100.
    """
    found = learn_weights(log_of(400, "view", 200))
    worth = found.kinds["view"]
    assert (worth.n_pairs, worth.n_bought, worth.start) == (400, 200, 0.3)
    assert worth.learned == pytest.approx((200 * np.log(400) / np.log(800) + 100 * 0.3) / 300, abs=1e-4)
    assert found.weights.kinds["view"] == worth.learned
    assert found.weights.kinds["cart"] == EventWeights().kinds["cart"]


def test_what_was_bought_before_is_no_merit_of_the_view():
    found = learn_weights(log_of(400, "view", 100, before=200))
    assert (found.kinds["view"].n_pairs, found.kinds["view"].n_bought) == (200, 100)


def test_what_leads_to_more_purchases_is_worth_more():
    few, many = (learn_weights(log_of(1000, "cart", n)).kinds["cart"].learned for n in (50, 900))
    assert 0 < few < many < 1


def test_with_little_to_go_by_the_start_value_stays():
    found = learn_weights(log_of(5, "view", 2))
    assert found.weights.kinds["view"] == pytest.approx(0.3, abs=0.02)
    for nothing in (log_of(5, "view", 0), Interactions.from_frame(frame_of())):
        assert learn_weights(nothing).weights == EventWeights()


def test_a_weight_that_somebody_set_stays():
    start = EventWeights(kinds=dict(EventWeights().kinds) | {"view": 0.1}, stars=(0.0, 0.0, 0.6, 1.0, 1.0))
    found = learn_weights(log_of(400, "view", 200), start)
    assert found.weights == start
    assert found.kinds == {}


def test_a_model_that_learned_says_what_and_keeps_it(tmp_path):
    events = log_of(400, "view", 200)
    told = HybridRecommender(strategy="popular").fit(events)
    told.save(tmp_path / "model")
    opened = load(tmp_path / "model")
    assert opened.model_.weights.kinds["view"] == opened.info["event_weights"]["view"]["learned"] > 0.5
    assert "learned: 200 of 400 were bought later; begun at 0.3" in model_card(opened.model_)
    plain = HybridRecommender(strategy="popular", learn_weights=False).fit(events)
    assert "event_weights" not in plain.info
    assert "| `view` | 0.3 | not learned |" in model_card(plain.model_)
