"""Lists that people were shown: which of them can teach an order, and what the order learns of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.idmap import IdMap
from recommender.data.impressions import Impressions, clean_logged
from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.hybrid import HybridRecommender, load
from recommender.modelcard import model_card
from recommender.ranking.lists import LAST_PLACE, plan_for, training_lists
from recommender.sources import SourceSpec, fit_sources
from tests.recommender.worlds import START, data_of, ids, ring_walks

USERS, ITEMS = IdMap(["ana", "bo"]), IdMap(list("abcd"))


def places(*rows: tuple[str, str, str, int, int], at: int = START, **more: Any) -> pd.DataFrame:
    """Rows of (request, user, item, position, clicked)."""
    frame = pd.DataFrame(rows, columns=["request_id", "user_id", "item_id", "position", "clicked"])
    return frame.assign(**({"propensity": 1.0, "timestamp": at} | more))


def read(frame: pd.DataFrame) -> list[tuple[int, int, str, list[int], list[bool]]]:
    found = Impressions.from_frame(frame, USERS, ITEMS).lists
    return [
        (one.user_row, one.at, "".join(ITEMS.take(one.item_rows)), one.places.tolist(), one.clicked.tolist())
        for one in found
    ]


# Reading


def test_the_places_of_a_request_are_one_list():
    """Wherever they stand in the table; the oldest list comes first."""
    frame = pd.concat(
        [
            places(("r", "bo", "b", 2, 1), at=START + 5),
            places(("s", "ana", "a", 1, 0), ("s", "ana", "c", 3, 1)),
            places(("r", "bo", "d", 7, 0), at=START + 5),
        ]
    )
    assert read(frame) == [
        (0, START, "ac", [1, 3], [False, True]),
        (1, START + 5, "bd", [2, 7], [True, False]),
    ]


@pytest.mark.parametrize("dates", [False, True])
def test_without_request_ids_what_one_user_saw_in_one_second_is_one_list(dates):
    frame = pd.concat(
        [
            places(("r", "ana", "a", 1, 0), ("r", "ana", "b", 2, 1)),
            places(("s", "bo", "c", 1, 1), ("s", "bo", "d", 2, 0)),
            places(("t", "ana", "c", 1, 1), ("t", "ana", "d", 2, 0), at=START + 1),
        ]
    )
    if dates:
        frame["timestamp"] = pd.to_datetime(frame["timestamp"], unit="s", utc=True) + pd.Timedelta("200ms")
    assert read(frame.drop(columns="request_id")) == read(frame)
    assert len(read(frame)) == 3


def test_without_request_ids_and_times_nobody_knows_what_stood_together():
    with pytest.raises(DataError, match=r"column 'request_id' is missing, and 'timestamp'"):
        clean_logged(places(("r", "ana", "a", 1, 0)).drop(columns=["request_id", "timestamp"]))


@pytest.mark.parametrize(
    "rows",
    [
        [("r", "ana", "a", 1, 0), ("r", "ana", "b", 2, 0)],
        [("r", "ana", "a", 1, 1), ("r", "ana", "b", 2, 1)],
        [("r", "ana", "a", 1, 1)],
        [("r", "cy", "a", 1, 1), ("r", "cy", "b", 2, 0)],
        [("r", "ana", "gone", 1, 1), ("r", "ana", "b", 2, 0), ("r", "ana", "c", 3, 0)],
        [],
    ],
)
def test_a_list_that_tells_no_choice_is_left_out(rows):
    """Nothing or everything was clicked, or nobody known saw it, or what was clicked is not known."""
    assert read(places(*rows)) == []


def test_a_click_may_be_true_or_false():
    frame = places(("r", "ana", "a", 1, False), ("r", "ana", "b", 2, True))
    assert read(frame) == [(0, START, "ab", [1, 2], [False, True])]


def test_an_amount_counts_as_a_click():
    frame = places(("r", "ana", "a", 1, 0), ("r", "ana", "b", 2, 0)).drop(columns="clicked").assign(reward=[0.0, 12.5])
    assert read(frame) == [(0, START, "ab", [1, 2], [False, True])]


@pytest.mark.parametrize("wrong", [{"position": 0}, {"clicked": 2}, {"user_id": ""}, {"timestamp": "soon"}])
def test_what_cannot_be_is_refused_by_its_column(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        read(places(("r", "ana", "a", 1, 1), ("r", "ana", "b", 2, 0), **wrong))


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abcd"), st.booleans()), max_size=30))
def test_nothing_is_made_up_and_nothing_that_tells_a_choice_is_lost(rows):
    """Of every request with a click and something left alone each place is there once."""
    seen: dict[int, list[tuple[str, bool]]] = {}
    for request, item, clicked in rows:
        seen.setdefault(request, []).append((item, clicked))
    table = [
        (f"r{request}", "ana", item, n, int(clicked))
        for request, own in seen.items()
        for n, (item, clicked) in enumerate(own, 1)
    ]
    expected = ["".join(item for item, _ in own) for own in seen.values() if len({clicked for _, clicked in own}) == 2]
    assert sorted(items for _, _, items, _, _ in read(places(*table))) == sorted(expected)


def test_lists_are_asked_for_by_their_time():
    rows = [("r", "ana", "a", 1, 1), ("r", "ana", "b", 2, 0)]
    frame = pd.concat([places(*rows, at=START + n, request_id=f"r{n}") for n in range(5)])
    found = Impressions.from_frame(frame, USERS, ITEMS).between(START + 1, START + 3)
    assert [one.at - START for one in found] == [2, 3]


# Teaching


@pytest.fixture(scope="module")
def walks() -> pd.DataFrame:
    return ring_walks(60)


@pytest.fixture(scope="module")
def shown(walks) -> pd.DataFrame:
    """After every event its user saw four things of the ring, of which the last, far down, was clicked."""
    rng = np.random.default_rng(2)
    ring = sorted(walks["item_id"].unique())
    frames = []
    for number, (user, at) in enumerate(zip(walks["user_id"], walks["timestamp"], strict=True)):
        items = rng.choice(ring, 4, replace=False)
        rows = [(f"r{number}", user, item, (1, 2, 3, 44)[n], int(n == 3)) for n, item in enumerate(items)]
        frames.append(places(*rows, at=int(at) + 60))
    return pd.concat(frames, ignore_index=True)


def taught(walks: pd.DataFrame, shown: pd.DataFrame | None):
    data = data_of(walks)
    own = None if shown is None else Impressions.from_frame(shown, data.events.users, data.catalogue.items)
    specs = {name: SourceSpec(name) for name in ("itemseq", "popular")}
    groups, names = training_lists(data, lambda part: fit_sources(part, specs), shown=own)
    assert groups is not None
    return groups, names


def test_shown_lists_stand_beside_the_others_with_their_places(walks, shown):
    groups, _ = taught(walks, shown)
    without, _ = taught(walks, None)
    assert not without.are_shown.any()
    assert (~groups.are_shown).sum() == len(without.sizes)
    own = groups.select(groups.are_shown)
    assert set(own.places.tolist()) <= {1, 2, 3, LAST_PLACE}
    assert (own.grades > 0).tolist() == (own.places == LAST_PLACE).tolist(), "what was clicked stood far down"
    assert (own.cuts == -1).all(), "they move no blend"


def test_a_list_is_learned_from_by_sources_that_saw_nothing_since(walks, shown):
    """Those of before the first end of the log that sources are fitted on teach nothing."""
    n = len(walks)
    times = np.sort(walks["timestamp"].to_numpy())
    first = times[int(n * plan_for(n).cuts[0]) - 1]
    early, _ = taught(walks, shown[shown["timestamp"] <= first])
    assert not early.are_shown.any()
    late, _ = taught(walks, shown[shown["timestamp"] > first])
    assert late.are_shown.any()


def test_what_the_user_did_after_a_list_was_shown_is_not_told(walks, shown):
    """The length of the history in each row is that of the moment."""
    groups, names = taught(walks, shown)
    own = groups.select(groups.are_shown)
    lengths = np.expm1(own.features[own.starts, names.index("history_length")]).round().astype(int)
    users = sorted(walks["user_id"].unique())
    counts = walks.groupby("user_id").size()
    assert (lengths < [counts[users[row]] for row in own.users]).any()
    assert (lengths > 0).all()


def test_a_model_learns_from_what_was_shown_and_says_so(walks, shown):
    events = Interactions.from_frame(walks)
    model, again = (HybridRecommender(random_state=1).fit(events, logged=shown) for _ in range(2))
    without = HybridRecommender(random_state=1).fit(events)
    assert model.info["ranker"]["rounds"] > 0, "this world grows trees"
    assert model.info["ranker"]["shown_lists"] > 0
    assert "lists that people were shown taught the trees" in model_card(model.model_)
    assert without.info["ranker"]["shown_lists"] == 0
    users = sorted(walks["user_id"].unique())[:20]
    lists = [[ids(one.recommend(user, 5)) for user in users] for one in (model, again, without)]
    assert lists[0] == lists[1]


def test_the_command_line_learns_from_what_was_shown(walks, shown, tmp_path, run):
    walks.drop(columns=["value", "order_id"]).to_csv(tmp_path / "events.csv", index=False)
    shown.to_csv(tmp_path / "shown.csv", index=False)
    files = ["--interactions", tmp_path / "events.csv", "--logged", tmp_path / "shown.csv"]
    status, _, noted = run("train", *files, "--seed", 1, "--out", tmp_path / "v1")
    assert status == 0
    assert "nothing was learned" not in noted
    assert load(tmp_path / "v1").info["ranker"]["shown_lists"] > 0


def test_places_that_cannot_be_stop_a_fit_before_it_begins(walks, shown):
    stages: list[str] = []
    with pytest.raises(DataError, match="position"):
        HybridRecommender().fit(
            Interactions.from_frame(walks),
            logged=shown.assign(position=-1),
            progress=lambda stage, _: stages.append(stage),
        )
    assert stages == []
