"""The learned order: a planted one is found by the linear blend, and what a blend cannot say is left to the trees."""

from __future__ import annotations

from dataclasses import replace
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.ranking.groups import RankGroups
from recommender.ranking.momentblend import FEW_LISTS, MomentBlend
from recommender.ranking.ranker import (
    ENOUGH_LIVE,
    MANY_LISTS,
    MOST_WEIGHT,
    ROUND_STEP,
    TREE_PARAMS,
    Ranker,
    _weights,
    last_of_the_best,
    ndcg_of_groups,
)
from tests.recommender.ranklists import (
    BARE,
    GAP,
    IDLE,
    LENGTH,
    LONG_AGO,
    NAMES,
    NOISE,
    PER_LIST,
    groups_of,
    planted,
    quality,
)
from tests.recommender.worlds import same_bytes


@pytest.fixture(scope="module")
def with_trees() -> Ranker:
    """Learned from a world in which a bare score counts, which the blend cannot see."""
    return Ranker(max_rounds=2 * ROUND_STEP, random_state=3).fit(planted(bare=1.0), NAMES)


@pytest.fixture(scope="module")
def fresh() -> RankGroups:
    """Lists of the same world that nobody has learned from."""
    return planted(150, seed=99, bare=1.0)


# Lists


def test_lists_know_where_they_begin_and_whose_each_row_is():
    groups = groups_of([(1, 0), (2, 1)], [(3, 1)], [(4, 0), (5, 0), (6, 2)])
    assert groups.starts.tolist() == [0, 2, 3]
    assert groups.owner.tolist() == [0, 0, 1, 2, 2, 2]


def test_chosen_lists_keep_all_their_rows_and_their_user():
    groups = groups_of([(1, 0), (2, 1)], [(3, 1)], [(4, 0), (5, 2)], users=[7, 8, 9])
    kept = groups.select(np.array([True, False, True]))
    assert kept.features.ravel().tolist() == [1, 2, 4, 5]
    assert kept.grades.tolist() == [0, 1, 0, 2]
    assert kept.sizes.tolist() == [2, 2]
    assert kept.users.tolist() == [7, 9]


def test_lists_that_were_parted_can_be_joined_again():
    groups = planted(10)
    early = np.arange(10) < 4
    again = RankGroups.joined([groups.select(early), groups.select(~early)])
    for field in ("features", "grades", "sizes", "users", "cuts", "places"):
        assert same_bytes(getattr(again, field), getattr(groups, field))


# How good an order is


def test_ndcg_by_hand():
    """Hits at places 2 and 4 of the first list, at place 1 of the second; grades count as chosen or not."""
    groups = groups_of([(0, 0), (0, 3), (0, 0), (0, 1)], [(0, 0), (0, 1)])
    found = ndcg_of_groups(groups, np.array([4.0, 3.0, 2.0, 1.0, 5.0, 9.0], dtype=np.float32))
    assert found.tolist() == pytest.approx([(1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3)), 1.0])


def test_ndcg_counts_the_first_k_places_and_no_more_than_fit_into_them():
    groups = groups_of([(0, 1), (0, 1), (0, 1)], [(0, 0), (0, 0), (0, 1)])
    descending = np.array([3.0, 2.0, 1.0] * 2, dtype=np.float32)
    assert ndcg_of_groups(groups, descending, k=2).tolist() == [1.0, 0.0]


def test_ndcg_of_equal_scores_takes_the_rows_as_they_stand():
    groups = groups_of([(0, 0), (0, 1)], [(0, 1), (0, 0)])
    assert ndcg_of_groups(groups, np.zeros(4, dtype=np.float32)).tolist() == pytest.approx([1 / log2(3), 1.0])


def test_ndcg_of_a_list_without_a_choice_is_zero():
    assert ndcg_of_groups(groups_of([(0, 0), (0, 0)]), np.array([1.0, 2.0])).tolist() == [0.0]


# The trees


def test_what_the_blend_cannot_see_is_learned_by_the_trees(with_trees, fresh):
    blend = quality(fresh, with_trees.linear_.predict(fresh.features))
    assert with_trees.report["rounds"] > 0
    assert quality(fresh, with_trees.predict(fresh.features)) > blend + 0.15
    assert next(iter(with_trees.importance())) == "ease"


def test_few_lists_bear_no_trees_however_well_they_would_explain_them():
    """Of so few the people kept out cannot tell what trees have learned from what they know by heart."""
    few, enough = (Ranker(max_rounds=ROUND_STEP).fit(planted(n, bare=1.0), NAMES) for n in (FEW_LISTS - 1, FEW_LISTS))
    assert few.report == {"rounds": 0, "live_rounds": 0, "shown_lists": 0}
    assert few.trees_ is None
    assert enough.report["rounds"] == ROUND_STEP


