"""Files of every format come back exactly as they were; damaged ones are one clear error or a listed row."""

from __future__ import annotations

import bz2
import gzip
import importlib
import json
import lzma
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import DataError
from recommender.readers import iter_interactions, parsing, read_catalogue, read_interactions
from recommender.readers.sheet import UNTIMED_START
from tests.recommender.worlds import START

quick = settings(max_examples=30)


@pytest.fixture
def write(tmp_path):
    """Write a file and give its path; ``.gz`` names are gzipped, lists become JSON lines."""

    def write_file(name, content, encoding="utf-8"):
        path = tmp_path / name
        if isinstance(content, list):
            content = "".join(json.dumps(record) + "\n" for record in content)
        data = content if isinstance(content, bytes) else content.encode(encoding)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write_file


def series(*values):
    return pd.Series(list(values), dtype=str)


EVENTS = pd.DataFrame(
    {
        "user_id": ["007", "NA", "nan", "u,4"],
        "item_id": ["1e5", "None", "a\nb", "é"],
        "kind": "view",
        "timestamp": [1, 2, 3, 4],
    }
)


def save(frame, path):
    if path.name.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="Parquet needs the package pyarrow")
        frame.to_parquet(path)
    elif ".json" in path.name:
        frame.to_json(path, orient="records", lines=".jsonl" in path.name)
    else:
        frame.to_csv(path, index=False, sep="\t" if ".tsv" in path.name else ",")


@pytest.mark.parametrize(
    "name", ["e.csv", "e.csv.gz", "e.tsv", "e.tsv.gz", "e.jsonl", "e.jsonl.gz", "e.json", "e.parquet"]
)
def test_ids_come_back_exactly_as_they_were_in_every_format(tmp_path, name):
    save(EVENTS, tmp_path / name)
    frame = read_interactions(tmp_path / name).frame
    assert frame["user_id"].tolist() == EVENTS["user_id"].tolist()
    assert frame["item_id"].tolist() == EVENTS["item_id"].tolist()
    assert frame["timestamp"].tolist() == [1, 2, 3, 4]
    assert frame.index.tolist() == [1, 2, 3, 4]


def test_numeric_ids_of_typed_files_become_their_digits(tmp_path):
    pd.DataFrame({"user_id": [1, 2], "item_id": [3.0, np.nan], "timestamp": [5, 6]}).to_parquet(tmp_path / "e.parquet")
    result = read_interactions(tmp_path / "e.parquet")
    assert result.frame[["user_id", "item_id"]].to_numpy().tolist() == [["1", "3"]]
    assert result.reasons == {"the item is missing": 1}


def test_a_byte_order_mark_is_not_part_of_the_first_name(write):
    assert len(read_interactions(write("e.csv", "\ufeffuser_id,item_id,timestamp\nu,i,1\n")).frame) == 1


@pytest.mark.parametrize("before", [0, 3])
def test_rows_with_too_many_fields_are_rejected_and_the_rest_is_read(write, before):
    good = "u,i,1\n"
    path = write("e.csv", "user_id,item_id,timestamp\n" + good * before + "u,i,2,surplus\n" + good * 2)
    result = read_interactions(path)
    assert len(result.frame) == before + 2
    assert result.rejects[["row", "reason"]].to_numpy().tolist() == [
        [before + 1, "4 fields where the file has 3 columns"]
    ]


def test_a_quotation_mark_that_never_closes_costs_what_follows_and_is_said(write):
    result = read_interactions(write("e.csv", 'user_id,item_id,timestamp\nu,i,1\nu,"j,2\nu,k,3\n'))
    assert len(result.frame) == 1
    assert "never closed" in result.rejects["reason"][0]


def test_lines_that_are_no_json_objects_are_rejected(write):
    good = json.dumps({"user_id": "u", "item_id": "i", "timestamp": 5})
    result = read_interactions(write("e.jsonl", f"{good}\n{{broken\n[1]\n\n{good}\n"))
    assert len(result.frame) == 2
    assert result.rejects["row"].tolist() == [2, 3]
    assert result.rejects["value"].tolist() == ["{broken", "[1]"]


