"""A time of day is due exactly once a day, whatever the clocks do."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from webapp.services.upkeep import schedule
from webapp.services.upkeep.schedule import RETRAIN, latest_due, next_due, queue_due
from webapp.store import operations
from webapp.store.tx import unit_of_work

BERLIN = ZoneInfo("Europe/Berlin")


def minutes(first: datetime, last: datetime) -> list[datetime]:
    return [first + timedelta(minutes=n) for n in range(int((last - first) / timedelta(minutes=1)))]


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 30, 12, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, 12, tzinfo=UTC)),
        (datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 6, 3, 12, tzinfo=UTC)),
    ],
    ids=["an hour is skipped", "an hour comes twice", "plain days"],
)
@pytest.mark.parametrize("at", [time(2, 30), time(3, 0), time(0, 0)])
def test_r20_two_days_are_due_twice(begin: datetime, end: datetime, at: time) -> None:
    due = {latest_due(now, at, BERLIN) for now in minutes(begin, end)}
    assert len({moment for moment in due if begin < moment <= end}) == 2


def test_next_follows_latest() -> None:
    now = datetime(2026, 6, 1, 0, 59, tzinfo=UTC)
    assert next_due(now, time(3, 0), BERLIN) == datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
    assert latest_due(now, time(3, 0), BERLIN) == datetime(2026, 5, 31, 1, 0, tzinfo=UTC)


def queued(now: datetime) -> bool:
    return RETRAIN in queue_due(retrain_at=time(3, 0), zone=BERLIN, now=now)


def test_r20_missed_nights_are_caught_up_once(app: Flask) -> None:
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert not queued(start)
    assert queued(start + timedelta(days=5))
    assert not queued(start + timedelta(days=5, minutes=1))
    assert queued(start + timedelta(days=6))


@pytest.mark.both_databases
@pytest.mark.parametrize("asked_at", [time(2, 59, 30), time(3, 0, 30)])
def test_a_training_asked_for_by_hand_is_not_that_of_the_night(app: Flask, asked_at: time) -> None:
    """Only that one looks for better parameters. What was asked for may wait for another one to end, too."""
    night = datetime(2026, 6, 2, 1, tzinfo=UTC)
    queued(night - timedelta(hours=12))
    asked = datetime.combine(night.astimezone(BERLIN).date(), asked_at, tzinfo=BERLIN).astimezone(UTC)
    with unit_of_work() as tx:
        job_id = operations.add_job(tx, RETRAIN, due_at=asked, payload={"trigger": "owner"})
        assert job_id is not None
        operations.change_job(tx, job_id, due_at=asked + timedelta(minutes=1))
    assert queued(night + timedelta(minutes=1))
    assert not queued(night + timedelta(minutes=2))


def test_r20_a_clock_set_back_repeats_nothing(app: Flask) -> None:
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)
    queued(start)
    assert queued(start + timedelta(days=1))
    assert not queued(start)
    assert not queued(start + timedelta(days=1))


def test_switched_off_is_never_due(app: Flask) -> None:
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)
    for day in range(4):
        found = queue_due(retrain_at=None, zone=BERLIN, now=start + timedelta(days=day))
        assert RETRAIN not in found
    assert schedule.HOUSEKEEPING in queue_due(retrain_at=None, zone=BERLIN, now=start + timedelta(days=9))
