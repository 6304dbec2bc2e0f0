"""Stars: the factors of Surprise, scored at once, folded in for anybody."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.base import SourceUnavailableError
from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.readers.datasets import load_interactions, why_missing
from recommender.retrievers.svd import Svd, last_ratings
from recommender.retrievers.svd_content import SvdContent, quantiles
from recommender.training_data import TrainingData
from recommender.types import Event
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import START, data_of, frame_of, named, query, thing


@pytest.fixture(scope="module")
def stars() -> pd.DataFrame:
    """Forty people who rate twelve films: each film has a quality, and half of the people like only odd films."""
    rng = np.random.default_rng(1)
    rows = []
    for user in range(40):
        for film in rng.choice(12, 8, replace=False):
            taste = 1.2 if film % 2 == user % 2 else -1.2
            value = np.clip(round(3 + taste + (film - 6) / 6), 1, 5)
            rows.append((f"u{user:02d}", f"film{film:02d}", "rating", START + len(rows), float(value)))
    return frame_of(*rows)


@pytest.fixture(scope="module")
def data(stars) -> TrainingData:
    return data_of(stars)


def surprise_model(data: TrainingData):
    from surprise import SVD, Dataset, Reader

    users, items, values = last_ratings(data)
    frame = pd.DataFrame({"u": users, "i": items, "r": values.astype(float)})
    trainset = Dataset.load_from_df(frame, Reader(rating_scale=(1, 5))).build_full_trainset()
    ours = {"fold_in_reg", "taste_shrinkage", "user_shrinkage", "item_shrinkage"}
    params = {name: value for name, value in Svd().get_params().items() if name not in ours}
    return SVD(**params).fit(trainset)


@pytest.fixture(scope="module")
def sparse() -> TrainingData:
    """Two hundred people with two ratings each, of a hundred things with about four; all are chance but the average."""
    rng = np.random.default_rng(2)
    rows = [
        (f"u{user:03d}", f"thing{item:03d}", "rating", START + user, float(rng.choice([3, 4, 5])))
        for user in range(200)
        for item in rng.choice(100, 2, replace=False)
    ]
    return data_of(frame_of(*rows))


def test_the_factors_are_those_of_surprise_and_the_biases_fit_what_they_leave_over(data):
    """Of ``n`` ratings the share ``n / (n + shrinkage)`` is kept; each bias is the shrunk mean of what is left."""
    source, theirs = Svd(taste_shrinkage=3.0, user_shrinkage=2.0, item_shrinkage=5.0).fit(data), surprise_model(data)
    users, items, values = last_ratings(data)
    n_by_user, n_of_item = np.bincount(users), np.bincount(items)
    for learned, found, counts, inner in (
        (theirs.pu, source.user_factors_, n_by_user, theirs.trainset.to_inner_uid),
        (theirs.qi, source.item_factors_, n_of_item, theirs.trainset.to_inner_iid),
    ):
        rows = [inner(row) for row in range(len(counts))]
        assert found == pytest.approx(learned[rows] * (counts / (counts + 3.0))[:, None], abs=1e-6)
    taste = (source.user_factors_[users] * source.item_factors_[items]).sum(axis=1)
    left = values - values.mean() - taste
    of_users = np.bincount(users, weights=left - source.item_bias_[items]) / (n_by_user + 2.0)
    of_items = np.bincount(items, weights=left - source.user_bias_[users]) / (n_of_item + 5.0)
    assert source.user_bias_ == pytest.approx(of_users, abs=1e-4)
    assert source.item_bias_ == pytest.approx(of_items, abs=1e-4)


def test_a_thing_rated_by_people_who_rated_nothing_else_is_as_good_as_they_say():
    """Their one rating is no mood of theirs: the descent alone gave the thing less than half of what they all said."""
    rows = [(f"u{n:03d}", f"thing{n % 2}", "rating", START + n, 5.0 if n % 2 else 3.0) for n in range(400)]
    source = Svd().fit(data_of(frame_of(*rows)))
    assert source.predict(-1, 0) == pytest.approx(3.0, abs=0.1)
    assert source.predict(-1, 1) == pytest.approx(5.0, abs=0.1)


def test_ratings_kept_out_say_how_much_is_shrunk(sparse, data):
    """Where ratings are few and say nothing most is shrunk, where each film has 27 of one mind little of it."""
    assert Svd().fit(sparse).shrinkage_ == (8.0, 8.0)
    assert Svd().fit(data).shrinkage_[1] == 1.0
    assert Svd(user_shrinkage=3.0).fit(sparse).shrinkage_ == (3.0, 8.0)


def test_somebody_new_is_folded_in_with_the_shrinkage_of_the_log(sparse):
    """After ``n`` ratings that are all one star over the average the bias is ``n / (n + shrinkage)`` of a star."""
    source = Svd(user_shrinkage=3.0, item_shrinkage=1e9, taste_shrinkage=1e9).fit(sparse)
    told = [Event(f"thing{n:03d}", "rating", START + n, source.mean_ + 1) for n in range(3)]
    for asked in (source, Svd().load_arrays(source.state_arrays())):
        bias, _ = asked.user_vector(query(sparse, told).state)
        assert bias == pytest.approx(3 / (3 + 3.0), abs=1e-3)


def test_the_model_card_says_how_much_is_shrunk(stars, sparse):
    assert Svd().fit(sparse).notes() == {"shrinkage": [8.0, 8.0]}
    assert quick_model(stars, None).info["notes"]["svd"]["shrinkage"][1] == 1.0


def test_all_items_are_forecast_at_once_as_one_by_one(data):
    """The product of arrays is the formula; here for somebody folded in."""
    source = Svd().fit(data)
    state = data.state_of(3)
    bias, factors = source.user_vector(state)
    one_by_one = [
        np.clip(source.mean_ + bias + source.item_bias_[i] + source.item_factors_[i] @ factors, 1, 5)
        for i in range(data.n_items)
    ]
    assert source.forecast(state) == pytest.approx(one_by_one, abs=1e-5)


def test_folding_in_a_training_user_comes_near_the_learned_one(data):
    source = Svd(n_epochs=60).fit(data)
    gaps = []
    for user in range(data.n_users):
        learned = np.array([source.predict(user, item) for item in range(data.n_items)])
        gaps.append(np.abs(source.forecast(data.state_of(user)) - learned).mean())
    assert np.mean(gaps) < 0.35


def test_the_planted_taste_is_found_again(data):
    """Who likes odd films gets odd films forecast higher, whether trained on or met just now."""
    source = Svd(n_epochs=60).fit(data)
    ratings = [Event(f"film{n:02d}", "rating", START + n, 5.0 if n % 2 else 1.0) for n in range(8)]
    stars = dict(zip(data.catalogue.items, source.forecast(query(data, ratings).state).tolist(), strict=True))
    assert stars["film09"] > stars["film08"] + 0.3
    assert stars["film11"] > stars["film10"] + 0.3


def test_planted_stars_order_the_items_for_a_newcomer(shop_data):
    """In the small shop even numbers are loved and odd ones are not."""
    source = Svd().fit(shop_data)
    found = named(shop_data, source.retrieve(query(shop_data, []), 12).rows)
    assert all(int(item[-2:]) % 2 == 0 for item in found)


def test_items_above_five_stars_keep_their_order():
    """A forecast is cut at five stars for people to read; the ranking must not take what is cut for equal."""
    data = data_of(frame_of(("u", "a", "rating", 1, 5.0), ("u", "b", "rating", 1, 5.0), ("u", "c", "rating", 1, 5.0)))
    arrays = Svd(n_factors=2).fit(data).state_arrays()
    source = Svd().load_arrays(arrays | {"mean": np.array([4.8]), "item_bias": np.array([0.4, 0.6, 0.5], np.float32)})
    nobody = query(data, [])
    assert source.forecast(nobody.state).tolist() == [5, 5, 5]
    assert named(data, source.retrieve(nobody, 3).rows) == ["b", "c", "a"]


def test_items_without_a_rating_have_no_score(shop_data):
    rated = data_of(frame_of(("u", "a", "rating", 1, 5.0), ("u", "b", "view", 2), ("v", "a", "rating", 3, 4.0)))
    scores = Svd().fit(rated).score(query(rated, []))
    assert not np.isnan(scores[0])
    assert np.isnan(scores[1])


def test_the_last_rating_of_an_item_is_the_one_learned():
    data = data_of(frame_of(("u", "a", "rating", 1, 1.0), ("u", "a", "rating", 5, 5.0), ("v", "a", "rating", 3, 4.0)))
    users, items, values = last_ratings(data)
    assert sorted(zip(users.tolist(), items.tolist(), values.tolist(), strict=True)) == [(0, 0, 5.0), (1, 0, 4.0)]


def test_quantiles_are_the_share_of_known_scores_below():
    scores = np.array([3.0, np.nan, 1.0, 3.0, 4.0], dtype=np.float32)
    found = quantiles(scores)
    assert np.isnan(found[1])
    assert found[[0, 2, 3, 4]].tolist() == [0.25, 0.0, 0.25, 0.75]
    assert np.isnan(quantiles(np.array([np.nan], dtype=np.float32))).all()


def test_the_base_blend_leans_on_content_until_there_are_ratings(shop_data):
    """Somebody who only looked gets what is alike; with many ratings the stars take over."""
    source = SvdContent().fit(shop_data)
    looked = query(shop_data, [(thing("kitchen", 1), "view")])
    alike = named(shop_data, source.content_.retrieve(looked, 5).rows)
    assert named(shop_data, source.retrieve(looked, 5).rows) == alike
    rated = query(shop_data, [Event(thing("kitchen", n), "rating", START + n, 5.0) for n in range(20)])
    stars, blend = quantiles(source.svd_.score(rated)), source.score(rated)
    known = ~np.isnan(stars)
    assert np.corrcoef(stars[known], blend[known])[0, 1] > 0.9


def test_the_base_blend_stands_on_stars_alone_without_a_catalogue(data):
    source = SvdContent().fit(data)
    assert source.content_ is None
    question = query(data, ["film01"])
    assert source.score(question) == pytest.approx(quantiles(source.svd_.score(question)))
    again = SvdContent().load_arrays(source.state_arrays())
    assert again.content_ is None


@pytest.mark.slow
def test_movielens_reaches_the_published_error_of_surprise():
    """Five folds with the seed of the published table: 0.934 stars with the defaults."""
    missing = why_missing("movielens-100k")
    if missing:
        pytest.skip(missing)
    from surprise import Dataset, Reader
    from surprise.model_selection import KFold

    frame = load_interactions("movielens-100k").frame[["user_id", "item_id", "value"]]
    folds = KFold(5, random_state=0).split(Dataset.load_from_df(frame, Reader(rating_scale=(1, 5))))
    errors = []
    for trainset, testset in folds:
        train = pd.DataFrame(
            [(trainset.to_raw_uid(u), trainset.to_raw_iid(i), stars) for u, i, stars in trainset.all_ratings()],
            columns=["user_id", "item_id", "value"],
        ).assign(kind="rating")
        data = TrainingData.build(Interactions.from_frame(train))
        source = Svd().fit(data)
        users = data.events.users.rows([user for user, _, _ in testset])
        items = data.catalogue.items.rows([item for _, item, _ in testset])
        forecast = np.array([source.predict(int(u), int(i)) for u, i in zip(users, items, strict=True)])
        errors.append(np.sqrt(np.mean((forecast - np.array([stars for _, _, stars in testset])) ** 2)))
    assert np.mean(errors) <= 0.934


@pytest.mark.parametrize("params", [{"lr_all": 0.5}, {"lr_all": 2.0, "n_epochs": 3}, {"reg_all": 1e30}], ids=str)
def test_a_descent_that_runs_away_is_no_model(params, stars, data):
    """The fit says so; a blend goes on without it, and nobody is told that somebody would give NaN stars."""
    with pytest.raises(SourceUnavailableError, match=r"svd: .* lr_all"):
        Svd(**params).fit(data)
    model = quick_model(stars, None, source_params={"svd": params})
    assert "lr_all" in model.info["skipped"]["svd"]
    with pytest.raises(DataError, match=r"forecasts no stars: svd: .* lr_all"):
        model.predict_rating("u00", "film01")


def test_one_rating_more_lets_all_earlier_ones_count_in_a_forecast(stars):
    """Who rated hundreds of things one star and then hundreds five is no friend of everything after one more rating."""
    grumbler = [("moody", f"gadget{n:03d}", "rating", START + n, 1.0 if n < 250 else 5.0) for n in range(500)]
    others = [
        (f"u{user:02d}", f"gadget{n:03d}", "rating", START + n, 3.0) for user in range(20) for n in range(user, 500, 20)
    ]
    log = pd.concat([stars, frame_of(*grumbler, *others)])
    model = quick_model(log, None, strategy="svd", source_params={"svd": {"n_factors": 5, "n_epochs": 20}})
    told = [Event("film00", "rating", START + 1_000, 3.0)]
    for item in ("film01", "film02", "never heard of"):
        before, after = model.predict_rating("moody", item), model.predict_rating("moody", item, history=told)
        assert after == pytest.approx(before, abs=0.3)
