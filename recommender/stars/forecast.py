"""The stars somebody would give: the SVD, rating neighbours and plain averages, joined by a learned correction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from recommender.arrays.neighbours import NeighbourTable
from recommender.base import Estimator, SourceUnavailableError, require_fitted
from recommender.ranking.features import ItemColumns
from recommender.ranking.trees import Trees
from recommender.stars.raters import Baselines, Raters, Ratings, rating_neighbours
from recommender.types import AnyArray, FloatMatrix, FloatVector, Rows

FEATURES = (
    "svd",
    "neighbours",
    "baseline",
    "user_bias",
    "item_bias",
    "log_user_ratings",
    "log_item_ratings",
    "user_spread",
    "item_spread",
    "category_taste",
    "brand_taste",
    "n_neighbours",
)
MIN_RATINGS = 500
MAX_STACKED = 200_000
# So many kept-out ratings stand a second time among what the trees learn from, as those of somebody unknown: without
# them who has rated nothing passes for a rater of things that nobody like them knows, and on musical-instruments was
# forecast .06 too little (RMSE of somebody unknown .902 before, .894 since; of all others .878 and .875).
MAX_UNKNOWN = 20_000
TREE_PARAMS: dict[str, Any] = {
    "objective": "l2",
    "num_leaves": 31,
    "learning_rate": 0.03,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}
RIDGE = 10.0
ROUND_STEP = 25
ENOUGH_JUDGED = 20_000  # to tell a standard error of the errors well; growing trees for every fold takes its time
_BLOCK_PAIRS = 20_000

FitSvd = Callable[[Rows, Rows, FloatVector], Callable[[Rows, Rows], FloatVector]]


@dataclass(frozen=True)
class KeptOut:
    """Ratings with what the parts, fitted without them, say of each.

    Attributes
    ----------
    features : ndarray of shape (n_ratings, n_features)
    stars : ndarray of shape (n_ratings,)
    folds : ndarray of shape (n_ratings,)
        Which part was kept out when the features were made.
    """

    features: FloatMatrix
    stars: FloatVector
    folds: Rows

    def take(self, which: AnyArray) -> KeptOut:
        """The chosen ratings."""
        return KeptOut(self.features[which], self.stars[which], self.folds[which])


@dataclass(frozen=True)
class Line:
    """A weighted sum of the features: ``weights`` of shape (n_features,), and what is added."""

    weights: FloatVector
    start: float

    @classmethod
    def through(cls, kept: KeptOut) -> Line:
        """Ridge regression on features of one scale."""
        from sklearn.linear_model import Ridge
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler()
        ridge = Ridge(alpha=RIDGE).fit(scaler.fit_transform(kept.features.astype(np.float64)), kept.stars)
        weights = ridge.coef_ / scaler.scale_
        return cls(weights, float(ridge.intercept_ - weights @ scaler.mean_))

    def predict(self, features: FloatMatrix) -> FloatVector:
        """Stars, shape (n_rows,); not a product of matrices, where the number of rows may change the last bit."""
        stars: FloatVector = (features * self.weights).sum(axis=1) + self.start
        return stars.astype(np.float32)


class StarForecast(Estimator):
    """Forecasts 1-5 stars from the SVD, rating neighbours, averages and tastes per category and brand.

    The parts are fitted with some ratings kept out. On those a weighted sum of the parts is learned, and trees that
    mend what it leaves over: as many as the ratings bear, which may be none.

    Parameters
    ----------
    n_folds : int
        Parts of the ratings that are kept out in turn.
    rounds : int
        Most trees.
    max_neighbours : int
    random_state : int

    References
    ----------
    Wolpert (1992), Stacked Generalization; Breiman (1996), Stacked Regressions.
    """

    def __init__(self, n_folds: int = 5, rounds: int = 300, max_neighbours: int = 40, random_state: int = 0) -> None:
        self.n_folds = n_folds
        self.rounds = rounds
        self.max_neighbours = max_neighbours
        self.random_state = random_state

    def fit(self, ratings: Ratings, columns: ItemColumns, n_users: int, fit_svd: FitSvd) -> Self:
        """Learn to join the parts.

        Parameters
        ----------
        ratings : Ratings
        columns : ItemColumns
        n_users : int
        fit_svd : callable
            Fits an SVD on users, items and stars and returns its forecast of pairs.

        Raises
        ------
        SourceUnavailableError
            With fewer than ``MIN_RATINGS`` ratings: the SVD alone is then the better forecast.
        """
        if len(ratings) < MIN_RATINGS:
            raise SourceUnavailableError(f"stars: {len(ratings)} ratings are too few to learn a correction from")
        kept = self._kept_out(ratings, columns, n_users, fit_svd)
        self.line_ = Line.through(kept)
        rounds = self._choose_rounds(kept)
        self.trees_ = self._grow(kept, self.line_, rounds) if rounds else None
        self._summarise(ratings, columns, n_users)
        return self

    def _kept_out(self, ratings: Ratings, columns: ItemColumns, n_users: int, fit_svd: FitSvd) -> KeptOut:
        rng = np.random.default_rng(self.random_state)
        fold = rng.integers(0, self.n_folds, len(ratings))
        features, stars, folds = [], [], []
        for number in range(self.n_folds):
            train, held = ratings.take(fold != number), ratings.take(fold == number)
            if len(held) > MAX_STACKED // self.n_folds:
                held = held.take(rng.choice(len(held), MAX_STACKED // self.n_folds, replace=False))
            svd = fit_svd(train.users, train.items, train.stars)
            self._summarise(train, columns, n_users)
            for part in (held, self._by_nobody(held)):
                features.append(self._features(part.users, part.items, svd(part.users, part.items)))
                stars.append(part.stars)
                folds.append(np.full(len(part), number))
        return KeptOut(np.concatenate(features), np.concatenate(stars), np.concatenate(folds))

    def _choose_rounds(self, kept: KeptOut) -> int:
        """How many trees forecast folds well that neither they nor their line have seen."""
        steps = np.arange(0, self.rounds + 1, ROUND_STEP)
        if len(steps) == 1:
            return 0
        losses: list[FloatMatrix] = []
        for number in range(self.n_folds):
            losses.append(self._losses(kept, number, steps))
            if sum(found.shape[1] for found in losses) >= ENOUGH_JUDGED:
                break
        return int(steps[first_of_the_best(np.concatenate(losses, axis=1))])

    def _losses(self, kept: KeptOut, number: int, steps: Rows) -> FloatMatrix:
        """Squared errors in one fold by so many trees, shape (n_steps, n_ratings)."""
        train, held = kept.take(kept.folds != number), kept.take(kept.folds == number)
        line = Line.through(train)
        trees = self._grow(train, line, int(steps[-1]))
        told = [line.predict(held.features)]
        told += [told[0] + trees.predict(held.features, rounds=int(step)) for step in steps[1:]]
        return (_bounded(np.stack(told)) - held.stars) ** 2

    def _by_nobody(self, held: Ratings) -> Ratings:
        """Some of the kept-out ratings, told of somebody unknown: evenly spread, as a draw would move the others."""
        step = -(-len(held) * self.n_folds // MAX_UNKNOWN) or 1
        some = held.take(np.arange(0, len(held), step))
        return Ratings(np.full(len(some), -1, dtype=np.int64), some.items, some.stars)

    def _grow(self, kept: KeptOut, line: Line, rounds: int) -> Trees:
        import lightgbm

        start = line.predict(kept.features)
        dataset = lightgbm.Dataset(kept.features, kept.stars, init_score=start, feature_name=list(FEATURES))
        booster = lightgbm.train(TREE_PARAMS | {"seed": self.random_state}, dataset, rounds)
        return Trees(booster.model_to_string())

    def _summarise(self, ratings: Ratings, columns: ItemColumns, n_users: int) -> None:
        n_items = len(columns.category)
        self.columns_ = columns
        self.baselines_ = Baselines.of(ratings, n_items)
        self.raters_ = Raters.of(ratings, self.baselines_, columns, n_users)
        order = np.lexsort((ratings.items, ratings.users))
        ordered = ratings.take(order)
        self.table_ = rating_neighbours(ordered, self.raters_.residuals, (n_users, n_items))

    def predict(self, users: Rows, items: Rows, svd: FloatVector) -> FloatVector:
        """Stars for pairs of a training user (row, or -1) and an item, given the SVD's forecast of them."""
        require_fitted(self, "line_")
        return self._join(self._features(users, items, svd))

    def predict_for(self, rated: Rows, stars: FloatVector, items: Rows, svd: FloatVector) -> FloatVector:
        """Stars of one user, described by the given ratings alone, for several items."""
        require_fitted(self, "line_")
        own = Ratings(np.zeros(len(rated), dtype=np.int64), rated, stars)
        raters = Raters.of(own, self.baselines_, self.columns_, 1)
        users = np.zeros(len(items), dtype=np.int64)
        return self._join(self._features(users, items, svd, raters))

    def to_arrays(self) -> dict[str, AnyArray]:
        """Arrays for an artifact; the trees go to :meth:`to_text`."""
        require_fitted(self, "line_")
        base = self.baselines_
        arrays = {f"raters.{k}": v for k, v in self.raters_.to_arrays().items()}
        arrays |= {f"table.{k}": v for k, v in self.table_.to_arrays().items()}
        return arrays | {
            "line": np.array([*self.line_.weights, self.line_.start]),
            "mean": np.array([base.mean]),
            "item_bias": base.item_bias,
            "item_counts": base.item_counts,
            "item_spread": base.item_spread,
        }

    def to_text(self) -> str:
        """The trees in LightGBM's own text format; empty without trees."""
        return self.trees_.text if self.trees_ is not None else ""

    @classmethod
    def from_parts(cls, arrays: dict[str, AnyArray], trees: str, columns: ItemColumns) -> StarForecast:
        """Rebuild from an artifact."""

        def part(prefix: str) -> dict[str, AnyArray]:
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        self = cls()
        self.columns_ = columns
        # The trees of a model that was saved before there was a line say all of it themselves.
        line = arrays.get("line", np.zeros(len(FEATURES) + 1))
        self.line_, self.trees_ = Line(line[:-1], float(line[-1])), Trees(trees) if trees else None
        facts = (arrays["item_bias"], arrays["item_counts"], arrays["item_spread"])
        self.baselines_ = Baselines(float(arrays["mean"][0]), *facts)
        self.raters_ = Raters.from_arrays(part("raters."))
        self.table_ = NeighbourTable.from_arrays(part("table."))
        return self

    def _join(self, features: FloatMatrix) -> FloatVector:
        stars = self.line_.predict(features)
        return _bounded(stars if self.trees_ is None else stars + self.trees_.predict(features))

    def _features(self, users: Rows, items: Rows, svd: FloatVector, raters: Raters | None = None) -> FloatMatrix:
        raters = raters or self.raters_
        base = self.baselines_
        known = users >= 0
        row = np.maximum(users, 0)
        user_bias = np.where(known, raters.bias[row], 0.0)
        item_bias = base.item_bias[items]
        baseline = base.mean + user_bias + item_bias
        agreed, n_used = self._neighbours(users, items, raters)
        columns = [
            svd,
            baseline + agreed,
            baseline,
            user_bias,
            item_bias,
            np.log1p(np.where(known, raters.counts[row], 0)),
            np.log1p(base.item_counts[items]),
            np.where(known, raters.spread[row], 0.0),
            base.item_spread[items],
            raters.category_taste.lookup(users, self.columns_.category[items]),
            raters.brand_taste.lookup(users, self.columns_.brand[items]),
            n_used,
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def _neighbours(self, users: Rows, items: Rows, raters: Raters) -> tuple[FloatVector, FloatVector]:
        """Weighted mean residual over the nearest rated neighbours of each item, and how many there were."""
        parts = [
            self._neighbours_block(users[start : start + _BLOCK_PAIRS], items[start : start + _BLOCK_PAIRS], raters)
            for start in range(0, len(items), _BLOCK_PAIRS)
        ]
        if not parts:
            return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32)
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _neighbours_block(self, users: Rows, items: Rows, raters: Raters) -> tuple[FloatVector, FloatVector]:
        owner, neighbours, strength = self.table_.gather(items)
        keys = users[owner] * len(self.baselines_.item_bias) + neighbours
        place = np.minimum(np.searchsorted(raters.keys, keys), max(len(raters.keys) - 1, 0))
        rated = raters.keys[place] == keys if len(raters.keys) else np.zeros(len(keys), dtype=bool)
        owner, strength, place = owner[rated], strength[rated], place[rated]
        order = np.lexsort((-strength, owner))
        owner, strength, place = owner[order], strength[order], place[order]
        rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
        near = rank < self.max_neighbours
        owner, strength, place = owner[near], strength[near], place[near]
        total = np.bincount(owner, weights=strength, minlength=len(items))
        agreed = np.bincount(owner, weights=strength * raters.residuals[place], minlength=len(items))
        used = np.bincount(owner, minlength=len(items))
        return (agreed / np.maximum(total, 1e-9)).astype(np.float32), used.astype(np.float32)


def _bounded(stars: AnyArray) -> AnyArray:
    return np.clip(stars, 1.0, 5.0)


def first_of_the_best(losses: FloatMatrix) -> int:
    """The first step that is not behind the best one by more than a standard error.

    Parameters
    ----------
    losses : ndarray of shape (n_steps, n_ratings)

    References
    ----------
    Breiman, Friedman, Olshen, Stone (1984), Classification and Regression Trees, section 3.4.3.
    """
    behind = losses - losses[int(np.argmin(losses.mean(axis=1)))]
    error = behind.std(axis=1) / np.sqrt(losses.shape[1])
    return int(np.flatnonzero(behind.mean(axis=1) <= error)[0])
