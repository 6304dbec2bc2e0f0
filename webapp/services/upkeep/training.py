"""Train, judge, publish, go back: the only writer of model runs."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from flask_babel import gettext as _

from webapp import recs
from webapp.errors import Busy, Conflict, NotFound
from webapp.heart import beating
from webapp.recs import Surroundings, Trained, TrainingError
from webapp.services.people.privacy import ERASED
from webapp.store import catalogue, interactions, newest, operations, personal
from webapp.store.operations import ModelRunRow
from webapp.store.tx import Tx, read_unit, unit_of_work

log = logging.getLogger(__name__)
Progress = Callable[[str, float], None]
Clock = Callable[[], datetime]
Result = TypeVar("Result")
LEASE = "training"
LEASE_SECONDS = 300.0
HEARTBEAT_SECONDS = 60.0
TELL_EVERY_SECONDS = 1.0
PATIENCE_SECONDS = 120.0  # well below the lease
MOST_RUNS = 200
SEARCHES = "searches"
SEARCHES_KEPT = 30
LOST = "the process that trained stopped before the end"
SOMEBODY_LEFT = "an account was deleted during the training"
TAKEN_OVER = "this training had not been heard of for so long that another one began"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended: published, refused by the gate, or failed."""

    run_id: int
    state: str
    version: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where models are, how many are kept, and which pretrained encoders they are trained with."""

    root: Path
    media: Path
    keep: int
    encoders: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, instance: Path, settings: Any) -> Place:
        """Read the place of a shop from its settings, by their names."""
        encoders = {"text_encoder": settings["TEXT_ENCODER"], "image_encoder": settings["IMAGE_ENCODER"]}
        return cls(instance / "models", instance / "media", settings["MODELS_KEPT"], encoders)

    @property
    def parameters(self) -> Path:
        """File of the parameters that a search found to be better than the defaults."""
        return self.root / SEARCHES / "parameters.json"

    def trials(self, run_id: int) -> Path:
        """File of what the search of a run tried."""
        folder = self.root / SEARCHES
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"run-{run_id:06d}.jsonl"


def retrain(
    place: Place,
    *,
    trigger: str,
    strategy: str,
    clock: Clock,
    progress: Progress,
    with_evaluation: bool = True,
    search_seconds: float = 0.0,
    learn_weights: bool = True,
) -> Outcome:
    """Train on everything the shop has and publish the model if the gate lets it through.

    Whatever happens, the model that serves goes on serving. A run whose process died is marked failed here, by the next
    one. If an account is deleted meanwhile the training is made once more, without it. Without evaluation nothing is
    compared: for a first start, when no model could be made worse. With ``search_seconds`` better parameters are looked
    for first; what was found is kept if the model is published. With ``learn_weights`` the worth of each kind of event
    is learned, too.

    Raises
    ------
    Conflict
        If another training is under way.
    """
    choices = {"with_evaluation": with_evaluation, "learn_weights": learn_weights}
    run = partial(_run, place, trigger, strategy, clock, progress, search_seconds=search_seconds, **choices)
    outcome = run()
    return run() if outcome.message == SOMEBODY_LEFT else outcome


def _run(
    place: Place,
    trigger: str,
    strategy: str,
    clock: Clock,
    progress: Progress,
    *,
    with_evaluation: bool,
    search_seconds: float,
    learn_weights: bool,
) -> Outcome:
    """One training under the lease, written down as a run of its own."""
    holder = f"{_process(os.getpid())}{secrets.token_hex(4)}"
    with unit_of_work() as tx:
        if not operations.take_lease(tx, LEASE, holder, now=clock(), seconds=LEASE_SECONDS):
            raise Conflict(_("A training is under way."))
        operations.end_unfinished_runs(tx, live=recs.current_version(place.root), now=clock(), error=LOST)
        run_id = operations.add_run(tx, trigger=trigger, strategy=strategy, now=clock())
    log.info("training_began", extra={"run_id": run_id, "trigger": trigger})
    try:
        tell = _Teller(run_id, holder, clock, progress)
        search = recs.SearchOrder(search_seconds, place.trials(run_id)) if search_seconds else None
        # One step of a large history may say nothing for longer than the lease lasts.
        with beating(tell.hold, every=HEARTBEAT_SECONDS, of={"run_id": run_id}):
            return _train_and_publish(
                place,
                run_id,
                strategy,
                clock,
                tell,
                with_evaluation=with_evaluation,
                learn_weights=learn_weights,
                search=search,
            )
    except (TrainingError, OSError, MemoryError) as error:
        return _fail(place, run_id, str(error) or type(error).__name__, clock)
    except BaseException:
        _fail(place, run_id, "stopped", clock)
        raise
    finally:
        with unit_of_work() as tx:
            operations.drop_lease(tx, LEASE, holder)


def _fail(place: Place, run_id: int, message: str, clock: Clock) -> Outcome:
    log.error("training_failed", extra={"run_id": run_id, "reason": message})
    live = recs.current_version(place.root)
    with unit_of_work() as tx:
        operations.end_unfinished_runs(tx, live=live, now=clock(), error=message[:2000], run_id=run_id)
    return Outcome(run_id, "failed", None, message)


def _process(pid: int) -> str:
    """How the name of a holder of the lease begins: with the machine and the process."""
    return f"{socket.gethostname()}:{pid}:"


def mark_lost(place: Place, pid: int, *, now: datetime) -> None:
    """Mark the run of a process of this machine that has ended without a word, and let go of its lease."""
    with unit_of_work() as tx:
        holder = operations.lease_holder(tx, LEASE, now=now)
        if holder is None or not holder.startswith(_process(pid)):
            return
        operations.end_unfinished_runs(tx, live=recs.current_version(place.root), now=now, error=LOST)
        operations.drop_lease(tx, LEASE, holder)


class _Teller:
    """Writes progress into the run and keeps the lease, at most once a second."""

    def __init__(self, run_id: int, holder: str, clock: Clock, progress: Progress) -> None:
        self.run_id, self.holder, self.clock, self.progress = run_id, holder, clock, progress
        self.told_at = 0.0

    def __call__(self, stage: str, done: float) -> None:
        """Tell how far the training is; TrainingError when another one has taken over.

        A database that is away for a while, or busy, is told the next time: the lease holds longer than that.
        """
        self.progress(stage, done)
        if time.monotonic() - self.told_at < TELL_EVERY_SECONDS:
            return
        self.told_at = time.monotonic()
        try:
            with unit_of_work() as tx:
                self.keep_lease(tx)
                operations.change_run(tx, self.run_id, stage=stage[:200], progress=min(1.0, max(0.0, done)))
        except Busy:
            log.warning("training_not_told", extra={"run_id": self.run_id})

    def keep_lease(self, tx: Tx) -> None:
        """Hold the lease for another while; TrainingError when another training has taken over."""
        if not self.hold(tx):
            raise TrainingError(TAKEN_OVER)

    def hold(self, tx: Tx) -> bool:
        """Hold the lease for another while; False when another training has taken over."""
        return operations.take_lease(tx, LEASE, self.holder, now=self.clock(), seconds=LEASE_SECONDS)


def _train_and_publish(
    place: Place,
    run_id: int,
    strategy: str,
    clock: Clock,
    tell: _Teller,
    *,
    with_evaluation: bool,
    search: recs.SearchOrder | None,
    learn_weights: bool,
) -> Outcome:
    tell("reading events", 0.0)
    live = recs.current_version(place.root)
    with read_unit() as tx:
        erased = operations.setting(tx, ERASED)
        read_to, items_at = newest.read_to(tx), catalogue.last_change(tx)
        events = interactions.training_frame(tx)
        items = catalogue.item_frame(tx, media=place.media)
        live_run = operations.run_by_version(tx, live) if live else None
        surroundings = Surroundings(
            now=clock(),
            rows_before=operations.events_of_last_run(tx),
            may_be_known=interactions.may_be_known(tx),
            logged=interactions.logged_places(tx),
        )
    trained = recs.train(
        events,
        items,
        strategy=strategy,
        with_evaluation=with_evaluation,
        encoders=place.encoders,
        learn_weights=learn_weights,
        live_parameters=live_run.parameters if live_run else None,
        kept=place.parameters,
        search=search,
        surroundings=surroundings,
        progress=tell,
    )
    version = f"{clock():%Y%m%d-%H%M%S}-{run_id}"
    if trained.passed:
        note = {**recs.note_of(read_to, items_at), "run_id": run_id}
        recs.save(trained, place.root, version, note)
        try:
            if patiently(lambda: _somebody_left(erased)):
                raise TrainingError(SOMEBODY_LEFT)
            patiently(lambda: _note_verdict(tell, trained, version))
            recs.publish(place.root, version)
        except TrainingError:
            _remove(place, [version])
            raise
    else:
        patiently(lambda: _note_verdict(tell, trained, None))
    outcome = patiently(lambda: _end(run_id, trained, version if trained.passed else None, clock))
    _clear_up(place, trained, version)
    return outcome


def _clear_up(place: Place, trained: Trained, version: str) -> None:
    """What is left to do after a verdict; trouble with it does not change how the training ended."""
    try:
        if trained.passed:
            recs.keep_parameters(trained, place.parameters)
            _drop_models_of_the_erased(place)
        _prune(place)
    except (TrainingError, OSError, Busy) as error:
        log.warning("training_not_cleared_up", extra={"version": version, "reason": str(error)})
    recs.tell_tracker(trained, version)


def patiently(work: Callable[[], Result]) -> Result:
    """Do what ends a job; a night's work is not lost because the database is started anew just then."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except Busy:
            if time.monotonic() > until:
                raise
        time.sleep(TELL_EVERY_SECONDS)


