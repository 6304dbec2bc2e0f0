"""A process of the shop loads what it needs: what one of them does without, the others load where they use it."""

import os
import subprocess
import sys
from pathlib import Path

from flask import Flask

from deploy import run
from tests.factories import make_event, make_guest, make_product
from tests.webapp.live import publish
from webapp.clock import utc_now
from webapp.store.tx import unit_of_work

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pandas", "numpy", "scipy", "sklearn", "lightgbm", "recommender", "seed.shop")
UNUSED = ("alembic", "flask_migrate", "mako", "PIL", "multiprocessing.pool")
OF_THE_QUEUE = ("huey", "redis", "psycopg")  # it reads every driver that is installed
TRAINING_ONLY = ("pandas", "pyarrow", "sklearn", "lightgbm", "scipy.optimize", "scipy.linalg", "surprise")
SERVING = """
import sys
from pathlib import Path
from config import TestConfig
from webapp import create_app

folder, url, product, new, *heavy = sys.argv[1:]
app = create_app(TestConfig.under(Path(folder), LOG_LEVEL="ERROR", DATABASE_URL=url))
client, recs = app.test_client(), app.extensions["recs"]
for path in ("/", f"/p/{product}", "/cart", "/search?q=lamp", "/c/lamps", "/your-recommendations", "/"):
    assert client.get(path, follow_redirects=True).status_code == 200, path
assert client.get("/api/recommendations?k=5").get_json()["model_version"] == "v1"
assert client.get("/readyz").get_json()["recommender"] == "ok"
recs.refresh()
assert not recs.state().problem and recs.marks()[1] > 0
assert recs.similar(int(new), k=3).items
print(*sorted(sys.modules.keys() & set(heavy)))
"""


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


def test_a_web_process_that_answers_and_reads_what_is_new_does_without_tables(
    app: Flask, models: Path, shelf: list[int]
) -> None:
    """Its memory is a share of that of a small machine."""
    publish(app, "v1", "hybrid")
    with unit_of_work() as tx:
        make_event(tx, make_guest(tx), shelf[0], at=utc_now())
        new = make_product(tx, name="Lamp of today", category="Home > Lamps", updated_at=utc_now())
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    command = [sys.executable, "-c", SERVING, app.instance_path, url, str(shelf[0]), str(new), *TRAINING_ONLY]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
