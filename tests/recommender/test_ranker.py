"""The learned order: a planted one is found by the linear blend, and what a blend cannot say is left to the trees."""

from __future__ import annotations

from dataclasses import replace
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.moment import SESSION_SECONDS, Moment
from recommender.momentblend import MIN_GROUPS, LinearBlend, MomentBlend, _softmax_loss, linear_columns
from recommender.ranker import ROUND_STEP, Ranker, ndcg_of_groups
from recommender.rankfeatures import AFFINITY_COLUMNS, ITEM_COLUMNS
from recommender.rankgroups import RankGroups
from tests.recommender.worlds import same_bytes

# "ease", a bare score, is no column of the blend: what it says can only be learned by trees.
NAMES = ("itemseq_share", "ease_share", "stars", "ease", "log_gap", "user_idle", "history_length")
SHARE, NOISE, STARS, BARE, GAP, IDLE, LENGTH = range(len(NAMES))
PER_LIST = 12
LONG_AGO = float(np.log1p(3650.0))


def groups_of(*lists: list[tuple[float, int]], users: list[int] | None = None) -> RankGroups:
    """Lists of (feature, grade) rows with a single feature."""
    rows = [row for one in lists for row in one]
    return RankGroups(
        features=np.array([[feature] for feature, _ in rows], dtype=np.float32),
        grades=np.array([grade for _, grade in rows], dtype=np.int32),
        sizes=np.array([len(one) for one in lists], dtype=np.int64),
        users=np.array(users or range(len(lists)), dtype=np.int64),
        cuts=np.full(len(lists), -1, dtype=np.int64),
        places=np.zeros(len(rows), dtype=np.int64),
    )


def planted(
    n_lists: int = 400,
    seed: int = 0,
    *,
    bare: float = 0.0,
    gap: float = np.nan,
    idle: float = LONG_AGO,
    n_items: int = 9,
    turn: int = 1,
    cut: int = -1,
) -> RankGroups:
    """Lists in which the share (times ``turn``) decides what is chosen, and a middling ``bare`` where that counts too.

    ``gap`` is the log of the seconds between the user's latest event and the request, ``idle`` that of the days to the
    end of the log, ``n_items`` the length of the user's history.
    """
    rng = np.random.default_rng(seed)
    features = rng.random((n_lists, PER_LIST, len(NAMES)), dtype=np.float32)
    features[:, :, [GAP, IDLE, LENGTH]] = gap, idle, np.log1p(n_items)
    wanted = turn * features[:, :, SHARE] + bare * (np.abs(features[:, :, BARE] - 0.5) < 0.15)
    chosen = (wanted + rng.gumbel(0, 0.05, wanted.shape)).argmax(axis=1)
    grades = np.zeros((n_lists, PER_LIST), dtype=np.int32)
    grades[np.arange(n_lists), chosen] = rng.integers(1, 4, n_lists)
    sizes = np.full(n_lists, PER_LIST, dtype=np.int64)
    users, cuts = np.arange(n_lists) // 2, np.full(n_lists, cut, dtype=np.int64)
    places = np.zeros(grades.size, dtype=np.int64)
    return RankGroups(features.reshape(-1, len(NAMES)), grades.ravel(), sizes, users, cuts, places)


def quality(groups: RankGroups, scores: np.ndarray) -> float:
    return float(ndcg_of_groups(groups, scores).mean())


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


# The loss


def test_without_weights_every_item_is_as_likely_as_any_other():
    """The loss is then the mean log length of the lists: here (log 4 + log 2) / 2."""
    groups = groups_of([(0, 0), (1, 1), (2, 0), (3, 0)], [(5, 1), (6, 0)])
    loss, _ = _softmax_loss(np.zeros(1), groups.features.astype(float), groups, 1.0)
    assert loss == pytest.approx((np.log(4) + np.log(2)) / 2)


