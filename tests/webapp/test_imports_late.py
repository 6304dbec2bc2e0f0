"""A process of the shop loads what it needs: what one of them does without, the others load where they use it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pandas", "numpy", "scipy", "sklearn", "lightgbm", "recommender", "seed.shop")


def test_a_worker_at_rest_and_short_commands_do_without_what_a_training_needs() -> None:
    drawing = "seed.pictures.drawing"  # what the worker of a demo does first
    code = f"import sys, webapp, webapp.jobs, webapp.cli, {drawing}; print(*sorted(sys.modules.keys() & {set(HEAVY)}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
