"""R24: the shop in one file and back, while it goes on selling; nothing half-restored, nothing written over."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import update

from config import ROOT, TestConfig
from recommender import HybridRecommender, Interactions, ItemCatalogue, artifacts
from tests.factories import make_product, make_user
from webapp import create_app
from webapp.extensions import db
from webapp.picks import NullRecs
from webapp.store import backups, products, users
from webapp.store.models import Product
from webapp.store.tx import read_unit, unit_of_work


@pytest.fixture
def flask(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Flask]:
    """Another machine: a folder without a shop."""
    (tmp_path / "other").mkdir()
    other = create_app(TestConfig.under(tmp_path / "other"), recs=NullRecs())
    yield other
    with other.app_context():
        db.engine.dispose()


@pytest.fixture
def kept(app: Flask, flask: FlaskCliRunner, tmp_path: Path) -> Path:
    """A backup of a shop with a member, a product, a picture and a model."""
    with unit_of_work() as tx:
        make_product(tx, name="Oslo lamp", stock=3)
        make_user(tx, email="ana@example.com")
    picture, model = Path(app.instance_path, "media", "lamp-320.webp"), Path(app.instance_path, "models", "20260101-1")
    picture.write_bytes(b"a picture")
    model.mkdir()
    (model / "manifest.json").write_text("{}")
    told = flask.invoke(args=["backup", str(tmp_path / "shop.tar.gz")])
    shutil.rmtree(model)
    picture.unlink()
    assert told.exit_code == 0, told.output
    assert "MB" in told.output
    return tmp_path / "shop.tar.gz"


@pytest.fixture(scope="module")
def kept_model() -> HybridRecommender:
    """Something small that can be saved again and again."""
    rows = [
        (f"u{user}", f"i{(user + step) % 7}", "view", None, 1_700_000_000 + step)
        for user in range(9)
        for step in range(4)
    ]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "kind", "value", "timestamp"])
    items = pd.DataFrame({"item_id": [f"i{number}" for number in range(7)]})
    return HybridRecommender(strategy="popular").fit(Interactions.from_frame(events), ItemCatalogue.from_frame(items))


def restored(shop: Flask, file: Path) -> Result:
    """What the command says on the other machine."""
    with shop.app_context():
        return shop.test_cli_runner().invoke(args=["restore", str(file)])


def test_a_shop_comes_back_as_it_was_on_another_machine(kept: Path, empty: Flask) -> None:
    told = restored(empty, kept)
    assert told.exit_code == 0, told.output
    assert "is back" in told.output
    instance = Path(empty.instance_path)
    assert (instance / "media" / "lamp-320.webp").read_bytes() == b"a picture"
    assert (instance / "models" / "20260101-1" / "manifest.json").is_file()
    with empty.app_context(), read_unit() as tx:
        assert products.count(tx) == 1
        assert users.by_email(tx, "ana@example.com") is not None
    assert "Oslo lamp" in empty.test_client().get("/search?q=lamp").get_data(as_text=True)
    assert not list(instance.glob(".restore-*"))


def test_it_is_readable_by_its_owner_alone(kept: Path) -> None:
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_orders_that_come_in_meanwhile_do_not_tear_it(
    app: Flask, flask: FlaskCliRunner, tmp_path: Path, empty: Flask
) -> None:
    """Products are written all the time; what is restored is sound and holds all that was there before it began."""
    with unit_of_work() as tx:
        for _ in range(50):
            make_product(tx)
    stop = threading.Event()

    def sell() -> None:
        while not stop.is_set():
            with app.app_context(), unit_of_work() as tx:
                make_product(tx)

    seller = threading.Thread(target=sell)
    seller.start()
    told = flask.invoke(args=["backup", str(tmp_path / "busy.tar.gz")])
    stop.set()
    seller.join()
    assert told.exit_code == 0, told.output
    told = restored(empty, tmp_path / "busy.tar.gz")
    assert told.exit_code == 0, told.output
    with empty.app_context(), read_unit() as tx:
        assert products.count(tx) >= 50


def test_it_ends_in_a_big_shop_in_which_something_is_always_written(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SQLite begins a copy anew when something is written between two steps of it, and a big shop takes many steps."""
    lamp = _product(stock=1)
    left: list[int] = []

    class Copied(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, *, pages: int = 1, **_others: object) -> None:
            def meanwhile(_status: int, remaining: int, _total: int) -> None:
                assert not left or remaining < left[-1], "the copy began anew"
                left.append(remaining)
                with unit_of_work() as tx:
                    tx.change(update(Product).where(Product.id == lamp).values(sold_count=Product.sold_count + 1))

            super().backup(target, pages=pages, progress=meanwhile)

    monkeypatch.setattr(backups, "PAGES_A_STEP", 10)
    monkeypatch.setattr(backups.sqlite3, "connect", partial(sqlite3.connect, factory=Copied))
    backups.copy_to(tmp_path / "copy.db")
    assert len(left) > 3
    assert backups.fault_of(tmp_path / "copy.db") == ""


def _product(**values: int) -> int:
    with unit_of_work() as tx:
        return make_product(tx, **values)