def test_as_many_trees_are_kept_as_served_the_kept_out_users_best(with_trees):
    validation = with_trees.report["validation_ndcg@10"]
    assert list(validation) == ["0", str(ROUND_STEP), str(2 * ROUND_STEP)]
    assert str(with_trees.report["rounds"]) == max(validation, key=validation.__getitem__)
    assert with_trees.trees_.n_rounds == with_trees.report["rounds"]


@pytest.mark.parametrize(
    ("gains", "chosen"),
    [
        ([[0.1, 0.2, 0.3, 0.4], [0.3, 0.4, 0.5, 0.6], [0.2, 0.3, 0.4, 0.5]], 1),  # the last is behind by .1 everywhere
        ([[0.1, 0.2, 0.3, 0.4], [0.3, 0.4, 0.5, 0.6], [0.5, 0.2, 0.7, 0.3]], 2),  # behind on average, but not surely
        ([[0.3, 0.4, 0.5, 0.6], [0.2, 0.3, 0.4, 0.5], [0.1, 0.2, 0.3, 0.4]], 0),
        ([[0.3, 0.4], [0.3, 0.4], [0.3, 0.4]], 0),
        ([[0.3], [0.4], [0.2]], 1),
    ],
)
def test_more_trees_are_kept_unless_they_are_surely_worse(gains, chosen):
    assert last_of_the_best(np.array(gains)) == chosen


def visits(bare: float, seed: int, n_lists: int = 700) -> RankGroups:
    """Lists of visits after the end of the log, their time told."""
    after_the_end = np.log1p((np.expm1(LONG_AGO) + 1) * 86_400)
    return planted(n_lists, seed=seed, bare=bare, gap=after_the_end, cut=0)


def test_on_visits_after_the_end_of_the_log_only_the_trees_speak_that_serve_them():
    """Within the log the bare score counts; on such a visit what it says is wrong, and the blend answers alone."""
    lists = RankGroups.joined([planted(1500, bare=1.0), visits(-0.5, seed=1)])
    learned = Ranker(max_rounds=ROUND_STEP).fit(lists, NAMES)
    assert (learned.report["rounds"], learned.report["live_rounds"]) == (ROUND_STEP, 0)
    within, after = planted(150, seed=9, bare=1.0), visits(-0.5, seed=10)
    both = np.concatenate([within.features, after.features])
    by_trees = learned.predict(both) - learned.linear_.predict(both)
    assert by_trees[: len(within.features)].any()
    assert not by_trees[len(within.features) :].any()
    again = Ranker.from_parts(learned.names, learned.report, learned.linear_.to_arrays(), learned.to_text())
    assert same_bytes(again.predict(both), learned.predict(both))


def test_more_trees_may_serve_such_visits_than_all_lists():
    """What nothing but these visits can tell; the others would be worse for it."""
    learned = Ranker(max_rounds=ROUND_STEP).fit(RankGroups.joined([planted(700), visits(1.0, seed=1)]), NAMES)
    assert learned.report["live_rounds"] == ROUND_STEP
    alone = replace(learned, report=learned.report | {"rounds": 0})
    alone.linear_, alone.trees_ = learned.linear_, learned.trees_
    within, after = planted(50, seed=9), visits(1.0, seed=10)
    assert same_bytes(alone.predict(within.features), learned.linear_.predict(within.features))
    assert same_bytes(alone.predict(after.features), learned.predict(after.features))


def test_of_few_such_visits_nothing_is_told_and_a_model_of_before_knows_one_number(with_trees, fresh):
    few = RankGroups.joined([planted(400, bare=1.0), visits(-0.5, seed=1, n_lists=ENOUGH_LIVE)])
    learned = Ranker(max_rounds=ROUND_STEP).fit(few, NAMES)
    assert learned.report["live_rounds"] == learned.report["rounds"]
    report = {name: value for name, value in with_trees.report.items() if name != "live_rounds"}
    old = Ranker.from_parts(with_trees.names, report, with_trees.linear_.to_arrays(), with_trees.to_text())
    assert same_bytes(old.predict(fresh.features), with_trees.predict(fresh.features))


