"""Take a catalogue or a history of events into the shop.

Piece by piece, each in one transaction that also says how far the file has been read: an import that is killed goes on
where it stopped, an import that is repeated changes nothing, and every row left out is written down with its reason.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from webapp.errors import InvalidInput
from webapp.recs import FilePart, read_parts
from webapp.services.upkeep.import_rows import Batch, CatalogueWriter, EventWriter, Options, Report, Writer
from webapp.services.upkeep.pieces import Rests
from webapp.store import imports
from webapp.store.imports import ImportRow
from webapp.store.tx import read_unit, unit_of_work

Progress = Callable[[str, float], None]
BATCH = 1000


@dataclass
class Done:
    """Tells how far an import is: the reader knows its place in the file; writing each part takes longer."""

    progress: Progress
    read: float = 0.0
    read_before: float = 0.0

    def tell_read(self, stage: str, share: float) -> None:
        """Take from the reader which share of the file it has read, with the part it is about to give."""
        self.read_before, is_news, self.read = self.read, share > self.read, share
        if is_news:
            self.progress(stage, share)

    def tell_written(self, share_of_part: float) -> None:
        """Tell which share of the file has been written, when so much of the newest part has."""
        self.progress("writing", self.read_before + (self.read - self.read_before) * share_of_part)


def fingerprint(path: Path, options: Options) -> str:
    """Tell a file by its content and the mapping it is read with."""
    digest = hashlib.sha256(f"{options.mapping}|".encode())
    try:
        with path.open("rb") as source:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise InvalidInput({"file": f"{path}: {error.strerror}"}) from error
    return digest.hexdigest()


def import_catalogue(path: Path, options: Options, *, folder: Path, now: datetime, progress: Progress) -> Report:
    """Take products into the shop; a product known by its ``item_id`` is updated.

    Parameters
    ----------
    folder : Path
        The instance folder: pictures go to ``media``, reject files to ``imports``.

    Raises
    ------
    recs.UnreadableFileError
        If no mapping fits the file.
    """
    return _run("catalogue", path, options, CatalogueWriter(options, folder, now), folder, now, progress)


def import_interactions(path: Path, options: Options, *, folder: Path, now: datetime, progress: Progress) -> Report:
    """Take events into the shop; people it does not know become persons without a password.

    An event of a product the shop does not have is left out with that reason.
    """
    return _run("interactions", path, options, EventWriter(options, now), folder, now, progress)


def _run(
    kind: str, path: Path, options: Options, writer: Writer, folder: Path, now: datetime, progress: Progress
) -> Report:
    report, done = Report(kind), Done(progress)
    parts = read_parts(kind, path, options.mapping, done.tell_read)
    if options.is_dry_run:
        _rehearse(parts, writer, report)
        rejected = [(row, reason) for row, reason in writer.rejected]
    else:
        run = _begin(kind, path, options, now=now)
        report.skipped_rows = run.position
        run = _write_parts(parts, writer, report, run, done)
        progress("finishing", 0.0)
        writer.finish()
        progress("finishing", 1.0)
        with unit_of_work() as tx:
            imports.advance(tx, run, state="done", now=now)
            rejected = imports.rejects(tx, run.run_id)
    report.rejects = _reject_file(rejected, options.rejects or folder / "imports" / f"{kind}-rejects.csv")
    return report


def _begin(kind: str, path: Path, options: Options, *, now: datetime) -> ImportRow:
    mark = fingerprint(path, options)
    with unit_of_work() as tx:
        earlier = imports.unfinished(tx, kind=kind, fingerprint=mark)
        if earlier is not None:
            return earlier
        mapping = {"mapping": options.mapping or ""}
        source = os.fsencode(path).decode("utf-8", "backslashreplace")  # a file may have a name that is no text
        return imports.begin(tx, kind=kind, source=source, fingerprint=mark, mapping=mapping, now=now)


def _rehearse(parts: Iterator[FilePart], writer: Writer, report: Report) -> None:
    for part in parts:
        _count_part(part, writer, report)
        with read_unit() as tx:
            for batch in _batches(part):
                writer.look(tx, batch, report)


def _write_parts(
    parts: Iterator[FilePart], writer: Writer, report: Report, earlier: ImportRow, done: Done
) -> ImportRow:
    """Write piece after piece, skipping those an earlier, killed run has committed."""
    run, end, rests = earlier, 0, Rests()
    for part in parts:
        report.mapping = part.mapping
        start, end = end, end + part.n_rows
        if end <= earlier.position:
            continue
        for piece in _pieces(part, start):
            start += piece.n_rows
            if start <= earlier.position:
                continue
            _count_part(piece, writer, report)
            batches = list(_batches(piece))
            with unit_of_work() as tx:
                for batch in batches:
                    writer.write(tx, batch, report)
                imports.add_rejects(tx, run.run_id, writer.rejected)
                run = _moved(earlier, start, report)
                imports.advance(tx, run)
            writer.rejected.clear()
            done.tell_written((start - end + part.n_rows) / part.n_rows)
            rests.rest_if_due()
    return run


def _pieces(part: FilePart, start: int) -> Iterator[FilePart]:
    """Cut a part that follows ``start`` rows of its file into pieces that keep a shop waiting for a moment only."""
    n_pieces = max(1, -(-part.n_rows // BATCH))

    def piece_of(row: int) -> int:
        return min(max(0, (row - start - 1) // BATCH), n_pieces - 1)

    places: list[list[int]] = [[] for _ in range(n_pieces)]
    rejects: list[list[tuple[int, str]]] = [[] for _ in range(n_pieces)]
    for place, row in enumerate(part.frame.index):
        places[piece_of(int(row))].append(place)
    for row, reason in part.rejects:
        rejects[piece_of(row)].append((row, reason))
    for number in range(n_pieces):
        n_rows = min(BATCH, part.n_rows - number * BATCH)
        repairs = part.repairs if number == 0 else {}
        yield FilePart(part.frame.iloc[places[number]], rejects[number], n_rows, part.mapping, repairs)


def _moved(earlier: ImportRow, end: int, report: Report) -> ImportRow:
    """Return how far a run has come with what it did before it was killed and what it did since."""
    return replace(
        earlier,
        position=end,
        n_added=earlier.n_added + report.n_added,
        n_updated=earlier.n_updated + report.n_updated,
        n_unchanged=earlier.n_unchanged + report.n_unchanged,
        n_rejected=earlier.n_rejected + report.n_rejected,
    )


def _count_part(part: FilePart, writer: Writer, report: Report) -> None:
    report.mapping = part.mapping
    report.n_rows += part.n_rows
    report.repairs.update(part.repairs)
    for row, reason in part.rejects:
        writer.rejected.append((row, reason))
        report.reject(reason)


def _batches(part: FilePart) -> Iterator[Batch]:
    """Cut a part's rows into batches of (row number, values)."""
    names = list(part.frame.columns)
    rows = (
        (int(number), dict(zip(names, values, strict=True)))
        for number, values in zip(part.frame.index, part.frame.itertuples(index=False), strict=True)
    )
    while batch := list(islice(rows, BATCH)):
        yield batch


def _reject_file(rejected: Sequence[tuple[int, str]], path: Path) -> Path | None:
    if not rejected:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(("row", "reason"))
        writer.writerows(rejected)
    return path
