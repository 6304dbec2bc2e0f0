"""Matrix factorisation of star ratings with Surprise; the forecast of stars on the product page."""

from __future__ import annotations

import itertools
from typing import Any, Self

import numpy as np

from recommender.base import Query, Retriever, SourceUnavailableError, require_fitted
from recommender.data.interactions import stars_of
from recommender.data.state import UserState
from recommender.retrievers.biases import ridge_biases
from recommender.retrievers.foldin import fold_in_ratings
from recommender.training_data import TrainingData
from recommender.types import AnyArray, FloatMatrix, FloatVector, Rows

# Biases and factors of stars from 1 to 5 are a few units at most; what ran away is on its way to infinity.
_RUN_AWAY = 1e6
SHRINKAGES = (1.0, 2.0, 4.0, 8.0)
_FOLDS = 5
_ENOUGH_JUDGED = 10_000
_BLOCK_PAIRS = 100_000


class Svd(Retriever):
    """Biased SVD: ``mu + b_u + b_i + q_i @ p_u``, all items scored in one product.

    The penalty of Surprise's descent grows with the number of ratings, so it follows a single one almost all the way
    and takes it for the mood of its user rather than for a fact about the item. Therefore its factors of ``n`` ratings
    are multiplied by ``n / (n + taste_shrinkage)``, and biases are fitted anew to what these leave over, see
    :func:`ridge_biases`.

    Users are folded in by ridge regression on their ratings, in training or not, so everybody is scored in one way;
    only :meth:`predict` for a user without new ratings uses the factors that were learned for that user.

    Parameters
    ----------
    n_factors, n_epochs : int
    lr_all, reg_all : float
        Learning rate and L2 penalty of every parameter. With Surprise's own 20 epochs and penalty of 0.02 the five-fold
        RMSE on MovieLens-100K is 0.937; with these it is 0.91.
    fold_in_reg : float
        Ridge penalty per rating, and for ten more, when a user is folded in.
    taste_shrinkage : float
    user_shrinkage, item_shrinkage : float, optional
        How many ratings of nothing but the average a user and an item begin with. By default those of ``SHRINKAGES``
        that forecast ratings best which are kept out of another descent.
    random_state : int

    References
    ----------
    Koren, Bell, Volinsky (2009), Matrix Factorization Techniques for Recommender Systems; Hug (2020), Surprise.
    Bell, Koren (2007), Scalable Collaborative Filtering with Jointly Derived Neighborhood Interpolation Weights:
    shrinkage by the number of ratings.
    """

    name = "svd"
    needs_stars = True
    handles_no_history = True
    positive_only = False
    reason = "rated_well"

    def __init__(
        self,
        n_factors: int = 100,
        n_epochs: int = 60,
        lr_all: float = 0.01,
        reg_all: float = 0.1,
        fold_in_reg: float = 0.1,
        taste_shrinkage: float = 4.0,
        user_shrinkage: float | None = None,
        item_shrinkage: float | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_factors = n_factors
        self.n_epochs = n_epochs
        self.lr_all = lr_all
        self.reg_all = reg_all
        self.fold_in_reg = fold_in_reg
        self.taste_shrinkage = taste_shrinkage
        self.user_shrinkage = user_shrinkage
        self.item_shrinkage = item_shrinkage
        self.random_state = random_state

    def fit(self, data: TrainingData) -> Self:
        users, items, stars = last_ratings(data)
        if not len(users):
            raise SourceUnavailableError("svd: there is no star rating to learn from")
        return self.fit_ratings(users, items, stars, data.n_users, data.n_items)

    def fit_ratings(self, users: Rows, items: Rows, stars: FloatVector, n_users: int, n_items: int) -> Self:
        """Learn from ratings given as rows and stars, each user and item pair once.

        Raises
        ------
        SourceUnavailableError
            When the descent diverges.
        """
        shape = (n_users, n_items)
        self.shrinkage_ = self._choose_shrinkage(users, items, stars, shape)
        self._descend(users, items, stars, shape)
        return self._set_biases(users, items, self._beyond_taste(users, items, stars), self.shrinkage_)

    def _choose_shrinkage(
        self, users: Rows, items: Rows, stars: FloatVector, shape: tuple[int, int]
    ) -> tuple[float, float]:
        """The shrinkages of users and of items that forecast ratings kept out best."""
        of_users = SHRINKAGES if self.user_shrinkage is None else (float(self.user_shrinkage),)
        of_items = SHRINKAGES if self.item_shrinkage is None else (float(self.item_shrinkage),)
        choices = list(itertools.product(of_users, of_items))
        if len(choices) == 1:
            return choices[0]
        fold = np.random.default_rng(self.random_state).integers(0, _FOLDS, len(users))
        losses, n_judged = np.zeros(len(choices)), 0
        for number in range(_FOLDS):
            held, rest = fold == number, fold != number
            if held.any() and rest.any():
                known = users[rest], items[rest], stars[rest]
                beyond = self._descend(*known, shape)._beyond_taste(*known)
                for place, choice in enumerate(choices):
                    told = self._set_biases(*known[:2], beyond, choice).predict_pairs(users[held], items[held])
                    losses[place] += ((told - stars[held]) ** 2).sum()
                n_judged += int(held.sum())
            if n_judged >= _ENOUGH_JUDGED:
                break
        return choices[int(losses.argmin())]

    def _descend(self, users: Rows, items: Rows, stars: FloatVector, shape: tuple[int, int]) -> Self:
        """Learn the factors."""
        model, trainset = self._fit_surprise(users, items, stars)
        if not all((np.abs(learned) < _RUN_AWAY).all() for learned in (model.qi, model.bi, model.pu, model.bu)):
            raise SourceUnavailableError(
                f"svd: the descent ran away and learned no numbers to forecast with; take a lower lr_all "
                f"than {self.lr_all:g} or a lower reg_all than {self.reg_all:g}"
            )
        n_users, n_items = shape
        item_rows = np.array([trainset.to_raw_iid(i) for i in trainset.all_items()], dtype=np.int64)
        user_rows = np.array([trainset.to_raw_uid(u) for u in trainset.all_users()], dtype=np.int64)
        n_by_user, n_of_item = np.bincount(users, minlength=n_users), np.bincount(items, minlength=n_items)
        self.mean_ = float(trainset.global_mean)
        self.item_factors_ = _place(model.qi, item_rows, n_items) * _kept(n_of_item, self.taste_shrinkage)
        self.user_factors_ = _place(model.pu, user_rows, n_users) * _kept(n_by_user, self.taste_shrinkage)
        self.is_rated_ = n_of_item > 0
        return self

    def _taste(self, users: Rows, items: Rows) -> FloatVector:
        """Products of the factors of pairs, a block at a time: the factors of a million would take a gigabyte."""
        taste = np.empty(len(users), dtype=np.float32)
        for start in range(0, len(users), _BLOCK_PAIRS):
            part = slice(start, start + _BLOCK_PAIRS)
            taste[part] = np.einsum("nf,nf->n", self.item_factors_[items[part]], self.user_factors_[users[part]])
        return taste

    def _beyond_taste(self, users: Rows, items: Rows, stars: FloatVector) -> FloatVector:
        """Stars beyond the mean and the tastes, shape (n_ratings,)."""
        beyond: FloatVector = stars - self.mean_ - self._taste(users, items)
        return beyond

    def _set_biases(self, users: Rows, items: Rows, beyond: FloatVector, shrinkage: tuple[float, float]) -> Self:
        """Fit the biases to what the factors leave over."""
        shape, (of_users, of_items) = (len(self.user_factors_), len(self.item_factors_)), shrinkage
        found = ridge_biases(users, items, beyond, shape, of_users=of_users, of_items=of_items)
        self.user_bias_, self.item_bias_ = found
        return self

    def predict_pairs(self, users: Rows, items: Rows) -> FloatVector:
        """Stars for pairs of training users (-1 for somebody unknown) and items by the learned factors."""
        known = (users >= 0).astype(np.float32)
        own = np.maximum(users, 0)
        stars = self.mean_ + self.item_bias_[items] + known * (self.user_bias_[own] + self._taste(own, items))
        return np.clip(stars, 1.0, 5.0).astype(np.float32)

    def _fit_surprise(self, users: Rows, items: Rows, stars: FloatVector) -> tuple[Any, Any]:
        import pandas as pd
        from surprise import SVD, Dataset, Reader

        frame = pd.DataFrame({"user": users, "item": items, "stars": stars.astype(np.float64)})
        trainset = Dataset.load_from_df(frame, Reader(rating_scale=(1, 5))).build_full_trainset()
        model = SVD(
            n_factors=self.n_factors,
            n_epochs=self.n_epochs,
            lr_all=self.lr_all,
            reg_all=self.reg_all,
            random_state=self.random_state,
        )
        return model.fit(trainset), trainset

    def user_vector(self, state: UserState) -> tuple[float, FloatVector]:
        """Bias and factors of a user folded in from the ratings in the state."""
        rated = ~np.isnan(state.stars) & (state.item_rows < len(self.item_bias_))
        return fold_in_ratings(
            self.item_factors_,
            self.item_bias_,
            self.mean_,
            state.item_rows[rated],
            state.stars[rated],
            reg=self.fold_in_reg,
            bias_reg=self.shrinkage_[0],
        )

    def forecast(self, state: UserState) -> FloatVector:
        """Stars forecast for every item, shape (n_items,), clipped to 1-5; the item's mean for a newcomer."""
        require_fitted(self, "item_factors_")
        return np.clip(self._uncut(state), 1.0, 5.0)

    def forecast_unknown(self, state: UserState) -> float:
        """Stars for an item of which nothing is known: how the user rates on average, the mean for a newcomer."""
        require_fitted(self, "item_factors_")
        bias, _ = self.user_vector(state)
        return float(np.clip(self.mean_ + bias, 1.0, 5.0))

    def _uncut(self, state: UserState) -> FloatVector:
        """Forecasts before they are clipped: above five stars there is still an order."""
        bias, factors = self.user_vector(state)
        stars: FloatVector = (self.mean_ + bias + self.item_bias_ + self.item_factors_ @ factors).astype(np.float32)
        return stars

    def score(self, query: Query) -> FloatVector:
        require_fitted(self, "is_rated_")
        return np.where(self.is_rated_, self._uncut(query.state), np.float32(np.nan))

    def predict(self, user_row: int, item_row: int) -> float:
        """Stars for a training user and item by the learned factors; -1 stands for an unknown one."""
        require_fitted(self, "item_factors_")
        stars = self.mean_
        if user_row >= 0:
            stars += float(self.user_bias_[user_row])
        if item_row >= 0:
            stars += float(self.item_bias_[item_row])
        if user_row >= 0 and item_row >= 0:
            stars += float(self.item_factors_[item_row] @ self.user_factors_[user_row])
        return float(np.clip(stars, 1.0, 5.0))

    def notes(self) -> dict[str, Any]:
        """Shrinkages of users and of items."""
        return {"shrinkage": list(self.shrinkage_)} if hasattr(self, "shrinkage_") else {}

    def state_arrays(self) -> dict[str, AnyArray]:
        require_fitted(self, "item_factors_")
        return {
            "mean": np.array([self.mean_]),
            "shrinkage": np.array(self.shrinkage_),
            "item_factors": self.item_factors_,
            "item_bias": self.item_bias_,
            "user_factors": self.user_factors_,
            "user_bias": self.user_bias_,
            "is_rated": self.is_rated_,
        }

    def load_arrays(self, arrays: dict[str, AnyArray]) -> Self:
        self.mean_ = float(arrays["mean"][0])
        # Models of before folded everybody in as if after ten ratings of the average.
        of_users, of_items = arrays.get("shrinkage", np.array([10.0, 10.0])).tolist()
        self.shrinkage_ = of_users, of_items
        self.item_factors_, self.item_bias_ = arrays["item_factors"], arrays["item_bias"]
        self.user_factors_, self.user_bias_ = arrays["user_factors"], arrays["user_bias"]
        self.is_rated_ = arrays["is_rated"]
        return self


def last_ratings(data: TrainingData) -> tuple[Rows, Rows, FloatVector]:
    """Each user's last rating of each item: user rows, item rows and stars, ordered by user and item."""
    rated = stars_of(data.events)
    users, items = data.events.user_rows[rated][::-1], data.events.item_rows[rated][::-1]
    _, first = np.unique(users * data.n_items + items, return_index=True)
    return users[first], items[first], data.events.values[rated][::-1][first]


def _place(values: AnyArray, rows: Rows, n_rows: int) -> AnyArray:
    placed = np.zeros((n_rows, *values.shape[1:]), dtype=np.float32)
    placed[rows] = values
    return placed


def _kept(counts: Rows, shrinkage: float) -> FloatMatrix:
    """The share that is kept of what so many ratings say, shape (len(counts), 1)."""
    return (counts / np.maximum(counts + shrinkage, 1.0)).astype(np.float32)[:, None]
