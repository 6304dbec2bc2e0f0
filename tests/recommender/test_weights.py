"""How much an event says: by kind, by stars, by age."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.errors import DataError
from recommender.types import EVENT_KINDS, KIND_CODE
from recommender.weights import EventWeights, decay


def weight(kind: str, value: float = np.nan, weights: EventWeights | None = None) -> float:
    kinds = np.array([KIND_CODE[kind]], dtype=np.int8)
    return float((weights or EventWeights()).of(kinds, np.array([value], dtype=np.float32))[0])


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
