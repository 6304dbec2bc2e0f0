"""One small invented shop for all tests of the library, and a model fitted on it once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from recommender import __main__ as command_line
from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.hybrid import HybridRecommender, load
from recommender.training_data import TrainingData
from tests.recommender.worlds import data_of, shelf_items, two_shelves

Run = Callable[..., tuple[int, str, str]]

# Before any library asks for it: threads that wait for each other at every step of a tiny fit make it ten times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny matrices gain nothing from threads of the BLAS and lose much on a busy machine."""
    with threadpool_limits(1, "blas"):
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``python -m recommender``; gives exit status, what it printed and what it said on standard error."""

    def command(*arguments: object) -> tuple[int, str, str]:
        status = command_line.main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return command


@pytest.fixture(scope="session")
def shop_events() -> pd.DataFrame:
    return two_shelves()


@pytest.fixture(scope="session")
def shop_items(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return shelf_items(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def shop_data(shop_events: pd.DataFrame, shop_items: pd.DataFrame) -> TrainingData:
    """Events and catalogue in which every source finds something to learn."""
    return data_of(shop_events, shop_items)


@pytest.fixture(scope="session")
def shop_model(shop_events: pd.DataFrame, shop_items: pd.DataFrame) -> HybridRecommender:
    """The whole blend with its learned order. Shared: tests that teach it something take ``own_model``."""
    return quick_model(shop_events, shop_items)


@pytest.fixture(scope="session")
def saved_model(shop_model: HybridRecommender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of ``shop_model``; tests that damage it copy it first."""
    path = tmp_path_factory.mktemp("models") / "v1"
    shop_model.save(path)
    return path


@pytest.fixture
def own_model(saved_model: Path) -> HybridRecommender:
    """``shop_model`` for one test alone: what it is taught is forgotten afterwards."""
    return load(saved_model)


def quick_model(events: pd.DataFrame, items: pd.DataFrame | None, **params: object) -> HybridRecommender:
    catalogue = None if items is None else ItemCatalogue.from_frame(items)
    model = HybridRecommender(**({"effort": "quick", "random_state": 0} | params))  # type: ignore[arg-type]
    return model.fit(Interactions.from_frame(events), catalogue)
