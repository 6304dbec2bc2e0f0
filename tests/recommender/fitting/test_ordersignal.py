"""Order tells something where what is done one after the other is more alike than what else somebody did."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.fitting import ordersignal
from recommender.fitting.ordersignal import FEWEST_USERS, order_tells
from tests.recommender.worlds import START, data_of, ring_walks

PEOPLE, SHELVES, ON_A_SHELF = 400, 40, 6


def shelf_visits(people: int, seed: int) -> pd.DataFrame:
    """People who take three things of one shelf, then three of another."""
    draw = np.random.default_rng(seed)
    rows = []
    for user in range(people):
        visits = [
            (shelf, n) for shelf in draw.choice(SHELVES, 2, replace=False) for n in draw.permutation(ON_A_SHELF)[:3]
        ]
        rows += [(f"u{user}", f"{shelf}-{n}", "view", START + step) for step, (shelf, n) in enumerate(visits)]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "kind", "timestamp"])


def shuffled(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same things of the same people, each in an order that was drawn."""
    times = np.random.default_rng(seed).permutation(len(frame)) + START
    return frame.assign(timestamp=times)


@pytest.mark.parametrize("seed", range(5))
def test_visits_to_one_shelf_after_the_other_are_told_from_the_same_things_in_any_order(seed):
    visits = shelf_visits(PEOPLE, seed)
    assert order_tells(data_of(visits), 0)
    assert not order_tells(data_of(shuffled(visits, seed)), 0)


def test_a_walk_along_a_ring_has_an_order():
    walks = ring_walks(PEOPLE)
    assert order_tells(data_of(walks), 0)
    assert not order_tells(data_of(shuffled(walks, 0)), 0)


def test_the_reversed_order_says_as_much():
    visits = shelf_visits(PEOPLE, 0)
    assert order_tells(data_of(visits.assign(timestamp=2 * START - visits["timestamp"])), 0)


def test_few_people_are_believed():
    few = shuffled(shelf_visits(FEWEST_USERS - 1, 0), 0)
    assert order_tells(data_of(few), 0)


def test_things_taken_again_and_again_are_no_order():
    drawn = shuffled(shelf_visits(PEOPLE, 0), 0)
    again = pd.concat([drawn, drawn.assign(timestamp=drawn["timestamp"] + 1), drawn], ignore_index=True)
    assert not order_tells(data_of(again), 0)


def test_people_who_all_did_the_same_are_believed_without_a_warning():
    same = pd.DataFrame(
        [(f"u{user}", item, "view", START + n) for user in range(PEOPLE) for n, item in enumerate("abc")],
        columns=["user_id", "item_id", "kind", "timestamp"],
    )
    assert order_tells(data_of(same), 0)


def test_of_many_people_and_long_histories_a_part_is_looked_at(monkeypatch):
    monkeypatch.setattr(ordersignal, "MOST_USERS", FEWEST_USERS)
    monkeypatch.setattr(ordersignal, "MOST_ITEMS", 4)
    data = data_of(shelf_visits(PEOPLE, 0))
    histories = ordersignal._drawn_histories(data, 0)
    assert [len(items) for items in histories] == [4] * FEWEST_USERS
    assert order_tells(data, 0)
