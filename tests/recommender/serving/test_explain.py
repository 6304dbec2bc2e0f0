"""Reasons that survive the question: would it be there without?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from recommender.base import Query
from recommender.data.state import UserState
from recommender.hybrid import HybridRecommender
from recommender.serving.closeup import CloseUp
from recommender.serving.explain import (
    EXPLAINING_SOURCES,
    MAX_CHECKS,
    MIN_SHARE,
    MIN_SHARE_BESIDE,
    MOST_NAMED,
    crowd_reason,
    named_signals,
    reason_kind,
)
from recommender.types import EVENT_KINDS, Event, Recommendation
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import event, ids, query, thing

PERSONAL = {
    "because_viewed": "view",
    "because_clicked": "click",
    "because_cart": "cart",
    "because_wishlist": "wishlist",
    "because_bought": "purchase",
    "because_rated": "rating",
}


def history_of(model: HybridRecommender, user: str) -> list[Event]:
    log = model.model_.histories.of(model.known_users.row(user))
    return [
        Event(model.item_ids[int(row)], EVENT_KINDS[kind], int(time), None if np.isnan(value) else float(value))
        for row, kind, value, time in zip(log.item_rows, log.kinds, log.values, log.timestamps, strict=True)
    ]


def named_picks(model: HybridRecommender) -> Iterator[tuple[list[Event], Recommendation]]:
    """Every pick of every training user that names a signal, with the history it was made from."""
    for user in model.known_users:
        history = history_of(model, user)
        for pick in model.recommend(user, 10):
            if pick.reasons[0].item_id is not None:
                yield history, pick


def test_a_named_signal_was_really_touched_in_that_way(shop_model):
    picks = list(named_picks(shop_model))
    assert len(picks) > 200
    for history, pick in picks:
        for place, reason in enumerate(pick.reasons):
            kinds = {e.kind for e in history if e.item_id == reason.item_id}
            assert PERSONAL[reason.kind] in kinds
            assert (MIN_SHARE_BESIDE if place else MIN_SHARE) <= reason.share <= 1
            assert reason.item_id != pick.item_id


def test_up_to_three_signals_are_named_the_strongest_first_and_none_twice(shop_model):
    lengths = set()
    for _history, pick in named_picks(shop_model):
        shares = [reason.share for reason in pick.reasons]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1 + 1e-3
        assert len({reason.item_id for reason in pick.reasons}) == len(shares)
        lengths.add(len(shares))
    assert lengths == set(range(1, MOST_NAMED + 1))


def test_without_the_named_signal_the_score_falls(shop_model):
    """The question asked of the model itself: the same request by somebody who never touched the signal.

    The reasons were proven among the same candidates. A new request has other candidates, and ranks are counted
    among those, so a few picks in a hundred may keep their place for that reason.
    """
    fell, asked = 0, 0
    for history, pick in named_picks(shop_model):
        signal = pick.reasons[0].item_id
        rest = [e for e in history if e.item_id != signal]
        again = shop_model.recommend("somebody", 40, history=rest, exclude=[signal], with_reasons=False)
        scores = {r.item_id: r.score for r in again}
        fell += scores.get(pick.item_id, -np.inf) < pick.score
        asked += 1
    assert fell >= 0.9 * asked


@pytest.mark.parametrize("learned", [True, False], ids=["learned order", "rank fusion"])
def test_among_the_same_candidates_every_named_signal_holds(learned, shop_model, shop_events, shop_items):
    """Nothing but the named item is taken away, and the score of the pick is below what it was. No exception."""
    model = shop_model if learned else quick_model(shop_events.head(90), shop_items)
    assert (model.model_.ranker is not None) is learned
    pipeline, answerer = model.model_.pipeline, model._answerer
    proven = 0
    for user in list(model.known_users)[:20]:
        state = answerer.state_of(model.model_.histories.of(model.known_users.row(user)))
        question = query_of(model, state)
        found = pipeline.candidates(question, np.ones(len(model.item_ids), dtype=bool))

        def rescore(states, found=found, state=state):
            asked = [query_of(model, other) for other in states]
            scores = [pipeline.scores(question, found.rows) for question in asked]
            return answerer._scores_each(pipeline.builder.build_each(asked, scores, found.rows), state)

        everything = np.arange(len(found.rows))
        for reasons, place in zip(
            named_signals(CloseUp(pipeline, state, found.rows), state, everything, rescore), everything, strict=True
        ):
            for reason in reasons:
                base, without = rescore([state, state.without(reason.row)])
                assert without[place] < base[place]
                proven += 1
    assert proven > 20


def query_of(model: HybridRecommender, state: UserState) -> Query:
    return Query(state, model.model_.pipeline.columns.now, np.empty(0, dtype=np.int64))


def test_a_single_click_is_the_reason_for_what_follows(shop_model):
    """Taking it away leaves nobody at all; the comparison must still be one of like with like."""
    clicked = thing("kitchen", 3)
    picks = shop_model.recommend("guest", 5, history=[event(clicked, "click")])
    assert {(r.reasons[0].kind, r.reasons[0].item_id) for r in picks} == {("because_clicked", clicked)}
    assert {r.reasons[0].share for r in picks} == {1.0}


def test_the_strongest_deed_names_the_reason(shop_model):
    looked_and_bought = [event(thing("kitchen", 3), "view", days=-2), event(thing("kitchen", 3), "purchase", days=-1)]
    rated = [*looked_and_bought, event(thing("kitchen", 3), "rating", value=5.0)]
    for history, kind in ((looked_and_bought, "because_bought"), (rated, "because_rated")):
        picks = shop_model.recommend("guest", 3, history=history)
        assert {r.reasons[0].kind for r in picks} == {kind}


def test_a_dismissed_item_is_no_reason(shop_model):
    history = [event(thing("kitchen", 3), "view", days=-2), event(thing("garden", 3), "dismiss", days=-1)]
    for pick in shop_model.recommend("guest", 10, history=history):
        assert pick.reasons[0].item_id != thing("garden", 3)


def test_what_was_rated_low_is_no_reason(shop_model):
    history = [event(thing("kitchen", 3), "view", days=-2), event(thing("garden", 3), "rating", value=2.0, days=-1)]
    named = {pick.reasons[0].item_id for pick in shop_model.recommend("guest", 10, history=history)}
    assert thing("garden", 3) not in named


def test_shares_of_all_signals_add_up_to_one_or_nothing(shop_model, shop_data):
    nobody = query(shop_data, []).state
    rows = np.arange(len(shop_model.item_ids))
    pipeline = shop_model.model_.pipeline
    assert CloseUp(pipeline, nobody, rows).shares(nobody, EXPLAINING_SOURCES, np.arange(5)).shape == (0, 5)
    state = shop_model._answerer.state_of(shop_model.model_.histories.of(0))
    sums = CloseUp(pipeline, state, rows).shares(state, EXPLAINING_SOURCES, rows).sum(axis=0)
    assert np.all((np.abs(sums - 1) < 1e-5) | (sums == 0))


def test_only_the_most_used_signals_are_tried(shop_model):
    """Proving costs a rescoring each; a long history must not make a request slow."""
    tried: list[UserState] = []
    state = shop_model._answerer.state_of(shop_model.model_.histories.of(0))
    targets = np.arange(len(shop_model.item_ids))

    def rescore(states):
        tried.extend(states)
        return np.array([np.ones(len(targets)), *(np.zeros(len(targets)) for _ in states[1:])])

    closeup = CloseUp(shop_model.model_.pipeline, state, targets)
    named = named_signals(closeup, state, targets, rescore)
    assert len(tried) == 1 + MAX_CHECKS, "the whole state, and it without each of the signals tried"
    assert len({reasons[0].row for reasons in named if reasons}) == MAX_CHECKS


def test_a_score_that_does_not_fall_proves_nothing(shop_model):
    state = shop_model._answerer.state_of(shop_model.model_.histories.of(0))
    targets = np.arange(10)
    closeup = CloseUp(shop_model.model_.pipeline, state, targets)
    same = named_signals(closeup, state, targets, lambda states: np.ones((len(states), 10)))
    assert same == [()] * 10


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("trending", "trending"),
        ("popular", "popular"),
        ("content", "similar"),
        ("itemseq", "similar_taste"),
        ("ials", "similar_taste"),
        ("svd", "rated_well"),
        ("bought_together", "goes_with"),
        ("buy_again", "buy_again"),
        ("recently_viewed", "recently_viewed"),
        ("gone", "similar_taste"),
    ],
)
def test_a_reason_without_a_signal_says_what_the_source_goes_by(source, kind, shop_model):
    """Only vectors tell that two things are alike; being bought by the same people does not."""
    assert crowd_reason(shop_model._answerer._sources, source).kind == kind


@pytest.mark.parametrize("kind", sorted(PERSONAL.values()))
def test_every_kind_of_event_has_its_sentence(kind, shop_model):
    told = event(thing("kitchen", 3), kind, value=4.0 if kind == "rating" else None)
    picks = shop_model.recommend("guest", 3, history=[told])
    assert PERSONAL[picks[0].reasons[0].kind] == kind
    assert thing("kitchen", 3) not in ids(picks)


def test_kinds_follow_the_stars_first(shop_model, shop_data):
    state = query(shop_data, [Event(thing("kitchen", 1), "rating", 5, 2.0), (thing("kitchen", 2), "cart")]).state
    kinds = {int(row): reason_kind(state, place) for place, row in enumerate(state.item_rows)}
    row = shop_model.item_ids.row
    assert kinds == {row(thing("kitchen", 1)): "because_rated", row(thing("kitchen", 2)): "because_cart"}


def test_a_close_look_scores_as_the_sources_do(shop_model):
    """With everything, with the latest item only, and with any one item left out."""
    pipeline = shop_model.model_.pipeline
    rows = np.arange(0, len(shop_model.item_ids), 3)
    for user in range(5):
        state = shop_model._answerer.state_of(shop_model.model_.histories.of(user))
        closeup = CloseUp(pipeline, state, rows)
        parts = [state, state.head(1), state.head(0), *(state.without(int(row)) for row in state.item_rows[:4])]
        questions = [query_of(shop_model, part) for part in parts]
        for question, near in zip(questions, closeup.scores_each(questions), strict=True):
            far = pipeline.scores(question, rows)
            assert near.keys() == far.keys()
            for name, scores in near.items():
                np.testing.assert_allclose(scores, far[name], rtol=1e-4, atol=1e-5, err_msg=name)
