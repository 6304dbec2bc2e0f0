"""The files of events and products that a command names: how they are asked for, and reading them aloud."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from recommender import datasets
from recommender.errors import DataError
from recommender.evaluation import make_split
from recommender.readers import ReadResult, read_catalogue, read_interactions
from recommender.splits import Unit


def data_options(command: argparse.ArgumentParser) -> None:
    """Options that name files, or a public data set."""
    command.add_argument("--interactions", type=Path, help="CSV, CSV.gz, JSON lines or Parquet")
    command.add_argument("--items", type=Path, help="catalogue file of the same kinds")
    command.add_argument("--map", dest="mapping", help="schema name or user_id=column,item_id=column,...")
    command.add_argument("--items-map", dest="items_mapping", help="the same for the catalogue")
    command.add_argument("--data", choices=sorted(datasets.DATA_SETS), help="a known public data set instead of files")


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
    if options.items is not None:
        return _told(read_catalogue(options.items, options.items_mapping)).frame
    return None


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
    train = make_split(events, options.split, unit).train
    read = datasets.load_judged_catalogue(options.data, train=train)
    return None if read is None else _told(read).frame
