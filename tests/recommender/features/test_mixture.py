"""How much each block of the combined space counts is learned from what users came to next."""

import numpy as np
import pytest

from recommender.features.combine import DEFAULT_BLOCK_WEIGHTS
from recommender.features.mixture import MIN_USERS, learn_mixture

N_ITEMS, N_SHELVES = 120, 6


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def blocks():
    """Attributes tell the shelf of an item; words say nothing."""
    rng = np.random.default_rng(0)
    shelves = np.arange(N_ITEMS) % N_SHELVES
    return {
        "text": unit(rng.standard_normal((N_ITEMS, 8))),
        "attributes": unit(np.eye(N_SHELVES)[shelves] + 0.05 * rng.standard_normal((N_ITEMS, N_SHELVES))),
    }


def steps(n_users, n_steps=5, seed=1):
    """Users who keep to one shelf."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.arange(user % N_SHELVES, N_ITEMS, N_SHELVES))[:n_steps] for user in range(n_users)]
    return np.repeat(np.arange(n_users), n_steps), np.concatenate(rows)


def test_the_block_that_tells_what_comes_next_gets_the_weight(blocks):
    learned = learn_mixture(blocks, *steps(200))
    assert learned["attributes"] > 0.8
    swapped = {"text": blocks["attributes"], "attributes": blocks["text"]}
    assert learn_mixture(swapped, *steps(200))["text"] > 0.8


def test_weights_add_up_to_one_and_repeat(blocks):
    learned = learn_mixture(blocks, *steps(200), random_state=3)
    assert sum(learned.values()) == pytest.approx(1.0)
    assert learned == learn_mixture(blocks, *steps(200), random_state=3)


def test_too_few_users_leave_the_usual_mixture(blocks):
    total = DEFAULT_BLOCK_WEIGHTS["text"] + DEFAULT_BLOCK_WEIGHTS["attributes"]
    learned = learn_mixture(blocks, *steps(MIN_USERS - 1))
    assert learned == pytest.approx({name: DEFAULT_BLOCK_WEIGHTS[name] / total for name in blocks})


def test_items_without_a_vector_ask_nothing(blocks):
    bare = {name: np.where(np.arange(N_ITEMS)[:, None] < 3, vectors, 0) for name, vectors in blocks.items()}
    assert learn_mixture(bare, *steps(200)) == learn_mixture(blocks, *steps(3))


def test_one_block_is_everything(blocks):
    assert learn_mixture({"text": blocks["text"]}, *steps(200)) == {"text": 1.0}
    empty = np.empty(0, dtype=np.int64)
    assert learn_mixture({"text": blocks["text"]}, empty, empty) == {"text": 1.0}
