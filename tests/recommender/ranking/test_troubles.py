"""A part of the model that fails or comes too late is left out of the list, and counted."""

from __future__ import annotations

import io
import logging
import math
import time
from collections.abc import Iterator
from copy import deepcopy
from types import SimpleNamespace

import pytest

from recommender.errors import DataError
from recommender.ranking.ranker import Ranker
from recommender.retrievers.ease import Ease
from recommender.retrievers.ials import Ials
from recommender.retrievers.popular import Trending
from recommender.serving.closeup import CloseUp
from tests.recommender.worlds import ids


def breaks(*_args, **_options):
    raise FloatingPointError("the numbers are not what they were")


@pytest.fixture
def served(shop_model):
    return shop_model.for_serving()


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged of troubles, however the shop of another test has set the library's lines."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    logger = logging.getLogger("recommender.ranking.troubles")
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    yield lines
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_a_served_model_gives_the_lists_of_the_fitted_one(shop_model, served):
    assert served.recommend("u01", 10) == shop_model.recommend("u01", 10)
    assert served.left_out == {}
    assert deepcopy(served).recommend("u01", 10) == served.recommend("u01", 10)


@pytest.mark.parametrize(
    ("source", "method", "names"),
    [
        (Ease, "strengths", {"ease"}),
        (Ials, "scored", {"ials"}),
        (Trending, "scored", {"trending"}),
        (Ranker, "predict_best", {"ranker"}),
        (CloseUp, "shares", {"reasons"}),
    ],
)
def test_a_part_that_fails_is_left_out_and_counted(source, method, names, served, shop_model, monkeypatch, written):
    monkeypatch.setattr(source, method, breaks)
    found = served.recommend("u01", 10)
    assert len(set(ids(found))) == 10
    assert all(pick.reasons for pick in found)
    assert names <= set(served.left_out["failed"])
    assert "the numbers are not what they were" in written.getvalue()
    with pytest.raises(FloatingPointError):
        shop_model.recommend("u01", 10)


def test_what_fails_in_one_list_is_asked_once_and_counted_once(served, monkeypatch):
    monkeypatch.setattr(Ease, "strengths", breaks)
    served.recommend("u01", 10)
    assert served.left_out == {"failed": {"ease": 1}}


@pytest.mark.parametrize("method", ["best", "at"])
def test_a_source_that_fails_when_its_scores_are_read_is_left_out_too(method, served, monkeypatch):
    """Annoy searches, and factors are multiplied in a large catalogue, only then; the whole list was lost."""
    asked = Ials.scored

    def scored(self, query):
        found = asked(self, query)
        return SimpleNamespace(**{"best": found.best, "at": found.at, method: breaks})

    monkeypatch.setattr(Ials, "scored", scored)
    found = served.recommend("u01", 10)
    assert len(set(ids(found))) == 10
    assert method == "at" or "ials" not in {pick.source for pick in found}
    assert served.left_out["failed"]["ials"] == 1


def test_the_order_of_a_search_does_without_a_source_that_fails(served, shop_model, monkeypatch):
    some = [pick.item_id for pick in shop_model.recommend("u01", 8)]
    monkeypatch.setattr(Ials, "score_rows", breaks)
    assert sorted(ids(served.order("u01", some))) == sorted(some)
    assert served.left_out == {"failed": {"ials": 1}}


def test_a_part_that_always_fails_fills_no_log(served, monkeypatch, written):
    monkeypatch.setattr(Ials, "scored", breaks)
    for _ in range(11):
        served.recommend("u01", 3)
    assert served.left_out["failed"] == {"ials": 11}
    assert written.getvalue().count("ials failed and was left out") == 2


def test_a_list_goes_on_without_sources_that_time_is_over_for(shop_model, monkeypatch):
    model = shop_model.for_serving(patience_s=0.05)
    asked = Ease.strengths

    def slow(*args):
        time.sleep(0.1)
        return asked(*args)

    monkeypatch.setattr(Ease, "strengths", slow)
    found = model.recommend("u01", 10)
    assert len(found) == 10
    assert "ials" in model.left_out["late"]
    assert "failed" not in model.left_out


def test_whoever_waits_longer_shares_the_counts_and_what_came_since(shop_model, monkeypatch):
    model = shop_model.for_serving(patience_s=0.0)
    patient = model.with_patience(60.0)
    assert model.recommend("u01", 10)
    late = model.left_out["late"]
    assert patient.recommend("u01", 10) == shop_model.recommend("u01", 10)
    assert patient.left_out == {"late": late}
    monkeypatch.setattr(Ials, "scored", breaks)
    assert patient.recommend("u01", 10)
    assert model.left_out == {"failed": {"ials": 1}, "late": late}
    patient.add_items([{"item_id": "new", "title": "red tools for the garden"}])
    assert model.similar("new", 3) == patient.similar("new", 3) != []


def test_the_search_for_the_best_takes_of_the_time_of_a_list_too(shop_model, monkeypatch):
    model, asked = shop_model.for_serving(patience_s=0.05), Ials.scored

    def scored(self, query):
        found = asked(self, query)

        def slow(n, allowed=None):
            time.sleep(0.1)
            return found.best(n, allowed)

        return SimpleNamespace(best=slow, at=found.at)

    monkeypatch.setattr(Ials, "scored", scored)
    assert len(model.recommend("u01", 10)) == 10
    assert "trending" in model.left_out["late"]


@pytest.mark.parametrize("patience", ["10", None, math.nan, True, [1.0]])
def test_a_patience_that_is_no_number_of_seconds_is_refused_before_anybody_waits(patience, shop_model, served):
    with pytest.raises(DataError, match="patience_s must be a number of seconds"):
        shop_model.for_serving(patience_s=patience)
    with pytest.raises(DataError, match="patience_s must be a number of seconds"):
        served.with_patience(patience)
