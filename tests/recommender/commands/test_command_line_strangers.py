"""python -m recommender by somebody who sees it for the first time, with files of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from recommender.hybrid import HybridRecommender
from tests.recommender.worlds import two_shelves


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "events.csv"
    two_shelves().drop(columns="order_id").to_csv(path, index=False)
    return path


def products(path: Path, *item_ids: str) -> Path:
    pd.DataFrame({"item_id": item_ids, "title": [f"thing {item_id}" for item_id in item_ids]}).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_catalogue_of_other_ids_than_those_of_the_events_is_noticed(command, events, tmp_path, run):
    """It was taken for a catalogue of things that nobody ever touched."""
    asked = {"train": ("--strategy", "popular", "--out"), "evaluate": ("--models", "popular", "--json")}[command]
    for name, ids, is_strange in (("a", ("sku-1", "sku-2"), True), ("b", ("garden-00", "sku-2"), False)):
        files = ("--interactions", events, "--items", products(tmp_path / f"{name}.csv", *ids))
        status, _, noted = run(command, *files, *asked, tmp_path / name)
        assert status == 0
        assert (
            "no event is about any of the 2 products: is the item_id of both files the same?" in noted
        ) == is_strange


def test_a_map_of_no_file_is_refused(events, tmp_path, run):
    asked = ["train", "--interactions", events, "--items-map", "item_id=sku", "--out", tmp_path / "v1"]
    status, _, noted = run(*asked, "--strategy", "popular")
    assert status == 2
    assert noted == "error: --items-map says how to read --items FILE, which is not given\n"


def test_a_search_writes_over_nothing_but_parameters(events, tmp_path, run):
    """A slip of the keyboard would else cost the events."""
    copy = tmp_path / "events.csv"
    copy.write_text(events.read_text())
    asked = ["tune", "--interactions", copy, "--models", "trending", "--trials", 1]
    asked += ["--split", "last-one", "--out"]
    status, _, noted = run(*asked, copy)
    assert status == 2
    assert f"{copy} exists and is no file of parameters, so it is not written over" in noted
    assert copy.read_text() == events.read_text()
    assert [run(*asked, tmp_path / "found.json")[0] for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("option", ["interactions", "items", "params", "logged"])
def test_results_are_not_written_over_a_file_that_is_read(option, events, tmp_path, run):
    """Who takes --json for the kind of file that --interactions is lost the events."""
    read = {"interactions": tmp_path / "events.csv", "items": products(tmp_path / "items.csv", "garden-00")}
    read |= {"params": tmp_path / "params.json", "logged": tmp_path / "shown.csv"}
    read["interactions"].write_text(events.read_text())
    read["params"].write_text('{"schema": 1}')
    read["logged"].write_text("user_id,item_id,timestamp,position,propensity,clicked\n")
    asked = [word for name in {"interactions", option} for word in (f"--{name}", read[name])]
    before = read[option].read_text()
    (tmp_path / "other").mkdir()
    status, said, noted = run(
        "evaluate", *asked, "--models", "popular", "--json", tmp_path / "other" / ".." / read[option].name
    )
    assert (status, said) == (2, "")
    assert f"{read[option].name} is what --{option} reads, so it is not written over" in noted
    assert read[option].read_text() == before


def test_a_command_that_is_stopped_says_so_in_a_word(events, run, monkeypatch):
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(HybridRecommender, "fit", stopped)
    status, said, noted = run("evaluate", "--interactions", events, "--models", "popular")
    assert (status, said) == (130, "")
    assert noted.splitlines()[-1] == "stopped"
    assert "Traceback" not in noted


def test_who_has_read_enough_is_not_shown_an_error(saved_model):
    command = [sys.executable, "-m", "recommender", "recommend", "--model", str(saved_model), "--user-id", "u01"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as told:
        assert told.stdout is not None
        assert told.stderr is not None
        told.stdout.close()
        assert (told.wait(60), told.stderr.read()) == (1, "")


@pytest.mark.parametrize("command", ["train", "evaluate", "tune", "recommend", "similar", "bench"])
def test_every_option_of_a_command_is_explained(command, run, capsys):
    with pytest.raises(SystemExit):
        run(command, "--help")
    said = capsys.readouterr().out
    assert said.split("\n\n")[1].endswith("."), "what the command does"
    options = said.split("options:\n")[1].split("\n  -")
    assert [option for option in options if len(option.split()) < 3] == []
