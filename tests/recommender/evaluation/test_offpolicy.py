"""What another model's lists would have earned: by hand, and in a shop whose true click rates are known."""

from __future__ import annotations

from math import isnan
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.data.impressions import clean_logged
from recommender.errors import DataError
from recommender.evaluation import offpolicy
from recommender.evaluation.offpolicy import MIN_EFFECTIVE, in_words, logged_value
from recommender.metrics import doubly_robust, snips
from recommender.types import Recommendation
from tests.recommender.worlds import START, frame_of


class Always:
    """Shows everybody the same list and remembers what it was asked."""

    strategy = "always"

    def __init__(self, items: str) -> None:
        self.items, self.info = items, dict[str, Any]()
        self.asked: list[tuple[str, int, int]] = []

    def recommend(self, user_id: str, k: int = 10, *, now: int, with_reasons: bool) -> list[Recommendation]:
        self.asked.append((user_id, k, now))
        return [Recommendation(item, rank, -rank) for rank, item in enumerate(self.items[:k], start=1)]

    def predict_rating(self, user_id: str, item_id: str) -> float:
        raise NotImplementedError


def logged(*rows: tuple[str, str, int, float, int], **more: Any) -> pd.DataFrame:
    """Rows of (request, item, position, propensity, clicked); each request is of its own user."""
    frame = pd.DataFrame(rows, columns=["request_id", "item_id", "position", "propensity", "clicked"])
    return frame.assign(user_id="u-" + frame["request_id"], **more)


def shop(n: int, rates: dict[str, float], chances: dict[str, float], seed: int = 0) -> pd.DataFrame:
    """Requests of one place that shows an item with its chance and is clicked at its rate."""
    rng = np.random.default_rng(seed)
    items = rng.choice(list(chances), n, p=list(chances.values()))
    clicks = rng.random(n) < np.array([rates[item] for item in items])
    rows = [
        (f"r{i}", item, 1, chances[item], int(click)) for i, (item, click) in enumerate(zip(items, clicks, strict=True))
    ]
    return clean_logged(logged(*rows))


# By hand


def test_a_list_shorter_than_its_places_is_a_whole_choice():
    """Two requests of two places, filled by chance; item a is always clicked, b never, and the model shows a alone.

    Click model of each half: a (1 + 20 * 0.5) / 21 = 11 / 21. Places of a: 11/21 + 2 (1 - 11/21) = 31/21; of b: 11/21.
    """
    rows = [(request, item, place, 0.5, item == "a") for request in "rs" for place, item in enumerate("ab", start=1)]
    found = logged_value(Always("a"), clean_logged(logged(*rows)), now=START)
    assert found.snips.value == pytest.approx(1.0)
    assert found.robust.value == pytest.approx((31 / 21 + 11 / 21) / 2)


def test_two_estimators_by_hand():
    """Four requests of one place, filled by chance; the model shows item a.

    Weights: a 1 / 0.5 = 2 twice, b 0 twice. SNIPS: (2 * 1 + 2 * 0) / 4 = 0.5, on an effective sample of 16 / 8 = 2.
    The click model of a request comes from the other half (even and odd rows), drawn to its mean by 20 shows.
    Even rows: a clicked, b clicked: mean 1, both rates 1. Odd rows: a not, b not: mean 0, both rates 0.
    So an even row is told 0, an odd one 1. Doubly robust: rows 0: 0 + 2 (1 - 0) = 2; 1: 1 + 2 (0 - 1) = -1; 2: 0;
    3: 1; their mean is 0.5.
    """
    frame = clean_logged(
        logged(("r0", "a", 1, 0.5, 1), ("r1", "a", 1, 0.5, 0), ("r2", "b", 1, 0.5, 1), ("r3", "b", 1, 0.5, 0))
    )
    found = logged_value(Always("a"), frame, now=START)
    assert found.logged == 0.5
    assert (found.snips.value, found.snips.effective_sample_size) == (pytest.approx(0.5), pytest.approx(2.0))
    assert found.robust.value == pytest.approx(0.5)
    assert (found.n_requests, found.n_chance) == (4, 4)
    assert not found.is_enough


def test_a_rate_is_drawn_to_the_mean_by_twenty_shows():
    """a: clicked once in one show where the mean is a half: (1 + 20 * 0.5) / 21."""
    rates, overall = offpolicy._rates(np.array(["a", "b"], dtype=object), np.array([1.0, 0.0]))
    assert overall == 0.5
    assert rates == {"a": pytest.approx(11 / 21), "b": pytest.approx(10 / 21)}


