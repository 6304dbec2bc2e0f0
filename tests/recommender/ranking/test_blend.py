"""Rank fusion, amounts of evidence, and moments of a visit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.ranking.blend import FUSION_WEIGHTS, RRF_CONSTANT, fuse_ranks, ranks_from_features
from recommender.ranking.coldstart import HOT_FROM, Evidence, evidence_of
from recommender.ranking.moment import NEWCOMER_ITEMS, SESSION_SECONDS, Moment, moments
from recommender.sources import HYBRID_SIGNALS, Signal
from tests.recommender.worlds import ON_A_SHELF, query, thing

SEQUENCE, TREND = Signal("itemseq", "itemseq"), Signal("trending", "trending")


def test_the_fusion_adds_weighted_reciprocal_ranks():
    ranks = {"itemseq": np.array([0.0, 1.0]), "trending": np.array([1.0, 0.0])}
    fused = fuse_ranks(ranks, [SEQUENCE, TREND], Evidence.WARM)
    sequence, trend = FUSION_WEIGHTS["itemseq"][1], FUSION_WEIGHTS["trending"][1]
    assert fused == pytest.approx(
        [sequence / RRF_CONSTANT + trend / (RRF_CONSTANT + 1), sequence / (RRF_CONSTANT + 1) + trend / RRF_CONSTANT]
    )


def test_a_signal_that_could_not_speak_adds_nothing():
    only_trend = {"trending": np.array([1.0, 0.0])}
    assert fuse_ranks(only_trend, [SEQUENCE, TREND], Evidence.HOT).argmax() == 1


def test_a_newcomer_is_carried_by_the_crowd_and_a_regular_by_the_own_history():
    ranks = {"itemseq": np.array([0.0, 9.0]), "trending": np.array([9.0, 0.0])}
    assert fuse_ranks(ranks, [SEQUENCE, TREND], Evidence.COLD).argmax() == 1
    assert fuse_ranks(ranks, [SEQUENCE, TREND], Evidence.HOT).argmax() == 0


def test_every_signal_of_the_blend_has_its_weights():
    assert {signal.name for signal in HYBRID_SIGNALS} <= set(FUSION_WEIGHTS)
    assert all(len(weights) == len(Evidence) for weights in FUSION_WEIGHTS.values())


def test_ranks_are_read_back_from_the_feature_columns():
    features = np.array([[0.9, np.log1p(0.0), 5.0], [0.2, np.log1p(3.0), 1.0]], dtype=np.float32)
    ranks = ranks_from_features(features, ["itemseq", "itemseq_rank", "stars"])
    assert ranks["itemseq"] == pytest.approx([0, 3], abs=1e-5)
    assert set(ranks) == {"itemseq"}


def test_a_signal_has_no_vote_for_what_it_does_not_know():
    """Of three things it knows the last alone; those before it in the catalogue are no better than one another."""
    features = np.array([[0.0, 1.0], [0.0, 2.0], [0.7, 0.0]], dtype=np.float32)
    features[:, 1] = np.log1p(features[:, 1])
    fused = fuse_ranks(ranks_from_features(features, ["itemseq", "itemseq_rank"]), [SEQUENCE, TREND], Evidence.WARM)
    assert fused == pytest.approx([0.0, 0.0, FUSION_WEIGHTS["itemseq"][1] / RRF_CONSTANT])


@pytest.mark.parametrize(
    ("n", "expected"), [(0, Evidence.COLD), (1, Evidence.WARM), (HOT_FROM - 1, Evidence.WARM), (HOT_FROM, Evidence.HOT)]
)
def test_evidence_grows_with_the_history(n, expected, shop_data):
    assert evidence_of(query(shop_data, [thing("kitchen", i) for i in range(n)]).state) is expected


def test_dismissals_are_no_evidence(shop_data):
    dismissed = [(thing("kitchen", i), "dismiss") for i in range(ON_A_SHELF)]
    assert evidence_of(query(shop_data, dismissed).state) is Evidence.COLD
    assert evidence_of(query(shop_data, [*dismissed, thing("garden", 1)]).state) is Evidence.WARM


def test_a_gap_tells_the_moment():
    """The log ends a hundred days after the user's latest event, or before it."""
    hour, day = 3600.0, 86_400.0
    gaps = np.array([np.nan, 0.0, SESSION_SECONDS, SESSION_SECONDS + 1, 99 * day, 100 * day, hour, 9 * hour])
    idle = np.array([100 * day] * 6 + [0.0] * 2)
    assert moments(gaps, idle, np.full(8, 3.0)).tolist() == [
        Moment.UNKNOWN,
        Moment.SESSION,
        Moment.SESSION,
        Moment.RETURN,
        Moment.RETURN,
        Moment.LIVE,
        Moment.SESSION,
        Moment.LIVE,
    ]


@pytest.mark.parametrize(
    ("gap_days", "n_items", "expected"),
    [(1, 2, Moment.NEWCOMER), (1, 3, Moment.LIVE), (0, 1, Moment.SESSION), (np.nan, 1, Moment.UNKNOWN)],
)
def test_a_new_visit_of_somebody_with_next_to_no_history_is_a_newcomers(gap_days, n_items, expected):
    assert moments(np.array([gap_days * 86_400.0]), np.zeros(1), np.array([n_items])).tolist() == [expected]


def test_within_the_log_a_newcomer_is_like_anybody():
    assert moments(np.array([9e4]), np.array([9e6]), np.ones(1)).tolist() == [Moment.RETURN]


@given(idle=st.integers(0, 4_000_000_000), n_items=st.integers(1, 5))
def test_a_moment_is_told_from_logarithms_in_single_precision_too(idle, n_items):
    """A request at the very end of the log is live, one a thousandth earlier is not."""

    def read_back(value: float) -> np.ndarray:
        return np.expm1(np.log1p(np.array([value], dtype=np.float32)))

    live = Moment.NEWCOMER if n_items <= NEWCOMER_ITEMS else Moment.LIVE
    for share, moment in ((1.0, live), (0.999, Moment.RETURN)):
        gap = read_back(idle * share)
        found = moments(gap, read_back(idle / 86_400) * 86_400, read_back(n_items))
        assert found[0] == (moment if gap[0] > SESSION_SECONDS else Moment.SESSION)
