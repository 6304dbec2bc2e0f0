"""The files that a command names: reading events and products aloud, and whether what is to be written can be."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd

from recommender.errors import DataError
from recommender.evaluation import make_split
from recommender.evaluation.splits import Unit
from recommender.parameters import Parameters
from recommender.readers import ReadResult, datasets, read_catalogue, read_interactions


def data_options(command: argparse.ArgumentParser) -> None:
    """Options that name files, or a public data set."""
    command.add_argument(
        "--interactions",
        type=Path,
        metavar="FILE",
        help="events as CSV, CSV.gz, JSON lines or Parquet: user_id, item_id and, where known, kind (view, click, "
        "cart, wishlist, purchase, rating, dismiss), value (stars or pieces), timestamp and order_id",
    )
    command.add_argument(
        "--items",
        type=Path,
        metavar="FILE",
        help="products in such a file: item_id and, where known, title, description, category, brand, price, image, "
        "colours and family",
    )
    command.add_argument(
        "--map",
        dest="mapping",
        metavar="MAP",
        help="where the columns of --interactions are called otherwise: user_id=customer,item_id=sku,kind:=purchase "
        "(:= says the same for every row), or the name of a schema",
    )
    command.add_argument("--items-map", dest="items_mapping", metavar="MAP", help="the same for --items")
    command.add_argument(
        "--data",
        choices=sorted(datasets.DATA_SETS),
        metavar="NAME",
        help=f"a public data set instead of files: {', '.join(sorted(datasets.DATA_SETS))}",
    )


def named_events(options: argparse.Namespace) -> pd.DataFrame:
    """The events that are named; DataError where none are, or in two ways."""
    return _read_events(options).frame


def events_as_timed(options: argparse.Namespace) -> pd.DataFrame:
    """The same, without the column ``timestamp`` where the file has none: what stands in for times is no clock."""
    read = _read_events(options)
    return read.frame if read.has_times else read.frame.drop(columns="timestamp")


def _read_events(options: argparse.Namespace) -> ReadResult:
    if options.data:
        files = {"interactions": options.interactions, "items": options.items}
        maps = {"map": options.mapping, "items-map": options.items_mapping}
        given = [name for name, value in (files | maps).items() if value is not None]
        if given:
            raise DataError(f"--{given[0]} and --data cannot both be given: --data names files and how to read them")
        return _told(datasets.load_interactions(options.data))
    if options.interactions is None:
        raise DataError("give --interactions FILE, or --data NAME for a known data set")
    return _told(read_interactions(options.interactions, options.mapping))


def named_items(options: argparse.Namespace) -> pd.DataFrame | None:
    """The catalogue, None where none is named."""
    if options.data and datasets.data_set(options.data).catalogue is not None:
        return _told(datasets.load_catalogue(options.data)).frame
    if options.items_mapping is not None and options.items is None:
        raise DataError("--items-map says how to read --items FILE, which is not given")
    if options.items is not None:
        return _told(read_catalogue(options.items, options.items_mapping)).frame
    return None


def tell_of_strangers(events: pd.DataFrame, items: pd.DataFrame | None) -> None:
    """Say on standard error where no event is about a product of the catalogue: the ids are likely not the same."""
    if items is not None and not items["item_id"].isin(events["item_id"].unique()).any():
        print(
            f"no event is about any of the {len(items)} products: is the item_id of both files the same?",
            file=sys.stderr,
        )


def _told(result: ReadResult) -> ReadResult:
    """Say on standard error what was left out or mended."""
    for reason, count in result.reasons.items():
        print(f"left out {count} of {result.n_rows} rows: {reason}", file=sys.stderr)
    for repair, count in result.repairs.items():
        print(f"mended {count} rows: {repair}", file=sys.stderr)
    return result


def judged_items(options: argparse.Namespace, events: pd.DataFrame, unit: Unit = "event") -> pd.DataFrame | None:
    """The catalogue, without texts that tell what a split of the events holds out."""
    if not options.data:
        return named_items(options)
    train = make_split(events, options.split, unit, seed=options.seed).train
    read = datasets.load_judged_catalogue(options.data, train=train)
    return None if read is None else _told(read).frame


def try_folder(out: Path) -> None:
    """Raise DataError where no folder could be written once the work is done; nothing is left behind."""
    nearest = next(parent for parent in out.absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=nearest):
            pass
    except OSError as error:
        raise DataError(f"--out: {out} cannot be written: {nearest}: {error.strerror}") from error


def try_file(option: str, path: Path) -> None:
    """Raise DataError where a file could not be written once the work is done."""
    if not path.parent.is_dir():
        raise DataError(f"{option}: there is no folder {path.parent}")
    if path.is_dir():
        raise DataError(f"{option}: {path} is a folder")


def require_unread(out: Path, options: argparse.Namespace) -> None:
    """Raise DataError where results would be written over a file that the command reads."""
    for name in ("interactions", "items", "params", "logged"):
        read = getattr(options, name)
        if read is not None and out.exists() and read.exists() and out.samefile(read):
            raise DataError(f"--json: {out} is what --{name} reads, so it is not written over")


def require_parameters(out: Path) -> None:
    """Raise DataError where a search would write over a file of another kind, the events for instance."""
    try:
        Parameters.read(out)
    except DataError as error:
        raise DataError(f"--out: {out} exists and is no file of parameters, so it is not written over") from error
