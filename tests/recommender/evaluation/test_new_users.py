"""People whom the training part does not know are judged by what their history says, handed over with the request."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.errors import DataError
from recommender.evaluation import evaluate, judge_fitted, make_split, make_task
from recommender.evaluation.judging import Task
from recommender.hybrid import HybridRecommender
from recommender.tuning.judges import Validation
from recommender.types import Event, Recommendation
from tests.recommender.worlds import ring_walks


class Attentive:
    """Lists what it is told to and remembers the histories that came with the requests."""

    strategy = "attentive"

    def __init__(self, lists: dict[str, list[str]]) -> None:
        self.lists = lists
        self.info: dict[str, Any] = {}
        self.told: dict[str, list[Event]] = {}

    def recommend(
        self,
        user_id: str,
        k: int = 10,
        *,
        now: int,
        with_reasons: bool,
        history: Sequence[Event] | None = None,
        exclude: Collection[str] = (),
    ) -> list[Recommendation]:
        self.told[user_id] = list(history or ())
        return [Recommendation(item, rank, -rank) for rank, item in enumerate(self.lists.get(user_id, ())[:k], 1)]

    def predict_rating(self, user_id: str, item_id: str) -> float:
        raise DataError("no stars")


@pytest.fixture(scope="module")
def task() -> Task:
    stars = ring_walks(60).assign(kind="rating", value=4.0)
    return make_task(make_split(stars, "new-users"), None)


def test_each_request_comes_with_all_that_the_person_did(task):
    model = Attentive({})
    judge_fitted(model, task, k=3, cold_alone=False)
    history = task.split.history
    assert set(model.told) == set(task.users) == set(history["user_id"])
    for user, told in model.told.items():
        assert [event.item_id for event in told] == history.loc[history["user_id"] == user, "item_id"].tolist()
        assert {(event.kind, event.value) for event in told} == {("rating", 4.0)}
        assert [event.timestamp for event in told] == sorted(event.timestamp for event in told)


def test_of_some_of_the_people_each_has_a_history_of_their_own(task):
    some = make_task(task.split, None, max_users=4)
    for user, history in zip(some.users, some.histories, strict=True):
        assert history == task.histories[task.users.index(user)]


def test_they_are_known_by_as_many_events_as_were_handed_over(task):
    sizes = task.split.history["user_id"].value_counts()
    assert task.user_counts.tolist() == [sizes[user] for user in task.users]


def test_what_is_in_the_history_and_comes_again_is_a_repeat(task):
    again = {user: [history[0].item_id] for user, history in zip(task.users, task.histories, strict=True)}
    assert judge_fitted(Attentive(again), task, k=3).lists["repeats@3"] == 1
    wanted = {user: [task.item_ids[rows[0]]] for user, rows in zip(task.users, task.relevant, strict=True)}
    found = judge_fitted(Attentive(wanted), task, k=3)
    assert found.lists["repeats@3"] == 0
    assert found.metrics["hit_rate@3"].mean == 1


def test_no_stars_are_forecast_for_them(task):
    assert task.rated.empty
    unlike = replace(task.split, history=None, train=pd.concat([task.split.train, task.split.history]))
    assert len(make_task(unlike, None).rated) == len(task.split.test), "of people who are known they are"


def test_a_model_that_never_saw_them_goes_by_their_history():
    """Whoever goes round a ring wants the neighbours of what they did, and a model of counts finds these."""
    found = evaluate(ring_walks(200), models=("popular", "itemknn"), split="new-users", k=3)
    assert found.compare("itemknn", "popular").low > 0


def test_they_get_what_somebody_with_the_same_events_gets(task):
    """Without their history they would all get the same list."""
    model = HybridRecommender("itemknn", random_state=0).fit(task.events)
    lists = [
        [pick.item_id for pick in model.recommend(user, 3, history=history)]
        for user, history in zip(task.users, task.histories, strict=True)
    ]
    assert judge_fitted(model, task, k=3).ranked.tolist() == [task.events.items.rows(one).tolist() for one in lists]
    assert len(np.unique(lists, axis=0)) > 1


def test_a_search_for_parameters_refuses_them():
    with pytest.raises(DataError, match="a search judges people whom the training part knows"):
        Validation(ring_walks(60), None, split="new-users", k=3, seed=0)
    with pytest.raises(DataError, match="the new-users split holds out single events, not a basket"):
        make_split(ring_walks(60), "new-users", "basket")
