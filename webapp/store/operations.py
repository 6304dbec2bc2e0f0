"""Leases, background jobs, model runs, API keys, settings, the outbox and the audit trail."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update

from webapp.store.interactions import insert_or_ignore
from webapp.store.models import ApiKey, AuditEntry, JobRun, Lease, ModelRun, OutboxMessage, ShopSetting, User
from webapp.store.tx import Tx

# A job that takes its worker down with it, for want of memory, is not begun for ever.
MOST_TRIES = 3
# Nothing is put off or held for longer. What says so was written while the clock was ahead, and must not wait for it.
LONGEST_LEASE = LONGEST_WAIT_OF_A_JOB = timedelta(hours=1)
LONGEST_PAUSE_OF_A_MESSAGE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class ModelRunRow:
    """A training run."""

    run_id: int
    version: str | None
    state: str
    trigger: str
    strategy: str
    stage: str
    progress: float
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    n_events: int
    n_users: int
    n_items: int
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    checks: list[Any] = field(default_factory=list)
    gate_passed: bool | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A background job."""

    job_id: int
    name: str
    due_at: datetime
    state: str
    payload: dict[str, Any]
    stage: str
    progress: float
    error: str
    heartbeat_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """A key without its secret."""

    key_id: int
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """Something to tell the world; ``event_id`` stays the same however often it is sent."""

    message_id: int
    event_id: str
    topic: str
    payload: dict[str, Any]
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GivenUpRow:
    """A letter that was refused for good; ``address`` is empty for one to the owners."""

    address: str
    given_up_at: datetime
    reason: str


def take_lease(tx: Tx, name: str, holder: str, *, now: datetime, seconds: float) -> bool:
    """Take or renew a lease; False while somebody else holds it."""
    until = now + timedelta(seconds=seconds)
    tx.change(delete(Lease).where(Lease.name == name, ~_counts(Lease.expires_at, now, LONGEST_LEASE)))
    tx.execute(insert_or_ignore(tx, Lease).values(name=name, holder=holder, expires_at=until))
    mine = update(Lease).where(Lease.name == name, Lease.holder == holder).values(expires_at=until)
    return bool(tx.change(mine))


def drop_lease(tx: Tx, name: str, holder: str) -> None:
    """Let go of a lease."""
    tx.change(delete(Lease).where(Lease.name == name, Lease.holder == holder))


def lease_holder(tx: Tx, name: str, *, now: datetime) -> str | None:
    """Return who holds a lease now."""
    return tx.scalar(select(Lease.holder).where(Lease.name == name, _counts(Lease.expires_at, now, LONGEST_LEASE)))


def _counts(until: Any, now: datetime, longest: timedelta) -> Any:
    """Whether something that ends lasts still; what ends later than anything can is from a clock that was ahead."""
    return and_(until > now, until <= now + 2 * longest)


def _is_due(at: Any, now: datetime, longest: timedelta) -> Any:
    """Whether the time of something has come; nothing is put off longer than ``longest`` but by a clock ahead."""
    return or_(at <= now, at > now + 2 * longest)


def add_run(tx: Tx, *, trigger: str, strategy: str, now: datetime) -> int:
    """Begin a training run."""
    statement = insert(ModelRun).values(state="running", trigger=trigger, strategy=strategy, started_at=now)
    return int(tx.scalar(statement.returning(ModelRun.id)) or 0)


def change_run(tx: Tx, run_id: int, **values: Any) -> None:
    """Write what is new about a training run."""
    tx.change(update(ModelRun).where(ModelRun.id == run_id).values(**values))


def end_unfinished_runs(tx: Tx, *, live: str | None, now: datetime, error: str, run_id: int | None = None) -> None:
    """End a run that nobody carries on, or all of them; the caller holds the training lease.

    The run of the live version was published before it was stopped. All others failed, and have no version.
    """
    mine = [ModelRun.state == "running"] + ([ModelRun.id == run_id] if run_id is not None else [])
    if live is not None:
        statement = update(ModelRun).where(*mine, ModelRun.version == live)
        tx.change(statement.values(state="published", stage="done", progress=1.0, finished_at=now))
    tx.change(update(ModelRun).where(*mine).values(state="failed", version=None, finished_at=now, error=error))