def test_half_a_surrogate_pair_costs_its_row(write):
    """No file of text, and so no model, can hold it."""
    good = json.dumps({"user_id": "u", "item_id": "\U0001f600", "title": "\U0001f600"})
    half = ['{"user_id": "\\ud800", "item_id": "i"}', '{"user_id": "u", "item_id": "i", "title": ["\\udc00"]}']
    result = read_interactions(write("e.jsonl", "\n".join([good, *half, good])))
    assert result.frame["item_id"].tolist() == ["\U0001f600"] * 2
    assert result.rejects["row"].tolist() == [2, 3]
    assert result.reasons == {"half a surrogate pair, which no text file can hold": 2}
    assert result.rejects["value"].tolist() == half
    array = read_interactions(write("e.json", f'[{good}, {half[0]}, "\\ud800", 1]'))
    assert array.rejects["row"].tolist() == [2, 3, 4]


@pytest.mark.parametrize("depth", [200, 100_000])
def test_a_line_that_is_nested_too_deeply_is_rejected(write, depth):
    deep = '{"user_id": "v", "item_id": "i", "title": ' + "[" * depth + "]" * depth + "}"
    result = read_interactions(write("e.jsonl", f'{{"user_id": "u", "item_id": "[[[[i"}}\n{deep}\n'))
    assert result.frame["user_id"].tolist() == ["u"]
    assert result.reasons == {"nested too deeply": 1}


def test_members_of_a_long_array_are_judged_one_by_one(write):
    good, deep = '{"user_id": "u", "item_id": "i"}', '{"user_id": "v", "item_id": ' + "[" * 200 + "]" * 200 + "}"
    result = read_interactions(write("e.json", f"[{', '.join([good] * 120)}, 1, null, {deep}]"))
    assert len(result.frame) == 120
    assert result.rejects["reason"].tolist() == ["not a JSON object"] * 2 + ["nested too deeply"]


def test_listed_levels_are_a_path_and_listed_colours_stand_with_bars(write):
    """Joined by blanks, the levels would be one level of their own, below which no other product lies."""
    rows = [
        {"item_id": "a", "title": "Lamp", "category": ["Home", "Lamps &amp; shades"], "colours": ["black", " white "]},
        {"item_id": "b", "title": "Pot", "category": "Home > Pots", "colours": "red|blue"},
        {"item_id": "c", "title": "Cup", "category": ["Home", "", None], "colours": []},
        {"item_id": "d", "title": "Jug", "category": [["Home", "Jugs"], ["Gifts"]], "colours": ["green"]},
        {"item_id": "e", "title": "Mat"},
    ]
    items = read_catalogue(write("items.jsonl", rows)).frame
    assert items["category"].tolist() == ["Home > Lamps & shades", "Home > Pots", "Home", "Home > Jugs", ""]
    assert items["colours"].tolist() == ["black|white", "red|blue", "", "green", ""]
    by_map = read_catalogue(write("mapped.jsonl", rows), "item_id=item_id,category=category,colours=colours").frame
    assert by_map["category"].tolist() == items["category"].tolist()


def test_lists_in_parquet_are_read_as_in_json_lines(tmp_path):
    pytest.importorskip("pyarrow", reason="Parquet needs the package pyarrow")
    path = tmp_path / "items.parquet"
    lists = {"category": [["Home", "Lamps"], None], "colours": [["black", "white"], []]}
    pd.DataFrame({"item_id": ["a", "b"], "title": ["Lamp", "Pot"], **lists}).to_parquet(path)
    items = read_catalogue(path).frame
    assert items["category"].tolist() == ["Home > Lamps", ""]
    assert items["colours"].tolist() == ["black|white", ""]


@pytest.mark.parametrize("what", [["a"], [], {"id": "a"}, True])
def test_a_list_an_object_or_a_truth_value_is_no_id(write, what):
    rows = [{"user_id": "u", "item_id": "i"}, {"user_id": what, "item_id": "i"}, {"user_id": "u", "item_id": what}]
    for mapping in (None, "user_id=user_id,item_id=item_id"):
        result = read_interactions(write("e.jsonl", rows), mapping)
        assert result.frame["user_id"].tolist() == ["u"]
        assert result.rejects[["row", "column"]].to_numpy().tolist() == [[2, "user_id"], [3, "item_id"]]
        assert result.reasons == {"an id that is neither text nor a number": 2}


