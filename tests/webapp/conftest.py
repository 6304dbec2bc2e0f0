"""What tests with a live model start from."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.webapp.live import local, publish, stock_shop


@pytest.fixture
def models(app: Flask) -> Iterator[Path]:
    """The folder of models, empty again afterwards."""
    root = Path(app.instance_path) / "models"
    yield root
    shutil.rmtree(root)
    root.mkdir()


@pytest.fixture
def shelf(app: Flask) -> list[int]:
    """Three shelves with people who each keep to one, and no model yet."""
    return stock_shop()


@pytest.fixture
def trained(app: Flask, models: Path, shelf: list[int]) -> list[int]:
    """The shop with its default model live."""
    publish(app, "v1")
    app.extensions["recs"] = local(app)
    return shelf
