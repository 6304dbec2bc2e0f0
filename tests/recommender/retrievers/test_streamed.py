"""Audiences counted after the fit: the neighbours of whatever was touched since are those of a fit on everything."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import load
from recommender.data.state import Steps
from recommender.data.weights import EventWeights
from recommender.retrievers import streamed
from recommender.retrievers.itemknn import ItemKNN
from recommender.retrievers.rp3beta import RP3Beta
from recommender.retrievers.streamed import AddedPairs, AudienceCounter
from recommender.training_data import TrainingData
from recommender.types import Event
from tests.recommender.worlds import DAY, START, data_of, frame_of, query, thing

ITEMS = ["a", "b", "c", "d", "e", "f"]
sources = pytest.mark.parametrize("make", [ItemKNN, RP3Beta])
touched = st.lists(st.sampled_from(ITEMS), max_size=6, unique=True)
logs = st.dictionaries(st.sampled_from(["u", "v", "w", "x"]), touched, min_size=1).filter(lambda log: any(log.values()))


def fitted_on(log: dict[str, list[str]]) -> TrainingData:
    rows = [(user, item, "purchase", START + n) for user, items in log.items() for n, item in enumerate(items)]
    return data_of(frame_of(*rows), pd.DataFrame({"item_id": ITEMS}))


def absorb_all(source: AudienceCounter, data: TrainingData, log, later) -> set[int]:
    """Tell a fitted source of later purchases; returns the rows that took part in a new pair."""
    grown: set[int] = set()
    for user, items in later.items():
        done = [Event(item, "purchase", START + n) for n, item in enumerate(log[user])]
        for n, item in enumerate(items):
            state, row = query(data, done).state, data.catalogue.items.row(item)
            source.absorb(Steps(state.item_rows, state.weights), row, EventWeights().kinds["purchase"], is_new=True)
            grown |= {row, *state.item_rows.tolist()} if len(state.item_rows) else set()
            done.append(Event(item, "purchase", START + 100 + n))
    return grown


def row_of(source: AudienceCounter, row: int, n_items: int) -> list[float]:
    _, neighbours, strengths = source.strengths(np.array([row]))
    return np.bincount(neighbours, weights=strengths, minlength=n_items).tolist()


@sources
@settings(max_examples=40)
@given(log=logs, draw=st.data())
def test_rows_with_new_pairs_equal_those_of_a_fit_on_everything(make, log, draw):
    cut = {user: draw.draw(st.integers(0, len(items))) for user, items in log.items()}
    before = {user: items[: cut[user]] for user, items in log.items()}
    after = {user: items[cut[user] :] for user, items in log.items()}
    start, whole = fitted_on(before), fitted_on(log)
    source, refitted = make().fit(start), make().fit(whole)
    grown = absorb_all(source, start, before, after)
    for row in range(len(ITEMS)):
        expected = refitted if row in grown else make().fit(start)
        assert row_of(source, row, len(ITEMS)) == pytest.approx(row_of(expected, row, len(ITEMS)), rel=1e-4, abs=1e-6)


@sources
def test_several_rows_are_read_at_once_whether_they_grew_or_not(make):
    data = fitted_on({"u": ["a", "b", "c"], "v": ["d", "e"]})
    source = make().fit(data)
    absorb_all(source, data, {"v": ["d", "e"]}, {"v": ["a"]})
    rows = data.catalogue.items.rows(["c", "a", "f", "e"])
    owner, neighbours, strengths = source.strengths(rows)
    for place, row in enumerate(rows.tolist()):
        own = owner == place
        together = np.bincount(neighbours[own], weights=strengths[own], minlength=len(ITEMS))
        assert together.tolist() == row_of(source, row, len(ITEMS))


@sources
def test_somebody_who_comes_back_to_an_item_is_no_larger_audience(make):
    data = fitted_on({"u": ["a", "b"], "v": ["b", "c"]})
    source = make().fit(data)
    before = row_of(source, 0, len(ITEMS))
    source.absorb(Steps(np.array([0]), np.ones(1, dtype=np.float32)), 1, 1.0, is_new=False)
    assert row_of(source, 0, len(ITEMS)) == before


@sources
def test_what_somebody_dismissed_is_paired_with_nothing(make):
    data = fitted_on({"u": ["a", "b"]})
    source = make().fit(data)
    source.absorb(Steps(np.array([0, 1]), np.array([0.0, 1.0], dtype=np.float32)), 2, 1.0, is_new=True)
    assert row_of(source, 0, len(ITEMS))[2] == 0
    assert row_of(source, 1, len(ITEMS))[2] > 0


@sources
def test_the_latest_of_a_long_history_are_paired(make, monkeypatch):
    monkeypatch.setattr(streamed, "LATEST_ITEMS", 2)
    data = fitted_on({"u": ["a", "b", "c"]})
    source = make().fit(data)
    first, second = row_of(source, 0, len(ITEMS)), row_of(source, 1, len(ITEMS))
    absorb_all(source, data, {"u": ["a", "b", "c"]}, {"u": ["d"]})
    assert row_of(source, 0, len(ITEMS)) == first
    assert row_of(source, 1, len(ITEMS))[3] > 0
    assert row_of(source, 1, len(ITEMS))[2] == pytest.approx(second[2])


@sources
def test_a_published_model_is_not_written_to(make, shop_data):
    arrays = make().fit(shop_data).state_arrays()
    for array in arrays.values():
        array.flags.writeable = False
    loaded = make().load_arrays(arrays)
    loaded.absorb(Steps(np.array([1]), np.ones(1, dtype=np.float32)), 2, 1.0, is_new=True)
    again = loaded.state_arrays()
    assert all(again[name] is array for name, array in arrays.items())


def test_neighbours_that_were_counted_today_are_shown_today(saved_model):
    model, seen, wanted = load(saved_model), thing("kitchen", 2), thing("garden", 11)
    for number in range(40):
        rows = [(f"new{number}", item, "purchase", START + 400 * DAY + n) for n, item in enumerate([seen, wanted])]
        model.absorb(frame_of(*rows))
    told = [Event(seen, "purchase", START + 401 * DAY)]
    assert model.recommend("guest", 5, history=told, strategy="itemknn")[0].item_id == wanted
    assert load(saved_model).recommend("guest", 5, history=told, strategy="itemknn")[0].item_id != wanted


def test_pairs_may_be_added_while_others_read_them():
    pairs, failed = AddedPairs(), []
    pairs.add(0, 0, 1.0)

    def read():
        try:
            for _ in range(2_000):
                rows, counts = pairs.of(0)
                assert len(rows) == len(counts)
        except Exception as error:  # whatever it is, it is shown by the test
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(20_000):
        pairs.add(0, number, 1.0)
    for reader in readers:
        reader.join()
    assert not failed
    assert pairs.of(0)[1].sum() == 20_001


def test_a_row_takes_as_much_room_as_it_has_neighbours_however_often_they_come():
    """What many touch grows all day, and whoever touched it waits for the row to be read."""
    pairs = AddedPairs()
    for number in range(20_000):
        pairs.add(0, number % 300, 0.5)
        if number % 7_000 == 0:
            pairs.of(0)
    rows, counts = pairs.of(0)
    assert rows.tolist() == list(range(300))
    assert counts.sum() == 10_000
    assert len(pairs._written[0][0]) == len(pairs._written[0][1]) < 1_000


def test_what_was_read_while_more_came_is_read_again(monkeypatch):
    """The count comes between reading a row and keeping what was read."""
    pairs, sums = AddedPairs(), streamed.summed
    pairs.add(0, 1, 1.0)

    def late(*given):
        monkeypatch.setattr(streamed, "summed", sums)
        found = sums(*given)
        pairs.add(0, 1, 1.0)
        return found

    monkeypatch.setattr(streamed, "summed", late)
    assert pairs.of(0)[1].tolist() == [1.0]
    assert pairs.of(0)[1].tolist() == [2.0]


@sources
def test_a_row_worked_out_while_more_came_is_worked_out_again(make, monkeypatch):
    source = make().fit(fitted_on({"u": ["a", "b"], "v": ["a", "c"]}))
    one, read = np.ones(1, dtype=np.float32), AddedPairs.of
    source.absorb(Steps(np.array([0]), one), 3, 1.0, is_new=True)

    def late(pairs, row):
        monkeypatch.setattr(AddedPairs, "of", read)
        found = read(pairs, row)
        source.absorb(Steps(np.array([0]), one), 4, 1.0, is_new=True)
        return found

    monkeypatch.setattr(AddedPairs, "of", late)
    assert row_of(source, 0, len(ITEMS))[4] == 0
    assert row_of(source, 0, len(ITEMS))[4] > 0
