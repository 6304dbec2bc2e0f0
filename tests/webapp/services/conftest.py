"""A small shop to train on."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_product, make_user
from webapp.actors import Actor
from webapp.services.upkeep import training
from webapp.services.upkeep.training import Place
from webapp.store import operations
from webapp.store.operations import ModelRunRow
from webapp.store.tx import read_unit, unit_of_work


def silent(_stage: str, _done: float) -> None:
    """Show nothing."""


@pytest.fixture
def place(app: Flask) -> Iterator[Place]:
    instance = Path(app.instance_path)
    yield Place(instance / "models", instance / "media", keep=2)
    shutil.rmtree(instance / "models")
    (instance / "models").mkdir()


def fill_shop(n_people: int) -> None:
    """Members who each walk along one of three shelves in its order, over two months."""
    draw = np.random.default_rng(5)
    with unit_of_work() as tx:
        shelves = [[make_product(tx, category=f"Home > Shelf {number}") for _ in range(10)] for number in range(3)]
        for person in range(n_people):
            member, shelf = Actor(user_id=make_user(tx)), shelves[person % 3]
            first = int(draw.integers(0, 4))
            for step in range(6):
                at = NOW - timedelta(days=60 - 11 * step, minutes=7 * person)
                make_event(tx, member, shelf[first + step], "purchase" if step % 2 else "view", at=at)


@pytest.fixture
def shop(app: Flask) -> None:
    fill_shop(60)


def retrain(place: Place, strategy: str = "itemseq", **options: object) -> training.Outcome:
    values: dict = {"trigger": "command", "clock": lambda: NOW, "progress": silent} | options
    return training.retrain(place, strategy=strategy, **values)


def runs() -> list[ModelRunRow]:
    with read_unit() as tx:
        return operations.runs(tx, limit=20)


def surroundings(app: Flask) -> dict[str, str]:
    """Return what another process needs to work on the same shop."""
    same = {"INSTANCE_PATH": app.instance_path, "DATABASE_URL": app.config["SHOP"].database_url}
    return os.environ | same | {"OPENBLAS_NUM_THREADS": "1", "LOG_LEVEL": "ERROR"}
