"""The catalogue: everything but the id may be missing, and what is missing matches nothing."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.data.catalogue import TEXT_FIELDS, ItemCatalogue, is_below, text_codes, union_of_items
from recommender.data.idmap import IdMap
from recommender.errors import DataError


def catalogue(**columns: object) -> ItemCatalogue:
    return ItemCatalogue.from_frame(pd.DataFrame(columns))


def test_an_id_is_enough():
    items = catalogue(item_id=["cup", "pan"])
    assert list(items.items) == ["cup", "pan"]
    assert all((items.fields[name] == "").all() for name in TEXT_FIELDS)
    assert np.isnan(items.prices).all()
    assert items.texts() == ["", ""]


def test_text_is_trimmed_and_gaps_are_empty():
    items = catalogue(item_id=["cup", "pan"], title=["  a cup ", None], brand=[np.nan, "b"])
    assert items.fields["title"].tolist() == ["a cup", ""]
    assert items.texts() == ["a cup", "b"]


@pytest.mark.parametrize("name", ["category", "brand", "colours", "family"])
def test_what_items_share_is_one_line_whatever_space_stands_inside(name):
    """A name with a line break, and the same name with a space, would else be two."""
    given = ["a\nb", "a\r\n\t b", "a\u2028b\x85", "a b", " a b ", "ab", None]
    items = catalogue(item_id=list("1234567"), **{name: given})
    assert items.fields[name].tolist() == ["a b"] * 5 + ["ab", ""]
    what = "written as A > B" if name == "category" else "white space made single spaces"
    assert items.report.repairs == {f"{name}: {what}": 3}


def test_a_category_is_a_path_however_its_levels_are_divided():
    given = ["A>B", "A > B", " A  >\nB ", "A > > B", "A > B >", "> A", ">", "A B>C  D", ""]
    items = catalogue(item_id=list("123456789"), category=given)
    assert items.fields["category"].tolist() == ["A > B"] * 5 + ["A", "", "A B > C D", ""]
    assert items.report.repairs == {"category: written as A > B": 7}


def test_a_path_is_below_what_stands_before_it():
    assert is_below("Home > Lamps", "Home")
    assert is_below("Home > Lamps", "Home > Lamps")
    assert not is_below("Home > Lamps", "Hom")
    assert not is_below("Home", "Home > Lamps")


@pytest.mark.parametrize("name", ["category", "brand", "colours", "family"])
def test_a_label_may_have_2000_characters(name):
    fitting = "a" * 2000
    assert catalogue(item_id=["cup"], **{name: [f"  {fitting}\n"]}).fields[name].tolist() == [fitting]
    with pytest.raises(DataError, match=f"column '{name}': more than 2,000 characters in 1 row.*first row 1: 'a+…$"):
        catalogue(item_id=["cup", "pan"], **{name: ["b", fitting + "a"]})
    assert catalogue(item_id=["cup"], description=["a" * 5000]).texts() == ["a" * 5000]


def test_a_single_long_label_does_not_cost_its_length_for_every_item():
    """An array of texts of one width would: 80 MB here."""
    labels = ["a" * 2000, *(f"label {number % 7}" for number in range(10_000)), "", "a\0", "a"]
    tracemalloc.start()
    codes = text_codes(labels)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5_000_000
    assert len(set(codes.tolist())) == 11
    assert codes[-3] == -1


def test_labels_are_numbered_in_the_order_of_the_alphabet_and_no_label_is_minus_one():
    assert text_codes(["pan", "", "cup", "pan"]).tolist() == [2, -1, 1, 2]
    assert text_codes(["pan", "cup"]).tolist() == [1, 0]
    assert text_codes([]).tolist() == []


def test_what_is_read_as_a_whole_keeps_its_lines():
    assert catalogue(item_id=["1"], description=["a\n\nb"]).fields["description"].tolist() == ["a\n\nb"]


@pytest.mark.parametrize(
    ("column", "kept"),
    [
        (pd.Categorical(["a", None]), ["a", ""]),
        (pd.Categorical([3, None]), ["3", ""]),
        (pd.array([1, None], dtype="Int64"), ["1", ""]),
        (pd.array([True, None], dtype="boolean"), ["True", ""]),
        (pd.array([1.5, np.nan], dtype="float64"), ["1.5", ""]),
        (pd.arrays.SparseArray([1.5, np.nan]), ["1.5", ""]),
        (pd.arrays.SparseArray([0, 3]), ["0", "3"]),
        (pd.to_datetime(["2020-01-02", None]), ["2020-01-02 00:00:00", ""]),
        (pd.to_timedelta([5, None], unit="s"), ["0 days 00:00:05", ""]),
        (pd.array(["a", None], dtype="string"), ["a", ""]),
    ],
    ids=lambda column: str(getattr(column, "dtype", "")),
)
@pytest.mark.filterwarnings("error")
def test_a_gap_is_empty_in_a_column_of_any_type(column, kept):
    items = catalogue(item_id=["cup", "pan"], title=column)
    assert items.fields["title"].tolist() == kept
    assert [type(text) for text in items.fields["title"]] == [str, str]


def test_a_number_too_long_to_be_written_out_is_refused_by_its_row():
    """Python itself would refuse with a word about a limit of its own."""
    numbers = pd.Series([7, 10**4999], dtype=object)
    with pytest.raises(DataError, match=r"column 'title': a number has more than 4,000 digits.*first row 1"):
        catalogue(item_id=["cup", "pan"], title=numbers)


def test_of_a_repeated_id_the_last_row_counts_and_the_others_are_counted():
    items = catalogue(item_id=["cup", "pan", "cup"], title=["old", "pan", "new"], price=[1, 2, 3])
    assert list(items.items) == ["pan", "cup"]
    assert items.fields["title"].tolist() == ["pan", "new"]
    assert items.prices.tolist() == [2, 3]
    assert items.report.repairs == {"item_id: earlier rows of a repeated id": 1}
    assert (items.report.n_rows, items.report.n_kept) == (3, 2)


def test_a_price_of_zero_is_not_known_and_counted():
    items = catalogue(item_id=["cup", "pan", "pot"], price=["0", "", "2.5"])
    assert np.isnan(items.prices[:2]).all()
    assert items.prices[2] == 2.5
    assert items.report.repairs == {"price: zero taken as not known": 1}


def test_a_price_too_small_for_its_32_bits_is_zero():
    items = catalogue(item_id=["cup"], price=[1e-300])
    assert np.isnan(items.prices).all()
    assert items.report.repairs == {"price: zero taken as not known": 1}


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"title": ["a"]}, "'item_id' is missing"),
        ({"item_id": [None]}, "'item_id'.*missing.*row 0"),
        ({"item_id": ["a", 2.5]}, "'item_id'.*fraction.*row 1"),
        ({"item_id": ["a"], "price": [-1]}, "'price'.*not negative.*row 0: -1"),
        ({"item_id": ["a"], "price": [np.inf]}, "'price'.*finite.*row 0: inf"),
        ({"item_id": ["a"], "price": [1e300]}, "'price'.*32 bits.*row 0: 1e\\+300"),
        ({"item_id": ["a"], "price": pd.Series(["\ud800"], dtype=object)}, "'price'.*not a number.*row 0: '.ud800'"),
        ({"item_id": ["a"], "price": [True]}, "'price'.*not a number.*row 0: True"),
        ({"item_id": ["a", "b"], "price": ["1", "cheap"]}, "'price'.*not a number.*row 1: 'cheap'"),
        ({"item_id": ["a"], "price": pd.Series([np.array([1, 2])], dtype=object)}, "'price'.*not a number.*array"),
        ({"item_id": ["a"], "price": pd.to_datetime(["2020-01-01"])}, "'price'.*not a number.*row 0"),
        ({"item_id": ["a", "b"], "title": ["Cup", b"Pan"]}, "'title'.*bytes instead of text.*row 1: b'Pan'"),
        ({"item_id": ["a", "b"], "category": ["A", ["A", "B"]]}, "'category'.*a list.*'A > B'.*row 1: \\['A', 'B'\\]"),
        ({"item_id": ["a"], "colours": [("red", "blue")]}, "'colours'.*a list.*'black.white'.*row 0: \\('red'"),
        ({"item_id": ["a"], "brand": [np.array(["Acme"])]}, "'brand'.*a list.*row 0: array"),
        ({"item_id": ["a"], "family": [{"id": 1}]}, "'family'.*a list.*row 0: {'id': 1}"),
        ({"item_id": ["a", "b"], "brand": pd.Series(["c", "\ud800"], dtype=object)}, "'brand'.*surrogate.*row 1"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_column_and_first_rows(columns, told):
    with pytest.raises(DataError, match=told):
        catalogue(**columns)


cell = st.sampled_from(["a", "b > c", "", None, np.nan, 3, 2.5, True, np.inf, -1, "0", "x|y", ("t",), b"x"])


@settings(max_examples=80)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(("item_id", "price", *TEXT_FIELDS), cell)), max_size=4))
def test_any_catalogue_is_either_taken_or_refused_in_words(rows):
    frame = pd.DataFrame(rows, columns=["item_id", "price", *TEXT_FIELDS], dtype=object)
    try:
        items = ItemCatalogue.from_frame(frame)
    except DataError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert len(items) == frame["item_id"].astype(str).nunique() == items.report.n_kept
    assert not refusal or ("column" in refusal and "row" in refusal)


# What a live model is told of new products


told = st.one_of(
    st.sampled_from(
        ["a", "b > c", "", " ", None, np.nan, pd.NA, 3, 2.5, True, np.inf, -1, 0, "x|y", "\ud800", 10**400]
    ),
    st.sampled_from([Decimal("NaN"), Decimal("2.5"), b"x"]),
    st.sampled_from([np.datetime64("NaT"), np.timedelta64("NaT"), np.timedelta64(3, "s"), np.timedelta64(3, "D")]),
)


@settings(max_examples=150)
@given(
    st.lists(
        st.fixed_dictionaries({"item_id": told}, optional=dict.fromkeys(("price", *TEXT_FIELDS), told)), max_size=4
    )
)
def test_items_told_one_by_one_are_kept_or_refused_as_those_of_a_table_are(rows):
    columns = ["item_id", *sorted({name for row in rows for name in row} - {"item_id"})]
    table = pd.DataFrame([[row.get(name) for name in columns] for row in rows], columns=columns, dtype=object)
    try:
        expected = ItemCatalogue.from_frame(table)
    except DataError:
        with pytest.raises(DataError):
            ItemCatalogue.of(rows)
        return
    found = ItemCatalogue.of(rows)
    assert list(found.items) == list(expected.items)
    assert {name: texts.tolist() for name, texts in found.fields.items()} == {
        name: texts.tolist() for name, texts in expected.fields.items()
    }
    np.testing.assert_array_equal(found.prices, expected.prices)
    assert (found.report.n_rows, found.report.n_kept) == (expected.report.n_rows, expected.report.n_kept)


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ({"item_id": "cup"}, "a list of mappings with an item_id each, not {'item_id': 'cup'}"),
        ("cup", "a list of mappings with an item_id each, not 'cup'"),
        (3, "a list of mappings with an item_id each, not 3"),
        (["cup"], "items must hold mappings with an item_id, not 'cup'"),
        ([{"title": "cup"}], "items must hold mappings with an item_id, not {'title': 'cup'}"),
        ([{"item_id": 2.5}], "the item_id must be text or a whole number, not 2.5"),
        ([{"item_id": "a\0b"}], "is empty or has a NUL character"),
        ([{"item_id": "cup", "price": "2.5"}], "column 'price': not a number in 1 row(s), first row 0: '2.5'"),
        ([{"item_id": "cup", "price": np.array([1, 2])}], "column 'price': not a number"),
    ],
)
def test_what_is_told_in_another_form_is_named(items, named):
    with pytest.raises(DataError) as refused:
        ItemCatalogue.of(items)
    assert named in str(refused.value)


def test_a_table_is_taken_where_items_may_be_told_too():
    assert list(ItemCatalogue.of(pd.DataFrame({"item_id": ["cup"]})).items) == ["cup"]


def test_an_aligned_catalogue_knows_nothing_of_items_it_did_not_describe():
    items = catalogue(item_id=["cup", "pan"], title=["a cup", "a pan"], price=[1, 2])
    other = items.aligned(IdMap(["pan", "ghost", "cup"]))
    assert other.fields["title"].tolist() == ["a pan", "", "a cup"]
    assert other.prices[[0, 2]].tolist() == [2, 1]
    assert np.isnan(other.prices[1])


def test_an_empty_catalogue_aligns_to_nothing_known():
    other = ItemCatalogue.bare([]).aligned(IdMap(["cup"]))
    assert other.fields["title"].tolist() == [""]
    assert np.isnan(other.prices).all()


def test_rows_do_not_depend_on_the_order_of_the_input():
    described = catalogue(item_id=["b", "d"])
    assert list(union_of_items(IdMap(["c", "b"]), described)) == ["b", "c", "d"]
    assert list(union_of_items(IdMap(["b", "c"]), None)) == ["b", "c"]


def test_no_item_at_all_is_refused():
    with pytest.raises(DataError, match="neither an event nor a catalogue row"):
        union_of_items(IdMap([]), ItemCatalogue.bare([]))