def test_models_that_are_published_meanwhile_do_not_tear_it(
    app: Flask, flask: FlaskCliRunner, tmp_path: Path, kept_model: HybridRecommender
) -> None:
    """A nightly training saves, publishes and clears away; the live model of each backup is in it, and whole."""
    root, stop = Path(app.instance_path, "models"), threading.Event()
    Path(app.instance_path, "media").mkdir(exist_ok=True)

    def train(number: int) -> None:
        kept_model.save(root / f"v{number:05d}")
        artifacts.publish(root, f"v{number:05d}")
        artifacts.prune(root, 1)

    def train_on() -> None:
        number = 1
        while not stop.is_set():
            train(number := number + 1)

    train(1)
    trainer = threading.Thread(target=train_on)
    trainer.start()
    try:
        told = [flask.invoke(args=["backup", str(tmp_path / f"{number}.tar.gz")]) for number in range(5)]
    finally:
        stop.set()
        trainer.join()
    assert [said.exit_code for said in told] == [0] * 5, [said.exception for said in told]
    for number in range(5):
        place = tmp_path / str(number)
        with tarfile.open(tmp_path / f"{number}.tar.gz") as packed:
            packed.extractall(place, filter="data")
        live = artifacts.current_version(place / "models")
        assert live is not None
        artifacts.read_folder(place / "models" / live)
        assert not list(place.rglob(".*")), "a draft is nobody's yet"


def test_a_backup_is_never_written_over(kept: Path, flask: FlaskCliRunner) -> None:
    before = kept.read_bytes()
    told = flask.invoke(args=["backup", str(kept)])
    assert (told.exit_code, "exists already" in told.output) == (1, True)
    assert kept.read_bytes() == before


def test_a_shop_is_never_restored_over_another(kept: Path, flask: FlaskCliRunner) -> None:
    told = flask.invoke(args=["restore", str(kept)])
    assert (told.exit_code, "a shop in" in told.output) == (1, True)


def damaged(kept: Path, how: str) -> Path:
    """A file that looks like a backup and is none that can be used."""
    path = kept.with_name(f"{how}.tar.gz")
    if how == "words":
        path.write_text("this is no archive")
    elif how == "torn":
        path.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2])
    else:
        with tarfile.open(path, "w:gz") as packed:
            for name, content in CONTENTS[how].items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                packed.addfile(member, io.BytesIO(content))
    return path


CONTENTS = {
    "of the future": {"backup.json": b'{"format": 99}', "shop.db": b""},
    "without a database": {"backup.json": b'{"format": 1}'},
    "with a bad database": {"backup.json": b'{"format": 1}', "shop.db": b"SQLite format 3\0" + b"nonsense" * 100},
    "that climbs out": {"backup.json": b'{"format": 1}', "../../evil": b"x", "shop.db": b""},
}


@pytest.mark.parametrize("how", ["words", "torn", *CONTENTS])
def test_what_is_no_sound_backup_changes_nothing(kept: Path, empty: Flask, tmp_path: Path, how: str) -> None:
    instance = Path(empty.instance_path)
    before = sorted(path.name for path in instance.rglob("*"))
    told = restored(empty, damaged(kept, how))
    assert told.exit_code == 1
    assert "Traceback" not in told.output
    assert "backup" in told.output
    assert sorted(path.name for path in instance.rglob("*")) == before
    assert not (tmp_path / "evil").exists()


def test_a_folder_that_is_not_there_is_named(flask: FlaskCliRunner, tmp_path: Path) -> None:
    told = flask.invoke(args=["backup", str(tmp_path / "no" / "shop.tar.gz")])
    assert (told.exit_code, "There is no folder" in told.output) == (1, True)


DYING = """
import os, sys
from pathlib import Path
from app import app
from webapp.clock import utc_now
from webapp.services.upkeep import backups

stage, file, instance = sys.argv[1], Path(sys.argv[2]), Path(app.instance_path)


def progress(told: str, _done: float) -> None:
    if told == stage:
        os.kill(os.getpid(), 9)


with app.app_context():
    if stage == "checking":
        backups.restore(instance, file, progress=progress)
    else:
        backups.backup(instance, file, now=utc_now(), progress=progress)
"""


def die(app: Flask, stage: str, file: Path) -> None:
    """Have another process begin a backup or a restoring, and be killed at a stage of it."""
    instance = Path(app.instance_path)
    around = os.environ | {"INSTANCE_PATH": str(instance), "DATABASE_URL": f"sqlite:///{instance / 'shop.db'}"}
    told = subprocess.run([sys.executable, "-c", DYING, stage, str(file)], cwd=ROOT, env=around, check=False)
    assert told.returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["models", "media"])
def test_what_a_killed_backup_left_is_cleared_away_by_the_next(
    app: Flask, flask: FlaskCliRunner, tmp_path: Path, stage: str
) -> None:
    """It holds half of the shop's data, and nobody would ever look for it."""
    die(app, stage, tmp_path / "killed.tar.gz")
    assert len(list(tmp_path.glob(".backup-*"))) == 1
    told = flask.invoke(args=["backup", str(tmp_path / "shop.tar.gz")])
    assert told.exit_code == 0, told.output
    assert not list(tmp_path.glob(".backup-*"))


@pytest.mark.slow
def test_what_a_killed_restoring_left_is_cleared_away_by_the_next(kept: Path, empty: Flask) -> None:
    die(empty, "checking", kept)
    assert len(list(Path(empty.instance_path).glob(".restore-*"))) == 1
    told = restored(empty, kept)
    assert told.exit_code == 0, told.output
    assert not list(Path(empty.instance_path).glob(".restore-*"))


def test_a_backup_leaves_alone_what_is_not_its_own(flask: FlaskCliRunner, tmp_path: Path) -> None:
    """Another backup that is being made, and folders of other people that have such a name."""
    others = [tmp_path / ".backup-photos" / "shop.db", tmp_path / ".backup-both" / "letter.txt"]
    running = tmp_path / ".backup-running" / "backup.json"
    for path in [*others, tmp_path / ".backup-both" / "backup.json", running]:
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    handle = os.open(running.parent, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    told = flask.invoke(args=["backup", str(tmp_path / "shop.tar.gz")])
    os.close(handle)
    assert told.exit_code == 0, told.output
    assert all(path.exists() for path in [*others, running])
