"""Judging models on a log of shown places: files, errors, and a shop whose true click rates are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender import __main__ as command_line
from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.evaluation.logged import evaluate_logged, read_logged
from recommender.evaluation.report import logged_table
from recommender.hybrid import HybridRecommender
from recommender.types import Event
from tests.recommender.worlds import DAY, START, frame_of, ring_walks

N_ITEMS = 15
LATER = START + 500 * DAY
NEXT, ELSE = 0.6, 0.1


def ring(number: int) -> str:
    return f"ring-{number % N_ITEMS:02d}"


@pytest.fixture(scope="module")
def walks() -> pd.DataFrame:
    """What was walked before the log: to the next item of the ring, four times in five."""
    return ring_walks(100, N_ITEMS)


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    """A thousand guests who each looked at one item just before they were shown something."""
    rng = np.random.default_rng(7)
    seen = rng.integers(N_ITEMS, size=1000)
    return frame_of(*((f"g{n}", ring(int(item)), "view", LATER + 100 * n) for n, item in enumerate(seen)))


@pytest.fixture(scope="module")
def shown(visits: pd.DataFrame) -> pd.DataFrame:
    """One place drawn evenly among all items; who sees what comes next in the ring clicks more often than not."""
    rng = np.random.default_rng(8)
    drawn = rng.integers(N_ITEMS, size=len(visits))
    seen = visits["item_id"].str[-2:].astype(int).to_numpy()
    rates = np.where((drawn - seen) % N_ITEMS == 1, NEXT, ELSE)
    return pd.DataFrame(
        {
            "user_id": visits["user_id"],
            "item_id": [ring(int(item)) for item in drawn],
            "timestamp": visits["timestamp"] + 50,
            "position": 1,
            "propensity": 1 / N_ITEMS,
            "clicked": (rng.random(len(visits)) < rates).astype(int),
        }
    )


def test_the_estimate_is_what_the_lists_would_really_earn(walks, visits, shown, tmp_path):
    """The click rate of a list is known here; both intervals hold it for each model, and the better one is found."""
    log = read_logged(written(shown, tmp_path / "shown.csv"))
    found = evaluate_logged(pd.concat([walks, visits]), None, log, models=["itemseq", "popular"])
    for name, value in found.results.items():
        model = HybridRecommender(strategy=name).fit(Interactions.from_frame(walks))
        earned = [true_rate(model, visit) for visit in visits.itertuples()]
        for estimate in (value.snips, value.robust):
            assert estimate.low <= np.mean(earned) <= estimate.high, name
    better, worse = found.results["itemseq"], found.results["popular"]
    assert better.snips.low > worse.snips.high
    assert found.shown.value == pytest.approx(shown["clicked"].mean())
    assert (found.n_requests, found.n_chance, found.n_train) == (1000, 1000, len(walks) + 1)
    assert "too little to go by (an effective sample under 500): itemseq, popular" in logged_table(found)


def true_rate(model: HybridRecommender, visit: object) -> float:
    item, user, at = visit.item_id, visit.user_id, visit.timestamp  # type: ignore[attr-defined]
    first = model.recommend(user, 1, history=[Event(item, "view", at)], now=at + 50)[0].item_id
    return NEXT if (int(first[-2:]) - int(item[-2:])) % N_ITEMS == 1 else ELSE


def written(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["shown.csv", "shown.csv.gz", "shown.jsonl", "shown.parquet"])
def test_any_kind_of_file_is_read(name, shown, tmp_path):
    found = read_logged(written(shown.head(30), tmp_path / name))
    assert found["item_id"].tolist() == shown["item_id"].head(30).tolist()
    assert found["reward"].tolist() == shown["clicked"].head(30).tolist()
    assert found["request_id"].nunique() == 30


def test_what_one_user_saw_in_one_second_is_one_request_unless_the_file_says_otherwise(shown, tmp_path):
    two = pd.concat([shown.head(1), shown.head(1).assign(position=2)])
    assert read_logged(written(two, tmp_path / "a.csv"))["request_id"].nunique() == 1
    named = two.assign(request_id=["r1", "r2"])
    assert read_logged(written(named, tmp_path / "b.csv"))["request_id"].tolist() == ["r1", "r2"]


def test_a_reward_may_be_an_amount(shown, tmp_path):
    paid = shown.drop(columns="clicked").assign(reward=12.5)
    assert set(read_logged(written(paid, tmp_path / "paid.csv"))["reward"]) == {12.5}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda f: f.drop(columns=["propensity", "clicked"]), "no column propensity, clicked or reward"),
        (lambda f: f.drop(columns="timestamp"), "no column timestamp"),
        (lambda f: f.assign(propensity=0), "propensity.*not above 0"),
        (lambda f: f.assign(clicked=2), "clicked.*neither 0 nor 1"),
        (lambda f: f.drop(columns="clicked").assign(reward="much"), "reward.*no number"),
        (lambda f: f.assign(timestamp="yesterday"), "timestamp.*not a number of UTC seconds"),
        (lambda f: f.assign(position=0), "position.*no whole number from 1 to 2,147,483,647"),
        (lambda f: f.assign(position=1e300), "position.*no whole number from 1 to 2,147,483,647"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_is_wrong(change, told, shown, tmp_path):
    path = written(change(shown.head(3)), tmp_path / "bad.csv")
    with pytest.raises(DataError, match=f"bad.csv: .*{told}"):
        read_logged(path)


@pytest.mark.parametrize("name", ["none.csv", "none.parquet"])
def test_a_file_without_a_row_says_so(name, shown, tmp_path):
    path = written(shown.head(0), tmp_path / name)
    with pytest.raises(DataError, match=f"{name}: the file holds no rows"):
        read_logged(path)


def test_a_log_in_which_nothing_was_left_to_chance_says_nothing(walks, shown, tmp_path):
    log = read_logged(written(shown.assign(propensity=1.0), tmp_path / "certain.csv"))
    with pytest.raises(DataError, match="left to chance"):
        evaluate_logged(walks, None, log, models=["popular"])


def test_without_events_from_before_the_log_there_is_nothing_to_fit(visits, shown, tmp_path):
    log = read_logged(written(shown, tmp_path / "shown.csv"))
    with pytest.raises(DataError, match="no event is older than the first row of the log"):
        evaluate_logged(visits.iloc[1:], None, log, models=["popular"])


def test_events_that_were_only_counted_are_not_held_against_a_clock(walks, shown):
    """Else all of them would be from before the log, what came of the judged lists among them."""
    with pytest.raises(DataError, match="'timestamp' of the events: no UTC seconds"):
        evaluate_logged(walks.drop(columns="timestamp"), None, with_requests(shown), models=["popular"])


def test_a_name_that_is_no_model_is_refused_before_anything_is_fitted(walks, shown):
    with pytest.raises(DataError, match="no strategy 'newest'"):
        evaluate_logged(walks, None, with_requests(shown), models=["popular", "newest"])


def with_requests(shown: pd.DataFrame) -> pd.DataFrame:
    return shown.assign(request_id=shown["user_id"], reward=shown["clicked"])


def test_the_command_prints_a_table_and_writes_json(walks, visits, shown, tmp_path, capsys):
    events = written(pd.concat([walks, visits]), tmp_path / "events.csv")
    log, out = written(shown.head(200), tmp_path / "shown.csv"), tmp_path / "found.json"
    arguments = ["evaluate", "--interactions", events, "--logged", log, "--models", "itemseq,svd", "--json", out]
    assert command_line.main([str(argument) for argument in arguments]) == 0
    said = capsys.readouterr().out
    assert "200 logged requests since " in said
    assert "svd: not judged, " in said
    found = json.loads(out.read_text())
    value = found["models"]["itemseq"]["snips"]
    assert f"{value['value']:.4f} [{value['low']:.4f} {value['high']:.4f}]" in said
    assert set(found["failed"]) == {"svd"}
    assert found["models"]["itemseq"]["is_enough"] is False


def test_what_one_person_saw_alone_is_said_to_be_nothing_to_go_by(walks, visits, shown):
    log = with_requests(shown).assign(user_id="owner")
    table = logged_table(evaluate_logged(pd.concat([walks, visits]), None, log, models=["popular"]))
    assert "nan" not in table
    assert "nothing to go by, as nearly all of it was shown to one person: popular" in table


def test_a_file_of_events_without_times_is_not_held_against_a_clock(walks, visits, shown, tmp_path, capsys):
    """The reader counts its rows from the year 2000 on, so all of them would have happened before the log."""
    untimed = pd.concat([walks, visits]).drop(columns="timestamp")
    events, log = written(untimed, tmp_path / "events.csv"), written(shown, tmp_path / "shown.csv")
    arguments = ["evaluate", "--interactions", events, "--logged", log, "--models", "popular"]
    status = command_line.main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    assert (status, told.out) == (2, "")
    assert "error: column 'timestamp' of the events: no UTC seconds" in told.err


def test_a_comparison_of_users_is_refused(walks, shown, tmp_path, capsys):
    events, log = written(walks, tmp_path / "events.csv"), written(shown, tmp_path / "shown.csv")
    arguments = ["evaluate", "--interactions", events, "--logged", log, "--models", "itemseq,popular"]
    status = command_line.main([str(a) for a in [*arguments, "--compare", "itemseq", "popular"]])
    assert (status, "--compare" in capsys.readouterr().err) == (2, True)