def _somebody_left(erased: Mapping[str, Any]) -> bool:
    """Whether an account was deleted since: what is published has not seen who is gone."""
    with read_unit() as tx:
        return operations.setting(tx, ERASED) != erased


def _note_verdict(tell: _Teller, trained: Trained, version: str | None) -> None:
    """Write what came of a training into its run before it is published, so that a stop then loses nothing."""
    with unit_of_work() as tx:
        tell.keep_lease(tx)
        operations.change_run(
            tx,
            tell.run_id,
            version=version,
            seconds=trained.seconds,
            n_events=trained.n_events,
            n_users=trained.n_users,
            n_items=trained.n_items,
            parameters=trained.parameters,
            metrics=trained.metrics,
            checks=[asdict(check) for check in trained.checks],
            gate_passed=trained.passed,
        )


def _end(run_id: int, trained: Trained, version: str | None, clock: Clock) -> Outcome:
    state = "published" if version else "refused"
    with unit_of_work() as tx:
        operations.change_run(tx, run_id, state=state, stage="done", progress=1.0, finished_at=clock())
    missed = "; ".join(f"{check.name}: {check.detail}" for check in trained.checks if check.refuses)
    log.info("training_ended", extra={"run_id": run_id, "state": state, "version": version})
    return Outcome(run_id, state, version, missed)


