"""A process that only serves a saved model reads neither pandas nor what nothing but a fit needs of SciPy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.recommender.conftest import quick_model

ROOT = Path(__file__).resolve().parents[3]
FIT_ONLY = (
    "pandas",
    "pyarrow",
    "sklearn",
    "lightgbm",
    "surprise",
    "scipy.optimize",
    "scipy.linalg",
    "scipy.sparse.csgraph",
)
SERVING = """
import sys
from recommender import Event, Exploration, Preferences, load

model = load(sys.argv[1])
item, other = list(model.item_ids)[:2]
look = Event(item, "view", model.info["data_until"])
asked = {"explore": Exploration(seed="x"), "preferences": Preferences(never={"Garden"}), "now": look.timestamp + 60}
assert model.recommend("u00", 8, history=[look], **asked)
assert model.order("u00", [item, other], history=[look])
assert model.similar(item, 3)
assert model.search_text("red tools for the garden", 3)
assert {more}
assert model.absorb_events([("u00", look._replace(timestamp=look.timestamp + 60)), ("new", look)]) == 2
assert model.count_shows({item: (10, 1)}) == 1
assert model.recommend("new", 5)
fresh = {"item_id": "fresh", "title": "red tools for the garden", "category": "Garden > Tools", "price": 3.5}
assert model.add_items([fresh]) == 1
assert model.similar("fresh", 3)
print(*sorted(sys.modules.keys() & set(sys.argv[2:])))
"""


@pytest.mark.parametrize(
    ("strategy", "more"),
    [
        ("hybrid", "model.model_.ranker"),
        ("itemseq", "model.search_text('seeds', 3)"),
        ("svd", "model.predict_rating('u00', item, history=[look._replace(kind='rating', value=2.0)]) >= 1"),
        ("svd_content", "model.recommend('u01', 3)"),
        ("bought_together", "any(model.goes_with([one], 3) for one in model.item_ids)"),
    ],
)
def test_a_process_that_serves_reads_nothing_that_only_a_fit_needs(strategy, more, tmp_path, shop_events, shop_items):
    quick_model(shop_events, shop_items, strategy=strategy).save(tmp_path / "v1")
    command = [sys.executable, "-c", SERVING.replace("{more}", more), str(tmp_path / "v1"), *FIT_ONLY]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
