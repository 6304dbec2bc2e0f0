"""Tables of running the shop: model runs, jobs, imports, keys, the outbox and settings."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.store.models.base import BigKey, Json, JsonList, Key, LongText, Model, Moment, Words, among, reference

RUN_STATES = ("running", "published", "refused", "failed")
JOB_STATES = ("queued", "running", "done", "failed")
IMPORT_STATES = ("running", "done", "failed")


class ModelRun(Model):
    """One training: what went in, what came out, what the gate said."""

    __tablename__ = "model_runs"
    __table_args__ = (among("state", RUN_STATES, "state"),)

    id: Mapped[Key]
    version: Mapped[str | None] = mapped_column(String(60), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="running")
    trigger: Mapped[str] = mapped_column(String(20), default="command")
    strategy: Mapped[str] = mapped_column(String(40), default="hybrid")
    stage: Mapped[Words] = mapped_column(default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    started_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]
    seconds: Mapped[float | None]
    n_events: Mapped[int] = mapped_column(default=0)
    n_users: Mapped[int] = mapped_column(default=0)
    n_items: Mapped[int] = mapped_column(default=0)
    parameters: Mapped[Json]
    metrics: Mapped[Json]
    checks: Mapped[JsonList]
    gate_passed: Mapped[bool | None]
    error: Mapped[LongText]


class Lease(Model):
    """A name only one process may hold, until it lets go or the time runs out."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[Moment]


class JobRun(Model):
    """A background job that is due, runs or ran. Unique per name and due time: nothing runs twice."""

    __tablename__ = "job_runs"
    __table_args__: Any = (
        among("state", JOB_STATES, "state"),
        UniqueConstraint("name", "due_at"),
        Index(None, "state", "due_at"),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(String(10), default="queued")
    payload: Mapped[Json]
    stage: Mapped[Words] = mapped_column(default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    started_at: Mapped[Moment | None]
    heartbeat_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    error: Mapped[LongText]


class ApiKey(Model):
    """A key of a program; only its hash is kept."""

    __tablename__ = "api_keys"

    id: Mapped[Key]
    name: Mapped[Words]
    prefix: Mapped[str] = mapped_column(String(12))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[JsonList]
    created_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]


class ShopSetting(Model):
    """A value the owner or the shop itself keeps, by name."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Json]
    updated_at: Mapped[Moment]


class ImportRun(Model):
    """One import of a file. ``position`` is the last row whose effects are committed."""

    __tablename__ = "import_runs"
    __table_args__: Any = (
        among("state", IMPORT_STATES, "state"),
        CheckConstraint("position >= 0", name="position"),
        Index(None, "kind", "fingerprint"),
    )

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(500))
    fingerprint: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), default="running")
    position: Mapped[int] = mapped_column(default=0)
    n_added: Mapped[int] = mapped_column(default=0)
    n_updated: Mapped[int] = mapped_column(default=0)
    n_unchanged: Mapped[int] = mapped_column(default=0)
    n_rejected: Mapped[int] = mapped_column(default=0)
    mapping: Mapped[Json]
    started_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]


class ImportReject(Model):
    """A row that was left out, and why."""

    __tablename__ = "import_rejects"

    id: Mapped[Key]
    run_id: Mapped[int] = reference("import_runs.id")
    row: Mapped[int]
    reason: Mapped[Words]


class OutboxMessage(Model):
    """Something to tell the world after the transaction that caused it: mail, a webhook, a stream."""

    __tablename__ = "outbox"
    __table_args__: Any = (Index(None, "sent_at", "next_try_at"),)

    id: Mapped[BigKey]
    event_id: Mapped[str] = mapped_column(String(40), unique=True)
    topic: Mapped[str] = mapped_column(String(60))
    payload: Mapped[Json]
    created_at: Mapped[Moment]
    next_try_at: Mapped[Moment]
    sent_at: Mapped[Moment | None]
    given_up_at: Mapped[Moment | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[LongText]