def _drop_models_of_the_erased(place: Place) -> None:
    """Remove the versions trained before the last account was deleted: they still hold who is gone."""
    with read_unit() as tx:
        erased = operations.setting(tx, ERASED)
        runs = operations.runs(tx, limit=MOST_RUNS)
    if not erased:
        return
    clean = {run.version for run in runs if not personal.predates_erasure(erased, run.run_id, run.started_at)}
    _remove(place, [name for name in recs.versions(place.root) if name not in clean])


def _remove(place: Place, versions: Sequence[str]) -> None:
    _remove_notes(place, recs.remove(place.root, versions))


def _remove_notes(place: Place, versions: Sequence[str]) -> None:
    for version in versions:
        (place.root / f"{version}.json").unlink(missing_ok=True)


def _age_of(versions: Sequence[str]) -> Callable[[str], tuple[int, str]]:
    """Return what sorts versions from the oldest on: by their runs, for names go by a clock that may be set back."""
    with read_unit() as tx:
        run_ids = operations.run_ids(tx, versions)
    return lambda version: (run_ids.get(version, 0), version)


def _prune(place: Place) -> None:
    """Keep the newest versions and searches; what is left of trainings that were killed goes, too."""
    recs.prune(place.root, place.keep, _age_of(recs.versions(place.root)))
    kept = recs.versions(place.root)
    _remove_notes(place, [note.stem for note in place.root.glob("*.json") if note.stem not in kept])
    for trials in sorted((place.root / SEARCHES).glob("run-*.jsonl"))[:-SEARCHES_KEPT]:
        trials.unlink(missing_ok=True)