def test_a_column_that_stands_twice_in_a_file_is_named(write, tmp_path):
    with pytest.raises(DataError, match=r"e\.csv: column 'item_id' stands in the file twice"):
        read_interactions(write("e.csv", "user_id,item_id,item_id\nu,i,j\n"))
    pa = pytest.importorskip("pyarrow", reason="Parquet needs the package pyarrow")
    table = pa.table([["u"], ["i"], ["j"]], names=["user_id", "item_id", "item_id"])
    importlib.import_module("pyarrow.parquet").write_table(table, tmp_path / "e.parquet")
    with pytest.raises(DataError, match=r"e\.parquet: column 'item_id' stands in the file twice"):
        read_interactions(tmp_path / "e.parquet")


@pytest.fixture
def parquet(tmp_path):
    """Write columns as Parquet, an event log but for those given, and give the path."""
    pa = pytest.importorskip("pyarrow", reason="Parquet needs the package pyarrow")

    def write_file(**columns):
        log = {"user_id": ["u", "v", "w"], "item_id": ["i", "j", "k"], "timestamp": [1, 2, 3], **columns}
        importlib.import_module("pyarrow.parquet").write_table(pa.table(log), tmp_path / "e.parquet")
        return tmp_path / "e.parquet"

    return write_file


def test_long_numbers_beside_a_gap_keep_all_their_digits(parquet):
    """As floats two people of 16 digits would be one."""
    result = read_interactions(parquet(user_id=[2**53 + 1, None, 2**53], order_id=[None, 2**53, 2**53 + 1]))
    assert result.frame["user_id"].tolist() == ["9007199254740993", "9007199254740992"]
    assert result.frame["order_id"].tolist() == ["", "9007199254740993"]
    assert result.reasons == {"the user is missing": 1}


@pytest.mark.parametrize("kind", ["binary", "large_binary", "binary_view"])
def test_bytes_that_are_text_are_read_as_such(parquet, kind):
    pa = pytest.importorskip("pyarrow", reason="Parquet needs the package pyarrow")
    words = [None if word is None else word.encode() for word in ("é", None, "<b>3</b>")]
    path = parquet(title=pa.array(words, type=getattr(pa, kind)()), text=[b"\xff", b"a", b"b"], user_id=[b"u"] * 3)
    frame = read_interactions(path, "user_id=user_id,item_id=item_id,title=title,timestamp=timestamp").frame
    assert (frame["user_id"].tolist(), frame["title"].tolist()) == (["u"] * 3, ["é", "", "3"])


@pytest.mark.parametrize("index", [["user_id"], ["item_id", "user_id"], None])
def test_what_pandas_kept_as_an_index_is_a_column_of_the_file(tmp_path, index):
    """It stands in the file beside the columns, and all rows were without a user."""
    log = pd.DataFrame({"user_id": ["u", "v"], "item_id": ["a", "b"], "timestamp": [START, START + 1]}, index=[7, 5])
    (log if index is None else log.set_index(index)).to_parquet(tmp_path / "e.parquet")
    result = read_interactions(tmp_path / "e.parquet")
    assert result.reasons == {}
    assert result.frame["user_id"].tolist() == ["u", "v"]
    assert result.frame["item_id"].tolist() == ["a", "b"]
    assert result.frame.index.tolist() == [1, 2]


def test_a_pipe_is_refused_in_words():
    """A file is looked at first and then read."""
    reading, writing = os.pipe()
    os.write(writing, b"user_id,item_id\nu,a\n")
    os.close(writing)
    try:
        with pytest.raises(
            DataError, match=rf"/dev/fd/{reading}: a pipe can be read only once; save it as a file first"
        ):
            read_interactions(Path(f"/dev/fd/{reading}"))
    finally:
        os.close(reading)


def test_a_date_past_the_year_9999_costs_its_row_alone(parquet):
    pa = pytest.importorskip("pyarrow", reason="Parquet needs the package pyarrow")
    days = pa.array([1, 2**30, 2], type=pa.int32()).cast(pa.date32())
    result = read_interactions(parquet(timestamp=days))
    assert result.frame["timestamp"].tolist() == [86_400, 172_800]
    assert result.rejects[["row", "column"]].to_numpy().tolist() == [[2, "timestamp"]]


