"""Places of a list left to chance: few, in the lower half, and as likely as they say."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import DataError
from recommender.reranking.exploration import Draw, Exploration, Prepared, Shows, chances
from recommender.types import Recommendation
from tests.recommender.conftest import quick_model
from tests.recommender.serving.test_live_products import GARDENER, product
from tests.recommender.worlds import DAY, event, ids, thing

EVER = 10_000.0


def shows(*rows: tuple[str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item_id", "n_shown", "n_clicked"])


def drawn(found: list[Recommendation]) -> list[Recommendation]:
    return [r for r in found if r.source == "explore"]


# How likely each item is


counts = st.tuples(st.integers(0, 500), st.floats(0, 1)).map(lambda pair: (pair[0], round(pair[0] * pair[1])))


@settings(max_examples=50)
@given(items=st.lists(counts, min_size=1, max_size=12), rate=st.floats(0.001, 0.6))
def test_chances_are_a_distribution_in_which_nothing_is_impossible(items, rate):
    shown, clicked = np.array(items, dtype=float).T
    found = chances(shown, clicked, rate)
    assert found.sum() == pytest.approx(1.0)
    assert (found >= 0.1 / len(items) - 1e-12).all()


def test_chances_are_those_of_thompson_sampling():
    """Drawing click rates from the posteriors and taking the highest gives each item as often, a tenth aside."""
    shown, clicked, rate = np.array([0.0, 0, 40, 120, 200]), np.array([0.0, 0, 6, 3, 12]), 0.06
    draw = np.random.default_rng(1)
    rates = draw.beta(20 * rate + clicked, 20 * (1 - rate) + shown - clicked, size=(100_000, 5))
    wins = np.bincount(rates.argmax(axis=1), minlength=5) / 100_000
    assert chances(shown, clicked, rate) == pytest.approx(0.9 * wins + 0.1 / 5, abs=0.006)


def test_what_nothing_is_known_of_is_drawn_evenly():
    assert chances(np.zeros(4), np.zeros(4), 0.05) == pytest.approx(np.full(4, 0.25))


def test_what_is_clicked_more_is_drawn_more_and_what_never_is_fades():
    liked, unknown, shunned = chances(np.array([100.0, 0, 100]), np.array([15.0, 0, 0]), 0.05)
    assert liked > unknown > shunned


# How many places


@settings(max_examples=100)
@given(length=st.integers(0, 60), places=st.integers(0, 30), within=st.none() | st.integers(1, 60))
def test_few_places_of_the_lower_half_of_a_list_long_enough_are_left_to_chance(length, places, within):
    found = Exploration(places=places, within=within).drawn_places(length)
    seen = min(length, within or length)
    assert len(found) == (min(places, seen // 4) if seen >= 8 else 0)
    assert found == sorted(set(found))
    assert all(seen // 2 <= place < seen for place in found)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("places", [-1, "1", 1.5, None, True]),
        ("within", [-1, "x", 8.5, True]),
        ("max_shown", [0, "x", None, 2.5]),
        ("max_age_days", [-1.0, "x", None, float("nan")]),
        ("pool", [0, 1.5, "8", None]),
    ],
)
def test_a_measure_that_makes_no_sense_is_refused_by_name(name, wrong):
    for value in wrong:
        with pytest.raises(DataError, match=f"exploration: {name} must be a .*number of at least .*, not {value!r}"):
            Exploration(**{name: value})


def test_an_item_may_count_as_new_for_ever():
    assert Exploration(places=np.int64(2), max_age_days=float("inf")).drawn_places(16) == [10, 14]


# Lists


def test_off_is_the_list_of_the_model_and_every_place_of_it_is_certain(own_model):
    own_model.add_items(product("fresh"))
    plain = own_model.recommend("guest", 20, history=GARDENER)
    for nothing in (None, Exploration(places=0), Exploration(within=7)):
        assert own_model.recommend("guest", 20, history=GARDENER, explore=nothing) == plain
    assert {r.propensity for r in plain} == {1.0}


def test_a_new_product_comes_in_through_the_place_left_to_chance(own_model):
    own_model.add_items(product("fresh"))
    found = own_model.recommend("guest", 10, history=GARDENER, explore=Exploration(max_age_days=0.0))
    assert [(r.item_id, r.rank, r.propensity) for r in drawn(found)] == [("fresh", 8, 1.0)]
    assert drawn(found)[0].reasons[0].kind == "explore"
    assert "fresh" not in ids(own_model.recommend("guest", 10, history=[event(thing("kitchen", 3), "purchase")]))


def test_the_rest_of_the_list_stays_as_the_model_ordered_it(own_model):
    own_model.add_items(pd.concat([product(f"fresh-{n}") for n in range(5)]))
    plain = [r.item_id for r in own_model.recommend("guest", 12, history=GARDENER) if r.source != "new"]
    found = own_model.recommend("guest", 12, history=GARDENER, explore=Exploration(places=3, max_age_days=0.0))
    assert [r.rank for r in drawn(found)] == [8, 10, 12]
    assert [r.rank for r in found] == list(range(1, 13))
    assert [r.item_id for r in found if r.source != "explore"] == plain[:9]
    assert all(above.score >= below.score for above, below in pairwise(found))
    assert len(set(ids(found))) == 12


@settings(max_examples=40)
@given(seed=st.text(max_size=8), user=st.sampled_from(["u00", "guest", "\ud800"]), places=st.integers(1, 4))
def test_every_seed_gives_a_list_that_keeps_the_promises(seed, user, places, shop_model):
    explore = Exploration(places=places, within=16, seed=seed, max_age_days=EVER)
    found = shop_model.recommend(user, 24, history=GARDENER, explore=explore)
    assert found == shop_model.recommend(user, 24, history=GARDENER, explore=explore)
    assert len(set(ids(found))) == len(found) == 24
    assert len(drawn(found)) <= places
    assert all(r.rank in range(9, 17) for r in drawn(found))
    assert all((r.propensity == 1.0) == (r.source != "explore") for r in found[:16])
    assert all(0 < r.propensity <= 1 for r in found)
    assert not {e.item_id for e in GARDENER} & set(ids(found))


def test_the_logged_chance_is_how_often_a_draw_really_shows_the_item(own_model):
    """Over many requests each item stands at the place as often as its propensity says."""
    own_model.add_items(pd.concat([product(f"fresh-{n}") for n in range(4)]))
    own_model.count_shows(shows(("fresh-0", 60, 6), ("fresh-1", 60, 1), ("other", 400, 12)))
    prepared = own_model.prepare("guest", 10, history=GARDENER, explore=Exploration(max_age_days=0.0))
    n, seen, said = 4000, Counter[str](), {}
    for number in range(n):
        (pick,) = drawn(prepared.drawn(f"request-{number}"))
        seen[pick.item_id] += 1
        said[pick.item_id] = pick.propensity
    assert set(said) == {f"fresh-{number}" for number in range(4)}
    assert sum(said.values()) == pytest.approx(1.0)
    for item, chance in said.items():
        assert seen[item] / n == pytest.approx(chance, abs=4 * (chance * (1 - chance) / n) ** 0.5)
    assert said["fresh-0"] > said["fresh-2"] > said["fresh-1"]


@pytest.mark.parametrize("within", [8, 12, None])
def test_every_place_of_a_list_is_as_certain_as_it_says_behind_the_part_that_is_seen_as_well(within, shop_model):
    explore = Exploration(places=2, within=within, pool=20, max_age_days=EVER)
    prepared = shop_model.prepare("guest", 20, history=GARDENER, explore=explore)
    n, seen, said = 2000, Counter[tuple[int, str]](), {}
    for number in range(n):
        for pick in prepared.drawn(f"request-{number}"):
            seen[pick.rank, pick.item_id] += 1
            said[pick.rank, pick.item_id] = pick.propensity
    assert len(prepared.draws) == 2
    for place, chance in said.items():
        assert seen[place] / n == pytest.approx(chance, abs=4 * (chance * (1 - chance) / n) ** 0.5)


def test_what_is_taken_from_further_down_moves_nothing_else(shop_model):
    """The gap is filled by one of the last items of the list, and both say how likely they are there."""
    explore = Exploration(places=2, within=8, pool=20, max_age_days=EVER)
    prepared = shop_model.prepare("guest", 20, history=GARDENER, explore=explore)
    usual, spare = ids(prepared.answer)[:18], ids(prepared.answer)[18:]
    chance = {option.item_id: option.propensity for draw in prepared.draws for option in draw.options}
    assert set(usual[8:]) & set(chance)
    assert not set(usual[:8] + spare) & set(chance)
    for number in range(50):
        found = prepared.drawn(f"request-{number}")
        picks = ids(drawn(found))
        rest = [r for r in found if r.source != "explore"]
        expected = [spare[picks.index(item)] if item in picks else item for item in usual]
        assert ids(rest) == expected
        for r, item in zip(rest, usual, strict=True):
            assert r.propensity == pytest.approx(chance.get(item, 0.0) if item in picks else 1 - chance.get(item, 0.0))
        assert all(above.score >= below.score for above, below in pairwise(found))


@pytest.mark.parametrize("room", [1, 2, 5])
def test_what_fills_no_gap_stands_at_the_end_where_there_is_room_as_often_as_it_says(room):
    """Both draws may take something from the list, or something new: then it is as much longer."""
    listed = tuple(Recommendation(f"item-{n}", n + 1, 1.0 - n / 20) for n in range(12))

    def draw(place: int, *chances: tuple[str, float]) -> Draw:
        return Draw(place, tuple(Recommendation(item, 0, 0.0, (), "explore", chance) for item, chance in chances))

    draws = (draw(4, ("item-8", 0.5), ("new", 0.5)), draw(6, ("item-9", 0.25), ("newer", 0.75)))
    prepared = Prepared(listed, draws, "salt", room)
    n, seen, said = 4000, Counter[tuple[int, str]](), {}
    for number in range(n):
        found = prepared.drawn(str(number))
        n_new = len({"new", "newer"} & set(ids(found)))
        assert len(found) == 12 + min(room, n_new)
        for r in found:
            seen[r.rank, r.item_id] += 1
            said[r.rank, r.item_id] = r.propensity
    for place, chance in said.items():
        assert seen[place] / n == pytest.approx(chance, abs=4 * (chance * (1 - chance) / n) ** 0.5)
    assert said[13, "item-11"] == pytest.approx(0.5 * 0.75)


def test_a_list_with_room_loses_nothing_to_a_draw(own_model):
    """A category with fewer products than were asked for: what is tried stands beside them."""
    own_model.add_items(product("fresh"))
    ask = {"history": GARDENER, "category": "Garden"}
    usual = [r.item_id for r in own_model.recommend("guest", 40, **ask) if r.source != "new"]
    found = own_model.recommend("guest", 40, explore=Exploration(max_age_days=0.0), **ask)
    assert [r.item_id for r in found if r.source != "explore"] == usual
    assert ids(drawn(found)) == ["fresh"]
    assert len(own_model.recommend("guest", len(usual), explore=Exploration(max_age_days=0.0), **ask)) == len(usual)


def test_a_list_prepared_once_is_the_list_asked_for_with_the_seed(own_model):
    prepared = own_model.prepare("u00", 16, explore=Exploration(places=2, max_age_days=EVER))
    for seed in ("a", "b", "c"):
        explore = Exploration(places=2, seed=seed, max_age_days=EVER)
        assert prepared.drawn(seed) == own_model.recommend("u00", 16, explore=explore)


def test_two_people_with_one_seed_do_not_draw_alike(own_model):
    own_model.add_items(pd.concat([product(f"fresh-{n}") for n in range(8)]))
    explore = Exploration(max_age_days=0.0)

    def draws(user: str) -> list[str]:
        prepared = own_model.prepare(user, 10, history=GARDENER, explore=explore)
        return [drawn(prepared.drawn(str(number)))[0].item_id for number in range(20)]

    assert draws("one") != draws("another")


def test_what_was_shown_often_enough_is_no_longer_tried(own_model):
    own_model.add_items(product("fresh"))
    own_model.count_shows(shows(("fresh", 200, 3)))
    explore = Exploration(max_age_days=0.0)
    assert not drawn(own_model.recommend("guest", 10, history=GARDENER, explore=explore))
    own_model.count_shows(shows(("fresh", 199, 3)))
    assert drawn(own_model.recommend("guest", 10, history=GARDENER, explore=explore))


def test_only_what_is_young_is_tried(shop_model):
    """Items of the catalogue whose first event is older than the limit are no news."""
    columns = shop_model.model_.pipeline.columns
    days = (columns.now - columns.first_seen) / 86_400
    limit = float(np.median(days))
    young = {item for item, age in zip(shop_model.item_ids, days, strict=True) if age <= limit}
    prepared = shop_model.prepare("u00", 10, explore=Exploration(places=2, max_age_days=limit))
    tried = {option.item_id for draw in prepared.draws for option in draw.options}
    assert tried
    assert tried <= young
    assert not shop_model.prepare("u00", 10, explore=Exploration(max_age_days=0.0)).draws or limit == 0


def test_what_nobody_touched_is_new_however_old_the_model(shop_events, shop_items):
    """It was in the catalogue when the model was fitted, and two months later still nobody has seen it."""
    untouched = {thing("garden", number) for number in (3, 9, 14)}
    model = quick_model(shop_events[~shop_events["item_id"].isin(untouched)], shop_items)
    later = model.info["data_until"] + 60 * DAY
    prepared = model.prepare("guest", 10, history=GARDENER, now=later, explore=Exploration())
    tried = {option.item_id for draw in prepared.draws for option in draw.options}
    assert tried
    assert tried <= untouched


@pytest.mark.parametrize(
    "ask", [{"exclude": ["fresh"]}, {"context": "product", "item_ids": ["fresh"]}, {"category": "Garden > Seeds"}]
)
def test_chance_shows_nothing_that_may_not_be_shown(ask, own_model):
    own_model.add_items(product("fresh"))
    for seed in "abcdefgh":
        explore = Exploration(seed=seed, max_age_days=EVER)
        assert "fresh" not in ids(own_model.recommend("guest", 10, history=GARDENER, explore=explore, **ask))


# What was shown


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (shows(("a", -1, 0)), "n_shown"),
        (shows(("a", 1, 2)), "n_clicked"),
        (shows(("a", float("nan"), 0)), "n_shown"),
        (shows(("a", 1, 0), ("a", 1, 0)), "item_id"),
        (pd.DataFrame({"item_id": ["a"]}), "n_shown"),
    ],
)
def test_counts_that_make_no_sense_are_refused_and_change_nothing(frame, told, own_model):
    own_model.count_shows(shows(("a", 10, 1)))
    with pytest.raises(DataError, match=told):
        own_model.count_shows(frame)
    assert own_model._live.shows.shown("a") == 10


def test_the_rate_of_the_unknown_is_that_of_the_shop():
    assert Shows().rate == 0.05
    assert Shows.from_frame(shows()).rate == 0.05
    assert Shows.from_frame(shows(("a", 1000, 100), ("b", 980, 99))).rate == pytest.approx(200 / 2000)


@pytest.mark.parametrize(
    "counts",
    [{}, {"a": (1000, 100), "b": (980, 99)}, {7: (3, 0.5), "fresh": (0, 0)}, {"a": [np.int64(5), np.float32(2)]}],
    ids=["none", "two", "a number", "numbers of numpy"],
)
def test_counts_without_a_frame_are_those_of_one(counts, own_model):
    given = Shows.of(counts)
    assert given == Shows.from_frame(shows(*((item, *pair) for item, pair in counts.items())))
    assert own_model.count_shows(counts) == len(counts)
    assert own_model._live.shows == given


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"a": (-1, 0)}, "item 'a': n_clicked must lie between 0 and n_shown"),
        ({"a": (1, 2)}, "item 'a': n_clicked must lie between 0 and n_shown"),
        ({"a": (float("nan"), 0)}, "item 'a': n_clicked must lie between 0 and n_shown"),
        ({"a": (10**400, 0)}, "item 'a': n_clicked must lie between 0 and n_shown"),
        ({"a": (1, None)}, "item 'a': .* is no pair"),
        ({"a": 1}, "item 'a': 1 is no pair"),
        ({"a": b"21"}, "item 'a': b'21' is no pair"),
        ({"a": (1, 0), 7: (1, 0), "7": (1, 0)}, "an item shown stands in the counts twice"),
        ({None: (1, 0)}, "the id of an item shown must be text or a whole number"),
        ({"": (1, 0)}, "the id of an item shown '' is empty"),
    ],
)
def test_counts_that_no_frame_could_hold_are_refused_and_change_nothing(counts, told, own_model):
    own_model.count_shows({"a": (10, 1)})
    with pytest.raises(DataError, match=told):
        own_model.count_shows(counts)
    assert own_model._live.shows.shown("a") == 10


def test_what_is_neither_a_frame_nor_counts_is_refused(own_model):
    with pytest.raises(DataError, match="this needs a DataFrame, not list"):
        own_model.count_shows([("a", 10, 1)])
