"""python -m recommender evaluate where little or nothing can be judged: it says so, and how to mend it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.recommender.worlds import DAY, START, ring_walks

LOGGED = "user_id,item_id,timestamp,position,propensity,clicked\n"


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty people who go round a ring of items at the same time, a step a day."""
    frame = ring_walks(40).drop(columns=["value", "order_id"])
    day = frame.groupby("user_id").cumcount()
    frame = frame.assign(timestamp=START + day * DAY + frame["user_id"].str[1:].astype(int))
    path = tmp_path_factory.mktemp("files") / "walks.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty people who did one thing each, so that nothing can be held out of anybody."""
    rows = [(f"u{n}", f"i{n % 5}", "view", START + n * DAY) for n in range(40)]
    path = tmp_path_factory.mktemp("files") / "short.csv"
    pd.DataFrame(rows, columns=["user_id", "item_id", "kind", "timestamp"]).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("split", "needs"),
    [
        ("time", "people and items that were there before the last tenth of the log and are in it again"),
        ("last-one", "people with at least three items"),
        ("random", "people with at least four items"),
        ("new-users", "people with at least five items"),
    ],
)
def test_a_log_in_which_nobody_can_be_judged_is_told_what_it_needs(split, needs, short, run):
    status, said, noted = run("evaluate", "--interactions", short, "--models", "popular", "--split", split)
    assert (status, said) == (2, "")
    assert f"the {split} split leaves no test event" in noted
    assert f"nobody can be judged: it needs {needs}" in noted
    assert noted.endswith("; give more events or choose another split\n")


def test_an_evaluation_that_judged_no_model_is_an_error(walks, tmp_path, run):
    """The table had a head and no row, and the exit status said that all was well."""
    asked = ["evaluate", "--interactions", walks, "--models", "svd,content_text", "--json", tmp_path / "found.json"]
    status, said, noted = run(*asked)
    assert status == 2
    assert "svd: not judged, " in said
    last = noted.splitlines()[-1]
    assert last.startswith("error: no model could be judged: strategy 'svd' cannot be fitted on this data")
    assert last.endswith(", and 1 more as told above; name others with --models, or give what they need")
    assert set(json.loads((tmp_path / "found.json").read_text())["failed"]) == {"svd", "content_text"}


def test_a_log_of_shown_places_that_judged_no_model_is_an_error(walks, tmp_path, run):
    rows = (f"u{n:03},ring-{n % 15:02},{START + 5 * DAY + n},1,0.2,{n % 2}\n" for n in range(40))
    (tmp_path / "shown.csv").write_text(LOGGED + "".join(rows))
    asked = ["evaluate", "--interactions", walks, "--logged", tmp_path / "shown.csv", "--models"]
    assert run(*asked, "popular")[0] == 0
    status, _, noted = run(*asked, "svd")
    assert status == 2
    assert noted.splitlines()[-1].startswith("error: no model could be judged: strategy 'svd' cannot be fitted")


def test_shown_places_of_other_items_than_those_of_the_events_judge_nothing(walks, tmp_path, run):
    """Every SNIPS was nan, and the exit status said that all was well."""
    rows = (f"u{n:03},sku-{n % 15},{START + 5 * DAY + n},1,0.2,{n % 2}\n" for n in range(40))
    (tmp_path / "shown.csv").write_text(LOGGED + "".join(rows))
    asked = ["evaluate", "--interactions", walks, "--logged", tmp_path / "shown.csv", "--models", "popular"]
    status, _, noted = run(*asked)
    assert status == 2
    assert "are the user_id and item_id of --logged those of the events?" in noted.splitlines()[-1]


def test_the_title_counts_what_is_ranked_and_what_is_left_out(walks, tmp_path, run):
    """An item that is new in the test can be neither ranked nor asked for; one of the catalogue is ranked."""
    late = START + 100 * DAY
    more = [f"u000,newcomer,view,{late}\n", f"somebody,ring-00,view,{late}\n", f"u001,ring-00,view,{late}\n" * 2]
    (tmp_path / "events.csv").write_text(walks.read_text() + "".join(more))
    (tmp_path / "items.csv").write_text("item_id,title\nring-00,a ring\nunsold,another ring\nnewcomer,a third\n")
    asked = ["evaluate", "--interactions", tmp_path / "events.csv", "--models", "popular"]
    title, left_out = run(*asked)[1].splitlines()[:2]
    assert title.endswith(" users judged, all 15 items of the training part ranked")
    told = dict(reason.rsplit(" ", 1) for reason in left_out.removeprefix("events in neither part: ").split(", "))
    assert told["new items in the test"] == told["new users in the test"] == "1"
    n_train, n_test = (int(title.split(word)[0].split()[-1]) for word in (" training", " test"))
    n_events = len((tmp_path / "events.csv").read_text().splitlines()) - 1
    assert n_train + n_test + sum(map(int, told.values())) == n_events
    asked += ["--items", tmp_path / "items.csv", "--json", tmp_path / "found.json"]
    title = run(*asked)[1].splitlines()[0]
    assert title.endswith(" users judged, all 15 items of the training part and 2 more of the catalogue ranked")
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["n_items"], found["n_described"]) == (15, 2)
    assert found["left_out"]["new items in the test"] == 1


def test_whose_last_thing_only_the_order_of_the_rows_tells_is_counted(walks, tmp_path, run):
    """With whole days for times another order of the same rows asks for other things, and may have another winner."""
    log = pd.read_csv(walks)
    first_steps = log.groupby("user_id").cumcount() < 6
    a_day = log["user_id"].isin(["u000", "u001", "u002"])
    log["timestamp"] = log["timestamp"].where(~a_day, START // DAY * DAY)
    log[first_steps].to_csv(tmp_path / "events.csv", index=False)
    asked = ["evaluate", "--interactions", tmp_path / "events.csv", "--models", "popular"]
    asked += ["--json", tmp_path / "found.json", "--split"]
    told = (
        "3 of 40 users did other things at the time of the one they are asked for, so the order of the rows says which "
        "was the last; the unit basket asks for all of a day"
    )
    said = run(*asked, "last-one")[1]
    assert told in said.splitlines()[1:3]
    assert json.loads((tmp_path / "found.json").read_text())["n_tied"] == 3
    for others in (("last-one", "--unit", "basket"), ("random",), ("new-users",), ("time",)):
        assert "did other things at the time" not in run(*asked, *others)[1]
        assert json.loads((tmp_path / "found.json").read_text())["n_tied"] == 0
