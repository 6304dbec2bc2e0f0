"""A clock that ran a year ahead and was set right again leaves nothing waiting for the day that it showed."""

import shutil
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import PASSWORD, make_product, make_user
from tests.webapp.services.conftest import retrain
from webapp import recs
from webapp.actors import Actor
from webapp.clock import utc_now
from webapp.errors import InvalidInput, NotFound, TooManyRequests
from webapp.services.browsing import reviews
from webapp.services.people import accounts
from webapp.services.picks import feedback, taste
from webapp.services.upkeep import outbox, schedule, training
from webapp.store import interactions, operations
from webapp.store import taste as taste_rows
from webapp.store.scope import owner_values
from webapp.store.tx import read_unit, unit_of_work

AHEAD = NOW + timedelta(days=365)
STALE_AFTER = timedelta(minutes=2)
pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def request_context(app: Flask):
    with app.test_request_context():
        yield


def due(now: datetime) -> set[str]:
    return set(schedule.queue_due(retrain_at=time(3, 0), zone=ZoneInfo("UTC"), now=now))


def test_nights_and_hours_come_due_again_and_none_twice() -> None:
    due(NOW - timedelta(days=2))
    every_day = {schedule.RETRAIN, schedule.HOUSEKEEPING}
    assert due(NOW) == every_day
    assert due(AHEAD) == every_day
    assert due(NOW) == set()
    assert due(NOW + timedelta(days=1)) == every_day
    assert due(AHEAD) == set()


def test_a_shop_first_started_under_a_wrong_clock_has_nights() -> None:
    due(AHEAD)
    due(NOW)
    assert schedule.RETRAIN in due(NOW + timedelta(days=1))


def claimed(now: datetime) -> int | None:
    with unit_of_work() as tx:
        job = operations.claim_job(tx, now=now, stale_after=STALE_AFTER)
    return job.job_id if job else None


def test_a_job_queued_for_that_day_is_done_now() -> None:
    with unit_of_work() as tx:
        job_id = operations.add_job(tx, schedule.RETRAIN, due_at=AHEAD)
    assert claimed(NOW) == job_id


def test_a_job_whose_worker_was_lost_then_is_done_again() -> None:
    with unit_of_work() as tx:
        job_id = operations.add_job(tx, schedule.HOUSEKEEPING, due_at=AHEAD)
    assert claimed(AHEAD) == job_id
    assert claimed(NOW) == job_id


def test_a_training_that_was_killed_then_holds_nobody_up() -> None:
    with unit_of_work() as tx:
        operations.take_lease(tx, training.LEASE, "killed", now=AHEAD, seconds=training.LEASE_SECONDS)
    assert not training.is_training(now=NOW)
    with unit_of_work() as tx:
        assert operations.take_lease(tx, training.LEASE, "next", now=NOW, seconds=training.LEASE_SECONDS)


def test_a_training_under_way_keeps_its_lease_over_a_small_step() -> None:
    with unit_of_work() as tx:
        operations.take_lease(tx, training.LEASE, "at work", now=NOW, seconds=training.LEASE_SECONDS)
    earlier = NOW - timedelta(seconds=100)
    assert training.is_training(now=earlier)
    with unit_of_work() as tx:
        assert not operations.take_lease(tx, training.LEASE, "next", now=earlier, seconds=training.LEASE_SECONDS)


def sign_in(password: str, now: datetime) -> accounts.Member:
    return accounts.sign_in(email="ana@example.com", password=password, address="::1", guest_id=None, now=now)


def test_nobody_is_locked_out_until_that_day() -> None:
    with unit_of_work() as tx:
        make_user(tx, "ana@example.com")
    for _try in range(accounts.ACCOUNT_FAILURES):
        with pytest.raises(InvalidInput):
            sign_in("not this one", AHEAD)
    with pytest.raises(TooManyRequests):
        sign_in(PASSWORD, AHEAD)
    for _try in range(accounts.ACCOUNT_FAILURES):
        with pytest.raises(InvalidInput):
            sign_in("not this one", NOW)
    with pytest.raises(TooManyRequests):
        sign_in(PASSWORD, NOW - timedelta(minutes=1))
    assert sign_in(PASSWORD, NOW + accounts.WINDOW).email == "ana@example.com"