def test_snips_and_doubly_robust_agree_with_a_table_worked_by_hand():
    """Weights 0.5 / 0.25 = 2, 0.1 / 0.5 = 0.2 and 0.4 / 0.8 = 0.5.

    SNIPS (2 + 0.5) / 2.7; effective sample 2.7^2 / 4.29; doubly robust mean of 0.3 + 2 * 0.6, 0.3 - 0.2 * 0.2 and
    0.3 + 0.5 * 0.9.
    """
    rewards, chances, target = [1, 0, 1], [0.25, 0.5, 0.8], [0.5, 0.1, 0.4]
    found = snips(rewards, chances, target)
    assert found.value == pytest.approx(2.5 / 2.7)
    assert found.effective_sample_size == pytest.approx(7.29 / 4.29)
    robust = doubly_robust(rewards, chances, target, predicted=[0.4, 0.2, 0.1], predicted_target=[0.3, 0.3, 0.3])
    assert robust.value == pytest.approx((1.5 + 0.26 + 0.75) / 3)
    assert robust.effective_sample_size == pytest.approx(7.29 / 4.29)


# What is asked of the model


def test_a_list_as_long_as_the_request_is_asked_for_at_its_time():
    frame = logged(
        ("r", "a", 1, 0.5, 0), ("r", "b", 2, 0.5, 0), ("s", "a", 1, 0.5, 1), timestamp=[START + 5, START + 5, START]
    )
    model = Always("abc")
    logged_value(model, clean_logged(frame), now=START + 99)
    assert model.asked == [("u-r", 2, START + 5), ("u-s", 1, START)]
    model.asked.clear()
    logged_value(model, clean_logged(frame.drop(columns="timestamp")), now=START + 99)
    assert {now for _, _, now in model.asked} == {START + 99}


def test_a_place_that_was_certain_tells_nothing_but_makes_the_list_longer():
    """The model's two items are each as likely at each place, so the one place of chance holds b half of the time."""
    frame = clean_logged(
        logged(("r", "a", 1, 1.0, 1), ("r", "b", 2, 0.25, 1), ("s", "a", 1, 1.0, 1), ("s", "c", 2, 0.5, 0))
    )
    found = logged_value(Always("ab"), frame, now=START)
    assert (found.n_requests, found.n_chance, found.logged) == (2, 2, 0.5)
    assert found.snips.value == 1.0
    assert found.snips.effective_sample_size == 1.0
    # told: r from s (0 clicks in 1), s from r (1 in 1); weight of r: 0.5 / 0.25
    assert found.robust.value == pytest.approx(((0 + 2 * (1 - 0)) + 1) / 2)


def test_without_chance_nothing_is_estimated():
    found = logged_value(Always("a"), clean_logged(logged(("r", "a", 1, 1.0, 1))), now=START)
    assert (found.n_chance, found.is_enough) == (0, False)
    assert all(map(isnan, (found.logged, found.snips.value, found.robust.value)))


# The truth is found


RATES, CHANCES = {"a": 0.1, "b": 0.4, "c": 0.2}, {"a": 0.7, "b": 0.2, "c": 0.1}


@pytest.mark.parametrize("item", list(RATES))
def test_the_rate_of_each_item_is_found_although_the_log_prefers_another(item):
    found = logged_value(Always(item), shop(1900, RATES, CHANCES), now=START)
    for estimate in (found.snips, found.robust):
        assert estimate.low < RATES[item] < estimate.high
        assert estimate.high - estimate.low < 0.2


def test_a_better_model_is_told_from_a_worse_one():
    frame = shop(1900, RATES, {"a": 0.4, "b": 0.4, "c": 0.2})
    better, worse = (logged_value(Always(item), frame, now=START) for item in "ba")
    assert better.is_enough
    assert better.snips.low > worse.snips.high
    assert better.robust.low > worse.robust.high


def test_only_so_many_requests_are_drawn_and_the_same_ones_again(monkeypatch):
    monkeypatch.setattr(offpolicy, "MAX_REQUESTS", 50)
    frame = shop(300, RATES, CHANCES)
    model = Always("a")
    first, again = (logged_value(model, frame, now=START, seed=1) for _ in range(2))
    assert (first.n_requests, len(model.asked)) == (50, 100)
    assert first == again
    assert logged_value(model, frame, now=START, seed=2) != first


def test_a_large_weight_is_capped():
    """One lucky click at a chance of one in a thousand must not be the whole estimate."""
    rows = [(f"r{n}", "a", 1, 0.5, 0) for n in range(100)]
    found = logged_value(Always("a"), clean_logged(logged(*rows, ("s", "a", 1, 0.001, 1))), now=START)
    assert found.snips.value == pytest.approx(50 / (100 * 2 + 50))


def test_enough_means_an_effective_sample_of_five_hundred():
    half = {"a": 0.5, "b": 0.5}
    assert logged_value(Always("a"), shop(1500, RATES, half), now=START).is_enough
    assert not logged_value(Always("a"), shop(800, RATES, half), now=START).is_enough
    assert MIN_EFFECTIVE == 500


def test_one_person_is_never_enough():
    """However often they came: nothing tells how far apart people are."""
    frame = shop(1500, RATES, {"a": 0.5, "b": 0.5}).assign(user_id="owner")
    found = logged_value(Always("a"), frame, now=START)
    assert found.snips.effective_sample_size >= MIN_EFFECTIVE
    assert isnan(found.snips.low)
    assert not found.is_enough
    assert in_words(found.snips) == f"{found.snips.value:.4f} [-]"


