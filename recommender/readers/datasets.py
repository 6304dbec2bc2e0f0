"""Public data sets by name, for benchmarks, tests and shops that start from real data instead of the demo.

The files are not part of the project: they are looked for in the folder that ``KINDRED_DATA`` names, else in
``../shared/data`` beside the project. Most of them may be used for development and tests only; ``terms`` says so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from recommender.errors import DataError
from recommender.readers import ReadResult, read_catalogue, read_interactions
from recommender.readers.derived import items_from_reviews
from recommender.types import Progress, no_progress

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DEFAULT_ROOT = PROJECT_ROOT.parent / "shared" / "data"
ENVIRONMENT_NAME = "KINDRED_DATA"


@dataclass(frozen=True)
class DataFile:
    """A file below the data folder and the schema that reads it."""

    path: str
    mapping: str


@dataclass(frozen=True)
class DataSet:
    """A data set under the name by which ``make run DATA=<name>`` asks for it.

    Attributes
    ----------
    interactions, catalogue : DataFile or None
        None where the set has no such part. A catalogue that names an events file is worked out of the events.
    pictures : str or None
        Zip file of pictures below the data folder, named as in the catalogue's ``image`` column.
    has_stars, has_times : bool
        Whether there are 1-5 ratings, and whether the events carry real times.
    terms : str
        Where it comes from and what may be done with it.
    """

    name: str
    title: str
    interactions: DataFile | None
    catalogue: DataFile | None
    terms: str
    pictures: str | None = None
    has_stars: bool = True
    has_times: bool = True

    @property
    def files(self) -> tuple[str, ...]:
        """All files that the set needs, below the data folder."""
        parts = (part.path for part in (self.interactions, self.catalogue) if part is not None)
        return tuple(dict.fromkeys([*parts, *([self.pictures] if self.pictures else [])]))


_MUSICAL = DataFile("amazon-reviews/musical_instruments_5core_2014_reviews.csv.gz", "amazon-2014")
_RETAIL = DataFile("online-retail/online_retail.csv.gz", "online-retail")
_ROCKET = DataFile("retailrocket-events/events.csv.gz", "retailrocket")
_AMAZON_TERMS = "collected by J. McAuley's group (UCSD); research use, not to be redistributed"

_ALL = (
    DataSet(
        "musical-instruments",
        "Amazon reviews of musical instruments, 5-core, 2004 to 2014",
        _MUSICAL,
        _MUSICAL,
        _AMAZON_TERMS,
    ),
    DataSet(
        "gift-cards",
        "Amazon reviews of gift cards, 5-core, 2012 to 2018",
        DataFile("amazon-reviews/gift_cards_5core_2018_reviews.json.gz", "amazon-2018"),
        DataFile("amazon-reviews/gift_cards_2018_meta.json.gz", "amazon-2018"),
        _AMAZON_TERMS,
    ),
    DataSet(
        "amazon-2023",
        "A sample of 30 Amazon departments, 2005 to 2023",
        DataFile("amazon-reviews/sample_2023_ratings.csv.gz", "amazon-2023"),
        DataFile("amazon-reviews/sample_2023_products.csv.gz", "amazon-2023"),
        _AMAZON_TERMS,
    ),
    DataSet(
        "movielens-100k",
        "MovieLens 100K: film ratings, 1997 to 1998",
        DataFile("movielens-100k/u.data.gz", "movielens"),
        DataFile("movielens-100k/u.item", "movielens"),
        "GroupLens, University of Minnesota; research use, not to be redistributed",
    ),
    DataSet(
        "online-retail",
        "Online Retail: invoices of a British gift shop, 2010 to 2011",
        _RETAIL,
        _RETAIL,
        "Online Retail, Daqing Chen, UCI Machine Learning Repository, CC BY 4.0",
        has_stars=False,
    ),
    DataSet(
        "datafiniti",
        "Datafiniti: reviews of 271 household products, 2007 to 2018",
        DataFile("product-reviews-datafiniti/reviews.csv.gz", "datafiniti"),
        DataFile("product-reviews-datafiniti/products.csv.gz", "datafiniti"),
        "Datafiniti's product database; non-commercial use, not to be redistributed",
    ),
    DataSet(
        "retailrocket",
        "Retailrocket: views, carts and orders of a web shop, 2015, without times",
        _ROCKET,
        _ROCKET,
        "Retail Rocket, filtered by Arthur Fortes; non-commercial use, not to be redistributed",
        has_stars=False,
        has_times=False,
    ),
    DataSet(
        "myntra",
        "Myntra: fashion products with photos, without shoppers",
        None,
        DataFile("fashion-images/myntra/products.csv.gz", "myntra"),
        "photos of the shop Myntra; development and tests only, not to be redistributed",
        pictures="fashion-images/myntra/images.zip",
        has_stars=False,
        has_times=False,
    ),
)

DATA_SETS: dict[str, DataSet] = {data_set.name: data_set for data_set in _ALL}
"""The known data sets by name."""


def data_root() -> Path | None:
    """The folder with the data sets, or None where there is none.

    Raises
    ------
    DataError
        If ``KINDRED_DATA`` is set but names no folder.
    """
    named = os.environ.get(ENVIRONMENT_NAME, "")
    if named:
        root = Path(named).expanduser()
        if not root.is_dir():
            raise DataError(f"{ENVIRONMENT_NAME} names {named}, which is not a folder")
        return root
    return DEFAULT_ROOT if DEFAULT_ROOT.is_dir() else None


def data_set(name: str) -> DataSet:
    """The data set of that name; DataError with the known names if there is none."""
    if name not in DATA_SETS:
        raise DataError(f"there is no data set {name!r}; known are {', '.join(DATA_SETS)}")
    return DATA_SETS[name]


def missing_files(name: str, root: Path | None = None) -> list[str]:
    """Files of the data set that are not there; all of them when there is no data folder."""
    root = root or data_root()
    return [path for path in data_set(name).files if root is None or not (root / path).is_file()]


def why_missing(name: str, root: Path | None = None) -> str:
    """One sentence that says what is not there, for tests that skip; "" when the data set can be read."""
    missing = missing_files(name, root)
    if not missing:
        return ""
    where = root or data_root()
    place = f"below {where}" if where else f"(no data folder: set {ENVIRONMENT_NAME} or create {DEFAULT_ROOT})"
    return f"data set {name}: {', '.join(missing)} not found {place}"


def load_interactions(name: str, root: Path | None = None, *, progress: Progress = no_progress) -> ReadResult:
    """Events of a data set.

    Raises
    ------
    DataError
        If the name is unknown, the files are absent, or the set has no interactions.
    """
    chosen = data_set(name)
    if chosen.interactions is None:
        raise DataError(f"data set {name} has no interactions")
    path = _folder(name, root) / chosen.interactions.path
    return read_interactions(path, chosen.interactions.mapping, progress=progress)


def load_catalogue(name: str, root: Path | None = None, *, progress: Progress = no_progress) -> ReadResult:
    """Products of a data set.

    Raises
    ------
    DataError
        As in :func:`load_interactions`.
    """
    chosen = data_set(name)
    if chosen.catalogue is None:
        raise DataError(f"data set {name} has no catalogue")
    path = _folder(name, root) / chosen.catalogue.path
    return read_catalogue(path, chosen.catalogue.mapping, progress=progress)


def load_judged_catalogue(name: str, root: Path | None = None, *, train: pd.DataFrame) -> ReadResult | None:
    """The catalogue that a model may see when it is judged on what is not in ``train``.

    Where item texts are joined from reviews, only those of the training part are read: a held-out review would say
    what was held out.

    Parameters
    ----------
    name : str
    root : Path, optional
        Data folder; :func:`data_root` by default.
    train : DataFrame
        Training part of the events that :func:`load_interactions` gave.

    Returns
    -------
    ReadResult or None
        None for a set without a catalogue.

    Raises
    ------
    DataError
        As in :func:`load_interactions`.
    """
    chosen = data_set(name)
    if chosen.catalogue is None:
        return None
    result = load_catalogue(name, root)
    if chosen.catalogue is not _MUSICAL:
        return result
    texts = items_from_reviews(train).set_index("item_id")[["title", "description"]]
    read = texts.reindex(result.frame["item_id"], fill_value="").reset_index(drop=True)
    return replace(result, frame=result.frame.assign(title=read["title"], description=read["description"]))


def _folder(name: str, root: Path | None) -> Path:
    folder = root or data_root()
    reason = why_missing(name, folder)
    if reason or folder is None:
        raise DataError(reason)
    return folder
