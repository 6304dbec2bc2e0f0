"""Training: judged before it is published, never twice at once, and whatever dies leaves the old model serving."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from recommender.parameters import Parameters
from recommender.tuning import TuneResult
from tests.conftest import NOW
from tests.factories import make_event, make_product, make_user
from tests.servers import need_package
from tests.webapp.services.conftest import fill_shop, retrain, runs, silent, surroundings
from webapp import jobs, recs
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.errors import Conflict, NotFound
from webapp.picks import Ask
from webapp.recs import LocalRecs, Trained
from webapp.services.office import models as office_models
from webapp.services.picks.feed import DatabaseFeed
from webapp.services.upkeep import schedule, training
from webapp.services.upkeep.training import Place
from webapp.store import operations, users
from webapp.store.models import User
from webapp.store.tx import read_unit, unit_of_work

ROOT = Path(__file__).resolve().parents[3]


def test_a_model_that_passes_is_published_with_its_figures(shop: None, place: Place) -> None:
    outcome = retrain(place)
    assert outcome.state == "published"
    assert recs.current_version(place.root) == outcome.version
    run = runs()[0]
    assert (run.state, run.gate_passed, run.version) == ("published", True, outcome.version)
    assert run.metrics["itemseq"]["ndcg@10"] > run.metrics["popular"]["ndcg@10"]
    assert {check["name"] for check in run.checks} >= {"against popular", "enough users", "saved model", "policy"}
    assert {check["level"] for check in run.checks} == {"must", "warning", "note"}
    assert (run.n_events, run.n_users, run.n_items) == (360, 60, 30)
    served = LocalRecs(place.root, budget_ms=5000, background=False)
    served.refresh()
    assert served.for_user(Ask("nobody", k=3)).model_version == outcome.version


def test_r14_a_model_that_cannot_be_judged_is_refused_and_the_old_one_serves(
    app: Flask, shop: None, place: Place
) -> None:
    live = retrain(place).version
    refused = retrain(place, strategy="popular")
    assert refused.state == "refused"
    assert "itemseq" in refused.message
    assert recs.current_version(place.root) == live
    assert runs()[0].version is None
    assert recs.versions(place.root) == [live]


def verdicts() -> dict[str, bool]:
    return {check["name"]: check["passed"] for check in runs()[0].checks}


def test_the_gate_knows_the_time_the_training_before_and_who_paused(shop: None, place: Place) -> None:
    assert retrain(place).state == "published"
    assert "rows" not in verdicts(), "there was no training before"
    with unit_of_work() as tx:
        first = tx.scalar(select(User.id).limit(1))
        users.set_personalised(tx, Actor(user_id=first), on=False)
    assert retrain(place, clock=lambda: NOW + timedelta(hours=1)).state == "published"
    assert {"rows", "newest event", "policy"} <= verdicts().keys()
    assert verdicts()["newest event"] is False, "the events ended days ago, which refuses nothing"
    assert runs()[0].n_users == 59


def test_somebody_who_paused_and_is_learned_from_all_the_same_is_found(
    shop: None, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training.interactions, "may_be_known", lambda _tx: {"1", "2"})
    refused = retrain(place)
    assert refused.state == "refused"
    assert refused.message == "policy: 58 of 60 people in the model must not be known to it"


def test_a_log_that_lost_most_of_its_events_is_refused_once(shop: None, place: Place) -> None:
    """A broken import shows itself; what the owner meant to delete passes the next time."""
    before = retrain(place).run_id
    with unit_of_work() as tx:
        operations.change_run(tx, before, n_events=1000)
    assert retrain(place).message == "rows: 360 rows, 1000 in the training before"
    assert retrain(place).state == "published"


def test_events_that_cannot_be_learned_from_are_left_out_and_told(shop: None, place: Place) -> None:
    """A shop may hold a purchase of no pieces from earlier times; it stops no training."""
    with unit_of_work() as tx:
        lamp, member = make_product(tx), Actor(user_id=make_user(tx))
        for pieces in (0.0, 1e-50):
            make_event(tx, member, lamp, "purchase", value=pieces, at=NOW - timedelta(days=1))
    assert retrain(place).state == "published"
    (told,) = [check for check in runs()[0].checks if check["name"] == "events left out"]
    assert (told["passed"], told["level"]) == (True, "note")
    assert told["detail"] == "2: a quantity must be positive and finite in 32 bits"
    assert runs()[0].n_events == 360
    text, _figures = training.evaluate(["popular"], media=place.media, split="time", k=5, progress=silent)
    assert text


def test_a_first_model_needs_no_evaluation(app: Flask, place: Place) -> None:
    fill_shop(6)
    assert retrain(place).state == "refused"
    assert not training.has_model(place)
    version = retrain(place, with_evaluation=False).version
    assert version is not None
    assert training.has_model(place)
    (place.root / version / "manifest.json").write_text("{}")
    assert not training.has_model(place)  # of no use to the next start, which will train a new one


def test_a_product_saved_during_a_training_is_known_to_the_model_that_comes_of_it(
    app: Flask, shop: None, place: Place
) -> None:
    """And so it is whenever a process begins to serve that model, after a rollback for one."""
    new: list[int] = []

    def save(_stage: str, done: float) -> None:
        if done and not new:
            with unit_of_work() as tx:
                new.append(make_product(tx, category="Home > Shelf 1", updated_at=NOW + timedelta(minutes=1)))

    assert retrain(place, "content", with_evaluation=False, progress=save).state == "published"
    served = LocalRecs(place.root, feed=DatabaseFeed(app), budget_ms=5000, background=False)
    served.refresh()
    assert served.similar(new[0], k=3).product_ids


@pytest.mark.parametrize("n_leaving", [1, 2])
def test_s31_a_training_during_which_somebody_leaves_is_made_once_more(
    shop: None, place: Place, n_leaving: int
) -> None:
    left: list[datetime] = []

    def leave(stage: str, done: float) -> None:
        if stage == "fit on all data" and done == 0 and len(left) < n_leaving:
            left.append(NOW + timedelta(minutes=len(left)))
            with unit_of_work() as tx:
                operations.put_setting(tx, "erased", {"at": left[-1].isoformat()}, now=NOW)

    outcome = retrain(place, with_evaluation=False, progress=leave)
    with read_unit() as tx:
        states = [run.state for run in operations.runs(tx, limit=5)]
    if n_leaving == 1:
        assert states == ["published", "failed"]
        assert recs.versions(place.root) == [outcome.version]
    else:
        assert states == ["failed", "failed"]
        assert "account was deleted" in outcome.message
        assert recs.versions(place.root) == []
    assert retrain(place, with_evaluation=False).state == "published"


def test_nothing_to_learn_from_is_a_failure_in_words(app: Flask, place: Place) -> None:
    outcome = retrain(place, with_evaluation=False)
    assert outcome.state == "failed"
    assert outcome.message
    assert runs()[0].error == outcome.message


def test_r12_two_never_run_at_once(shop: None, place: Place) -> None:
    with unit_of_work() as tx:
        operations.take_lease(tx, training.LEASE, "somebody else", now=NOW, seconds=60)
    assert training.is_training(now=NOW)
    with pytest.raises(Conflict):
        retrain(place)
    assert runs() == []
    assert retrain(place, clock=lambda: NOW + timedelta(minutes=2)).state == "published"
    assert not training.is_training(now=NOW)


def test_r12_a_lost_run_is_marked_by_the_next(shop: None, place: Place) -> None:
    with unit_of_work() as tx:
        lost = operations.add_run(tx, trigger="schedule", strategy="hybrid", now=NOW)
    retrain(place)
    states = {run.run_id: run.state for run in runs()}
    assert states[lost] == "failed"
    assert sorted(states.values()) == ["failed", "published"]


def test_an_interrupted_run_is_marked_and_lets_go(shop: None, place: Place) -> None:
    def interrupt(stage: str, _done: float) -> None:
        if stage.startswith("evaluate"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retrain(place, progress=interrupt)
    assert runs()[0].state == "failed"
    assert not training.is_training(now=NOW)


def test_only_so_many_versions_are_kept_and_never_without_the_live_one(shop: None, place: Place) -> None:
    made = [retrain(place, clock=lambda hour=hour: NOW + timedelta(hours=hour)).version for hour in range(3)]
    assert recs.versions(place.root) == made[1:]
    training.rollback(place, version=made[1], user_id=None, now=NOW)
    draft = place.root / ".draft-of-a-killed-training"
    draft.mkdir()
    newest = retrain(place, clock=lambda: NOW + timedelta(hours=9)).version
    assert set(recs.versions(place.root)) == {newest, made[2]}
    assert not draft.exists()
    assert sorted(path.suffix for path in place.root.glob("*.json")) == [".json", ".json"]


def test_a_published_version_has_a_card(app: Flask, shop: None, place: Place) -> None:
    version = retrain(place).version
    assert version is not None
    with app.test_request_context():
        page = office_models.model_card_page(place, version)
    assert "<h1>Model card</h1>" in page.card
    assert "360 events of 60 people about 30 products" in page.card
    assert "The gate let it through." in page.card
    with pytest.raises(NotFound):
        office_models.model_card_page(place, "20200101-000000-9")


def test_a_search_is_noted_and_what_it_tried_is_kept(shop: None, place: Place) -> None:
    retrain(place, search_seconds=2.0)
    run = runs()[0]
    note = next(check for check in run.checks if check["name"] == "search for parameters")
    assert (note["level"], note["passed"]) == ("note", True)
    tried = [json.loads(line) for line in place.trials(run.run_id).read_text("utf-8").splitlines()]
    assert {trial["study"] for trial in tried} == {"weights", "itemseq", "trending"}
    assert note["detail"].startswith(f"{len(tried)} trials")
    assert place.parameters.exists() is not note["detail"].endswith("nothing")


def test_trainings_begin_with_the_parameters_that_were_kept(shop: None, place: Place) -> None:
    place.parameters.parent.mkdir(parents=True)
    place.parameters.write_text(json.dumps({"schema": 1, "source_params": {"itemseq": {"window": 7}}}), "utf-8")
    assert retrain(place).state == "published"
    assert runs()[0].parameters["source_params"] == {"itemseq": {"window": 7}}


def test_a_search_for_one_strategy_keeps_what_was_found_for_others(place: Place) -> None:
    """What `flask retrain --strategy itemseq` finds is one part of what the nights have found for the blend."""
    place.parameters.parent.mkdir(parents=True)
    before = Parameters({"itemseq": {"window": 3}, "ials": {"n_factors": 32}}, about={"taken": ["ials"]})
    before.write(place.parameters)
    found = Parameters({"itemseq": {"window": 7}}, about={"taken": ["itemseq"]})
    tuned = TuneResult(found, found={}, left_out={}, seconds=1.0)
    recs.keep_parameters(
        Trained(None, {}, {}, True, (), 1.0, 9, 9, 9, result=SimpleNamespace(tuned=tuned)), place.parameters
    )
    kept = Parameters.read(place.parameters)
    assert kept.source_params == {"itemseq": {"window": 7}, "ials": {"n_factors": 32}}
    assert kept.about == {"taken": ["itemseq"]}


def test_a_broken_file_of_parameters_is_named_and_the_live_model_serves_on(shop: None, place: Place) -> None:
    live = retrain(place).version
    place.parameters.parent.mkdir(parents=True, exist_ok=True)
    place.parameters.write_text("{", "utf-8")
    outcome = retrain(place, clock=lambda: NOW + timedelta(hours=1))
    assert outcome.state == "failed"
    assert "parameters.json" in outcome.message
    assert recs.current_version(place.root) == live


def test_the_trials_of_the_latest_searches_alone_are_kept(shop: None, place: Place) -> None:
    for number in range(900, 935):
        place.trials(number).write_text("", "utf-8")
    retrain(place)
    kept = sorted(path.name for path in place.parameters.parent.iterdir())
    assert kept == [f"run-{number:06d}.jsonl" for number in range(905, 935)]


@pytest.mark.slow
def test_r12_a_killed_training_leaves_the_old_model_and_the_next_starts_clean(
    app: Flask, shop: None, place: Place
) -> None:
    live = retrain(place).version
    command = [sys.executable, "-m", "flask", "--app", "app", "retrain"]
    process = subprocess.Popen(command, cwd=ROOT, env=surroundings(app), stderr=subprocess.DEVNULL)
    late = time.monotonic() + 60
    while runs()[0].state != "running" and time.monotonic() < late:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert recs.current_version(place.root) == live
    with pytest.raises(Conflict):
        retrain(place, clock=utc_now)
    after = retrain(place, clock=lambda: utc_now() + timedelta(seconds=training.LEASE_SECONDS + 1))
    assert after.state == "published"
    assert [run.state for run in runs()] == ["published", "failed", "published"]


@pytest.mark.slow
def test_the_training_runs_as_a_prefect_flow(app: Flask, shop: None, place: Place, tmp_path: Path) -> None:
    """Prefect's own server is started by the flow and ends with it; the shop's settings count there as well."""
    need_package("prefect", "prefect")
    quiet = {
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "LEARN_EVENT_WEIGHTS": "0",
    }
    command = [sys.executable, "-m", "deploy.prefect_flow", "--now", "--strategy", "itemseq"]
    flow = subprocess.Popen(
        command,
        cwd=ROOT,
        env=surroundings(app) | quiet,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # its server is of the same group, so that nothing is left behind
    )
    try:
        said, _nothing = flow.communicate(timeout=240)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(flow.pid, signal.SIGKILL)
        flow.wait()
    assert flow.returncode == 0, said[-2000:]
    assert "Completed" in said
    run = runs()[0]
    assert (run.trigger, run.state) == ("prefect", "published")
    assert run.parameters["learn_weights"] is False
    assert recs.current_version(place.root) == run.version


@pytest.fixture
def queued_training(shop: None, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training that waits for a worker; the worker's process is quiet and keeps to one core."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    assert jobs.queue_retraining(trigger="owner")


@pytest.mark.slow
@pytest.mark.usefixtures("queued_training")
def test_the_worker_trains_in_a_process_of_its_own() -> None:
    assert not jobs.queue_retraining(trigger="owner")
    assert jobs.run_due_jobs() == 1
    assert jobs.run_due_jobs() == 0
    assert (runs()[0].trigger, runs()[0].state) in {("owner", "published"), ("owner", "refused")}


@pytest.fixture(params=["interrupts heard", "interrupts ignored"])
def begun_in_a_script(request: pytest.FixtureRequest) -> Iterator[None]:
    """A worker begun in the background of a script ignores interrupts, and so do the processes that it begins."""
    before = signal.getsignal(signal.SIGINT)
    if request.param == "interrupts ignored":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("queued_training", "begun_in_a_script")
def test_a_training_that_a_stopped_worker_leaves_is_taken_up_by_the_next(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = threading.Event()
    monkeypatch.setitem(app.extensions, "worker_stopping", stopping)

    def stop_once_it_has_read() -> None:
        """Not while the training imports: Python loses an interrupt that comes inside some of its own callbacks."""
        with app.app_context():
            while not any(run.stage not in {"", "reading events"} for run in runs()):
                time.sleep(0.01)
        stopping.set()

    threading.Thread(target=stop_once_it_has_read, daemon=True).start()
    assert jobs.run_due_jobs() == 1
    with read_unit() as tx:
        assert operations.has_job(tx, schedule.RETRAIN, ("queued",))
        assert not operations.has_job(tx, schedule.RETRAIN, ("running", "failed"))
    assert jobs.run_due_jobs() == 0, "a worker that is stopping begins nothing"
    stopping.clear()
    assert jobs.run_due_jobs() == 1
    assert (runs()[0].trigger, runs()[0].state) in {("owner", "published"), ("owner", "refused")}


@pytest.mark.both_databases
@pytest.mark.parametrize(("n_lost", "state"), [(1, "done"), (2, "done"), (3, "failed")])
def test_a_job_of_a_silent_worker_is_done_by_the_next_and_given_up_after_three(
    app: Flask, n_lost: int, state: str
) -> None:
    """A night was lost with it; one that kills each worker keeps the others waiting no longer."""
    with unit_of_work() as tx:
        operations.add_job(tx, schedule.HOUSEKEEPING, due_at=NOW)
        for number in range(n_lost):
            at = NOW + number * 2 * jobs.STALE_AFTER
            dead = operations.claim_job(tx, now=at, stale_after=jobs.STALE_AFTER)
        operations.add_job(tx, schedule.HOUSEKEEPING, due_at=NOW + timedelta(minutes=1))
    assert dead is not None
    assert jobs.run_due_jobs() == (2 if state == "done" else 1)
    with read_unit() as tx:
        found = operations.job(tx, dead.job_id)
    assert found is not None
    assert found.state == state


def test_the_heart_of_every_job_beats_while_one_step_takes_long(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the other thread takes a long count of popularity for lost, and begins it again."""
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.02)
    beaten: list[bool] = []

    def tidy(*, now: datetime) -> None:
        with read_unit() as tx:
            began = operations.job(tx, 1).heartbeat_at
        until = time.monotonic() + 10
        while not beaten and time.monotonic() < until:
            time.sleep(0.02)
            with read_unit() as tx:
                beaten.extend([True] * (operations.job(tx, 1).heartbeat_at > began))

    monkeypatch.setattr(jobs.housekeeping, "tidy", tidy)
    with unit_of_work() as tx:
        assert operations.add_job(tx, schedule.HOUSEKEEPING, due_at=utc_now() - timedelta(hours=1)) == 1
    assert jobs.run_due_jobs() == 1
    assert beaten == [True]
    with read_unit() as tx:
        ended = operations.job(tx, 1)
    time.sleep(0.1)
    with read_unit() as tx:
        assert operations.job(tx, 1) == ended, "the heart stops with the job"


def test_every_minute_does_all_duties_even_when_one_fails(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_options: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(jobs.outbox, "drain", fail)
    monkeypatch.setattr(jobs.schedule, "queue_due", fail)
    jobs.every_minute()
    swept: list[int] = []
    monkeypatch.setattr(jobs.checkout, "sweep", lambda **_options: swept.append(1))
    jobs.every_minute()
    assert swept == [1]
