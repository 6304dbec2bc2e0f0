"""External ids on one side, rows on the other, and nothing lost between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.data.idmap import IdMap
from recommender.errors import DataError

external_id = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
quick = settings(max_examples=60)


@quick
@given(st.lists(external_id, unique=True))
def test_every_id_comes_back_from_its_row(names):
    ids = IdMap(names)
    assert list(ids) == names
    assert ids.rows(names).tolist() == list(range(len(names)))
    assert ids.take(np.arange(len(names))) == names
    assert all(ids[row] == name and name in ids for row, name in enumerate(names))


@quick
@given(st.lists(external_id, unique=True), st.lists(st.text(max_size=8)))
def test_what_was_never_put_in_is_not_found(names, asked):
    ids = IdMap(names)
    expected = [names.index(name) if name in names else -1 for name in asked]
    assert ids.rows(asked).tolist() == expected


@pytest.mark.parametrize("asked", ["", "kettle\0", "\0", "kettl", "kettles", "Kettle", "\ud800", 7, None])
def test_near_misses_and_odd_questions_are_not_in_the_map(asked):
    assert asked not in IdMap(["kettle", "cup"])


def test_rows_repeat_where_the_question_repeats():
    assert IdMap(["b", "a"]).rows(["a", "a", "x", "b"]).tolist() == [1, 1, -1, 0]


def test_an_empty_map_knows_nothing():
    ids = IdMap([])
    assert len(ids) == 0
    assert ids.row("a") == -1
    assert ids.rows([]).tolist() == []


def test_slices_give_lists():
    assert IdMap(["c", "b", "a"])[1:] == ["b", "a"]


@pytest.mark.parametrize(
    ("names", "told"),
    [(["a", "b", "a"], "'a'"), (["a", ""], "''"), (["a\0"], "NUL"), (["\ud800"], "UTF-8")],
)
def test_ids_that_cannot_stand_for_one_row_are_refused(names, told):
    with pytest.raises(DataError, match=told):
        IdMap(names)


@quick
@given(st.lists(external_id, unique=True, min_size=1))
def test_a_map_survives_as_arrays(names):
    ids = IdMap.from_arrays(IdMap(names).to_arrays())
    assert list(ids) == names
    assert ids.rows(names).tolist() == list(range(len(names)))
