"""Events that a model hears of late: they stand where they happened, as in a fit on everything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import HybridRecommender
from tests.recommender.serving.test_live import ITEMS, model_of, scores, walks
from tests.recommender.worlds import DAY, START, event, frame_of

FIRST_ORDER = ("an early customer", ITEMS[0], "purchase", START - DAY)


def told_one_by_one(rows, late) -> tuple[HybridRecommender, HybridRecommender]:
    """A model that is told of the late rows one after the other, and one fitted on everything."""
    grown = model_of(frame_of(FIRST_ORDER, *rows))
    for row in late:
        grown.absorb(frame_of(row))
    return grown, model_of(frame_of(FIRST_ORDER, *rows, *late))


def what_follows(model: HybridRecommender, item: str) -> dict[str, float]:
    return scores(model, "guest", [event(item, "view")])


def assert_same_steps(grown: HybridRecommender, refitted: HybridRecommender) -> None:
    for item in ITEMS:
        assert what_follows(grown, item) == pytest.approx(what_follows(refitted, item), rel=1e-3, abs=1e-5)


def test_what_is_told_late_leads_to_what_came_after_it():
    """A phone that was offline reports on Monday what its owner looked at on Saturday, before Sunday's purchase."""
    saturday, sunday = ("u", "a", "view", START), ("u", "b", "purchase", START + DAY)
    grown, refitted = told_one_by_one([sunday], [saturday])
    assert what_follows(refitted, "a")["b"] > what_follows(refitted, "b")["a"]
    assert_same_steps(grown, refitted)


def test_what_comes_between_two_steps_moves_them_apart():
    rows = [("u", item, "view", START + n * DAY) for n, item in [(0, "a"), (2, "b"), (3, "c")]]
    assert_same_steps(*told_one_by_one(rows, [("u", "d", "view", START + DAY)]))


def test_more_evidence_for_a_step_of_the_past_makes_no_other_step():
    rows = [("u", item, "view", START + n * DAY) for n, item in enumerate("abc")]
    assert_same_steps(*told_one_by_one(rows, [("u", "b", "purchase", START + DAY + 60)]))


def test_what_is_told_late_leaves_no_trace_where_a_fit_sees_none():
    """The pair of two steps that end up further apart than the window is taken back."""
    rows = [("u", "a", "view", START), ("u", "b", "view", START + 100 * DAY)]
    between = [("u", "cd"[n % 2], "view", START + (1 + n) * DAY) for n in range(21)]
    assert_same_steps(*told_one_by_one(rows, between))


@settings(max_examples=40)
@given(log=walks, draw=st.data())
def test_the_order_of_arrival_makes_no_difference(log, draw):
    turns = [(user, *walk[n]) for n in range(7) for user, walk in log.items() if n < len(walk)]
    rows = [(*row, START + turn * DAY) for turn, row in enumerate(turns)]
    arriving = draw.draw(st.permutations(rows))
    cut = draw.draw(st.integers(0, len(rows)))
    assert_same_steps(*told_one_by_one(arriving[:cut], arriving[cut:]))
