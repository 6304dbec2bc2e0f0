"""The views of the log that the sources learn from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender import training_data
from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.training_data import TrainingData
from tests.recommender.worlds import DAY, START, data_of, frame_of, named, purchases, query


def steps(data: TrainingData) -> list[tuple[str, str]]:
    users = data.events.users.take(data.sequences.user_rows)
    return list(zip(users, named(data, data.sequences.item_rows), strict=True))


def test_items_with_an_event_and_items_with_a_description_share_the_rows():
    data = data_of(purchases({"u": ["pan"]}), pd.DataFrame({"item_id": ["cup"], "title": ["a cup"]}))
    assert list(data.catalogue.items) == ["cup", "pan"]
    assert data.matrix.toarray().tolist() == [[0, 1]]


def test_the_matrix_holds_the_strongest_event_of_user_and_item():
    data = data_of(frame_of(("u", "cup", "view", 1), ("u", "cup", "purchase", 2), ("u", "pan", "view", 3)))
    assert data.matrix.toarray()[0] == pytest.approx([1.0, 0.3])
    assert data.item_counts.tolist() == [1, 1]


def test_dismissals_are_no_evidence():
    data = data_of(frame_of(("u", "cup", "dismiss", 1), ("v", "cup", "view", 2)))
    assert data.matrix.nnz == 1
    assert data.item_counts.tolist() == [1]
    assert steps(data) == [("v", "cup")]


def test_sequences_keep_an_item_repeated_at_once_once_with_its_strongest_deed():
    log = frame_of(("u", "a", "view", 1), ("u", "a", "purchase", 2), ("u", "b", "view", 3), ("u", "a", "view", 4))
    data = data_of(pd.concat([log, frame_of(("v", "a", "view", 9))]))
    assert steps(data) == [("u", "a"), ("u", "b"), ("u", "a"), ("v", "a")]
    assert data.sequences.weights.tolist() == pytest.approx([1.0, 0.3, 0.3, 0.3])


def test_only_the_latest_items_of_a_very_long_history_make_pairs(monkeypatch):
    monkeypatch.setattr(training_data, "MAX_ITEMS_PER_USER", 2)
    data = data_of(purchases({"u": ["a", "b", "c", "a"], "v": ["b"]}))
    assert data.recent_matrix.toarray().tolist() == [[1, 0, 1], [0, 1, 0]]


def test_the_clock_of_the_data_is_its_last_event():
    assert data_of(purchases({"u": ["a", "b"]})).now == START + DAY
    empty = Interactions.from_frame(pd.DataFrame(columns=["user_id", "item_id"]))
    assert TrainingData.build(empty, ItemCatalogue.bare(["a"])).now == 0


def test_a_part_of_the_events_shares_the_item_vectors(shop_data):
    part = shop_data.with_events(shop_data.events.select(np.arange(50)))
    assert part.spaces is shop_data.spaces
    assert len(part.histories.log) == 50
    assert part.matrix.nnz < shop_data.matrix.nnz


def test_the_state_of_a_training_user_is_the_state_of_the_own_log():
    data = data_of(purchases({"u": ["a", "b"], "v": ["b"]}))
    state = data.state_of(data.events.users.row("u"))
    expected = query(data, ["a", "b"]).state
    assert state.item_rows.tolist() == expected.item_rows.tolist()
    assert state.user_row == data.events.users.row("u")
