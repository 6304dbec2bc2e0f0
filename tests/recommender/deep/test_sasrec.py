"""The sequence network: planted order found again, and NumPy as Keras computes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.retrievers.sasrec import SasRec, exit_vector
from recommender.sources import SourceSpec, make_source
from tests.recommender.networks import SMALL, need_deep
from tests.recommender.worlds import data_of, named, query, ring_walks, same_bytes


@pytest.fixture(autouse=True)
def _packages() -> None:
    need_deep()


def small(**params: object) -> SasRec:
    found = make_source(SourceSpec("sasrec", SMALL["sasrec"] | params))
    assert isinstance(found, SasRec)
    return found


@pytest.mark.parametrize("n_blocks", [1, 2])
def test_numpy_computes_what_keras_does(n_blocks):
    """The network is written twice; both must say the same of the same weights, for sequences of any length."""
    from recommender.deep.backend import keras, to_numpy
    from recommender.deep.training import Plan, draw_weights
    from recommender.deep.transformer import Transformer, TransformerPlan, drawing, reader

    training = Plan("sasrec", 1, 1, 0.001, 0.0, random_state=0)
    plan = TransformerPlan(training, 8, n_blocks, 5, 4, dropout=0.5, negatives=3, popularity=1.0, log_q=True)
    network = Transformer(drawing(np.arange(7), 1.0), plan)
    earlier = np.array([[-1, -1, -1, -1, 3], [-1, -1, 2, 2, 6], [1, 0, 4, 5, 2]], "int32")
    batch = {"earlier": earlier, "chosen": np.ones_like(earlier)}
    network({name: keras.KerasTensor(part.shape, str(part.dtype)) for name, part in batch.items()})
    draw_weights(network, np.random.default_rng(3))
    expected = to_numpy(network.vectors(earlier))[:, -1]
    arrays = reader(network, np.ones(7, dtype=bool))()
    found = [exit_vector(arrays, row[row >= 0][::-1].astype(np.int64)) for row in earlier]
    assert np.stack(found) == pytest.approx(expected, abs=1e-5)


def test_the_loss_sees_the_right_item_first_and_never_as_a_wrong_one():
    from recommender.deep.training import Plan
    from recommender.deep.transformer import Transformer, TransformerPlan, drawing

    training = Plan("sasrec", 1, 1, 0.001, 0.0, random_state=0)
    plan = TransformerPlan(training, 8, 1, 2, 4, dropout=0.0, negatives=200, popularity=0.0, log_q=True)
    logits = np.asarray(
        Transformer(drawing(np.ones(3, dtype=int), 0.0), plan)(
            {"earlier": np.array([[-1, 0]], "int32"), "chosen": np.array([[0, 1]], "int32")}
        )
    )
    assert logits.shape == (1, 2, 201)
    ruled_out = (logits < -1e8)[0]
    assert not ruled_out[:, 0].any()
    assert 30 < ruled_out[1].sum() < 110  # a third of 200 draws in the mean


def test_negatives_are_drawn_by_a_power_of_their_counts():
    """Counts 0, 1, 4, of which 0 counts as 1: roots 1, 1, 2 of 4."""
    from recommender.deep.transformer import drawing

    assert drawing(np.array([0, 1, 4]), 0.5) == pytest.approx([0.25, 0.25, 0.5])
    assert drawing(np.array([0, 1, 4]), 0.0) == pytest.approx([1 / 3] * 3)


def test_the_planted_order_is_found_again():
    data = data_of(ring_walks())
    source = small().fit(data)
    hits = sum(
        named(data, source.retrieve(query(data, [f"ring-{n:02d}"]), 1).rows) == [f"ring-{(n + 1) % 15:02d}"]
        for n in range(15)
    )
    assert hits >= 11


def test_of_what_nobody_touched_there_is_no_opinion():
    data = data_of(ring_walks(), pd.DataFrame({"item_id": ["untouched"], "title": ["never seen"]}))
    source, question = small(epochs=2).fit(data), query(data, ["ring-03"])
    row = int(data.catalogue.items.row("untouched"))
    scores = source.score(question)
    assert np.isnan(scores[row])
    assert not np.isnan(np.delete(scores, row)).any()
    assert row not in source.retrieve(question, 100).rows


def test_what_lies_further_back_than_the_network_looks_does_not_count():
    data = data_of(ring_walks())
    source = small(length=3, epochs=2).fit(data)
    recent = ["ring-05", "ring-09", "ring-02"]
    assert same_bytes(source.score(query(data, ["ring-12", *recent])), source.score(query(data, recent)))
    assert not same_bytes(source.score(query(data, recent[::-1])), source.score(query(data, recent)))
