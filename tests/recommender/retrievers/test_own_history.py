"""Items somebody already knows: due again, or looked at lately."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recommender.base import SourceUnavailableError
from recommender.data.weights import EventWeights
from recommender.retrievers.own_history import BuyAgain, RecentlyViewed, repurchase_gaps
from recommender.training_data import TrainingData
from recommender.types import Event
from tests.recommender.worlds import DAY, START, data_of, frame_of, named, query


@pytest.fixture(scope="module")
def pantry() -> TrainingData:
    """Coffee is bought every 30 days, soap every 60, a pan once; one person bought the same book three times."""
    rows = []
    for user in range(12):
        begin = START + user * DAY
        rows += [(f"u{user}", "coffee", "purchase", begin + n * 30 * DAY) for n in range(4)]
        rows += [(f"u{user}", "soap", "purchase", begin + n * 60 * DAY) for n in range(2)]
        rows += [(f"u{user}", item, "purchase", begin) for item in ("pan", "book")]
    rows += [("u0", "book", "purchase", START + n * 40 * DAY) for n in (1, 2)]
    return data_of(frame_of(*rows))


def due(data: TrainingData, history: list[Event], now: int) -> dict[str, float]:
    scores = BuyAgain().fit(data).score(query(data, history, now=now))
    return {item: float(score) for item, score in zip(data.catalogue.items, scores, strict=True) if score > 0}


def bought(item: str, days_ago: float, now: int) -> Event:
    return Event(item, "purchase", int(now - days_ago * DAY))


def test_intervals_and_shares_are_learned(pantry):
    source = BuyAgain().fit(pantry)
    rows = pantry.catalogue.items.rows(["coffee", "soap"])
    assert source.interval_days_[rows].tolist() == [30, 60]
    assert source.share_[rows].tolist() == [1, 1]


@pytest.mark.parametrize(("gaps", "median"), [([10, 20], 15), ([40, 10, 20], 20), ([10, 90, 20, 25], 22.5), ([7], 7)])
def test_the_interval_is_the_median_of_the_gaps(gaps, median):
    """Of an even number it was the longer of the two in the middle."""
    days = np.cumsum([0, *gaps])
    log = frame_of(*(("u", "tea", "purchase", START + int(day) * DAY) for day in days), ("v", "pan", "purchase", START))
    source = BuyAgain().fit(data_of(log))
    assert source.interval_days_.tolist() == [30, median]


def test_the_item_that_is_due_stands_first(pantry):
    now = pantry.now
    history = [bought("soap", 30, now), bought("coffee", 30, now)]
    scores = due(pantry, history, now)
    assert scores["coffee"] == pytest.approx(1)
    assert scores["coffee"] > scores["soap"]
    later = due(pantry, history, now + 30 * DAY)
    assert later["soap"] > later["coffee"]


def test_an_item_is_most_due_when_its_interval_is_over(pantry):
    now = pantry.now
    scores = [due(pantry, [bought("coffee", days, now)], now).get("coffee", 0.0) for days in (1, 10, 30, 90, 300)]
    assert scores.index(max(scores)) == 2
    assert scores[0] < 0.01


def test_what_people_buy_once_is_never_due(pantry):
    now = pantry.now
    assert due(pantry, [bought("pan", 30, now), bought("book", 40, now)], now) == {}


@pytest.mark.parametrize("after", [("view", None), ("cart", None), ("rating", 5.0), ("rating", 2.0)])
def test_looking_at_it_or_rating_it_does_not_make_it_newly_bought(pantry, after):
    now = pantry.now
    kind, stars = after
    history = [bought("coffee", 30, now), Event("coffee", kind, now - DAY, stars)]
    assert due(pantry, history, now)["coffee"] == pytest.approx(1)


def test_what_was_never_bought_is_not_bought_again(pantry):
    assert due(pantry, [Event("coffee", "cart", pantry.now - 30 * DAY)], pantry.now) == {}


@pytest.mark.parametrize(("days", "is_due"), [(0, False), (1, False), (14, False), (15, True), (300, True)])
def test_nothing_is_due_in_the_first_half_of_its_interval(pantry, days, is_due):
    assert ("coffee" in due(pantry, [bought("coffee", days, pantry.now)], pantry.now)) == is_due


def test_two_purchases_on_one_day_are_no_interval():
    log = frame_of(*(("u", "a", "purchase", START + hour * 3600) for hour in range(5)))
    assert len(repurchase_gaps(data_of(log))[2]) == 0
    with pytest.raises(SourceUnavailableError, match="nobody bought an item twice"):
        BuyAgain().fit(data_of(log))


def test_gaps_are_those_between_neighbouring_purchases():
    log = frame_of(("v", "a", "purchase", 0), *(("u", "a", "purchase", day * DAY) for day in (9, 0, 2)))
    users, items, days = repurchase_gaps(data_of(log))
    assert (users.tolist(), items.tolist(), days.tolist()) == ([0, 0], [0, 0], [2, 7])


def test_an_item_qualifies_by_repeats_and_by_the_share_of_its_buyers(pantry):
    everybody_once = frame_of(*((f"w{n}", "coffee", "purchase", START + n) for n in range(200)))
    diluted = data_of(pd.concat([pantry.events.to_frame(), everybody_once]))
    row = diluted.catalogue.items.row("coffee")
    assert BuyAgain(min_share=0.15).fit(diluted).share_[row] == 0
    assert BuyAgain(min_share=0.01).fit(diluted).share_[row] > 0
    assert BuyAgain(min_share=0.01, min_repeats=500).fit(diluted).share_[row] == 0


def test_the_history_comes_back_latest_first_without_what_was_dismissed(pantry):
    source = RecentlyViewed().fit(pantry)
    question = query(pantry, [("coffee", "view"), ("pan", "view"), ("soap", "dismiss"), ("book", "click")])
    assert named(pantry, source.retrieve(question, 9).rows) == ["book", "pan", "coffee"]
    assert np.count_nonzero(source.score(query(pantry, []))) == 0


def test_what_says_nothing_of_a_taste_was_looked_at_all_the_same(pantry):
    """With a weight of 0 a view is no evidence, and no dismissal either."""
    silent = replace(pantry, weights=EventWeights({"purchase": 1.0}))
    source = RecentlyViewed().fit(silent)
    question = query(silent, [("coffee", "view"), ("pan", "purchase"), ("soap", "view"), ("book", "dismiss")])
    assert named(silent, source.retrieve(question, 9).rows) == ["soap", "pan", "coffee"]
    assert source.usable(query(silent, [("coffee", "view")]))
    assert not source.usable(query(silent, [("coffee", "dismiss")]))
    assert not source.usable(query(silent, []))
