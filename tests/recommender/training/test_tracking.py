"""Runs told to MLflow, by its own client into a real tracking database; nothing is told, or imported, unasked."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from recommender.training import tracking
from recommender.training.tracking import URI, Run, TrackingError, track
from tests.recommender.worlds import ring_walks
from tests.servers import free_port, need_package

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    ring_walks(40).to_csv(path, index=False)
    return path


def command(folder: Path, *arguments: str, uri: str) -> subprocess.CompletedProcess[str]:
    """The library's command line in a process of its own: the client leaves much behind in one."""
    surroundings = os.environ | {URI: uri, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "recommender", *arguments],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def told(database: Path, name: str, table: str) -> dict[str, object]:
    """Keys and values of the run of that name."""
    asked = f"SELECT key, value FROM {table} JOIN runs USING (run_uuid) WHERE name = ?"
    with sqlite3.connect(database) as connection:
        return dict(connection.execute(asked, (name,)).fetchall())


@pytest.mark.slow
def test_trainings_and_evaluations_are_told(events: Path, tmp_path: Path) -> None:
    need_package("mlflow", "tracking")
    database = tmp_path / "tracking.db"
    train = ("train", "--interactions", str(events), "--strategy", "itemseq", "--out", "model")
    done = command(tmp_path, *train, uri=f"sqlite:///{database}")
    assert (done.returncode, "not tracked" in done.stderr) == (0, False), done.stderr
    assert told(database, "model", "params")["strategy"] == "itemseq"
    assert told(database, "model", "params")["weights.kinds.purchase"] == "1.0"
    assert told(database, "model", "metrics")["n_users"] == 40
    cards = list(tmp_path.glob("mlruns/**/model_card.md")) + list(tmp_path.glob("mlartifacts/**/model_card.md"))
    assert [card.read_text("utf-8")[:12] for card in cards] == ["# Model card"]

    judge = ("evaluate", "--interactions", str(events), "--split", "last-one", "--models", "itemseq,popular")
    done = command(tmp_path, *judge, uri=f"sqlite:///{database}")
    assert (done.returncode, "not tracked" in done.stderr) == (0, False), done.stderr
    figures = told(database, "evaluate", "metrics")
    assert 0 < figures["popular/ndcg_at_10"] < figures["itemseq/ndcg_at_10"] <= 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of MLflow's own use of SQLAlchemy
def test_names_that_mlflow_does_not_take_are_told_in_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One blend with another source, or one judged without the time, and no figure of the run was kept."""
    need_package("mlflow", "tracking")
    database = tmp_path / "tracking.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(URI, f"sqlite:///{database}")
    models = {"hybrid+sasrec": 0.25, "hybrid, time untold": 0.5, "ease": 0.75}
    assert track(Run("judged", metrics={f"{name}/ndcg@10": value for name, value in models.items()}))
    figures = told(database, "judged", "metrics")
    assert figures == {
        "hybrid_with_sasrec/ndcg_at_10": 0.25,
        "hybrid time untold/ndcg_at_10": 0.5,
        "ease/ndcg_at_10": 0.75,
    }


@pytest.mark.slow
def test_a_server_that_is_away_costs_a_sentence_and_no_model(events: Path, tmp_path: Path) -> None:
    need_package("mlflow", "tracking")
    train = ("train", "--interactions", str(events), "--strategy", "popular", "--out", "model")
    done = command(tmp_path, *train, uri=f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 0
    assert "not tracked: MLflow at http://127.0.0.1:" in done.stderr
    assert (tmp_path / "model" / "manifest.json").is_file()


def test_nothing_is_told_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URI, raising=False)
    monkeypatch.setitem(sys.modules, "mlflow", None)  # an import would fail
    assert track(Run("night")) is None


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URI, "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(TrackingError, match=r"requirements-tracking\.txt"):
        track(Run("night"))


class Away:
    """An MLflow whose place takes its time, or has trouble of its own."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble, self.is_over = trouble, Event()

    def set_experiment(self, _name: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.is_over.wait(30)
        raise OSError("nobody waits any more")


@pytest.mark.parametrize("trouble", [ModuleNotFoundError("No module named 'MySQLdb'"), ValueError("Invalid IPv6 URL")])
def test_whatever_a_place_has_trouble_with_is_one_sentence_without_its_password(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URI, "mysql://kindred:secret@127.0.0.1/runs")
    monkeypatch.setitem(sys.modules, "mlflow", Away(trouble))
    with pytest.raises(TrackingError) as refused:
        track(Run("night"))
    assert str(refused.value) == f"MLflow at mysql://127.0.0.1/runs did not take the run: {trouble}"


def test_a_place_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client asks a database that is away again and again, for an hour."""
    away = Away()
    monkeypatch.setenv(URI, "postgresql://127.0.0.1:1/runs")
    monkeypatch.setitem(sys.modules, "mlflow", away)
    monkeypatch.setattr(tracking, "PATIENCE_SECONDS", 0.2)
    with pytest.raises(TrackingError, match=r"did not take the run: no answer within 0\.2 s"):
        track(Run("night"))
    away.is_over.set()