place = st.tuples(st.sampled_from("abcd"), st.sampled_from([0.1, 0.5, 1.0]), st.integers(0, 1))


@settings(max_examples=60)
@given(st.lists(st.lists(place, min_size=1, max_size=3), min_size=1, max_size=6), st.sampled_from(["", "a", "dcb"]))
def test_whatever_was_logged_an_estimate_is_a_rate_or_nothing(requests, items):
    rows = [(f"r{r}", item, n, p, c) for r, one in enumerate(requests) for n, (item, p, c) in enumerate(one, 1)]
    found = logged_value(Always(items), clean_logged(logged(*rows)), now=START)
    by_chance = [c for one in requests for _, p, c in one if p < 1]
    assert found.n_chance == len(by_chance)
    assert isnan(found.logged) if not by_chance else found.logged == pytest.approx(np.mean(by_chance))
    assert isnan(found.snips.value) or -1e-9 <= found.snips.value <= 1 + 1e-9
    assert 0 <= found.snips.effective_sample_size <= len(by_chance) + 1e-9


# A log that cannot be used


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"position": 0}, "position"),
        ({"position": 1.5}, "position"),
        ({"propensity": 0.0}, "propensity"),
        ({"propensity": 1.01}, "propensity"),
        ({"propensity": float("nan")}, "propensity"),
        ({"clicked": 2}, "clicked"),
        ({"item_id": ""}, "item_id"),
        ({"request_id": None}, "request_id"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_column(wrong, told):
    frame = logged(("r", "a", 1, 0.5, 1)).assign(**wrong)
    with pytest.raises(DataError, match=told):
        clean_logged(frame)


def test_a_missing_column_and_two_items_at_one_place_are_refused():
    good = logged(("r", "a", 1, 0.5, 1), ("r", "b", 2, 0.5, 1))
    with pytest.raises(DataError, match="propensity"):
        clean_logged(good.drop(columns="propensity"))
    with pytest.raises(DataError, match="a place that stands in the request twice"):
        clean_logged(good.assign(position=1))


def test_a_request_has_one_user():
    """A shop that numbers the requests of each user has several of one name: their places are no single list."""
    good = logged(("r", "a", 1, 0.5, 1), ("r", "b", 2, 0.5, 1), ("s", "b", 1, 0.5, 1))
    with pytest.raises(DataError, match=r"'user_id'.*another user than the request began with in 1 row.*row 1: 'bo'"):
        clean_logged(good.assign(user_id=["ana", "bo", "bo"]))


def test_requests_without_chance_take_no_place_from_those_with_it(monkeypatch):
    """A shop hands over both: from a list that was certain an order can learn, but nothing can be judged."""
    monkeypatch.setattr(offpolicy, "MAX_REQUESTS", 2)
    rows = [(f"r{n}", "a", 1, 0.5 if n in (3, 17) else 1.0, 1) for n in range(20)]
    model = Always("a")
    found = logged_value(model, clean_logged(logged(*rows)), now=START)
    assert (found.n_requests, found.n_chance) == (2, 2)
    assert [user for user, _, _ in model.asked] == ["u-r3", "u-r17"]


def test_an_empty_log_is_said_to_be_empty():
    with pytest.raises(DataError, match="empty"):
        logged_value(Always("a"), clean_logged(logged(("r", "a", 1, 0.5, 1)).head(0)), now=START)


class Told(Always):
    """Remembers what it was told of each user."""

    def recommend(self, user_id: str, k: int = 10, *, now: int, with_reasons: bool, history=None):
        self.told = {**getattr(self, "told", {}), user_id: [(e.item_id, e.kind, e.value) for e in history or ()]}
        return super().recommend(user_id, k, now=now, with_reasons=with_reasons)


def test_before_a_request_a_model_is_told_what_its_user_had_done_by_then():
    """Not what the user did at that second or later, and nothing of anybody else."""
    later = frame_of(
        ("u-r", "b", "rating", START + 1, 4.0),
        ("u-r", "c", "view", START + 2),
        ("u-r", "d", "view", START + 10),
        ("u-other", "e", "view", START + 1),
    )
    model = Told("a")
    shown = logged(("r", "a", 1, 0.5, 1), ("s", "a", 1, 0.5, 0), timestamp=START + 10)
    logged_value(model, clean_logged(shown), now=START, later=later)
    assert model.told == {"u-r": [("b", "rating", 4.0), ("c", "view", None)], "u-s": []}


def test_what_is_known_only_by_its_day_is_not_told_before_that_day():
    """All that came after the training may be of one day; sorted by item, it was taken for a log without times."""
    items = [f"i{n:03d}" for n in range(150)]
    later = frame_of(*(("u-r", item, "view", START + 86_400) for item in items))
    shown = logged(("r", "a", 1, 0.5, 1), timestamp=START + 10)
    model = Told("a")
    logged_value(model, clean_logged(shown), now=START, later=later)
    assert model.told == {"u-r": []}