def test_a_parquet_file_damaged_inside_is_one_clear_error(parquet):
    path = parquet(user_id=["a user"] * 3)
    whole = path.read_bytes()
    path.write_bytes(whole[:8] + b"\xff" * 40 + whole[48:])
    with pytest.raises(DataError, match=r"e\.parquet: not a readable Parquet file"):
        read_interactions(path)


def test_columns_without_a_name_may_be_several(write):
    """Spreadsheets leave them at the end of each line."""
    assert len(read_interactions(write("e.csv", "user_id,item_id,,\nu,i,,\nu,j,,\n")).frame) == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.csv", "", "empty"),
        ("e.csv", "user_id,item_id\ru,i\ru,j\r", r"e\.csv: cannot be taken apart into fields"),
        ("e.csv", "user_id,item_id," + "z" * 140_000 + "\nu,i,\n", r"e\.csv: cannot be taken apart into fields"),
        ("e.zip", b"PK\x03\x04\x14\x00\r\x00user_id,item_id\x00\r\n", r"e\.zip: a zip archive"),
        (
            "e.csv.bz2",
            bz2.compress(b"user_id,item_id\nu,a\n"),
            r"bz2: packed with bzip2; unpack it, or pack it with gzip",
        ),
        ("e.csv.xz", lzma.compress(b"user_id,item_id\nu,a\n"), r"xz: packed with xz; unpack it, or pack it with gzip"),
        (
            "e.csv.zst",
            b"\x28\xb5\x2f\xfd\x04\x58\x71\x00",
            r"zst: packed with Zstandard; unpack it, or pack it with gzip",
        ),
        ("e.json", '[{"user_id": ' + "[" * 100_000, "nested too deeply"),
        ("e.csv", "user_id,item_id,timestamp\n", "holds no rows"),
        ("e.csv", b"user_id,item_id,timestamp\n\xff\xfe,i,1\n", "not UTF-8 text; save it as UTF-8"),
        (
            "e.csv",
            "user_id,item_id\nu,i\n".encode("utf-16"),
            r"e\.csv: UTF-16, not UTF-8 text; save it as UTF-8",
        ),
        ("e.json", "[1, 2", "JSON array"),
        ("e.parquet", b"PAR1 and no more", "not a readable Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_error(write, name, content, message):
    with pytest.raises(DataError, match=message):
        read_interactions(write(name, content))


@pytest.mark.parametrize("encoding", ["latin1-ish", "base64", "undefined", "\0"])
def test_an_encoding_that_does_not_exist_is_named(write, encoding):
    for path in (write("e.csv", "user_id,item_id\nu,i\n"), write("e.jsonl", [{"user_id": "u", "item_id": "i"}])):
        with pytest.raises(DataError, match="is no encoding of text"):
            read_interactions(path, encoding=encoding)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_json_lines_are_read_in_the_encoding_that_is_told(write, encoding):
    path = write("e.jsonl", '{"user_id": "José", "item_id": "i"}\n' * 2, encoding)
    assert read_interactions(path, encoding=encoding).frame["user_id"].tolist() == ["José"] * 2


def test_a_file_that_is_not_there_or_cut_off(write, tmp_path):
    with pytest.raises(DataError, match="cannot be opened"):
        read_interactions(tmp_path / "none.csv")
    path = write("e.csv.gz", "user_id,item_id,timestamp\n" + "u,i,1\n" * 500)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match="cut off or damaged"):
        read_interactions(path)


def test_large_files_come_in_parts_with_progress(write):
    lines = "".join(f"u{n},i{n % 7},{n}\n" if n % 10 else f"u{n},,{n}\n" for n in range(1, 96))
    path = write("e.csv.gz", "user_id,item_id,timestamp\n" + lines)
    seen = []
    parts = list(iter_interactions(path, chunk_rows=20, progress=lambda stage, done: seen.append((stage, done))))
    assert [part.n_rows for part in parts] == [20, 20, 20, 20, 15]
    whole = read_interactions(path)
    pd.testing.assert_frame_equal(pd.concat([part.frame for part in parts]), whole.frame)
    pd.testing.assert_frame_equal(pd.concat([part.rejects for part in parts], ignore_index=True), whole.rejects)
    assert whole.rejects["row"].tolist() == list(range(10, 91, 10))
    assert seen[-1] == ("reading", 1.0)
    assert [done for _, done in seen] == sorted(done for _, done in seen)


