"""The linear blends: a planted order is found, moments have orders of their own, and an untold time lies between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.ranking.features import AFFINITY_COLUMNS, ITEM_COLUMNS
from recommender.ranking.groups import RankGroups
from recommender.ranking.moment import SESSION_SECONDS, Moment
from recommender.ranking.momentblend import (
    FEW_LISTS,
    LINEAR_L2,
    MIN_GROUPS,
    STRONGER_L2,
    LinearBlend,
    MomentBlend,
    _softmax_loss,
    linear_columns,
    penalty_for,
)
from recommender.ranking.returning import ReturnChance
from tests.recommender.ranklists import NAMES, NOISE, SHARE, STARS, groups_of, planted, quality
from tests.recommender.worlds import same_bytes

# The loss


def test_without_weights_every_item_is_as_likely_as_any_other():
    """The loss is then the mean log length of the lists: here (log 4 + log 2) / 2."""
    groups = groups_of([(0, 0), (1, 1), (2, 0), (3, 0)], [(5, 1), (6, 0)])
    loss, _ = _softmax_loss(np.zeros(1), groups.features.astype(float), groups, 1.0)
    assert loss == pytest.approx((np.log(4) + np.log(2)) / 2)


grades_of_a_list = st.lists(st.integers(0, 3), min_size=1, max_size=5).filter(any)


@settings(max_examples=25)
@given(
    grades=st.lists(grades_of_a_list, min_size=1, max_size=5),
    l2=st.sampled_from([0.0, 0.3, 2.0]),
    seed=st.integers(0, 2**16),
)
def test_the_gradient_is_the_slope_of_the_loss(grades, l2, seed):
    """By finite differences; a list in which nothing was chosen is no training list."""
    rng = np.random.default_rng(seed)
    groups = groups_of(*[[(0.0, grade) for grade in one] for one in grades])
    standard, weights, step = rng.normal(size=(len(groups.grades), 3)), rng.normal(size=3), 1e-6
    _, gradient = _softmax_loss(weights, standard, groups, l2)
    for place in range(3):
        nudge = np.eye(3)[place] * step
        above, below = (_softmax_loss(weights + sign * nudge, standard, groups, l2)[0] for sign in (1, -1))
        assert gradient[place] == pytest.approx((above - below) / (2 * step), abs=1e-5)


# The blend


def test_the_blend_weighs_shares_and_ranks_of_the_sources_and_facts_of_the_item():
    facts = [*ITEM_COLUMNS, *AFFINITY_COLUMNS]
    names = ["ease", "ease_share", "ease_rank", *facts, "log_gap", "user_stars"]
    assert [names[column] for column in linear_columns(names)] == ["ease_share", "ease_rank", *facts]


def test_the_planted_order_is_found_by_the_blend():
    blend = LinearBlend.fit(planted(), linear_columns(NAMES))
    assert blend.weights[SHARE] > 10 * np.abs(blend.weights[[NOISE, STARS]]).max()
    held = planted(150, seed=9)
    assert quality(held, blend.predict(held.features)) > 0.8
    assert quality(held, held.features[:, NOISE]) < 0.5


def chosen_by_chance(n_lists: int) -> RankGroups:
    """Lists in which nothing says what is chosen."""
    return planted(n_lists, turn=0)


def test_weights_learned_from_few_lists_are_held_back_as_far_as_serves_people_kept_out():
    columns = linear_columns(NAMES)
    assert penalty_for(chosen_by_chance(40), columns) in STRONGER_L2
    assert penalty_for(planted(FEW_LISTS - 1), columns) == LINEAR_L2


def test_of_many_lists_none_is_kept_out_to_choose_a_penalty():
    assert penalty_for(chosen_by_chance(FEW_LISTS), linear_columns(NAMES)) == LINEAR_L2


def test_the_lists_of_one_person_alone_choose_no_penalty():
    groups = planted(40)
    groups.users[:] = 3
    assert penalty_for(groups, linear_columns(NAMES)) == LINEAR_L2


def test_few_lists_of_chance_leave_the_blend_nearly_without_weights():
    columns = linear_columns(NAMES)
    held_back = MomentBlend.fit(chosen_by_chance(60), NAMES).blends[Moment.UNKNOWN]
    as_of_many = LinearBlend.fit(chosen_by_chance(60), columns)
    assert np.abs(held_back.weights).max() < np.abs(as_of_many.weights).max() / 5


def test_the_unlikelihood_of_a_choice_by_hand():
    """Two items whose scores lie one apart, the better one chosen; a second list chooses the other."""
    blend = LinearBlend(np.array([0]), np.zeros(1, np.float32), np.ones(1, np.float32), np.ones(1, np.float32))
    groups = groups_of([(2, 1), (1, 0)], [(2, 0), (1, 1)])
    assert blend.unlikelihood(groups) == pytest.approx(np.log(1 + np.exp(-1)) + np.log(1 + np.exp(1)))


def test_a_column_that_never_changes_says_nothing():
    groups = planted(60)
    groups.features[:, STARS] = 4.0
    blend = LinearBlend.fit(groups, linear_columns(NAMES))
    assert blend.weights[STARS] == 0
    elsewhere = np.full((3, len(NAMES)), 0.5, dtype=np.float32)
    elsewhere[:, STARS] = [1.0, 4.0, 5.0]
    assert len(set(blend.predict(elsewhere).tolist())) == 1


def test_a_blend_is_moved_to_other_lists_as_far_as_the_penalty_lets_it():
    """In those lists small shares are wanted; a high penalty on the way keeps the blend where it was."""
    blend, others = LinearBlend.fit(planted(), linear_columns(NAMES)), planted(100, seed=5, turn=-1)
    moved, held_back = (blend.moved_to(others, l2=l2) for l2 in (1.0, 1e6))
    assert moved.weights[SHARE] < -1
    assert held_back.weights == pytest.approx(blend.weights, abs=0.01)
    assert same_bytes(moved.mean, blend.mean)


def test_a_higher_penalty_means_smaller_weights():
    groups = planted(60)
    sizes = [np.abs(LinearBlend.fit(groups, linear_columns(NAMES), l2=l2).weights).sum() for l2 in (0.1, 1.0, 10.0)]
    assert sizes == sorted(sizes, reverse=True)


SESSION, RETURN, UNTOLD = np.log1p(60.0), np.log1p(2.0 * SESSION_SECONDS), np.nan


def test_every_moment_of_a_visit_has_its_own_order():
    """In a session a large share is wanted, on the next visit a small one; over all of them it says nothing."""
    worlds = {SESSION: 1, RETURN: -1}
    lists = [planted(100, seed, gap=gap, turn=turn) for seed, (gap, turn) in enumerate(worlds.items())]
    blend = MomentBlend.fit(RankGroups.joined(lists), NAMES)
    weights = {moment: float(blend.blends[moment].weights[SHARE]) for moment in Moment}
    assert weights[Moment.SESSION] > 1 > abs(weights[Moment.UNKNOWN])
    assert weights[Moment.RETURN] < -1
    for gap, turn in ((SESSION, 1), (RETURN, -1)):
        held = planted(60, seed=50, gap=gap, turn=turn)
        assert quality(held, blend.predict(held.features)) > 0.8


@pytest.mark.parametrize(("n_lists", "is_own"), [(MIN_GROUPS - 1, False), (MIN_GROUPS, True)])
def test_new_visits_after_the_end_of_the_log_move_the_order_of_new_visits(n_lists, is_own):
    """Within the log large shares are wanted, after its end small ones."""
    within = planted(100, gap=RETURN)
    after = planted(n_lists, seed=1, gap=RETURN, idle=0.0, turn=-1, cut=2)
    blends = MomentBlend.fit(RankGroups.joined([within, after]), NAMES).blends
    live, visit = (float(blends[moment].weights[SHARE]) for moment in (Moment.LIVE, Moment.RETURN))
    assert (live < visit) is is_own
    assert blends[Moment.NEWCOMER] is blends[Moment.LIVE]


@pytest.mark.parametrize("gap", [RETURN, UNTOLD], ids=["told", "untold"])
def test_newcomers_among_them_move_it_on(gap):
    """Their lists count as such whether or not the time was told; everybody else wants large shares."""
    regulars = planted(100, gap=RETURN, idle=0.0, cut=0)
    newcomers = planted(40, seed=1, gap=gap, idle=0.0, n_items=2, turn=-1, cut=0)
    blends = MomentBlend.fit(RankGroups.joined([regulars, newcomers]), NAMES).blends
    assert blends[Moment.NEWCOMER].weights[SHARE] < blends[Moment.LIVE].weights[SHARE]


@pytest.mark.parametrize(("n_told", "is_own"), [(MIN_GROUPS - 1, False), (MIN_GROUPS, True)])
def test_a_rare_moment_is_served_by_the_general_blend(n_told, is_own):
    lists = RankGroups.joined([planted(100), planted(n_told, seed=1, gap=SESSION, turn=-1)])
    blends = MomentBlend.fit(lists, NAMES).blends
    assert (blends[Moment.SESSION] is not blends[Moment.UNKNOWN]) is is_own
    assert blends[Moment.RETURN] is blends[Moment.UNKNOWN]


@pytest.mark.parametrize("gap", [SESSION, RETURN, UNTOLD], ids=["session", "return", "untold"])
def test_the_general_blend_learns_from_all_lists_but_visits_after_the_end_of_the_log(gap):
    """Whether or not their time was told."""
    lists = RankGroups.joined([planted(200, gap=gap), planted(200, seed=1, gap=RETURN, idle=0.0, turn=-1, cut=1)])
    assert MomentBlend.fit(lists, NAMES).blends[Moment.UNKNOWN].weights[SHARE] > 1


def test_rows_of_different_moments_are_scored_as_they_are_alone():
    parts = [planted(40, seed, gap=gap, turn=turn) for seed, (gap, turn) in enumerate([(SESSION, 1), (UNTOLD, -1)])]
    blend = MomentBlend.fit(RankGroups.joined(parts), NAMES)
    mixed = np.concatenate([part.features[:3] for part in parts])[[0, 3, 1, 4, 5, 2]]
    alone = [float(blend.predict(row[None])[0]) for row in mixed]
    assert blend.predict(mixed).tolist() == pytest.approx(alone)


# A time that is not told

RECENT, OLD = float(np.log1p(2.0)), float(np.log1p(900.0))


@pytest.fixture(scope="module")
def two_ways() -> MomentBlend:
    """Who comes back after the end of the log was there lately and wants small shares; all others want large ones."""
    going_on = planted(200, gap=SESSION, idle=OLD)
    coming_back = planted(100, seed=1, gap=RETURN, idle=RECENT, turn=-1, cut=0)
    return MomentBlend.fit(RankGroups.joined([going_on, coming_back]), NAMES)


@pytest.mark.parametrize(("idle", "turn"), [(RECENT, -1), (OLD, 1)], ids=["was there lately", "long ago"])
def test_without_a_time_the_age_of_the_history_tells_what_is_wanted(two_ways, idle, turn):
    held = planted(100, seed=7, gap=UNTOLD, idle=idle, turn=turn)
    assert quality(held, two_ways.predict(held.features)) > 0.8


def test_who_did_something_after_the_end_of_the_log_goes_on_from_there(two_ways):
    """As in a history that is folded in: the request follows it."""
    held = planted(20, seed=7, gap=UNTOLD, idle=0.0)
    assert same_bytes(two_ways.predict(held.features), two_ways.blends[Moment.UNKNOWN].predict(held.features))


def test_a_told_time_leaves_nothing_to_chance(two_ways):
    """Told that the request comes after the end, even an old history asks for what is wanted then."""
    after_the_end = float(np.log1p(901.0 * 86_400))
    held = planted(100, seed=7, gap=after_the_end, idle=OLD, turn=-1)
    told = two_ways.blends[Moment.LIVE].predict(held.features)
    assert same_bytes(two_ways.predict(held.features), told)


@pytest.mark.parametrize(("n_after", "is_learned"), [(MIN_GROUPS - 1, False), (MIN_GROUPS, True)])
def test_where_hardly_anybody_came_back_a_request_goes_on_from_the_history(n_after, is_learned):
    lists = RankGroups.joined([planted(100), planted(n_after, seed=1, gap=RETURN, idle=RECENT, turn=-1, cut=0)])
    blend = MomentBlend.fit(lists, NAMES)
    held = planted(5, seed=7, idle=RECENT)
    assert (blend.returns is not None) is is_learned
    general = blend.blends[Moment.UNKNOWN].predict(held.features)
    assert same_bytes(blend.predict(held.features), general) is not is_learned


def test_the_chance_of_a_return_weighs_both_kinds_of_requests_alike():
    """Nine of ten lists go on from the history, but where idle times say nothing either is as likely."""
    rng = np.random.default_rng(0)
    came_back = np.arange(2000) % 10 == 0
    chance = ReturnChance.fit(rng.normal(3, 1, 2000), rng.normal(2, 1, 2000), came_back)
    assert chance.predict(np.full(1, 3.0), np.full(1, 2.0))[0] == pytest.approx(0.5, abs=0.08)


@settings(max_examples=30)
@given(idle=st.floats(0, 12), length=st.floats(0, 8))
def test_a_chance_lies_between_none_and_certainty(two_ways, idle, length):
    chance = float(two_ways.returns.predict(np.array([idle], np.float32), np.array([length], np.float32))[0])
    assert 0.0 <= chance <= 1.0


def test_a_blend_comes_back_from_its_arrays_as_it_was(two_ways):
    held = planted(20, seed=3, idle=RECENT)
    again = MomentBlend.from_arrays(two_ways.to_arrays(), NAMES)
    assert same_bytes(again.predict(held.features), two_ways.predict(held.features))
