"""The real data sets: found where they are, skipped with a reason where they are not."""

from __future__ import annotations

from functools import cache
from itertools import islice

import pandas as pd
import pytest

from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.evaluation.splits import check_leakage, split_by_time, split_last_one
from recommender.metrics import judge, mean, ndcg
from recommender.readers import datasets
from recommender.readers.datasets import (
    DATA_SETS,
    data_root,
    data_set,
    load_catalogue,
    load_interactions,
    load_judged_catalogue,
    why_missing,
)

# Rows kept and rows rejected, as the README of each set counts them.
EVENTS = {
    "musical-instruments": (10_261, 0),
    "gift-cards": (2_972, 0),
    "amazon-2023": (18_720, 0),
    "movielens-100k": (100_000, 0),
    "online-retail": (396_337, 145_572),
    "datafiniti": (29_890, 110),
    "retailrocket": (92_487, 0),
}
ITEMS = {
    "musical-instruments": 900,
    "gift-cards": 1_547,
    "amazon-2023": 1_607,
    "movielens-100k": 1_682,
    "online-retail": 3_894,
    "datafiniti": 271,
    "retailrocket": 8_885,
    "myntra": 2_687,
}


def need(name):
    reason = why_missing(name)
    if reason:
        pytest.skip(reason)


@cache
def events_of(name):
    return load_interactions(name)


def reviews(path):
    path.parent.mkdir(parents=True)
    rows = [
        ("u1", "A", 5, 100, "Warm tone", "these strings sound warm and bright"),
        ("u2", "A", 4, 200, "Strings that last", "good strings, they stay in tune"),
        ("u1", "B", 3, 300, "Sturdy stand", "the stand folds and holds a guitar"),
        ("u3", "B", 5, 900, "Late praise", "a stand for the ages"),
    ]
    columns = ["user_id", "item_id", "rating", "timestamp", "summary", "review_text"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False, compression="gzip")


def test_the_folder_is_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_DATA", str(tmp_path))
    assert data_root() == tmp_path


def test_a_wrong_name_in_the_environment_is_said_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="not a folder"):
        data_root()


def test_without_a_folder_there_is_none_and_every_set_says_why(tmp_path, monkeypatch):
    monkeypatch.delenv("KINDRED_DATA", raising=False)
    monkeypatch.setattr(datasets, "DEFAULT_ROOT", tmp_path / "nowhere")
    assert data_root() is None
    assert "u.data.gz" in why_missing("movielens-100k")
    with pytest.raises(DataError, match="set KINDRED_DATA"):
        load_interactions("movielens-100k")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(DataError, match="known are musical-instruments, gift-cards"):
        data_set("movielens")


def test_a_set_without_shoppers_says_so():
    with pytest.raises(DataError, match="myntra has no interactions"):
        load_interactions("myntra")


def test_item_texts_are_joined_from_the_review_summaries(tmp_path):
    reviews(tmp_path / DATA_SETS["musical-instruments"].files[0])
    items = load_catalogue("musical-instruments", tmp_path).frame.set_index("item_id")
    assert items["description"].to_dict() == {"A": "Warm tone. Strings that last", "B": "Sturdy stand. Late praise"}
    assert items["currency"].unique().tolist() == ["USD"]


def test_held_out_reviews_do_not_reach_the_item_texts(tmp_path):
    reviews(tmp_path / DATA_SETS["musical-instruments"].files[0])
    events = load_interactions("musical-instruments", tmp_path).frame
    train = events[events["item_id"] == "A"]
    items = load_judged_catalogue("musical-instruments", tmp_path, train=train).frame.set_index("item_id")
    assert items["description"].to_dict() == {"A": "Warm tone. Strings that last", "B": ""}


def test_a_catalogue_of_its_own_is_judged_as_it_is():
    need("gift-cards")
    events = load_interactions("gift-cards").frame
    judged = load_judged_catalogue("gift-cards", train=events.head(0)).frame
    pd.testing.assert_frame_equal(judged, load_catalogue("gift-cards").frame)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVENTS)
def test_every_event_file_reads_as_its_readme_counts_it(name):
    need(name)
    result = events_of(name)
    assert (len(result.frame), len(result.rejects)) == EVENTS[name]
    assert result.n_rows == sum(EVENTS[name])
    assert result.frame.notna().all()[["user_id", "item_id", "kind", "timestamp"]].all()
    assert (result.frame["value"].notna().all()) == (name != "retailrocket")


@pytest.mark.slow
@pytest.mark.parametrize("name", ITEMS)
def test_every_catalogue_reads_and_describes_the_items_of_the_events(name):
    need(name)
    items = load_catalogue(name).frame
    assert len(items) == ITEMS[name]
    assert items["item_id"].is_unique
    assert (items["title"] != "").mean() > 0.99
    if name in EVENTS:
        events = events_of(name).frame
        assert events["item_id"].isin(items["item_id"]).mean() > 0.999


@pytest.mark.slow
@pytest.mark.parametrize("name", EVENTS)
def test_the_library_takes_what_the_readers_give(name):
    need(name)
    events = Interactions.from_frame(events_of(name).frame)
    items = ItemCatalogue.from_frame(load_catalogue(name).frame)
    assert (len(events), len(items)) == (EVENTS[name][0], ITEMS[name])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "n_last", "n_time"), [("musical-instruments", 1_423, 292), ("movielens-100k", 940, 87)]
)
def test_the_protocol_asks_the_users_it_says_it_asks(name, n_last, n_time):
    """The counts were measured with an independent program on the same files."""
    need(name)
    for split, n_users in (
        (split_last_one(events_of(name).frame), n_last),
        (split_by_time(events_of(name).frame), n_time),
    ):
        check_leakage(split)
        assert split.test["user_id"].nunique() == n_users


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "split", "expected"),
    [
        ("musical-instruments", split_last_one, 0.044),
        ("musical-instruments", split_by_time, 0.056),
        ("movielens-100k", split_last_one, 0.045),
        ("movielens-100k", split_by_time, 0.158),
    ],
)
def test_popularity_reaches_its_known_ndcg(name, split, expected):
    need(name)
    parts = split(events_of(name).frame)
    assert mean(popularity_ndcg(parts)) == pytest.approx(expected, abs=0.0006)


def popularity_ndcg(parts):
    """NDCG@10 of the most frequent items, items already seen left out."""
    counts = parts.train["item_id"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    seen = parts.train.groupby("user_id")["item_id"].agg(set)
    row = {item: n for n, item in enumerate(counts.index)}
    wanted = parts.test.groupby("user_id")["item_id"]
    lists = [list(islice((n for i, n in row.items() if i not in seen[user]), 10)) for user in wanted.groups]
    return ndcg(judge(lists, [[row[item] for item in items] for _, items in wanted]))


@pytest.mark.slow
def test_online_retail_says_why_each_row_is_left_out():
    need("online-retail")
    result = events_of("online-retail")
    assert result.reasons == {
        "the customer is not known": 131_388,
        "cancelled": 9_288,
        "not a product: the code does not begin with five digits": 2_411,
        "returned or corrected: the quantity is not above zero": 1_324,
        "the price is not above zero": 1_161,
    }
    assert result.rejects["row"].is_monotonic_increasing
