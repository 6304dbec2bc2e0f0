"""A model is whole, or it is not published: numbers, ids, every item, and the files that were written of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.data.idmap import IdMap
from recommender.data.state import EventLog, Histories
from recommender.errors import ArtifactError
from recommender.gate import Check, check_integrity, check_policy, integrity
from recommender.hybrid import HybridRecommender
from recommender.types import Recommendation
from tests.recommender.conftest import quick_model

NAMES = ["numbers", "ids", "every item", "repeatable", "lists", "saved model", "size", "load time"]


@pytest.fixture
def model(shop_events, shop_items) -> HybridRecommender:
    """A small model of its own, so that a test may break it."""
    return quick_model(shop_events, shop_items, strategy="itemseq")


def seen(model: HybridRecommender, described: IdMap | None = None) -> dict[str, Check]:
    return {check.name: check for check in check_integrity(model, described)}


def missed(model: HybridRecommender, described: IdMap | None = None) -> list[str]:
    return [name for name, check in seen(model, described).items() if not check.passed]


def test_a_whole_model_passes_everything(shop_model):
    found = seen(shop_model, shop_model.item_ids)
    assert list(found) == NAMES
    assert [check.name for check in found.values() if not check.passed] == []
    assert [name for name, check in found.items() if check.level != "must"] == ["size"]


def test_without_a_catalogue_nothing_is_asked_of_it(model):
    assert list(seen(model)) == [name for name in NAMES if name != "every item"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_found_and_named(model, value):
    popular = model.model_.pipeline.sources.retrievers["popular"]
    name = next(n for n, a in popular.state_arrays().items() if a.dtype.kind == "f")
    arrays = {n: a.copy() for n, a in popular.state_arrays().items()}
    arrays[name].flat[-1] = value
    popular.load_arrays(arrays)
    found = seen(model)["numbers"]
    assert not found.passed
    assert found.detail == f"sources/popular/{name} holds something that is no number"


def test_a_view_without_a_value_and_an_item_without_a_price_are_no_fault(shop_events, shop_items):
    unpriced = shop_items.assign(price=float("nan"))
    assert seen(quick_model(shop_events, unpriced, strategy="popular"))["numbers"].passed


@pytest.mark.parametrize("which", ["users", "items"])
def test_ids_that_do_not_lead_back_are_found(model, which):
    arrays = getattr(model.model_, which).to_arrays()
    swapped = IdMap.from_arrays(arrays | {"order": np.roll(arrays["order"], 1)})
    broken = replace(model.model_, **{which: swapped})
    model.model_ = broken
    found = seen(model)["ids"]
    assert not found.passed
    assert found.detail == f"the rows of the {which} are mixed up"


def test_a_product_that_the_model_cannot_show_is_named(model):
    found = seen(model, IdMap([*model.item_ids, "brand new"]))["every item"]
    assert (found.passed, found.detail) == (False, "brand new cannot be shown")


# Lists


@contextmanager
def answering(monkeypatch: pytest.MonkeyPatch, answer: object) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(HybridRecommender, "recommend", answer)
        yield


def test_a_model_that_throws_dice_is_found(model, monkeypatch):
    dice = np.random.default_rng(0)

    def throw(_self: object, _user: str, k: int, **_options: object) -> list[Recommendation]:
        return [Recommendation(f"i{dice.integers(1000)}", 1, 1.0)]

    with answering(monkeypatch, throw):
        assert missed(model) == ["repeatable", "saved model"]


@pytest.mark.parametrize(
    ("found", "passed"),
    [([], False), ([Recommendation("i", 1, float("nan"))], False), ([Recommendation("i", 1, 1.0)], True)],
    ids=["nothing", "a score that is no number", "something"],
)
def test_lists_hold_something_with_a_score(model, monkeypatch, found, passed):
    with answering(monkeypatch, lambda *_args, **_options: found):
        assert seen(model)["lists"].passed is passed


def test_nobody_but_who_has_touched_everything_may_get_nothing(model, monkeypatch):
    def only_strangers(_self: object, user: str, k: int, **_options: object) -> list[Recommendation]:
        return [Recommendation("i", 1, 1.0)] if user not in model.known_users else []

    with answering(monkeypatch, only_strangers):
        check = seen(model)["lists"]
        assert (check.passed, check.detail) == (True, "1 of 21 lists hold something")  # a source alone fills no list
        monkeypatch.setattr(model, "strategy", "hybrid")
        check, first = seen(model)["lists"], model.known_users[0]
        assert not check.passed
        assert check.detail == f"1 of 21 lists hold something; {first} could be shown more than nothing"
        everything = replace(EventLog.empty(), item_rows=np.arange(len(model.item_ids)))
        monkeypatch.setattr(Histories, "of", lambda _self, _row: everything)
        assert (seen(model)["lists"].passed, seen(model)["lists"].detail) == (True, "1 of 21 lists hold something")


# Files


def test_a_saved_model_that_answers_otherwise_is_found(model, shop_events, monkeypatch):
    """As if a source forgot to write part of what it learned."""
    other = quick_model(shop_events, None, strategy="popular")
    monkeypatch.setattr(integrity, "load", lambda _path: other)
    assert missed(model) == ["saved model"]


def test_files_that_cannot_be_opened_are_found(model, monkeypatch):
    def damaged(path: Path) -> HybridRecommender:
        raise ArtifactError("v1", path, "a checksum differs")

    monkeypatch.setattr(integrity, "load", damaged)
    found = seen(model)["saved model"]
    assert not found.passed
    assert "a checksum differs" in found.detail


def test_a_full_disk_refuses_and_breaks_nothing(model, monkeypatch):
    def full(_self: object, _path: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(HybridRecommender, "save", full)
    assert seen(model)["saved model"].detail == "no space left"


def test_large_files_are_told_and_slow_loading_refuses(model, monkeypatch):
    monkeypatch.setattr(integrity, "MAX_MODEL_MB", 1e-6)
    monkeypatch.setattr(integrity, "MAX_LOAD_SECONDS", 0.0)
    found = seen(model)
    assert [(c.name, c.refuses) for c in found.values() if not c.passed] == [("size", False), ("load time", True)]


def test_nothing_is_left_behind(model, tmp_path, monkeypatch):
    monkeypatch.setattr(integrity.tempfile, "tempdir", str(tmp_path))
    seen(model)
    assert list(tmp_path.iterdir()) == []


# Policy


def test_nobody_is_known_who_is_gone(model):
    everybody = set(model.known_users)
    assert check_policy(model, everybody | {"somebody else"}).passed
    found = check_policy(model, everybody - {"u00", "u01"})
    assert found.refuses
    assert found.detail == f"2 of {len(everybody)} people in the model must not be known to it"


def test_an_empty_list_means_nobody_and_no_list_means_nothing(model):
    assert check_policy(model, []).refuses
    found = check_policy(model, None)
    assert (found.level, found.detail) == ("note", "not judged: nobody said who may be known")
