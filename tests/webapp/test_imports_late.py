"""A process of the shop loads what it needs: what one of them does without, the others load where they use it."""

import os
import subprocess
import sys
from pathlib import Path

from deploy import run

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pandas", "numpy", "scipy", "sklearn", "lightgbm", "recommender", "seed.shop")
UNUSED = ("alembic", "flask_migrate", "mako", "PIL", "multiprocessing.pool")
OF_THE_QUEUE = ("huey", "redis", "psycopg")  # it reads every driver that is installed


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


def test_a_web_process_on_one_machine_does_without_queue_drivers_and_migrations(tmp_path: Path) -> None:
    code = "from app import app; assert app.test_client().get('/readyz').status_code == 503"
    assert set(printed(f"import sys; {code}; print(*sys.modules)", tmp_path)) & {*UNUSED, *OF_THE_QUEUE} == set()


def test_the_worker_of_a_start_does_without_migrations_and_pictures(tmp_path: Path) -> None:
    assert run.worker_command()[1:] == ["-m", "deploy.worker"]
    assert set(printed("import sys, deploy.worker; print(*sys.modules)", tmp_path)) & {*UNUSED} == set()
