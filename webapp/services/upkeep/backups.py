"""The whole shop in one file, and back: database, models, pictures and the secret that signs its tokens."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

from webapp import recs
from webapp.errors import Conflict, InvalidInput
from webapp.store import backups, migrations
from webapp.store.tx import read_unit

FORMAT = 1
ABOUT = "backup.json"
DATABASE = "shop.db"
FOLDERS = MODELS, MEDIA = "models", "media"
FILES = ("secret_key", "demo-accounts.json")
ARCHIVE = "archive"
OURS = frozenset(
    (ABOUT, ARCHIVE, DATABASE, f"{DATABASE}-journal", f"{DATABASE}-wal", f"{DATABASE}-shm", *FOLDERS, *FILES)
)
Progress = Callable[[str, float], None]


def backup(instance: Path, target: Path, *, now: datetime, progress: Progress) -> int:
    """Write the shop into a new file, readable by its owner alone; shoppers notice nothing.

    Returns
    -------
    int
        Bytes of the file.

    Raises
    ------
    Conflict
        If the file exists, or the database is on a server, which has its own tools for this.
    """
    if backups.embedded_file() is None:
        raise Conflict(_("The database is on a server: back it up with pg_dump, and copy the instance folder."))
    if target.exists():
        raise Conflict(_("%(file)s exists already; a backup is never written over.", file=str(target)))
    if not target.parent.is_dir():
        raise Conflict(_("There is no folder %(folder)s.", folder=str(target.parent)))
    with read_unit() as tx:
        about = {"format": FORMAT, "made_at": now.isoformat(), "migration": migrations.current(tx)}
    with _draft(target.parent, ".backup-") as draft:
        copy, archive = draft / DATABASE, draft / ARCHIVE
        (draft / ABOUT).write_text(json.dumps(about), encoding="utf-8")
        with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
            packed.add(draft / ABOUT, ABOUT)
            # Models first: the database has to know every run and event that they speak of. Pictures after it.
            progress(MODELS, 0.1)
            with recs.held(instance / MODELS):
                _pack(packed, instance / MODELS, MODELS)
            progress("database", 0.3)
            backups.copy_to(copy)
            packed.add(copy, DATABASE)
            for number, name in enumerate((MEDIA, *FILES)):
                progress(name, 0.5 + 0.15 * number)
                _pack(packed, instance / name, name)
        archive.chmod(0o600)
        archive.replace(target)
    return target.stat().st_size


@contextlib.contextmanager
def _draft(folder: Path, prefix: str) -> Iterator[Path]:
    """Lend a folder for what is not whole yet, and clear away those of commands that were killed."""
    for left in folder.glob(f"{prefix}*"):
        if _is_left(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as draft:
        handle = os.open(draft, os.O_RDONLY)
        try:
            _lock(handle)
            yield Path(draft)
        finally:
            os.close(handle)


def _is_left(draft: Path) -> bool:
    """Whether a folder is a draft that nobody works on any more, and holds nothing else."""
    try:
        names = {path.name for path in draft.iterdir()}
        if ABOUT not in names or not names <= OURS:
            return False
        handle = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        return _lock(handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    """Lock an open folder until it is closed or its process dies; False where another has it, or there are no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _pack(packed: tarfile.TarFile, place: Path, name: str) -> None:
    """Put a file or folder into an archive, without drafts, whose names begin with a dot, and what goes meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        packed.add(place, name, recursive=False)
        for inner in sorted(place.iterdir()) if place.is_dir() else ():
            if not inner.name.startswith("."):
                _pack(packed, inner, f"{name}/{inner.name}")


def restore(instance: Path, source: Path, *, progress: Progress) -> dict[str, Any]:
    """Put a shop that was backed up into an empty instance folder; nothing is changed unless all of it is sound.

    Returns
    -------
    dict
        What the backup says of itself: "made_at", "migration".

    Raises
    ------
    Conflict
        If there is a shop in the folder already, or the database is on a server.
    InvalidInput
        If the file is no backup, or a damaged one.
    """
    file = backups.embedded_file()
    if file is None:
        raise Conflict(_("The database is on a server: restore it with pg_restore, and copy the instance folder."))
    if file.exists() and file.stat().st_size:
        raise Conflict(_("There is a shop in %(folder)s already; restore into an empty one.", folder=str(instance)))
    with _draft(instance, ".restore-") as draft:
        progress("unpacking", 0.1)
        about = _unpacked(source, draft)
        progress("checking", 0.7)
        fault = backups.fault_of(draft / DATABASE)
        if fault:
            raise InvalidInput({"file": _("The database in the backup is damaged: %(fault)s", fault=fault)})
        backups.let_go()
        for name in (*FOLDERS, *FILES):
            _put(draft / name, instance / name)
        (draft / DATABASE).replace(file)
    return about


def _unpacked(source: Path, folder: Path) -> dict[str, Any]:
    """Unpack an archive and return what it says of itself."""
    try:
        with tarfile.open(source, "r:gz") as packed:
            packed.extractall(folder, filter="data")
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise InvalidInput(
            {"file": _("%(file)s is no backup of a shop: %(error)s", file=source, error=error)}
        ) from error
    if about.get("format") != FORMAT or not (folder / DATABASE).is_file():
        raise InvalidInput({"file": _("%(file)s is no backup that this version reads.", file=source)})
    return about


def _put(new: Path, place: Path) -> None:
    """Put a file or folder in the place of what a first start left there."""
    if not new.exists():
        return
    if place.is_dir():
        shutil.rmtree(place)
    new.replace(place)
