"""The sequence-aware counts: against the formula worked slowly, and growing as a refit would make them grow."""

from __future__ import annotations

import threading
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.data.state import Steps, build_state
from recommender.data.weights import EventWeights
from recommender.ranking.pipeline import all_but
from recommender.retrievers.itemseq import ItemSeq
from recommender.training_data import TrainingData
from recommender.types import Event
from tests.recommender.worlds import SHELVES, START, data_of, frame_of, named, query, ring_walks, thing

ITEMS = ["a", "b", "c", "d", "e", "f"]
KINDS = ["view", "cart", "purchase"]
step = st.tuples(st.sampled_from(ITEMS), st.sampled_from(KINDS))
logs = st.dictionaries(st.sampled_from(["u", "v", "w"]), st.lists(step, max_size=7), min_size=1).filter(
    lambda log: any(log.values())
)
settings_of_model = st.fixed_dictionaries(
    {
        "window": st.integers(1, 6),
        "gap_decay": st.sampled_from([0.5, 0.9, 1.0]),
        "backward": st.sampled_from([0.0, 0.3, 1.0]),
        "popularity": st.sampled_from([0.0, 0.3, 0.5]),
        "shrinkage": st.sampled_from([0.5, 3.0]),
        "history_decay": st.sampled_from([0.5, 0.9]),
    }
)


def frame_from(log: dict[str, list[tuple[str, str]]], *, start: int = START) -> pd.DataFrame:
    """Users one after the other, everybody's steps a second apart."""
    return frame_of(
        *((user, item, kind, start + n) for user, steps in log.items() for n, (item, kind) in enumerate(steps))
    )


def slow_strength(log, *, window, gap_decay, backward, popularity, shrinkage) -> dict[tuple[str, str], float]:
    """The formula of the docstring, pair by pair."""
    weight_of = EventWeights().kinds
    counts: dict[tuple[str, str], float] = defaultdict(float)
    audience: dict[str, set[str]] = defaultdict(set)
    for user, steps in log.items():
        path: list[tuple[str, float]] = []
        for item, kind in steps:
            audience[item].add(user)
            if path and path[-1][0] == item:
                path[-1] = (item, max(path[-1][1], weight_of[kind]))
            else:
                path.append((item, weight_of[kind]))
        for later, (right, right_weight) in enumerate(path):
            for gap in range(1, min(window, later) + 1):
                left, left_weight = path[later - gap]
                if left != right:
                    value = gap_decay ** (gap - 1) * (left_weight * right_weight) ** 0.5
                    counts[left, right] += value
                    counts[right, left] += backward * value
    return {
        (left, right): value / (len(audience[left]) ** popularity * len(audience[right]) ** popularity + shrinkage)
        for (left, right), value in counts.items()
    }


@settings(max_examples=60)
@given(logs, settings_of_model, st.lists(step, max_size=5))
def test_scores_follow_the_formula(log, params, history):
    data = data_of(frame_from(log), pd.DataFrame({"item_id": ITEMS}))
    source = ItemSeq(**params).fit(data)
    decay = params.pop("history_decay")
    strength = slow_strength(log, **params)
    expected = dict.fromkeys(ITEMS, 0.0)
    told: dict[str, float] = {}
    for item, kind in history:
        told = {item: max(told.pop(item, 0.0), EventWeights().kinds[kind])} | told
    for place, (item, weight) in enumerate(told.items()):
        for other in ITEMS:
            expected[other] += weight * decay**place * strength.get((item, other), 0.0)
    scores = source.score(query(data, history))
    assert dict(zip(ITEMS, scores.tolist(), strict=True)) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_the_planted_successor_stands_first():
    data = data_of(ring_walks())
    source = ItemSeq().fit(data)
    for number, item in enumerate(data.catalogue.items):
        others = all_but(data.n_items, np.array([number]))
        found = source.retrieve(query(data, [item]), 1, others)
        assert found.rows.tolist() == [(number + 1) % data.n_items]


def test_what_came_before_counts_for_less_than_what_comes_after():
    data = data_of(frame_from({user: [("a", "view"), ("b", "view"), ("c", "view")] for user in "uvw"}))
    scores = ItemSeq().fit(data).score(query(data, ["b"]))
    after, before = scores[data.catalogue.items.row("c")], scores[data.catalogue.items.row("a")]
    assert after > before > 0


def test_only_the_strongest_neighbours_are_kept():
    log = {f"u{n}": [("a", "view"), (item, "view")] for n, item in enumerate("bbbccd")}
    data = data_of(frame_from(log))
    scores = ItemSeq(top_k=2).fit(data).score(query(data, ["a"]))
    assert named(data, np.flatnonzero(scores)) == ["b", "c"]


