"""Trees that are only asked: what LightGBM's own Python package would answer, without it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recommender.ranking.trees import Trees

N_FEATURES = 5


@pytest.fixture(scope="module")
def booster() -> lightgbm.Booster:
    """Sixty trees that have learned a product of two features, with gaps among them."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(800, N_FEATURES)).astype(np.float32)
    features[rng.random(features.shape) < 0.1] = np.nan
    answers = np.nan_to_num(features[:, 0] * features[:, 1] + features[:, 3])
    settings = {"objective": "regression", "num_leaves": 7, "verbose": -1, "num_threads": 1}
    return lightgbm.train(settings, lightgbm.Dataset(features, answers), 60)


@pytest.fixture(scope="module")
def trees(booster) -> Trees:
    return Trees(booster.model_to_string())


CELLS = st.floats(width=32, allow_nan=True, allow_infinity=True)
ROWS = st.integers(1, 20).flatmap(lambda n: arrays(np.float32, (n, N_FEATURES), elements=CELLS))


@given(features=ROWS)
def test_whatever_the_features_they_answer_what_the_package_answers(booster, trees, features):
    expected = booster.predict(features, num_threads=1).astype(np.float32)
    assert trees.predict(features).tobytes() == expected.tobytes()


@given(features=ROWS, first=st.integers(0, 60), rounds=st.integers(1, 60))
def test_a_part_of_the_trees_can_be_asked(booster, trees, features, first, rounds):
    expected = booster.predict(features, start_iteration=first, num_iteration=rounds, num_threads=1)
    assert trees.predict(features, first=first, rounds=rounds).tobytes() == expected.astype(np.float32).tobytes()


def test_columns_that_do_not_lie_in_a_row_are_read_as_they_stand(booster, trees):
    features = np.asfortranarray(np.random.default_rng(1).normal(size=(30, N_FEATURES)))  # in double precision, too
    expected = booster.predict(features.astype(np.float32), num_threads=1).astype(np.float32)
    assert trees.predict(features).tobytes() == expected.tobytes()


def test_no_rows_have_no_scores(trees):
    assert trees.predict(np.zeros((0, N_FEATURES), dtype=np.float32)).tolist() == []


def test_they_know_what_each_feature_gained(booster, trees):
    assert trees.gains().tolist() == booster.feature_importance("gain").tolist()
    assert trees.n_rounds == 60


def test_threads_may_ask_at_once(trees):
    features = np.random.default_rng(2).normal(size=(500, N_FEATURES)).astype(np.float32)
    alone = trees.predict(features).tobytes()
    with ThreadPoolExecutor(8) as pool:
        assert {one.tobytes() for one in pool.map(lambda _: trees.predict(features), range(64))} == {alone}


def test_rows_of_another_width_are_refused(trees):
    with pytest.raises(ValueError, match="number of features"):
        trees.predict(np.zeros((2, N_FEATURES - 1), dtype=np.float32))


@pytest.mark.parametrize("text", ["", "no trees", "tree\nversion=v4\nnum_class=1\n"])
def test_a_text_that_holds_no_trees_is_refused(text):
    with pytest.raises(ValueError, match="trees"):
        Trees(text)


@pytest.mark.parametrize("keep", [0.3, 0.5, 0.99])
def test_a_text_that_is_cut_off_is_refused_before_it_ends_the_process(trees, keep):
    """LightGBM takes the whole process down over one ("terminate called without an active exception")."""
    whole = trees.text[: trees.text.index("end of trees")]
    with pytest.raises(ValueError, match="cut off"):
        Trees(whole[: int(keep * len(whole))])


def test_a_process_that_only_asks_does_without_what_grows_them(trees, tmp_path):
    (tmp_path / "trees.txt").write_text(trees.text)
    code = (
        "import sys, pathlib, numpy; from recommender.ranking.trees import Trees; "
        f"print(Trees(pathlib.Path(sys.argv[1]).read_text()).predict(numpy.ones((1, {N_FEATURES}))).tolist()); "
        "print('lightgbm' in sys.modules, 'sklearn' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "trees.txt")], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [str(trees.predict(np.ones((1, N_FEATURES))).tolist()), "False False"]
