"""A fit and an answer take one thread of the BLAS, whatever number of them the machine lends the process.

With more a fit would give other bits, and threads that wait for each other at every small product make an answer of
4 ms one of 50.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from recommender.arrays.onethread import one_thread
from recommender.data.idmap import IdMap
from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.hybrid import HybridRecommender
from recommender.tuning import Budget, tune
from recommender.tuning.judges import Ground
from tests.recommender.worlds import DAY, START, ring_walks


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


def test_a_search_for_parameters_takes_one_thread_and_gives_the_others_back(monkeypatch):
    """Of movielens-100k, on two busy cores, four trials of three sources took 131 s with two threads, 18 s with one."""
    walks = ring_walks(80)
    walks["timestamp"] = START + walks.groupby("user_id").cumcount() * DAY
    during: set[int] = set()
    score = Ground.values
    monkeypatch.setattr(Ground, "values", lambda *asked: during.update(threads_now()) or score(*asked))
    with threadpool_limits(2, "blas"):
        tune(walks, studies=["itemknn"], budget=Budget(trials=2))
        assert threads_now() == {2}
    assert during == {1}


def threads_now() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def two_threads() -> Iterator[None]:
    with threadpool_limits(2, "blas"):
        yield


@pytest.fixture
def during(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Numbers of threads at the moments when an answer takes the ids of what it shows."""
    seen: set[int] = set()
    take, one = IdMap.take, IdMap.__getitem__
    monkeypatch.setattr(IdMap, "take", lambda ids, rows: seen.update(threads_now()) or take(ids, rows))
    monkeypatch.setattr(IdMap, "__getitem__", lambda ids, row: seen.update(threads_now()) or one(ids, row))
    return seen


ASKING = {
    "recommend": lambda m: m.recommend("u00", 3),
    "prepare": lambda m: m.prepare("u00", 3).drawn(""),
    "batch": lambda m: m.recommend_batch(["u00", "u01"], 3),
    "order": lambda m: m.order("u00", list(m.item_ids)[:3]),
    "similar": lambda m: m.similar(next(iter(m.item_ids)), 3, space="text"),
    "search": lambda m: m.search_text("red tools for the garden", 3),
}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
@pytest.mark.usefixtures("two_threads")
def test_an_answer_takes_one_thread_and_gives_the_others_back(ask, own_model, during):
    during.clear()
    assert len(ask(own_model))
    assert during == {1}
    assert threads_now() == {2}


@pytest.mark.usefixtures("two_threads")
def test_a_question_that_is_refused_gives_the_threads_back(own_model):
    with pytest.raises(DataError):
        own_model.recommend("u00", strategy="no such")
    assert threads_now() == {2}


@pytest.mark.usefixtures("two_threads")
def test_of_answers_at_once_the_last_gives_the_threads_back():
    together = Barrier(3)

    def answer(_: int) -> set[int]:
        with one_thread:
            together.wait(10)
            found = threads_now()
            together.wait(10)
        return found

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(answer, range(3))) == [{1}] * 3
    assert threads_now() == {2}
