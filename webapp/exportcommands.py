"""The `flask` commands that write what the shop knows into files for the library's command line."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.clock import utc_now
from webapp.commandline import told
from webapp.services.upkeep import exports

FILE_TO_WRITE = click.argument("file", type=click.Path(path_type=Path))


@click.command("export-catalog")
@FILE_TO_WRITE
@with_appcontext
def export_catalog(file: Path) -> None:
    """Write all products into FILE, for the library's --items."""
    with told() as line:
        n_rows = exports.export_catalogue(file, media=current_app.config["SHOP"].instance / "media", progress=line)
    click.echo(f"{file}: {n_rows} products")


@click.command("export-interactions")
@FILE_TO_WRITE
@with_appcontext
def export_interactions(file: Path) -> None:
    """Write the events that models learn from into FILE, for the library's --interactions."""
    with told() as line:
        n_rows = exports.export_interactions(file, progress=line)
    click.echo(f"{file}: {n_rows} events")


@click.command("export-shown")
@FILE_TO_WRITE
@click.option("--since", type=click.IntRange(1, exports.LONGEST_DAYS), help="Only what was shown in so many days.")
@with_appcontext
def export_shown(file: Path, since: int | None) -> None:
    """Write what was shown, with which chance and to what avail, into FILE, for the library's --logged."""
    with told() as line:
        n_rows = exports.export_shown(file, days=since, now=utc_now(), progress=line)
    click.echo(f"{file}: {n_rows} places")


EXPORTS = (export_catalog, export_interactions, export_shown)
