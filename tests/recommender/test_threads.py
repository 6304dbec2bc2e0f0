"""A fit gives the same bits whatever number of threads the machine lends it."""

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from recommender.hybrid import HybridRecommender
from recommender.interactions import Interactions
from tests.recommender.worlds import DAY, START


@pytest.fixture(scope="module")
def many_items() -> Interactions:
    """Enough items for the BLAS to share one decomposition out among its threads."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user_id": rng.integers(0, 600, 6000).astype(str),
            "item_id": np.minimum(rng.pareto(1.0, 6000) * 20, 399).astype(int).astype(str),
            "kind": "purchase",
            "timestamp": START + np.arange(6000) * DAY // 24,
        }
    )
    return Interactions.from_frame(frame)


def test_the_number_of_threads_changes_no_bit(many_items):
    """The closed form of EASE differed in its last digits, and trees can make a visible difference of those."""
    scores = []
    for threads in (1, 2):
        with threadpool_limits(threads, "blas"):
            model = HybridRecommender(strategy="ease").fit(many_items)
        scores.append([(r.item_id, r.score) for user in list(many_items.users)[:40] for r in model.recommend(user)])
    assert scores[0] == scores[1]


def test_the_caller_has_its_threads_back_after_a_fit(many_items):
    during = set()

    def look(*_):
        during.update(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")

    with threadpool_limits(2, "blas"):
        before = threadpool_info()
        HybridRecommender(strategy="popular").fit(many_items, progress=look)
        assert threadpool_info() == before
    assert during == {1}