_RUN_COLUMNS = (
    ModelRun.id,
    ModelRun.version,
    ModelRun.state,
    ModelRun.trigger,
    ModelRun.strategy,
    ModelRun.stage,
    ModelRun.progress,
    ModelRun.started_at,
    ModelRun.finished_at,
    ModelRun.seconds,
    ModelRun.n_events,
    ModelRun.n_users,
    ModelRun.n_items,
    ModelRun.parameters,
    ModelRun.metrics,
    ModelRun.checks,
    ModelRun.gate_passed,
    ModelRun.error,
)


def runs(tx: Tx, *, limit: int) -> list[ModelRunRow]:
    """Return training runs, newest first."""
    rows = tx.rows(select(*_RUN_COLUMNS).order_by(ModelRun.id.desc()).limit(limit))
    return [ModelRunRow(*row) for row in rows]


def last_run_id(tx: Tx) -> int:
    """Return the number of the newest training run, 0 without one."""
    return int(tx.scalar(select(func.max(ModelRun.id))) or 0)


def events_of_last_run(tx: Tx) -> int | None:
    """Return how many events the last training that came to a verdict learned from."""
    judged = ModelRun.state.in_(("published", "refused"))
    return tx.scalar(select(ModelRun.n_events).where(judged).order_by(ModelRun.id.desc()).limit(1))


def run_by_version(tx: Tx, version: str) -> ModelRunRow | None:
    """Return the run that made a version."""
    row = tx.row(select(*_RUN_COLUMNS).where(ModelRun.version == version))
    return ModelRunRow(*row) if row else None


def run_ids(tx: Tx, versions: Collection[str]) -> dict[str, int]:
    """Return by version the number of the run that made it; those of which no run is known are left out."""
    rows = tx.rows(select(ModelRun.version, ModelRun.id).where(ModelRun.version.in_(versions)))
    return {row[0]: row[1] for row in rows}


def add_job(tx: Tx, name: str, *, due_at: datetime, payload: Mapping[str, Any] | None = None) -> int | None:
    """Queue a job; None when one of this name and time exists already."""
    values = {"name": name, "due_at": due_at, "state": "queued", "payload": dict(payload or {})}
    values |= {"stage": "", "progress": 0.0, "error": ""}
    return tx.scalar(insert_or_ignore(tx, JobRun).values(**values).returning(JobRun.id))


def claim_job(tx: Tx, *, now: datetime, stale_after: timedelta, alive: Collection[int] = ()) -> JobRow | None:
    """Take the next due job; one whose worker fell silent is due again first, or failed when that was often enough.

    Those that are known to be ``alive`` are not taken for lost: a database that was away heard of no heart.
    """
    _take_back(tx, now=now, stale_after=stale_after, alive=alive)
    job_id = tx.scalar(
        select(JobRun.id)
        .where(JobRun.state == "queued", _is_due(JobRun.due_at, now, LONGEST_WAIT_OF_A_JOB))
        .order_by(JobRun.due_at, JobRun.id)
        .limit(1)
    )
    if job_id is None:
        return None
    taken = tx.change(
        update(JobRun)
        .where(JobRun.id == job_id, JobRun.state == "queued")
        .values(state="running", started_at=now, heartbeat_at=now)
    )
    return job(tx, job_id) if taken else None


