"""A process of the shop loads what it needs: what one of them does without, the others load where they use it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pandas", "numpy", "scipy", "sklearn", "lightgbm", "recommender", "seed.shop")
UNUSED = ("alembic", "mako", "huey", "redis", "psycopg", "PIL")  # in a shop on one machine


def printed(code: str, instance: Path) -> list[str]:
    """Run code in a process of its own, with the settings of a shop on one machine, and return the words it prints."""
    settings = {"INSTANCE_PATH": str(instance), "DATABASE_URL": "", "REDIS_URL": "", "SHOP_ENV": "development"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_worker_at_rest_and_short_commands_do_without_what_a_training_needs(tmp_path: Path) -> None:
    drawing = "seed.pictures.drawing"  # what the worker of a demo does first
    code = f"import sys, webapp, webapp.jobs, webapp.cli, {drawing}; print(*sorted(sys.modules.keys() & {set(HEAVY)}))"
    assert printed(code, tmp_path) == []


def test_a_process_that_serves_does_without_what_changes_the_schema(tmp_path: Path) -> None:
    code = (
        f"import sys; from app import app; app.test_client().get('/readyz'); print(*{set(UNUSED)} & {{*sys.modules}})"
    )
    assert printed(code, tmp_path) == []