def rollback(place: Place, *, version: str | None, user_id: int | None, now: datetime) -> str:
    """Make an earlier version the live one: the named one, or the one before the live one.

    Returns
    -------
    str
        The version that serves from now on.

    Raises
    ------
    NotFound
        If there is no such version.
    """
    kept, live = recs.versions(place.root), recs.current_version(place.root)
    age = _age_of([*kept, live or ""])
    earlier = [name for name in recs.usable_versions(place.root) if live is None or age(name) < age(live)]
    chosen = version or max(earlier, key=age, default=None)
    if chosen is None:
        raise NotFound(_("There is no version to go back to."))
    if chosen not in kept or chosen == live:
        raise NotFound(_("There is no such version besides the live one."))
    note = partial(_note_going_back, live, chosen, user_id, now)
    note("model.rollback")  # before it is done, so that a stop in between leaves no change that nobody made
    try:
        recs.publish(place.root, chosen)
    except TrainingError as error:
        note("model.rollback.refused")
        raise Conflict(str(error)) from error
    log.info("model_rolled_back", extra={"from": live, "to": chosen})
    return chosen


def _note_going_back(live: str | None, chosen: str, user_id: int | None, now: datetime, action: str) -> None:
    with unit_of_work() as tx:
        what: dict[str, Any] = {"before": {"version": live}, "after": {"version": chosen}, "subject_id": chosen[:40]}
        operations.audit(tx, user_id=user_id, action=action, subject="model", now=now, **what)


def has_model(place: Place) -> bool:
    """Whether a version is published that this program can open; one of an earlier program may not be."""
    return recs.can_open(place.root)


def evaluate(
    models: Sequence[str], *, media: Path, split: str, k: int, progress: Progress
) -> tuple[str, dict[str, Any]]:
    """Judge strategies on the shop's own events; return a table for people and the figures for programs.

    Raises
    ------
    Conflict
        If there is too little to judge.
    """
    with read_unit() as tx:
        events, items = interactions.training_frame(tx), catalogue.item_frame(tx, media=media)
    try:
        return recs.evaluate(events, items, models=models, split=split, k=k, progress=progress)
    except TrainingError as error:
        raise Conflict(str(error)) from error


def is_training(*, now: datetime) -> bool:
    """Whether a training is under way."""
    with read_unit() as tx:
        return operations.lease_holder(tx, LEASE, now=now) is not None


def live_run(place: Place) -> ModelRunRow | None:
    """Return the run of the live version, however many came after it."""
    live = recs.current_version(place.root)
    if live is None:
        return None
    with read_unit() as tx:
        return operations.run_by_version(tx, live)


def all_runs(limit: int = 30) -> list[ModelRunRow]:
    """Return the latest runs, newest first."""
    with read_unit() as tx:
        return operations.runs(tx, limit=limit)