def _take_back(tx: Tx, *, now: datetime, stale_after: timedelta, alive: Collection[int]) -> None:
    is_heard = _counts(JobRun.heartbeat_at, now - stale_after, stale_after)
    silent = (JobRun.state == "running", ~is_heard, JobRun.id.not_in(sorted(alive)))
    for job_id, payload in tx.rows(select(JobRun.id, JobRun.payload).where(*silent).order_by(JobRun.id)):
        times = int(payload.get("lost", 0)) + 1
        again: dict[str, Any] = {"state": "queued", "started_at": None, "heartbeat_at": None}
        given_up: dict[str, Any] = {"state": "failed", "finished_at": now, "error": "the worker stopped"}
        values = again if times < MOST_TRIES else given_up
        tx.change(
            update(JobRun).where(JobRun.id == job_id, *silent).values(payload=payload | {"lost": times}, **values)
        )


_JOB_COLUMNS = (
    JobRun.id,
    JobRun.name,
    JobRun.due_at,
    JobRun.state,
    JobRun.payload,
    JobRun.stage,
    JobRun.progress,
    JobRun.error,
    JobRun.heartbeat_at,
)


def job(tx: Tx, job_id: int) -> JobRow | None:
    """Return a job."""
    row = tx.row(select(*_JOB_COLUMNS).where(JobRun.id == job_id))
    return JobRow(*row) if row else None


def change_job(tx: Tx, job_id: int, **values: Any) -> None:
    """Write what is new about a job."""
    tx.change(update(JobRun).where(JobRun.id == job_id).values(**values))


def last_scheduled(tx: Tx, name: str, *, now: datetime) -> datetime | None:
    """Return the latest time until now at which a job of this name was due that nobody had asked for."""
    unasked = JobRun.payload["trigger"].as_string().is_(None)
    return tx.scalar(select(func.max(JobRun.due_at)).where(JobRun.name == name, unasked, JobRun.due_at <= now))


def has_job(tx: Tx, name: str, states: Collection[str]) -> bool:
    """Whether a job of this name is in one of the states."""
    found = select(JobRun.id).where(JobRun.name == name, JobRun.state.in_(sorted(states))).limit(1)
    return tx.scalar(found) is not None


def add_key(tx: Tx, *, name: str, prefix: str, key_hash: str, scopes: Collection[str], now: datetime) -> int:
    """Add an API key."""
    statement = insert(ApiKey).values(
        name=name, prefix=prefix, key_hash=key_hash, scopes=sorted(scopes), created_at=now
    )
    return int(tx.scalar(statement.returning(ApiKey.id)) or 0)


def key_scopes(tx: Tx, key_hash: str) -> tuple[int, list[str], datetime | None] | None:
    """Return id, scopes and last use of a key that is not revoked."""
    row = tx.row(
        select(ApiKey.id, ApiKey.scopes, ApiKey.used_at).where(ApiKey.key_hash == key_hash, ApiKey.revoked_at.is_(None))
    )
    return (row[0], list(row[1]), row[2]) if row else None


def touch_key(tx: Tx, key_id: int, *, now: datetime) -> None:
    """Note that a key was used."""
    tx.change(update(ApiKey).where(ApiKey.id == key_id).values(used_at=now))


def keys(tx: Tx) -> list[ApiKeyRow]:
    """Return all keys, newest first."""
    rows = tx.rows(
        select(
            ApiKey.id, ApiKey.name, ApiKey.prefix, ApiKey.scopes, ApiKey.created_at, ApiKey.used_at, ApiKey.revoked_at
        ).order_by(ApiKey.id.desc())
    )
    return [ApiKeyRow(*row) for row in rows]


def revoke_key(tx: Tx, key_id: int, *, now: datetime) -> bool:
    """Revoke a key; False when there is none such in use."""
    found = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None)).values(revoked_at=now)
    return bool(tx.change(found))


def setting(tx: Tx, name: str) -> dict[str, Any]:
    """Return a value the shop keeps for itself; empty when there is none."""
    return dict(tx.scalar(select(ShopSetting.value).where(ShopSetting.name == name)) or {})