def test_parts_of_a_score_add_up_to_it(shop_data):
    source = ItemSeq().fit(shop_data)
    state = query(shop_data, [thing("kitchen", n) for n in (3, 9, 4)]).state
    rows, weights = source.history(state)
    targets = np.arange(shop_data.n_items)
    parts = source.contributions(rows, weights, targets)
    assert parts.sum(axis=0) == pytest.approx(source.score(query(shop_data, [thing("kitchen", n) for n in (3, 9, 4)])))


def absorb_all(source: ItemSeq, data: TrainingData, log, later) -> None:
    """Tell a fitted source of later steps, in the way of :class:`LiveUpdates`."""
    rows = data.catalogue.items
    for user, steps in later.items():
        done = [Event(item, kind, START + n) for n, (item, kind) in enumerate(log.get(user, []))]
        for n, (item, kind) in enumerate(steps):
            state = query(data, done).state
            row = rows.row(item)
            source.absorb(
                Steps(state.item_rows, state.weights),
                row,
                EventWeights().kinds[kind],
                is_new=row not in state.seen,
            )
            done.append(Event(item, kind, START + 100 + n))


distinct_steps = st.lists(step, max_size=6, unique_by=lambda entry: entry[0])


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["u", "v", "w", "x"]), distinct_steps, min_size=1), settings_of_model, st.data())
def test_counting_new_events_equals_fitting_again(log, params, draw):
    """Fit on the beginning and absorb the rest, or fit on everything: the same scores."""
    cut = {user: draw.draw(st.integers(0, len(steps))) for user, steps in log.items()}
    before = {user: steps[: cut[user]] for user, steps in log.items()}
    after = {user: steps[cut[user] :] for user, steps in log.items()}
    items = pd.DataFrame({"item_id": ITEMS})
    whole, start = data_of(frame_from(log), items), data_of(frame_from(before), items)
    refitted, grown = ItemSeq(**params).fit(whole), ItemSeq(**params).fit(start)
    absorb_all(grown, start, before, after)
    for history in (["a"], ["b", "c"], ["d", "a", "f"]):
        expected = refitted.score(query(whole, history))
        assert grown.score(query(start, history)) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_what_was_absorbed_takes_part_in_reasons(shop_data):
    source = ItemSeq().fit(shop_data)
    left, right = (shop_data.catalogue.items.row(thing(shelf, 3)) for shelf in SHELVES)
    source.absorb(Steps(np.array([left]), np.ones(1, dtype=np.float32)), right, 1.0, is_new=True)
    parts = source.contributions(np.array([left]), np.ones(1, dtype=np.float32), np.array([right]))
    assert parts[0, 0] > 0


def test_absorbing_leaves_the_arrays_it_was_loaded_from_alone(shop_data):
    """A published model is mapped read-only by every worker; only the own copy may grow."""
    arrays = ItemSeq().fit(shop_data).state_arrays()
    for array in arrays.values():
        array.flags.writeable = False
    degrees = arrays["degrees"].copy()
    loaded = ItemSeq().load_arrays(arrays)
    loaded.absorb(Steps(np.array([1]), np.ones(1, dtype=np.float32)), 2, 1.0, is_new=True)
    assert arrays["degrees"].tolist() == degrees.tolist()
    assert loaded.degrees_[2] == degrees[2] + 1


def test_a_log_in_which_nobody_touched_two_items_has_no_pairs():
    data = data_of(frame_from({"u": [("a", "view")], "v": [("b", "view"), ("b", "cart")]}))
    assert not ItemSeq().fit(data).score(query(data, ["a"])).any()


def test_the_state_of_nobody_scores_nothing(shop_data):
    source = ItemSeq().fit(shop_data)
    empty = build_state(shop_data.histories.of(-1), shop_data.weights)
    assert not source.score(query(shop_data, [])).any()
    assert len(source.history(empty)[0]) == 0


def test_counts_may_grow_while_requests_read_them(shop_data):
    """One thread takes in what happens in the shop, others answer; none may trip over the other."""
    source = ItemSeq().fit(shop_data)
    earlier, evidence = np.arange(10), np.ones(10, dtype=np.float32)
    failed = []

    def ask():
        try:
            for _ in range(300):
                source.score(query(shop_data, [thing("garden", n) for n in range(5)]))
        except Exception as error:  # whatever it is, the test tells of it
            failed.append(error)

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for thread in asking:
        thread.start()
    for number in range(3_000):
        source.absorb(Steps(earlier, evidence), 10 + number % (shop_data.n_items - 10), 1.0, is_new=False)
    for thread in asking:
        thread.join()
    assert failed == []
    fresh = ItemSeq().fit(shop_data)
    for number in range(3_000):
        fresh.absorb(Steps(earlier, evidence), 10 + number % (shop_data.n_items - 10), 1.0, is_new=False)
    question = query(shop_data, [thing("garden", n) for n in range(5)])
    source.absorb(Steps(earlier, evidence), 10, 1.0, is_new=False)
    fresh.absorb(Steps(earlier, evidence), 10, 1.0, is_new=False)
    assert source.score(question) == pytest.approx(fresh.score(question), rel=1e-4)
