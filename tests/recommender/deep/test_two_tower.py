"""The two towers: planted order found again, new items through their features, and NumPy as Keras computes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.retrievers.two_tower import TwoTower
from recommender.sources import SourceSpec, make_source
from tests.recommender.networks import SMALL, need_deep
from tests.recommender.worlds import LAMP, SHELVES, data_of, named, query, ring_walks, shelf_items, thing, two_shelves


@pytest.fixture(autouse=True)
def _packages() -> None:
    need_deep()


def small(**params: object) -> TwoTower:
    found = make_source(SourceSpec("two_tower", SMALL["two_tower"] | params))
    assert isinstance(found, TwoTower)
    return found


def test_logits_lose_the_logarithm_of_how_often_an_item_is_drawn():
    """log 1/2 and log 1/4 by hand: an item drawn half as often gets 0.693 more."""
    from recommender.deep.sampling import corrected

    found = np.asarray(corrected(np.array([[2.0, 1.0]], "float32"), np.array([[0.5, 0.25]], "float32")))
    assert found == pytest.approx(np.array([[2.0 + 0.6931, 1.0 + 1.3863]]), abs=1e-4)


def test_an_item_that_two_users_chose_is_no_wrong_answer_to_either():
    from recommender.deep.towers import Towers

    batch = {
        "history": np.zeros((3, 2), "int32"),
        "history_weights": np.full((3, 2), 0.5, "float32"),
        "history_features": np.ones((3, 1), "float32"),
        "rows": np.array([4, 4, 1], "int32"),
        "known": np.ones(3, "float32"),
        "features": np.ones((3, 1), "float32"),
        "probability": np.array([0.5, 0.5, 0.25], "float32"),
    }
    plain, mended = (np.asarray(Towers(6, 4, temperature=1.0, log_q=log_q)(batch)) < -1e8 for log_q in (False, True))
    assert plain.tolist() == mended.tolist() == [[False, True, False], [True, False, False], [False, False, False]]


def test_numpy_scores_as_keras_does():
    """The user tower is written twice; both must say the same of the same weights."""
    from recommender.deep.backend import keras, to_numpy
    from recommender.deep.towers import Towers, pooled_features, reader
    from recommender.deep.training import draw_weights

    rng = np.random.default_rng(1)
    features = rng.normal(size=(9, 3)).astype("float32")
    known = np.array([1, 1, 1, 1, 1, 1, 0, 1, 1], "float32")
    towers = Towers(9, 8, temperature=0.5, log_q=False)
    history, evidence = np.array([[5, 2, 7]], "int32"), np.array([1.0, 0.4, 1.0], "float32")
    source = TwoTower(recency=0.5, temperature=0.5, history_length=3)
    weights = (evidence * np.array([1, 2**-0.5, 3**-0.5], "float32"))[None]
    weights /= weights.sum()
    batch = {
        "history": np.repeat(history, 9, axis=0),
        "history_weights": np.repeat(weights, 9, axis=0),
        "history_features": np.repeat(pooled_features(history, weights, features), 9, axis=0),
        "rows": np.arange(9, dtype="int32"),
        "known": known,
        "features": features,
        "probability": np.ones(9, "float32"),
    }
    towers({name: keras.KerasTensor(part.shape, str(part.dtype)) for name, part in batch.items()})
    draw_weights(towers, rng)
    arrays = reader(towers, known, features, 0.5)()
    expected = to_numpy(towers(batch))[0]
    assert source._scores(arrays, history[0], evidence) == pytest.approx(expected, abs=1e-5)


def test_the_planted_order_is_found_again():
    data = data_of(ring_walks())
    source = small(recency=2.0, id_dropout=0.0).fit(data)
    hits = sum(
        f"ring-{(n + 1) % 15:02d}" in named(data, source.retrieve(query(data, [f"ring-{n:02d}"]), 4).rows)
        for n in range(15)
    )
    assert hits >= 11  # by chance 4 of 15


def test_an_item_that_nobody_touched_is_found_through_its_features():
    items = shelf_items()
    new = items[items["item_id"] == thing("kitchen", 6)].assign(item_id="new")
    data = data_of(two_shelves(), pd.concat([items, new]))
    source = small().fit(data)
    row = int(data.catalogue.items.row("new"))
    scores = {shelf: source.score(query(data, [thing(shelf, n) for n in (1, LAMP, 2)]))[row] for shelf in SHELVES}
    assert scores["kitchen"] > scores["garden"]
    found = named(data, source.retrieve(query(data, [thing("kitchen", n) for n in (1, LAMP, 2)]), 20).rows)
    assert "new" in found


def test_the_fit_tells_how_its_best_epoch_did():
    notes = small(epochs=3).fit(data_of(ring_walks())).notes()
    assert notes["judges"] == 30
    assert 1 <= notes["epoch"] <= 3
    assert {"loss", "recall@50", "ndcg"} <= set(notes)
