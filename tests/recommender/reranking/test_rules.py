"""What the owner wants of a list, after the model has made it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import DataError
from recommender.reranking.rules import ACTIONS, Goods, Rule, arrange, excluded

NOW = 1_800_000_000
LIST = [
    ("lamp", "Home > Lamps", "Alder", 49.0, 10),
    ("bulb", "Home > Lamps > Bulbs", "Brass", 5.0, 0),
    ("mug", "Table > Mugs", "Alder", 12.0, 3),
    ("vase", "Home>Vases", "Brass", 30.0, 80),
    ("bowl", "Table > Bowls", "Clay", float("nan"), float("nan")),
]


def after(*rules: Rule, n_listed: int = len(LIST)) -> list[str]:
    found = arrange(rules, Goods.of(LIST), n_listed, now=NOW)
    return [LIST[position][0] for position in found.positions]


def rule(action: str, **over: object) -> Rule:
    return Rule("r", action, **over)  # type: ignore[arg-type]


def test_without_rules_the_order_of_the_model_stays():
    assert after() == ["lamp", "bulb", "mug", "vase", "bowl"]
    assert excluded([], Goods.of(LIST), now=NOW).tolist() == [False] * 5


@pytest.mark.parametrize(
    ("condition", "fitting"),
    [
        ({"item_id": "mug"}, ["mug"]),
        ({"category": "Home > Lamps"}, ["lamp", "bulb"]),
        ({"category": "Home"}, ["lamp", "bulb", "vase"]),
        ({"category": "Home>Lamps"}, ["lamp", "bulb"]),
        ({"category": "Hom"}, []),
        ({"brand": "Brass"}, ["bulb", "vase"]),
        ({"price_from": 12.0}, ["lamp", "mug", "vase"]),
        ({"price_to": 12.0}, ["bulb", "mug"]),
        ({"stock_from": 10}, ["lamp", "vase"]),
        ({"stock_to": 3}, ["bulb", "mug"]),
        ({"brand": "Brass", "price_from": 10.0}, ["vase"]),
    ],
)
def test_a_rule_is_about_what_all_its_conditions_hold_for(condition, fitting):
    """A category holds what is below it; a bound holds for nothing whose price or stock is unknown."""
    fits = rule("exclude", **condition).fits(Goods.of(LIST))
    assert [row[0] for row, fit in zip(LIST, fits, strict=True) if fit] == fitting


def test_a_pin_stands_at_its_place_and_says_so():
    found = arrange([rule("pin", item_id="vase", place=2)], Goods.of(LIST), 5, now=NOW)
    assert [LIST[p][0] for p in found.positions] == ["lamp", "vase", "bulb", "mug", "bowl"]
    assert found.pinned_by == ("", "r", "", "", "")


def test_what_is_not_in_the_list_comes_in_only_by_a_pin():
    assert after(n_listed=3) == ["lamp", "bulb", "mug"]
    assert after(rule("pin", item_id="bowl", place=1), n_listed=3) == ["bowl", "lamp", "bulb", "mug"]
    assert after(rule("boost", item_id="bowl", strength=1.0), n_listed=3) == ["lamp", "bulb", "mug"]


def test_a_pin_of_a_kind_takes_the_best_of_it_and_two_pins_for_a_place_follow_each_other():
    assert after(rule("pin", brand="Brass", place=1)) == ["bulb", "lamp", "mug", "vase", "bowl"]
    both = [Rule("a", "pin", item_id="bowl", place=1), Rule("b", "pin", item_id="vase", place=1)]
    found = arrange(both, Goods.of(LIST), 5, now=NOW)
    assert ([LIST[p][0] for p in found.positions[:3]], found.pinned_by[:3]) == (
        ["bowl", "vase", "lamp"],
        ("a", "b", ""),
    )


def test_a_pin_behind_the_end_stands_at_the_end_and_one_that_nothing_fits_pins_nothing():
    assert after(rule("pin", item_id="lamp", place=9)) == ["bulb", "mug", "vase", "bowl", "lamp"]
    assert after(rule("pin", item_id="gone")) == after()


def test_a_boost_moves_up_by_its_share_of_the_list_and_boosts_add_up():
    assert after(rule("boost", item_id="vase", strength=0.5)) == ["lamp", "vase", "bulb", "mug", "bowl"]
    twice = [rule("boost", item_id="vase", strength=0.5), rule("boost", brand="Brass", strength=0.5)]
    assert after(*twice)[:2] == ["vase", "bulb"]


def test_what_is_buried_stands_behind_everything_else_even_when_it_is_moved_up():
    assert after(rule("bury", category="Home > Lamps")) == ["mug", "vase", "bowl", "lamp", "bulb"]
    assert after(rule("bury", item_id="lamp"), rule("boost", item_id="lamp", strength=1.0))[-1] == "lamp"


def test_leaving_out_goes_before_pinning():
    assert after(rule("pin", item_id="mug"), rule("exclude", brand="Alder")) == ["bulb", "vase", "bowl"]


@pytest.mark.parametrize(
    ("dates", "counts"),
    [
        ({}, True),
        ({"starts": NOW}, True),
        ({"starts": NOW + 1}, False),
        ({"ends": NOW}, False),
        ({"ends": NOW + 1}, True),
        ({"starts": NOW - 5, "ends": NOW + 5}, True),
    ],
)
def test_a_rule_counts_from_its_beginning_until_before_its_end(dates, counts):
    assert (after(rule("exclude", item_id="lamp", **dates)) != after()) is counts


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"action": "hide", "item_id": "a"}, "'hide' is not one of"),
        ({"action": "pin"}, "no condition"),
        ({"action": "pin", "category": " > "}, "no condition"),
        ({"action": "pin", "item_id": "a", "place": 0}, "place"),
        ({"action": "boost", "item_id": "a", "strength": 0.0}, "strength"),
        ({"action": "boost", "item_id": "a", "strength": 1.1}, "strength"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong, told):
    with pytest.raises(DataError, match=told):
        Rule("r", **wrong)


some_rules = st.lists(
    st.builds(
        Rule,
        rule_id=st.sampled_from("abcdef"),
        action=st.sampled_from(ACTIONS),
        item_id=st.sampled_from(["", "lamp", "bowl", "gone"]),
        brand=st.sampled_from(["Alder", "Brass", "nobody"]),
        place=st.integers(1, 12),
        strength=st.floats(0.01, 1.0),
    ),
    max_size=5,
)


@given(rules=some_rules, n_listed=st.integers(0, 5))
def test_no_rules_make_anything_stand_twice_or_come_from_nowhere(rules, n_listed):
    goods = Goods.of(LIST)
    found = arrange(rules, goods, n_listed, now=NOW)
    positions = found.positions.tolist()
    assert len(set(positions)) == len(positions) == len(found.pinned_by)
    out = np.flatnonzero(excluded(rules, goods, now=NOW)).tolist()
    assert not set(positions) & set(out)
    assert set(range(n_listed)) - set(out) <= set(positions)
    assert all(by for position, by in zip(positions, found.pinned_by, strict=True) if position >= n_listed)


def test_an_empty_list_stays_empty():
    assert arrange([rule("bury", brand="Alder")], Goods.of([]), 0, now=NOW).positions.tolist() == []
