"""Several processes at one folder of models: what one of them is busy with, another does not take away."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from recommender import artifacts
from recommender.artifacts import current_version, prune, publish, remove, versions, write_folder
from recommender.errors import ArtifactError

SOON = 0.3
LATE = 10.0


def write(root: Path, version: str) -> None:
    write_folder(root / version, data={}, arrays={"numbers": np.arange(9)}, texts={})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for version in "abcd":
        write(tmp_path, version)
    publish(tmp_path, "d")
    return tmp_path


class Halt:
    """Holds whoever calls until it is let go."""

    def __init__(self, what, when=lambda *_args: True) -> None:
        self.what, self.when = what, when
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self, *args, **options):
        if self.when(*args):
            self.reached.set()
            assert self.go_on.wait(LATE)
        return self.what(*args, **options)


def test_a_version_that_is_being_published_is_not_pruned(root, monkeypatch):
    halt = Halt(artifacts._write_bytes, when=lambda _path, content: content == b"a")
    monkeypatch.setattr(artifacts, "_write_bytes", halt)
    back, tidy = threading.Thread(target=publish, args=(root, "a")), threading.Thread(target=prune, args=(root, 2))
    back.start()
    assert halt.reached.wait(LATE)
    tidy.start()
    tidy.join(SOON)
    halt.go_on.set()
    back.join(LATE)
    tidy.join(LATE)
    assert current_version(root) == "a"
    assert versions(root) == ["a", "c", "d"]


def test_a_version_that_is_being_pruned_is_not_published(root, monkeypatch):
    halt = Halt(artifacts.shutil.rmtree)
    monkeypatch.setattr(artifacts.shutil, "rmtree", halt)
    refused: list[ArtifactError] = []

    def go_back() -> None:
        try:
            publish(root, "a")
        except ArtifactError as error:
            refused.append(error)

    tidy, back = threading.Thread(target=prune, args=(root, 2)), threading.Thread(target=go_back)
    tidy.start()
    assert halt.reached.wait(LATE)
    back.start()
    back.join(SOON)
    halt.go_on.set()
    tidy.join(LATE)
    back.join(LATE)
    assert [error.version for error in refused] == ["a"]
    assert current_version(root) == "d"


def test_a_folder_that_is_being_written_is_no_leftover(root, monkeypatch):
    halt = Halt(artifacts._write_array)
    monkeypatch.setattr(artifacts, "_write_array", halt)
    writer = threading.Thread(target=write, args=(root, "e"))
    writer.start()
    assert halt.reached.wait(LATE)
    prune(root, keep=9)
    halt.go_on.set()
    writer.join(LATE)
    assert versions(root) == ["a", "b", "c", "d", "e"]
    assert not list(root.glob(".*"))


def test_named_versions_are_removed_but_for_the_live_one(root):
    assert remove(root, ["d", "b", "never there"]) == ["b"]
    assert versions(root) == ["a", "c", "d"]


def test_where_folders_cannot_be_locked_all_works_as_before(root, monkeypatch):
    """On some network drives."""

    def refuse(*_args):
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(artifacts.fcntl, "flock", refuse)
    write(root, "e")
    (root / ".draft-old").mkdir()
    publish(root, "e")
    assert prune(root, keep=2) == ["a", "b", "c"]
    assert (current_version(root), versions(root)) == ("e", ["d", "e"])
    assert not list(root.glob(".*"))