@pytest.mark.parametrize(("kind", "rows"), [("csv", 3), ("jsonl", 2), ("parquet", 4)])
def test_row_order_times_go_on_from_part_to_part(tmp_path, kind, rows):
    save(EVENTS.drop(columns="timestamp"), tmp_path / f"e.{kind}")
    times = [t for part in iter_interactions(tmp_path / f"e.{kind}", chunk_rows=rows) for t in part.frame["timestamp"]]
    assert times == [UNTIMED_START + n for n in (1, 2, 3, 4)]


ids = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8).filter(str.strip)


@quick
@given(rows=st.lists(st.tuples(ids, ids), min_size=1, max_size=8))
def test_no_id_is_ever_changed_or_lost(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("ids") / "e.csv"
    pd.DataFrame(rows, columns=["user_id", "item_id"]).assign(timestamp=1).to_csv(path, index=False)
    frame = read_interactions(path).frame
    assert list(zip(frame["user_id"], frame["item_id"], strict=True)) == rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$1,250.00", 1250.0),
        ("1.299,00 €", 1299.0),
        ("Rs. 499", 499.0),
        ("£5", 5.0),
        (".99", 0.99),
        ("12,50", 12.5),
        ("1,299", 1299.0),
        ("1.299.000", 1299000.0),
        ("1 299,00", 1299.0),
        ("CHF 1'299.50", 1299.5),
        ("1’299’000.00", 1299000.0),
        ("1.299,- €", 1299.0),
        ("1'299.–", 1299.0),
        ("19,–", 19.0),
        ("$5.00 - $10.00", 5.0),
        ("0.00", 0.0),
        ("-5", np.nan),
        ("1e300", np.nan),
        ("1e9999", np.nan),
        ("", np.nan),
        ("call for price", np.nan),
        ("#price{margin:10px}", np.nan),
    ],
)
def test_prices_as_people_write_them(text, expected):
    assert parsing.prices(series(text))[0] == pytest.approx(expected, nan_ok=True)


def test_a_column_that_writes_cents_behind_a_comma_writes_thousands_with_a_point():
    """A pan at 1.299 euros of a German file was sold at 1.30."""
    written = ["12,50", "1.299", "1.299 €", "1.299,00 €", "8", "", "12.5"]
    assert parsing.prices(series(*written)).tolist()[:5] == [12.5, 1299.0, 1299.0, 1299.0, 8.0]
    assert parsing.prices(series(*written))[6] == 12.5


def test_without_such_a_comma_a_point_is_that_of_a_fraction():
    assert parsing.prices(series("1.299", "12.50")).tolist() == [1.299, 12.5]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2 Kg", 2000.0), ("350 g", 350.0), ("350", 350.0), ("1.5 pounds", 680.388555), ("8 oz", 226.796185),
     ("999999999", np.nan), ("heavy", np.nan), ("1.2.3 kg", np.nan)],
)  # fmt: skip
def test_weights_in_grams(text, expected):
    assert parsing.grams(series(text))[0] == pytest.approx(expected, nan_ok=True)


def test_times_in_seconds_milliseconds_microseconds_and_iso():
    texts = series("1500000000", "1500000000123", "1500000000123456", "2017-07-14T02:40:00Z", "2017-07-14", "x", "")
    found = parsing.seconds(texts)
    midnight = pd.Timestamp("2017-07-14", tz="UTC").timestamp()
    assert found[:5].tolist() == [1_500_000_000] * 4 + [midnight]
    assert np.isnan(found[5:]).all()


def test_words_for_the_present_are_no_times():
    assert np.isnan(parsing.seconds(series("now", "today", "NOW", " now "))).all()


def test_plain_text_loses_markup_but_no_hearts():
    texts = series("A &amp;amp; B", "<b>bold</b>  move", "I <3 it", "clean")
    assert parsing.plain_text(texts).tolist() == ["A & B", "bold move", "I <3 it", "clean"]
