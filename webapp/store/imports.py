"""Import runs: where they are, what they left out, and the people and products they speak of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from webapp.store.models import ImportReject, ImportRun, User
from webapp.store.tx import Tx
from webapp.store.users import add_many

CHUNK = 500


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import run as far as it has come."""

    run_id: int
    state: str
    position: int
    n_added: int
    n_updated: int
    n_unchanged: int
    n_rejected: int


_COLUMNS = (
    ImportRun.id,
    ImportRun.state,
    ImportRun.position,
    ImportRun.n_added,
    ImportRun.n_updated,
    ImportRun.n_unchanged,
    ImportRun.n_rejected,
)


def unfinished(tx: Tx, *, kind: str, fingerprint: str) -> ImportRow | None:
    """Return the latest run of this very file that did not reach its end."""
    row = tx.row(
        select(*_COLUMNS)
        .where(ImportRun.kind == kind, ImportRun.fingerprint == fingerprint, ImportRun.state != "done")
        .order_by(ImportRun.id.desc())
        .limit(1)
    )
    return ImportRow(*row) if row else None


def begin(tx: Tx, *, kind: str, source: str, fingerprint: str, mapping: Mapping[str, str], now: datetime) -> ImportRow:
    """Begin a run."""
    values = {"kind": kind, "source": source, "fingerprint": fingerprint, "mapping": dict(mapping), "started_at": now}
    run_id = tx.scalar(insert(ImportRun).values(state="running", position=0, **values).returning(ImportRun.id))
    return ImportRow(int(run_id or 0), "running", 0, 0, 0, 0, 0)


def advance(tx: Tx, run: ImportRow, *, state: str | None = None, now: datetime | None = None) -> None:
    """Write how far a run has come, in the transaction that holds its rows."""
    values: dict[str, Any] = {
        "position": run.position,
        "n_added": run.n_added,
        "n_updated": run.n_updated,
        "n_unchanged": run.n_unchanged,
        "n_rejected": run.n_rejected,
    }
    if state is not None:
        values |= {"state": state, "finished_at": now}
    tx.change(update(ImportRun).where(ImportRun.id == run.run_id).values(**values))


def add_rejects(tx: Tx, run_id: int, rejects: Sequence[tuple[int, str]]) -> None:
    """Note rows that were left out and why."""
    if rejects:
        tx.execute(
            insert(ImportReject), [{"run_id": run_id, "row": row, "reason": reason[:200]} for row, reason in rejects]
        )


def rejects(tx: Tx, run_id: int) -> list[tuple[int, str]]:
    """Return the rows a run left out."""
    rows = tx.rows(
        select(ImportReject.row, ImportReject.reason)
        .where(ImportReject.run_id == run_id)
        .order_by(ImportReject.row, ImportReject.id)
    )
    return [(row[0], row[1]) for row in rows]


def people(tx: Tx, refs: Collection[str], *, now: datetime) -> dict[str, int]:
    """Return member ids by external name, making a person without password for each new name."""
    found: dict[str, int] = {}
    wanted = sorted(refs)
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        found.update(
            {row[0]: row[1] for row in tx.rows(select(User.external_ref, User.id).where(User.external_ref.in_(chunk)))}
        )
    new = [ref for ref in wanted if ref not in found]
    ids = add_many(tx, [{"external_ref": ref, "created_at": now, "email": None, "password_hash": None} for ref in new])
    return found | dict(zip(new, ids, strict=True))