def test_every_number_of_trees_is_judged_by_what_just_these_trees_say(fresh):
    train, steps = planted(bare=1.0), [0, ROUND_STEP, 2 * ROUND_STEP]
    ranker = Ranker(random_state=3, names=NAMES)
    linear = MomentBlend.fit(train, NAMES)
    trees = ranker._grow(train, linear, steps[-1], TREE_PARAMS)
    scores = [linear.predict(fresh.features) + trees.predict(fresh.features, rounds=n) for n in steps[1:]]
    expected = [quality(fresh, each) for each in (linear.predict(fresh.features), *scores)]
    found = ranker._validate(train, fresh, steps, TREE_PARAMS)
    assert found.shape == (len(steps), len(fresh.sizes))
    assert found.mean(axis=1).tolist() == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("n_lists", "leaves"), [(MANY_LISTS - 1, 7), (MANY_LISTS, 15)])
def test_many_lists_bear_trees_that_reach_further(n_lists, leaves):
    ranker = Ranker(max_rounds=ROUND_STEP).fit(planted(n_lists), NAMES)
    assert f"num_leaves: {leaves}]" in ranker.to_text()


def test_where_trees_only_learn_noise_the_blend_stands_alone():
    """The same features for every item of a list: no tree can tell them apart, but the tie goes to fewer trees."""
    groups = planted(60)
    blank = replace(groups, features=np.ones_like(groups.features))
    ranker = Ranker(max_rounds=ROUND_STEP).fit(blank, NAMES)
    assert ranker.report["rounds"] == 0
    assert ranker.trees_ is None


@pytest.mark.parametrize(("rounds", "one_user"), [(0, False), (ROUND_STEP, True)])
def test_without_trees_the_blend_is_the_whole_ranker(rounds, one_user):
    """None are asked for, or everything comes from one user, so that nobody could be kept out."""
    groups = planted(60)
    groups = replace(groups, users=np.zeros_like(groups.users)) if one_user else groups
    ranker = Ranker(max_rounds=rounds).fit(groups, NAMES)
    assert ranker.report == {"rounds": 0, "live_rounds": 0, "shown_lists": 0}
    assert ranker.to_text() == ""
    assert same_bytes(ranker.predict(groups.features), ranker.linear_.predict(groups.features))
    assert next(iter(ranker.importance())) == "itemseq_share"
    assert "ease" not in ranker.importance()


# What somebody was shown


def shown(n_lists: int, seed: int) -> RankGroups:
    """Lists ordered by a column that says nothing, clicked the less the further down; ``bare`` is what is wanted."""
    rng = np.random.default_rng(seed)
    features = rng.random((n_lists, PER_LIST, len(NAMES)), dtype=np.float32)
    features[:, :, [GAP, IDLE, LENGTH]] = np.nan, LONG_AGO, np.log1p(9)
    places = (-features[:, :, NOISE]).argsort(axis=1).argsort(axis=1) + 1
    is_wanted = np.abs(features[:, :, BARE] - 0.5) < 0.15
    clicked = rng.random(places.shape) < (0.1 + 0.5 * is_wanted) / np.log2(places + 1) ** 1.5
    kept = clicked.any(axis=1)
    sizes = np.full(int(kept.sum()), PER_LIST, dtype=np.int64)
    return RankGroups(
        features[kept].reshape(-1, len(NAMES)),
        clicked[kept].ravel().astype(np.int32),
        sizes,
        np.arange(len(sizes)),
        np.full(len(sizes), -1, dtype=np.int64),
        places[kept].ravel(),
    )


def test_what_was_clicked_because_it_stood_first_is_not_taken_for_better(fresh):
    """The column by which lists were once ordered is nothing to go by, although clicks follow it."""
    rounds, events, lists = 3 * ROUND_STEP, planted(100, bare=1.0), shown(1500, seed=5)
    as_told, place_unknown = (
        Ranker(max_rounds=rounds).fit(RankGroups.joined([events, own]), NAMES)
        for own in (lists, replace(lists, places=np.zeros_like(lists.places)))
    )
    assert as_told.report["rounds"] == rounds
    assert as_told.report["shown_lists"] == len(lists.sizes)
    scores = [ranker.predict(fresh.features) for ranker in (as_told, place_unknown)]
    assert quality(fresh, scores[0]) > quality(fresh, scores[1]) + 0.05
    by_trees = scores[0] - as_told.linear_.predict(fresh.features)
    assert abs(np.corrcoef(by_trees, fresh.features[:, NOISE])[0, 1]) < 0.1
    assert np.corrcoef(scores[1], fresh.features[:, NOISE])[0, 1] > 0.3


def test_shown_lists_teach_the_trees_alone(fresh):
    """The blend has no means to set the place aside, so it is the one of what people did."""
    events = planted(100, bare=1.0)
    with_lists = Ranker(max_rounds=ROUND_STEP).fit(RankGroups.joined([events, shown(300, seed=5)]), NAMES)
    without = Ranker(max_rounds=ROUND_STEP).fit(events, NAMES)
    assert same_bytes(with_lists.linear_.predict(fresh.features), without.linear_.predict(fresh.features))
    assert with_lists.to_text() != without.to_text()