grades_of_a_list = st.lists(st.integers(0, 3), min_size=1, max_size=5).filter(any)


@settings(max_examples=25, deadline=None)
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
    """In a session a large share is wanted, on the next visit a small one; where time is untold it says nothing."""
    worlds = {SESSION: 1, RETURN: -1, UNTOLD: 0}
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


def test_where_the_time_was_hardly_ever_untold_the_general_blend_learns_from_all_lists():
    lists = RankGroups.joined([planted(MIN_GROUPS - 1, turn=-1), planted(200, seed=1, gap=SESSION)])
    assert MomentBlend.fit(lists, NAMES).blends[Moment.UNKNOWN].weights[SHARE] > 1


def test_rows_of_different_moments_are_scored_as_they_are_alone():
    parts = [planted(40, seed, gap=gap, turn=turn) for seed, (gap, turn) in enumerate([(SESSION, 1), (UNTOLD, -1)])]
    blend = MomentBlend.fit(RankGroups.joined(parts), NAMES)
    mixed = np.concatenate([part.features[:3] for part in parts])[[0, 3, 1, 4, 5, 2]]
    alone = [float(blend.predict(row[None])[0]) for row in mixed]
    assert blend.predict(mixed).tolist() == pytest.approx(alone)


# The trees


def test_what_the_blend_cannot_see_is_learned_by_the_trees(with_trees, fresh):
    blend = quality(fresh, with_trees.linear_.predict(fresh.features))
    assert with_trees.report["rounds"] > 0
    assert quality(fresh, with_trees.predict(fresh.features)) > blend + 0.15
    assert next(iter(with_trees.importance())) == "ease"


def test_as_many_trees_are_kept_as_served_the_kept_out_users_best(with_trees):
    validation = with_trees.report["validation_ndcg@10"]
    assert list(validation) == ["0", str(ROUND_STEP), str(2 * ROUND_STEP)]
    assert str(with_trees.report["rounds"]) == max(validation, key=validation.__getitem__)
    assert with_trees.booster_.num_trees() == with_trees.report["rounds"]


def test_every_number_of_trees_is_judged_by_what_just_these_trees_say(fresh):
    train, steps = planted(bare=1.0), [0, ROUND_STEP, 2 * ROUND_STEP]
    ranker = Ranker(random_state=3, names=NAMES)
    linear = MomentBlend.fit(train, NAMES)
    booster = ranker._grow(train, linear, steps[-1])
    scores = [linear.predict(fresh.features) + booster.predict(fresh.features, num_iteration=n) for n in steps[1:]]
    expected = [quality(fresh, each) for each in (linear.predict(fresh.features), *scores)]
    assert ranker._validate(train, fresh, steps).tolist() == pytest.approx(expected, abs=1e-3)


def test_where_trees_only_learn_noise_the_blend_stands_alone():
    """The same features for every item of a list: no tree can tell them apart, but the tie goes to fewer trees."""
    groups = planted(60)
    blank = replace(groups, features=np.ones_like(groups.features))
    ranker = Ranker(max_rounds=ROUND_STEP).fit(blank, NAMES)
    assert ranker.report["rounds"] == 0
    assert ranker.booster_ is None


@pytest.mark.parametrize(("rounds", "one_user"), [(0, False), (ROUND_STEP, True)])
def test_without_trees_the_blend_is_the_whole_ranker(rounds, one_user):
    """None are asked for, or everything comes from one user, so that nobody could be kept out."""
    groups = planted(60)
    groups = replace(groups, users=np.zeros_like(groups.users)) if one_user else groups
    ranker = Ranker(max_rounds=rounds).fit(groups, NAMES)
    assert ranker.report == {"rounds": 0, "shown_lists": 0}
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
    assert Ranker(max_rounds=ROUND_STEP).fit(alone, NAMES).report == {"rounds": 0, "shown_lists": 0}


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


@settings(max_examples=40, deadline=None)
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
