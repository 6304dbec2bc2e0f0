"""One small and one full demo shop for all tests of the seed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from seed.model import DemoShop
from seed.shop import generate

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def small_shop() -> DemoShop:
    return generate("small", random_seed=7, now=NOW)


@pytest.fixture(scope="session")
def demo_shop() -> DemoShop:
    return generate("demo", random_seed=7, now=NOW)