def test_where_there_is_nothing_but_shown_lists_no_tree_is_grown():
    """Nobody is left whose next step could tell how many."""
    alone = RankGroups.joined([planted(1), shown(60, seed=5)])
    assert Ranker(max_rounds=ROUND_STEP).fit(alone, NAMES).report["rounds"] == 0


def test_shares_of_importance_add_up_to_one(with_trees):
    shares = list(with_trees.importance().values())
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)


def test_the_same_seed_grows_the_same_trees_and_another_seed_others(with_trees, fresh):
    again, other = (
        Ranker(max_rounds=2 * ROUND_STEP, random_state=seed).fit(planted(bare=1.0), NAMES) for seed in (3, 4)
    )
    assert again.to_text() == with_trees.to_text()
    assert again.report == with_trees.report
    assert same_bytes(again.predict(fresh.features), with_trees.predict(fresh.features))
    assert other.to_text() != with_trees.to_text()


def test_saved_and_loaded_it_scores_the_same_to_the_last_bit(with_trees, fresh):
    without = Ranker(max_rounds=0).fit(planted(60), NAMES)
    for ranker in (with_trees, without):
        parts = (ranker.names, ranker.report, ranker.linear_.to_arrays(), ranker.to_text())
        again = Ranker.from_parts(*parts)
        assert same_bytes(again.predict(fresh.features), ranker.predict(fresh.features))
        assert again.importance() == ranker.importance()
        assert (again.names, again.report, again.to_text()) == (ranker.names, ranker.report, ranker.to_text())


def test_an_item_is_scored_alone_as_it_is_among_others(with_trees, fresh):
    together = with_trees.predict(fresh.features[:20])
    alone = [float(with_trees.predict(row[None])[0]) for row in fresh.features[:20]]
    assert together.tolist() == pytest.approx(alone, abs=1e-5)


def test_several_requests_at_once_are_scored_as_one_by_one(with_trees, fresh):
    features = fresh.features.reshape(-1, PER_LIST, len(NAMES))[:5]
    for ranker in (with_trees, Ranker(max_rounds=0).fit(fresh, NAMES)):
        alone = [ranker.predict(rows) for rows in features]
        assert same_bytes(np.ascontiguousarray(ranker.predict_each(features)), np.stack(alone))


def test_nothing_is_scored_as_nothing(with_trees, fresh):
    nothing = fresh.features[:0]
    assert with_trees.predict(nothing).shape == (0,)
    assert with_trees.predict_best(nothing).shape == (0,)


# The best of the blend


@settings(max_examples=40)
@given(n_items=st.integers(1, 80), n=st.integers(1, 40), seed=st.integers(0, 2**16), coarse=st.booleans())
def test_the_trees_order_the_best_of_the_blend_and_the_others_stay_behind(n_items, n, seed, coarse, with_trees):
    """The best n are scored as in full; the others keep the blend's order, and none comes before one of the best."""
    features = np.random.default_rng(seed).random((n_items, len(NAMES)), dtype=np.float32)
    features = np.round(features, 1) if coarse else features
    blend, full = with_trees.linear_.predict(features), with_trees.predict(features)
    found = with_trees.predict_best(features, n)
    by_blend = np.lexsort((np.arange(n_items), -blend))
    best, rest = by_blend[:n], by_blend[n:]
    assert found[best] == pytest.approx(full[best], abs=1e-5)
    order = np.lexsort((np.arange(n_items), -found))
    assert set(order[:n].tolist()) == set(best.tolist())
    assert (np.diff(found[rest]) <= 0).all()


def test_a_short_list_is_scored_in_full(with_trees, fresh):
    features = fresh.features[:50]
    assert same_bytes(with_trees.predict_best(features), with_trees.predict(features))


# Lists without a time


@pytest.mark.parametrize(("n_after", "weight"), [(50, 2.0), (4, MOST_WEIGHT), (400, 1.0)])
def test_rare_visits_after_the_end_weigh_as_much_as_the_other_lists_whose_time_is_untold(n_after, weight):
    """Up to a limit, and never less than one; lists whose time is told count once."""
    going_on, coming_back = planted(100), planted(n_after, seed=1, cut=0)
    told = planted(10, seed=2, gap=1.0, cut=0)
    weights = _weights(RankGroups.joined([going_on, coming_back, told]), NAMES).reshape(-1, PER_LIST)
    assert weights[:, 0].tolist() == [1.0] * 100 + [weight] * n_after + [1.0] * 10
    assert (weights == weights[:, :1]).all()
