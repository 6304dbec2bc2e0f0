"""What the parameters of a recommender may be; a fit refuses all else before any time is spent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.data.interactions import Interactions
from recommender.data.weights import EventWeights
from recommender.errors import DataError
from recommender.hybrid import HybridRecommender, load
from recommender.parameters import Parameters
from recommender.sources import HYBRID_SOURCES, SOURCES, SourceSpec, make_source
from tests.recommender.worlds import purchases

FRAME = purchases({"a": ["x", "y", "z"], "b": ["y", "z"], "c": ["x", "z"]})
WITH_ITEMS = pd.DataFrame({"item_id": ["x"]})


def fitted(**params: object) -> HybridRecommender:
    return HybridRecommender(**({"strategy": "popular"} | params)).fit(Interactions.from_frame(FRAME))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        *(
            ({"max_per_family": n}, "max_per_family must be a whole number of at least 1, not ")
            for n in (0, -1, 1.5, True)
        ),
        *(
            ({"dislike": x}, "dislike must be a number of at least 0, not ")
            for x in (float("nan"), float("inf"), -0.1, "0.3")
        ),
        *(
            ({"diversity": x}, "diversity must be a number from -1 to 1, not ")
            for x in (5, float("inf"), float("nan"), None)
        ),
        *(
            ({"random_state": n}, "random_state must be a whole number from 0 to 4294967295, not ")
            for n in (-1, 2**32, 1.5, None, "0", True)
        ),
        ({"weights": {"view": 1}}, r"weights must be EventWeights\(kinds={...}\), not {'view': 1}"),
        ({"source_params": "ease"}, "source_params must be a mapping of sources to their parameters"),
        ({"source_params": {"popular": 3}}, "source_params must be a mapping of sources to their parameters"),
        ({"extra_sources": "two_tower"}, "extra_sources must be a list of names, not 'two_tower'"),
        ({"extra_sources": None}, "extra_sources must be a list of names, not None"),
        ({"strategy": ["popular"]}, "strategy must be a name"),
        ({"effort": None}, "effort must be a name"),
        ({"text_encoder": None}, "text_encoder must be a path"),
        ({"learn_weights": "no"}, "learn_weights must be True or False, not 'no'"),
    ],
)
def test_a_parameter_outside_its_range_is_named_with_its_value(params, told):
    with pytest.raises(DataError, match=told):
        fitted(**params)


@pytest.mark.parametrize(
    ("strategy", "own", "told"),
    [
        *(("trending", {"half_life_days": x}, "half_life_days must be a number above 0") for x in (-1, 0, 0.0)),
        ("trending", {"half_life_days": "week"}, "half_life_days must be a number, not 'week'"),
        ("popular", {"half_life_days": None}, "half_life_days must be a number, not None"),
        ("itemseq", {"window": 0}, "window must be a whole number of at least 1"),
        ("itemseq", {"gap_decay": 1.5}, "gap_decay must be a number from 0 to 1"),
        ("ease", {"l2": 0}, "l2 must be a number above 0"),
        ("ials", {"n_factors": 8.5}, "n_factors must be a whole number of at least 1"),
        ("ials", {"reg": float("inf")}, "reg must be a number, not inf"),
        ("ials", {"random_state": -1}, "random_state must be a whole number from 0"),
        ("content", {"backend": "quick"}, "backend must be one of auto, exact, annoy, not 'quick'"),
    ],
)
def test_a_parameter_of_a_source_outside_its_range_is_named_with_its_source(strategy, own, told):
    with pytest.raises(DataError, match=f"{strategy}: {told}"):
        fitted(strategy=strategy, source_params={strategy: own})
    with pytest.raises(DataError, match=f"{strategy}: {told}"):
        Parameters({strategy: own})


@pytest.mark.parametrize("name", sorted({*HYBRID_SOURCES, *SOURCES}))
def test_every_source_may_be_what_it_is_by_itself(name):
    spec = HYBRID_SOURCES.get(name, SourceSpec(name))
    own = make_source(spec).get_params()
    assert Parameters({name: own}).source_params == {name: own}


def test_only_checked_data_is_learned_from():
    model = HybridRecommender(strategy="popular")
    with pytest.raises(
        DataError, match=r"events must be Interactions, not DataFrame; Interactions.from_frame\(frame\)"
    ):
        model.fit(FRAME)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="events must be Interactions, not NoneType"):
        model.fit(None)  # type: ignore[arg-type]
    events = Interactions.from_frame(FRAME)
    with pytest.raises(
        DataError, match=r"items must be an ItemCatalogue or None, not DataFrame; ItemCatalogue.from_frame"
    ):
        model.fit(events, WITH_ITEMS)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="logged must be a DataFrame or None, not list"):
        model.fit(events, logged=[])  # type: ignore[arg-type]


def test_the_ends_of_the_ranges_are_inside():
    for diversity in (-1, 1):
        assert len(fitted(diversity=diversity, dislike=0, random_state=2**32 - 1).recommend("new", 2)) == 2


def test_numbers_of_numpy_are_stored_untouched_and_saved_as_plain_ones(tmp_path):
    own = {"ials": {"n_factors": np.int64(4), "reg": np.float32(2.0)}}
    seed, cap = np.int64(3), np.int32(2)
    weights = EventWeights(kinds={"purchase": np.float32(1.0), "view": np.int64(1)})  # type: ignore[dict-item]
    model = fitted(strategy="ials", source_params=own, random_state=seed, max_per_family=cap, weights=weights)
    assert model.random_state is seed
    assert model.source_params is own
    model.save(tmp_path / "v1")
    again = load(tmp_path / "v1")
    assert again.source_params == {"ials": {"n_factors": 4, "reg": 2.0}}
    assert (again.random_state, again.max_per_family) == (3, 2)
    assert again.recommend("a", 3) == model.recommend("a", 3)
    assert model.recommend("a", 3) == fitted(
        strategy="ials", source_params={"ials": {"n_factors": 4, "reg": 2.0}}, random_state=3, weights=weights
    ).recommend("a", 3)


def test_the_file_of_parameters_takes_numbers_of_numpy(tmp_path: Path):
    found = Parameters({"itemseq": {"window": np.int64(7)}})
    found.write(tmp_path / "p.json")
    assert Parameters.read(tmp_path / "p.json").source_params == {"itemseq": {"window": 7}}


@pytest.mark.parametrize(
    "wrong", [{"kinds": {"view": "much"}}, {"kinds": {"view": None}}, {"stars": (1.0, 2.0)}], ids=repr
)
def test_weights_of_events_are_numbers(wrong):
    with pytest.raises(DataError, match="event weights"):
        EventWeights(**wrong)