def setting_to_change(tx: Tx, name: str, *, now: datetime) -> dict[str, Any]:
    """Return the same, and let nobody else change it until the transaction ends."""
    tx.execute(insert_or_ignore(tx, ShopSetting).values(name=name, value={}, updated_at=now))
    return dict(tx.scalar(select(ShopSetting.value).where(ShopSetting.name == name).with_for_update()))


def put_setting(tx: Tx, name: str, value: Mapping[str, Any], *, now: datetime) -> None:
    """Keep a value."""
    tx.execute(insert_or_ignore(tx, ShopSetting).values(name=name, value={}, updated_at=now))
    tx.change(update(ShopSetting).where(ShopSetting.name == name).values(value=dict(value), updated_at=now))


def add_message(tx: Tx, topic: str, payload: Mapping[str, Any], *, now: datetime) -> None:
    """Put a message into the outbox; it is sent after the transaction, at least once."""
    tx.execute(
        insert(OutboxMessage).values(
            event_id=uuid.uuid4().hex, topic=topic, payload=dict(payload), created_at=now, next_try_at=now
        )
    )


def messages_due(tx: Tx, *, now: datetime, limit: int) -> list[MessageRow]:
    """Return the messages to send now, oldest first."""
    rows = tx.rows(
        select(
            OutboxMessage.id,
            OutboxMessage.event_id,
            OutboxMessage.topic,
            OutboxMessage.payload,
            OutboxMessage.attempts,
            OutboxMessage.created_at,
        )
        .where(_is_to_be_sent(now))
        .order_by(OutboxMessage.id)
        .limit(limit)
    )
    return [MessageRow(*row) for row in rows]


def claim_message(tx: Tx, message_id: int, *, now: datetime, until: datetime) -> bool:
    """Take a message that is due; False when somebody else has it. It is due again at ``until``, should we die."""
    mine = update(OutboxMessage).where(OutboxMessage.id == message_id, _is_to_be_sent(now))
    return bool(tx.change(mine.values(next_try_at=until)))


def _is_to_be_sent(now: datetime) -> Any:
    is_due = _is_due(OutboxMessage.next_try_at, now, LONGEST_PAUSE_OF_A_MESSAGE)
    return and_(OutboxMessage.sent_at.is_(None), OutboxMessage.given_up_at.is_(None), is_due)


def messages_given_up(tx: Tx, *, since: datetime) -> list[GivenUpRow]:
    """Return the messages that nobody tries to send any more, those given up last first."""
    payload, at = OutboxMessage.payload, OutboxMessage.given_up_at
    rows = tx.rows(
        select(payload, at, OutboxMessage.error).where(at > since).order_by(at.desc(), OutboxMessage.id.desc())
    )
    return [GivenUpRow(str(row[0].get("email") or ""), row[1], row[2]) for row in rows]


def change_message(tx: Tx, message_id: int, **values: Any) -> None:
    """Note that a message was sent, or why it was not."""
    tx.change(update(OutboxMessage).where(OutboxMessage.id == message_id).values(**values))


def audit(
    tx: Tx,
    *,
    user_id: int | None,
    action: str,
    subject: str,
    subject_id: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write down what somebody of the staff changed."""
    tx.execute(
        insert(AuditEntry).values(
            user_id=user_id,
            action=action,
            subject=subject,
            subject_id=subject_id,
            before=dict(before),
            after=dict(after),
            at=now,
        )
    )


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A change by somebody of the staff; ``name`` is empty when the account is gone."""

    at: datetime
    name: str
    action: str
    subject_id: str


def audited(tx: Tx, *, subject: str, limit: int) -> list[AuditRow]:
    """Return the latest changes of a kind of thing, newest first."""
    rows = tx.rows(
        select(AuditEntry.at, User.name, AuditEntry.action, AuditEntry.subject_id)
        .outerjoin(User, User.id == AuditEntry.user_id)
        .where(AuditEntry.subject == subject)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return [AuditRow(row[0], row[1] or "", row[2], row[3]) for row in rows]
