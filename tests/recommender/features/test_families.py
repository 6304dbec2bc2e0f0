"""The families of a model by their names."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from recommender.features.families import FamilyNames
from tests.recommender.worlds import data_of, purchases


def test_a_name_means_the_family_of_its_items():
    names = FamilyNames.of(["cups", "", "pans", "cups", ""], np.array([0, -1, 2, 0, 4]))
    assert names.numbers_of(["pans", "cups", "lids", "", "Pans"]).tolist() == [2, 0, -1, -1, -1]
    assert names.numbers_of([]).tolist() == []


def test_without_names_no_name_means_anything():
    for names in (FamilyNames.none(), FamilyNames.of(["", ""], np.array([-1, 0]))):
        assert names.numbers_of(["cups", ""]).tolist() == [-1, -1]
        assert len(names.keys) == len(names.numbers) == 0


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=3), max_size=30))
def test_every_name_leads_to_its_number_whatever_is_written_in_it(told):
    numbers = {name: number for number, name in enumerate(dict.fromkeys(told))}
    names = FamilyNames.of(told, np.array([numbers[name] for name in told], dtype=np.int64))
    asked = [*numbers, "five"]
    assert names.numbers_of(asked).tolist() == [numbers.get(name, -1) if name else -1 for name in asked]


def test_the_families_of_a_large_catalogue_keep_their_numbers():
    """More rows than two bytes can count."""
    n = 70_000
    names = FamilyNames.of(["", *[f"f{row}" for row in range(1, n)]], np.arange(n))
    assert names.numbers_of(["f69999", "f1"]).tolist() == [69_999, 1]


def test_two_names_of_what_is_listed_twice_mean_one_family():
    listing = {"title": "a red enamel cup for two", "description": "dishwasher safe, made of steel in a small town"}
    twice = [{"item_id": item, "family": name} | listing for item, name in (("a", "cups"), ("b", "mugs"))]
    items = pd.DataFrame([*twice, {"item_id": "c", "family": "pans"}])
    data = data_of(purchases({"ana": ["a", "b", "c"]}), items)
    cups, mugs, pans = data.family_names.numbers_of(["cups", "mugs", "pans"]).tolist()
    assert cups == mugs != pans
