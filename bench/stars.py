"""How far forecast stars are off: on MovieLens-100K as Surprise publishes it, and on ratings of shops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from bench.options import Options
from bench.tables import Budget, Report, Table
from recommender import HybridRecommender, Interactions, ItemCatalogue
from recommender.readers import datasets
from recommender.retrievers.svd import Svd
from recommender.training_data import TrainingData
from recommender.types import FloatVector

DATA = "movielens-100k"
OF_SHOPS = ("musical-instruments", "gift-cards", "datafiniti")
FOLDS = 5
PUBLISHED = (("SVD", 0.934, 0.737), ("SVD++", 0.919, 0.721))
WANTED_SVD, WANTED_JOINED = 0.934, 0.905
COLUMNS = ("forecast", "RMSE", "MAE", "RMSE of each fold", "fit s")
Errors = tuple[float, float]
Fold = tuple[pd.DataFrame, pd.DataFrame]
Forecast = Callable[[str, str], float]


def run(options: Options) -> Report:
    """Five folds with ``KFold(5, random_state=0)``; ``--quick`` judges the first one of MovieLens alone."""
    missing = datasets.why_missing(DATA)
    if missing:
        return Report(skipped=missing)
    found, seconds = _judge(DATA, options)
    rows = [_row(name, errors, seconds[name]) for name, errors in found.items()]
    rows += [(f"Surprise's {name}, as published", rmse, mae, "", None) for name, rmse, mae in PUBLISHED]
    notes = ("MovieLens-100K, 80,000 ratings to learn from and 20,000 to forecast in each fold.",)
    tables = [Table("Forecast stars", COLUMNS, tuple(rows), notes)]
    if not options.quick:
        tables += [_of_shop(name, options) for name in OF_SHOPS if not datasets.why_missing(name)]
    return Report(tuple(tables), tuple(_budgets(found)))


def _of_shop(data: str, options: Options) -> Table:
    found, seconds = _judge(data, options)
    rows = tuple(_row(name, errors, seconds[name]) for name, errors in found.items())
    return Table(f"Forecast stars, {data}", COLUMNS, rows, ("Of one person and item the latest rating counts.",))


def _judge(data: str, options: Options) -> tuple[dict[str, list[Errors]], dict[str, float]]:
    """The errors of each forecast in each fold, and the seconds its fits took."""
    fits = {"SVD alone": _svd, "joined forecast": partial(_joined, data), "Surprise's SVD, its defaults": _surprise}
    found: dict[str, list[Errors]] = {name: [] for name in fits}
    seconds: dict[str, float] = dict.fromkeys(found, 0.0)
    for train, test in _folds(data, 1 if options.quick else FOLDS):
        for name, fitted in fits.items():
            began = time.perf_counter()
            forecast = fitted(train, options.seed)
            seconds[name] += time.perf_counter() - began
            found[name].append(_errors(forecast, test))
    return found, seconds


def _folds(data: str, n: int) -> Iterator[Fold]:
    """The folds of Surprise's published table, and such of other ratings."""
    from surprise import Dataset, Reader
    from surprise.model_selection import KFold

    events = datasets.load_interactions(data).frame
    ratings = events[events["kind"] == "rating"].sort_values("timestamp", kind="stable")
    frame = ratings.drop_duplicates(["user_id", "item_id"], keep="last").sort_index()
    triples = frame[["user_id", "item_id", "value"]]
    moments = frame.set_index(["user_id", "item_id"])["timestamp"]
    folds = KFold(FOLDS, random_state=0).split(Dataset.load_from_df(triples, Reader(rating_scale=(1, 5))))
    for _number, (train, test) in zip(range(n), folds, strict=False):
        known = [(train.to_raw_uid(user), train.to_raw_iid(item), stars) for user, item, stars in train.all_ratings()]
        yield _ratings(known, moments), _ratings(test, moments)


def _ratings(triples: list[tuple[str, str, float]], moments: pd.Series) -> pd.DataFrame:
    frame = pd.DataFrame(triples, columns=["user_id", "item_id", "value"]).assign(kind="rating")
    keys = pd.MultiIndex.from_frame(frame[["user_id", "item_id"]])
    return frame.assign(timestamp=moments.loc[keys].to_numpy())


def _svd(train: pd.DataFrame, seed: int) -> Forecast:
    data = TrainingData.build(Interactions.from_frame(train))
    svd, users, items = Svd(random_state=seed).fit(data), data.events.users, data.catalogue.items
    return lambda user, item: svd.predict(users.row(user), items.row(item))


def _surprise(train: pd.DataFrame, seed: int) -> Forecast:
    """The peer, as it comes."""
    from surprise import SVD, Dataset, Reader

    triples = Dataset.load_from_df(train[["user_id", "item_id", "value"]], Reader(rating_scale=(1, 5)))
    model = SVD(random_state=seed).fit(triples.build_full_trainset())
    return lambda user, item: float(model.predict(user, item).est)


def _joined(data: str, train: pd.DataFrame, seed: int) -> Forecast:
    """What a product page shows."""
    catalogue = datasets.load_catalogue(data)
    model = HybridRecommender(random_state=seed)
    model.fit(Interactions.from_frame(train), ItemCatalogue.from_frame(catalogue.frame) if catalogue else None)
    return model.predict_rating


def _errors(forecast: Forecast, test: pd.DataFrame) -> Errors:
    told: FloatVector = np.array([forecast(user, item) for user, item in zip(test.user_id, test.item_id, strict=True)])
    off = told - test["value"].to_numpy(np.float64)
    return float(np.sqrt(np.mean(off**2))), float(np.mean(np.abs(off)))


def _row(name: str, errors: list[Errors], seconds: float) -> tuple[str, float, float, str, float]:
    rmse, mae = np.mean(errors, axis=0)
    return name, float(rmse), float(mae), " ".join(f"{fold:.4f}" for fold, _mae in errors), seconds / len(errors)


def _budgets(found: dict[str, list[Errors]]) -> Iterator[Budget]:
    for name, wanted in (("SVD alone", WANTED_SVD), ("joined forecast", WANTED_JOINED)):
        yield Budget(f"stars, {name}, five folds", float(np.mean([rmse for rmse, _ in found[name]])), wanted, "RMSE")
