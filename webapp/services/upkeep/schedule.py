"""What is due when. A time of day in a zone is due exactly once a day, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from webapp.store import operations
from webapp.store.tx import Tx, unit_of_work

RETRAIN = "retrain"
HOUSEKEEPING = "housekeeping"
PICTURES = "pictures"
BEGAN = "schedule"


def latest_due(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Return the latest moment, not after ``now``, at which a daily time of day was due.

    A time that the clocks skip is due when they have jumped; one that comes twice is due the first time.
    """
    today = now.astimezone(zone).date()
    for back in range(3):
        local = datetime.combine(today - timedelta(days=back), at, tzinfo=zone)
        due = local.replace(fold=0).astimezone(UTC)
        if due <= now:
            return due
    raise AssertionError("one of three days lies in the past")


def next_due(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Return the next moment after ``now`` at which a daily time of day is due."""
    today = now.astimezone(zone).date()
    for ahead in range(3):
        due = datetime.combine(today + timedelta(days=ahead), at, tzinfo=zone).replace(fold=0).astimezone(UTC)
        if due > now:
            return due
    raise AssertionError("one of three days lies in the future")


def queue_due(*, retrain_at: time | None, zone: ZoneInfo, now: datetime) -> list[str]:
    """Queue what has come due since the last look and return the names.

    A night that was missed is caught up once, however many were missed; a clock that was set back repeats nothing. What
    was asked for by hand is no night: only the training of the night looks for better parameters.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    with unit_of_work() as tx:
        began = _began(tx, now=now)
        wanted = [(HOUSEKEEPING, hour)]
        if retrain_at is not None:
            wanted.append((RETRAIN, latest_due(now, retrain_at, zone)))
        return [name for name, due in wanted if _queue(tx, name, due, began, now)]


def _began(tx: Tx, *, now: datetime) -> datetime:
    """Return when the schedule was first looked at: nothing from before that was missed."""
    kept = operations.setting(tx, BEGAN)
    if not kept or datetime.fromisoformat(kept["began"]) > now:  # nobody has looked yet, or a clock was ahead
        operations.put_setting(tx, BEGAN, {"began": now.isoformat()}, now=now)
        return now
    return datetime.fromisoformat(kept["began"])


def _queue(tx: Tx, name: str, due: datetime, began: datetime, now: datetime) -> bool:
    last = operations.last_scheduled(tx, name, now=now)
    if due <= began or (last is not None and due <= last):
        return False
    return operations.add_job(tx, name, due_at=due) is not None