def test_a_letter_written_then_is_sent_now_and_once() -> None:
    sent: list[str] = []

    def send(_mail: EmailMessage, name: str) -> None:
        sent.append(name)

    with unit_of_work() as tx:
        operations.add_message(tx, "mail.welcome", {"email": "ana@example.com"}, now=AHEAD)
    assert outbox.drain(send, now=NOW) == 1
    assert outbox.drain(send, now=AHEAD + timedelta(days=1)) == 0
    assert len(sent) == 1


def test_stars_and_refusals_of_that_day_give_way_to_newer_ones() -> None:
    with unit_of_work() as tx:
        ana, lamp, mug = Actor(user_id=make_user(tx)), make_product(tx), make_product(tx)
    reviews.rate(ana, lamp, 2, request_id="", now=AHEAD)
    taste.react(ana, mug, "own", request_id="", now=AHEAD)
    reviews.rate(ana, lamp, 5, request_id="", now=NOW)
    feedback.record(ana, feedback.Event(mug, "dismiss"), now=NOW)
    with read_unit() as tx:
        assert taste_rows.stars_by(tx, ana) == {lamp: 5}
        assert taste_rows.kept_out_and_moments(tx, ana, limit=9)[0] == {mug: ("dismiss", NOW)}


def test_a_look_of_that_day_is_not_taken_for_the_look_of_now() -> None:
    with unit_of_work() as tx:
        ana, lamp = Actor(user_id=make_user(tx)), make_product(tx)
        for moment in (AHEAD, NOW, NOW + timedelta(minutes=1)):
            feedback.note_view(tx, ana, lamp, request_id="", now=moment)
        moments = [row.at for row in interactions.recent(tx, ana, limit=9)]
    assert moments == [NOW, AHEAD]


def test_what_arrives_late_still_changes_nothing() -> None:
    with unit_of_work() as tx:
        ana, lamp = Actor(user_id=make_user(tx)), make_product(tx)
    reviews.rate(ana, lamp, 5, request_id="", now=NOW)
    feedback.record(ana, feedback.Event(lamp, "rating", 2.0, at=NOW - timedelta(days=3)), now=NOW)
    with read_unit() as tx:
        assert taste_rows.stars_by(tx, ana) == {lamp: 5}


def test_which_model_is_newer_goes_by_the_trainings(shop: None, place: training.Place) -> None:
    """Versions are named by the clock: those of that day were the ones that were kept and gone back to."""
    ahead, before = (retrain(place, clock=lambda at=at: at).version for at in (AHEAD, NOW))
    assert training.rollback(place, version=None, user_id=None, now=NOW) == ahead
    with pytest.raises(NotFound):
        training.rollback(place, version=None, user_id=None, now=NOW)
    live = retrain(place, clock=lambda: NOW + timedelta(hours=1)).version
    assert set(recs.versions(place.root)) == {before, live}


def test_models_of_another_database_are_older_than_any_of_this_one(shop: None, place: training.Place) -> None:
    """A shop that moved to an empty database counts its trainings anew."""
    live = retrain(place).version
    for day in range(3):
        shutil.copytree(place.root / str(live), place.root / f"20270101-00000{day}-{90 + day}")
    newest = retrain(place, clock=lambda: NOW + timedelta(hours=1)).version
    assert set(recs.versions(place.root)) == {live, newest}
    assert training.rollback(place, version=None, user_id=None, now=NOW) == live


def test_lists_shown_then_keep_no_training_from_ending(shop: None, place: training.Place) -> None:
    """The library refuses times to come, and with them every training failed until that day."""
    with unit_of_work() as tx:
        ana, lamp = Actor(user_id=make_user(tx)), make_product(tx)
        shown = {"slot": "for_you", "product_id": lamp, "propensity": 0.125, "position": 8, **owner_values(ana)}
        made_by = {"model_version": "", "strategy": "hybrid", "source": "explore", "seen_at": None}
        for name, at in {"then": utc_now() + timedelta(days=365), "now": NOW}.items():
            interactions.add_impressions(tx, [shown | made_by | {"request_id": name, "at": at}])
    assert retrain(place).state == "published"
