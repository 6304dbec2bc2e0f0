"""What goes into the same order: complements, and never the other size of the same thing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.base import SourceUnavailableError
from recommender.retrievers import bought_together
from recommender.retrievers.bought_together import BoughtTogether, basket_matrix
from tests.recommender.worlds import BULB, DAY, LAMP, START, data_of, frame_of, named, query, thing

ITEMS = ["a", "b", "c", "d"]


def orders(*baskets: str, kind: str = "purchase", numbered: bool = True) -> pd.DataFrame:
    """Each basket is a text of one-letter items, bought by a user of its own."""
    return frame_of(
        *(
            (f"u{n}", item, kind, START + n * DAY, 5.0, f"o{n}" if numbered else None)
            for n, basket in enumerate(baskets)
            for item in basket
        )
    )


def strength(source: BoughtTogether, data, left: str, right: str) -> float:
    items = data.catalogue.items
    return float(source.with_items(items.rows([left]))[items.row(right)])


def test_the_planted_complement_stands_first(shop_data):
    source = BoughtTogether().fit(shop_data)
    for shelf in ("kitchen", "garden"):
        for bought, partner in ((LAMP, BULB), (BULB, LAMP)):
            scores = source.with_items(shop_data.catalogue.items.rows([thing(shelf, bought)]))
            assert named(shop_data, [scores.argmax()]) == [thing(shelf, partner)]


@settings(max_examples=50)
@given(st.lists(st.text("abcd", min_size=1, max_size=4), min_size=2, max_size=14))
def test_the_strength_is_lift_against_support(baskets):
    data = data_of(orders(*baskets), pd.DataFrame({"item_id": ITEMS}))
    multi = [set(basket) for basket in baskets if len(set(basket)) > 1]
    support = {(i, j): sum({i, j} <= basket for basket in multi) for i in ITEMS for j in ITEMS if i != j}
    if max(support.values()) < 2:
        with pytest.raises(SourceUnavailableError, match="2 orders"):
            BoughtTogether(min_support=2).fit(data)
        return
    source = BoughtTogether(min_support=2, support_shrinkage=5.0).fit(data)
    assert source.notes() == {"orders": len(multi)}
    for (i, j), together in support.items():
        alone = [sum(item in basket for basket in multi) for item in (i, j)]
        lift = together * len(multi) / (alone[0] * alone[1]) if together >= 2 else 0.0
        expected = (1 - 1 / lift) * together / (together + 5.0) if lift > 1 else 0.0
        assert strength(source, data, i, j) == pytest.approx(expected, abs=1e-6)


def test_pairs_below_the_floor_of_support_are_chance():
    data = data_of(orders("ab", "ab", "ab", "cd", "cd", "ac"), pd.DataFrame({"item_id": ITEMS}))
    source = BoughtTogether(min_support=3).fit(data)
    assert strength(source, data, "a", "b") > 0
    assert strength(source, data, "c", "d") == 0


def test_the_other_size_of_the_same_thing_is_no_complement():
    items = pd.DataFrame({"item_id": ITEMS, "family": ["shoe", "shoe", "", ""]})
    data = data_of(orders(*["abc"] * 4, *["cd"] * 4, "d", "ad", "bd"), items)
    source = BoughtTogether(min_support=2).fit(data)
    assert strength(source, data, "a", "b") == 0
    assert strength(source, data, "b", "a") == 0


def test_items_without_a_family_are_no_family():
    """Not known is not the same as shared."""
    items = pd.DataFrame({"item_id": ITEMS, "family": ["", "", "", ""]})
    data = data_of(orders(*["ab"] * 4, *["cd"] * 4), items)
    assert strength(BoughtTogether().fit(data), data, "a", "b") > 0


def test_without_order_numbers_a_day_of_a_user_is_an_order():
    numbered, by_day = (data_of(orders("ab", "ab", "ac", numbered=flag)) for flag in (True, False))
    assert basket_matrix(by_day).toarray().tolist() == [[1, 1, 0], [1, 1, 0], [1, 0, 1]]
    assert sorted(basket_matrix(numbered).toarray().tolist()) == sorted(basket_matrix(by_day).toarray().tolist())


def test_where_nobody_bought_ratings_of_one_day_stand_in():
    data = data_of(orders(*["ab"] * 3, *["cd"] * 3, kind="rating", numbered=False))
    assert strength(BoughtTogether().fit(data), data, "a", "b") > 0
    mixed = pd.concat([orders(*["ab"] * 3, *["cd"] * 3), orders(*["ac"] * 5, kind="rating", numbered=False)])
    data = data_of(mixed)
    assert strength(BoughtTogether().fit(data), data, "a", "c") == 0


def test_wholesale_orders_say_nothing_about_pairs(monkeypatch):
    monkeypatch.setattr(bought_together, "_MAX_BASKET", 3)
    data = data_of(orders("abcd", "ab", "a"))
    assert basket_matrix(data).sum() == 2


def test_several_items_in_the_cart_add_up(shop_data):
    source = BoughtTogether().fit(shop_data)
    rows = shop_data.catalogue.items.rows([thing("kitchen", LAMP), thing("garden", LAMP)])
    both = source.with_items(rows)
    assert both == pytest.approx(source.with_items(rows[:1]) + source.with_items(rows[1:]))


def test_the_page_decides_before_the_history_does(shop_data):
    source = BoughtTogether().fit(shop_data)
    history = [thing("garden", LAMP)]
    on_page = source.retrieve(query(shop_data, history, context=[thing("kitchen", LAMP)]), 1)
    at_home = source.retrieve(query(shop_data, history), 1)
    assert named(shop_data, on_page.rows) == [thing("kitchen", BULB)]
    assert named(shop_data, at_home.rows) == [thing("garden", BULB)]


def test_what_was_only_looked_at_needs_no_complement(shop_data):
    source = BoughtTogether().fit(shop_data)
    assert not source.score(query(shop_data, [(thing("garden", LAMP), "view")])).any()
    assert np.any(source.score(query(shop_data, [(thing("garden", LAMP), "cart")])))
