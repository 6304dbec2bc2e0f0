"""However a training ends, its run and the published model agree, and no other training is disturbed."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import NOW
from tests.webapp.services.conftest import retrain, runs
from webapp import recs
from webapp.recs import TrainingError
from webapp.services import training
from webapp.services.training import Place
from webapp.store import operations
from webapp.store.tx import read_unit, unit_of_work

LATER = NOW + timedelta(hours=1)


class KilledError(BaseException):
    """Stands for the end of the process."""


def test_a_full_disk_after_the_publishing_leaves_a_published_run(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recs, "keep_parameters", fail)
    outcome = retrain(place)
    assert outcome.state == runs()[0].state == "published"
    assert recs.current_version(place.root) == outcome.version == runs()[0].version


@pytest.mark.parametrize("is_asked_to_stop", [False, True])
def test_a_training_stopped_just_after_the_publishing_is_known_for_what_it_was(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch, is_asked_to_stop: bool
) -> None:
    """Else the next training would find no live parameters and hold its model against nothing."""
    publish = recs.publish

    def publish_and_die(root: Path, version: str) -> None:
        publish(root, version)
        raise KilledError

    def do_nothing(*_args: object, **_options: object) -> None:
        """As somebody does who is killed."""

    with monkeypatch.context() as dying:
        dying.setattr(recs, "publish", publish_and_die)
        if not is_asked_to_stop:
            dying.setattr(training, "_fail", do_nothing)
            dying.setattr(operations, "drop_lease", do_nothing)
        with pytest.raises(KilledError):
            retrain(place)
    live = recs.current_version(place.root)
    assert retrain(place, clock=lambda: LATER).state == "published"
    assert [run.state for run in runs()] == ["published", "published"]
    assert runs()[1].version == live
    assert "against live" in {check["name"] for check in runs()[0].checks}


def test_a_model_that_cannot_be_published_leaves_no_version(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_root: Path, _version: str) -> None:
        raise TrainingError("it is not whole")

    monkeypatch.setattr(recs, "publish", fail)
    assert retrain(place).state == "failed"
    assert (runs()[0].version, runs()[0].error) == (None, "it is not whole")
    assert recs.versions(place.root) == []


def test_a_note_that_finds_no_room_leaves_no_version(shop: None, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text = Path.write_text

    def fail(path: Path, *args: object, **options: object) -> int:
        if path.suffix == ".json" and path.parent == place.root:
            raise OSError(28, "No space left on device")
        return write_text(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "write_text", fail)
    assert retrain(place).state == "failed"
    assert recs.versions(place.root) == []


@pytest.mark.parametrize("stage", ["evaluate popular", "fit on all data", "gate"])
def test_a_training_whose_lease_went_to_another_publishes_nothing(shop: None, place: Place, stage: str) -> None:
    """It was silent for too long, on a machine that slept for one."""

    def lose(told: str, _done: float) -> None:
        if told == stage:
            with unit_of_work() as tx:
                operations.take_lease(tx, training.LEASE, "another", now=LATER, seconds=training.LEASE_SECONDS)

    outcome = retrain(place, progress=lose)
    assert (outcome.state, outcome.message) == ("failed", training.TAKEN_OVER)
    assert recs.current_version(place.root) is None
    assert recs.versions(place.root) == []
    with read_unit() as tx:
        assert operations.lease_holder(tx, training.LEASE, now=NOW) == "another"
