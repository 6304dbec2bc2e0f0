"""The joined star forecast: parts that never saw a rating are judged on it, and together they beat the SVD alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from recommender.arrays import neighbours
from recommender.arrays.neighbours import NeighbourTable
from recommender.base import SourceUnavailableError
from recommender.fitting.fit import _forecast_stars
from recommender.hybrid import load
from recommender.ranking.features import ItemColumns, build_columns
from recommender.retrievers.svd import Svd, last_ratings
from recommender.stars.forecast import FEATURES, MIN_RATINGS, KeptOut, Line, StarForecast, first_of_the_best
from recommender.stars.raters import Baselines, GroupTaste, Raters, Ratings, rating_neighbours
from recommender.training_data import TrainingData
from recommender.types import Event, FloatVector, Rows
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import START, data_of, frame_of, same_bytes

N_USERS, N_ITEMS, N_BRANDS = 100, 60, 6
ROUNDS = 120


def rated_frame() -> pd.DataFrame:
    """A hundred people rate eighteen of sixty things each: everybody loves some brands and dislikes the others."""
    rng = np.random.default_rng(4)
    taste = rng.choice([-1.3, 1.3], (N_USERS, N_BRANDS))
    quality = rng.normal(0, 0.5, N_ITEMS)
    rows = []
    for user in range(N_USERS):
        for item in rng.choice(N_ITEMS, 18, replace=False):
            liking = 3.2 + taste[user, item % N_BRANDS] + quality[item] + rng.normal(0, 0.4)
            stars = float(np.clip(round(liking), 1, 5))
            rows.append((f"u{user:03d}", f"i{item:02d}", "rating", START + len(rows), stars))
    return frame_of(*rows)


def items_frame() -> pd.DataFrame:
    ids = [f"i{item:02d}" for item in range(N_ITEMS)]
    return pd.DataFrame({"item_id": ids, "brand": [f"brand {item % N_BRANDS}" for item in range(N_ITEMS)]})


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return data_of(rated_frame(), items_frame())


@pytest.fixture(scope="module")
def ratings(data: TrainingData) -> Ratings:
    return Ratings(*last_ratings(data))


@pytest.fixture(scope="module")
def columns(data: TrainingData) -> ItemColumns:
    return build_columns(data)


def fit_svd(users: Rows, items: Rows, stars: FloatVector):
    return Svd(n_epochs=30).fit_ratings(users, items, stars, N_USERS, N_ITEMS).predict_pairs


@pytest.fixture(scope="module")
def parts(ratings: Ratings) -> tuple[Ratings, Ratings]:
    """Four of five ratings to learn from, and the others."""
    held = np.random.default_rng(7).random(len(ratings)) < 0.2
    return ratings.take(~held), ratings.take(held)


@pytest.fixture(scope="module")
def forecast(parts: tuple[Ratings, Ratings], columns: ItemColumns) -> StarForecast:
    return StarForecast(rounds=ROUNDS).fit(parts[0], columns, N_USERS, fit_svd)


@pytest.fixture(scope="module")
def svd(parts: tuple[Ratings, Ratings]):
    """The SVD on the same ratings."""
    return fit_svd(parts[0].users, parts[0].items, parts[0].stars)


def rmse(told: FloatVector, actual: FloatVector) -> float:
    return float(np.sqrt(np.mean((told - actual) ** 2)))


# The whole


def test_together_the_parts_forecast_ratings_better_that_nobody_has_seen(forecast, svd, parts):
    train, held = parts
    alone = svd(held.users, held.items)
    joined = forecast.predict(held.users, held.items, alone)
    assert rmse(joined, held.stars) < 0.9 * rmse(alone, held.stars)
    assert rmse(alone, held.stars) < rmse(np.full(len(held), train.stars.mean()), held.stars)


def test_a_forecast_lies_between_one_and_five_stars(forecast, columns):
    """Even one whose line and trees learned of minus nine and nine stars."""
    features = np.random.default_rng(0).uniform(1, 5, (400, len(FEATURES))).astype(np.float32)
    learned = KeptOut(features, np.where(features[:, 0] > 3, 9.0, -9.0), np.zeros(400, dtype=np.int64))
    line = Line.through(learned)
    arrays = forecast.to_arrays() | {"line": np.array([*line.weights, line.start])}
    wild = StarForecast.from_parts(arrays, forecast._grow(learned, line, ROUNDS).text, columns)
    alone = np.array([1.0, 2.0, 4.0, 5.0], dtype=np.float32)
    assert wild.predict(np.arange(4), np.arange(4), alone).tolist() == [1, 1, 5, 5]
    everybody = np.repeat(np.arange(-1, N_USERS), 2)
    found = forecast.predict(everybody, everybody % N_ITEMS, np.tile([-9.0, 9.0], N_USERS + 1).astype(np.float32))
    assert ((found >= 1) & (found <= 5)).all()


def test_where_a_weighted_sum_says_it_all_no_tree_is_grown(columns):
    """They would learn the noise: on gift-cards three hundred made the forecast worse than the SVD alone."""
    rng = np.random.default_rng(3)
    n = 3_000
    users, items = rng.integers(0, N_USERS, n), rng.integers(0, N_ITEMS, n)
    kind, quality = rng.normal(0, 0.4, N_USERS), rng.normal(0, 0.4, N_ITEMS)
    stars = (3 + kind[users] + quality[items] + rng.normal(0, 0.5, n)).clip(1, 5).astype(np.float32)
    plain = StarForecast(rounds=ROUNDS).fit(Ratings(users, items, stars), columns, N_USERS, fit_svd)
    assert plain.to_text() == ""
    again = StarForecast.from_parts(plain.to_arrays(), plain.to_text(), columns)
    alone = np.full(N_ITEMS, 3.0, dtype=np.float32)
    told = plain.predict(np.arange(N_ITEMS), np.arange(N_ITEMS), alone)
    assert same_bytes(again.predict(np.arange(N_ITEMS), np.arange(N_ITEMS), alone), told)
    assert np.corrcoef(told, kind[:N_ITEMS] + quality)[0, 1] > 0.9


@pytest.mark.parametrize(
    ("errors", "first"),
    [
        ([[1.0, 1.0], [0.5, 0.5], [0.2, 0.2]], 2),
        ([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], 0),
        ([[1.0, 1.2], [1.3, 0.8], [2.0, 2.0]], 0),  # the second is ahead by less than one can tell
        ([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]], 0),
    ],
)
def test_the_fewest_trees_are_taken_that_are_not_surely_behind(errors, first):
    assert first_of_the_best(np.array(errors)) == first


def test_a_model_saved_before_there_was_a_line_forecasts_by_its_trees_alone(forecast, columns):
    import lightgbm

    rng = np.random.default_rng(5)
    features = rng.uniform(1, 5, (400, len(FEATURES)))
    trees = lightgbm.train({"verbose": -1}, lightgbm.Dataset(features, features[:, 0]), 40).model_to_string()
    arrays = forecast.to_arrays()
    del arrays["line"]
    old = StarForecast.from_parts(arrays, trees, columns)
    everybody, alone = np.arange(N_ITEMS), np.linspace(1.5, 4.5, N_ITEMS).astype(np.float32)
    assert np.abs(old.predict(everybody, everybody, alone) - alone).max() < 0.3


def test_with_too_few_ratings_the_svd_is_left_alone(ratings, columns):
    few = ratings.take(np.arange(MIN_RATINGS - 1))
    with pytest.raises(SourceUnavailableError, match=f"stars: {MIN_RATINGS - 1} ratings are too few"):
        StarForecast().fit(few, columns, N_USERS, fit_svd)


def test_unfitted_use_says_so():
    forecast, row = StarForecast(), np.array([0])
    for use in (
        lambda: forecast.predict(row, row, np.array([3.0])),
        lambda: forecast.predict_for(row, np.array([3.0]), row, np.array([3.0])),
        forecast.to_arrays,
    ):
        with pytest.raises(NotFittedError, match="StarForecast"):
            use()


Pairs = set[tuple[int, int]]


class Watched(StarForecast):
    """Keeps what its parts were fitted on and asked about."""

    def __init__(self, n_folds: int = 5, rounds: int = 1, max_neighbours: int = 40, random_state: int = 0) -> None:
        super().__init__(n_folds, rounds, max_neighbours, random_state)
        self.summarised: list[Pairs] = []
        self.factorised: list[Pairs] = []
        self.asked: list[Pairs] = []

    def _summarise(self, ratings: Ratings, columns: ItemColumns, n_users: int) -> None:
        self.summarised.append(pairs(ratings.users, ratings.items))
        super()._summarise(ratings, columns, n_users)

    def svd(self, users: Rows, items: Rows, stars: FloatVector) -> Callable[[Rows, Rows], FloatVector]:
        self.factorised.append(pairs(users, items))

        def told(users: Rows, items: Rows) -> FloatVector:
            if (users >= 0).all():
                self.asked.append(pairs(users, items))
            return np.full(len(users), 3.0, dtype=np.float32)

        return told


def pairs(users: Rows, items: Rows) -> Pairs:
    return set(zip(users.tolist(), items.tolist(), strict=True))


def test_every_rating_is_forecast_by_parts_that_were_fitted_without_it(ratings, columns):
    """What a fold is asked about and what it was fitted on are the whole and share nothing; last comes the whole."""
    watched = Watched(n_folds=3)
    watched.fit(ratings, columns, N_USERS, watched.svd)
    everything = pairs(ratings.users, ratings.items)
    assert watched.summarised == [*watched.factorised, everything]
    assert len(watched.asked) == 3
    for train, held in zip(watched.factorised, watched.asked, strict=True):
        assert not train & held
        assert train | held == everything
    assert sum(map(len, watched.asked)) == len(everything)


def test_the_same_seed_grows_the_same_trees(forecast, parts, columns):
    again, other = (
        StarForecast(rounds=ROUNDS, random_state=seed).fit(parts[0], columns, N_USERS, fit_svd) for seed in (0, 1)
    )
    assert again.to_text() == forecast.to_text()
    assert other.to_text() != forecast.to_text()


def test_saved_and_loaded_it_forecasts_the_same_to_the_last_bit(forecast, parts, columns, svd):
    held = parts[1]
    again = StarForecast.from_parts(forecast.to_arrays(), forecast.to_text(), columns)
    alone = svd(held.users, held.items)
    assert same_bytes(again.predict(held.users, held.items, alone), forecast.predict(held.users, held.items, alone))
    rated, stars = np.array([3, 9]), np.array([5.0, 1.0], dtype=np.float32)
    items = np.arange(N_ITEMS)
    told = np.full(N_ITEMS, 3.0, dtype=np.float32)
    assert same_bytes(again.predict_for(rated, stars, items, told), forecast.predict_for(rated, stars, items, told))


# Somebody


def test_a_user_is_forecast_the_same_from_the_training_or_from_the_ratings_told(forecast, parts):
    train, items = parts[0], np.arange(N_ITEMS)
    alone = np.linspace(1, 5, N_ITEMS).astype(np.float32)
    for user in (0, 41, 99):
        own = train.take(train.users == user)
        told = forecast.predict_for(own.items, own.stars, items, alone)
        trained = forecast.predict(np.full(N_ITEMS, user), items, alone)
        assert told == pytest.approx(trained, abs=1e-4)


def test_a_few_ratings_tell_a_taste(forecast):
    """Who gives five stars to one brand and one star to another gets the same for their other things."""
    loved, hated = np.arange(0, 30, N_BRANDS), np.arange(1, 30, N_BRANDS)
    rated, stars = np.r_[loved, hated], np.r_[np.full(5, 5.0), np.full(5, 1.0)].astype(np.float32)
    others = np.r_[np.arange(30, N_ITEMS, N_BRANDS), np.arange(31, N_ITEMS, N_BRANDS)]
    found = forecast.predict_for(rated, stars, others, np.full(10, 3.2, dtype=np.float32))
    assert found[:5].min() > found[5:].max()


def test_somebody_of_whom_nothing_is_known_is_forecast_alike_in_both_ways(forecast):
    items, alone = np.arange(N_ITEMS), np.full(N_ITEMS, 3.2, dtype=np.float32)
    nobody = forecast.predict(np.full(N_ITEMS, -1), items, alone)
    empty = forecast.predict_for(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), items, alone)
    assert nobody == pytest.approx(empty, abs=1e-5)


def test_somebody_of_whom_nothing_is_known_is_forecast_what_people_give(forecast, parts):
    """The trees learn from people of whom they know something, and who have rated nothing is like none of them."""
    train, items = parts[0], np.arange(N_ITEMS)
    nobody = np.full(N_ITEMS, -1)
    alone = fit_svd(train.users, train.items, train.stars)(nobody, items)
    told = forecast.predict(nobody, items, alone)
    given = np.bincount(train.items, train.stars, N_ITEMS) / np.bincount(train.items, minlength=N_ITEMS)
    assert told.mean() == pytest.approx(given.mean(), abs=0.1)
    assert rmse(told, given) < 0.25


def test_a_forecast_saved_with_wider_rows_says_the_same(forecast, columns):
    arrays = forecast.to_arrays()
    wide = arrays | {"table.rows": arrays["table.rows"].astype(np.int32)}
    old = StarForecast.from_parts(wide, forecast.to_text(), columns)
    users, items = np.arange(N_ITEMS) % N_USERS, np.arange(N_ITEMS)
    alone = np.full(N_ITEMS, 3.2, dtype=np.float32)
    assert (forecast.table_.rows.dtype, old.table_.rows.dtype) == (np.uint16, np.int32)
    assert same_bytes(old.predict(users, items, alone), forecast.predict(users, items, alone))


def test_no_question_has_no_answer(forecast):
    none = np.empty(0, dtype=np.int64)
    assert forecast.predict(none, none, np.empty(0, dtype=np.float32)).shape == (0,)


# The parts, by hand


def test_averages_of_items_are_pulled_towards_the_mean_by_five_ratings():
    """Mean 3; the first item's three ratings lie 1, 1 and -1 beside it, the second's one -1; the third has none."""
    found = Baselines.of(Ratings(np.array([0, 1, 2, 0]), np.array([0, 0, 0, 1]), np.array([4.0, 4.0, 2.0, 2.0])), 3)
    assert found.mean == 3
    assert found.item_bias == pytest.approx([1 / 8, -1 / 6, 0])
    assert found.item_counts.tolist() == [3, 1, 0]
    left = [(1 - 1 / 8) ** 2, (1 - 1 / 8) ** 2, (-1 - 1 / 8) ** 2]
    assert found.item_spread == pytest.approx([np.sqrt(np.mean(left)), 1 - 1 / 6, 0])


def test_what_is_known_of_raters(columns):
    """Biases are pulled towards zero by eight ratings; residuals are what user and item leave over."""
    base = Baselines(3.0, np.zeros(N_ITEMS, dtype=np.float32), np.zeros(N_ITEMS, dtype=np.int64), np.zeros(N_ITEMS))
    found = Raters.of(Ratings(np.array([2, 0, 2]), np.array([9, 4, 1]), np.array([5.0, 3.0, 4.0])), base, columns, 3)
    assert found.counts.tolist() == [1, 0, 2]
    assert found.bias == pytest.approx([0, 0, 3 / 10])
    assert found.keys.tolist() == [4, 2 * N_ITEMS + 1, 2 * N_ITEMS + 9]
    assert found.residuals == pytest.approx([0, 1 - 0.3, 2 - 0.3])
    assert found.spread == pytest.approx([0, 0, np.sqrt((0.7**2 + 1.7**2) / 2)])


def test_a_taste_is_the_mean_residual_per_group_pulled_towards_zero_by_eight():
    codes = np.array([0, 0, 1, -1])
    users, items = np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 1, 3])
    found = GroupTaste.of(users, codes, items, np.array([1.0, 0.5, -1.0, 2.0, 3.0]))
    asked = [(0, 0, 1.5 / 10), (0, 1, -1 / 9), (1, 0, 2 / 9), (1, 1, 0), (0, -1, 0), (1, -1, 0), (-1, 0, 0), (7, 1, 0)]
    told = found.lookup(np.array([user for user, *_ in asked]), np.array([code for _, code, _ in asked]))
    assert told == pytest.approx([value for *_, value in asked])


def test_without_any_group_there_is_no_taste():
    found = GroupTaste.of(np.array([0, 1]), np.array([-1, -1]), np.array([0, 1]), np.array([1.0, 2.0]))
    assert found.lookup(np.array([0, 1, 0]), np.array([0, -1, 3])).tolist() == [0, 0, 0]


def neighbours_of(table: NeighbourTable, row: int) -> dict[int, float]:
    _, columns, values = table.gather(np.array([row]))
    return dict(zip(columns.tolist(), values.tolist(), strict=True))


def test_items_are_neighbours_whose_residuals_agree():
    """Items 0 and 1 agree over three raters, 0 and 2 disagree, and 3 has one rater in common with the others."""
    rows = [(0, 0, 1.0), (1, 0, -1.0), (2, 0, 0.5), (0, 1, 2.0), (1, 1, -2.0), (2, 1, 1.0)]
    rows += [(0, 2, -1.0), (1, 2, 1.0), (2, 2, -0.5), (0, 3, 1.0)]
    users, items, residuals = (np.array(column) for column in zip(*rows, strict=True))
    table = rating_neighbours(Ratings(users, items, residuals), residuals, (3, 4), shrinkage=6.0)
    assert neighbours_of(table, 0) == pytest.approx({1: 1.0 * 2 / (2 + 6)})
    assert neighbours_of(table, 1) == pytest.approx({0: 1.0 * 2 / (2 + 6)})
    assert neighbours_of(table, 2) == neighbours_of(table, 3) == {}


def test_a_stretch_of_a_big_catalogue_that_nobody_rated_is_no_trouble(monkeypatch):
    """The table is made in blocks; one of 2,000 products without a rating broke off every training."""
    monkeypatch.setattr(neighbours, "BLOCK_ROWS", 2)
    users, items = np.array([0, 1, 2, 0, 1, 2]), np.array([0, 0, 0, 5, 5, 5])
    residuals = np.array([1.0, -1.0, 0.5, 1.0, -1.0, 0.5])
    table = rating_neighbours(Ratings(users, items, residuals), residuals, (3, 6))
    assert np.diff(table.starts).tolist() == [1, 0, 0, 0, 0, 1]
    assert table.rows.tolist() == [5, 0]


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from([-1.5, -0.5, 0.0, 0.5, 1.0, None, None]), min_size=60, max_size=60), st.floats(0.5, 30.0)
)
def test_neighbours_are_correlations_of_common_raters_held_back_where_these_are_few(cells, shrinkage):
    """Ten users and six items, worked out pair by pair; a residual of 0 is a rating too."""
    grid = np.array([np.nan if cell is None else cell for cell in cells]).reshape(10, 6)
    users, items = np.nonzero(~np.isnan(grid))
    residuals = grid[users, items]
    table = rating_neighbours(Ratings(users, items, residuals), residuals, (10, 6), shrinkage=shrinkage)
    for item in range(6):
        expected = {}
        for other in range(6):
            both = ~np.isnan(grid[:, item]) & ~np.isnan(grid[:, other])
            left, right, n = grid[both, item], grid[both, other], int(both.sum())
            if other != item and n >= 2 and left @ right > 0:
                expected[other] = left @ right / np.sqrt(left @ left * (right @ right)) * (n - 1) / (n - 1 + shrinkage)
        assert neighbours_of(table, item) == pytest.approx(expected, rel=1e-5)


# In a model


@pytest.mark.parametrize("has_trees", [True, False])
def test_a_model_with_the_joined_forecast_answers_the_same_after_it_was_saved(data, tmp_path, has_trees):
    model = quick_model(rated_frame(), items_frame(), source_params={"svd": {"n_epochs": 5}})
    assert model.model_.stars is None, "a quick fit leaves it to the SVD"
    alone = model.predict_rating("u000", "i00")
    model.model_.stars = _forecast_stars(model.model_, data, 0)
    assert model.model_.stars is not None
    assert model.model_.stars.trees_ is not None
    if not has_trees:
        model.model_.stars.trees_ = None
    assert model.predict_rating("u000", "i00") != alone
    model.save(tmp_path / "v1")
    loaded = load(tmp_path / "v1")
    told = [Event("i05", "rating", START + 9_999, 1.0)]
    for user in ("u000", "u042", "somebody new"):
        assert loaded.predict_rating(user, "i31") == model.predict_rating(user, "i31")
        assert loaded.predict_rating(user, "i31", history=told) == model.predict_rating(user, "i31", history=told)
